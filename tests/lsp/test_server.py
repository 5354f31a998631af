"""What the server itself holds to: files beside the editor's, requests, what is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp.conftest import START, Edit, Editor


def test_files_in_the_editor_go_before_those_on_disk(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        (editor.folder / "ops.space").write_text("op act = relu\n")
        text = 'space one\nuse "ops.space"\ninput z [4]: noise\noutput b [4]\nlink z -> b = act\n'
        editor.open("one.space", text)
        assert await editor.diagnostics("one.space") == []
        editor.open("ops.space", "op act = relu(2)\n")
        assert [d.code for d in await editor.diagnostics("ops.space")] == ["E0302"]
        editor.published.clear()
        editor.change("ops.space", "op other = relu\n")
        assert await editor.diagnostics("ops.space") == []
        assert [d.code for d in await editor.diagnostics("one.space")] == ["E0202"]

    edit(session)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_the_folder_is_not_waited_for(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        os.mkfifo(editor.folder / "pipe.space")
        (editor.folder / "endless.space").symlink_to("/dev/zero")
        text = (
            'space one\nuse "pipe.space"\ninput z [4]: noise\noutput b [4]\nlink z -> b = linear\n'
        )
        editor.open("one.space", text)
        assert [d.code for d in await editor.diagnostics("one.space")] == ["E0701"]
        context = types.ReferenceContext(include_declaration=True)
        places = await editor.ask("references", "one.space", "input @z", context=context)
        assert len(places) == 2

    edit(session)


def test_requests_that_cannot_be_read_are_answered() -> None:
    asked = [
        {"method": "initialize", "params": {"capabilities": {}, "processId": None}},
        {"method": "textDocument/hover", "params": {"position": {"line": -1, "character": 10**30}}},
        {"method": "textDocument/hover", "params": None},
        {"method": "shutdown"},
    ]
    numbered = [{"jsonrpc": "2.0", "id": number} | one for number, one in enumerate(asked)]
    texts = [json.dumps(one) for one in [*numbered, {"jsonrpc": "2.0", "method": "exit"}]]
    texts[1:1] = ["nonsense", "[]", "[" * 50_000]
    sent = "".join(f"Content-Length: {len(text)}\r\n\r\n{text}" for text in texts)
    command = [sys.executable, "-c", START, "lsp"]
    run = subprocess.run(command, input=sent, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0
    assert run.stdout.count('"code": -32602') == 2
    assert '"id": 3' in run.stdout


def test_without_pygls_it_says_what_to_install() -> None:
    hidden = "import sys; sys.modules['pygls'] = None; sys.modules['lsprotocol'] = None\n"
    command = [sys.executable, "-c", hidden + START, "lsp"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert "pip install 'autorecon[lsp]'" in run.stderr


def test_the_package_says_where_the_page_of_codes_is(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("untitled:one", "nonsense")
        (found,) = await editor.diagnostics("untitled:one")
        assert found.code_description
        path = Path(found.code_description.href.removeprefix("file://").partition("#")[0])
        assert "### Codes" in path.read_text("utf-8")

    edit(session)
