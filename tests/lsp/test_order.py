"""Editors that do things in an odd order, and texts of odd kinds, through the protocol."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from tests.lsp.conftest import PAPER, Edit, Editor

EMOJI = "space one\nlet a = 1 # \U0001f600 \u00f6\nlet b = a + wdth # \U0001f600\nlet width = 2\n"


def test_requests_for_what_is_not_open(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.texts[editor.uri("no.space")] = "x"
        assert await editor.ask("hover", "no.space", "@x") is None
        editor.versions[editor.uri("no.space")] = 1
        editor.change("no.space", "space one")
        editor.close("no.space")
        editor.open("one.space", PAPER)
        assert await editor.diagnostics("one.space") == []

    edit(session)


def test_closed_and_opened_again_amid_requests(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("one.space", PAPER)
        asked = [asyncio.ensure_future(editor.ask("hover", "one.space", "node @n2")) for _ in "ab"]
        editor.close("one.space")
        editor.open("one.space", PAPER.replace("conv(1)", "conf(1)"))
        await asyncio.gather(*asked)
        assert [d.code for d in await editor.diagnostics("one.space")] == ["E0202"]
        editor.close("one.space")
        while editor.published[editor.uri("one.space")].diagnostics:
            await asyncio.sleep(0.005)

    edit(session)


def test_keys_faster_than_checks(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("one.space", PAPER)
        for length in range(0, len(PAPER), 40):
            editor.change("one.space", PAPER[:length])
        editor.change("one.space", PAPER)
        assert await editor.diagnostics("one.space") == []

    edit(session)


def test_files_that_vanish(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        ops = editor.folder / "ops.space"
        ops.write_text("op act = relu\n")
        text = 'space one\nuse "ops.space"\ninput z [4]: noise\noutput b [4]\nlink z -> b = act\n'
        editor.open("one.space", text)
        assert await editor.diagnostics("one.space") == []
        ops.unlink()
        assert not await editor.ask("definition", "one.space", "= @act")
        editor.change("one.space", text + "\n")
        assert "E0701" in [d.code for d in await editor.diagnostics("one.space")]

    edit(session)


def test_units_beyond_ascii(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        for end in ("\n", "\r\n"):
            editor.open("one.space", EMOJI.replace("\n", end))
            fault = next(d for d in await editor.diagnostics("one.space") if d.code == "E0201")
            assert fault.range == types.Range(types.Position(2, 12), types.Position(2, 16))
            hover = await editor.ask("hover", "one.space", "b = @a + wdth")
            assert "let a = 1" in hover.contents.value

    edit(session)


def test_an_editor_that_counts_bytes(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        assert editor.capabilities
        assert editor.capabilities.position_encoding == "utf-8"
        editor.open("one.space", 'space one\nuse "\u00f6\u00f6" # x\n')
        (fault,) = await editor.diagnostics("one.space")
        assert fault.range == types.Range(types.Position(1, 4), types.Position(1, 10))

    general = types.GeneralClientCapabilities(position_encodings=["utf-8"])
    edit(session, capabilities=types.ClientCapabilities(general=general))


def test_a_workspace_and_a_text_outside_of_it(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        (editor.folder / "inner").mkdir()
        editor.open("untitled:one", PAPER)
        assert await editor.diagnostics("untitled:one") == []
        editor.open("one.space", PAPER)
        context = types.ReferenceContext(False)
        found = await editor.ask("references", "one.space", "block @cell", context=context)
        assert len(found) == 3

    edit(session, root_uri="file:///nowhere/at/all")
