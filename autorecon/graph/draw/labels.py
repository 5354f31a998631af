"""What a drawing says: short names of operations, sizes and counts, and its labels' tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from autorecon.graph.counting.cost import Interval
from autorecon.lang import Decision, Edge, Label, Node, Op, Pipeline, Program, Shape, show_value
from autorecon.lang.operations.catalogue import LabelInput
from autorecon.lang.program.candidates import Placeholder

INK, GREY, FAINT = "#1F2933", "#66717E", "#B4BCC6"
# Okabe and Ito's colours, which colour-blind readers tell apart; without yellow, faint on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#C48A00", "#4FA3D9", "#882255", "#332288")

_ABBREVIATED = {"dilation": "d", "groups": "g", "stride": "s", "scale": "x"}
_MERGE_SIGNS = {"sum": "", "product": "∏"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNITS = ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"))
_TIMES = "\u00d7"  # the sign, not the letter
_LINE = 84  # characters of a legend's line
# Python refuses to print longer integers; nobody reads them in a tooltip either.
_LONGEST_EXACT = 10_000  # bits

Colours = Mapping[str, str]


def short_name(pipeline: Pipeline) -> str:
    """`conv5 d2` for `conv(5, dilation=2)`: what tells one candidate from another at a glance."""
    return " >> ".join(map(_short_op, pipeline.ops))


def _short_op(op: Op) -> str:
    if isinstance(op, Placeholder):  # what a type's candidates say before a choice is put in place
        return op.name
    required, extras = [], []
    for param, value in zip(op.spec.params, op.values, strict=True):
        if param.required and param.type is not LabelInput:
            required.append(show_value(value))
        elif param.name in _ABBREVIATED and value != param.default:
            extras.append(f"{_ABBREVIATED[param.name]}{value}")
    return " ".join([op.name + ",".join(required), *extras])


def short_names(candidates: Sequence[Pipeline]) -> list[str]:
    """Short names where they differ from one another, else the full texts."""
    names = [short_name(c) for c in candidates]
    return names if len(set(names)) == len(names) else [c.text for c in candidates]


def edge_label(edge: Edge, decisions: Mapping[str, Decision]) -> str:
    """An edge's candidates, a few a line; where it does not choose by itself, what does."""
    others = [axis for axis in edge.axes if axis != edge.name]
    options = short_names(edge.candidates)
    if any(not decisions[axis].is_edge for axis in others):
        options = list(decisions[edge.name].options) if edge.name in edge.axes else []
    lines = [*_wrapped(options, 16)] if options else []
    if others:
        lines += _wrapped([f"by {others[0]}", *others[1:]], 16, ", ")
    # The spaces keep the text off its line.
    return "\n".join(f" {line} " for line in lines)


def _wrapped(names: Iterable[str], width: int, separator: str = " | ") -> list[str]:
    lines = [""]
    for name in names:
        if lines[-1] and len(lines[-1]) + len(name) > width:
            lines[-1] += separator.rstrip()
            lines.append(name)
        else:
            lines[-1] += separator * bool(lines[-1]) + name
    return lines


def shape_text(shape: Shape) -> str:
    """The sizes with multiplication signs between them, or `10 classes`."""
    if isinstance(shape, Label):
        return f"{shape.classes} classes"
    return f" {_TIMES} ".join(map(str, shape))


def count_text(count: int) -> str:
    """Exact below a million; above, two digits and a power of ten."""
    if count < 1_000_000:
        return f"{count:,}"
    logarithm = math.log10(count)
    exponent = math.floor(logarithm)
    mantissa = f"{10 ** (logarithm - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    return f"{mantissa} {_TIMES} 10{str(exponent).translate(_SUPERSCRIPTS)}"


def exact_text(count: int) -> str:
    """All digits, in groups of three; the rounded count where there are thousands of them."""
    return f"{count:,}" if count.bit_length() < _LONGEST_EXACT else count_text(count)


def interval_text(interval: Interval) -> str:
    """Both ends with all their digits, or the one number that it is."""
    low, high = interval.min, interval.max
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def size_text(size: int) -> str:
    """Three digits and a unit: `1.06 M`."""
    for scale, unit in _UNITS:
        if size >= 0.9995 * scale:
            return f"{size / scale:.3g}{unit}"
    return str(size)


def edge_types(program: Program) -> dict[str, tuple[Pipeline, ...]]:
    """Each type that is used and its candidates, in order of declaration; `link`, which has none of
    its own, is last."""
    used = {edge.type for edge in program.edges}
    types = {name: found for name, found in program.edge_types.items() if name in used}
    return {**types, "link": ()} if "link" in used else types


def font(text: str, *, size: float | None = None, colour: str | None = None) -> str:
    """Text of an HTML-like label, escaped."""
    attributes = f' POINT-SIZE="{size}"' * bool(size) + f' COLOR="{colour}"' * bool(colour)
    return f"<FONT{attributes}>{escape(text)}</FONT>"


def node_label(node: Node, ink: str, grey: str) -> str:
    """Name, bound ports and merge over the shape."""
    ports = "".join(f" = {alias}" for alias in node.aliases)
    shown = _MERGE_SIGNS.get(node.merge.text, node.merge.text)
    sign = f"  {shown}" if shown else ""
    name = f'<FONT COLOR="{ink}"><B>{escape(node.name)}</B></FONT>'
    rest = font(ports + sign, colour=ink) if ports or sign else ""
    shape = shape_text(node.shape)
    if node.sizes and node.sizes.are_of_channels:
        shape = f"{' | '.join(map(str, node.sizes.counts))}{shape[len(str(node.shape[0])) :]}"
    elif node.sizes:
        shape = " | ".join(map(shape_text, node.sizes.shapes))
    return f"<{name}{rest}<BR/>{font(shape, size=9, colour=grey)}>"


def legend(program: Program, colours: Colours, discrete: bool) -> str:
    """A row a type: its line, name, contract, and its candidates or, all chosen, their counts."""
    rows = []
    for name, candidates in edge_types(program).items():
        edges = [e for e in program.edges if e.type == name]
        if discrete:
            chosen = Counter(short_name(e.candidates[0]) for e in edges)
            lines = _wrapped((f"{n} {_TIMES} {op}" for op, n in chosen.most_common()), _LINE, ", ")
        elif name == "link":
            lines = []
        else:
            lines = _wrapped(short_names(candidates), _LINE)
        rows.append(_row(name, edges[0].contract or "", lines, colours[name]))
    choices = named_choices(program)
    rows += [_row(name, "choice", _wrapped(options, _LINE), GREY) for name, options in choices]
    for text in [one.text for one in program.rules] + [one.text for one in program.limits]:
        word, _, about = text.partition(" ")
        rows.append(["", font(word, size=10, colour=GREY), "", font(about, size=10, colour=INK)])
    return table(rows, padding=2)


def named_choices(program: Program) -> list[tuple[str, tuple[str, ...]]]:
    """The choices that have a name, with their options, or with what is chosen."""
    if not program.decisions:
        return [(name, (option,)) for name, option in program.chosen.items() if "->" not in name]
    return [(d.name, d.options) for d in program.decisions.values() if not d.is_edge]


def _row(name: str, contract: str, lines: Sequence[str], colour: str) -> list[str]:
    # A cell is as high as its row; a table inside it keeps the line thin.
    line = (
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>'
        f'<TD FIXEDSIZE="TRUE" WIDTH="26" HEIGHT="3" BGCOLOR="{colour}"></TD></TR></TABLE>'
    )
    break_ = '<BR ALIGN="LEFT"/>'
    text = break_.join(font(line, size=10, colour=INK) for line in lines)
    return [
        line,
        # Neither bold nor italic: both engines set those on a line of their own height.
        font(name, size=10, colour=colour),
        font(contract, size=10, colour=GREY) if contract else "",
        text + break_ * (len(lines) > 1),
    ]


def table(rows: Iterable[Sequence[str]], padding: int) -> str:
    """An HTML-like label of cells whose text is escaped already."""
    head = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="{padding}" CELLPADDING="{padding}">'
    body = "".join(f"<TR>{''.join(map(_cell, row))}</TR>" for row in rows)
    return f"<{head}{body}</TABLE>>"


def _cell(content: str) -> str:
    return f'<TD ALIGN="LEFT">{content}</TD>'
