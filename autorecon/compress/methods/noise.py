"""Calibration on noise: the control without any image of the teacher's.

The activation ranges are read off pixels N(0, 1), which is what a teacher's images are on average
once they are normalised, and nothing else about them, while norms give what they give on training
data. What a method's images bring is what its
student has beyond this one.
"""

from __future__ import annotations

from autorecon.compress.methods.method import QUANTIZED, Method, register

NOISE = register(
    Method(
        name="noise",
        family="quantization",
        summary="activation ranges from noise N(0, 1), weights as they are",
        cite="the control without images; quantizer of Xu et al., ECCV 2020",
        source="noise",
        # Layers that are fitted to noise fit nothing else (docs/tried.md).
        settings={k: v for k, v in QUANTIZED.items() if k != "reconstruct"}
        | {"statistics": True, "epochs": 1, "batch": 64},
    )
)
