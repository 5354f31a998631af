from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autorecon.runs import Lines, RunFolder

SPACE = """\
space tiny(classes = 10, channels = 3, size = 8, width = 4)
edge normal keeps = conv(3) | conv(5, dilation=2) | none
edge up = nearest | bilinear
input z [width, size / 2, size / 2]: noise
node a [width, size, size]
node b [width, size, size]
output image [channels, size, size]
up z -> {a, b}
normal a -> b
link b -> image = conv(3) >> tanh
"""
CHOICES = {"z->a": "nearest", "z->b": "bilinear", "a->b": "conv(5, dilation=2)"}
GENOTYPE = 'genotype tiny_genotype of "space.space"\n' + "".join(
    f"{edge.replace('->', ' -> ')} = {op}\n" for edge, op in CHOICES.items()
)
CONFIG: dict[str, Any] = {
    "space": {"file": "tiny.space", "set": {"channels": 1}},
    "teacher": {"name": "lenet"},
    "search": {"epochs": 3},
    "compress": {"epochs": 2},
    "command": "run",
    "seeds": [0, 1],
}


def png(width: int, height: int) -> bytes:
    """A black picture, written by hand."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1 + width) * height)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def results(**changes: Any) -> dict[str, Any]:
    """A finished comparison of two seeds, with `changes` at its top level."""
    generators = [
        {"label": "human-designed", "space": "plain", "file": "baseline.space"},
        {"label": "discovered", "space": "tiny_genotype", "file": "genotype.space"},
    ]
    last = {"human-designed": (85.0, 85.8), "discovered": (84.9, 85.3)}
    rows = [
        {"generator": label, "seed": seed, "calibrated": 70.0 + seed, "last": figure, "best": 86.0,
         "best_epoch": 1, "warnings": []}
        for label, figures in last.items()
        for seed, figure in enumerate(figures)
    ]  # fmt: skip
    summary = [summary_of("human-designed", 85.4, 0.57), summary_of("discovered", 85.1, 0.28)]
    return {
        "format": 1, "bits": "w3a3", "ranges": "percentile", "seeds": [0, 1],
        "teacher": {"name": "lenet", "classes": 2, "channels": 1, "size": 8,
                    "parameters": 272_474, "accuracy": 91.5},
        "data": {"name": "shapes", "size": 8, "test_images": 1000,
                 "class_names": ["circle", "square"]},
        "generators": [g | {"parameters": 427_000, "macs": 29_000_000} for g in generators],
        "rows": rows, "summary": summary,
        "difference": {"of": "discovered - human-designed", "mean": -0.3, "std": 0.35, "runs": 2},
        "search": {"space": "tiny", "architectures": "12", "strategy": "log", "epochs": 3,
                   "seconds": 80.0},
        "sites": [{"name": "conv1", "kind": "Conv2d", "bits": 3, "reason": "", "values": 432},
                  {"name": "x", "kind": "input", "bits": None, "reason": "as it is", "values": 0}],
        "seconds": {"search": 80.0}, "software": {"torch": "2.15"},
    } | changes  # fmt: skip


def summary_of(label: str, mean: float, std: float | None, runs: int = 2) -> dict[str, Any]:
    """A summary whose students reached `mean`."""
    figure = {"mean": mean, "std": std}
    return {"generator": label, "runs": runs, "calibrated": figure, "last": figure, "best": figure}


def agreeing(invented: bool = False, labels: bool = False) -> dict[str, Any]:
    """Changes of `results` by which one student is measured beside the teacher."""
    score = {"accuracy": 84.0 if labels else None, "agreement": 93.0, "divergence": 0.12345}
    row = {"generator": "mine", "seed": 0, "calibrated": score, "last": score, "best": score}
    figure = {"mean": 84.0 if labels else 93.0}
    summary = dict.fromkeys(("calibrated", "last", "best"), figure) | {
        "generator": "mine", "runs": 1, "agreement": {"mean": 93.0},
        "divergence": {"mean": 0.12345},
    }  # fmt: skip
    data = {"name": "folder:photos", "test_images": 308, "class_names": []}
    data |= {"about": "not photographs: drawn" if invented else "without labels"}
    teacher = results()["teacher"] | {"accuracy": 91.5 if labels else None}
    return {
        "format": 2, "rows": [row], "summary": [summary], "difference": None, "teacher": teacher,
        "data": data | {"invented": invented},
    }  # fmt: skip


def search_row(epoch: int) -> dict[str, Any]:
    """An epoch of a search of `SPACE`; the first trains weights alone."""
    moved = 0.1 * epoch
    return {
        "stage": "search", "epoch": epoch, "seconds": 1.0, "tau": 5.0 - epoch,
        "weights": {"total": 3.0 - epoch, "ce": 2.0 - epoch / 2},
        **({"architecture": {"total": 2.5, "ce": 2.0}} if epoch else {}),
        "entropy": {"z->a": 0.69, "z->b": 0.6, "a->b": 1.0},
        "probabilities": {"z->a": [0.5 + moved, 0.5 - moved], "z->b": [0.4, 0.6],
                          "a->b": [0.3, 0.3 + moved, 0.4 - moved]},
        "genotype": CHOICES,
    }  # fmt: skip


def student_row(label: str, seed: int, epoch: int) -> dict[str, Any]:
    """An epoch of a student, which is scored from the second one on."""
    losses = {"generator.total": 2.0 - epoch, "student.total": 1.5, "diversity": 0.8}
    scored = {"accuracy": 84.0 + seed, "calibrated_accuracy": 70.0} if epoch else {}
    stage = f"compress/{label}/seed{seed}"
    return {"stage": stage, "epoch": epoch, "seconds": 1.0, **losses, **scored}


def write_metrics(run: RunFolder, rows: list[dict[str, Any]]) -> None:
    """Append rows to the run's metrics.jsonl."""
    for row in rows:
        Lines(run.metrics_path).append(row)


def finish(run: RunFolder) -> RunFolder:
    """Give a run every file that a report reads."""
    run.space_path.write_text(SPACE)
    run.genotype_path.write_text(GENOTYPE)
    (run.path / "baseline.space").write_text(SPACE.replace("space tiny", "space plain"))
    labels = ("human-designed", "discovered")
    write_metrics(run, [search_row(epoch) for epoch in range(3)])
    write_metrics(run, [student_row(k, s, e) for k in labels for s in (0, 1) for e in (0, 1)])
    run.results_path.write_text(json.dumps(results()))
    (run.path / "images").mkdir()
    for label in labels:
        (run.path / "images" / f"{label}.png").write_bytes(png(64, 16))
    return run


@pytest.fixture(scope="module")
def plain_drawings() -> Iterator[None]:
    """Drawings that take no time."""
    text = '<svg xmlns="http://www.w3.org/2000/svg"><g><title>{}</title></g></svg>'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autorecon.graph.draw.render.svg", lambda space: text.format(space.name))
        yield


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., RunFolder]:
    """Make a run that has only its settings, in a folder of its own."""

    def make(name: str = "run-001", **config: Any) -> RunFolder:
        return RunFolder.create(tmp_path / name, CONFIG | config)

    return make


@pytest.fixture
def finished(start: Callable[..., RunFolder], plain_drawings: None) -> RunFolder:
    """A run with every file that a report reads."""
    return finish(start())


@pytest.fixture(scope="module")
def finished_once(tmp_path_factory: pytest.TempPathFactory, plain_drawings: None) -> RunFolder:
    """The same, to be left as it is; one of its students has seen a collapse."""
    run = finish(RunFolder.create(tmp_path_factory.mktemp("runs") / "run-001", CONFIG))
    rows = results()["rows"]
    rows[2]["warnings"] = ["epoch 1: the generator collapsed", "epoch 2: the generator collapsed"]
    run.results_path.write_text(json.dumps(results(rows=rows)))
    return run


@pytest.fixture
def sample() -> SimpleNamespace:
    """The functions above that make a run's files."""
    return SimpleNamespace(
        agreeing=agreeing,
        png=png,
        results=results,
        search_row=search_row,
        student_row=student_row,
        summary_of=summary_of,
        write_metrics=write_metrics,
    )
