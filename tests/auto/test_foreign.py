"""Folders of `autorecon auto` that somebody else made, or that were damaged since."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autorecon.auto.config import stored
from autorecon.auto.prepare import controls
from autorecon.auto.start import Means, resume
from autorecon.cli import cli
from autorecon.cli.auto_command import _measured
from autorecon.runs import Progress
from autorecon.study.cells import Task, plan
from autorecon.study.folder import StudyFolder
from autorecon.study.work import do_cell
from autorecon.teachers.loading import load
from autorecon.workflow.config import ConfigError

QUIET = Progress(quiet=True)
OWN = ("auto_teacher:teacher",)


@pytest.fixture
def out(whole: Path, folder: Path) -> Path:
    """One that is done, in the working folder."""
    shutil.copytree(whole / "out", "out")
    Path("evil.py").write_text("raise SystemExit('imported')")
    return Path("out")


def gone_on(trust: str = "--trust") -> Result:
    return CliRunner().invoke(cli, ["auto", "--resume", "out", trust, "-q"])


def unsealed(text: str) -> str:
    """Without its checksum, which whoever means harm leaves out."""
    return re.sub(r'^# crc32.*\n|,\s+"crc32": "\w+"', "", text, flags=re.MULTILINE)


def test_a_run_in_it_names_no_code_unasked(out: Path) -> None:
    file = out / "config.toml"
    file.write_text(unsealed(file.read_text()).replace("ops = []", 'ops = ["evil"]', 1))
    under_way = resume(out, Means(teacher=load(*OWN, size=8)), QUIET, given=OWN)
    with pytest.raises(ConfigError, match="evil, which would be imported"):
        _measured(under_way, QUIET, trust=False)


def test_work_in_it_names_no_code_unasked(out: Path) -> None:
    asked, folder = stored(out), StudyFolder(out)
    (cell,) = plan(asked.study(controls("")[:1], 1.0))
    shutil.copytree(out / "compressed", folder.work_path(cell) / "compressed")
    config = unsealed((out / "config.toml").read_text()).replace("ops = []", 'ops = ["evil"]', 1)
    (folder.work_path(cell) / "config.toml").write_text(config)
    record = do_cell(folder, Task(cell), QUIET)
    assert "evil, which would be imported" in record.error


def test_what_leads_out_of_it_is_not_read(out: Path) -> None:
    Path("secret").write_text("x = [")
    for name in ("auto.toml", "auto.json", "records.jsonl"):
        kept = (out / name).read_bytes()
        (out / name).unlink()
        (out / name).symlink_to(Path("secret").resolve())
        result = gone_on()
        assert result.exit_code in (1, 2)
        assert f"out/{name} is a link" in result.stderr
        (out / name).unlink()
        (out / name).write_bytes(kept)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda course: course.update(lengths=[]), "not one a rung"),
        (lambda course: course.update(lengths=[float("nan"), 1.0]), "not one a rung"),
        (lambda course: course.update(lengths=[1.0]), "2 rungs have 1 lengths"),
        (lambda course: course.update(winner="nobody"), "is none that was judged last"),
        (lambda course: course.update(sources=-1.0), "sources"),
        (lambda course: course["rungs"][0].update(entries=[]), "no candidate, or one twice"),
        (lambda course: course["rungs"][0].update(length=0.0), "length"),
        (lambda course: _first(course).update(judged=float("nan")), "judged"),
        (lambda course: _first(course).update(seconds=float("inf")), "seconds"),
        (lambda course: _first(course).update(steps=-1), "steps"),
        (lambda course: _first(course).update(settings={"compress": [1]}), "no table"),
        (lambda course: _first(course).update(settings={"generator": 1}), "expected str, not 1"),
        (lambda course: _first(course).update(settings="a" * 30_000), "not as it was written"),
    ],
)
def test_a_course_that_cannot_be_is_told(
    out: Path, change: Callable[[dict[str, Any]], None], why: str
) -> None:
    course = json.loads(unsealed((out / "auto.json").read_text()))
    change(course)
    (out / "auto.json").write_text(json.dumps(course))
    result = gone_on()
    assert result.exit_code in (1, 2), result.output
    assert why in result.stderr
    assert len(result.stderr) < 1000
    assert "Traceback" not in result.output


def _first(course: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = course["rungs"][-1]["entries"][0]
    return entry


@pytest.mark.parametrize(
    "damage",
    [
        lambda out: (out / "results.json").unlink(),
        lambda out: (out / "compressed" / "generator-seed0.json").write_text("{"),
        lambda out: (out / "compressed" / "generator-seed0.json").unlink(),
        lambda out: _flip(out / "compressed" / "generator-seed0.safetensors"),
        lambda out: _flip(out / "generator.safetensors"),
        lambda out: (out / "generator.safetensors").unlink(),
    ],
)
def test_damage_to_what_was_found_is_told(out: Path, damage: Callable[[Path], object]) -> None:
    damage(out)
    result = gone_on()
    assert result.exit_code in (1, 2), result.output
    assert "`autorecon compress --resume out` makes the student again" in result.stderr


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_trials_that_are_gone_are_missed(out: Path) -> None:
    (out / "records.jsonl").unlink()
    (out / "metrics.jsonl").unlink()
    result = CliRunner().invoke(cli, ["auto", "--resume", "out", "--trust"])
    assert result.exit_code == 0, result.output
    assert "warning: out/records.jsonl lacks 7 of 7 trials" in result.stderr
    assert "warning: out/metrics.jsonl lacks 8 of 8 rows" in result.stderr


def test_what_is_known_is_written_again(out: Path, whole: Path) -> None:
    (genotype,) = (path for path in (out / "genotypes").iterdir() if path.stem != "little")
    lost = [out / "recipe.toml", genotype]
    for path in lost:
        path.write_text("")
    assert gone_on().exit_code == 0
    for path in lost:
        assert path.read_bytes() == (whole / path).read_bytes()
