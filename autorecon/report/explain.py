"""Why a search chose what it chose, at one decision; read from the run's folder."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from autorecon.graph import Space, load
from autorecon.graph.counting.cost import Interval
from autorecon.graph.survey import edges_by_name
from autorecon.lang import Decision, Edge, SpaceError, did_you_mean
from autorecon.records.derivation import Derivation, read_derivation
from autorecon.report.history import SearchEpoch, read_history
from autorecon.report.inputs import ops_advice, scalars, section_of
from autorecon.runs import RunFolder
from autorecon.search import DERIVATIONS, STRATEGIES

SHOWN = 6  # epochs, the first and the last among them


class ExplainError(ValueError):
    """What is asked for is not there; the message names what is."""

    exit_code = 2


@attrs.frozen
class Option:
    """One option of a decision.

    `probabilities` are those of the shown epochs; `score` is what the derivation went by, and
    `loss` the least of the architectures with this option where whole ones were compared, and
    `agreement` the best mean, in percent, of those that were tried.
    `parameters` and `macs` are those of the option on all of its edges, over what else these depend
    on.
    """

    text: str
    probabilities: tuple[float, ...]
    score: float
    loss: float | None
    agreement: float | None
    parameters: Interval
    macs: Interval


@attrs.frozen
class Explanation:
    """A decision after `done` of `epochs` epochs; `entropy` is in nats.

    `best` has the highest score; it is not what is chosen where that was `repaired`, so that the
    architecture is valid, or where whole architectures were compared.
    """

    decision: str
    edges: tuple[str, ...]
    strategy: str
    derived: str
    done: int
    epochs: int
    shown: tuple[int, ...]
    options: tuple[Option, ...]
    chosen: str
    best: str
    repaired: bool
    entropy: float
    tried: int

    @property
    def share(self) -> float:
        """The probability of what was chosen."""
        return self._last(self.chosen)

    @property
    def runner_up(self) -> str:
        """The most probable of the others."""
        others = [option.text for option in self.options if option.text != self.chosen]
        return max(others, key=self._last)

    @property
    def margin(self) -> float:
        """How much more probable the choice is than the runner-up; below 0 where it is less."""
        return self.share - self._last(self.runner_up)

    @property
    def undecided(self) -> float:
        """The entropy relative to that of equal options, 0 to 1."""
        return self.entropy / math.log(len(self.options))

    def _last(self, text: str) -> float:
        return next(o.probabilities[-1] for o in self.options if o.text == text)


def explain(folder: RunFolder, name: str) -> list[Explanation]:
    """The decisions that `name` stands for, an edge's or one of a name of its own.

    Raises ExplainError, or RecordError for a derivation.json that is none.
    """
    epochs = [epoch for epoch in read_history(folder.metrics_path).search if epoch.probabilities]
    if not epochs:
        raise ExplainError(f"{folder.path} has no search to explain; `autorecon search` makes one")
    _check_search(folder)
    space = _space(folder)
    if {d.name for d in space.decisions} != epochs[-1].probabilities.keys():
        raise ExplainError(f"{folder.metrics_path} is of another space: put back the run's own")
    derivation = _derivation(folder, space, epochs[-1])
    return [_explanation(folder, space, d, epochs, derivation) for d in find(space, name)]


def _check_search(folder: RunFolder) -> None:
    search = section_of(folder, "search")
    known = search.get("strategy") in STRATEGIES and type(search.get("epochs")) is int
    if not known:
        raise ExplainError(
            f"{folder.config_path} does not name a strategy and the epochs of its search: put back "
            "the run's own"
        )


def find(space: Space, name: str) -> list[Decision]:
    """By a decision's name, or an edge's as the text writes it, blanks aside; ExplainError."""
    wanted = "".join(name.split())
    by_name = {form: [d] for d in space.decisions for form in (d.name, "".join(d.text.split()))}
    by_edge = edges_by_name(space)
    if wanted in by_name:
        return by_name[wanted]
    if wanted not in by_edge:
        known = [*(d.name for d in space.decisions), *(e.name for e in space.edges)]
        hint = did_you_mean(name, known)
        raise ExplainError(f"`{space.name}` has no decision or edge `{name}`: {hint}")
    edge = by_edge[wanted]
    if not edge.axes:
        only = edge.candidates[0].text
        raise ExplainError(f"`{edge.text}` has nothing to choose: it is always {only}")
    return [space.program.decisions[axis] for axis in edge.axes]


def _space(folder: RunFolder) -> Space:
    given = scalars(section_of(folder, "space").get("set", {}))
    folder.check_whole()
    try:
        return load(folder.space_path, **given)
    except SpaceError as error:
        if advice := ops_advice(folder):
            error.add_note(advice)
        raise


def _derivation(folder: RunFolder, space: Space, last: SearchEpoch) -> Derivation:
    """What was recorded when the search ended; before that, what its last epoch would derive."""
    found = read_derivation(folder.derivation_path)
    if found is None:
        return Derivation(last.genotype, "argmax", last.probabilities)
    if found.by not in DERIVATIONS:
        raise ExplainError(f"{folder.derivation_path} names no way to derive: {found.by!r:.40}")
    for decision in space.decisions:
        scores, chosen = found.scores.get(decision.name, ()), found.choices.get(decision.name)
        if len(scores) != len(decision.options) or chosen not in decision.options:
            raise ExplainError(
                f"{folder.derivation_path} is of another space: put back the run's own"
            )
    return found


def _explanation(
    folder: RunFolder,
    space: Space,
    decision: Decision,
    epochs: Sequence[SearchEpoch],
    derivation: Derivation,
) -> Explanation:
    shown = _spread(len(epochs))
    over = [epochs[i].probabilities[decision.name] for i in shown]
    scores = derivation.scores[decision.name]
    search = folder.config["search"]
    edges = [edge for edge in space.choices if decision.name in edge.axes]
    options = tuple(
        Option(
            text,
            tuple(p[k] for p in over),
            scores[k],
            derivation.loss(decision.name, text),
            derivation.agreement(decision.name, text),
            *_costs(space, edges, decision, k),
        )
        for k, text in enumerate(decision.options)
    )
    return Explanation(
        decision.text,
        tuple(edge.text for edge in edges if edge.name in space.widest.program.by_name),
        search["strategy"],
        derivation.by,
        epochs[-1].epoch + 1,
        search["epochs"],
        tuple(epochs[i].epoch + 1 for i in shown),
        options,
        derivation.choices[decision.name],
        decision.options[max(range(len(scores)), key=scores.__getitem__)],
        decision.name in derivation.repaired,
        epochs[-1].entropy[decision.name],
        len(derivation.trials),
    )


def _spread(count: int) -> list[int]:
    """At most SHOWN places, the first and the last among them."""
    if count <= SHOWN:
        return list(range(count))
    return [round(i * (count - 1) / (SHOWN - 1)) for i in range(SHOWN)]


def _costs(
    space: Space, edges: Sequence[Edge], decision: Decision, pick: int
) -> tuple[Interval, Interval]:
    """Parameters and multiply-accumulates of one option."""
    totals = [0, 0, 0, 0]
    for edge in edges:
        possible = [edge.candidates[k] for k in _possible(space, edge, decision, pick)]
        parameters, macs = [c.parameters for c in possible], [c.macs for c in possible]
        ends = (min(parameters), max(parameters), min(macs), max(macs))
        totals = [total + end for total, end in zip(totals, ends, strict=True)]
    return Interval(*totals[:2]), Interval(*totals[2:])


def _possible(space: Space, edge: Edge, decision: Decision, pick: int) -> set[int]:
    """The candidates that the edge can have once this option is taken."""
    later = edge.axes[edge.axes.index(decision.name) + 1 :]
    stride = math.prod(len(space.program.decisions[axis].options) for axis in later)
    count = len(decision.options)
    return {k for place, k in enumerate(edge.table) if place // stride % count == pick}
