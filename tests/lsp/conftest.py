"""A client that speaks the protocol to a server in a process of its own, as editors do."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from autorecon.lang import resource_folder
from autorecon.lsp.positions import Positions

START = "from autorecon.cli import main; main()"
SECONDS = 60.0  # that anything may take; a machine may have much else to do
PAPER = (resource_folder("spaces") / "paper.space").read_text("utf-8")


@attrs.define(eq=False)
class Editor:
    """Texts that are open, and what the server says of them. `@` in a text is the cursor."""

    client: LanguageClient
    folder: Path
    texts: dict[str, str] = attrs.field(factory=dict)
    versions: dict[str, int] = attrs.field(factory=dict)
    published: dict[str, types.PublishDiagnosticsParams] = attrs.field(factory=dict)
    capabilities: types.ServerCapabilities | None = None

    def uri(self, name: str) -> str:
        return name if ":" in name else (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> None:
        uri = self.uri(name)
        self.texts[uri], self.versions[uri] = text, 1
        item = types.TextDocumentItem(uri, "space", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> None:
        uri = self.uri(name)
        self.texts[uri] = text
        self.versions[uri] += 1
        item = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(item, [change]))

    def close(self, name: str) -> None:
        item = types.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(item))

    async def diagnostics(self, name: str) -> list[types.Diagnostic]:
        """Those of the version that was sent last."""
        uri = self.uri(name)
        while uri not in self.published or self.published[uri].version != self.versions[uri]:
            await asyncio.sleep(0.005)
        return list(self.published[uri].diagnostics)

    def at(self, name: str, here: str) -> types.Position:
        """Where `@` is in `here`, which the text has without it."""
        text = self.texts[self.uri(name)]
        return Positions(text).position(text.index(here.replace("@", "")) + here.index("@"))

    async def ask(self, method: str, name: str, here: str | None = None, **more: Any) -> Any:
        """The answer to a request about a text, or a place in it."""
        place = {"position": self.at(name, here)} if here is not None else {}
        kind = types.METHOD_TO_TYPES[f"textDocument/{method}"][2]
        params = kind(text_document=types.TextDocumentIdentifier(self.uri(name)), **place, **more)
        return await self.client.protocol.send_request_async(f"textDocument/{method}", params)

    async def fixes(self, name: str) -> dict[str, str]:
        """All quick fixes: their titles, and the text after each."""
        everything = types.Range(types.Position(0, 0), types.Position(99_999, 0))
        context = types.CodeActionContext([])
        found = await self.ask("codeAction", name, range=everything, context=context)
        uri = self.uri(name)
        return {f.title: applied(self.texts[uri], f.edit.changes[uri]) for f in found}


def applied(text: str, edits: Any) -> str:
    """A text after edits, whose places are those before all of them."""
    at = Positions(text)
    for edit in sorted(edits, key=lambda e: at.offset(e.range.start), reverse=True):
        start, end = at.offset(edit.range.start), at.offset(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text


@contextlib.asynccontextmanager
async def served(folder: Path, **options: Any) -> AsyncIterator[Editor]:
    client = LanguageClient("tests", "1")
    editor = Editor(client, folder)

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def published(params: types.PublishDiagnosticsParams) -> None:
        editor.published[params.uri] = params

    await client.start_io(sys.executable, "-c", START, "lsp")
    options = {"capabilities": types.ClientCapabilities(), **options}
    result = await client.initialize_async(types.InitializeParams(**options))
    editor.capabilities = result.capabilities
    client.initialized(types.InitializedParams())
    yield editor
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


Session = Callable[[Editor], Awaitable[None]]
Edit = Callable[[Session], None]


@attrs.define(eq=False)
class Kept:
    """A server for one session after the other, and the loop that its client lives in."""

    loop: asyncio.Runner
    editor: Editor | None = None
    open: contextlib.AsyncExitStack = attrs.field(factory=contextlib.AsyncExitStack)

    async def session(self, session: Session, folder: Path) -> None:
        """In a folder of its own; after one that fails the next has another server."""
        if self.editor is None:
            self.editor = await self.open.enter_async_context(served(folder))
        self.editor.folder = folder
        try:
            await session(self.editor)
        except BaseException:
            await self.end()
            raise
        for uri in [*self.editor.texts]:
            self.editor.close(uri)
        for seen in (self.editor.texts, self.editor.versions, self.editor.published):
            seen.clear()

    async def end(self) -> None:
        self.editor = None
        await self.open.aclose()


@pytest.fixture(scope="session")
def kept() -> Iterator[Kept]:
    with asyncio.Runner() as loop:
        found = Kept(loop)
        yield found
        loop.run(found.end())


@pytest.fixture
def edit(tmp_path: Path, kept: Kept) -> Edit:
    """Runs what an editor does with a server, one of its own if it starts that with options."""
    folder = tmp_path.resolve()

    def run(session: Session, **options: Any) -> None:
        async def own() -> None:
            async with served(folder, **options) as editor:
                await session(editor)

        async def bounded() -> None:
            await asyncio.wait_for(own() if options else kept.session(session, folder), SECONDS)

        kept.loop.run(bounded())

    return run
