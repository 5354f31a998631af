"""Text -> syntax tree, with every independent syntax fault of the file in one run."""

from __future__ import annotations

from pathlib import Path

import attrs

from autorecon.lang.diagnostics.edits import Edit, Fix
from autorecon.lang.diagnostics.faults import Diagnostic, Diagnostics, SpaceError
from autorecon.lang.source import MAX_BYTES, Source, Span
from autorecon.lang.syntax.automaton import Parser, Tree, Unexpected
from autorecon.lang.syntax.expected import unexpected
from autorecon.lang.syntax.layout import STATEMENT_WORDS, Edits, Layout, layout
from autorecon.lang.syntax.tokens import Token, lex
from autorecon.lang.syntax.tree import (
    BlockDef,
    Choice,
    EdgeType,
    File,
    GenotypeHeader,
    Let,
    OpDef,
    SpaceHeader,
    Use,
)
from autorecon.lang.syntax.tree_builder import build
from autorecon.reading import open_regular

MAX_DEPTH = 50
MAX_TOKENS = 180_000
MAX_NAME = 200  # characters: nodes of an instance have its name in theirs
_HEADERS = SpaceHeader | GenotypeHeader


@attrs.frozen
class Recovered:
    """What can be read of a text that is being written: its tree if nothing is wrong, else the
    faults; and in any case the statements without faults, the tokens as the layout has them, and
    the comments."""

    source: Source
    file: File | None
    faults: tuple[Diagnostic, ...]
    statements: tuple = ()
    tokens: tuple[Token, ...] = ()
    comments: tuple[Span, ...] = ()


def read_source(path: str | Path) -> Source:
    """Read a file; SpaceError (E0103) when it is missing, too large, not UTF-8, or a pipe, which
    would be waited for, but for one that a shell makes (/dev/fd/63)."""
    path = Path(path)
    try:
        with path.open("rb") if path.is_relative_to("/dev/fd") else open_regular(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(f"cannot read {path}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise _unreadable(f"{path} is larger than {MAX_BYTES:,} bytes")
    try:
        return Source(data.decode("utf-8-sig"), str(path), path)
    except UnicodeDecodeError as error:
        raise _unreadable(f"{path} is not UTF-8 text (byte {error.start})") from None


def _unreadable(message: str) -> SpaceError:
    return SpaceError([Diagnostic("E0103", message)])


def parse(source: Source, *, headless: bool = False) -> File:
    """The syntax tree of a text; SpaceError with all syntax faults.

    A `headless` file may lack a header, if it holds nothing but declarations.
    """
    found = recover(source, headless=headless)
    if found.file is None:
        raise SpaceError(found.faults)
    return found.file


def recover(source: Source, *, headless: bool = False) -> Recovered:
    """The same of a text that may be half written, without raising."""
    faults = Diagnostics()
    tokens, comments = _tokens(source, faults)
    if faults.failed:
        return Recovered(source, None, faults.in_order(), (), tuple(tokens), comments)
    laid = layout(tokens)
    statements: list = []
    try:
        trees = _statements(laid, source, faults)
        statements = [build(tree, source) for tree in trees]
        if not faults.failed:
            file = _file(statements, comments, source, headless, faults)
            return Recovered(source, file, (), tuple(statements), tuple(laid.tokens), comments)
    except SpaceError as error:
        found = error.diagnostics
    else:
        found = faults.in_order()
    return Recovered(source, None, found, tuple(statements), tuple(laid.tokens), comments)


def _file(
    statements: list, comments: tuple, source: Source, headless: bool, faults: Diagnostics
) -> File:
    """SpaceError where what stands in the file does not make one."""
    if headless and not (statements and isinstance(statements[0], _HEADERS)):
        _check_declarations(statements, faults)
        return File(None, tuple(statements), comments, source)
    _check_header(statements, source, faults)
    faults.finish()
    return File(statements[0], tuple(statements[1:]), comments, source)


def _check_declarations(statements: list, faults: Diagnostics) -> None:
    for statement in statements:
        if not isinstance(statement, Let | EdgeType | OpDef | BlockDef | Choice | Use):
            help = "it declares `let`, `edge`, `op`, `choice` and `block`; or give it a header"
            message = "this cannot stand in a file without a header"
            faults.report("E0104", message, statement.span, help)
    faults.finish()


def _check_header(statements: list, source: Source, faults: Diagnostics) -> None:
    if not statements or not isinstance(statements[0], _HEADERS):
        where = statements[0].span if statements else Span(0, 0, source)
        help = 'begin with `space NAME(parameter = default, ...)` or `genotype NAME of "FILE"`'
        faults.report("E0104", "the file does not say what it is", where, help)
    for extra in statements[1:]:
        if isinstance(extra, _HEADERS):
            faults.report("E0104", "a second header", extra.span, "one file holds one space")


def _tokens(source: Source, faults: Diagnostics) -> tuple[list[Token], tuple]:
    """All tokens, and the comments beside them."""
    comments: list[Span] = []
    kept: list[Token] = []
    depth, begins = 0, True
    for token in lex(source.text):
        if token.type == "COMMENT":
            comments.append(_span(token, source))
        else:
            kept.append(token)
        if len(kept) > MAX_TOKENS:
            message = f"more than {MAX_TOKENS:,} words and signs in a file"
            help = "say it in loops and blocks, or in several files"
            faults.report("E0305", message, _span(token, source), help)
            break
        if len(token) > MAX_NAME and token.type == "NAME":
            message = f"a name of {len(token):,} characters"
            help = f"at most {MAX_NAME} make a name"
            faults.report("E0305", message, _span(token, source), help)
            break
        depth += (token.type in ("LPAR", "LBRACE", "LSQB")) - (
            token.type in ("RPAR", "RBRACE", "RSQB")
        )
        if depth > MAX_DEPTH:
            faults.report("E0105", "brackets nested too deeply", _span(token, source))
            break
        if token.type in STATEMENT_WORDS and begins:
            depth = min(depth, 1)
        begins = token.type == "_NL"
    return kept, tuple(comments)


def _span(token: Token, source: Source) -> Span:
    return Span(token.start_pos, token.end_pos, source)


def _fixes(edits: Edits, source: Source) -> tuple[Fix, ...]:
    found = tuple(Edit(Span(start, end, source), text) for start, end, text in edits)
    return (Fix(found, safe=True),) if found else ()


def _statements(laid: Layout, source: Source, faults: Diagnostics) -> list[Tree]:
    """Feed the parser; after a fault, go on at the next statement as if the bad one were absent."""
    for token, message, help, edits in laid.faults:
        place = _span(token, source)
        faults.report("E0101", message, place, help, fixes=_fixes(edits, source))
    parser = Parser()
    saved = parser.save()
    before: list[Token] = []  # of the statement, since then
    depth = start_depth = ended = 0  # block braces; statements
    skipping = False
    for token in laid.tokens:
        depth += (token.type == "_BLOCK_OPEN") - (token.type == "_BLOCK_CLOSE")
        if depth > MAX_DEPTH:
            faults.report("E0105", "bodies nested too deeply", _span(token, source))
            break
        try:
            if not skipping:
                parser.feed(token)
                before.append(token)
        except Unexpected:
            parser.restore(saved)
            # Where a bracket was mended, what the parser says is an echo.
            if ended not in laid.mended:
                for fed in before:
                    parser.feed(fed)
                fault, name = unexpected(token, before, parser.accepts(), source)
                if not name and faults.knows(fault.code, token):
                    name = str(token)  # a word that was taken for a name above
                if not (name and fault.span and faults.again(fault.code, name, fault.span)):
                    faults.add(fault)
                parser.restore(saved)
            skipping = True
        ended += token.type == "_NL"
        if skipping and token.type == "_NL" and depth <= start_depth:
            skipping = False
            parser.feed(token)
            saved, before = parser.save(), []
        elif not skipping and token.type in ("_NL", "_BLOCK_OPEN", "_BLOCK_CLOSE"):
            saved, start_depth, before = parser.save(), depth, []
    if faults.failed:
        parser.restore(saved)
    return _finished(parser)


def _finished(parser: Parser) -> list[Tree]:
    """The trees so far; a body that a fault left open ends with the last of them."""
    while "$END" not in (accepted := parser.accepts()):
        kind = "_BLOCK_CLOSE" if "_BLOCK_CLOSE" in accepted else "_NL"
        parser.feed(Token(kind, ""))
    return parser.finish()
