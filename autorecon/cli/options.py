"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import click

from autorecon.image_size import Size, parse_size

Function = Callable[..., Any]


class Always(click.Option):
    """One that a job takes with --resume as well; all others are of a job that begins."""


class Setting:
    """A parameter that sets keys of a job's config.toml, those of `sets`."""

    def __init__(self, *declared: Any, sets: Sequence[str], **attributes: Any) -> None:
        super().__init__(*declared, **attributes)
        self.sets = tuple(sets)


class _SettingOption(Setting, click.Option):
    pass


class _SettingArgument(Setting, click.Argument):
    pass


def setting(*declared: str, sets: Sequence[str], **attributes: Any) -> Function:
    """An option that sets keys of a job's configuration, as `search.seed`."""
    return click.option(*declared, cls=_SettingOption, sets=sets, **attributes)


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


def space_argument(name: str) -> Function:
    return click.argument(name, cls=_SettingArgument, sets=["space.file"], required=False)


def settings_given(ctx: click.Context) -> dict[str, Any]:
    """The keys that the command line sets, with their values."""
    params = (param for param in ctx.command.params if isinstance(param, Setting))
    values = {key: ctx.params[str(param.name)] for param in params for key in param.sets}
    return {key: value for key, value in values.items() if value not in (None, (), {})}


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


set_option = setting(
    "--set",
    "parameters",
    sets=["space.set"],
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


FORMATS = ("full", "concise", "json", "github", "sarif", "junit")
output_format_option = click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    default="full",
    show_default=True,
    help="How faults are shown.",
)

ops_option = click.option(
    "--ops",
    multiple=True,
    metavar="MODULE",
    callback=load_modules,
    expose_value=False,
    help="Python module that declares operations with @autorecon.op; may be repeated.",
)


def _size(ctx: Any, param: Any, text: str | None) -> Size | None:
    try:
        return None if text is None else parse_size(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_TEACHERS = (
    "A shipped teacher; autorecon:NAME, torchvision:NAME or timm:NAME with --weights; or "
    "package.module:function."
)


def teacher_argument(function: Function) -> Function:
    """TEACHER, where a command is about that alone."""
    return click.argument("teacher", cls=_SettingArgument, sets=["teacher.name"])(function)


def teacher_or_resume(function: Function) -> Function:
    """TEACHER, where a command may go on with one instead."""
    argument = click.argument(
        "teacher", cls=_SettingArgument, sets=["teacher.name"], required=False
    )
    return argument(function)


own_teacher_options = _together(
    setting(
        "--weights",
        sets=["teacher.weights"],
        help="A teacher's state dict: safetensors, .pth, .pt or .bin, or a Hugging Face folder.",
    ),
    setting(
        "--size",
        callback=_size,
        metavar="PIXELS",
        sets=["teacher.size"],
        help="Size of such a teacher's images: 224, or 224x160 for height x width.",
    ),
    setting(
        "--channels",
        type=click.IntRange(min=1),
        sets=["teacher.channels"],
        help="Channels of such a teacher's images, where it does not begin with a Conv2d layer.",
    ),
)

teacher_options = _together(
    setting("--teacher", sets=["teacher.name"], help=_TEACHERS),
    own_teacher_options,
    setting(
        "--data",
        sets=["teacher.data"],
        help="What students are measured on: a data set, or folder:PATH with pictures of your own; "
        "'' has none.",
    ),
)


method_option = setting(
    "--method",
    sets=["compress.method"],
    help="How to compress; `autorecon methods` lists all. Default: gdfq.",
)

student_option = setting(
    "--student",
    sets=["compress.student"],
    help="Architecture to distil into, or package.module:function.",
)

objective_option = setting(
    "--objective",
    sets=["compress.objective"],
    help="What the images minimise, as in 'ce + 0.1*bns'.",
)

bits_option = setting(
    "--bits", sets=["compress.bits"], help="Weights and activations, w2a2 .. w8a8."
)

ranges_option = setting(
    "--ranges",
    sets=["compress.ranges"],
    help="Activation ranges: fitted, percentile, channels, mse or minmax.",
)

scheme_options = _together(
    setting(
        "--scheme",
        sets=["compress.scheme"],
        help="gdfq quantizes weights and activations, integer all that an integer engine computes.",
    ),
    setting(
        "--first-last",
        type=int,
        metavar="BITS",
        sets=["compress.first_last"],
        help="Width of the first and the last layer.",
    ),
    setting(
        "--bits-of",
        multiple=True,
        metavar="PATTERN=BITS",
        callback=lambda ctx, param, words: " ".join(words) or None,
        sets=["compress.bits_of"],
        help="Widths of some layers, as 'layer4.*=w8a8'; may be repeated.",
    ),
)

partial_option = setting(
    "--allow-partial",
    is_flag=True,
    default=None,
    sets=["compress.allow_partial"],
    help="Go on where much of the teacher cannot be quantized.",
)

float_option = setting(
    "--keep-float",
    is_flag=True,
    default=None,
    sets=["keep_float"],
    help="Write the student's weights before rounding as well.",
)

seeds_option = setting(
    "--seeds",
    type=click.IntRange(1, 1000),
    callback=lambda ctx, param, count: count and list(range(count)),
    sets=["seeds"],
    help="Compress with seeds 0 .. N-1.",
)

strategy_option = setting(
    "--strategy",
    sets=["search.strategy"],
    help="How to search; `autorecon strategies` lists them.",
)

derive_option = setting(
    "--derive",
    sets=["search.derive"],
    help="What the search ends with: argmax, perturbation or sample.",
)

recipe_option = setting(
    "--recipe",
    sets=["recipe"],
    help="Settings under all that is given: autorecon (the default), thorough or paper.",
)


assignments_option = click.option(
    "--with",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any setting of config.toml, as search.epochs=40; may be repeated.",
)

trust_option = click.option(
    "--trust",
    cls=Always,
    is_flag=True,
    help="Import the Python that a folder or file names, as --ops and --teacher do.",
)

# Where a job writes, how it goes on, and every other setting.
job_options = _together(
    click.option("-o", "--out", type=click.Path(path_type=Path), help="The run's folder."),
    click.option(
        "--resume",
        cls=Always,
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Go on with an interrupted run, with its own settings.",
    ),
    setting(
        "--ops",
        multiple=True,
        metavar="MODULE",
        sets=["space.ops"],
        help="Python module that declares operations with @autorecon.op.",
    ),
    click.option("--config", help="A TOML file of settings, as a run's config.toml."),
    assignments_option,
    trust_option,
    setting(
        "--precision",
        sets=["precision.search", "precision.compress"],
        help="fp32, bf16, either with -channels-last, or auto: what a trial finds fastest.",
    ),
    setting(
        "--memory",
        sets=["memory.limit"],
        metavar="SIZE",
        help="What the run may take, as 8G; else three quarters of what is free.",
    ),
    setting("--device", sets=["device"], help="cpu, cuda, or one of several, as cuda:1."),
    setting("--threads", type=int, sets=["threads"], help="Threads of torch; 0 leaves its choice."),
    click.option(
        "--jobs",
        cls=Always,
        type=click.IntRange(1, 1024),
        help="Trials and compressions at a time, a process each; without it a run or search has as "
        "many as it has threads and memory for.",
    ),
    click.option(
        "--tensorboard",
        cls=Always,
        is_flag=True,
        help="Write losses, images, genotypes and settings to RUN/tensorboard/ as well.",
    ),
    click.option("-q", "--quiet", cls=Always, is_flag=True, help="No progress."),
    click.option("--json", "as_json", cls=Always, is_flag=True, help="Print the results as JSON."),
)
