"""What a quantized student is compared with its teacher by, beside its answers."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from autorecon.compress import CompressConfig
from autorecon.compress.engine.activation_maps import activation_maps
from autorecon.compress.engine.comparison import Comparison, captured
from autorecon.compress.quantization.bits import Bits
from autorecon.compress.quantization.quantize import QuantizedModel, quantize
from autorecon.nn import Compute
from residual import SHAPE, Residual

BOTH = {"alignment": 3.0, "cam": 7.0}


@pytest.fixture
def teacher() -> nn.Module:
    torch.manual_seed(0)
    return Residual(nn.ReLU()).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(6, *SHAPE, generator=torch.Generator().manual_seed(1))


def student_of(teacher: nn.Module, images: torch.Tensor, scheme: str, bits: int) -> QuantizedModel:
    model = quantize(teacher, SHAPE, Bits(bits, bits), scheme=scheme)
    model(images)
    model.freeze()
    return model


def compared(
    teacher: nn.Module, model: QuantizedModel, scheme: str, **weights: float
) -> Comparison:
    config = CompressConfig(scheme=scheme, **weights)
    return Comparison(captured(teacher, model.module, config), model.module, config, Compute())


@pytest.mark.parametrize("weights", [{"alignment": 3.0}, {"cam": 7.0}, BOTH])
@pytest.mark.parametrize("scheme", ["gdfq", "integer"])
def test_a_student_answers_as_it_does_and_comes_nearer(
    teacher: nn.Module, images: torch.Tensor, scheme: str, weights: dict[str, float]
) -> None:
    model = student_of(teacher, images, scheme, 2)
    names = model.module.state_dict().keys()
    comparison = compared(teacher, model, scheme, **weights)
    logits, before = comparison(images)
    assert {name: weight for name, (weight, _) in before.items()} == weights
    torch.testing.assert_close(logits, model(images))
    optimiser = torch.optim.SGD(model.module.parameters(), 0.02)
    for _ in range(20):
        optimiser.zero_grad()
        sum(loss for _, loss in comparison(images)[1].values()).backward()
        optimiser.step()
    after = comparison(images)[1]
    assert sum(loss for _, loss in after.values()) < sum(loss for _, loss in before.values())
    assert model.module.state_dict().keys() == names


def test_maps_are_those_of_gradients_taken_by_hand(
    teacher: nn.Module, images: torch.Tensor
) -> None:
    """Of the last convolution, for the class that the teacher gives: by two pieces of the net."""

    def maps(net: nn.Module, classes: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        x = images + net.bn2(net.conv2(torch.relu(net.bn1(net.conv1(images)))))
        features = net.conv3(x)
        logits = net.fc(net.last(features).mean((2, 3)))
        classes = logits.argmax(1) if classes is None else classes
        (slopes,) = torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), features)
        return activation_maps(features, slopes), classes

    other = copy.deepcopy(teacher)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model = student_of(other, images, "gdfq", 8)
    _, found = compared(teacher, model, "gdfq", cam=1.0)(images)
    taught, classes = maps(teacher, None)
    own, _ = maps(other, classes)
    expected = (taught - own).square().mean()
    assert expected > 0.01
    torch.testing.assert_close(found["cam"][1], expected, rtol=0.05, atol=0.0)


def test_of_a_student_that_is_its_teacher_nothing_is_apart(
    teacher: nn.Module, images: torch.Tensor
) -> None:
    comparison = compared(teacher, student_of(teacher, images, "gdfq", 8), "gdfq", **BOTH)
    leaf = images.requires_grad_()
    logits, losses = comparison(leaf)
    assert all(loss < 1e-3 for _, loss in losses.values())
    # Gradients of images go through both models, and parameters of the teacher have none.
    (logits.sum() + losses["cam"][1]).backward()
    assert leaf.grad is not None
    assert all(parameter.grad is None for parameter in teacher.parameters())
