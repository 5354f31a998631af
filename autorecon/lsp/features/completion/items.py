"""The names and words of each kind, as an editor lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, takewhile
from operator import attrgetter

from lsprotocol import types

from autorecon.lang.elaborate.choices import APART
from autorecon.lang.elaborate.edges import CONTRACTS
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.operations.catalogue import OPERATIONS
from autorecon.lang.operations.merges import MERGES
from autorecon.lang.operations.spec import Signature, show_value
from autorecon.lang.program.measures import MEASURES
from autorecon.lang.program.nodes import INPUTS
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.expected import FORMS
from autorecon.lang.syntax.tokens import Token
from autorecon.lsp.cursor import Cursor
from autorecon.lsp.features.completion import wanted
from autorecon.lsp.names import symbols
from autorecon.lsp.names.symbols import Scope, Symbol
from autorecon.lsp.view import View

_Kind = types.CompletionItemKind
_KINDS = {
    symbols.PARAMETER: _Kind.TypeParameter,
    symbols.VALUE: _Kind.Variable,
    symbols.EDGE_TYPE: _Kind.Interface,
    symbols.OPERATION: _Kind.Function,
    symbols.BLOCK: _Kind.Class,
    symbols.INSTANCE: _Kind.Module,
    symbols.NODE: _Kind.Field,
    symbols.CHOICE: _Kind.Enum,
}
_WORDS: dict[str, tuple[str, ...]] = {
    wanted.CONTRACTS: CONTRACTS,
    wanted.INPUTS: INPUTS,
    wanted.SHARED: ("choice", "weights"),
    wanted.WEIGHTS: (APART,),
    wanted.MEASURES: tuple(measure.word for measure in MEASURES),
    wanted.AT: ("at", "exactly"),
    wanted.BOUNDS: ("most", "least"),
}
_SYMBOLS = {
    wanted.INSTANCES: (symbols.INSTANCE,),
    wanted.BLOCKS: (symbols.BLOCK,),
    wanted.VALUES: (symbols.PARAMETER, symbols.VALUE),
    wanted.CHOICES: (symbols.CHOICE,),
    wanted.CANDIDATES: (symbols.OPERATION, symbols.CHOICE, symbols.EDGE_TYPE),
}


def of_kind(kind: str, view: View, at: Cursor, scope: Scope) -> Iterator[types.CompletionItem]:
    if kind in _WORDS:
        yield from map(word, _WORDS[kind])
    if kind in _SYMBOLS:
        kind_of = attrgetter("kind") if kind == wanted.CHOICES else _kind
        named = (found for found in scope.all() if kind_of(found) in _SYMBOLS[kind])
        yield from map(_symbol, named)
    if kind == wanted.VALUES:
        yield from map(_function, FUNCTIONS)
    if kind == wanted.CANDIDATES:
        yield from map(_operation, OPERATIONS.values())
    if kind == wanted.MERGES:
        yield from map(_operation, MERGES.values())
    if kind == wanted.STATEMENT:
        types_here = (found for found in scope.all() if found.kind == symbols.EDGE_TYPE)
        yield from (_symbol(found) for found in types_here)
        yield types.CompletionItem("link", kind=_Kind.Interface, detail="link a -> b = PIPELINE")
    if kind == wanted.NODES:
        yield from _nodes(scope, at)
    if kind == wanted.MEMBERS:
        yield from map(_symbol, _members(scope, at))
    if kind == wanted.OPTIONS:
        yield from _options(scope, at)
    if kind == wanted.ARGUMENTS:
        yield from _arguments(scope, at)


def _kind(symbol: Symbol) -> str:
    return symbols.VALUE if symbol.is_size else symbol.kind


def word(text: str) -> types.CompletionItem:
    return types.CompletionItem(text, kind=_Kind.Keyword)


def statement(text: str) -> types.CompletionItem:
    """With the form that help lines show."""
    return types.CompletionItem(text, kind=_Kind.Keyword, detail=FORMS.get(text))


def _symbol(symbol: Symbol) -> types.CompletionItem:
    lines = symbol.statement.span.text.splitlines()
    return types.CompletionItem(symbol.name, kind=_KINDS[symbol.kind], detail=lines[0])


def _operation(spec: Signature) -> types.CompletionItem:
    found = types.CompletionItem(spec.name, kind=_Kind.Function, documentation=spec.about)
    found.detail = spec.text
    if any(param.required for param in spec.params):
        found.insert_text = f"{spec.name}("
        found.filter_text = spec.name
    return found


def _function(name: str) -> types.CompletionItem:
    found = types.CompletionItem(name, kind=_Kind.Function, detail=FUNCTIONS[name].form)
    found.documentation, found.insert_text = FUNCTIONS[name].about, f"{name}("
    return found


def _nodes(scope: Scope, at: Cursor) -> Iterator[types.CompletionItem]:
    """Of the block that the cursor is in, else of the file; and its instances."""
    own = _home(scope) if "block" in at.bodies else _outermost(scope)
    wanted_here = (symbols.NODE, symbols.INSTANCE)
    yield from (_symbol(found) for found in own if found.kind in wanted_here)


def _home(scope: Scope) -> Iterable[Symbol]:
    """Of the scope around which there is only the file's."""
    while scope.around is not None and scope.around.around is not None:
        scope = scope.around
    return scope.own.values()


def _outermost(scope: Scope) -> Iterable[Symbol]:
    while scope.around is not None:
        scope = scope.around
    return scope.own.values()


def _options(scope: Scope, at: Cursor) -> Iterator[types.CompletionItem]:
    """Those of the choice that a rule tells of: `rule if A.norm = bn | `."""
    path = [t for t in takewhile(lambda t: t not in ("=", "!="), _claim(at)) if t.isidentifier()]
    within = _inside(scope, path[0]) if path[1:] else scope.all()
    for found in within:
        if path and found.kind == symbols.CHOICE and found.name == path[-1]:
            for option in found.statement.options.options:
                yield types.CompletionItem(option.span.text, kind=_Kind.EnumMember)
            return


def _claim(at: Cursor) -> list[Token]:
    """What stands behind the last word that a claim of a rule follows."""
    words = ("rule", "if", "and", "then")
    start = max(index for index, token in enumerate(at.tokens) if token in words)
    return [*at.tokens[start + 1 :]]


def _members(scope: Scope, at: Cursor) -> Iterator[Symbol]:
    """What stands behind the dot after an instance: its nodes and choices."""
    found = _inside(scope, at.instance or "")
    yield from (one for one in found if one.kind in (symbols.NODE, symbols.CHOICE))


def _inside(scope: Scope, name: str) -> Iterator[Symbol]:
    instance = scope.find(symbols.NODE, name)
    for name in instance.blocks if instance else ():
        block = scope.find(symbols.BLOCK, name)
        yield from block.members.own.values() if block and block.members else ()


def _arguments(scope: Scope, at: Cursor) -> Iterator[types.CompletionItem]:
    """By their names, those that are not given; and label inputs where one is wanted."""
    name, given = at.call or ("", [])
    own = scope.find(symbols.OPERATION, name) or scope.find(symbols.BLOCK, name)
    named = {str(a) for a, b in pairwise(given) if b == "="}
    for parameter, default in _parameters(own, name):
        if parameter not in named:
            yield types.CompletionItem(f"{parameter}=", kind=_Kind.Property, detail=default)
    for found in scope.all():
        if isinstance(found.statement, s.InputDecl) and found.statement.kind.text == "label":
            yield _symbol(found)


def _parameters(own: Symbol | None, name: str) -> Iterator[tuple[str, str]]:
    if own:
        yield from ((p.name.text, p.span.text) for p in own.statement.parameters)
    elif spec := OPERATIONS.get(name) or MERGES.get(name):
        params = spec.params
        yield from ((p.name, f"{p.name}={show_value(p.default)}") for p in params)
