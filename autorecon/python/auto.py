"""`autorecon.auto`: a model to the best student that can be found in a while."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autorecon.auto.config import (
    FILE,
    KEYS,
    AutoConfig,
    read_asked,
    seconds_of,
    shipped,
    stored,
    with_spaces,
)
from autorecon.auto.run import Auto
from autorecon.auto.start import Means, resume, start
from autorecon.python.compress import BITS
from autorecon.python.job import (
    Asked,
    Model,
    Place,
    kept_folder,
    named,
    plain_values,
    setting_keys,
    teacher_of,
)
from autorecon.python.result import Result
from autorecon.records.results import read_results
from autorecon.runs import Progress, RunError, RunFolder
from autorecon.study.errors import StudyError
from autorecon.workflow.settings import combine

TIME = "30m"


def auto(
    model: Model,
    *,
    image_shape: tuple[int, int, int] | None = None,
    bits: str = BITS,
    time: str | None = None,
    trials: int | None = None,
    spaces: Sequence[Place] = (),
    out: Place | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = True,
    data: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    **settings: Any,
) -> Result:
    """The best student of a classifier of images [N, *image_shape] that is found without its data.

    Within about `time`, as "30m", which it is where nothing is said, or of so many `trials` to
    begin with. A module is compressed in this process; of one that is named so many `jobs` are done
    at a time. `spaces` are searched beside those that there are. Other arguments are as those of
    `autorecon.compress`; `settings` are those of all candidates, as `batch`, or others of
    auto.toml, as `measure`. Raises the error of whatever is missing or does not fit, before
    anything is tried.
    """
    own = {"bits": bits, "seed": seed, "teacher.data": data or ""}
    if time is not None and trials is not None:
        raise StudyError("time and trials: choose one")
    own |= {"seconds": seconds_of(str(time or TIME))} if trials is None else {"trials": trials}
    asked = Asked(
        command="auto",
        model=model,
        image_shape=image_shape,
        mean=mean,
        std=std,
        space=None,
        out=out,
        progress=progress,
        settings=own | setting_keys("auto", settings),
    )
    teacher = teacher_of(asked)
    values = combine(None, plain_values(named(asked, teacher) | dict(asked.settings)), [])
    config = read_asked(with_spaces(values, [os.fspath(space) for space in spaces]))
    with kept_folder(out) as (place, keep):
        means = Means(jobs=jobs, teacher=teacher)
        under_way = _opened(config, place, means, Progress(quiet=not progress))
        under_way.run()
        run = RunFolder.open(place)
        results = read_results(run.results_path)
        assert results is not None
        result = Result.of(run, results, under_way.teacher.module)
        keep(result)
        return result


def _opened(config: AutoConfig, place: Path, means: Means, progress: Progress) -> Auto:
    """Begun, or gone on with where the folder holds one of the same settings. Raises RunError."""
    if not (place / FILE).exists():
        return start(config, place, means, progress)
    found = stored(place)
    told = [
        f"{key} = {getattr(found, key)!r}"
        for key in KEYS
        if getattr(found, key) != getattr(config, key)
    ]
    if _own(found) != _own(config):
        told.append("with other spaces or candidates")
    if told:
        raise RunError(
            f"{place} holds another one ({', '.join(told)}): name another folder, or leave it as "
            "it was"
        )
    return resume(place, means, progress, given=config.code)


def _own(config: AutoConfig) -> tuple[object, object]:
    """Spaces and candidates that are not shipped, of which none is left out."""
    there = {search["name"] for search in shipped()["search"]}
    return (
        [search for search in config.search if search.name not in there],
        [one for one in config.candidate if one.source not in there],
    )
