"""What is tried, in which order, and what is drawn."""

from __future__ import annotations

import tomllib

import pytest

from autorecon.auto.candidates import MADE_BY, candidates
from autorecon.auto.config import KEPT, read_asked, seconds_of, with_spaces
from autorecon.study.cells import plan
from autorecon.study.errors import StudyError

OWN = {"name": "mine", "generator": "dcgan", "compress": {"alpha": 3.0}}


def test_controls_come_first_and_then_what_is_given_and_shipped() -> None:
    asked = read_asked({"trials": 40, "candidate": [OWN]})
    found = candidates(asked, "gdfq-imagenet", 40)
    assert [one.name for one in found[:4]] == [*KEPT, "mine", "reconstructed"]
    assert found[1].generator == found[3].generator == "gdfq-imagenet"
    assert len(found) == len({one.name for one in found}) == 40
    assert found[:20] == candidates(asked, "gdfq-imagenet", 20)


def test_what_is_drawn_can_be_compressed_with_and_often_shares_images() -> None:
    asked = read_asked({"trials": 60, "bits": "w2a4"})
    found = candidates(asked, "gdfq-cifar", 60)
    cells = [cell for cell in plan(asked.study(found, 1.0)) if cell.kind == "compress"]
    assert len(cells) == 60
    assert len({str(cell.config) for cell in cells}) == 60
    shared = [cell for cell in cells if cell.images]
    assert len(shared) > 20
    drawn = [one for one in found if "#" in one.name]
    for key in (
        "method",
        "objective",
        "generator_lr",
        "ranges",
        "student_lr",
        "alpha",
        "alignment",
    ):
        assert any(key in one.compress for one in drawn)
    assert set(MADE_BY) == {"method", "objective", "generator_lr"}
    other = candidates(read_asked({"trials": 60, "bits": "w2a4", "seed": 1}), "gdfq-cifar", 60)
    assert drawn != [one for one in other if "#" in one.name]


def test_factors_are_of_what_the_method_has() -> None:
    asked = read_asked(
        {"trials": 9, "candidate": [{"name": "a", "generator": "x", "compress": {"method": "ait"}}]}
    )
    rates = {
        one.compress.get("student_lr")
        for one in candidates(asked, "gdfq-cifar", 60)
        if one.compress.get("ranges") != "minmax"
    }
    assert rates - {None} <= {6e-5, 1.5e-4, 6e-4, 1.5e-3}


def test_settings_are_of_all_candidates_whose_methods_have_them() -> None:
    asked = read_asked({"trials": 4, "compress": {"steps": 7, "batch": 8}})
    cells = plan(asked.study(candidates(asked, "gdfq-cifar", 4), 1.0))
    assert [(c.config.compress.batch, c.config.compress.steps) for c in cells] == [
        (8, 0),
        (8, 7),
        (8, 0),  # what is reconstructed is not tuned
        (8, 7),
    ]


def test_spaces_are_searched_and_drawn_from_before_the_shipped() -> None:
    asked = read_asked(with_spaces({"trials": 9}, ["a/mine.space"]))
    assert asked.search[0].space["file"] == "a/mine.space"
    assert [one.name for one in asked.candidate[:2]] == ["discovered, mine", "drawn, mine"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("", "say how long by time"),
        ("trials = 2", "trials = 2 must be 3 or more"),
        ("trials = 3\nseconds = 3.0", "say how long by time"),
        ("seconds = -3.0", "seconds = -3 must be above 0"),
        ("trials = 3\nmeasure = 'first'", "choose last or all or none"),
        ("trials = 3\nsteps = 3", "there is no `steps`"),
        (
            "trials = 3\ncompress.step = 3",
            "there is no setting compress.step: did you mean `steps`",
        ),
        ("trials = 3\ncandidate = [{name = 'noise'}]", "candidate noise is there anyway"),
        ("trials = 3\nchoices.alignmint = [1.0]", "choices.alignmint: did you mean `alignment`"),
        ("trials = 3\nchoices.method = []", "method has nothing to choose from"),
        ("trials = 3\ntimes.method = [2.0]", "there is no setting times.method"),
    ],
)
def test_mistakes_are_told(values: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_asked(tomllib.loads(values))


def test_times_are_read() -> None:
    assert [seconds_of(text) for text in ("90s", "30m", "1.5h", "5 min")] == [90, 1800, 5400, 300]
    for text in ("", "30", "0m", "m", "-3m", "1d"):
        with pytest.raises(StudyError, match="write it as 30m"):
            seconds_of(text)
