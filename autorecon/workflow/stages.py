"""The stages of a run, each idempotent: what is done is read back, what is interrupted goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import torch

from autorecon.compress import Gdfq
from autorecon.graph import Space, genotype, load
from autorecon.lang import format_genotype
from autorecon.nn import generator, supernet
from autorecon.runs import (
    Checkpoints,
    Progress,
    RunError,
    RunFolder,
    drive,
    save_weights,
    write_text,
)
from autorecon.search import Search
from autorecon.workflow.prepare import Prepared
from autorecon.workflow.samples import save_samples

# Names in a run's folder that mean something else there.
_OWN = {
    f"{stem}.space" for stem in ("genotype", "space", "baseline", "space-base", "baseline-base")
}


def store_space(folder: RunFolder, space: Space, stem: str) -> None:
    """Write a space's text into the run; a genotype brings the space that it is of."""
    program = space.program
    if taken := _OWN & {name for name, _ in program.used}:
        raise RunError(f"a run has a {min(taken)} of its own; rename the one that the space uses")
    text = space.text
    if program.of and program.base_path:
        base = load(program.base_path, **space.parameters)
        text = format_genotype(base.program, program.chosen, program.name, f"{stem}-base.space")
        write_text(folder.path / f"{stem}-base.space", base.text)
    _write_used(space, folder.path)
    write_text(folder.path / f"{stem}.space", text)


def _write_used(space: Space, folder: Path) -> None:
    """The files that a space uses, called as it calls them; never in place of another text."""
    for name, source in space.program.used:
        path = folder / name
        if path.exists() and path.read_text("utf-8") != source.text:
            raise RunError(f"{path} holds another text than the `{name}` that {space.name} uses")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, source.text)


def load_stored(folder: RunFolder, stem: str, like: Space) -> Space:
    """A space of the run as it was stored, with the parameters it was stored with."""
    return load(folder.path / f"{stem}.space", **like.parameters)


def search(folder: RunFolder, prepared: Prepared, progress: Progress) -> Space:
    """Algorithm 1, stage 1; leaves genotype.space behind."""
    config = prepared.config.search
    net = supernet(prepared.space, seed=config.seed)
    stage = Search(net, prepared.teacher.module, config)
    if not folder.genotype_path.exists():
        drive(stage, folder, progress)
        write_text(folder.genotype_path, _as_genotype(stage).text)
    return load_stored(folder, "genotype", prepared.space)


def derive(folder: RunFolder, prepared: Prepared, progress: Progress) -> tuple[Space, int]:
    """The genotype of the newest checkpoint of a search, and how many epochs that had seen."""
    config = prepared.config.search
    stage = Search(supernet(prepared.space, seed=config.seed), prepared.teacher.module, config)
    checkpoint = Checkpoints(folder.checkpoint_path, stage.name).newest(progress)
    if checkpoint is None:
        raise RunError(f"{folder.path} has no search to derive from; run `autorecon search`")
    stage.load_state_dict(checkpoint.state)
    return _as_genotype(stage), checkpoint.epoch


def _as_genotype(stage: Search) -> Space:
    chosen = stage.genotype().program.chosen
    return genotype(stage.supernet.space, chosen, of="space.space")


def compress(
    folder: RunFolder, prepared: Prepared, label: str, space: Space, seed: int, progress: Progress
) -> dict[str, Any]:
    """Algorithm 1, stage 2, with one generator and seed; leaves weights, images and a result."""
    name = f"{label}/seed{seed}"
    done = folder.compressed_path / f"{label}-seed{seed}.json"
    if done.exists():
        return json.loads(done.read_text("utf-8"))
    config = attrs.evolve(prepared.config.compress, seed=seed)
    net = generator(space, seed=seed)
    evaluate = prepared.accuracy if prepared.dataset else None
    stage = Gdfq(prepared.teacher.module, net, config, evaluate, name=f"compress/{name}")
    drive(stage, folder, progress)
    weights = {"bits": config.bits, "ranges": config.ranges, "teacher": prepared.teacher.name}
    save_weights(done.with_suffix(".safetensors"), stage.student.module, weights)
    trained = done.with_suffix(".generator.safetensors")
    save_weights(trained, net, {"space": space.text})
    if seed == prepared.config.seeds[0]:
        # The last label's is the run's own: what was discovered, beside what it is compared with.
        save_weights(folder.generator_path, net, {"space": space.text})
        save_samples(folder, label, net, prepared)
    result = {"generator": label, "seed": seed} | stage.result()
    write_text(done, json.dumps(result, indent=1))
    return result


def set_threads(threads: int) -> None:
    """0 leaves torch's own choice."""
    if threads:
        torch.set_num_threads(threads)


def write_genotype(found: Space, space: Space, out: Path) -> None:
    """Write a genotype outside its run, and the space that it is of beside it."""
    base = out.with_name(f"{space.name}.space")
    if base.exists() and base.read_text("utf-8") != space.text:
        base = out.with_name(f"{out.stem}-base.space")
    write_text(base, space.text)
    _write_used(space, base.parent)
    write_text(out, genotype(space, found.program.chosen, of=base.name).text)
