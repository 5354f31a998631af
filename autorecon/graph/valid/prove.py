"""What rules and limits leave of a space: proved before anything is built.

A genotype that breaks one is refused. So is a space in which no architecture keeps to them; one
that all architectures keep to is void, and gets a warning.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache, partial

import attrs

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.liveness import liveness
from autorecon.graph.counting.cost import GREATEST, LEAST, Interval, all_choices
from autorecon.graph.counting.decision_diagram import Diagram, Weights
from autorecon.graph.counting.rule_counts import counted_edges
from autorecon.graph.valid.extent import cost_interval, leaves_something, unrestricted
from autorecon.graph.valid.extremes import cheapest
from autorecon.lang import Diagnostic, Program
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.program.rules import Count, Limit, Restriction, Rule
from autorecon.lang.program.ties import is_tied
from autorecon.lang.source import Span
from autorecon.lang.wording import some

_NAMED = 4  # lines that a message shows
MAX_ARCS = 2_000_000  # over all rules; past it what they count is bounded and not summed
MAX_LOOKS = 8_000  # rules with conditions times edges; past it such a rule is not proved by itself
MAX_PAIRS = 10  # of restrictions that are looked at for one that is enough

Notes = tuple[tuple[str, Span | None], ...]


def prove(space: Architectures) -> tuple[Diagnostic, ...]:
    """Warnings, also those of before; SpaceError with all that cannot be kept to."""
    faults = Diagnostics()
    faults.found += space.program.warnings
    if space.program.of:
        _genotype(space, faults)
    else:
        _each(space.program, faults)
        if not faults.failed and not leaves_something(space):
            _together(space.program, faults)
    return faults.finish()


def _genotype(space: Architectures, faults: Diagnostics) -> None:
    program = space.program
    for broken, figure in liveness(space).restrictions.broken(()):
        if isinstance(broken, Rule):
            _broken_rule(broken, figure, program, faults)
        else:
            message = f"`{broken.text}` does not hold: this has {figure:,}"
            notes = (("the limit is here", broken.span),)
            help = f"choose what costs {'less' if figure > broken.most else 'more'}"
            faults.report("E0608", message, program.header, help, notes=notes)


def _broken_rule(rule: Rule, figure: int, program: Program, faults: Diagnostics) -> None:
    claim = rule.claim
    too_many = figure > claim.most
    lines = [program.lines.get(n) for n, yes in _counts(claim, program).items() if yes == too_many]
    first, *others = [*filter(None, lines), program.header]
    said = "this one too" if too_many else "or here"
    notes: Notes = tuple((said, line) for line in others[: _NAMED - 1] if line != program.header)
    notes += _conditions(rule, program)
    notes += (("the rule is here", rule.span),)
    edges = "1 edge does" if figure == 1 else f"{figure} edges do"
    message = f"`{rule.text}` does not hold"
    message += f": {edges}" if claim.is_counted else ""
    help = "choose something else here" if too_many else "choose it here"
    faults.report("E0607", message, first, help, notes=notes)


def _counts(count: Count, program: Program) -> dict[str, bool]:
    """Of a genotype's lines that it looks at, whether it counts them."""
    if count.choice is not None:
        return {count.choice: program.picks.get(count.choice) in count.places}
    edges = (program.by_name[name] for name in count.edges)
    return {edge.name: count.matches(edge.candidates[0]) for edge in edges}


def _conditions(rule: Rule, program: Program) -> Notes:
    names = [n for c in rule.counts[:-1] if not c.is_counted for n in _counts(c, program)]
    lines = (program.lines.get(name) for name in dict.fromkeys(names))
    return tuple(("with this", line) for line in [*filter(None, lines)][:_NAMED])


def _each(program: Program, faults: Diagnostics) -> None:
    """Every rule and every limit by itself."""
    free = unrestricted(program)
    cost = cost_interval(Architectures(free)) if program.limits else None
    choices = all_choices(free) if program.rules and not is_tied(free) else None
    if choices and len(program.rules) * choices.arcs > MAX_ARCS:
        choices = None
    held: dict[Span, list[str | None]] = defaultdict(list)
    ranges = cache(partial(_range, free, choices))
    looks = len(program.edges) * sum(not _is_plain(rule) for rule in program.rules)
    for rule in program.rules:
        plain = _is_plain(rule)
        reason = _rule(rule, free, ranges, faults) if plain else _clause(rule, free, looks, faults)
        held[rule.span].append(reason)
    # A rule of a block is void where it is so in all instances.
    odd = [d.span for d in faults.found if d.code == "W0803" and d.span]
    for rule in {rule.span: rule for rule in program.rules}.values():
        told = any(rule.span.start <= span.start < rule.span.end for span in odd)
        if None not in held[rule.span] and not told:
            _void(rule, str(held[rule.span][-1]), faults)
    least = cache(partial(_cheapest, free))
    for limit in program.limits:
        _limit(limit, getattr(cost, limit.measure), least, faults)


def _is_plain(rule: Rule) -> bool:
    """Whether it is one count of edges."""
    return rule.claim.is_counted and not rule.counts[1:]


def _rule(
    rule: Rule, free: Program, ranges: Callable[[Count], Interval], faults: Diagnostics
) -> str | None:
    """Why it holds whatever is chosen; None where it does not."""
    count, offered = rule.claim, len(counted_edges(rule.claim, free))
    found = ranges(attrs.evolve(count, least=0, most=0))  # many bound the same edges
    if found.max < count.least:
        reason = f"at most {found.max} of its {len(count.edges)} edges can"
        if not offered:
            reason = f"none of its {len(count.edges)} edges offers that"
        if not count.edges:
            reason = "there is no such edge"
        help = "more of them would cut the output from the noise" if found.max < offered else None
        _impossible(rule, reason, faults, help)
    elif found.min > count.most:
        _impossible(rule, f"at least {found.min} of its edges always do", faults)
    elif count.least <= found.min and found.max <= count.most:
        said = f"at most {found.max} can" if count.least <= 0 else f"at least {found.min} do"
        return f"{said}, of {len(count.edges)} edges"
    return None


def _clause(rule: Rule, free: Program, looks: int, faults: Diagnostics) -> str | None:
    """The same of what says more than one count."""
    if looks > MAX_LOOKS:
        return None
    if not _possible(free, [rule]):
        _impossible(rule, "every architecture breaks it", faults)
    elif not _possible(free, [*rule.broken()]):
        return "no architecture breaks it"
    return None


def _range(free: Program, choices: Diagram | None, count: Count) -> Interval:
    """What it counts in valid architectures, from least to most; in an entangled space, in any."""
    edges = (free.by_name[name] for name in count.edges)
    counts = {e.name: [int(count.matches(c)) for c in e.candidates] for e in edges}
    if choices is None:
        return Interval(*(sum(end(each) for each in counts.values()) for end in (min, max)))
    counts = {e.name: counts.get(e.name) or [0] * len(e.candidates) for e in free.edges}
    weights = Weights({}, counts, counts)
    return Interval(*(choices.total(weights, semiring) for semiring in (LEAST, GREATEST)))


def _limit(
    limit: Limit, span: Interval, least: Callable[[str], str | None], faults: Diagnostics
) -> None:
    if span.min > limit.most:
        help = least(limit.measure)
        _impossible(limit, f"the least possible is {span.min:,}", faults, help)
    elif span.max < limit.least:
        _impossible(limit, f"the most possible is {span.max:,}", faults)
    elif span.max <= limit.most and limit.least <= span.min:
        from_below = limit.most == math.inf
        said = f"the least possible is {span.min:,}" if from_below else f"the most is {span.max:,}"
        _void(limit, said, faults)


def _cheapest(free: Program, measure: str) -> str | None:
    """What the cheapest architecture chooses where it is live; None where that is not known."""
    space = Architectures(free)
    if measure not in ("parameters", "macs") or not space.decisions:
        return None
    found = cheapest(space, measure)  # type: ignore[arg-type]
    if found is None:
        return None
    live = [edge for edge in space.edges if edge.name in found.live and len(edge.candidates) > 1]
    named = [f"`{edge.text} = {found.choices[edge.name].text}`" for edge in live]
    return f"that is with {some(named, _NAMED)} live" if named else None


def _impossible(
    one: Restriction, reason: str, faults: Diagnostics, help: str | None = None
) -> None:
    code = "E0801" if isinstance(one, Rule) else "E0802"
    faults.report(code, f"nothing keeps to `{one.text}`: {reason}", one.span, help)


def _void(one: Restriction, reason: str, faults: Diagnostics) -> None:
    code = "W0801" if isinstance(one, Rule) else "W0802"
    message = f"`{one.text}` holds whatever is chosen: {reason}"
    faults.report(code, message, one.span, "remove it, or make it narrower")


def _together(program: Program, faults: Diagnostics) -> None:
    """The first that, with those above it, leaves nothing; and with which one, if one is enough."""
    everything: list[Restriction] = [*program.rules, *program.limits]
    everything.sort(key=lambda one: one.span.start)
    numbers = range(len(everything) - 1)
    last = bisect_left(numbers, True, key=lambda i: not _possible(program, everything[: i + 1]))
    above, one = everything[:last], everything[last]
    if not above:
        return _impossible(one, "every architecture breaks it", faults)
    pairs = above if last <= MAX_PAIRS else []
    other = next((o for o in pairs if not _possible(program, [o, one])), None)
    concerned = [other] if other else above
    notes: Notes = tuple(("together with this", o.span) for o in concerned[:_NAMED])
    named = f"`{other.text}`" if other else f"the {len(above)} above"
    message = f"nothing keeps to `{one.text}` and to {named}"
    return faults.report("E0803", message, one.span, "remove one, or make it wider", notes=notes)


def _possible(program: Program, some: Sequence[Restriction]) -> bool:
    rules = tuple(one for one in some if isinstance(one, Rule))
    limits = tuple(one for one in some if isinstance(one, Limit))
    return leaves_something(Architectures(attrs.evolve(program, rules=rules, limits=limits)))
