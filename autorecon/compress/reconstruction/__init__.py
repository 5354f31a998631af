"""Weights rounded so that each layer of a student still gives what the teacher's gives.

Layer after layer, each in closed form, from some images; nothing is trained.
"""

from autorecon.compress.reconstruction.layers import reconstruct

__all__ = ["reconstruct"]
