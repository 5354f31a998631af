"""The parser's tree -> the records of `syntax`: one small function a rule, no checks."""

from __future__ import annotations

from autorecon.lang.source import Source, Span
from autorecon.lang.syntax import expressions  # noqa: F401  its rules are among all
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.automaton import Tree
from autorecon.lang.syntax.building import (
    RULES,
    all_of,
    build,
    builds,
    child_of,
    names_of,
    of_parts,
    of_row,
    span_of,
)
from autorecon.lang.syntax.tokens import Token

RULES |= {
    "let": of_parts(s.Let),
    "for": of_parts(s.For),
    "block_for": of_parts(s.For),
    "pick": of_parts(s.Pick),
    "path": of_row(s.Path),
    "alternatives": of_row(s.Alternatives),
    "listed": of_row(s.Alternatives),
    "pipeline": of_row(s.PipelineExpr),
}
RULES["then"] = lambda tree, source: build(tree.children[0], source)
_LISTS = "shape sizes set options options_told shared signature parameters body block_body"
RULES |= dict.fromkeys(_LISTS.split(), lambda tree, source: tuple(all_of(tree, source)))


@builds
def _space(tree: Tree, source: Source) -> s.SpaceHeader:
    parameters = child_of(tree, "parameters", source, ())
    return s.SpaceHeader(names_of(tree, source)[0], parameters, span_of(tree, source))


@builds
def _genotype(tree: Tree, source: Source) -> s.GenotypeHeader:
    name, of = (build(token, source) for token in tree.children[:2])
    arguments = child_of(tree, "arguments", source, ())
    return s.GenotypeHeader(name, of.text[1:-1], of.span, arguments, span_of(tree, source))


@builds
def _edge_type(tree: Tree, source: Source) -> s.EdgeType:
    names = names_of(tree, source)
    contract = names[1] if len(names) > 1 else None
    candidates = build(tree.children[-1], source)
    return s.EdgeType(names[0], contract, candidates, span_of(tree, source))


@builds
def _op_def(tree: Tree, source: Source) -> s.OpDef:
    parameters = child_of(tree, "signature", source, ())
    pipeline = build(tree.children[-1], source)
    return s.OpDef(names_of(tree, source)[0], parameters, pipeline, span_of(tree, source))


@builds
def _block(tree: Tree, source: Source) -> s.BlockDef:
    parameters = child_of(tree, "signature", source, ())
    items = [
        build(c, source) for c in tree.children[1:] if isinstance(c, Tree) and c.data != "signature"
    ]
    return s.BlockDef(names_of(tree, source)[0], parameters, tuple(items), span_of(tree, source))


@builds
def _node(tree: Tree, source: Source) -> s.NodeDecl:
    return _node_decl(str(tree.children[0]), tree, source)


@builds
def _output(tree: Tree, source: Source) -> s.NodeDecl:
    return _node_decl("output", tree, source)


def _node_decl(kind: str, tree: Tree, source: Source) -> s.NodeDecl:
    names, shape = _declared(tree.children, source)
    return s.NodeDecl(
        kind,
        names,
        build(shape, source),
        span_of(shape, source),
        child_of(tree, "merge", source),
        child_of(tree, "then", source),
        span_of(tree, source),
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


@builds
def _indexed(tree: Tree, source: Source) -> s.Name:
    return _indexed_name(tree.children, source)


@builds
def _noise_input(tree: Tree, source: Source) -> s.InputDecl:
    names, shape = _declared(tree.children[:-1], source)
    kind, sizes = build(tree.children[-1], source), build(shape, source)
    return s.InputDecl(names, kind, sizes, span_of(tree, source))


@builds
def _label_input(tree: Tree, source: Source) -> s.InputDecl:
    *names, kind, sizes = tree.children
    kind, sizes = build(kind, source), build(sizes, source)
    found = tuple(_indexed_name(group, source) for group in _grouped(names))
    return s.InputDecl(found, kind, sizes, span_of(tree, source))


@builds
def _use(tree: Tree, source: Source) -> s.Use:
    name = build(tree.children[0], source)
    return s.Use(name.text[1:-1], name.span, span_of(tree, source))


@builds
def _if(tree: Tree, source: Source) -> s.If:
    parts = all_of(tree, source)
    otherwise = parts.pop() if len(parts) % 2 else ()
    branches = tuple(zip(parts[::2], parts[1::2], strict=True))
    return s.If(branches, otherwise, span_of(tree, source))


RULES.update(block_if=_if)


@builds
def _instance(tree: Tree, source: Source) -> s.Instance:
    name, call, *after = all_of(tree, source)
    return s.Instance(name, call.name, call.arguments, tuple(after), span_of(tree, source))


@builds
def _edge(tree: Tree, source: Source) -> s.EdgeStatement:
    optional = isinstance(tree.children[0], Tree)
    kind, sources, targets, *candidates = (build(c, source) for c in tree.children[optional:])
    chosen = candidates[0] if candidates else None
    return s.EdgeStatement(kind, sources, targets, chosen, optional, span_of(tree, source))


@builds
def _choice(tree: Tree, source: Source) -> s.Choice:
    name, *word, options = all_of(tree, source)
    return s.Choice(name, word[0] if word else None, options, span_of(tree, source))


@builds
def _share(tree: Tree, source: Source) -> s.Share:
    kind = build(tree.children[1], source)
    items = (build(c, source) for c in tree.children[2:] if isinstance(c, Tree))
    return s.Share(kind, tuple(items), span_of(tree, source))


@builds
def _pick_choice(tree: Tree, source: Source) -> s.Pick:
    names = [c for c in tree.children if c.data == "indexed"]
    calls = [c for c in tree.children if c.data == "call"]
    path = s.Path(tuple(build(n, source) for n in names), _between(names, source))
    if not calls:
        return s.Pick(path, None, build(tree.children[-1], source), span_of(tree, source))
    pipeline = s.PipelineExpr(tuple(build(c, source) for c in calls), _between(calls, source))
    return s.Pick(path, None, pipeline, span_of(tree, source))


@builds
def _pick_size(tree: Tree, source: Source) -> s.Pick:
    *names, size = tree.children
    path = s.Path(tuple(build(n, source) for n in names), _between(names, source))
    number = RULES["number"](Tree("number", [size], size.start_pos, size.end_pos), source)
    return s.Pick(path, None, number, span_of(tree, source))


@builds
def _options_of_choice(tree: Tree, source: Source) -> s.Alternatives | s.SizeOptions:
    options, span = tuple(all_of(tree, source)), span_of(tree, source)
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
    return span_of(trees[0], source).to(span_of(trees[-1], source))


@builds
def _limit(tree: Tree, source: Source) -> s.Limit:
    _, measure, sign, bound = tree.children
    span = span_of(tree, source)
    return s.Limit(build(measure, source), str(sign), build(bound, source), span)


@builds
def _rule_statement(tree: Tree, source: Source) -> s.Rule:
    *conditions, claim = all_of(tree, source)
    return s.Rule(tuple(conditions), claim, span_of(tree, source))


RULES["rule"] = _rule_statement


@builds
def _counted(tree: Tree, source: Source) -> s.Counted:
    bound, *_ = tree.children
    count, options = (child_of(tree, rule, source) for rule in ("count", "options"))
    return s.Counted(
        str(bound), count, options, child_of(tree, "place", source), span_of(tree, source)
    )


@builds
def _told(tree: Tree, source: Source) -> s.Told:
    *ends, sign, options = tree.children
    source_path, *target = (build(end, source) for end in ends if isinstance(end, Tree))
    target_path = target[0] if target else None
    differs = str(sign) == "!="
    span = span_of(tree, source)
    return s.Told(source_path, target_path, differs, build(options, source), span)


@builds
def _count(tree: Tree, source: Source) -> s.Expr:
    found = tree.children[0]
    if isinstance(found, Token):
        return RULES["reference" if found.type == "NAME" else "number"](tree, source)
    return build(found, source)


@builds
def _place(tree: Tree, source: Source) -> tuple[str, s.Path]:
    preposition, path = tree.children
    return str(preposition), build(path, source)


@builds
def _parameter(tree: Tree, source: Source) -> s.Parameter:
    name, default, *bounds = all_of(tree, source)
    return s.Parameter(name, default, tuple(bounds) or None, span_of(tree, source))


@builds
def _expected(tree: Tree, source: Source) -> s.Parameter:
    name, *default = all_of(tree, source)
    return s.Parameter(name, default[0] if default else None, None, span_of(tree, source))


@builds
def _ends(tree: Tree, source: Source) -> tuple[s.Path, ...]:
    """`B1.a`, `{a, b}` or `B1.{a, b}`; the last names B1.a and B1.b."""
    parts = tuple(build(c, source) for c in tree.children if c.data == "indexed")
    members = child_of(tree, "set", source)
    if members is None:
        return (s.Path(parts, span_of(tree, source)),)
    return tuple(s.Path((*parts, *m.parts), m.span) for m in members)


@builds
def _narrowed(tree: Tree, source: Source) -> s.Narrowed:
    first, *others = tree.children
    operands = (build(operand, source) for operand in others[1::2])
    rest = zip(map(str, others[::2]), operands, strict=True)
    return s.Narrowed(build(first, source), tuple(rest), span_of(tree, source))


@builds
def _call(tree: Tree, source: Source) -> s.Call:
    arguments = child_of(tree, "arguments", source, ())
    parts = [c for c in tree.children if c.data == "indexed"]
    name = build(parts[-1], source)
    if parts[1:]:
        within = tuple(build(part, source) for part in parts[:-1])
        name = s.Name(name.text, _between(parts, source), name.index, within)
    return s.Call(name, arguments, span_of(tree, source))


@builds
def _arguments(tree: Tree, source: Source) -> tuple[s.Argument, ...]:
    items = all_of(tree, source)
    return tuple(i if isinstance(i, s.Argument) else s.Argument(None, i, i.span) for i in items)


@builds
def _named(tree: Tree, source: Source) -> s.Argument:
    return s.Argument(
        str(tree.children[0]), build(tree.children[-1], source), span_of(tree, source)
    )


@builds
def _merge(tree: Tree, source: Source) -> s.Call:
    name, arguments = build(tree.children[0], source), child_of(tree, "arguments", source, ())
    end = tree.end_pos or name.span.end
    return s.Call(name, arguments, Span(name.span.start, end, source))
