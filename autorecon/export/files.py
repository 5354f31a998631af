"""A generator to a file, in the format that the file's ending names."""

from __future__ import annotations

import copy
from keyword import iskeyword
from pathlib import Path

import attrs

from autorecon.export import FORMATS
from autorecon.export.archive import archive
from autorecon.export.check import compare, compare_training
from autorecon.export.errors import ExportError, reason
from autorecon.export.names import without_attributes
from autorecon.export.onnx_model import onnx_model
from autorecon.export.source import loaded, source
from autorecon.nn import Generator
from autorecon.runs import require_place, save_weights, write_bytes, write_text


@attrs.frozen
class Exported:
    """The files that were written, and the largest relative difference that was measured."""

    paths: tuple[Path, ...]
    difference: float


def export(
    net: Generator, path: str | Path, *, batch: int | None = None, force: bool = False
) -> Exported:
    """Write `net` to a `.onnx`, `.pt2` or `.py` file that needs no AutoReCon.

    What is to be written is run first and compared with `net`; files appear whole or not at all.
    Batches have any size, or in .onnx and .pt2 the one that is given. A .py file has the weights
    beside it, as .safetensors. Existing files are replaced only with `force`. Raises ExportError.
    """
    path = Path(path)
    paths = _paths(path, force)
    plain = copy.deepcopy(net).cpu().eval()
    if path.suffix == ".py":
        if batch:
            raise ExportError("a .py file takes batches of any size; leave the batch out")
        return Exported(paths, _write_source(plain, *paths))
    data, found = _made(plain, path, batch)
    write_bytes(path, data)
    return Exported(paths, found)


def _made(net: Generator, path: Path, batch: int | None) -> tuple[bytes, float]:
    make = archive if path.suffix == ".pt2" else onnx_model
    without_attributes(net)
    try:
        return make(net, batch, str(path))
    except ExportError:
        raise
    # Torch's exporters raise what they like.
    except Exception as error:
        pipelines = [edge.candidates[0] for edge in net.space.edges]
        pipelines += [node.then for node in net.space.nodes.values() if node.then]
        own = {op.name for p in pipelines for op in p.ops if op.spec.is_own}
        own |= {n.merge.name for n in net.space.nodes.values() if n.merge.spec.is_own}
        blamed = f" with your own {', '.join(f'`{name}`' for name in sorted(own))}" if own else ""
        raise ExportError(
            f"torch cannot export {net.space.name}{blamed} to {path}: {reason(error)}"
        ) from error


def _paths(path: Path, force: bool) -> tuple[Path, ...]:
    if path.suffix not in FORMATS:
        raise ExportError(f"cannot export to {path}: name a file that ends in {', '.join(FORMATS)}")
    if path.suffix == ".py" and (not path.stem.isidentifier() or iskeyword(path.stem)):
        raise ExportError(f"{path}: {path.stem} cannot be imported; use letters, digits and _")
    paths = (path, path.with_suffix(".safetensors")) if path.suffix == ".py" else (path,)
    for taken in paths:
        if taken.exists() and not force:
            raise ExportError(f"{taken} is there already: name another file, or add --force")
    require_place(path)
    return paths


def _write_source(net: Generator, path: Path, weights: Path) -> float:
    text = source(net, path.stem)
    twin = loaded(text, net)
    found = max(compare(net, twin, [1, 5], str(path)), compare_training(net, twin, str(path)))
    save_weights(weights, net)
    write_text(path, text)
    return found
