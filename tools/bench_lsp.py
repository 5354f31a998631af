"""How long an editor waits: milliseconds from a keystroke to the answer of each request after it,
and until the diagnostics of the new text are there.

    python tools/bench_lsp.py [--keys 20]

Through the protocol, with a server in a process of its own, by the clock; and the processor's time
alone, of which the aims are, as a machine has other work. Diagnostics of every text are compared
with those of `check`, and a difference ends the benchmark with an error.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from autorecon.lang import Source, SpaceError, check
from autorecon.lsp.documents import Documents
from autorecon.lsp.positions import Positions
from autorecon.lsp.server import FEATURES, collect_seldom
from autorecon.lsp.view import View
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
        print(f"{name}: {len(text.splitlines()):,} lines")
        for request, seconds in asyncio.run(_measured(text, keys)).items():
            _show(request, seconds)
        for request, seconds in _processor(text, keys).items():
            _show(request, seconds, AIMS[name])


def _show(request: str, seconds: list[float], aim: float | None = None) -> None:
    worst, middle = (1000 * f(seconds) for f in (max, statistics.median))
    verdict = "" if aim is None else f"aim {aim} ms  {'met' if middle <= aim else 'MISSED'}"
    print(f"  {request:<46}{middle:8.1f} ms  worst {worst:8.1f} ms  {verdict}")


def _typed(text: str, keys: int) -> Iterator[tuple[int, str]]:
    """Where something is typed, and the text then."""
    random = Random(1)
    for _ in range(keys):
        place = random.randrange(len(text))
        yield place + 1, text[:place] + random.choice("ab1{ ,|\n") + text[place:]


def _processor(text: str, keys: int) -> dict[str, list[float]]:
    """The processor's time of what a keystroke waits for, within this process."""
    found: dict[str, list[float]] = defaultdict(list)
    collect_seldom()
    for place, typed in _typed(text, keys):
        start = time.process_time()
        document = Documents().put(URI, 1, typed)
        item, position = types.TextDocumentIdentifier(URI), document.positions.position(place)
        FEATURES["textDocument/completion"](View(document), types.CompletionParams(item, position))
        found["keystroke and completion, processor"].append(time.process_time() - start)
        FEATURES["textDocument/semanticTokens/full"](
            View(document), types.SemanticTokensParams(item)
        )
        found["and semanticTokens/full, processor"].append(time.process_time() - start)
    return found


async def _measured(text: str, keys: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    async with _server() as (client, published):
        item = types.TextDocumentItem(URI, "space", 0, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await _checked(published, 0, text)
        for version, (place, typed) in enumerate(_typed(text, keys), start=1):
            start = time.perf_counter()
            _change(client, version, typed)
            for request in REQUESTS:
                await _ask(client, request, Positions(typed).position(place))
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
