"""Whole jobs over a run folder: search, compress, and both beside the human-designed generator."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Callable, Container, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from autorecon import __version__
from autorecon.data import DataError
from autorecon.graph import Space
from autorecon.lang.wording import plural
from autorecon.objective import DivergedError
from autorecon.records.results import Results, Row
from autorecon.records.students import Student
from autorecon.runs import Progress, RunError, RunFolder, link_or_copy, save_weights
from autorecon.runs.launched import Launched
from autorecon.teachers import Teacher
from autorecon.workflow import stages
from autorecon.workflow.ahead import ALONE, Ahead, Part
from autorecon.workflow.config import RunConfig, read_config, write_config
from autorecon.workflow.invented import invented
from autorecon.workflow.leading import check_shares
from autorecon.workflow.memory import fitted
from autorecon.workflow.precision import decide
from autorecon.workflow.prepare import Prepared, prepare
from autorecon.workflow.results import lost_rows, write_results
from autorecon.workflow.spaces import load_stored, store_space
from autorecon.workflow.trust import code_of, require_trust

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.compress import Compression

Named = tuple[str, Space] | None
"""A generator's file in the run and its space; None for a method that has none."""

_WEIGHTS = "initial.safetensors"
HUMAN, DISCOVERED = "human-designed", "discovered"


def start(
    path: Path | Callable[[], Path],
    config: RunConfig,
    progress: Progress,
    teacher: Teacher | None = None,
    launched: Launched | None = None,
) -> tuple[RunFolder, Prepared]:
    """Check everything, then make the folder, or have one made, with its config.toml and spaces.

    A `teacher` that is given takes the place of the one that is named. The settings are those that
    repeat the run: what fits into memory, and what is `auto` in `config`, is decided first. Several
    processes that are `launched` share its steps, and are told of it.
    """
    check_shares(config, launched)
    stages.set_threads(config.threads)
    prepared = prepare(attrs.evolve(config, software=software()), teacher)
    prepared = attrs.evolve(prepared, launched=launched)
    if changes := prepared.teacher.changes:
        progress.say(f"{prepared.teacher.name}: {'; '.join(changes)}")
    if prepared.coverage:
        progress.say(f"at {config.compress.bits} will be {prepared.coverage.text}")
    prepared = fitted(prepared, progress)
    prepared = decide(prepared, progress)
    path = path() if callable(path) else path
    folder = RunFolder.create(path, write_config(_bound(prepared.config, prepared.generator)))
    if prepared.generator:
        store_space(folder, prepared.generator, "space")
    if prepared.baseline:
        store_space(folder, prepared.baseline, "baseline")
    if prepared.weights:
        save_weights(folder.path / _WEIGHTS, prepared.weights)
    if prepared.known:
        store_space(folder, prepared.known, "known")
    folder = folder.sealed()
    _call(folder, launched)
    return folder, prepared


def _call(folder: RunFolder, launched: Launched | None) -> None:
    """Tell the other processes where the run is."""
    if launched and launched.leads:
        launched.tell(str(folder.path.absolute()))


def _bound(config: RunConfig, space: Space | None) -> RunConfig:
    """With every parameter of a search space, those that are the teacher's too."""
    if space is None or space.is_genotype:
        return config
    return attrs.evolve(config, space=attrs.evolve(config.space, set=dict(space.parameters)))


def resume(
    path: Path,
    command: str,
    teacher: Teacher | None = None,
    trust: bool = False,
    given: Container[str] = (),
    launched: Launched | None = None,
) -> tuple[RunFolder, Prepared]:
    """Open a run to go on with it, with its own settings and its own copies of the spaces; with the
    `teacher` that is given in place of the one that it names, by the processes that are `launched`.

    Raises ConfigError, without `trust`, where it names Python that would be imported and is not
    among what is `given` beside it.
    """
    folder = RunFolder.open(path)
    config = read_config(folder.config)
    require_trust(code_of(config), path, trust, given)
    if "command" not in folder.config:
        raise RunError(f"{folder.config_path} breaks off: put it back, or start in another folder")
    check_shares(config, launched)
    if config.command != command:
        raise RunError(f"{path} was made by `autorecon {config.command}`: resume it with that")
    baseline = folder.path / "baseline.space" if config.space.baseline else None
    own = folder.space_path if config.space.file else None
    weights = folder.path / _WEIGHTS if config.space.weights else None
    known = folder.path / "known.space" if config.selects and config.select.known else None
    for needed in (own, baseline, weights, known):
        if needed and not needed.exists():
            raise RunError(f"{path} was interrupted before it began: remove it and start again")
    folder.check_whole()
    space = attrs.evolve(
        config.space,
        file=str(own) if own else "",
        baseline=str(baseline) if baseline else "",
        weights=str(weights) if weights else None,
    )
    select = attrs.evolve(config.select, known=str(known) if known else "")
    prepared = prepare(attrs.evolve(config, space=space, select=select), teacher)
    _call(folder, launched)
    return folder, attrs.evolve(prepared, launched=launched)


def run(folder: RunFolder, prepared: Prepared, progress: Progress, ahead: Ahead = ALONE) -> Results:
    """Search, derive, and compress with both generators at the same budget and seeds."""
    stages.set_threads(prepared.config.threads)
    with _held(folder):
        _look(folder, prepared, progress)
        stages.search(folder, prepared, progress, ahead)
        return _compress_all(folder, prepared, progress, ahead)


def search(
    folder: RunFolder, prepared: Prepared, progress: Progress, ahead: Ahead = ALONE
) -> Space:
    """Search alone."""
    stages.set_threads(prepared.config.threads)
    with _held(folder):
        found = stages.search(folder, prepared, progress, ahead)
        _tell_lost(folder, {"search": prepared.config.search.epochs}, progress)
        return found


def compress(
    folder: RunFolder,
    prepared: Prepared,
    progress: Progress,
    ahead: Ahead = ALONE,
    record: Path | None = None,
) -> Results:
    """Compress with the one generator that the space is, or by a method that needs none.

    The images are written to `record`, if it is given.
    """
    stages.set_threads(prepared.config.threads)
    with _held(folder):
        _look(folder, prepared, progress)
        return _compress_all(folder, prepared, progress, ahead, record)


@contextlib.contextmanager
def _held(folder: RunFolder) -> Iterator[None]:
    """Under its lock; what ends says how to go on, but for what would end in the same way."""
    with folder.lock():
        if not folder.is_sealed:
            folder.sealed()  # what a kill came before
        try:
            yield
        except BaseException as error:
            told = any("--resume" in note for note in getattr(error, "__notes__", ()))
            if not told and not isinstance(error, ArithmeticError):
                error.add_note(f"continue with --resume {folder.path}")
            raise


def side_by_side(
    folder: RunFolder, jobs: int | None = None, launched: Launched | None = None
) -> Ahead:
    """Trials and compressions of a run `jobs` at a time, or as many as this machine is good for;
    one after the other where several processes have a share of each."""
    if launched:
        return ALONE
    # What is shared out has been opened here before.
    command = read_config(folder.config).command
    return Ahead(partial(resume, folder.path, command, trust=True), jobs)


def _generators(folder: RunFolder, prepared: Prepared) -> dict[str, Named]:
    """What is compressed with, by label."""
    if prepared.config.command == "compress":
        space = prepared.generator
        return {"generator": ("space.space", space)} if space else {_method(prepared): None}
    found: dict[str, Named] = {}
    if prepared.baseline:
        found[HUMAN] = ("baseline.space", prepared.baseline)
    discovered = load_stored(folder, "genotype", prepared.space)
    return found | {DISCOVERED: ("genotype.space", discovered)}


def _method(prepared: Prepared) -> str:
    return prepared.config.compress.method


def _weights(
    folder: RunFolder, prepared: Prepared, label: str, progress: Progress
) -> Mapping[str, Tensor] | None:
    """What the generator of a label starts with, if that is not its seed's."""
    if label == DISCOVERED and prepared.config.inherit:
        return stages.supernet_weights(folder, progress)
    return prepared.weights


def compression_of(folder: RunFolder, prepared: Prepared, label: str, seed: int) -> Compression:
    """One of the run's compressions, still to be driven."""
    quiet = Progress(quiet=True)
    prepared = _examined(folder, prepared, quiet)
    named = _generators(folder, prepared)[label]
    weights = _weights(folder, prepared, label, quiet)
    return stages.compression(folder, prepared, label, named and named[1], seed, weights)


def _examined(folder: RunFolder, prepared: Prepared, progress: Progress) -> Prepared:
    """With images to measure students on: those of the data, else invented ones, made once."""
    if prepared.exam is not None or not prepared.invents:
        return prepared
    spaces = [named[1] for named in _generators(folder, prepared).values() if named]
    return attrs.evolve(prepared, exam=invented(folder, prepared, spaces, progress))


def _look(folder: RunFolder, prepared: Prepared, progress: Progress) -> None:
    """Read all images that students will be measured on, so that a damaged one is told now."""
    if (exam := prepared.exam) is None:
        return
    about = f", {exam.data.about}" if exam.data.about else ""
    progress.say(f"students are measured on {plural(exam.data.test_images, 'image')}{about}")
    try:
        accuracy = exam.accuracy
    except DataError as error:
        error.add_note(f"then begin with --resume {folder.path}")
        raise
    if accuracy is not None:
        progress.say(f"full precision: {accuracy:.2f} %")


def _compress_all(
    folder: RunFolder,
    prepared: Prepared,
    progress: Progress,
    ahead: Ahead,
    record: Path | None = None,
) -> Results:
    """One that diverges is a result among others; DivergedError where there are no others."""
    prepared = _examined(folder, prepared, progress)
    generators, ticks = _generators(folder, prepared), prepared.config.compress.ticks
    weights = {label: _weights(folder, prepared, label, progress) for label in generators}
    parts = [
        Part(
            f"{label}, seed {seed}",
            ticks,
            partial(compression_of, label=label, seed=seed),
            done=stages.result_path(folder, label, seed).exists(),
        )
        for seed in prepared.config.seeds
        for label in generators
    ]
    ahead(folder, "compressions", parts, progress)
    results: list[Student | Row] = []
    diverged: DivergedError | None = None
    for seed in prepared.config.seeds:
        for label, named in generators.items():
            space, given = named and named[1], weights[label]
            try:
                student = stages.compress(
                    folder, prepared, label, space, seed, progress, given, record
                )
                results.append(student)
            except DivergedError as error:
                diverged, why = error, f"diverged: {error}"
                progress.say(f"{label}, seed {seed} {why}")
                results.append(Row(label, seed, warnings=[why]))
    if diverged and not any(isinstance(result, Student) for result in results):
        raise diverged
    # The last label's is the run's own: what was discovered, beside what it is compared with.
    trained = stages.result_path(folder, [*generators][-1], prepared.config.seeds[0])
    if (weights_path := trained.with_suffix(stages.GENERATOR)).exists():
        link_or_copy(weights_path, folder.generator_path)
    ended = [f"compress/{r.generator}/seed{r.seed}" for r in results if isinstance(r, Student)]
    epochs = dict.fromkeys(ended, prepared.config.compress.epochs)
    if prepared.config.command == "run":
        epochs["search"] = prepared.config.search.epochs
    _tell_lost(folder, epochs, progress)
    return write_results(folder, prepared, generators, results)


def _tell_lost(folder: RunFolder, epochs: Mapping[str, int], progress: Progress) -> None:
    for line in lost_rows(folder, epochs):
        progress.say(f"warning: {line}")


def software() -> dict[str, str]:
    """Versions of what computes."""
    import torch

    found = {"python": platform.python_version(), "torch": torch.__version__}
    return found | {"autorecon": __version__, "platform": platform.platform()}
