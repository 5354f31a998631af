"""How long an editor waits: wall milliseconds from a keystroke to the answer of each request, and
until the diagnostics of the new text are there.

    python tools/bench_lsp.py [--keys 20]

Through the protocol, with a server in a process of its own; the diagnostics of every text are
compared with those of `check`, and a difference ends the benchmark with an error.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from autorecon.lang import Source, SpaceError, check
from autorecon.lsp.positions import Positions
from bench_language import PAPER, _chain_text

START = "from autorecon.cli import main; main()"
URI = "untitled:bench"
AIMS = {"paper": 100, "2,000 lines": 300}  # milliseconds
REQUESTS = ("completion", "semanticTokens/full", "documentSymbol", "foldingRange")
DIAGNOSTICS = "diagnostics, after the pause of typing"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=20, help="keystrokes in each text")
    keys = parser.parse_args().keys
    texts = {"paper": PAPER.read_text("utf-8"), "2,000 lines": _chain_text(995)}
    for name, text in texts.items():
        print(f"{name}: {len(text.splitlines()):,} lines, aim {AIMS[name]} ms")
        for request, seconds in asyncio.run(_measured(text, keys)).items():
            worst, middle = (1000 * f(seconds) for f in (max, statistics.median))
            verdict = "met" if middle <= AIMS[name] else "MISSED"
            late = verdict if request != DIAGNOSTICS or name == "paper" else ""
            print(f"  {request:<42}{middle:8.1f} ms  worst {worst:8.1f} ms  {late}")


async def _measured(text: str, keys: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    random = Random(1)
    async with _server() as (client, published):
        item = types.TextDocumentItem(URI, "space", 0, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await _checked(published, 0, text)
        for version in range(1, keys + 1):
            place = random.randrange(len(text))
            typed = text[:place] + random.choice("ab1{ ,|\n") + text[place:]
            start = time.perf_counter()
            _change(client, version, typed)
            for request in REQUESTS:
                await _ask(client, request, Positions(typed).position(place + 1))
                found[f"keystroke and {request}"].append(time.perf_counter() - start)
            await _checked(published, version, typed)
            found[DIAGNOSTICS].append(time.perf_counter() - start)
    return found


def _change(client: LanguageClient, version: int, text: str) -> None:
    item = types.VersionedTextDocumentIdentifier(version, URI)
    change = types.TextDocumentContentChangeWholeDocument(text)
    client.text_document_did_change(types.DidChangeTextDocumentParams(item, [change]))


async def _ask(client: LanguageClient, request: str, position: types.Position) -> None:
    kind = types.METHOD_TO_TYPES[f"textDocument/{request}"][2]
    place = {"position": position} if request == "completion" else {}
    params = kind(text_document=types.TextDocumentIdentifier(URI), **place)
    await client.protocol.send_request_async(f"textDocument/{request}", params)


async def _checked(published: dict, version: int, text: str) -> None:
    """Waits for the diagnostics of a version, and compares them."""
    while version not in published:
        await asyncio.sleep(0.001)
    try:
        wanted = check(Source(text)).warnings
    except SpaceError as error:
        wanted = error.diagnostics
    shown = [(d.code, d.range.start) for d in published[version]]
    at = Positions(text)
    if shown != [(d.code, at.position(d.span.start if d.span else 0)) for d in wanted]:
        raise SystemExit(f"wrong result: the server shows {shown}")


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[LanguageClient, dict]]:
    client, published = LanguageClient("bench", "1"), {}

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def keep(params: types.PublishDiagnosticsParams) -> None:
        published[params.version] = params.diagnostics

    await client.start_io(sys.executable, "-c", START, "lsp")
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    yield client, published
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


if __name__ == "__main__":
    main()
