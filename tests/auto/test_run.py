"""A course is done whole, goes on when it was interrupted, and survives bad candidates."""

from __future__ import annotations

import errno
import json
import shutil
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner, Result

import autorecon
from autorecon.auto.config import KEPT, read_asked, stored
from autorecon.auto.prepare import source_cells
from autorecon.auto.run import Auto
from autorecon.auto.start import Means, resume, start
from autorecon.cli import cli
from autorecon.compress import Compression
from autorecon.records.course import Course, Entry, Rung, read_course, write_course
from autorecon.report.course import worth
from autorecon.runs import Progress, RunError, load_weights, new_folder
from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.teachers import TeacherError
from autorecon.workflow.config import ConfigError, read_config
from autorecon.workflow.select import SelectionError
from autorecon.workflow.settings import RECIPE, combine

QUIET = Progress(quiet=True)


def command(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def asked(**changes: object) -> dict[str, object]:
    return tomllib.loads(Path("tiny.toml").read_text()) | changes


def begun(**changes: object) -> Auto:
    return start(read_asked(asked(**changes)), Path("out"), Means(), QUIET)


def timeless(course: Course | None) -> Course:
    """Without what takes another time each time."""
    assert course is not None
    rungs = [
        Rung(rung.length, [attrs.evolve(entry, seconds=0) for entry in rung.entries])
        for rung in course.rungs
    ]
    return attrs.evolve(course, rungs=rungs, seconds=0)


def test_the_best_of_the_last_rung_is_a_run(whole: Path) -> None:
    out, course = whole / "out", read_course(whole / "out")
    assert course is not None
    assert course.lengths == [0.3333, 1.0]
    assert [len(rung.entries) for rung in course.rungs] == [4, 3]
    steps = {entry.steps for entry in course.rungs[1].entries}
    assert steps <= {0, 20, 60}  # 20 of one that is not tuned
    for rung in course.rungs:
        assert {entry.name for entry in rung.entries} >= set(KEPT)
        assert all(entry.score and entry.score.agreement for entry in rung.entries)
    assert course.winner == course.rungs[-1].ranking[0].name
    assert json.loads((out / "results.json").read_text())["rows"]
    student = autorecon.load_compressed(out / "compressed" / "generator-seed0.safetensors",
                                        build=_network)  # fmt: skip
    assert student.bits == "w3a3"
    assert "Rung 2 of 2" in (out / "report.html").read_text()
    printed = (whole / "printed.txt").read_text()
    assert f"the best: {course.winner}" in printed
    assert "Rank correlation with agreement on real images: rung 1, 4 students" in printed
    assert worth(course).startswith("rung 1, 4 students: Spearman ")
    assert read_asked(tomllib.loads((out / "auto.toml").read_text())) == stored(out)
    names = {path.name for path in out.iterdir()}
    assert not names & {"work", "study.toml", "checkpoint"}


def _network() -> object:
    from auto_teacher import teacher

    return teacher()


def test_its_settings_make_the_same_student_again(whole: Path, folder: Path) -> None:
    shutil.copytree(whole / "out", "out")
    result = command("compress", "--config", "out/config.toml", "--trust", "-o", "again", "-q")
    assert result.exit_code == 0, result.output
    same = [
        load_weights(Path(run) / "compressed" / "generator-seed0.safetensors")
        for run in ("out", "again")
    ]
    assert same[0].keys() == same[1].keys()
    assert all(same[0][name].equal(same[1][name]) for name in same[0])
    recipe = read_config(combine("out/recipe.toml", {"space.file": "paper"}, [], RECIPE))
    own = read_config(tomllib.loads(Path("out/config.toml").read_text())).compress
    assert recipe.compress == attrs.evolve(own, epochs=8, evaluate_every=1)


def test_an_interrupted_one_goes_on_to_the_same(
    whole: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks, run_epoch = [0], Compression.run_epoch

    def interrupted(self: Compression, epoch: int, tick: object) -> object:
        ticks[0] += 1
        if ticks[0] in (2, 5, 7):
            raise KeyboardInterrupt
        return run_epoch(self, epoch, tick)  # type: ignore[arg-type]

    monkeypatch.setattr(Compression, "run_epoch", interrupted)
    arguments = ["--config", "tiny.toml", "--trust", "--measure", "all", "-o", "out", "-q"]
    result = command("auto", *arguments)
    assert result.exit_code == 130
    assert "go on with `autorecon auto --resume out`" in result.stderr
    told = command("report", "out")
    assert told.exit_code == 0, told.output
    assert "not done: `autorecon auto --resume out` goes on" in told.stderr
    assert "students of rung 1 of 2 are done" in Path("out/report.html").read_text()
    for _ in range(2):
        assert command("auto", "--resume", "out", "--trust", "-q").exit_code == 130
    assert command("auto", "--resume", "out", "--trust", "-q").exit_code == 0
    assert timeless(read_course(Path("out"))) == timeless(read_course(whole / "out"))
    again = command("auto", "--resume", "out", "--trust", "--json", "-q")
    assert (
        json.loads(again.stdout)["winner"]
        == json.loads(Path("out/auto.json").read_text())["winner"]
    )


def test_a_candidate_that_fails_is_told_and_goes_no_further(folder: Path) -> None:
    bad = {"name": "bad", "generator": "missing.space"}
    course = begun(trials=4, candidate=[bad], measure="none").run()
    first, last = course.rungs
    (failed,) = [entry for entry in first.entries if entry.error]
    assert failed.name == "bad"
    assert "missing.space" in failed.error
    assert failed.name not in {entry.name for entry in last.entries}
    assert all(entry.score is None for entry in last.entries)


def test_a_full_disk_decides_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_epoch, full = Compression.run_epoch, [True]

    def fails(self: Compression, epoch: int, tick: Callable[[], None]) -> object:
        if full and self.config.method == "gdfq":
            full.clear()
            raise RunError("cannot write it") from OSError(errno.ENOSPC, "no space left")
        return run_epoch(self, epoch, tick)

    monkeypatch.setattr(Compression, "run_epoch", fails)
    under_way = begun(trials=3, measure="none")
    with pytest.raises(
        RunError, match=r"human-designed/seed0 failed: cannot write it; it is tried"
    ):
        under_way.run()
    course = resume(Path("out"), Means(), QUIET, trust=True).run()
    assert not [entry for entry in course.rungs[0].entries if entry.error]


def test_who_learned_from_anothers_images_has_its_generator(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"name": "alike", "generator": "human-designed", "compress": {"student_lr": 1e-3}}
    monkeypatch.setattr(
        "autorecon.auto.run.judged",
        lambda cells, *of: {name: 1.0 * (name == "alike") for name in cells},
    )
    under_way = begun(trials=3, candidate=[own], measure="none")
    under_way.run()
    cells = under_way._cells(under_way.course.rungs[-1])
    assert len({cell.images for cell in cells if cell.variant != "noise"}) == 1
    assert under_way.course.winner == "alike"
    out = Path("out")
    for name in ("compressed/generator-seed0.generator.safetensors", "generator.safetensors"):
        assert load_weights(out / name)
    assert (out / "images" / "generator.png").exists()


def test_where_all_fail_why_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: object, *given: object) -> None:
        raise ValueError("the disk is gone")

    under_way = begun(trials=3)
    monkeypatch.setattr(Compression, "run_epoch", fails)
    with pytest.raises(SelectionError, match=r"no candidate came to an end.*the disk is gone"):
        under_way.run()


def test_spaces_that_do_not_fit_are_left_out_and_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(teacher: object, macs: int) -> None:
        raise TeacherError("it has no maps")

    Path("out").mkdir()
    Path("out/auto.json").touch()  # as of one that was killed when it began
    values = asked(trials=12, measure="none")
    del values["search"], values["candidate"]
    monkeypatch.setattr("autorecon.auto.prepare.mirror", fails)
    under_way = start(read_asked(values), Path("out"), Means(), QUIET)
    assert under_way.course.notes == ["no space mirrors auto_teacher:teacher: it has no maps"]
    assert [search.name for search in under_way.asked.search] == ["autorecon", "paper"]
    sources = {one.source for one in under_way.asked.candidate}
    assert sources == {"", "autorecon", "paper"}
    with pytest.raises(RunError, match="out was begun before: go on with --resume out"):
        begun()


def test_python_that_a_course_names_is_not_imported_unasked(folder: Path) -> None:
    begun(trials=3, measure="none")
    course = read_course(Path("out"))
    assert course is not None
    for settings, why in (({"ops": ["evil"]}, "evil, which would be imp"), ({"x": 1}, "no `x`")):
        write_course(Path("out"), attrs.evolve(course, rungs=[Rung(1.0, [Entry("a", settings)])]))
        with pytest.raises(ConfigError, match=why):
            resume(Path("out"), Means(), QUIET, trust=False, given={"auto_teacher:teacher"})


def test_one_goes_on_from_another_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = asked(trials=3, measure="none")
    del values["search"], values["candidate"]
    assert start(read_asked(values), Path("out"), Means(), QUIET).asked.search[0].name == "mirror"
    monkeypatch.chdir("/")
    assert Path(stored(folder / "out").search[0].space["file"]).exists()


def test_a_cluster_says_how_many_trials_are_done_at_a_time() -> None:
    counts = [Means(jobs=2, on=on).at_a_time(Cluster(jobs=9)) for on in ("local", "slurm")]
    assert counts == [2, 9]
    assert Means(jobs=2, on="ray").at_a_time(Cluster()) == 2


def test_settings_that_were_changed_are_told(folder: Path) -> None:
    begun(trials=3, measure="none")
    file = Path("out/auto.toml")
    whole = file.read_text()
    for old, new, why in (
        ("w3a3", "w4a4", "is not what this began with"),
        ('"w3a3"', "w3a3", "is damaged"),
    ):
        file.write_text(whole.replace(old, new, 1))
        with pytest.raises(StudyError, match=why):
            stored(Path("out"))


def test_those_that_begin_at_once_have_a_folder_each(folder: Path) -> None:
    values = read_asked(asked(trials=3, measure="none"))
    made = partial(new_folder, "runs", "auto")
    assert [start(values, made, Means(), QUIET).folder.path.name for _ in range(2)] == [
        "auto-001",
        "auto-002",
    ]


def test_work_that_is_gone_is_told(folder: Path) -> None:
    under_way = begun(trials=3, measure="none")
    under_way.run()
    (search,) = source_cells(under_way.asked, under_way.asked.candidate, under_way.course.sources)
    under_way.folder.work_path(search).mkdir(parents=True)  # as of one that was given up
    under_way.run()
    assert not Path("out/work").exists()
    course = attrs.evolve(under_way.course, winner="", rungs=[
        attrs.evolve(rung, entries=[attrs.evolve(e, judged=None) for e in rung.entries])
        for rung in under_way.course.rungs
    ])  # fmt: skip
    under_way._write(course)
    with pytest.raises(RunError, match=r"is gone, the work of rung1.*: remove its line"):
        resume(Path("out"), Means(), QUIET, trust=True).run()


def test_time_decides_how_many_go_on_and_for_how_long(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.auto.prepare.pace", lambda stage, prepared: 0.1)
    under_way = begun(trials=0, seconds=400.0, measure="none")
    whole = under_way._first(source_cells(under_way.asked, under_way.asked.candidate, 1.0))
    assert whole.notes == ["left out, for want of their generators: found"]
    assert whole.lengths == [0.3333, 1.0]
    assert len(whole.rungs[0].entries) > 9

    tried = [
        attrs.evolve(entry, judged=float(number), steps=20 * (number > 0), seconds=2.0)
        for number, entry in enumerate(whole.rungs[0].entries[:9])
    ]

    def following(left: float) -> Rung | None:
        """After a first rung of 20 s, of which 2 went into the steps of each candidate."""
        under_way.asked = attrs.evolve(under_way.asked, seconds=20 + left)
        under_way.course = attrs.evolve(whole, rungs=[Rung(0.3333, tried, 20.0)])
        return under_way._following()

    # Of the whole length one takes 6.5 s.
    found = following(84)
    assert found is not None
    assert (found.length, len(found.entries)) == (1.0, 9)
    assert [entry.judged for entry in found.entries] == [None] * 9
    found = following(10)
    assert found is not None
    assert found.length == pytest.approx(0.75, abs=1e-3)
    best = whole.rungs[0].entries[8].name
    assert [entry.name for entry in found.entries] == [*KEPT, best]
    assert following(3) is None
