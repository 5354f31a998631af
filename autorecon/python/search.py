"""`autorecon.search`: a search space to the genotype that suits a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autorecon.graph import Space
from autorecon.python.job import Asked, Model, Place, open_job, setting_keys
from autorecon.workflow import run as workflow
from autorecon.workflow.settings import RECIPE


def search(
    space: Space | Place,
    model: Model,
    *,
    image_shape: tuple[int, int, int] | None = None,
    out: Place | None = None,
    seed: int = 0,
    progress: bool = True,
    data: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    recipe: str = RECIPE,
    **settings: Any,
) -> Space:
    """The genotype of a space with which a classifier of images [N, *image_shape] is imitated best.

    Arguments are as those of `autorecon.compress`; `settings` are those of a search, as `epochs` or
    `strategy`, or others of config.toml, as `**{"select.candidates": 1}`, over those of the recipe.
    Raises the error of whatever is missing or does not fit, before anything runs.
    """
    given = {"search.seed": seed, "teacher.data": data or ""}
    asked = Asked(
        command="search",
        model=model,
        image_shape=image_shape,
        mean=mean,
        std=std,
        space=space,
        out=out,
        progress=progress,
        settings=given | setting_keys("search", settings),
        recipe=recipe,
    )
    with open_job(asked) as job:
        found = workflow.search(job.folder, job.prepared, job.progress)
        # A genotype names the file of its space, which is in the folder.
        job.keep_with(found)
        return found
