"""What images and BatchNorm statistics together tell of a student, without training.

Ranges of activations; and weights, layer after layer, for which each still gives what the teacher's
gives.
"""

from autorecon.compress.reconstruction.fidelity import fidelity
from autorecon.compress.reconstruction.layers import observe, reconstruct

__all__ = ["fidelity", "observe", "reconstruct"]
