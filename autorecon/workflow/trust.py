"""Python of people's own that settings name: what a file names is not imported unasked."""

from __future__ import annotations

from collections.abc import Container, Iterable

from autorecon import teachers
from autorecon.lang.wording import some
from autorecon.workflow.config import ConfigError, RunConfig


def code_of(config: RunConfig) -> list[str]:
    """The modules of operations, and the functions that make a teacher or a student."""
    return [*config.space.ops, *networks_of(config)]


def networks_of(config: RunConfig) -> list[str]:
    """The functions alone."""
    networks = (config.teacher.name, config.compress.student)
    return [name for name in networks if ":" in name and not _is_ours(name)]


def _is_ours(network: str) -> bool:
    return teachers.is_known(network) or network.startswith(teachers.GIVEN)


def require_trust(
    names: Iterable[str], place: object, trust: bool, given: Container[str] = ()
) -> None:
    """Raise ConfigError for code that is neither trusted nor `given` beside the place naming it."""
    found = dict.fromkeys(name for name in names if name not in given)
    if code := [] if trust else list(found):
        raise ConfigError(
            f"{place} names Python of its own, {some(code, 4)}, which would be imported and run "
            "here: where you trust whoever wrote it, add --trust"
        )
