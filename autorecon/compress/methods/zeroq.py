"""ZeroQ: distilled images, for the activation ranges alone (Cai et al.).

A batch of pixels is optimised until the means and standard deviations of what enters the BatchNorm
layers, and of the pixels themselves, are those of the training data. The least and the greatest
activations on it are the ranges. Statistics are the batch's, as the paper has them; the released
code takes each image's.
"""

from __future__ import annotations

from autorecon.compress.methods.method import PICTURED, QUANTIZED, Method, register

ZEROQ = register(
    Method(
        name="zeroq",
        family="quantization",
        summary="activation ranges from images distilled from BatchNorm statistics",
        cite="Cai et al., ZeroQ: A Novel Zero Shot Quantization Framework, CVPR 2020",
        source="pictures",
        settings=QUANTIZED
        | PICTURED
        | {
            "objective": "bns_std",
            "ranges": "minmax",
            "image_batches": 1,
            "image_steps": 200,
            "calibration_batches": 1,
        },
    )
)
