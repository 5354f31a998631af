"""Between search and compression: short compressions tell which architecture is worth a long one.

What a super net's loss ranks is mostly capacity; what counts is the student. A student's agreement
with the teacher is measured on images of another generator than its own: on its own images, one
that draws little of what the teacher knows would look best. No data is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import attrs
import torch
from torch import Tensor, nn

from autorecon.compress import CompressConfig, Compression
from autorecon.compress.sources import Generated
from autorecon.graph import Space, genotype
from autorecon.nn import Compute, generator
from autorecon.objective import DivergedError
from autorecon.runs import Checkpoints, Progress, RunFolder, drive, write_text
from autorecon.search.derivation import Trial
from autorecon.workflow.config import TRIAL_SEEDS
from autorecon.workflow.precision import computing
from autorecon.workflow.prepare import Prepared

# Of the trials; the judge has the one before.
FIRST_SEED = TRIAL_SEEDS + 1


def select(
    folder: RunFolder,
    prepared: Prepared,
    proposed: Sequence[Mapping[str, str]],
    progress: Progress,
) -> tuple[Trial, ...]:
    """Try what is proposed, all with the same seeds, steps and judge; resumable between trials."""
    images = _judging(folder, prepared, progress)
    trials = []
    for number, choices in enumerate(proposed, 1):
        space = genotype(prepared.space, choices, of="space.space")
        seeds = range(FIRST_SEED, FIRST_SEED + prepared.config.select.seeds)
        agreement = {
            str(seed): _tried(folder, prepared, f"candidate{number}", space, seed, images, progress)
            for seed in seeds
        }
        trials.append(Trial(choices, agreement))
        progress.say(f"candidate {number} of {len(proposed)}: {trials[-1].mean:.2f}% agreement")
    return tuple(trials)


@torch.no_grad()
def _judging(folder: RunFolder, prepared: Prepared, progress: Progress) -> list[Tensor]:
    """Batches [N, C, H, W] of the judge, trained as the candidates are with a seed of its own."""
    assert prepared.judge is not None
    seed = FIRST_SEED - 1
    stage = _compression(prepared, prepared.judge, seed, "select/judge")
    with torch.enable_grad():
        drive(stage, folder, progress)
    assert isinstance(stage.source, Generated)
    batches: list[Tensor] = []
    while sum(map(len, batches)) < prepared.config.select.images:
        batches.append(stage.source.draw().images)
    return batches


def _tried(
    folder: RunFolder,
    prepared: Prepared,
    label: str,
    space: Space,
    seed: int,
    images: Sequence[Tensor],
    progress: Progress,
) -> float:
    """The agreement that one short compression ends with, in percent of the images; none at all
    where it diverges, which is the candidate's fault and no reason to end the search."""
    done = folder.selection_path / f"{label}-seed{seed}.json"
    if done.exists():
        return float(json.loads(done.read_text("utf-8"))["agreement"])
    stage = _compression(prepared, space, seed, f"select/{label}/seed{seed}")
    nets = stage.student.module, prepared.teacher.module
    try:
        drive(stage, folder, progress)
        found = agreement(*nets, images, computing(prepared.config, "compress"))
    except DivergedError as error:
        progress.say(f"{stage.name} counts as no agreement: {error}")
        found = 0.0
    write_text(done, json.dumps({"agreement": found}) + "\n")
    Checkpoints(folder.checkpoint_path, stage.name).keep(0)
    return found


@torch.no_grad()
def agreement(
    student: nn.Module, teacher: nn.Module, images: Sequence[Tensor], compute: Compute
) -> float:
    """In percent, on how many of the images [N, C, H, W] both give the same class."""
    student.eval()
    same = [
        compute(student, batch).argmax(1) == compute(teacher, batch).argmax(1) for batch in images
    ]
    return 100 * float(torch.cat(same).float().mean())


def _compression(prepared: Prepared, space: Space, seed: int, name: str) -> Compression:
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
