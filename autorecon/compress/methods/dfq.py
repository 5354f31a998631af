"""DFQ: weight equalization and bias correction, without a single image (Nagel et al.).

BatchNorm layers are folded; the ranges of the weights on both sides of each ReLU are evened out;
offsets that no ReLU cuts move on to the next layer; then the weights are quantized, the ranges of
the activations are read off the statistics, and the expected errors taken off the biases.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

import attrs

from autorecon.compress.bits import Bits
from autorecon.compress.method import Method, register

if TYPE_CHECKING:
    from torch import fx, nn

    from autorecon.compress.config import CompressConfig
    from autorecon.compress.student import Student
    from autorecon.records.results import Site


def student(teacher: nn.Module, config: CompressConfig) -> Student:
    """The teacher, folded, equalized, quantized and corrected; nothing is left to be learned."""
    from autorecon.compress import equalization
    from autorecon.compress.student import QuantizedStudent
    from autorecon.compress.trace import QuantizedModel, quantize
    from autorecon.compress.tracer import trace

    traced = trace(copy.deepcopy(teacher).eval())
    normals = equalization.fold_batch_norms(traced)
    pairs = equalization.find_pairs(traced)
    equalization.equalize(pairs, normals)
    equalization.absorb(pairs, normals)
    # The biases take up what rounding does to the means.
    model = quantize(traced, Bits.parse(config.bits), rounding="plain")
    quantized = cast("fx.GraphModule", model.module)
    equalization.set_ranges(quantized, normals)
    equalization.correct_biases(quantized, normals)
    report = [_described(site) for site in model.report]
    return QuantizedStudent(QuantizedModel(model.module, report), batches=0)


def _described(site: Site) -> Site:
    if site.kind != "activation":
        return site
    return attrs.evolve(site, reason="per tensor, range by BatchNorm statistics")


DFQ = register(
    Method(
        name="dfq",
        family="quantization",
        summary="equalized weights and corrected biases, without any image",
        cite="Nagel et al., Data-Free Quantization Through Weight Equalization and Bias "
        "Correction, ICCV 2019",
        source="none",
        settings={"bits": "w8a8", "epochs": 1, "seed": 0},
        needs=("statistics",),
        student=student,
    )
)
