"""Everything needed to repeat a run, as a run folder's config.toml holds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from autorecon.compress import Bits, CompressConfig
from autorecon.compress.quantization.bits import NO_BITS, as_bits, plain
from autorecon.image_size import Size, structured_size
from autorecon.lang import did_you_mean
from autorecon.lang.wording import brief
from autorecon.records.schema import is_small, register_exact
from autorecon.search import SearchConfig
from autorecon.search.config import SECTIONS

Settings = TypeVar("Settings")


class ConfigError(ValueError):
    """A setting that does not exist or makes no sense; one line says which."""

    exit_code = 2


@attrs.frozen
class SpaceConfig:
    """What to search or compress with, its parameters, and the generator to compare with.

    An empty `file` is for methods that take no generator, an empty `baseline` compares with none.
    `weights` is a safetensors file that the generator of `compress` starts with.

    `ops` are the modules that declare the operations that these use beside the catalogue's.
    """

    file: str = "paper"
    set: dict[str, int | float | bool] = attrs.Factory(dict)
    baseline: str = "gdfq-cifar"
    ops: tuple[str, ...] = ()
    weights: str | None = None


@attrs.frozen
class TeacherConfig:
    """A shipped teacher, or another one as `autorecon teachers` says, with a file of weights.

    `data` names what students are measured on, a data set or `folder:PATH`; "" is nothing. `size`
    (a number, or height and width), `channels`, `mean` and `std` are those of its images. None is
    the teacher's own.
    """

    name: str = "resnet20-fashion16"
    weights: str | None = None
    size: Size | None = None
    channels: int | None = None
    data: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None


TRIAL_SEEDS = 1_000_000
"""Seeds from here on are those of the trials by which genotypes are selected."""

PRECISIONS = ("fp32", "fp32-channels-last", "bf16", "bf16-channels-last")
AUTO = "auto"


@attrs.frozen
class PrecisionConfig:
    """What each stage computes in, of PRECISIONS.

    AUTO is replaced before a run begins by the one that is the fastest on this machine, and `trial`
    has what it was chosen by: seconds a step, by stage.
    """

    search: str = "fp32"
    compress: str = "fp32"
    trial: dict[str, dict[str, float]] = attrs.Factory(dict)

    def __attrs_post_init__(self) -> None:
        for name in (self.search, self.compress):
            if name not in (AUTO, *PRECISIONS):
                hint = did_you_mean(name, [AUTO, *PRECISIONS])
                raise ConfigError(f"there is no precision '{name}': {hint}")


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?")


def bytes_of(text: str) -> int:
    """8G, 512M, 1.5 GiB; ConfigError for anything else."""
    if not (match := _SIZE.fullmatch(text.strip())):
        raise ConfigError(f"memory.limit = '{text}' is no size: write it as 8G, or 512M")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2] or " "))


@attrs.frozen
class MemoryConfig:
    """What a run may take of the machine; an empty `limit` is a share of what is free there.

    `parts` are those of a batch that teacher and student see at a time, which changes no gradient.
    It is set, as the batches are, to what fits before a run begins; `fits` then says into what.
    """

    limit: str = ""
    parts: int = 1
    fits: str = ""

    def __attrs_post_init__(self) -> None:
        if self.limit:
            bytes_of(self.limit)
        if self.parts < 1:
            raise ConfigError(f"memory.parts = {self.parts} must be at least 1")


@attrs.frozen
class SelectConfig:
    """Short compressions with several architectures of the search, the best of which is taken.

    1 of `candidates` takes what the search derives. Each is tried with `seeds` seeds and `budget`,
    the share of the compression's steps, and `bits`, those of the compression if empty: fewer bits
    tell generators apart that more do not. Students are compared on at least so many `images` of
    each trial. `known` is a genotype of the space that is tried beside what the search proposes.
    Raises ConfigError.
    """

    candidates: int = 1
    seeds: int = 1
    budget: float = 0.5
    bits: Bits = attrs.field(default=NO_BITS, converter=as_bits)
    images: int = 500
    known: str = ""

    def __attrs_post_init__(self) -> None:
        for name in ("candidates", "seeds", "images"):
            if getattr(self, name) < 1:
                raise ConfigError(f"select.{name} = {getattr(self, name)} must be at least 1")
        if not 0 < self.budget <= 1:
            raise ConfigError(f"select.budget = {self.budget} must be above 0, and at most 1")


@attrs.frozen
class RunConfig:
    """One section a stage. `command` is what made the folder: run, search or compress.

    `recipe` names the settings that the others were put on; they are here, every one of them.
    `asked` is a digest of what was asked for, where a launcher may ask for it again.
    `device` is cpu, cuda or one of several, as cuda:1. With `inherit` the discovered generator
    starts its compression with the super net's weights. `keep_float` leaves the weights that the
    student was trained in beside its packed file.
    """

    command: str = "run"
    asked: str | None = None
    recipe: str = ""
    seeds: tuple[int, ...] = (0,)
    threads: int = 0
    device: str = "cpu"
    inherit: bool = False
    keep_float: bool = False
    precision: PrecisionConfig = attrs.Factory(PrecisionConfig)
    memory: MemoryConfig = attrs.Factory(MemoryConfig)
    space: SpaceConfig = attrs.Factory(SpaceConfig)
    teacher: TeacherConfig = attrs.Factory(TeacherConfig)
    search: SearchConfig = attrs.Factory(SearchConfig)
    select: SelectConfig = attrs.Factory(SelectConfig)
    compress: CompressConfig = attrs.Factory(CompressConfig)
    software: dict[str, str] = attrs.Factory(dict)

    def __attrs_post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or not _are_seeds(self.seeds):
            raise ConfigError(
                f"seeds = {list(self.seeds)} must be different whole numbers from 0 to 2**63 - 1"
            )
        if self.compress.seed:
            raise ConfigError(
                f"compress.seed = {self.compress.seed} is not for a run, which has one or several "
                f"`seeds`: give --with 'seeds=[{self.compress.seed}]'"
            )
        if self.threads < 0:
            raise ConfigError(f"threads = {self.threads} must be 0 (torch's choice) or more")
        if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", self.device):
            raise ConfigError(f"device = '{self.device}' must be cpu, cuda, or as cuda:1")
        if self.inherit and self.command != "run":
            raise ConfigError("inherit is for `autorecon run`, which both searches and compresses")
        if self.space.weights and (self.command != "compress" or not self.space.file):
            raise ConfigError(
                "generator weights are for `autorecon compress` with a generator; a run that "
                "searches has `inherit`"
            )

    @property
    def selects(self) -> bool:
        """Whether the search's architectures are compared by short compressions."""
        return self.command != "compress" and self.select.candidates > 1

    @property
    def compresses(self) -> bool:
        """Whether anything is compressed, be it to select."""
        return self.command != "search" or self.selects


def _are_seeds(seeds: Sequence[int]) -> bool:
    """What torch takes."""
    return min(seeds) >= 0 and max(seeds) < 2**63


@cache
def _converter(detailed: bool = True) -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=detailed)
    register_exact(converter)
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...], lambda value, _: _strings(value)
    )
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[float, ...],
        lambda value, _: tuple(converter.structure(number, float) for number in _numbers(value)),
    )
    converter.register_structure_hook(Bits, lambda value, _: converter.structure(value, str))
    scalar = int | float | bool
    converter.register_structure_hook(scalar, lambda value, _: _scalar(value))
    converter.register_structure_hook(
        Size | None, lambda value, _: None if value is None else structured_size(value)
    )
    own = (SpaceConfig, TeacherConfig, PrecisionConfig, MemoryConfig, SelectConfig, RunConfig)
    for section in (*SECTIONS, *own, SearchConfig, CompressConfig):
        hook = make_dict_structure_fn(section, converter, _cattrs_forbid_extra_keys=True)
        converter.register_structure_hook(section, hook)
    return converter


def _strings(value: Any) -> tuple[str, ...]:
    """A string is no list of them, though Python would take its letters."""
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise ValueError(f"expected a list of names, not {value!r:.60}")
    return tuple(value)


def _numbers(value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"expected a list of numbers, not {value!r:.60}")
    return value


def _scalar(value: Any) -> int | float | bool:
    if type(value) not in (int, float, bool):
        raise ValueError(f"expected a number, true or false, not {value!r:.60}")
    return value


def read_config(values: Mapping[str, Any]) -> RunConfig:
    """A configuration from TOML's values; ConfigError names the section and the key."""
    return structured(values, RunConfig)


def structured(values: Mapping[str, Any], kind: type[Settings]) -> Settings:
    """An attrs class from TOML's values; ConfigError names the section and the key."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"expected a table of settings, not {values!r:.40}")
    try:
        return _converter(is_small(values)).structure(values, kind)
    except (cattrs.BaseValidationError, TypeError, ValueError, KeyError, AttributeError) as error:
        if getattr(error, "exit_code", None) is not None:
            raise
        reasons = cattrs.transform_error(error, path="settings", format_exception=_reason)
        more = f"; and {len(reasons) - 4} more" if len(reasons) > 4 else ""
        text = brief("; ".join(reasons[:4])).replace("settings.", "")
        raise ConfigError(f"{text}{more}") from None


def _reason(error: BaseException, kind: type | None) -> str:
    if isinstance(error, AttributeError | TypeError):
        # What cattrs meets where it takes a value for a table, or for a list.
        section = attrs.has(kind) or get_origin(kind) is dict if kind else False
        return f"expected a {'section of settings' if section else 'list'}, not a value"
    if not isinstance(error, cattrs.ForbiddenExtraKeysError):
        return str(error)
    known = [field.name for field in attrs.fields(error.cl)]
    wrong = sorted(error.extra_fields)
    return "; ".join(f"there is no `{name}`: {did_you_mean(name, known)}" for name in wrong)


def write_config(config: Any) -> dict[str, Any]:
    """Plain values for a TOML file of an attrs class; settings that are None are left out."""
    return _without_none(attrs.asdict(config, value_serializer=plain))


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value)
        if isinstance(value, Mapping)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in values.items()
        if value is not None
    }
