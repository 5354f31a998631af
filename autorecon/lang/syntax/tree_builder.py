"""The parser's tree -> the records of `syntax`: one small function a rule, no checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autorecon.lang.source import Source, Span
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.automaton import Tree
from autorecon.lang.syntax.tokens import Token

_RULES: dict[str, Callable[[Tree, Source], Any]] = {}


def build(item: Any, source: Source) -> Any:
    if isinstance(item, Token):
        return s.Name(str(item), Span(item.start_pos, item.end_pos, source))
    return _RULES[item.data](item, source)


def _rule(function: Callable[[Tree, Source], Any]) -> Callable[[Tree, Source], Any]:
    _RULES[function.__name__.strip("_")] = function
    return function


def _span(tree: Tree, source: Source) -> Span:
    return Span(tree.start_pos or 0, tree.end_pos or 0, source)


def _all(tree: Tree, source: Source) -> list:
    return [build(child, source) for child in tree.children]


def _names(tree: Tree, source: Source) -> list[s.Name]:
    names = [c for c in tree.children if isinstance(c, Token) and c.type == "NAME"]
    return [build(name, source) for name in names]


def _child(tree: Tree, rule: str, source: Source, default: Any = None) -> Any:
    found = next((c for c in tree.children if isinstance(c, Tree) and c.data == rule), None)
    return default if found is None else build(found, source)


def _parts(kind: Callable[..., Any]) -> Callable[[Tree, Source], Any]:
    """A record with a field for each part of the rule."""
    return lambda tree, source: kind(*_all(tree, source), _span(tree, source))


def _row(kind: Callable[..., Any]) -> Callable[[Tree, Source], Any]:
    """A record whose one field has all parts."""
    return lambda tree, source: kind(tuple(_all(tree, source)), _span(tree, source))


def _last(kind: Callable[..., Any]) -> Callable[[Tree, Source], Any]:
    """A record of what stands behind a sign or word."""
    return lambda tree, source: kind(build(tree.children[-1], source), _span(tree, source))


_RULES |= {
    "let": _parts(s.Let),
    "for": _parts(s.For),
    "block_for": _parts(s.For),
    "choice": _parts(s.Choice),
    "pick": _parts(s.Pick),
    "path": _row(s.Path),
    "alternatives": _row(s.Alternatives),
    "listed": _row(s.Alternatives),
    "pipeline": _row(s.PipelineExpr),
    "listing": _row(s.Listing),
    "entry": _parts(s.Entry),
    "opposite": _last(s.Opposite),
    "negative": _last(s.Negative),
}
_RULES["then"] = lambda tree, source: build(tree.children[0], source)
_LISTS = "shape sizes set options options_told shared signature parameters body block_body"
_RULES |= dict.fromkeys(_LISTS.split(), lambda tree, source: tuple(_all(tree, source)))


@_rule
def _space(tree: Tree, source: Source) -> s.SpaceHeader:
    parameters = _child(tree, "parameters", source, ())
    return s.SpaceHeader(_names(tree, source)[0], parameters, _span(tree, source))


@_rule
def _genotype(tree: Tree, source: Source) -> s.GenotypeHeader:
    name, of = (build(token, source) for token in tree.children[:2])
    arguments = _child(tree, "arguments", source, ())
    return s.GenotypeHeader(name, of.text[1:-1], of.span, arguments, _span(tree, source))


@_rule
def _edge_type(tree: Tree, source: Source) -> s.EdgeType:
    names = _names(tree, source)
    contract = names[1] if len(names) > 1 else None
    candidates = build(tree.children[-1], source)
    return s.EdgeType(names[0], contract, candidates, _span(tree, source))


@_rule
def _op_def(tree: Tree, source: Source) -> s.OpDef:
    parameters = _child(tree, "signature", source, ())
    pipeline = build(tree.children[-1], source)
    return s.OpDef(_names(tree, source)[0], parameters, pipeline, _span(tree, source))


@_rule
def _block(tree: Tree, source: Source) -> s.BlockDef:
    parameters = _child(tree, "signature", source, ())
    items = [
        build(c, source) for c in tree.children[1:] if isinstance(c, Tree) and c.data != "signature"
    ]
    return s.BlockDef(_names(tree, source)[0], parameters, tuple(items), _span(tree, source))


@_rule
def _node(tree: Tree, source: Source) -> s.NodeDecl:
    return _node_decl(str(tree.children[0]), tree, source)


@_rule
def _output(tree: Tree, source: Source) -> s.NodeDecl:
    return _node_decl("output", tree, source)


def _node_decl(kind: str, tree: Tree, source: Source) -> s.NodeDecl:
    names, shape = _declared(tree.children, source)
    return s.NodeDecl(
        kind,
        names,
        build(shape, source),
        _span(shape, source),
        _child(tree, "merge", source),
        _child(tree, "then", source),
        _span(tree, source),
    )


def _declared(children: list, source: Source) -> tuple[tuple[s.Name, ...], Tree]:
    """The names with what is in brackets behind each; the last brackets hold the shape."""
    groups = _grouped(children)
    shape = groups[-1].pop()
    return tuple(_indexed_name(group, source) for group in groups), shape


def _grouped(children: list) -> list[list]:
    """Each name with the brackets behind it."""
    groups: list[list] = []
    for child in children:
        if isinstance(child, Token) and child.type == "NAME":
            groups.append([child])
        elif isinstance(child, Tree) and child.data == "shape":
            groups[-1].append(child)
    return groups


def _indexed_name(parts: list, source: Source) -> s.Name:
    """`B[i, j]` and `B[i][j]` are the same name."""
    name = build(parts[0], source)
    if len(parts) == 1:
        return name
    index = tuple(expr for brackets in parts[1:] for expr in build(brackets, source))
    end = parts[-1].end_pos if index else name.span.end
    return s.Name(name.text, Span(name.span.start, end, source), index)


@_rule
def _indexed(tree: Tree, source: Source) -> s.Name:
    return _indexed_name(tree.children, source)


@_rule
def _noise_input(tree: Tree, source: Source) -> s.InputDecl:
    names, shape = _declared(tree.children[:-1], source)
    kind, sizes = build(tree.children[-1], source), build(shape, source)
    return s.InputDecl(names, kind, sizes, _span(tree, source))


@_rule
def _label_input(tree: Tree, source: Source) -> s.InputDecl:
    *names, kind, sizes = tree.children
    kind, sizes = build(kind, source), build(sizes, source)
    found = tuple(_indexed_name(group, source) for group in _grouped(names))
    return s.InputDecl(found, kind, sizes, _span(tree, source))


@_rule
def _use(tree: Tree, source: Source) -> s.Use:
    name = build(tree.children[0], source)
    return s.Use(name.text[1:-1], name.span, _span(tree, source))


@_rule
def _if(tree: Tree, source: Source) -> s.If:
    parts = _all(tree, source)
    otherwise = parts.pop() if len(parts) % 2 else ()
    branches = tuple(zip(parts[::2], parts[1::2], strict=True))
    return s.If(branches, otherwise, _span(tree, source))


_RULES.update(block_if=_if)


@_rule
def _instance(tree: Tree, source: Source) -> s.Instance:
    name, call, *after = _all(tree, source)
    return s.Instance(name, call.name, call.arguments, tuple(after), _span(tree, source))


@_rule
def _edge(tree: Tree, source: Source) -> s.EdgeStatement:
    optional = isinstance(tree.children[0], Tree)
    kind, sources, targets, *candidates = (build(c, source) for c in tree.children[optional:])
    chosen = candidates[0] if candidates else None
    return s.EdgeStatement(kind, sources, targets, chosen, optional, _span(tree, source))


@_rule
def _share(tree: Tree, source: Source) -> s.Share:
    kind = build(tree.children[1], source)
    items = (build(c, source) for c in tree.children[2:] if isinstance(c, Tree))
    return s.Share(kind, tuple(items), _span(tree, source))


@_rule
def _pick_choice(tree: Tree, source: Source) -> s.Pick:
    names = [c for c in tree.children if c.data == "indexed"]
    calls = [c for c in tree.children if c.data == "call"]
    path = s.Path(tuple(build(n, source) for n in names), _between(names, source))
    if not calls:
        return s.Pick(path, None, build(tree.children[-1], source), _span(tree, source))
    pipeline = s.PipelineExpr(tuple(build(c, source) for c in calls), _between(calls, source))
    return s.Pick(path, None, pipeline, _span(tree, source))


@_rule
def _pick_size(tree: Tree, source: Source) -> s.Pick:
    *names, size = tree.children
    path = s.Path(tuple(build(n, source) for n in names), _between(names, source))
    number = _number(Tree("number", [size], size.start_pos, size.end_pos), source)
    return s.Pick(path, None, number, _span(tree, source))


@_rule
def _options_of_choice(tree: Tree, source: Source) -> s.Alternatives | s.SizeOptions:
    options, span = tuple(_all(tree, source)), _span(tree, source)
    if not any(isinstance(option, s.Number | s.Chain) for option in options):
        return s.Alternatives(options, span)
    return s.SizeOptions(tuple(map(_size, options)), span)


def _size(option: s.Expr | s.PipelineExpr) -> s.Expr | s.PipelineExpr:
    """Among sizes, a name is that of a value."""
    if not isinstance(option, s.PipelineExpr) or len(option.calls) > 1:
        return option
    call = option.calls[0]
    plain = not (call.arguments or call.name.index or call.name.within)
    return s.Reference(call.name.text, call.span) if plain else option


def _between(trees: list[Tree], source: Source) -> Span:
    return _span(trees[0], source).to(_span(trees[-1], source))


@_rule
def _limit(tree: Tree, source: Source) -> s.Limit:
    _, measure, sign, bound = tree.children
    span = _span(tree, source)
    return s.Limit(build(measure, source), str(sign), build(bound, source), span)


@_rule
def _rule_statement(tree: Tree, source: Source) -> s.Rule:
    *conditions, claim = _all(tree, source)
    return s.Rule(tuple(conditions), claim, _span(tree, source))


_RULES["rule"] = _rule_statement


@_rule
def _counted(tree: Tree, source: Source) -> s.Counted:
    bound, *_ = tree.children
    count, options = (_child(tree, rule, source) for rule in ("count", "options"))
    return s.Counted(str(bound), count, options, _child(tree, "place", source), _span(tree, source))


@_rule
def _told(tree: Tree, source: Source) -> s.Told:
    *ends, sign, options = tree.children
    source_path, *target = (build(end, source) for end in ends if isinstance(end, Tree))
    target_path = target[0] if target else None
    differs = str(sign) == "!="
    span = _span(tree, source)
    return s.Told(source_path, target_path, differs, build(options, source), span)


@_rule
def _count(tree: Tree, source: Source) -> s.Expr:
    found = tree.children[0]
    if isinstance(found, Token):
        return (_reference if found.type == "NAME" else _number)(tree, source)
    return build(found, source)


@_rule
def _place(tree: Tree, source: Source) -> tuple[str, s.Path]:
    preposition, path = tree.children
    return str(preposition), build(path, source)


@_rule
def _parameter(tree: Tree, source: Source) -> s.Parameter:
    name, default, *bounds = _all(tree, source)
    return s.Parameter(name, default, tuple(bounds) or None, _span(tree, source))


@_rule
def _expected(tree: Tree, source: Source) -> s.Parameter:
    name, *default = _all(tree, source)
    return s.Parameter(name, default[0] if default else None, None, _span(tree, source))


@_rule
def _ends(tree: Tree, source: Source) -> tuple[s.Path, ...]:
    """`B1.a`, `{a, b}` or `B1.{a, b}`; the last names B1.a and B1.b."""
    parts = tuple(build(c, source) for c in tree.children if c.data == "indexed")
    members = _child(tree, "set", source)
    if members is None:
        return (s.Path(parts, _span(tree, source)),)
    return tuple(s.Path((*parts, *m.parts), m.span) for m in members)


@_rule
def _narrowed(tree: Tree, source: Source) -> s.Narrowed:
    first, *others = tree.children
    operands = (build(operand, source) for operand in others[1::2])
    rest = zip(map(str, others[::2]), operands, strict=True)
    return s.Narrowed(build(first, source), tuple(rest), _span(tree, source))


@_rule
def _call(tree: Tree, source: Source) -> s.Call:
    arguments = _child(tree, "arguments", source, ())
    parts = [c for c in tree.children if c.data == "indexed"]
    name = build(parts[-1], source)
    if parts[1:]:
        within = tuple(build(part, source) for part in parts[:-1])
        name = s.Name(name.text, _between(parts, source), name.index, within)
    return s.Call(name, arguments, _span(tree, source))


@_rule
def _arguments(tree: Tree, source: Source) -> tuple[s.Argument, ...]:
    items = _all(tree, source)
    return tuple(i if isinstance(i, s.Argument) else s.Argument(None, i, i.span) for i in items)


@_rule
def _named(tree: Tree, source: Source) -> s.Argument:
    return s.Argument(str(tree.children[0]), build(tree.children[-1], source), _span(tree, source))


@_rule
def _sum(tree: Tree, source: Source) -> s.Chain:
    operators = [str(token) for token in tree.children[1::2]]
    first, *rest = [build(child, source) for child in tree.children[::2]]
    return s.Chain(first, tuple(zip(operators, rest, strict=True)), _span(tree, source))


_CHAINS = "term power comparison both either size size_term size_power"
_RULES.update(dict.fromkeys(_CHAINS.split(), _sum))


@_rule
def _conditional(tree: Tree, source: Source) -> s.Conditional:
    *parts, otherwise = _all(tree, source)
    branches = tuple(zip(parts[::2], parts[1::2], strict=True))
    return s.Conditional(branches, otherwise, _span(tree, source))


@_rule
def _applied(tree: Tree, source: Source) -> s.Applied:
    name, *arguments = _all(tree, source)
    return s.Applied(name, tuple(arguments), _span(tree, source))


@_rule
def _number(tree: Tree, source: Source) -> s.Number:
    text = str(tree.children[0])
    # Python refuses to convert thousands of digits; the checker calls both far too large.
    value = float(text) if not text.isdigit() or len(text) > 400 else int(text)
    return s.Number(value, _span(tree, source))


@_rule
def _amount(tree: Tree, source: Source) -> s.Number:
    from decimal import Decimal

    text = str(tree.children[0])
    value = Decimal(text[:-1]).scaleb({"k": 3, "M": 6, "G": 9}[text[-1]])
    whole = value == value.to_integral_value() and len(text) < 400
    return s.Number(int(value) if whole else float(value), _span(tree, source))


@_rule
def _merge(tree: Tree, source: Source) -> s.Call:
    name, arguments = build(tree.children[0], source), _child(tree, "arguments", source, ())
    end = tree.end_pos or name.span.end
    return s.Call(name, arguments, Span(name.span.start, end, source))


@_rule
def _text(tree: Tree, source: Source) -> s.Text:
    return s.Text(str(tree.children[0])[1:-1], _span(tree, source))


@_rule
def _reference(tree: Tree, source: Source) -> s.Reference:
    return s.Reference(str(tree.children[0]), _span(tree, source))


@_rule
def _boolean(tree: Tree, source: Source) -> s.Boolean:
    return s.Boolean(str(tree.children[0]) == "true", _span(tree, source))
