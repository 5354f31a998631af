"""docs/compression.md is true: its tables are those of the program, its term can be used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import torch

from autorecon.compress import METHODS, CompressConfig
from autorecon.compress.batch import Answers, Batch
from autorecon.compress.methods.losses import divergence
from autorecon.objective import TERMS, Objective, Observation, Request, registry

PAGE = (Path(__file__).parents[2] / "docs" / "compression.md").read_text("utf-8")
WEIGHTS = "What is multiplied with the divergence, alpha T^2"
SOURCES = {"generator": "a generator", "pictures": "pictures", "noise": "noise", "none": "nowhere"}


def table(head: str) -> list[list[str]]:
    """The cells of a table's rows, without the two lines of its head."""
    lines = PAGE[PAGE.index(f"| {head} |") :].splitlines()[2:]
    rows = lines[: next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_method_is_there_with_its_images_and_objective() -> None:
    listed = {code(row[0])[0]: [row[1], row[2], *code(row[3])] for row in table("Method")}
    students = {"quantization": "quantized", "distillation": "`--student`"}
    assert list(listed) == list(METHODS)
    for name, method in METHODS.items():
        objective = (
            [CompressConfig(method=name).objective] if "objective" in method.settings else []
        )
        assert listed[name] == [students[method.family], SOURCES[method.source], *objective]


def test_every_setting_is_there() -> None:
    listed = [name for row in table("Setting") for cell in row for name in code(cell)]
    settings = {field.name for field in attrs.fields(CompressConfig)} - {"method"}
    assert settings <= set(listed)
    assert {name for row in table("Setting") for name in code(row[0])} <= settings


def test_every_term_is_there() -> None:
    listed = [code(row[0])[0] for row in table("Term")]
    shipped = {n for n, t in TERMS.items() if t.loss.__module__.startswith("autorecon.")}
    assert set(listed) == {name for name in shipped if not TERMS[name].needs_architecture}
    assert len(listed) == len(set(listed))


def test_what_needs_a_label_input_is_there() -> None:
    passage = PAGE[PAGE.index("GENERATOR needs a label input") :].split("\n\n")[0]
    needs, without = (code(part) for part in passage.split("`spaces/`"))
    asking = {name for name, term in TERMS.items() if term.asks_classes}
    labelled = {name for name, method in METHODS.items() if method.labelled}
    own = {name for name in ("dafl", "dfad") if name in needs}
    assert set(needs) == asking | labelled | own
    silent = {
        name
        for name, method in METHODS.items()
        if method.source == "generator" and not CompressConfig(method=name).asks_classes
    }
    assert set(without) == silent


def weight(method: str, classes: int, **settings: float) -> float:
    """What a method's loss multiplies the answers' divergence with."""
    logits = torch.randn(4, classes, generator=torch.Generator().manual_seed(0))
    batch = Batch(torch.zeros(4, 1), Request(torch.zeros(4, dtype=torch.int64)), 2 * logits)
    config = CompressConfig(method=method, **settings)
    loss = METHODS[method].loss
    assert loss is not None
    factor, value = loss(Answers(logits), batch, config)["kl"]
    return factor * float(value / divergence(logits, 2 * logits, config.temperature))


def test_weights_by_classes_are_those_of_the_losses() -> None:
    told = [[float(cell) for cell in row[1:]] for row in table(WEIGHTS)]
    for classes, paper, ours, hast, alpha, alignment, cam in zip(
        (10, 100, 1000), *told, strict=True
    ):
        assert weight("gdfq", classes, alpha=1.0) == pytest.approx(paper, rel=1e-4)
        for name in ("gdfq", "qimera", "ait"):
            assert weight(name, classes) == pytest.approx(ours, rel=1e-4)
        for name in ("hast", "synq"):
            assert weight(name, classes) == pytest.approx(hast, rel=1e-4)
        assert weight("gdfq", classes, alpha=alpha) == pytest.approx(told[1][0], rel=1e-4)
        assert alignment / ours == pytest.approx(CompressConfig(method="hast").alignment / hast)
        assert cam / ours == pytest.approx(CompressConfig(method="synq").cam / hast)


@pytest.fixture
def spare_names() -> Iterator[None]:
    before = dict(registry._TERMS)
    yield
    registry._TERMS.clear()
    registry._TERMS.update(before)


@pytest.mark.usefixtures("spare_names")
def test_the_term_of_ones_own_works() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    exec(compile(source, "docs/compression.md", "exec"), {"__name__": "mine"})
    logits = torch.tensor([[1.0, -3.0]])
    seen = Observation(torch.zeros(1, 1, 2, 2), Request(torch.tensor([0])), logits, [])
    assert Objective.parse("ce - 0.01*loud")(seen)[1]["loud"] == 2
