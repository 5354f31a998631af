"""`autorecon.compress`: a model to a smaller one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autorecon.compress.methods.method import find_method
from autorecon.graph import Space
from autorecon.image_size import is_image_shape
from autorecon.python.job import Asked, Model, Place, open_job, setting_keys
from autorecon.python.result import Result
from autorecon.workflow import run as workflow
from autorecon.workflow.spaces import human_designed

BITS = "w4a4"


def compress(
    model: Model,
    *,
    image_shape: tuple[int, int, int] | None = None,
    bits: str | None = None,
    method: str = "gdfq",
    space: Space | Place | None = None,
    out: Place | None = None,
    seed: int = 0,
    progress: bool = True,
    data: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    **settings: Any,
) -> Result:
    """Compress a classifier of images [N, *image_shape] without its data.

    `model` is a module, which stays as it is, or a name as `--teacher` takes it. `bits` are those
    of weights and activations, w4a4 where a method quantizes and nothing is said. `space` is the
    generator, a genotype or a file or name of one; where a method needs one and none is given, the
    human-designed one of GDFQ. `out` is the run's folder: called again, the same goes on there.
    `progress` goes to standard error. `data` names a data set to measure accuracy on. `mean` and
    `std`, a number a channel, are what images are normalised with. `settings` are those of the
    method, as `steps`, or others of config.toml, as `threads` or `**{"teacher.weights": file}`.
    Raises the error of whatever is missing or does not fit, before anything runs.
    """
    recipe = find_method(method)
    if space is None and recipe.source == "generator":
        space = human_designed(_side(model, image_shape))
    given = {"compress.method": method, "seeds": [seed], "teacher.data": data or ""}
    if bits or "bits" in recipe.settings:
        given["compress.bits"] = bits or BITS
    asked = Asked(
        command="compress",
        model=model,
        image_shape=image_shape,
        mean=mean,
        std=std,
        space="" if space is None else space,
        out=out,
        progress=progress,
        settings=given | setting_keys("compress", settings),
    )
    with open_job(asked) as job:
        results = workflow.compress(job.folder, job.prepared, job.progress)
        teacher = job.prepared.teacher.module
        result = Result.of(job.folder, results, teacher)
        job.keep_with(result)
        return result


def _side(model: Model, image_shape: object) -> int:
    """Of the images, in pixels, as far as it is told; what is no size is told later."""
    size = image_shape if is_image_shape(image_shape) else getattr(model, "input_size", 0)
    sides = size if isinstance(size, tuple | list) else (size,)
    return max((side for side in sides if isinstance(side, int)), default=0)
