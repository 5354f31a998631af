"""A run's files as TensorBoard shows them: one of its runs a stage, so that students lie over each
other. They are written from what the run writes anyway, so that going on with a run goes on with
them, without gaps and without anything twice."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.report.embed import read_grid
from autorecon.report.errors import ReportError
from autorecon.runs import Progress, RunError, RunFolder, read_stages

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"
EVERY = 10.0
"""Seconds after which what is new is written."""
_RESULTS = ("accuracy", "agreement")
"""Of a student, beside which its settings are listed."""


def lacking() -> str:
    """Why events cannot be written; "" where they can."""
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        return f"--tensorboard needs {name or 'the tensorboard package'}, which is not installed"
    return ""


@contextlib.contextmanager
def following(folder: RunFolder, progress: Progress) -> Iterator[None]:
    """Write a run's events while it goes and once more in the end; a fault of theirs is said, and
    is none of the run's."""
    events, ended = Events(folder), threading.Event()

    def follow() -> None:
        while not ended.wait(EVERY):
            events.update()

    thread = threading.Thread(target=_spared, args=[follow, progress], daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _spared(events.close, progress)


def _spared(work: Any, progress: Progress) -> None:
    try:
        work()
    except Exception as error:
        progress.say(f"warning: TensorBoard's events are unfinished ({error})")


@attrs.define
class Events:
    """What is written of a run; begins anew in its folder."""

    folder: RunFolder
    _writers: dict[str, SummaryWriter] = attrs.field(factory=dict, init=False)
    _seen: set[tuple[Any, Any]] = attrs.field(factory=set, init=False)
    _shown: dict[Path, int] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for path in self._root.glob("**/events.out.tfevents.*"):
            path.unlink()

    @property
    def _root(self) -> Path:
        return self.folder.path / FOLDER

    def update(self) -> None:
        """Write what the run has that is not written yet."""
        with contextlib.suppress(RunError):  # rows that are being cut back
            self._add_rows(read_stages(self.folder.metrics_path, damaged=[]))
        texts = {"config": self.folder.config_path, "genotype": self.folder.genotype_path}
        for name, path in texts.items():
            if self._is_new(path):
                # As Markdown has a text that is to stay as it is.
                lines = path.read_text("utf-8").splitlines()
                self._writer(".").add_text(name, "\n".join(f"    {line}" for line in lines))
        for path in sorted((self.folder.path / "images").glob("*.png")):
            if self._is_new(path):
                self._add_picture(path)
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Write the rest."""
        self.update()
        for writer in self._writers.values():
            writer.close()

    def _is_new(self, path: Path) -> bool:
        if not path.is_file() or self._shown.get(path) == path.stat().st_mtime_ns:
            return False
        self._shown[path] = path.stat().st_mtime_ns
        return True

    def _writer(self, stage: str) -> SummaryWriter:
        from torch.utils.tensorboard import SummaryWriter

        if stage not in self._writers:
            self._writers[stage] = SummaryWriter(str(self._root / stage))
            if stage != ".":
                self._add_settings(self._writers[stage], stage)
        return self._writers[stage]

    def _add_rows(self, rows: list[dict[str, Any]]) -> None:
        """An epoch that is done again after an interruption comes to what it came to before."""
        new = [row for row in rows if (row.get("stage"), row.get("epoch")) not in self._seen]
        moment = time.time() - sum(_seconds(row) for row in new)
        for row in new:
            self._seen.add((row.get("stage"), row.get("epoch")))
            moment += _seconds(row)
            self._add_row(row, moment)

    def _add_row(self, row: Mapping[str, Any], moment: float) -> None:
        stage, epoch = row.get("stage"), row.get("epoch")
        if not isinstance(stage, str) or not isinstance(epoch, int):
            return
        writer = self._writer(stage)
        for name, value in _numbers(row):
            writer.add_scalar(name, value, epoch + 1, moment)
        if chosen := row.get("genotype"):
            lines = [f"    {edge.replace('->', ' -> ')} = {op}" for edge, op in chosen.items()]
            writer.add_text("genotype", "\n".join(lines), epoch + 1, moment)

    def _add_settings(self, writer: SummaryWriter, stage: str) -> None:
        from torch.utils.tensorboard.summary import hparams

        settings = {"stage": stage, **_flat(self.folder.config)}
        for summary in hparams(settings, dict.fromkeys(_RESULTS, 0)):
            writer._get_file_writer().add_summary(summary)

    def _add_picture(self, path: Path) -> None:
        """As it is, without being unpacked."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        with contextlib.suppress(ReportError):  # which the report tells
            grid = read_grid(path)
            size = {"height": grid.height, "width": grid.width, "colorspace": 3}
            image = Summary.Image(encoded_image_string=path.read_bytes(), **size)
            value = Summary.Value(tag=f"images/{grid.label}", image=image)
            self._writer(".")._get_file_writer().add_summary(Summary(value=[value]))


def _seconds(row: Mapping[str, Any]) -> float:
    value = row.get("seconds")
    return float(value) if isinstance(value, int | float) else 0.0


def _numbers(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Numbers of an epoch and of its parts, as `weights/total`; probabilities are lists."""
    for name, value in row.items():
        if name in ("stage", "epoch"):
            continue
        parts = value.items() if isinstance(value, Mapping) else [("", value)]
        for part, number in parts:
            if isinstance(number, int | float):
                yield f"{name}/{part}".rstrip("/"), number


def _flat(settings: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """All settings by their whole names, as TensorBoard takes them."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{within}{name}.")
        else:
            plain = isinstance(value, bool | int | float | str)
            found[within + name] = value if plain else str(value)
    return found
