"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

Function = Callable[..., Any]


def parse_settings(ctx: Any, param: Any, values: tuple[str, ...]) -> dict[str, int | float | bool]:
    """`width=128` pairs to numbers; BadParameter for anything else."""
    found: dict[str, int | float | bool] = {}
    for text in values:
        name, equals, value = text.partition("=")
        number = _number(value.strip())
        if not equals or not name.strip().isidentifier() or number is None:
            raise click.BadParameter(f"'{text}' is not NAME=VALUE, as in width=128 or deep=true")
        found[name.strip()] = number
    return found


def _number(text: str) -> int | float | bool | None:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _together(*options: Function) -> Function:
    """Several as one decorator, in the order in which the help lists them."""
    return lambda function: reduce(lambda to, option: option(to), reversed(options), function)


def render_option(what: str, name: str) -> Function:
    """`--render`, which may stand without a value: then the drawing is called `name`."""
    return click.option(
        "--render",
        is_flag=False,
        flag_value="",
        metavar="[OUT]",
        help=f"Draw {what} to OUT (.svg, .png, .dot or .pdf); without OUT to {name}.svg here.",
    )


set_option = click.option(
    "--set",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=parse_settings,
    help="Set a parameter of the space; may be repeated.",
)


def load_modules(ctx: Any, param: Any, modules: tuple[str, ...]) -> tuple[str, ...]:
    """Import what --ops names, before any space is read; OpError."""
    if modules:
        from autorecon.lang import load_ops

        load_ops(*modules)
    return modules


ops_option = click.option(
    "--ops",
    multiple=True,
    metavar="MODULE",
    callback=load_modules,
    expose_value=False,
    help="Python module that declares operations with @autorecon.op; may be repeated.",
)


teacher_options = _together(
    click.option(
        "--teacher",
        help="A shipped teacher; autorecon:NAME, torchvision:NAME or timm:NAME with --weights; or "
        "package.module:function.",
    ),
    click.option("--weights", help="A safetensors file of a teacher's state dict."),
    click.option("--size", type=int, help="Side of such a teacher's images, in pixels."),
    click.option("--data", help="Data set to measure accuracy on; '' measures none."),
)

recipe_option = click.option(
    "--recipe", help="Settings under all that is given: autorecon (the default), thorough or paper."
)

# Where a job writes, how it goes on, and every other setting.
job_options = _together(
    click.option("-o", "--out", type=click.Path(path_type=Path), help="The run's folder."),
    click.option(
        "--resume",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Go on with an interrupted run, with its own settings.",
    ),
    click.option(
        "--ops",
        multiple=True,
        metavar="MODULE",
        help="Python module that declares operations with @autorecon.op.",
    ),
    click.option("--config", help="A TOML file of settings, as a run's config.toml."),
    click.option(
        "--with",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        help="Any setting of config.toml, as search.epochs=40; may be repeated.",
    ),
    click.option(
        "--precision",
        help="fp32, bf16, either with -channels-last, or auto: what a trial finds fastest.",
    ),
    click.option("--device", help="cpu, cuda, or one of several, as cuda:1."),
    click.option("--threads", type=int, help="Threads of torch; 0 leaves its choice."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option("--json", "as_json", is_flag=True, help="Print the results as JSON."),
)
