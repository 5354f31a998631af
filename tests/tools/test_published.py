"""The tool that runs published code on a teacher of ours; of that code there is none here."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import published
from autorecon import teachers
from autorecon.compress.quantization.bits import Bits

CONF = """
# ------------ General options
save_path = "./save/"  # a path
weightDecay = 1e-4
lr_S = 0.5 # initial learning rate
step_S = [100,200,300]  # of 400
"""


class Quantized(nn.Identity):
    """Stands for a quantizer of the published code, of any kind."""

    calls = 0

    def set_param(self, layer: nn.Module) -> None:
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.layer(x) if hasattr(self, "layer") else x


@pytest.mark.parametrize(
    ("name", "layers", "rectifiers"),
    [
        ("resnet20-fashion16", 20, 19),
        ("resnet18-fashion32", 21, 17),
        ("mobilenetv2-fashion32", 53, 35),
    ],
)
def test_a_renamed_teacher_answers_alike_and_no_places_share_a_quantizer(
    name: str, layers: int, rectifiers: int
) -> None:
    teacher = teachers.load(name)
    renamed, images = published.Renamed(teacher.module).eval(), torch.randn(2, *teacher.image_shape)
    logits, features = renamed(images, out_feature=True)
    assert torch.equal(logits, teacher.module(images))
    *names, last = weights = _weights(renamed)
    assert len(weights) == layers
    assert all(each.endswith("conv.weight") for each in names)
    assert last.endswith("output.weight")
    assert features.shape == (2, weights[last].shape[1])
    code = published.Code.__new__(published.Code)
    kinds = ("Quant_Conv2d", "Quant_Linear", "QuantAct")
    code.quantizers = SimpleNamespace(**dict.fromkeys(kinds, Quantized))
    student = code.quantized(renamed, Bits(2, 4), mended=False)
    assert torch.equal(student(images), logits)
    calls = [each.calls for each in student.modules() if isinstance(each, Quantized)]
    assert calls == [1] * (layers + rectifiers)


def _weights(net: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in net.named_parameters() if value.dim() > 1}


def test_settings_are_read_and_decays_come_at_the_students_quarters() -> None:
    code: Any = type("Code", (), {"settings": published._settings(CONF)})
    teacher: Any = type("Teacher", (), {"image_shape": (1, 16, 16), "classes": 10})
    bench = published.Bench(code, teacher, None, batch=32)  # type: ignore[arg-type]
    own = bench.settings(Bits(2, 4), 3.0, 20, 40)
    assert (own.save_path, own.weightDecay, own.lr_S, own.qw, own.qa) == (
        "./save/",
        1e-4,
        1.5,
        2,
        4,
    )
    assert (own.warmup_epochs, own.nEpochs, own.step_S) == (4, 12, [6, 8, 10])
    assert (own.channels, own.img_size, own.nClasses, own.batchSize) == (1, 16, 10, 32)


@pytest.mark.parametrize(
    ("method", "given", "told"),
    [
        ("ait", [], "main.py: No such file or directory; is that the folder of a clone's main.py?"),
        ("gdfq", ["--steps", "7"], "must be multiples of 5"),
        ("gdfq", ["--teacher", "resnet50"], "'resnet50' is not one of 'mobilenetv2-fashion32'"),
        ("adadfq", ["--batch", "32"], "for --batch: its loss takes 16 alone"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, method: str, given: list[str], told: str) -> None:
    result = CliRunner().invoke(published.main, [method, str(tmp_path), *given])
    assert result.exit_code
    assert told in " ".join(result.output.split())
