"""Turn a checkpoint of torch.save into safetensors: `convert_weights.py x.pth x.safetensors`.

The file is unpickled with `weights_only`, which makes tensors and plain containers and runs no code
of the file's. What wraps a state dict ("state_dict", "model", ...) and DataParallel's "module." are
taken off; all other names stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import torch
from safetensors.torch import save
from torch import Tensor

from autorecon.runs import write_bytes

WRAPPERS = ("state_dict", "model", "net", "model_state_dict", "state_dict_ema", "model_ema")
PREFIX = "module."


def state_of(checkpoint: Any) -> dict[str, Tensor]:
    """The state dict in a checkpoint; ValueError where there is none."""
    if not isinstance(checkpoint, dict):
        raise ValueError(f"it holds a {type(checkpoint).__name__}, not a state dict")
    inner = next((checkpoint[name] for name in WRAPPERS if name in checkpoint), checkpoint)
    others = [n for n, v in inner.items() if not isinstance(v, Tensor)]
    if others or not inner:
        raise ValueError(f"it is not a state dict: {others[:3]} are no tensors")
    return {name.removeprefix(PREFIX): own(value) for name, value in inner.items()}


def own(value: Tensor) -> Tensor:
    """A tensor that shares its memory with no other, as safetensors wants them."""
    return value.detach().clone(memory_format=torch.contiguous_format)


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def main(source: Path, target: Path) -> None:
    """Write the state dict of the checkpoint SOURCE to TARGET, a .safetensors file."""
    try:
        state = state_of(torch.load(source, map_location="cpu", weights_only=True))
    # An unpickler meets anything at all in files of others.
    except Exception as error:
        reason = str(error).partition("\n")[0]
        click.echo(f"Error: {source} cannot be converted: {reason}", err=True)
        raise SystemExit(2) from error
    write_bytes(target, save(state))
    click.echo(f"wrote {target}: {len(state)} tensors")


if __name__ == "__main__":
    main()
