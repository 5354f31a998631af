"""GPTAQ by invented images: a student in closed form, which nothing tunes.

The generator is trained as in GDFQ's warm-up. Each of the few batches that it then draws is there
twice: as it is, and after some steps on its pixels towards the BatchNorm statistics (GENIE reads
both together). Ranges lose least of these images at their bits, and layer by layer the weights are
rounded as in GPTQ; those of two and three bits are first moved to where they give, of what the
student has, what the teacher's layer gives of its own.
"""

from __future__ import annotations

from autorecon.compress.methods.method import MATCHED, QUANTIZED, Method, register

GPTAQ = register(
    Method(
        name="gptaq",
        family="quantization",
        summary="layers fitted in closed form by a generator's images, polished",
        cite="Li et al., GPTAQ, ICML 2025; images as in Jeon et al., GENIE, CVPR 2023",
        source="generator",
        settings=QUANTIZED
        | MATCHED
        | {
            "ranges": "mse",
            "statistics": True,
            "reconstruct": True,
            "calibration_batches": 4,
            "polish_steps": 30,
        },
    )
)
"""These settings were found on training images (docs/tried.md)."""
