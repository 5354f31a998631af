"""What a run needs, loaded and checked against each other before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from torch import Tensor

from autorecon import data, search, teachers
from autorecon.compress import check_method
from autorecon.data import Dataset
from autorecon.graph import Space, load
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.image_size import show_size, size_parameters
from autorecon.lang import Label, declared_parameters, find_space, load_ops
from autorecon.lang.syntax.parse import read_source
from autorecon.nn import generator
from autorecon.objective import NEEDS, Objective, ObjectiveError, lacking
from autorecon.records.coverage import Coverage
from autorecon.runs import load_weights
from autorecon.runs.launched import Launched
from autorecon.teachers import Teacher
from autorecon.workflow.config import ConfigError, RunConfig
from autorecon.workflow.device import check_device
from autorecon.workflow.exam import Exam

Settings = Mapping[str, int | float | bool]


@attrs.frozen
class Prepared:
    """A run's parts, None where there are none; `weights` are those that the generator starts with,
    `known` is a genotype that a selection tries as well, `exam` what students are measured by;
    where there is none and it `invents`, images are made for it. `launched` are the processes that
    take its steps together, where there are several. `coverage` tells how much of the teacher will
    be quantized."""

    config: RunConfig
    teacher: Teacher
    dataset: Dataset | None
    generator: Space | None
    baseline: Space | None
    weights: Mapping[str, Tensor] | None = None
    known: Space | None = None
    exam: Exam | None = None
    invents: bool = True
    launched: Launched | None = None
    coverage: Coverage | None = None

    @property
    def space(self) -> Space:
        """What is searched, or the one generator to compress with, where there is one."""
        assert self.generator is not None
        return self.generator

    def deriving(self, by: str) -> Prepared:
        """The same, with the architecture derived in another way; SearchError."""
        search = attrs.evolve(self.config.search, derive=by)
        return attrs.evolve(self, config=attrs.evolve(self.config, search=search))

    @property
    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Mean and deviation that images are normalised with, where they are known."""
        known = self.dataset or self.teacher
        return (known.mean, known.std) if known.mean and known.std else None


def prepare(
    config: RunConfig, given: Teacher | None = None, like: Prepared | None = None
) -> Prepared:
    """Load everything; raises the error of whichever part is missing or does not fit.

    A teacher that is given takes the place of the one that is named. What is `like` it was prepared
    of the same `config.teacher`: what was loaded and found for that is taken over.
    """
    load_ops(*config.space.ops)
    _check_method(config)
    check_device(config)
    teacher = given or (like.teacher if like else load_teacher(config))
    coverage = check_teacher(config, teacher, like)
    dataset = like.dataset if like else load_data(config, teacher)
    exam = Exam.of(teacher.module, dataset) if dataset else None
    if not config.space.file:
        return Prepared(config, teacher, dataset, None, None, exam=exam, coverage=coverage)
    space = bind(config.space.file, config.space.set, teacher)
    baseline = _bind_one(config.space.baseline, teacher) if config.space.baseline else None
    _check_choices(config, space)
    known = _known(config, space) if config.selects and config.select.known else None
    asked = config.compress.asks_classes if config.compresses else ""
    who = _who_searches(config) or asked
    space = _labelled(space, who)
    for other, asks in ((known, who), (baseline, asked)):
        if other:
            _labelled(other, asks)
    if config.command != "compress":
        search.check(config.search, space)
    weights = _weights(config, space)
    return Prepared(
        config, teacher, dataset, space, baseline, weights, known, exam, coverage=coverage
    )


def _known(config: RunConfig, space: Space) -> Space:
    """The genotype that is tried as well; ConfigError where it is none of the space."""
    known = load(find_space(config.select.known))
    try:
        space.picks(known)
    except ArchitectureError as error:
        raise ConfigError(
            f"select.known = '{config.select.known}' is no genotype of {space.name}: {error}"
        ) from None
    return known


def _weights(config: RunConfig, space: Space) -> Mapping[str, Tensor] | None:
    """Those of the generator, from a file of this one or of a super net; RunError, WeightsError."""
    if config.space.weights is None:
        return None
    return generator(space, weights_from=load_weights(config.space.weights)).state_dict()


def _check_choices(config: RunConfig, space: Space) -> None:
    """Raise ConfigError unless there is a choice just where there is a search."""
    if config.command == "compress" and not space.is_genotype:
        raise ConfigError(
            f"{config.space.file} has {space.architectures:.1e} architectures; compress needs one: "
            "name a genotype, or let `autorecon run` search this space"
        )
    if config.command != "compress" and space.is_genotype:
        raise ConfigError(
            f"{config.space.file} leaves nothing to search; use `autorecon compress` with it"
        )


def _who_searches(config: RunConfig) -> str:
    """As `CompressConfig.asks_classes`, of the search."""
    text = config.search.objective
    asks = config.command != "compress" and Objective.parse(text).asks_classes
    return f"the objective '{text}'" if asks else ""


def _labelled(space: Space, who: str) -> Space:
    """The same where nobody asks for images of a class, else those of its generators that know
    what they are asked for; ConfigError where there are none."""
    other = "objective, as 'onehot + entropy + 0.1*bns'" if "objective" in who else "method"
    try:
        return space.requiring("label") if who else space
    except ArchitectureError as error:
        raise ConfigError(
            f"{who} asks for images of a class, and {error}: change that, or choose another "
            f"generator, such as gdfq-cifar, or another {other}"
        ) from None


def _check_method(config: RunConfig) -> None:
    """Raise ConfigError unless there is a generator just where the method has a use for one."""
    method = config.compress.recipe
    if not config.compresses:
        return
    if config.command == "search" and method.source != "generator":
        raise ConfigError(
            f"the method {method.name} has no generator to select by: choose another by "
            "compress.method, or set select.candidates=1"
        )
    if config.selects and config.select.bits and method.family != "quantization":
        raise ConfigError(
            f"select.bits is for methods that quantize, which {method.name} does not: leave it out"
        )
    if config.command == "run" and method.source != "generator":
        raise ConfigError(
            f"`autorecon run` compares generators, and the method {method.name} has none; use "
            f"`autorecon compress --method {method.name}`"
        )
    if method.source == "generator" and not config.space.file:
        raise ConfigError(
            f"the method {method.name} needs a generator: name a genotype file, or `gdfq-cifar`, "
            "or for large images `gdfq-imagenet`"
        )
    if method.source != "generator" and config.space.file:
        raise ConfigError(
            f"the method {method.name} takes no generator: leave out {config.space.file}"
        )


def check_teacher(
    config: RunConfig, teacher: Teacher, like: Prepared | None = None
) -> Coverage | None:
    """How much of the teacher will be quantized, if any is; as it was found for what is `like` it,
    with the same student.

    Raises CompressError or ObjectiveError where it lacks what a stage needs of it.
    """
    if config.command in ("run", "search"):
        objective = Objective.parse(config.search.objective)
        if missing := lacking(teacher.module, objective.needs):
            raise ObjectiveError(
                f"the objective '{objective}' needs {' and '.join(map(NEEDS.__getitem__, missing))}"
                f" of the teacher, and {teacher.name} has none"
            )
    if not config.compresses:
        return None
    if like and like.coverage and like.config.compress == config.compress:
        return like.coverage
    return check_method(teacher.module, config.compress, teacher.image_shape)


def load_teacher(config: RunConfig) -> Teacher:
    wanted = config.teacher
    if wanted.name.startswith(teachers.GIVEN):
        raise ConfigError(
            f"the teacher is {wanted.name}: go on where it is, in Python, with out=FOLDER"
        )
    return teachers.load(
        wanted.name,
        weights=wanted.weights,
        size=wanted.size,
        channels=wanted.channels,
        mean=wanted.mean,
        std=wanted.std,
    )


def load_data(config: RunConfig, teacher: Teacher) -> Dataset | None:
    """The data set to measure on, normalised as the teacher's images are, its files found.

    Errors say what to do where they are missing.
    """
    name = teacher.data if config.teacher.data is None else config.teacher.data
    if not name:
        return None
    if name.startswith(data.OWN):
        about = teacher.classes, teacher.mean, teacher.std
        return data.open_own(name, teacher.image_shape, *about)
    dataset = data.load(name, size=teacher.size)
    if (dataset.channels, dataset.classes) != (teacher.channels, teacher.classes):
        raise ConfigError(
            f"{name} has {dataset.classes} classes and {dataset.channels} channels, the teacher "
            f"{teacher.classes} and {teacher.channels}: choose another with --data, or --data ''"
        )
    if teacher.mean and teacher.std:
        dataset = attrs.evolve(dataset, mean=teacher.mean, std=teacher.std)
    _ = dataset.test  # missing files are found now, not after the search
    return dataset


def bind(file: str, given: Settings, teacher: Teacher) -> Space:
    """A space with `classes`, `channels` and `size` of the teacher, where it declares them; `rows`
    and `columns` instead of the size, where images are not square."""
    path = find_space(file)
    declared = set(declared_parameters(read_source(path)))
    own = {"classes": teacher.classes, "channels": teacher.channels}
    sides = size_parameters(teacher.size)
    # A size that is given is also that of the sides which follow it.
    own |= {} if "size" in given else sides
    if "size" in declared and "size" not in sides and not {"rows", "columns"} <= declared:
        raise ConfigError(
            f"{file} makes square images, and {teacher.name} takes {show_size(teacher.size)}: let "
            "it have the parameters `rows = size, columns = size`, and make images of both"
        )
    space = load(path, **({k: v for k, v in own.items() if k in declared} | dict(given)))
    labels = [n.shape for n in space.program.inputs if isinstance(n.shape, Label)]
    if len(space.output.shape) != 3:
        raise ConfigError(f"{file} makes vectors, not images; its output needs three sizes")
    channels, height, width = space.output.shape
    classes = labels[0].classes if labels else None
    made = (channels, height, width)
    teachers.check_fits(teacher, image_shape=made, classes=classes, parameters=declared)
    return space


def _bind_one(file: str, teacher: Teacher) -> Space:
    """What `bind` gives of one generator; ConfigError where there is something to choose."""
    space = bind(file, {}, teacher)
    if not space.is_genotype:
        raise ConfigError(f"{file} has {space.architectures:.1e} architectures; name one of them")
    return space
