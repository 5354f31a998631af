"""The signature of the operation, definition or block whose arguments are being written."""

from __future__ import annotations

from lsprotocol import types

from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.operations.catalogue import OPERATIONS
from autorecon.lang.operations.merges import MERGES
from autorecon.lang.syntax.tokens import Token
from autorecon.lsp.cursor import cursor
from autorecon.lsp.names import symbols
from autorecon.lsp.names.symbols import Scope
from autorecon.lsp.view import View


def signature_help(view: View, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    at = cursor(view.document, view.offset(params.position))
    if at.call is None:
        return None
    name, arguments = at.call
    found = _signature(name, view.document.names.scope_at(at.start))
    if found is None:
        return None
    label, names, about = found
    parameters = [types.ParameterInformation(name) for name in names]
    active = _active(arguments, [name.partition("=")[0].strip() for name in names])
    shown = types.SignatureInformation(label, about, parameters)
    return types.SignatureHelp([shown], 0, active)


def _signature(name: str, scope: Scope) -> tuple[str, list[str], str | None] | None:
    """The whole, its parameters as they are written in it, and what it does."""
    own = scope.find(symbols.OPERATION, name) or scope.find(symbols.BLOCK, name)
    if own and own.statement:
        names = [parameter.span.text for parameter in own.statement.parameters]
        return f"{name}({', '.join(names)})", names, None
    if name in FUNCTIONS:
        return FUNCTIONS[name].form, [], FUNCTIONS[name].about
    spec = OPERATIONS.get(name) or MERGES.get(name)
    if spec is None:
        return None
    label = spec.text
    inside = label.removeprefix(name).strip("()")
    return label, inside.split(", ") if inside else [], spec.about


def _active(arguments: list[Token], names: list[str]) -> int | None:
    """Which parameter the last argument is for: by its name, else by its place."""
    depth, last = 0, 0
    place = 0
    for index, token in enumerate(arguments):
        depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        if token == "," and depth == 0:
            place, last = place + 1, index + 1
    current = arguments[last:]
    if len(current) > 1 and current[1] == "=" and current[0] in names:
        return names.index(current[0])
    return place if place < len(names) else None
