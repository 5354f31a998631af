"""Whether two genotypes that differ in their text derive to one generator all the same."""

from __future__ import annotations

from pathlib import Path

from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.architectures.symmetry import TooSymmetric
from autorecon.graph.space import Space, load


def same_generator(old: Space, new: Space) -> bool | None:
    """Whether both are one generator, dead parts aside and up to the space's symmetries.

    None where they are not genotypes of one space with the same parameters.
    """
    paths = old.program.base_path, new.program.base_path
    if None in paths or old.parameters != new.parameters:
        return None
    path, other = (Path(path).resolve() for path in paths if path)
    if path != other:
        return None
    base = load(path, **old.parameters)
    try:
        return _same(base, old, new)
    except ArchitectureError:
        return None


def _same(base: Space, old: Space, new: Space) -> bool:
    try:
        return base.same(old, new)
    except TooSymmetric:
        return base.same(old, new, up_to_symmetry=False)
