"""Every method in its own file, which reads like its paper; importing this registers them all."""

from autorecon.compress.methods import calibration, gdfq

__all__ = ["calibration", "gdfq"]
