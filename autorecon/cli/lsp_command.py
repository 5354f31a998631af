"""`autorecon lsp`: the language server, which editors start; no torch."""

from __future__ import annotations

import click

from autorecon import __version__
from autorecon.cli.options import ops_option


@click.command("lsp")
@ops_option
@click.option("--stdio", is_flag=True, help="Accepted, as many editors give it; there is no other.")
def lsp(stdio: bool) -> None:
    """Serve an editor that speaks the Language Server Protocol, over standard input and output.

    docs/editor.md says how editors are set up. `pip install 'autorecon[lsp]'` brings what it needs.

    Exit code 0: the editor ended it. 1: the editor left without saying so. 2: usage, or pygls is
    not installed.
    """
    try:
        from autorecon.lsp.server import collect_seldom, make_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        message = "the language server needs pygls: pip install 'autorecon[lsp]'"
        raise click.UsageError(message) from None
    collect_seldom()
    make_server(__version__).start_io()
