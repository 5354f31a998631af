"""Drawings as files: DOT text, and SVG, PNG or PDF through a layout engine."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from autorecon.graph.draw.draw import dot_source
from autorecon.graph.space import Space

FORMATS = (".dot", ".svg", ".png", ".pdf")
TIME_LIMIT = 120  # seconds; a drawing that takes longer is one that nobody could read
PNG_DPI = 160


class DrawError(ValueError):
    """A drawing that cannot be made; the message says what to do."""

    exit_code = 2


def render(space: Space, path: str | Path) -> None:
    """Draw `space` to a `.dot`, `.svg`, `.png` or `.pdf` file, which appears whole or not at all.

    Graphviz's `dot` lays it out where it is installed, else `graphviz-pure`, which has no PDF.
    Raises DrawError.
    """
    render_dot(dot_source(space), path)


def render_dot(source: str, path: str | Path) -> None:
    """The same for a drawing that is DOT text already."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise DrawError(f"cannot draw to `{path}`: name a file that ends in {', '.join(FORMATS)}")
    _write(path, _drawn(source, ending))


def svg(space: Space) -> str:
    """The drawing as one `<svg>` element, to embed in a page or to write to a file."""
    return _svg(dot_source(space))


def shown(space: Space) -> str | None:
    """The same for a notebook, which shows the text of what cannot be drawn."""
    return shown_dot(dot_source(space))


def shown_dot(source: str) -> str | None:
    """The same of DOT text."""
    try:
        return _svg(source)
    except DrawError:
        return None


def _svg(source: str) -> str:
    text = _lay_out(source, "svg").decode("utf-8", "replace")
    start = text.find("<svg")
    if start < 0:
        raise DrawError(
            "the layout command gave no SVG; draw to .dot and lay it out by other means"
        )
    # The XML declaration and document type may not stand inside a page.
    return text[start:]


def _drawn(source: str, ending: str) -> bytes:
    if ending == ".dot":
        return source.encode("utf-8")
    if ending == ".svg":
        return _svg(source).encode("utf-8")
    return _lay_out(source, ending[1:])


def _lay_out(source: str, form: str) -> bytes:
    command = [_engine(form), f"-T{form}"] + [f"-Gdpi={PNG_DPI}"] * (form == "png")
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command, input=source.encode("utf-8"), capture_output=True, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired as error:
        help = "write the `.dot` file and lay it out by other means"
        raise DrawError(f"`{name}` took more than {TIME_LIMIT} seconds; {help}") from error
    except OSError as error:
        raise DrawError(f"cannot run `{command[0]}`: {error.strerror or error}") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1] if said else f"exit code {done.returncode}"
        raise DrawError(f"`{name}` could not draw a {form} file: {reason}")
    return done.stdout


def _engine(form: str) -> str:
    """The command that lays drawings out."""
    dot = shutil.which("dot")
    if dot:
        return dot
    if form == "pdf":
        help = "install Graphviz (Debian: `apt-get install graphviz`), or draw to .svg"
        raise DrawError(f"a .pdf drawing needs the `dot` command, which is not on the PATH; {help}")
    # The console scripts of an environment that is not activated are not on the PATH.
    beside = [str(Path(sys.executable).parent), sysconfig.get_path("scripts")]
    places = os.pathsep.join([*beside, os.environ.get("PATH", "")])
    pure = shutil.which("graphviz-pure", path=places)
    if not pure:
        help = "`pip install graphviz-pure`, or install Graphviz, or draw to .dot"
        raise DrawError(f"neither `dot` nor `graphviz-pure` is installed; {help}")
    return pure


def _write(path: Path, data: bytes) -> None:
    # Written beside and moved into place: a reader never sees half a drawing.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        raise DrawError(f"cannot write `{path}`: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
