"""`autorecon export`: a generator as a file that needs no AutoReCon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import ops_option, set_option

if TYPE_CHECKING:
    from autorecon.graph import Space

Origin = tuple["Space", Mapping[str, Any] | None, str]


def _batch(ctx: Any, param: Any, text: str) -> int | None:
    """None for `dynamic`; BadParameter for what is no number either."""
    if text == "dynamic":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"'{text}' is neither `dynamic` nor a number of images")
    return int(text)


@click.command("export")
@click.argument("genotype")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="FILE.onnx|pt2|py"
)
@set_option
@ops_option
@click.option("--weights", type=click.Path(path_type=Path), help="A safetensors file.")
@click.option("--seed", type=click.IntRange(0), help="Draw new weights.  [default: 0]")
@click.option(
    "--batch", callback=_batch, default="dynamic", show_default=True, help="Images at a time."
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(
    genotype: str,
    out: Path,
    parameters: dict[str, Any],
    weights: Path | None,
    seed: int | None,
    batch: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write GENOTYPE as ONNX (.onnx), as a torch.export archive (.pt2) or as PyTorch source (.py).

    GENOTYPE is a genotype, a human-designed generator, or the folder of a run: then the generator
    that it trained is written. Weights may be those of a super net too. What was written is run and
    compared with the generator first; a .py file has its weights beside it, as .safetensors.
    """
    from autorecon.export import export as write
    from autorecon.nn import generator

    if weights and seed is not None:
        raise click.UsageError("--weights and --seed exclude each other")
    space, given, origin = _origin(genotype, parameters, weights, seed)
    net = generator(space, seed=seed or 0, weights_from=given)
    written = write(net, out, batch=batch, force=force)
    files = [str(path) for path in written.paths]
    facts = {"files": files, "space": space.name, "weights": origin}
    if as_json:
        click.echo(json.dumps(facts | {"difference": written.difference}, indent=2))
        return
    click.echo(f"{', '.join(files)}: {space.name} with {origin}")
    click.echo(
        f"compared: images differ by at most {written.difference:.0e} of the largest", err=True
    )


def _origin(
    genotype: str, parameters: dict[str, Any], weights: Path | None, seed: int | None
) -> Origin:
    """The generator's space, its weights (None: to be drawn), and where those are from."""
    from autorecon.graph import load
    from autorecon.runs import load_weights
    from autorecon.workflow.trained import run_space, run_weights

    run = Path(genotype) if Path(genotype).is_dir() else None
    if run and parameters:
        raise click.UsageError("--set is for files; a run has its parameters")
    space = run_space(run) if run else load(genotype, **parameters)
    if weights:
        return space, load_weights(weights), f"the weights of {weights}"
    if run and seed is None:
        return space, run_weights(run), f"the weights of {run}"
    return space, None, f"weights of seed {seed or 0}"
