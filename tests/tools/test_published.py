"""The tool that runs published code on a teacher of ours; of that code there is none here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import published
from autorecon.compress.quantization.bits import Bits
from autorecon.teachers.resnet_cifar import ResNet

CONF = """
# ------------ General options
save_path = "./save/"  # a path
weightDecay = 1e-4
lr_S = 0.5 # initial learning rate
step_S = [100,200,300]  # of 400
"""


def test_a_renamed_network_answers_alike() -> None:
    net = ResNet(1, classes=4, channels=1).eval()
    renamed, images = published.Renamed(net).eval(), torch.randn(2, 1, 16, 16)
    logits, features = renamed(images, out_feature=True)
    assert torch.allclose(logits, net(images), atol=1e-6)
    assert features.shape == (2, 64)
    assert all(n.endswith(("conv.weight", "output.weight")) for n in _weights(renamed))


def _weights(net: torch.nn.Module) -> list[str]:
    return [name for name, value in net.named_parameters() if value.dim() > 1]


def test_settings_are_read_and_decays_come_at_the_students_quarters() -> None:
    code: Any = type("Code", (), {"settings": published._settings(CONF)})
    teacher: Any = type("Teacher", (), {"image_shape": (1, 16, 16), "classes": 10})
    own = published.Bench(code, teacher, None).settings(Bits(2, 4), 3.0, 20, 40)  # type: ignore[arg-type]
    assert (own.save_path, own.weightDecay, own.lr_S, own.qw, own.qa) == (
        "./save/",
        1e-4,
        1.5,
        2,
        4,
    )
    assert (own.warmup_epochs, own.nEpochs, own.step_S) == (4, 12, [6, 8, 10])
    assert (own.channels, own.img_size, own.nClasses) == (1, 16, 10)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "main.py: No such file or directory; is that the folder of a clone's main.py?"),
        (["--steps", "7"], "must be multiples of 5"),
        (["--teacher", "resnet18-fashion32"], "must be a shipped ResNet-20"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, given: list[str], told: str) -> None:
    result = CliRunner().invoke(published.main, ["gdfq", str(tmp_path), *given])
    assert result.exit_code
    assert told in " ".join(result.output.split())
