"""`autorecon export`: a student or a generator as a file that needs no AutoReCon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import ops_option, set_option, trust_option
from autorecon.cli.terminal import echo

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.graph import Space
    from autorecon.records.packed import PackedStudent

Origin = tuple["Space", Mapping[str, Any] | None, str]


def _batch(ctx: Any, param: Any, text: str) -> int | None:
    """None for `dynamic`; BadParameter for what is no number either."""
    if text == "dynamic":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"'{text}' is neither `dynamic` nor a number of images")
    return int(text)


@click.command("export")
@click.argument("source")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="FILE.onnx|pt2|py"
)
@click.option(
    "--what",
    type=click.Choice(["student", "generator"]),
    help="Of a run; the student is the default where there is one.",
)
@click.option(
    "--weights-as",
    type=click.Choice(["int8", "int4"]),
    default="int8",
    show_default=True,
    help="Of a student as ONNX: int4 is half the size, and computes with floats.",
)
@click.option("--build", metavar="MODULE:FUNCTION", help="Makes a student's network, of your own.")
@set_option
@ops_option
@click.option("--weights", type=click.Path(path_type=Path), help="A safetensors file.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Draw new weights.  [default: 0]")
@click.option(
    "--batch", callback=_batch, default="dynamic", show_default=True, help="Images at a time."
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@trust_option
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(
    source: str,
    out: Path,
    what: str | None,
    weights_as: str,
    build: str | None,
    parameters: dict[str, Any],
    weights: Path | None,
    seed: int | None,
    batch: int | None,
    force: bool,
    trust: bool,
    as_json: bool,
) -> None:
    """Write SOURCE as ONNX (.onnx), as a torch.export archive (.pt2) or as PyTorch source (.py).

    SOURCE is a run's folder or the file of a compressed model: then the student is written, as
    integers in ONNX. Or it is a genotype, a human-designed generator, or with --what generator a
    run, of which the generator is written: also as .py, with weights beside it as .safetensors.
    What was written is run and compared first.
    """
    if (what or _kind(Path(source), out)) == "student":
        if parameters or weights or seed is not None or batch is not None:
            raise click.UsageError(
                "--set, --weights, --seed and --batch are of generators; add --what generator"
            )
        _export_student(Path(source), out, weights_as, build, force, trust, as_json)
        return
    from autorecon.export import export as write
    from autorecon.nn import generator

    if weights and seed is not None:
        raise click.UsageError("--weights and --seed exclude each other")
    space, given, origin = _origin(source, parameters, weights, seed, trust)
    net = generator(space, seed=seed or 0, weights_from=given)
    written = write(net, out, batch=batch, force=force)
    files = [str(path) for path in written.paths]
    facts = {"files": files, "space": space.name, "weights": origin}
    if as_json:
        echo(json.dumps(facts | {"difference": written.difference}, indent=2))
        return
    echo(f"{', '.join(files)}: {space.name} with {origin}")
    echo(f"compared: images differ by at most {written.difference:.0e} of the largest", err=True)


def _kind(source: Path, out: Path) -> str:
    """What is meant where it is not said: the student of what has one."""
    if out.suffix == ".py":
        return "generator"
    if source.suffix == ".safetensors":
        return "student"
    if not source.is_dir():
        return "generator"
    from autorecon.runs import RunFolder

    command = RunFolder.open(source).config.get("command")
    return "student" if command in ("compress", "run") else "generator"


def _export_student(
    source: Path,
    out: Path,
    weights_as: str,
    build: str | None,
    force: bool,
    trust: bool,
    as_json: bool,
) -> None:
    import attrs

    from autorecon.compress.packed.load import student_file
    from autorecon.export import export_student
    from autorecon.records.packed import read_packed
    from autorecon.teachers.loading import build_own
    from autorecon.workflow.trained import network_of

    about, _ = read_packed(student_file(source))
    make = network_of(about, None, trust)
    if build:
        make = partial(build_own, build)
    images = partial(_images, source) if source.is_dir() else None
    written = export_student(
        source, out, build=make, weights_as=weights_as, images=images, force=force
    )
    if as_json:
        echo(json.dumps(attrs.asdict(written) | {"path": str(out)}, indent=2))
        return
    kind = "" if written.bits else ", which was distilled: its weights are float"
    echo(f"{out}: the student, {written.bytes:,} bytes{kind}")
    if written.products and written.bits:
        echo(
            f"{written.integer} of {written.products} convolutions and products are computed with "
            f"integers by ONNX Runtime; opset {written.opset}"
        )
    echo(
        f"compared on {written.images} images: answers differ by at most {written.difference:.0e} "
        f"of the largest, {written.ties} images of two nearly equal classes fall otherwise",
        err=True,
    )


def _images(run: Path, about: PackedStudent) -> Mapping[str, Tensor]:
    """Those that the run measured on, where they are here."""
    from autorecon.data import DataError
    from autorecon.workflow.trained import test_images

    try:
        return test_images(run, about)
    except DataError as error:
        echo(f"compared on noise alone, without what {run} measured on: {error}", err=True)
        return {}


def _origin(
    genotype: str, parameters: dict[str, Any], weights: Path | None, seed: int | None, trust: bool
) -> Origin:
    """The generator's space, its weights (None: to be drawn), and where those are from."""
    from autorecon.graph import load
    from autorecon.runs import load_weights
    from autorecon.workflow.trained import run_space, run_weights

    run = Path(genotype) if Path(genotype).is_dir() else None
    if run and parameters:
        raise click.UsageError("--set is for files; a run has its parameters")
    space = run_space(run, trust) if run else load(genotype, **parameters)
    if weights:
        return space, load_weights(weights), f"the weights of {weights}"
    if run and seed is None:
        return space, run_weights(run), f"the weights of {run}"
    return space, None, f"weights of seed {seed or 0}"
