"""The stages of a run, each idempotent: what is done is read back, what is interrupted goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import attrs
import torch
from torch import Tensor

from autorecon.compress import Compression
from autorecon.compress.packed.save import save_float, save_student
from autorecon.compress.sources import Generated, Inverted, Pictures, Recorded, Repeated, Source
from autorecon.graph import Space, genotype
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.architectures.ids import options, picks_by_name
from autorecon.graph.valid.required import left_out
from autorecon.lang import SpaceError
from autorecon.nn import Generator, generator, supernet
from autorecon.records.derivation import Derivation, read_derivation
from autorecon.records.errors import RecordError
from autorecon.records.files import read_record, write_record
from autorecon.records.packed import read_packed
from autorecon.records.students import Student
from autorecon.runs import (
    Checkpoints,
    Progress,
    RunError,
    RunFolder,
    as_saved,
    drive,
    load_state,
    load_weights,
    save_state,
    save_weights,
    write_text,
)
from autorecon.search import Search
from autorecon.workflow.ahead import ALONE, Ahead
from autorecon.workflow.front import write_front
from autorecon.workflow.leading import lead
from autorecon.workflow.precision import computing
from autorecon.workflow.prepare import Prepared
from autorecon.workflow.samples import is_picture, save_pictures, save_samples
from autorecon.workflow.select import forget_trials, select
from autorecon.workflow.spaces import load_stored

GENERATOR, IMAGES = ".generator.safetensors", ".images.safetensors"
"""What a compression's result has in place of .json, of what its student learned from, and of what
is left for a judge."""
SHOWN = 4
"""The newest batches of a bank, which are left of it."""


def search(
    folder: RunFolder, prepared: Prepared, progress: Progress, ahead: Ahead = ALONE
) -> Space:
    """Algorithm 1, stage 1, and the selection; leaves genotype.space and what it was chosen by."""
    stage = search_stage(folder, prepared)
    if not _is_derived(folder, prepared, progress):
        if left := left_out(prepared.space):
            progress.say(left)
        drive(lead(stage, folder, prepared, "search"), folder, progress)
        found = stage.derive()
        if prepared.config.selects:
            proposed = _proposed(stage, prepared, found)
            if len(proposed) > 1:
                found = found.selected(select(folder, prepared, proposed, progress, ahead))
        write_front(folder, stage, found.choices)
        write_record(folder.derivation_path, found)
        write_text(folder.genotype_path, _as_genotype(found, prepared.space).text)
    forget_trials(folder)
    return load_stored(folder, "genotype", prepared.space)


def _is_derived(folder: RunFolder, prepared: Prepared, progress: Progress) -> bool:
    """Whether the genotype is there and as derivation.json has it, and the super net's weights, if
    they are still to be used."""
    if not folder.genotype_path.exists() or not _is_found(folder, prepared.space, progress):
        return False
    if Checkpoints(folder.checkpoint_path, "search").newest(progress) is None:
        if prepared.config.inherit:
            progress.say("the weights of the super net are gone: it is searched again")
            return False
        progress.say("warning: the weights of the super net are gone, for `autorecon derive`")
    elif not folder.derivation_path.exists():
        return not _derives_again(folder, prepared, progress)
    return True


def _derives_again(folder: RunFolder, prepared: Prepared, progress: Progress) -> bool:
    """Whether what a genotype was chosen by, which is gone, is made again: not with a selection."""
    what = f"{folder.derivation_path} is gone"
    if prepared.config.selects:
        progress.say(f"warning: {what}: what the genotype was selected by is not told")
        return False
    progress.say(f"{what}; it is derived again")
    return True


def _is_found(folder: RunFolder, space: Space, progress: Progress) -> bool:
    try:
        stored = load_stored(folder, "genotype", space)
        chosen = read_derivation(folder.derivation_path)
        if chosen is None or _as_genotype(chosen, space).text == stored.text:
            return True
        why = f"{folder.genotype_path} is another genotype than {folder.derivation_path.name} tells"
    except (SpaceError, ArchitectureError, RecordError) as error:
        why = str(error)
    progress.say(f"{why}; it is derived again")
    return False


def _proposed(stage: Search, prepared: Prepared, found: Derivation) -> list[dict[str, str]]:
    """What the selection tries: all different, the one that is known as the last."""
    proposed = stage.propose(found, prepared.config.select.candidates)
    if prepared.known is None:
        return proposed
    space = prepared.space
    known = space.picks(prepared.known)
    same = space.liveness.canonical
    if same(known) not in [same(picks_by_name(space, choices)) for choices in proposed]:
        proposed.append(options(space, known))
    return proposed


def derive(
    folder: RunFolder, prepared: Prepared, progress: Progress, by: str | None = None
) -> tuple[Space, int]:
    """The genotype of a search that is done, else of its newest checkpoint, and how many epochs
    that had seen; `by` another way it is always derived again. Raises RunError."""
    if by:
        prepared = prepared.deriving(by)
    missing = RunError(f"{folder.path} has no search to derive from; run `autorecon search`")
    if prepared.generator is None:
        raise missing
    stage = search_stage(folder, prepared)
    checkpoints = Checkpoints(folder.checkpoint_path, stage.name)
    checkpoint = checkpoints.newest(progress)
    if checkpoint is None:
        raise missing
    if folder.genotype_path.exists() and not by:
        return load_stored(folder, "genotype", prepared.space), checkpoint.epoch
    checkpoints.put(checkpoint, stage)
    return _as_genotype(stage.derive(), prepared.space), checkpoint.epoch


def search_stage(folder: RunFolder, prepared: Prepared) -> Search:
    """The stage of `search`, still to be driven."""
    config = prepared.config.search
    net = supernet(prepared.space, seed=config.seed)
    compute = computing(prepared.config, "search")
    return Search(net, prepared.teacher.module, config, compute=compute)


def _as_genotype(found: Derivation, space: Space) -> Space:
    return genotype(space, found.choices, of="space.space")


def supernet_weights(folder: RunFolder, progress: Progress) -> dict[str, Tensor]:
    """The super net's state dict in the newest checkpoint of a run's search."""
    checkpoint = Checkpoints(folder.checkpoint_path, "search").newest(progress)
    if checkpoint is None or not isinstance(found := checkpoint.state.get("supernet"), dict):
        raise RunError(f"{folder.path} has no search to inherit weights from")
    return found


def compress(
    folder: RunFolder,
    prepared: Prepared,
    label: str,
    space: Space | None,
    seed: int,
    progress: Progress,
    weights_from: Mapping[str, Tensor] | None = None,
    record: Path | None = None,
) -> Student:
    """Algorithm 1, stage 2, with one generator and seed; leaves weights, images and a result.

    The generator starts as the seed has it, or with `weights_from`, a super net's state dict.
    Methods without a generator have no space; their pictures, if any, are left instead of it.
    What is learned from is written to `record`, for a run that repeats it; such a one has it as
    its `images_path`, and makes no images of its own.
    """
    done, first = result_path(folder, label, seed), seed == prepared.config.seeds[0]
    if known := _known(done, prepared, progress):
        if first:
            _show(folder, prepared, label, space, done, progress)
        _forget(folder, label, seed)  # a kill may have come between result and this
        return known
    stage = compression(folder, prepared, label, space, seed, weights_from, record)
    drive(lead(stage, folder, prepared, "compression", label=label, seed=seed), folder, progress)
    if isinstance(stage.source, Recorded) and stage.source.whole and record:
        save_state(record, stage.source.recording())
    _save_student(prepared, stage, done)
    _save_images(stage, label, done)
    if first:
        _show(folder, prepared, label, space, done, progress)
    result = attrs.asdict(stage.result(), recurse=False)
    student = Student(generator=label, seed=seed, **result)
    write_record(done, student)
    _forget(folder, label, seed)
    return student


def _forget(folder: RunFolder, label: str, seed: int) -> None:
    Checkpoints(folder.checkpoint_path, _stage_name(label, seed)).forget()


def _stage_name(label: str, seed: int) -> str:
    return f"compress/{label}/seed{seed}"


def _known(done: Path, prepared: Prepared, progress: Progress) -> Student | None:
    """The result of a compression that is done, if that and what it left are whole."""
    try:
        if (known := read_record(done, Student)) is None:
            return None
        read_packed(done.with_suffix(".safetensors"))
        recipe = prepared.config.compress.recipe
        left = {GENERATOR: recipe.source == "generator", IMAGES: recipe.keeps_images}
        for suffix in (suffix for suffix, is_left in left.items() if is_left):
            load_weights(done.with_suffix(suffix))
    except (RecordError, RunError) as error:
        progress.say(f"{error}; {done.stem} is compressed again")
        done.unlink(missing_ok=True)
        return None
    return known


def result_path(folder: RunFolder, label: str, seed: int) -> Path:
    """Where the result of a compression is once it is done."""
    return folder.compressed_path / f"{label}-seed{seed}.json"


def compression(
    folder: RunFolder,
    prepared: Prepared,
    label: str,
    space: Space | None,
    seed: int,
    weights_from: Mapping[str, Tensor] | None = None,
    record: Path | None = None,
) -> Compression:
    """The stage of `compress`, still to be driven."""
    return Compression(
        prepared.teacher.module,
        attrs.evolve(prepared.config.compress, seed=seed),
        generator(space, seed=seed, weights_from=weights_from) if space else None,
        prepared.exam.score if prepared.exam else None,
        image_shape=prepared.teacher.image_shape,
        wrap=_wrap(folder, record, prepared.config.device),
        compute=computing(prepared.config, "compress"),
        parts=prepared.config.memory.parts,
        name=_stage_name(label, seed),
    )


def _wrap(folder: RunFolder, record: Path | None, device: str) -> Callable[[Source], Source] | None:
    """What takes the place of a method's own source where images are kept or repeated."""
    if folder.images_path.exists():
        return partial(_repeated, folder.images_path, load_state(folder.images_path), device)
    return Recorded if record else None


def _repeated(path: Path, recording: dict[str, Any], device: str, _: Source) -> Source:
    with as_saved(path):
        return Repeated(recording, device)


def _save_student(prepared: Prepared, stage: Compression, done: Path) -> None:
    save_student(
        done.with_suffix(".safetensors"),
        stage.student,
        prepared.teacher,
        stage.config,
        statistics=prepared.statistics,
        software=prepared.config.software,
    )
    if prepared.config.keep_float:
        save_float(done.with_suffix(".float.safetensors"), stage.student)


@contextlib.contextmanager
def _beside(progress: Progress, what: str) -> Iterator[None]:
    """Make what work can do without; where that fails it is said."""
    try:
        yield
    except Exception as error:
        progress.say(f"warning: there is no {what} ({type(error).__name__}: {error})")


def _save_images(stage: Compression, label: str, done: Path) -> None:
    """What makes images, or the images themselves."""
    source = stage.source.source if isinstance(stage.source, Recorded) else stage.source
    if isinstance(source, (Generated, Inverted)):
        net = cast(Generator, source.generator)
        save_weights(done.with_suffix(GENERATOR), net, {"space": net.space.text})
    if isinstance(source, (Pictures, Inverted)):
        # Of a bank those that a picture shows: all of it may be larger than all else.
        batches = source.batches[-SHOWN:] if isinstance(source, Inverted) else source.batches
        images = torch.cat([batch.images for batch in batches])
        labels = torch.cat([batch.request.labels for batch in batches])
        kept = {"images": images, "labels": labels}
        save_weights(done.with_suffix(IMAGES), kept, {"method": label})


def _show(
    folder: RunFolder,
    prepared: Prepared,
    label: str,
    space: Space | None,
    done: Path,
    progress: Progress,
) -> None:
    """A grid of the images of a compression that is done, unless there is one that is whole."""
    weights, images = done.with_suffix(GENERATOR), done.with_suffix(IMAGES)
    with _beside(progress, f"a picture of {label}"):
        if is_picture(folder, label):
            return
        if images.exists():
            save_pictures(folder, label, load_weights(images), prepared)
        elif space and weights.exists():
            net = generator(space)
            net.load_state_dict(load_weights(weights))
            save_samples(folder, label, net, prepared)


def set_threads(threads: int) -> None:
    """0 leaves torch's own choice."""
    if threads:
        torch.set_num_threads(threads)


def write_weights(found: Space, weights_from: Mapping[str, Tensor], out: Path) -> None:
    """Write the weights that a derived generator inherits from a super net's state dict."""
    save_weights(out, generator(found, weights_from=weights_from), {"space": found.text})
