"""Each feature through the protocol, by a server in a process of its own."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from autorecon.lang.fmt import format_source
from autorecon.lang.source import Source
from tests.lsp.conftest import PAPER, Edit, Editor, applied

COUNT = "161,475,125,529,959,543,232 architectures"
GENOTYPE = 'genotype g of "paper.space"\n\nB1.n1 -> B1.n2 = nearest\nB1.n1 -> B1.n3 = \n'


def test_what_a_space_shows(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("paper.space", PAPER)
        assert await editor.diagnostics("paper.space") == []
        hover = await editor.ask("hover", "paper.space", "node @n2, n3")
        assert "`B2.n2`|64x16x16|sum|1|4|128|0" in hover.contents.value
        hover = await editor.ask("hover", "paper.space", "  @normal {n2")
        assert "12 edges" in hover.contents.value
        assert "`conv(5)`|102 k|6.55 M to 105 M" in hover.contents.value
        hover = await editor.ask("hover", "paper.space", "= @conv(1)")
        assert "convolution; shrinks by its stride" in hover.contents.value
        everything = types.Range(types.Position(0, 0), types.Position(99, 0))
        hints = await editor.ask("inlayHint", "paper.space", range=everything)
        labels = {(h.position.line, h.label) for h in hints}
        assert (17, "= 64x4x4, 64x8x8, 64x16x16") in labels
        assert (22, "12 edges x 7 candidates") in labels
        (lens,) = await editor.ask("codeLens", "paper.space")
        assert lens.command.title.startswith(COUNT)
        outline = await editor.ask("documentSymbol", "paper.space")
        block = next(symbol for symbol in outline if symbol.name == "cell")
        assert [child.name for child in block.children] == ["n1", "n2", "n3", "n4", "n5"]
        folds = await editor.ask("foldingRange", "paper.space")
        assert {(f.start_line, f.end_line) for f in folds} == {(0, 1), (2, 3), (16, 23)}
        tokens = await editor.ask("semanticTokens/full", "paper.space")
        assert len(tokens.data) % 5 == 0 < len(tokens.data)

    edit(session)


def test_rules_with_conditions(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        text = PAPER + "\nrule if B1.n2 -> B1.n4 = none then at most one none into B1.n4\n"
        editor.open("r.space", text)
        assert await editor.diagnostics("r.space") == []
        (found,) = await editor.ask("definition", "r.space", "if B1.@n2")
        assert found.range.start.line == text[: text.index("node n2")].count("\n")
        for before, wanted in {
            "rule if @B1": {"B1", "image", "at", "exactly"},
            "n4 = @none": {"conv", "none"},
            "then @at": {"at", "B1"},
            "at @most": {"most", "least"},
        }.items():
            items = await editor.ask("completion", "r.space", before)
            assert wanted <= {item.label for item in items}, before

    edit(session)


def test_a_port_that_is_passed_on(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        block = "block cell {\n  in p, q [4]\n  out q, o [4]\n  link {p, q} -> o = linear\n}\n"
        cells = "A = cell\nB = cell after A\nC = cell after B\n"
        links = "link {z, w} -> {A.p, A.q} = linear\nlink C.o -> image = linear\n"
        text = f"space p\n{block}input z, w [4]: noise\noutput image [4]\n{cells}{links}"
        editor.open("p.space", text)
        assert await editor.diagnostics("p.space") == []
        context = types.ReferenceContext(include_declaration=True)
        found = await editor.ask("references", "p.space", "in p, @q", context=context)
        assert len(found) == 4
        items = await editor.ask("completion", "p.space", "C = cell after @B")
        assert {"A", "B"} <= {item.label for item in items}

    edit(session)


def test_functions_of_values(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        text = PAPER + "\nlet widths = [4, 8]\nlet broad = max(widths[0], 8) if size > 8 else 2\n"
        editor.open("v.space", text)
        assert await editor.diagnostics("v.space") == []
        hover = await editor.ask("hover", "v.space", "broad = @max")
        assert "max(a, b, ...)" in hover.contents.value
        (found,) = await editor.ask("definition", "v.space", "max(@widths")
        assert found.range.start == types.Position(PAPER.count("\n") + 1, 4)
        shown = await editor.ask("signatureHelp", "v.space", "max(@widths")
        assert shown.signatures[0].label == "max(a, b, ...)"
        found = await editor.ask("completion", "v.space", "broad = @max")
        assert {"min", "max", "sum", "len", "widths"} <= {item.label for item in found}

    edit(session)


def test_names_lead_to_where_they_are(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        cells = (
            "edge normal keeps = conv(3)\nblock cell(side) {\n  in a [side]\n  out b [side]\n}\n"
        )
        (editor.folder / "cells.space").write_text(cells)
        text = 'space one\nuse "cells.space"\nA = cell(8)\nB = cell(8) after A\n'
        editor.open("one.space", text)
        (found,) = await editor.ask("definition", "one.space", "A = @cell")
        assert found.uri == editor.uri("cells.space")
        assert found.range.start == types.Position(1, 6)
        (file,) = await editor.ask("definition", "one.space", 'use "@cells')
        assert file.uri == editor.uri("cells.space")
        (link,) = await editor.ask("documentLink", "one.space")
        assert link.target == file.uri
        context = types.ReferenceContext(True)
        editor.open("cells.space", cells)
        found = await editor.ask("references", "cells.space", "block @cell", context=context)
        places = [(place.uri.rpartition("/")[2], place.range.start.line) for place in found]
        assert places == [("cells.space", 1), ("one.space", 2), ("one.space", 3)]
        found = await editor.ask("documentHighlight", "one.space", "@A = cell")
        assert [h.range.start.line for h in found] == [2, 3]

    edit(session)


def test_a_new_name_goes_everywhere_or_is_refused(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("paper.space", PAPER)
        new = PAPER.replace("n2", "middle")
        found = await editor.ask("rename", "paper.space", "node @n2, n3", new_name="middle")
        ((_, edits),) = found.changes.items()
        assert applied(PAPER, edits) == new
        found = await editor.ask("rename", "paper.space", "block @cell", new_name="stage")
        ((_, edits),) = found.changes.items()
        assert applied(PAPER, edits) == PAPER.replace("cell(", "stage(")
        for name, why in {
            "n3": "declared twice",
            "node": "cannot be a name",
            "2": "cannot be a name",
        }.items():
            with pytest.raises(JsonRpcException, match=why):
                await editor.ask("rename", "paper.space", "node @n2, n3", new_name=name)
        # A parameter of the block would hide the file's value.
        with pytest.raises(JsonRpcException, match=r"something else|fault"):
            await editor.ask("rename", "paper.space", "cell(@side, wide", new_name="width")
        with pytest.raises(JsonRpcException, match="built into"):
            await editor.ask("rename", "paper.space", "= @conv(1)", new_name="fold")
        assert await editor.ask("prepareRename", "paper.space", "= @conv(1)") is None

    edit(session)


def test_a_genotype_is_renamed_with_its_space(edit: Edit) -> None:
    nodes = "space s\ninput z [4]: noise\nnode a [4]\noutput b [4]\n"
    space = f"{nodes}link z -> a = relu | tanh\nlink a -> b = relu\n"
    genotype = 'genotype g of "s.space"\nz -> a = tanh\n'

    async def session(editor: Editor) -> None:
        (editor.folder / "g.space").write_text(genotype)
        editor.open("s.space", space)
        found = await editor.ask("rename", "s.space", "node @a", new_name="mid")
        after = {uri.rpartition("/")[2]: edits for uri, edits in found.changes.items()}
        assert applied(genotype, after["g.space"]) == genotype.replace("-> a", "-> mid")
        (editor.folder / "g.space").write_text(genotype.replace("tanh", "tnh"))
        with pytest.raises(JsonRpcException, match=r"mend .*g\.space first"):
            await editor.ask("rename", "s.space", "node @a", new_name="mid")

    edit(session)


CASES = {
    "edge normal @": {"keeps", "enlarges", "bridges"},
    "node x [4] merge @": {"sum", "product", "concat", "mean", "film", "modconv"},
    "node x [4] merge modconv(3, @": {"demodulate=", "equal=", "width"},
    "node x [4] then b@": {"bn", "activate"},
    "let here = wi@": {"width", "wide"},
    "cross B1.@": {"n1", "n5"},
    "cross B1.{n2, @": {"n3", "n4"},
    "cross B@": {"B1", "code", "image"},
    "link z -> @": {"code", "B3"},
    "link z -> code = @": {"linear", "normal", "conv"},
    "link z -> code = conv(3, @": {"dilation=", "bias=", "width", "y"},
    "link z -> code = conv(3, b@": {"bias="},
    "B4 = @": {"cell"},
    "B4 = cell(@": {"side=", "wide="},
    "B4 = cell(4) after @": {"B1", "B3"},
    "rule @": {"at", "exactly"},
    "rule at @": {"most", "least"},
    "rule at most 1 none into @": {"code", "B1"},
    "limit @": {"params", "macs"},
    "share @": {"choice", "weights"},
    "choice width @": {"apart"},
    "choice norm = bn | relu\nrule if norm = @": {"bn", "relu"},
    "choice width = 8 | 2*9\nrule if width != 8 | @": {"8", "2*9"},
    "input w: @": {"noise", "label"},
    'use "@': {"paper.space", "near.space"},
    "@": {"link", "normal", "block", "for", "rule"},
}


def test_what_can_be_written(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        (editor.folder / "near.space").write_text("")
        editor.open("paper.space", PAPER)
        for line, wanted in CASES.items():
            editor.change("paper.space", f"{PAPER}{line.replace('@', '')}\n# end\n")
            found = await editor.ask("completion", "paper.space", f"\n{line}\n# end")
            assert wanted <= {item.label for item in found}, line
        inside = PAPER.replace("  normal n4 -> n5\n", "  normal n4 -> \n")
        editor.change("paper.space", inside)
        found = await editor.ask("completion", "paper.space", "normal n4 -> @")
        assert [item.label for item in found] == ["n1", "n2", "n3", "n4", "n5"]
        found = await editor.ask("completion", "paper.space", "# The generator@ search")
        assert not found

    edit(session)


def test_a_genotype_is_completed_by_its_space(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("g.space", GENOTYPE)
        found = await editor.ask("completion", "g.space", "B1.n3 = @")
        assert [item.label for item in found] == ["nearest", "bilinear"]
        editor.change("g.space", GENOTYPE + "B1.n2 -> B1")
        found = await editor.ask("completion", "g.space", "\nB1.n2 -> B1@")
        assert [item.label for item in found] == ["B1.n2 -> B1.n4 = ", "B1.n2 -> B1.n5 = "]

    edit(session)


def test_signatures(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("paper.space", f"{PAPER}node q [4] then conv(3, groups = 2, \nB4 = cell(1, ")
        found = await editor.ask("signatureHelp", "paper.space", "conv(3, groups = 2@")
        assert found.signatures[0].label.startswith("conv(kernel, dilation=1, groups=1")
        assert found.active_parameter == 2
        found = await editor.ask("signatureHelp", "paper.space", "cell(1, @")
        assert found.signatures[0].label == "cell(side, wide = side)"
        assert found.active_parameter == 1
        editor.change("paper.space", f"{PAPER}node q [4, 8, 8] merge modconv(3, equal = true, ")
        found = await editor.ask("signatureHelp", "paper.space", "modconv(3, equal = tr@")
        assert found.signatures[0].label.startswith("modconv(kernel, bias=true, demodulate=true")
        assert found.active_parameter == 3
        editor.change("paper.space", f"{PAPER}node q [4, 8, 8] merge modconv(3)\n")
        found = await editor.ask("hover", "paper.space", "merge mod@conv")
        assert "Karras et al., 2020" in found.contents.value

    edit(session)


def test_faults_and_what_mends_them(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        wrong = PAPER.replace("= conv(1) |", "= conf(1) |").replace("merge product", "merge prodct")
        editor.open("paper.space", wrong)
        first, second = await editor.diagnostics("paper.space")
        assert (first.code, second.code) == ("E0202", "E0209")
        assert first.message.startswith("unknown operation `conf`\nhelp: did you mean `conv`")
        assert first.source == "autorecon"
        fixes = await editor.fixes("paper.space")
        assert wrong.replace("conf(1)", "conv(1)") in fixes.values()
        assert wrong.replace("prodct", "product") in fixes.values()
        hover = await editor.ask("hover", "paper.space", "= @conf")
        assert "**E0202**" in hover.contents.value
        editor.change("paper.space", PAPER)
        assert await editor.diagnostics("paper.space") == []

    edit(session)


def test_layout(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        options = types.FormattingOptions(4, True)
        loose = PAPER.replace("  up     n1", "  up n1").replace("B1 = cell(", "B1   =  cell( ")
        for text in (loose, loose.replace("\n", "\r\n"), PAPER):
            editor.open("paper.space", text)
            edits = await editor.ask("formatting", "paper.space", options=options)
            assert applied(text, edits) == format_source(Source(text))
        editor.open("paper.space", "space one(\nnode")
        assert not await editor.ask("formatting", "paper.space", options=options)

    edit(session)


SIZED = """\
space sized(base = 4)
choice width = base | 2*base
block cell(first) {
  choice inner = 4 | 8
  in  a [first, 2, 2]
  out b [inner + 1, 2, 2] then bn
  link a -> b = conv(3) | conv(1)
}
input z [4]: noise
output image [3, 2, 2]
A = cell(2*width)
link z -> A.a = linear
link A.b -> image = conv(1)
"""


def test_sizes_are_choices_and_values(edit: Edit) -> None:
    async def session(editor: Editor) -> None:
        editor.open("sized.space", SIZED)
        assert await editor.diagnostics("sized.space") == []
        hover = await editor.ask("hover", "sized.space", "cell(2*@width")
        assert "choice width = base | 2*base" in hover.contents.value
        assert "`A.a`|8\\|16x2x2|sum|1|1|0|0" in hover.contents.value
        hover = await editor.ask("hover", "sized.space", "out @b [")
        assert "`A.b`|5\\|9x2x2|sum|1|1|10 to 18|0" in hover.contents.value
        everything = types.Range(types.Position(0, 0), types.Position(99, 0))
        hints = await editor.ask("inlayHint", "sized.space", range=everything)
        labels = {(h.position.line, h.label) for h in hints}
        assert {(4, "= 8|16x2x2"), (5, "= 5|9x2x2"), (6, "1 edge x 2 candidates")} <= labels
        other = "block other {\n  choice inner = 2 | 3\n  node c [inner]\n}\nB = other\n"
        other += "link z -> B.c = linear\nlink B.c -> image = linear\n"
        more = SIZED + other + "rule if width = base | 2*base then B.inner != 2\n"
        editor.open("more.space", more)
        hover = await editor.ask("hover", "more.space", "choice @inner = 2")
        assert "`B.c`" in hover.contents.value
        assert "`A.b`" not in hover.contents.value
        found = await editor.ask("rename", "more.space", "width = @base | ", new_name="most")
        ((_, edits),) = found.changes.items()
        assert applied(more, edits) == more.replace("base", "most")
        found = await editor.ask("completion", "more.space", "rule if @width")
        assert "width" in {item.label for item in found}
        (found,) = await editor.ask("definition", "sized.space", "[@inner + 1")
        assert found.range.start == types.Position(3, 9)
        found = await editor.ask("rename", "sized.space", "cell(2*@width", new_name="wide")
        ((_, edits),) = found.changes.items()
        assert applied(SIZED, edits) == SIZED.replace("width", "wide")
        with pytest.raises(JsonRpcException, match="declared twice"):
            await editor.ask("rename", "sized.space", "cell(2*@width", new_name="base")
        found = await editor.ask("completion", "sized.space", "out b [@inner")
        assert [i.label for i in found].count("inner") == 1
        assert {"width", "first", "base"} <= {item.label for item in found}
        found = await editor.ask("completion", "sized.space", "  link a -> b = @conv")
        assert not {"inner", "width"} & {item.label for item in found}
        text = 'genotype g of "sized.space"\nwidth = \nA.inner = 4\n'
        (editor.folder / "sized.space").write_text(SIZED)
        editor.open("g.space", text)
        found = await editor.ask("completion", "g.space", "width = @")
        assert [item.label for item in found] == ["4", "8"]

    edit(session)
