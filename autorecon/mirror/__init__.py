"""Search spaces made for one network: its own blocks, from its logits back to the image."""

from autorecon.mirror.stages import Stage, stages
from autorecon.mirror.text import Mirrored, mirror

__all__ = ["Mirrored", "Stage", "mirror", "stages"]
