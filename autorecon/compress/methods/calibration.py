"""Plain calibration: what a trained generator's images are worth without any tuning.

The generator is trained as in GDFQ's warm-up; then the activation ranges are read off its images.
This is the control beside which a tuned student's gain is to be seen.
"""

from __future__ import annotations

from autorecon.compress.methods.method import MATCHED, QUANTIZED, Method, register

CALIBRATION = register(
    Method(
        name="calibration",
        family="quantization",
        summary="activation ranges from a generator's images, weights as they are",
        cite="the control without training; quantizer of Xu et al., ECCV 2020",
        source="generator",
        settings=QUANTIZED | MATCHED,
    )
)
