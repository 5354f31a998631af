"""DFQ: weight equalization and bias correction, without a single image (Nagel et al.).

BatchNorm layers are folded; the ranges of the weights on both sides of each ReLU are evened out;
offsets that no ReLU cuts move on to the next layer; then the weights are quantized, the ranges of
the activations are read off the statistics, and the expected errors taken off the biases.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs

from autorecon.compress.methods.method import QUANTIZED, Method, register

if TYPE_CHECKING:
    from torch import nn

    from autorecon.compress.settings import Settings
    from autorecon.compress.student import Student
    from autorecon.records.results import Site

Shape = tuple[int, int, int]


def student(teacher: nn.Module, image_shape: Shape, config: Settings) -> Student:
    """The teacher, folded, equalized, quantized and corrected; nothing is left to be learned."""
    from autorecon.compress import equalization
    from autorecon.compress.quantization.capture import capture
    from autorecon.compress.quantization.norms import fold_batch_norms
    from autorecon.compress.quantization.quantize import Rules, quantize_captured
    from autorecon.compress.student import QuantizedStudent

    traced = capture(teacher, image_shape)
    folded = fold_batch_norms(traced)
    normals = {
        name: equalization.Moments(f.offset, f.factor.square()) for name, f in folded.items()
    }
    pairs = equalization.find_pairs(traced)
    equalization.equalize(pairs, normals)
    equalization.absorb(pairs, normals)
    # The biases take up what rounding does to the means.
    rules = Rules(config.widths, "percentile", "plain", config.scheme)
    model = quantize_captured(traced, rules)
    equalization.set_ranges(traced, normals)
    equalization.correct_biases(traced, normals)
    unclipped = {n.meta["label"] for n in traced.graph.nodes if "unclipped" in n.meta}
    report = [_described(site, unclipped) for site in model.report]
    return QuantizedStudent(attrs.evolve(model, report=report))


def _described(site: Site, unclipped: Collection[str]) -> Site:
    if site.kind != "activation":
        return site
    reason = "per tensor, range by BatchNorm statistics"
    if site.name in unclipped:
        reason += "; a ReLU where the teacher clips its values from above as well"
    return attrs.evolve(site, reason=reason)


DFQ = register(
    Method(
        name="dfq",
        family="quantization",
        summary="equalized weights and corrected biases, without any image",
        cite="Nagel et al., Data-Free Quantization Through Weight Equalization and Bias "
        "Correction, ICCV 2019",
        source="none",
        settings={k: QUANTIZED[k] for k in ("scheme", "first_last", "bits_of", "allow_partial")}
        | {"bits": "w8a8", "epochs": 1, "seed": 0},
        needs=("statistics",),
        student=student,
    )
)
