"""A file that is written comes back as it was; one that is damaged is told, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from autorecon.records import files
from autorecon.records.derivation import Derivation, Trial, read_derivation
from autorecon.records.errors import RecordError
from autorecon.records.files import read_record, write_record
from autorecon.records.front import FrontRow, read_front
from autorecon.records.results import (
    Data,
    Difference,
    Generator,
    Results,
    Row,
    SearchSummary,
    Site,
    Spread,
    Summary,
    Teacher,
    read_results,
)
from autorecon.records.schema import plain
from autorecon.records.score import Score
from autorecon.records.students import Student

SITES = [Site("a", "Conv2d", 3, "", 9), Site("b", "ReLU", None, "why")]
SCORE = Score(80.0, 90.0, 0.25)
RESULTS = Results(
    bits="w3a3",
    seeds=[0, 1],
    teacher=Teacher("t", 3, 1, 8, 99, 91.5),
    data=Data("toy", 300, ["a", "b", "c"], "labelled by a list"),
    generators=[Generator("mine", "g", "space.space", 10, 100)],
    rows=[
        Row("mine", 0, Score(70.0), SCORE, Score(81.0), 2),
        Row("mine", 1, warnings=["diverged"]),
    ],
    summary=[Summary("mine", 1, Spread(70.0), Spread(80.0, 0.5), None, Spread(90.0))],
    difference=Difference("a - b", 2, 0.5, None),
    search=SearchSummary("g", "12", "log", 3, 1.5),
    sites=SITES,
    seconds={"search": 1.5},
    software={"torch": "2.8"},
)
STUDENT = Student(
    generator="mine", seed=0, calibrated=None, last=SCORE, best=Score(81.0), best_epoch=2,
    config={"bits": "w3a3"}, weight_bytes={"teacher": 4.0}, sites=SITES, warnings=["w"],
)  # fmt: skip
DERIVATION = Derivation(
    {"a": "x"},
    "sample",
    {"a": [0.25, 0.75]},
    judged=(({"a": "x"}, {"total": 1.0}),),
    repaired=("a",),
    trials=(Trial({"a": "x"}, {"1000001": 50.0}),),
)
FRONT = [FrontRow("front/01.space", "K2M9Q-01", True, 10, 5, {"total": 2.5})]
WHOLE: list[tuple[Any, Any]] = [
    (RESULTS, Results),
    (STUDENT, Student),
    (DERIVATION, Derivation),
    (FRONT, list[FrontRow]),
]


@pytest.mark.parametrize(
    ("value", "kind"), WHOLE, ids=["results", "student", "derivation", "front"]
)
def test_what_is_written_comes_back(tmp_path: Path, value: Any, kind: Any) -> None:
    path = tmp_path / "file.json"
    assert read_record(path, kind) is None
    write_record(path, value)
    assert read_record(path, kind) == value


@pytest.mark.parametrize(("value", "kind"), WHOLE[:3], ids=["results", "student", "derivation"])
def test_every_field_that_has_no_default_is_missed(tmp_path: Path, value: Any, kind: Any) -> None:
    path = tmp_path / "file.json"
    write_record(path, value)
    whole = json.loads(path.read_text())
    del whole["crc32"]
    assert whole.keys() == {field.name for field in attrs.fields(kind)}
    needed = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]
    for name in needed:
        path.write_text(json.dumps({k: v for k, v in whole.items() if k != name}))
        with pytest.raises(RecordError, match=rf"file\.json is not as it was written .*{name}"):
            read_record(path, kind)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (
            '{"format": 2, "bits": [' + "0," * 99_999 + "0]}",
            r"is not as it was written \(.{0,300}\):",
        ),
        ('{"format": "' + "a" * 99_999 + '"}', r"has the format 'a{19}, and"),
        ("[]", "has the format None, and this version reads 1 and 2"),
        ('{"format": 3}', "has the format 3, and this version reads 1 and 2"),
        ('{"format": 1, "bits": 3}', r"is not as it was written \(expected str, not 3 at .bits\)"),
    ],
)
def test_damage_is_told_with_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=rf"results\.json {told}") as caught:
        read_results(path)
    assert "put back the original" in str(caught.value) or "with the version" in str(caught.value)
    assert caught.value.exit_code == 2


def test_accuracies_of_format_1_are_read_as_scores(tmp_path: Path) -> None:
    whole = json.loads(json.dumps(plain(RESULTS)))
    whole |= {"format": 1, "data": {"name": "toy", "size": 8, "test_images": 300}}
    whole["data"]["class_names"] = ["a", "b", "c"]
    whole["rows"][0] |= {"calibrated": 70.0, "last": 80, "best": None}
    del whole["summary"][0]["agreement"], whole["summary"][0]["divergence"]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(whole))
    found = read_results(path)
    assert found is not None
    assert (found.format, found.figure, found.full_precision) == (1, "accuracy", 91.5)
    assert found.rows[0].calibrated == Score(70.0)
    assert found.rows[0].last == Score(80.0, agreement=None)
    assert found.rows[0].best is None
    whole["rows"][0]["last"] = {"accuracy": True}
    path.write_text(json.dumps(whole))
    with pytest.raises(RecordError, match=r"expected float, not True at .rows\[0\].last.accuracy"):
        read_results(path)


def test_agreement_is_the_figure_where_no_image_has_a_label() -> None:
    assert Score(80.0, 90.0).figure == 80.0
    assert Score(None, 90.0).figure == 90.0
    assert Score().figure is None
    bare = attrs.evolve(RESULTS, rows=[Row("mine", 0, last=Score(None, 90.0, 0.1))])
    assert (bare.figure, bare.full_precision) == ("agreement", 100.0)
    assert Score(None, 90.0, 0.1).columns("calibrated_") == {
        "calibrated_agreement": 90.0, "calibrated_divergence": 0.1,
    }  # fmt: skip


def test_teachers_of_rectangular_images_and_of_before(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    wide = attrs.evolve(RESULTS, teacher=attrs.evolve(RESULTS.teacher, size=(8, 6), changes=["x"]))
    write_record(path, wide)
    assert read_results(path) == wide
    old = json.loads(path.read_text())
    del old["crc32"]
    old["teacher"] = {"name": "t", "classes": 3, "channels": 1, "size": 8, "parameters": 99}
    path.write_text(json.dumps(old))
    assert read_results(path).teacher == Teacher("t", 3, 1, 8, 99)


def test_a_figure_that_changed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_record(path, RESULTS)
    text = path.read_text()
    path.write_text(text.replace('"classes": 3', '"classes": 7'))
    with pytest.raises(RecordError, match=r"results\.json is damaged: its checksum"):
        read_results(path)
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert read_results(path) == RESULTS


def test_architectures_are_compared_by_their_totals(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_record(path, attrs.asdict(DERIVATION) | {"judged": [[{"a": "x"}, {"ce": 1.0}]]})
    with pytest.raises(RecordError, match="losses without their total"):
        read_derivation(path)
    write_record(path, [attrs.asdict(FRONT[0]) | {"losses": {}}])
    with pytest.raises(RecordError, match="losses without their total"):
        read_front(path)


def test_what_cannot_be_a_file_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordError, match=r"cannot read .*: Is a directory"):
        read_front(tmp_path)
    monkeypatch.setattr(files, "LIMIT", 10)
    (tmp_path / "a").write_text("0" * 11)
    with pytest.raises(RecordError, match="is larger than 10 bytes"):
        read_front(tmp_path / "a")
