"""NAYER: a noisy layer, drawn anew a batch, between classes and generator (Tran et al.).

The generator has no noise of its own: what it draws images of are embeddings of their classes,
behind a linear layer with random weights. One such layer serves as many images as there are
classes, one of each; it learns with the generator, which is kept, and is then thrown away, so that
batches differ while the generator need not be made anew.

The paper's embeddings are those of the classes' names by a language model. Nobody who has one
network alone has these, nor may its classes have names: the rows of the teacher's last layer stand
in, which also lie near each other where classes are alike. Each of their numbers has mean 0 and
variance 1 over classes, as the paper's norm gives it in a batch, and the layer's output is divided
by the root of how many they are, since generators expect N(0, 1). The paper begins with a fresh
generator every ten epochs, this one is kept; and it looks for what the student does not know, as
this does if the objective has `adversarial_agreed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods.losses import imitation
from autorecon.compress.methods.method import INVERTED, Codes, Inversion, Method, register

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from autorecon.objective import Request


def ask(count: int, classes: int, teacher: nn.Module, random: torch.Generator) -> Request:
    """All classes in turn, as often as they fit; what is left over is of any."""
    import torch

    from autorecon.objective import Request

    rest = torch.randint(classes, (count % classes,), generator=random)
    return Request(torch.cat([torch.arange(count - len(rest)) % classes, rest]))


def codes(request: Request, latent: int, teacher: nn.Module, random: torch.Generator) -> Codes:
    """The noisy layers: weights [layers, width, latent] of N(0, 1), biases [layers, 1, latent]."""
    import torch

    classes, width = embeddings(teacher).shape
    layers = -(-len(request.labels) // classes)
    weights = torch.randn(layers, width, latent, generator=random)
    return {"weights": weights, "biases": torch.zeros(layers, 1, latent)}


def noise(codes: Codes, request: Request, teacher: nn.Module) -> Tensor:
    """Each layer's output for its share of the images, one after the other."""
    import torch

    table = embeddings(teacher)
    classes, width = table.shape
    weights, biases = codes["weights"], codes["biases"]
    shown = table[request.labels].to(weights.dtype)
    parts = zip(shown.split(classes), weights, biases, strict=True)
    return torch.cat([(part @ weight + bias) / width**0.5 for part, weight, bias in parts])


def embeddings(teacher: nn.Module) -> Tensor:
    """Of each class [classes, width], each column with mean 0 and variance 1."""
    from autorecon.objective.teacher_view import last_linear

    layer = last_linear(teacher)
    assert layer is not None  # the method's needs say so
    rows = layer.weight.detach().float()
    return (rows - rows.mean(0)) / rows.std(0, correction=0).clamp_min(1e-12)


NAYER = register(
    Method(
        name="nayer",
        family="distillation",
        summary="a noisy layer, drawn anew a batch, between classes and generator, and a bank",
        cite="Tran et al., NAYER: Noisy Layer Data Generation for Efficient and Effective "
        "Data-free Knowledge Distillation, CVPR 2024",
        source="generator",
        settings=INVERTED | {"generator_lr": 4e-3},
        needs=("features",),
        loss=imitation,
        ask=ask,
        inversion=Inversion(codes, noise),
        fresh=True,
    )
)
