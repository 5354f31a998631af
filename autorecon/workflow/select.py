"""Between search and compression: short compressions tell which architecture is worth a long one.

What a super net's loss ranks is mostly capacity; what counts is the student. The candidates judge
each other: the students of each are asked about images of all the others' generators. On its own
images one that draws little of what the teacher knows would look best, and images of one generator
alone, or such as the teacher is not sure of, rank students little better than chance
(tools/judging.py). No data is used.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence

import attrs
import torch
from torch import nn

from autorecon.compress import CompressConfig, Compression
from autorecon.compress.batch import Batch
from autorecon.graph import Space, genotype
from autorecon.nn import Compute, generator
from autorecon.objective import DivergedError
from autorecon.runs import Progress, RunFolder, drive
from autorecon.search.derivation import Trial
from autorecon.workflow.config import TRIAL_SEEDS
from autorecon.workflow.precision import computing
from autorecon.workflow.prepare import Prepared

FIRST_SEED = TRIAL_SEEDS + 1

# An image that the teacher is sure of counts whole, one at 90 % for 0.43, one at 50 % for nothing.
_SURENESS = 8


@attrs.frozen
class Tried:
    """What is left of a short compression: its student, and what its generator draws."""

    student: nn.Module
    batches: tuple[Batch, ...]


def select(
    folder: RunFolder,
    prepared: Prepared,
    proposed: Sequence[Mapping[str, str]],
    progress: Progress,
) -> tuple[Trial, ...]:
    """Try what is proposed, all with the same seeds and steps, and let them judge each other.

    Resumable between trials, until `clear` forgets them. A trial that diverges counts as no
    agreement, which is the candidate's fault and no reason to end the search.
    """
    seeds = range(FIRST_SEED, FIRST_SEED + prepared.config.select.seeds)
    tried = []
    for number, choices in enumerate(proposed, 1):
        space, label = genotype(prepared.space, choices, of="space.space"), f"candidate{number}"
        tried.append([_tried(folder, prepared, label, space, seed, progress) for seed in seeds])
    compute = computing(prepared.config, "compress")
    trials = []
    outcomes = zip(proposed, judged(tried, compute), strict=True)
    for number, (choices, found) in enumerate(outcomes, 1):
        trials.append(Trial(choices, dict(zip(map(str, seeds), found, strict=True))))
        mean = trials[-1].mean
        progress.say(f"candidate {number} of {len(proposed)}: {mean:.2f}% agreement")
    return tuple(trials)


def clear(folder: RunFolder) -> None:
    """Forget the trials, of which nothing is needed once their outcome is written."""
    shutil.rmtree(folder.checkpoint_path / "select", ignore_errors=True)


def _tried(
    folder: RunFolder,
    prepared: Prepared,
    label: str,
    space: Space,
    seed: int,
    progress: Progress,
) -> Tried | None:
    """A trial; None where it diverges."""
    stage = trial(prepared, space, seed, f"select/{label}/seed{seed}")
    try:
        drive(stage, folder, progress)
    except DivergedError as error:
        progress.say(f"{stage.name} counts as no agreement: {error}")
        return None
    return left(stage, prepared.config.select.images)


def left(stage: Compression, images: int) -> Tried:
    """What judges and is judged of a compression that is done; at least so many `images`."""
    batches = (stage.source.draw() for _ in range(0, images, stage.config.batch))
    return Tried(stage.student.module, tuple(batches))


def judged(tried: Sequence[Sequence[Tried | None]], compute: Compute) -> Iterator[list[float]]:
    """What the trials of each candidate come to on what all *other* candidates draw.

    Those of a candidate, one a seed, judge none of each other. Where no other has come to an end
    there is nothing to compare with, and each is judged on its own.
    """
    drawn = [[batch for trial in trials if trial for batch in trial.batches] for trials in tried]
    for own, trials in enumerate(tried):
        others = [batch for place, made in enumerate(drawn) if place != own for batch in made]
        yield [
            agreement(trial.student, others or drawn[own], compute) if trial else 0.0
            for trial in trials
        ]


@torch.no_grad()
def agreement(student: nn.Module, batches: Sequence[Batch], compute: Compute) -> float:
    """How surely the student gives the teacher's class, in percent.

    That is the mean over the images of what probability it gives that class, each image weighed
    by how sure the teacher is: its own probability of the class to the eighth power. Real images
    are mostly such that the teacher is sure of them.
    """
    student.eval()
    given = weights = 0.0
    for batch in batches:
        sure, named = batch.logits.float().softmax(1).max(1, keepdim=True)
        weight = sure**_SURENESS
        answers = compute(student, batch.images).float().softmax(1)
        given += float((weight * answers.gather(1, named)).sum())
        weights += float(weight.sum())
    return 100 * given / weights


def trial(prepared: Prepared, space: Space, seed: int, name: str) -> Compression:
    """The short compression with one architecture, still to be driven."""
    return Compression(
        prepared.teacher.module,
        _short(prepared, seed),
        generator(space, seed=seed),
        compute=computing(prepared.config, "compress"),
        name=name,
    )


def _short(prepared: Prepared, seed: int) -> CompressConfig:
    """The compression's own settings, with a share of its steps and the selection's bits."""
    whole, share = prepared.config.compress, prepared.config.select.budget
    return attrs.evolve(
        whole,
        bits=prepared.config.select.bits or whole.bits,
        warmup_steps=round(whole.warmup_steps * share),
        steps=max(1, round(whole.steps * share)),
        epochs=1,
        evaluate_every=1,
        seed=seed,
    )
