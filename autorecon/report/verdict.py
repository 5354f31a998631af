"""One or two sentences that say what a run showed, and no more than it showed."""

from __future__ import annotations

import math

from autorecon.graph.draw.labels import count_text
from autorecon.lang.wording import plural
from autorecon.records.results import Difference, Results, Summary
from autorecon.report.inputs import Inputs, search_is_unfinished
from autorecon.report.wording import deviation, percent, spread

FEW_SEEDS = 5
"""With fewer, a mean beyond one standard deviation is still likely by chance (p > 0.09)."""


def verdict(inputs: Inputs) -> str:
    """What the figures say; it never claims a difference that lies within the seeds' spread."""
    results = inputs.results
    if results is None:
        return _so_far(inputs)
    scored = [summary for summary in results.summary if summary.last is not None]
    if not scored:
        return _without_figures(inputs, results)
    pair = _compared(results, scored)
    sentences = [_comparison(results, *pair)] if pair else [_single(results, s) for s in scored]
    return " ".join(sentences)


def _so_far(inputs: Inputs) -> str:
    students, epochs = inputs.history.students, inputs.history.search
    if students:
        return "No verdict yet: not all students have been trained."
    if epochs and search_is_unfinished(inputs):
        return f"No verdict yet: the search has done {plural(len(epochs), 'epoch')}."
    return _searched(inputs) if epochs else "No verdict yet: nothing has run in this folder."


def _searched(inputs: Inputs) -> str:
    epochs = plural(len(inputs.history.search), "epoch")
    space = inputs.space
    over = f" over {count_text(space.architectures)} architectures of {space.name}" if space else ""
    return f"The search went through {epochs}{over}; nothing was compressed with what it found."


def _without_figures(inputs: Inputs, results: Results) -> str:
    if results.rows or inputs.history.students:
        return f"{_made(inputs)}; without test data nothing can be said of accuracy."
    return _searched(inputs) if inputs.history.search else "Nothing was searched or compressed."


def _made(inputs: Inputs) -> str:
    course = inputs.course
    if course is None or not course.winner:
        return "Students were trained"
    tried = plural(len(course.rungs[0].entries), "candidate")
    return f"{course.winner} was judged the best of {tried}"


def _compared(results: Results, scored: list[Summary]) -> tuple[Summary, Summary] | None:
    """The summaries that `difference` is of."""
    if results.difference is None or not math.isfinite(results.difference.mean):
        return None
    first, _, second = results.difference.of.partition(" - ")
    by_label = {summary.generator: summary for summary in scored}
    return (by_label[first], by_label[second]) if {first, second} <= by_label.keys() else None


def _comparison(results: Results, ours: Summary, other: Summary) -> str:
    difference = results.difference
    assert difference is not None
    size = percent(abs(difference.mean))
    where = "above" if difference.mean > 0 else "below"
    against = f"the {other.generator} one's"
    level = size == percent(0.0)
    relation = f"level with {against}" if level else f"{size} points {where} {against}"
    sentence = f"{_reached(results, ours)}, {relation}; {_certainty(difference)}."
    sentence += _beside(results, ours)
    return sentence + _expense(results, ours, other)


def _certainty(difference: Difference) -> str:
    if difference.runs < 2 or difference.std is None or not math.isfinite(difference.std):
        return "one seed says nothing of the spread, so this ranks neither"
    if abs(difference.mean) <= difference.std:
        return "the difference is within the seeds' spread"
    beyond = f"the difference is beyond the seeds' spread ({deviation(difference.std)})"
    few = f", though {difference.runs} seeds prove little" if difference.runs < FEW_SEEDS else ""
    return beyond + few


def _expense(results: Results, ours: Summary, other: Summary) -> str:
    """A gain that is bought with computation is no gain of the architecture alone."""
    first, second = results.generator_of(ours.generator), results.generator_of(other.generator)
    if first is None or second is None or min(first.macs, second.macs) <= 0:
        return ""
    ratio = first.macs / second.macs
    if 0.9 < ratio < 1.1:
        return ""
    return (
        f" The {ours.generator} generator takes {ratio:.2g} times as many multiply-accumulates "
        "an image."
    )


def _single(results: Results, summary: Summary) -> str:
    full = results.teacher.accuracy
    if full is None or summary.last is None:
        return f"{_reached(results, summary)}.{_beside(results, summary)}"
    gap = full - summary.last.mean
    where = "below" if gap >= 0 else "above"
    return (
        f"{_reached(results, summary)}, {percent(abs(gap))} points {where} the full-precision "
        f"teacher's {percent(full)} %.{_beside(results, summary)}"
    )


def _beside(results: Results, summary: Summary) -> str:
    """How far the student is from the teacher, where that was measured."""
    if summary.agreement is None or summary.divergence is None:
        return ""
    nats = f"{summary.divergence.mean:.3g} nats"
    if results.figure == "agreement":
        return f" The teacher's probabilities diverge from its own by {nats}."
    return f" Its class is the teacher's on {spread(summary.agreement)} % of them ({nats} apart)."


def _reached(results: Results, summary: Summary) -> str:
    seeds = plural(summary.runs, "seed")
    who = f"{_when(results)}, {_whose(results, summary)} student"
    if results.figure == "accuracy":
        return f"{who} reached {spread(summary.last)} % ({seeds})"
    on = "invented images, not of photographs" if _invented(results) else "the test images"
    return f"{who} agreed with the teacher on {spread(summary.last)} % of {on} ({seeds})"


def _invented(results: Results) -> bool:
    return results.data is not None and results.data.invented


def _when(results: Results) -> str:
    return f"At {results.bits}" if results.bits else f"As {results.student}"


def _whose(results: Results, summary: Summary) -> str:
    """Where one student is all that a run compares, it is the method's."""
    alone = len(results.summary) == 1
    return f"{results.method}'s" if alone else f"the {summary.generator} generator's"
