"""Between search and compression: short compressions tell which architecture is worth a long one.

What a super net's loss ranks is mostly capacity; what counts is the student. The students of all
candidates sit one exam, images that the generators of all of them draw: by its own images alone one
that draws little of what the teacher knows would look best, and images that the teacher is not sure
of say little about real ones (tools/judging.py compares such judges). No data is used.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from autorecon.compress import CompressConfig, CompressError, Compression
from autorecon.graph import Space, genotype
from autorecon.nn import Compute, generator
from autorecon.objective import DivergedError
from autorecon.records.derivation import Trial
from autorecon.runs import (
    Checkpoints,
    Progress,
    RunFolder,
    as_saved,
    drive,
    load_state,
    save_state,
    write_text,
)
from autorecon.workflow.ahead import ALONE, Ahead, Part
from autorecon.workflow.config import TRIAL_SEEDS
from autorecon.workflow.leading import lead
from autorecon.workflow.precision import computing
from autorecon.workflow.prepare import Prepared

FIRST_SEED = TRIAL_SEEDS + 1

# An image that the teacher is sure of counts whole, one at 90 % for 0.43, one at 50 % for nothing.
_SURENESS = 8


class SelectionError(ArithmeticError):
    """No trial of a selection came to an end, and none would if they were done again."""

    exit_code = 1


@attrs.frozen(eq=False)
class Outcome:
    """What a short compression leaves: its student, and batches of images [N, C, H, W] of its
    generator with the teacher's logits [N, classes], on the CPU."""

    student: nn.Module
    drawn: tuple[tuple[Tensor, Tensor], ...]

    def state(self) -> dict[str, Any]:
        """As `runs.save_state` writes it."""
        return {"student": self.student.state_dict(), "drawn": self.drawn}

    @property
    def finite(self) -> bool:
        return all(bool(torch.isfinite(part).all()) for batch in self.drawn for part in batch)


def select(
    folder: RunFolder,
    prepared: Prepared,
    proposed: Sequence[Mapping[str, str]],
    progress: Progress,
    ahead: Ahead = ALONE,
) -> tuple[Trial, ...]:
    """Try what is proposed, all with the same seeds and steps, and compare their students.

    Resumable between trials, until `forget_trials`. A trial that diverges counts as no agreement
    and adds nothing to the exam: it is the candidate's fault, and no reason to end the search.
    Raises SelectionError where all of them do, since nothing is left to choose by.
    """
    seeds = range(FIRST_SEED, FIRST_SEED + prepared.config.select.seeds)
    ahead(folder, "trials", _parts(folder, prepared, proposed, seeds), progress)
    outcomes = []
    for number, choices in enumerate(proposed, 1):
        names = [(_name(number, seed), seed) for seed in seeds]
        outcomes.append(
            [_outcome(folder, prepared, choices, name, seed, progress) for name, seed in names]
        )
    if not any(one for tried in outcomes for one in tried):
        raise SelectionError(
            "no trial of the selection came to an end, so there is nothing to select by: try a "
            "lower compress.student_lr or compress.generator_lr, or select.candidates=1"
        )
    trials = []
    for choices, found in zip(proposed, examined(outcomes, _computing(prepared)), strict=True):
        trials.append(Trial(choices, dict(zip(map(str, seeds), found, strict=True))))
        place, mean = f"{len(trials)} of {len(proposed)}", trials[-1].mean
        progress.say(f"candidate {place}: {mean:.2f}% agreement")
    return tuple(trials)


def forget_trials(folder: RunFolder) -> None:
    """Remove what trials go on from, of which nothing is needed once their outcome is written."""
    shutil.rmtree(folder.checkpoint_path / "select", ignore_errors=True)


def _outcome(
    folder: RunFolder,
    prepared: Prepared,
    choices: Mapping[str, str],
    name: str,
    seed: int,
    progress: Progress,
) -> Outcome | None:
    """What a trial leaves; None where it diverges, which is noted so that it is not tried again."""
    failed, kept = _failed(folder, name), _outcome_path(folder, name)
    if failed.exists():
        return None
    stage = trial(folder, prepared, choices, seed, name)
    if kept.exists():
        with as_saved(kept):
            return _kept(stage, load_state(kept))
    try:
        given = {"choices": dict(choices), "seed": seed, "name": name}
        drive(lead(stage, folder, prepared, "trial", **given), folder, progress)
        outcome = outcome_of(stage, prepared.config.select.images)
        if outcome.finite:
            save_state(kept, outcome.state())
            # With its generator that would take a multiple of the room.
            Checkpoints(folder.checkpoint_path, name).keep(0)
            return outcome
        why = "its images are no numbers"
    except (DivergedError, CompressError) as error:
        why = str(error)
    progress.say(f"{name} counts as no agreement: {why}")
    write_text(failed, why + "\n")
    return None


def _kept(stage: Compression, state: dict[str, Any]) -> Outcome:
    """The outcome of a trial that was done before; the stage is one that has not begun."""
    stage.student.module.load_state_dict(state["student"])
    stage.student.go_on()
    student = stage.student.module.eval().requires_grad_(False)
    return Outcome(student, tuple(state["drawn"]))


def _outcome_path(folder: RunFolder, name: str) -> Path:
    return folder.checkpoint_path / name / "outcome.safetensors"


def _name(number: int, seed: int) -> str:
    return f"select/candidate{number}/seed{seed}"


def _failed(folder: RunFolder, name: str) -> Path:
    return folder.checkpoint_path / name / "failed.txt"


def _parts(
    folder: RunFolder,
    prepared: Prepared,
    proposed: Sequence[Mapping[str, str]],
    seeds: Iterable[int],
) -> list[Part]:
    """The trials as parts of a run; there is nothing to do of those that ended."""
    pairs = [(number, seed) for number in range(1, len(proposed) + 1) for seed in seeds]
    return [
        Part(
            name,
            _short(prepared, seed).ticks,
            partial(trial, choices=choices, seed=seed, name=name),
            done=_failed(folder, name).exists() or _outcome_path(folder, name).exists(),
        )
        for number, seed in pairs
        for name, choices in [(_name(number, seed), proposed[number - 1])]
    ]


def trial(
    folder: RunFolder, prepared: Prepared, choices: Mapping[str, str], seed: int, name: str
) -> Compression:
    """A short compression with what was chosen, still to be driven."""
    return short_compression(prepared, genotype(prepared.space, choices), seed, name)


def short_compression(prepared: Prepared, space: Space, seed: int, name: str) -> Compression:
    """What a trial of one architecture is, still to be driven."""
    return Compression(
        prepared.teacher.module,
        _short(prepared, seed),
        generator(space, seed=seed),
        compute=_computing(prepared),
        parts=prepared.config.memory.parts,
        name=name,
    )


def outcome_of(stage: Compression, images: int) -> Outcome:
    """What is left of a compression that is done, with at least so many `images`.

    They are the same whenever they are drawn, also by operations that draw from torch themselves.
    """
    student = stage.student.module.eval().requires_grad_(False)
    student.zero_grad()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stage.config.seed)
        batches = [stage.source.draw() for _ in range(0, images, stage.config.batch)]
    return Outcome(student, tuple((batch.images.cpu(), batch.logits.cpu()) for batch in batches))


def examined(outcomes: Sequence[Sequence[Outcome | None]], compute: Compute) -> list[list[float]]:
    """What each trial of each candidate comes to on what all that came to an end draw."""
    exam = [batch for tried in outcomes for one in tried if one for batch in one.drawn]
    return [
        [agreement(one.student, exam, compute) if one else 0.0 for one in tried]
        for tried in outcomes
    ]


@torch.no_grad()
def agreement(student: nn.Module, exam: Sequence[tuple[Tensor, Tensor]], compute: Compute) -> float:
    """How surely the student gives the teacher's class, in percent; 0 where it gives no numbers.

    That is the mean over the images of what probability it gives that class, each image weighed
    by how sure the teacher is: its own probability of the class to the eighth power. The teacher
    is sure of most real images.
    """
    device = next(student.parameters()).device
    given = weights = 0.0
    for images, logits in exam:
        weight, named = weighed(logits.to(device))
        answers = compute(student, images.to(device)).float().softmax(1)
        given += float((weight * answers.gather(1, named)[:, 0]).sum())
        weights += float(weight.sum())
    found = 100 * given / weights
    return found if math.isfinite(found) else 0.0


def weighed(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Of the teacher's logits [N, classes] the weight of each image [N], and its class [N, 1]."""
    sure, named = logits.float().softmax(1).max(1, keepdim=True)
    return sure[:, 0] ** _SURENESS, named


def _computing(prepared: Prepared) -> Compute:
    return computing(prepared.config, "compress")


def _short(prepared: Prepared, seed: int) -> CompressConfig:
    """The compression's own settings, with a share of its steps and the selection's bits."""
    short = prepared.config.compress.shortened(prepared.config.select.budget)
    return attrs.evolve(short, bits=prepared.config.select.bits or short.bits, seed=seed)
