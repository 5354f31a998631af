"""Spaces and genotypes as files, with what they use beside them."""

from __future__ import annotations

from pathlib import Path

from autorecon.graph import Space, genotype, load
from autorecon.lang import SpaceError, format_genotype
from autorecon.runs import RunError, RunFolder, write_text

# Names in a run's folder that mean something else there.
_OWN = {
    f"{stem}{base}.space"
    for stem in ("genotype", "space", "baseline", "known")
    for base in ("", "-base")
}


LARGE = 64
"""Side in pixels from which images are GDFQ's large ones."""


def human_designed(side: int) -> str:
    """The generator of GDFQ for images of so many pixels."""
    return "gdfq-imagenet" if side >= LARGE else "gdfq-cifar"


def store_space(folder: RunFolder, space: Space, stem: str) -> None:
    """Write a space's text into the run; a genotype brings the space that it is of."""
    program = space.program
    if taken := _OWN & {name for name, _ in program.used}:
        raise RunError(f"a run has a {min(taken)} of its own; rename the one that the space uses")
    text = space.text
    if program.of and program.base_path:
        base = load(program.base_path, **space.parameters)
        text = format_genotype(base.program, program.chosen, program.name, f"{stem}-base.space")
        write_text(folder.path / f"{stem}-base.space", base.text)
    write_used(space, folder.path)
    write_text(folder.path / f"{stem}.space", text)


def write_used(space: Space, folder: Path) -> None:
    """The files that a space uses, called as it calls them; never in place of another text."""
    for name, source in space.program.used:
        path = folder / name
        if path.exists() and path.read_text("utf-8") != source.text:
            raise RunError(f"{path} holds another text than the `{name}` that {space.name} uses")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, source.text)


def load_stored(folder: RunFolder, stem: str, like: Space) -> Space:
    """A space of the run as it was stored, with the parameters it was stored with."""
    return load(folder.path / f"{stem}.space", **like.parameters)


def is_written(found: Space, space: Space, out: Path) -> bool:
    """Whether what `write_genotype` writes is there."""
    return any(
        _text(base) == space.text
        and _text(out) == genotype(space, found.program.chosen, of=base.name).text
        for base in _bases(space, out)
    )


def write_genotype(found: Space, space: Space, out: Path) -> None:
    """Write a genotype outside its run, and the space that it is of beside it, in place of what is
    none."""
    base, other = _bases(space, out)
    if base.exists() and _text(base) != space.text and _is_space(base):
        base = other
    write_text(base, space.text)
    write_used(space, base.parent)
    write_text(out, genotype(space, found.program.chosen, of=base.name).text)


def _bases(space: Space, out: Path) -> tuple[Path, Path]:
    """Where the space is beside a genotype, and where it is if another has its name."""
    return out.with_name(f"{space.name}.space"), out.with_name(f"{out.stem}-base.space")


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _is_space(path: Path) -> bool:
    try:
        load(path)
    except SpaceError:
        return False
    return True
