"""`autorecon derive`: the genotype of a search, finished or not."""

from __future__ import annotations

from pathlib import Path

import click

from autorecon.cli.options import trust_option
from autorecon.cli.terminal import echo, echo_file


@click.command("derive")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--derive", "by", help="argmax, perturbation or sample; by default the run's own.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write the genotype to a file.")
@click.option(
    "--weights",
    is_flag=True,
    help="With --out g.space: the weights that it has in the super net, to g.safetensors.",
)
@trust_option
def derive(run: Path, by: str | None, out: Path | None, weights: bool, trust: bool) -> None:
    """Print the architecture that the search in RUN has found, as of its newest checkpoint.

    With --out, the space that the genotype is of is written beside it where it is missing.
    """
    if weights and out is None:
        raise click.UsageError("--weights are written beside the genotype: add --out FILE")
    from autorecon.runs import Progress, RunFolder
    from autorecon.workflow import run as workflow
    from autorecon.workflow import stages
    from autorecon.workflow.spaces import write_genotype

    command = RunFolder.open(run).config.get("command", "run")
    folder, prepared = workflow.resume(run, command, trust=trust)
    found, epochs = stages.derive(folder, prepared, Progress(), by)
    if out is None:
        echo_file(found.text)
        return
    write_genotype(found, prepared.space, out)
    if weights:
        inherited = stages.supernet_weights(folder, Progress())
        stages.write_weights(found, inherited, out.with_suffix(".safetensors"))
    echo(f"{out}: after {epochs} of {prepared.config.search.epochs} epochs", err=True)
