"""What TensorBoard reads is what a run wrote, once, however often the run was interrupted."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from autorecon.report.tensorboard import Events, following
from autorecon.runs import Lines, Progress, RunFolder

ROW = {"stage": "search", "seconds": 2.0, "weights": {"total": 3.0}, "tau": 5.0}
STUDENT = "compress/mine/seed0"


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    config = {"command": "run", "seeds": [0, 1], "search": {"batch": 16, "strategy": "gumbel"}}
    return RunFolder.create(tmp_path / "run", config)


def read(run: RunFolder, stage: str) -> EventAccumulator:
    found = EventAccumulator(str(run.path / "tensorboard" / stage), {"tensors": 0, "images": 0})
    return found.Reload()


def scalars(run: RunFolder, stage: str, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in read(run, stage).Scalars(tag)]


def text(run: RunFolder, stage: str, tag: str) -> str:
    event = read(run, stage).Tensors(f"{tag}/text_summary")[-1]
    return event.tensor_proto.string_val[0].decode()


def written(run: RunFolder) -> Events:
    events = Events(run)
    events.close()
    return events


def append(run: RunFolder, **values: Any) -> None:
    Lines(run.metrics_path).append({**ROW, **values})


def test_losses_are_by_epoch_and_spaced_as_they_took(run: RunFolder) -> None:
    for epoch, loss in enumerate((3.0, 2.0)):
        append(run, epoch=epoch, weights={"total": loss}, genotype={"a->b": "conv(3)"})
    append(run, stage=STUDENT, epoch=0, accuracy=80.5, warning="odd", weights={})
    written(run)
    assert scalars(run, "search", "weights/total") == [(1, 3.0), (2, 2.0)]
    assert scalars(run, STUDENT, "accuracy") == [(1, 80.5)]
    first, second = (event.wall_time for event in read(run, "search").Scalars("tau"))
    assert second - first == pytest.approx(2.0)
    assert text(run, "search", "genotype") == "    a -> b = conv(3)"


def test_settings_genotype_and_images_are_there(run: RunFolder, sample: SimpleNamespace) -> None:
    run.genotype_path.write_text("genotype g of 'x'\n")
    picture = run.path / "images/mine.png"
    picture.parent.mkdir()
    picture.write_bytes(sample.png(8, 4))
    (run.path / "images/other.png").write_text("no picture")
    append(run, epoch=0)
    written(run)
    assert text(run, ".", "genotype") == "    genotype g of 'x'"
    assert "    strategy = " in text(run, ".", "config")
    (image,) = read(run, ".").Images("images/mine")
    assert (image.width, image.height) == (8, 4)
    assert image.encoded_image_string == picture.read_bytes()
    settings = read(run, "search").SummaryMetadata("_hparams_/session_start_info")
    content = settings.plugin_data.content
    assert all(word in content for word in (b"search.strategy", b"gumbel", b"search.batch"))


def test_an_epoch_that_is_done_again_is_there_once(run: RunFolder) -> None:
    append(run, epoch=0)
    events = Events(run)
    events.update()
    append(run, epoch=1)
    events.update()
    Lines(run.metrics_path).truncate(0)
    events.update()
    for epoch in range(3):
        append(run, epoch=epoch)
    events.close()
    assert scalars(run, "search", "tau") == [(1, 5.0), (2, 5.0), (3, 5.0)]


def test_a_run_that_goes_on_has_no_gap_and_nothing_twice(run: RunFolder) -> None:
    for epoch in range(2):
        with following(run, Progress(quiet=True)):
            append(run, epoch=epoch)
    assert scalars(run, "search", "tau") == [(1, 5.0), (2, 5.0)]


def test_a_fault_of_its_own_is_said_and_takes_nothing_from_the_run(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr(Events, "update", lambda self: 1 / 0)
    with following(run, Progress(stream=said)):
        pass
    assert "warning: TensorBoard's events are unfinished (division by zero)" in said.getvalue()
