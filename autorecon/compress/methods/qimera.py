"""Qimera: images between the classes, from superposed embeddings (Choi et al.).

The generator's class embeddings start from the rows of the teacher's last layer, and two batches of
five are made of a random mixture of two classes: their images lie near the decision boundaries,
which quantization moves. Both losses take the shares of the mixture for labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods import gdfq
from autorecon.compress.methods.method import LABELLED, Method, register

if TYPE_CHECKING:
    import torch
    from torch import nn

    from autorecon.objective import Request

SHARE, CLASSES = 0.4, 2
"""How many batches are superposed, and of how many classes an image (the paper's K)."""


def ask(count: int, classes: int, teacher: nn.Module, random: torch.Generator) -> Request:
    """A class an image, or for a superposed batch the shares of K of them."""
    import torch

    from autorecon.objective import Request

    if torch.rand((), generator=random) >= SHARE:
        return Request(torch.randint(classes, (count,), generator=random))
    chosen = torch.randint(classes, (count, CLASSES), generator=random)
    weights = torch.randn(count, CLASSES, generator=random).softmax(1)
    shares = torch.zeros(count, classes).scatter_add_(1, chosen, weights)
    return Request(shares.argmax(1), shares)


def dress(generator: nn.Module, teacher: nn.Module) -> None:
    """Let class embeddings start from the teacher's last layer, by a random linear map.

    Only tables that start at random and are trained: those of conditional norms are neutral, and
    frozen ones are as they were given. Each is given mean 0 and variance 1, with which it would
    have started.
    """
    import torch

    from autorecon.nn.mixing import embeddings
    from autorecon.objective.teacher_view import last_linear

    layer = last_linear(teacher)
    assert layer is not None  # the method's needs say so
    tables = [t.weight for t in embeddings(generator) if "weight" in t._parameters]
    for table in (t for t in tables if t.std() > 0):
        if table.shape[0] != layer.out_features:
            continue
        with torch.no_grad():
            mapped = layer.weight @ torch.randn(layer.in_features, table.shape[1])
            table.copy_((mapped - mapped.mean()) / mapped.std())


QIMERA = register(
    Method(
        name="qimera",
        family="quantization",
        summary="GDFQ with images between classes, from superposed embeddings",
        cite="Choi et al., Qimera: Data-free Quantization with Synthetic Boundary Supporting "
        "Samples, NeurIPS 2021",
        source="generator",
        settings=gdfq.SETTINGS | LABELLED,
        needs=("features",),
        loss=gdfq.loss,
        ask=ask,
        dress=dress,
        labelled=True,
    )
)
