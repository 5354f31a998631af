"""What becomes of networks where they run: the records and the table of docs/deploying.md.

    python tools/deployed.py                                  # the shipped teachers, five minutes
    python tools/deployed.py --lite0 WEIGHTS.pth --photos LIST.txt    # EfficientNet-Lite0 as well
    python tools/deployed.py --table                          # the table alone, of the records

Each student is calibrated on noise, without statistics, and not tuned. What docs/deploying.jsonl
has is not done again.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import click
from torch import nn

import autorecon
from autorecon.graph.draw.labels import size_text
from autorecon.records.evaluation import Evaluation, Measured
from autorecon.records.schema import plain, structured
from autorecon.workflow import measure
from autorecon.workflow.config import RunConfig
from autorecon.workflow.evaluate import Question, evaluate

DOCS = Path(__file__).parents[1] / "docs"
RECORDS, PAGE = DOCS / "deploying.jsonl", DOCS / "deploying.md"
BEGIN, END = "<!-- by tools/deployed.py -->\n", "<!-- to here -->"
TEACHERS = ("resnet20-fashion16", "resnet18-fashion32", "mobilenetv2-fashion32")
BITS, SCHEMES = ("w8a8", "w4a4"), ("gdfq", "integer")
LITE0 = "deployed:lite0"
METHOD = {"method": "noise", "epochs": 1, "statistics": False}
COLUMNS = (
    *("Network", "Bits", "Scheme", "File, of", "As ONNX", "Top-1, of", "Agreement"),
    *("ms, of", "ms in batches of 32, of", "Integer kernels"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"


@attrs.frozen(kw_only=True)
class Cell:
    """A line of the records."""

    teacher: str
    bits: str
    scheme: str
    evaluation: Evaluation


def lite0() -> nn.Module:
    """EfficientNet-Lite0, of the package efficientnet-lite-pytorch."""
    from efficientnet_lite_pytorch import EfficientNet

    net: Any = EfficientNet.from_name("efficientnet-lite0")
    net.input_size = 224
    net.input_mean, net.input_std = [127 / 255] * 3, [128 / 255] * 3
    return net


@click.command()
@click.option("--lite0", "weights", help="The weights of EfficientNet-Lite0.")
@click.option("--photos", help="A text file that lists photographs, some with their class.")
@click.option("--table", is_flag=True, help="Write the table alone.")
def main(weights: str | None, photos: str | None, table: bool) -> None:
    """Measure what is not recorded yet, and write the table into docs/deploying.md."""
    measure.SECONDS = 1.0
    settings: dict[str, dict[str, Any]] = {} if table else {name: {} for name in TEACHERS}
    if weights and photos:
        settings[LITE0] = {"weights": weights, "data": f"folder:{photos}"}
    done = {(cell.teacher, cell.bits, cell.scheme) for cell in recorded()}
    for (name, given), bits, scheme in itertools.product(settings.items(), BITS, SCHEMES):
        if (name, bits, scheme) in done:
            continue
        cell = Cell(
            teacher=name, bits=bits, scheme=scheme, evaluation=measured(name, given, bits, scheme)
        )
        with RECORDS.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(plain(cell)) + "\n")
        click.echo(row(cell))
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{table_text()}{END}{rest.partition(END)[2]}", "utf-8")


def recorded() -> list[Cell]:
    """What was measured, in the order of the table."""
    lines = RECORDS.read_text("utf-8").splitlines() if RECORDS.exists() else []
    return [structured(json.loads(line), Cell, str(RECORDS), "measure again") for line in lines]


def measured(name: str, given: dict[str, Any], bits: str, scheme: str) -> Evaluation:
    """A student of that teacher, made in a folder that goes again."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        own = {f"teacher.{key}": value for key, value in given.items() if key != "data"}
        data = given.get("data", "fashion-mnist")
        autorecon.compress(
            name, bits=bits, out=out, data=data, progress=False, scheme=scheme, **METHOD, **own
        )
        found = evaluate(Question(source=out, config=RunConfig(), given=(), trusted=True))
    return attrs.evolve(found, source=f"{name} {bits} {scheme}", data=data.partition(":")[0])


def table_text() -> str:
    """The table of all records, and what computed."""
    order = [*TEACHERS, LITE0]
    cells = sorted(recorded(), key=lambda cell: order.index(cell.teacher))
    machines = dict.fromkeys(c.evaluation.machine.text for c in cells if c.evaluation.machine)
    rows = "".join(f"{row(cell)}\n" for cell in cells)
    return f"\n{HEAD}{rows}\nMeasured with {'; '.join(machines)}.\n\n"


def row(cell: Cell) -> str:
    """Of the student, then of full precision."""
    found = cell.evaluation
    model, full = found.model, found.full
    assert model
    assert full
    cells = [
        cell.teacher.replace(LITE0, "EfficientNet-Lite0"),
        cell.bits,
        cell.scheme,
        f"{size_text(model.bytes)}, {size_text(full.bytes)}",
        size_text(model.run_bytes),
        ", ".join(f"{part.score.accuracy:.2f}" for part in (model, full) if part.score),
        f"{model.score.agreement:.2f}" if model.score else "",
        *_times(model, full),
        f"{model.integer} of {model.products}",
    ]
    return f"| {' | '.join(cells)} |"


def _times(model: Measured, full: Measured) -> Iterator[str]:
    for batch in measure.BATCHES:
        yield ", ".join(f"{part.timing(batch).median:.3g}" for part in (model, full))


if __name__ == "__main__":
    main()
