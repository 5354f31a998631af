"""The server: what an editor asks goes to the feature that answers it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from autorecon.lsp.checks import Checks
from autorecon.lsp.documents import Documents, path_of
from autorecon.lsp.features import (
    code_lens,
    diagnostics,
    formatting,
    hover,
    inlay_hints,
    links,
    navigation,
    outline,
    quick_fixes,
    rename,
    semantic_tokens,
    signature_help,
)
from autorecon.lsp.features.completion import completion
from autorecon.lsp.knowledge import Checked
from autorecon.lsp.view import View

_PATIENCE = 1.0  # seconds that an answer waits for the check of what was just typed
Feature = Callable[[View, Any], Any]

# What each request is answered by; those that show what the checker found wait for it.
FEATURES: dict[str, Feature] = {
    types.TEXT_DOCUMENT_COMPLETION: completion,
    types.TEXT_DOCUMENT_DEFINITION: navigation.definition,
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: navigation.highlight,
    types.TEXT_DOCUMENT_DOCUMENT_LINK: links.links,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: outline.symbols,
    types.TEXT_DOCUMENT_FOLDING_RANGE: outline.folding,
    types.TEXT_DOCUMENT_FORMATTING: formatting.formatting,
    types.TEXT_DOCUMENT_PREPARE_RENAME: rename.prepare,
    types.TEXT_DOCUMENT_REFERENCES: navigation.references,
    types.TEXT_DOCUMENT_RENAME: rename.rename,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: semantic_tokens.semantic_tokens,
    types.TEXT_DOCUMENT_SIGNATURE_HELP: signature_help.signature_help,
}
OF_CHECKS: dict[str, Feature] = {
    types.TEXT_DOCUMENT_CODE_ACTION: quick_fixes.quick_fixes,
    types.TEXT_DOCUMENT_CODE_LENS: code_lens.code_lens,
    types.TEXT_DOCUMENT_HOVER: hover.hover,
    types.TEXT_DOCUMENT_INLAY_HINT: inlay_hints.inlay_hints,
}
_OPTIONS: dict[str, Any] = {
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions([types.CodeActionKind.QuickFix]),
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions([".", "(", ",", "[", "{", '"', " "]),
    types.TEXT_DOCUMENT_RENAME: types.RenameOptions(prepare_provider=True),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: semantic_tokens.LEGEND,
    types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpOptions(["(", ","]),
}


class Protocol(LanguageServerProtocol):
    """Requests that cannot be read are answered as well, where pygls would leave one waiting."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise


class Server(LanguageServer):
    """Holds the texts and their checks. Editors send whole texts: they are small, and nothing can
    get out of step."""

    def __init__(self, version: str) -> None:
        super().__init__(
            "autorecon", version, types.TextDocumentSyncKind.Full, protocol_cls=Protocol
        )
        self.documents = Documents()
        self.checks = Checks(self.documents, self._checked)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """In the log; a window that opens while one types helps nobody."""
        logging.getLogger(__name__).error("%s", error, exc_info=error)

    def _checked(self, checked: Checked) -> None:
        document = checked.document
        found = diagnostics.diagnostics(checked)
        params = types.PublishDiagnosticsParams(document.uri, found, document.version)
        self.text_document_publish_diagnostics(params)
        workspace = self.client_capabilities.workspace
        if checked.program and workspace and workspace.inlay_hint:
            self.workspace_inlay_hint_refresh(None)
        if checked.program and workspace and workspace.code_lens:
            self.workspace_code_lens_refresh(None)


def collect_seldom() -> None:
    """Nearly all that reading a text makes is kept: looking for rings in it takes as long again."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def make_server(version: str) -> Server:
    """All features, of the autorecon of this version."""
    server = Server(version)
    for method, function in FEATURES.items():
        server.feature(method, _OPTIONS.get(method))(_answer(server, function, 0.0))
    for method, function in OF_CHECKS.items():
        server.feature(method, _OPTIONS.get(method))(_answer(server, function, _PATIENCE))
    _follow(server)
    return server


def _answer(server: Server, function: Feature, wait: float) -> Callable:
    async def answer(params: Any) -> Any:
        view = await server.checks.view(params.text_document.uri, wait)
        return function(view, params) if view else None

    return answer


def _follow(server: Server) -> None:
    """Keeps to what the editor has open."""

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        encoding = server.workspace.position_encoding
        server.documents.encoding = getattr(encoding, "value", encoding) or "utf-16"
        folders = (path_of(folder) for folder in server.workspace.folders)
        server.documents.folders = [folder for folder in folders if folder]

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.checks.want(server.documents.put(item.uri, item.version, item.text))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        item = params.text_document
        text = server.workspace.get_text_document(item.uri).source
        server.checks.want(server.documents.put(item.uri, item.version, text))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.documents.close(uri)
        server.checks.forget(uri)
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        pass

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        for document in list(server.documents.opened.values()):
            server.checks.want(document)
