"""Commands of docs/results.md go on from docs/results, whose genotypes are of the spaces of now."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.graph import Space, load
from autorecon.records.cells import CellRecord, Made
from autorecon.teachers import Teacher
from autorecon.workflow.config import read_config
from autorecon.workflow.prepare import bind, load_teacher
from results_page import MOBILENET, PAGE, RESNET18, RESNET20, RESULTS, ROOT, records, table


@pytest.mark.parametrize(
    "command", re.findall(r"^autorecon study (?:.*\\\n)*.*$", PAGE, flags=re.M)
)
def test_commands_go_on_from_the_records(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    teachers = (RESNET20, RESNET18, MOBILENET) if "--teacher T" in command else ("",)
    for teacher in teachers:
        line = command.replace("\\\n", " ").replace("--teacher T", f"--teacher {teacher}")
        result = CliRunner().invoke(cli, [*shlex.split(line)[1:], "--plan", "--json"])
        assert result.exit_code == 0, result.output
        assert all(cell["done"] for cell in json.loads(result.stdout))


def test_records_are_few_and_small() -> None:
    kept = ("study.toml", "records.jsonl", "table.csv")
    made = (".lock", "table.html", "table.tex", "table.txt")  # by whoever goes on; git ignores them
    folders = [path.parent for path in RESULTS.rglob("study.toml")]
    files = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    assert {path.name for path in files} <= {*kept, *made}
    files = [path for path in files if path.name in kept]
    assert len(files) < 60
    assert sum(path.stat().st_size for path in files) < 530_000


@pytest.mark.parametrize("study", ["table2", "table2-longer", "table3", "table4", "table5"])
def test_genotypes_are_of_the_spaces_of_now(study: str) -> None:
    """Their ids say all of them as long as a space means what it did."""
    teachers: dict[str, Teacher] = {}
    spaces: dict[str, Space] = {}
    found = {(r.genotype, r.generator): read_config(r.settings) for r in records(study).values()}
    for (genotype, made), config in found.items():
        if genotype:
            name, key = config.teacher.name, f"{config.teacher.name} {config.space}"
            teacher = teachers.get(name) or teachers.setdefault(name, load_teacher(config))
            space = spaces.get(key) or bind(config.space.file, config.space.set, teacher)
            cost = spaces.setdefault(key, space).from_id(genotype).cost
            assert Made(cost.parameters.max, cost.macs.max) == made


def _genotypes(study: str) -> Iterator[tuple[CellRecord, Space]]:
    """Of each compression with what was drawn or discovered, that generator; of shipped teachers:
    the others came after the rule that no other generator is drawn or discovered."""
    known, spaces = records(study), dict[str, Space]()
    for record in known.values():
        source = known.get(read_config(record.settings).space.file.removesuffix(".space"))
        if source is not None and ":" not in record.settings["teacher"]["name"]:
            config = read_config(source.settings)
            key = f"{config.teacher.name} {config.space}"
            if key not in spaces:
                spaces[key] = bind(config.space.file, config.space.set, load_teacher(config))
            yield record, spaces[key].from_id(source.genotype)


def test_every_generator_that_could_not_know_the_class_is_named() -> None:
    studies = sorted(str(path.parent.relative_to(RESULTS)) for path in RESULTS.rglob("study.toml"))
    compressed = [(study, *pair) for study in studies for pair in _genotypes(study)]
    assert len(compressed) > 200
    cut = [
        [f"`{r.cell}`", f"`{study}`", r.settings["compress"]["method"], f"{r.accuracy:.2f}"]
        for study, r, generator in compressed
        if "y" not in generator.live
    ]
    assert sorted(table("record")[1:]) == sorted(cut)


def test_a_study_goes_on_with_what_could_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its genotypes are written again; none of them is compressed with anew."""
    (command,) = re.findall(r"^autorecon study docs/results/table4 .*$", PAGE, flags=re.M)
    for name in ("study.toml", "records.jsonl"):
        shutil.copy(RESULTS / "table4" / name, tmp_path)
    result = CliRunner().invoke(
        cli, shlex.split(command.replace("docs/results/table4", str(tmp_path)))[1:]
    )
    assert result.exit_code == 0, result.output
    found = [load(path) for path in tmp_path.glob("genotypes/27FXG-*.space")]
    assert [("y" in genotype.live) for genotype in found].count(False) == 2
