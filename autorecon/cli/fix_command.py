"""`autorecon fix`: what is wrong in .space files and can be mended is mended; no torch."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autorecon.cli.options import ops_option
from autorecon.cli.space_files import replace, show_diff, space_files
from autorecon.lang.source import MAX_BYTES
from autorecon.reading import read_bounded

if TYPE_CHECKING:
    from autorecon.lang import Diagnostic


@click.command("fix")
@click.argument(
    "paths",
    metavar="FILES or FOLDERS...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--unsafe", is_flag=True, help="Also what may not have been meant, as near names.")
@ops_option
def fix(paths: tuple[Path, ...], diff: bool, unsafe: bool) -> None:
    """Mend what is certain in .space files, in place: what a fault's help says in place of what.

    It goes on until nothing changes. A change after which more would be wrong is not made;
    comments and line ends stay.

    Exit code 0: no fault is left. 1: some are, and are shown. 2: usage.
    """
    done = Counter[str]()
    for path in space_files(paths):
        done += _fix_file(path, diff, unsafe)
    _summary(done, diff)
    if done["left"]:
        raise click.exceptions.Exit(1)


def _fix_file(path: Path, diff: bool, unsafe: bool) -> Counter[str]:
    from autorecon.cli.diagnostics import show_diagnostics
    from autorecon.graph.faults import faults_of
    from autorecon.lang import SpaceError
    from autorecon.lang.mend import mend
    from autorecon.lang.syntax.parse import read_source

    try:
        source = read_source(path)
    except SpaceError as error:
        show_diagnostics(error.diagnostics, "full")
        return Counter(files=1, left=len(error.diagnostics))
    mended = mend(source, faults_of, unsafe=unsafe)
    if diff and mended.done:
        show_diff(str(path), source.text, mended.source.text, "fixed")
    elif mended.done:
        mark = BOM_UTF8 if read_bounded(path, MAX_BYTES).startswith(BOM_UTF8) else b""
        replace(path, *(mark + text.encode() for text in (source.text, mended.source.text)))
        for d in mended.done:
            assert d.span
            place = d.span.source.place(d.span.start)
            click.echo(f"{place}: {d.code} {_what(d, unsafe)}", err=True)
    show_diagnostics(mended.left, "full")
    more = sum(bool(d.fixes) for d in mended.left)
    return Counter(
        files=1,
        changed=bool(mended.done),
        mended=len(mended.done),
        left=len(mended.left),
        unsafe=0 if unsafe else more,
    )


def _what(d: Diagnostic, unsafe: bool) -> str:
    return next(fix.title for fix in d.fixes if fix.safe or unsafe)


def _summary(done: Counter[str], dry: bool) -> None:
    from autorecon.lang.wording import plural

    how = "would be mended" if dry else "mended"
    text = f"{plural(done['files'], 'file')}: {plural(done['mended'], 'fault')} {how}"
    text += f" in {done['changed']}" if done["files"] > 1 and done["mended"] else ""
    text += f", {done['left']} left" if done["left"] else ""
    text += f"; --unsafe may mend {done['unsafe']} of them" if done["unsafe"] else ""
    click.echo(text, err=True)
