"""From what a user gives to a configuration's values: recipe, file, options and assignments."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from autorecon.lang import did_you_mean
from autorecon.reading import read_bounded
from autorecon.workflow.config import ConfigError

RECIPE = "autorecon"
"""The recipe of a search that names none."""
LIMIT = 1_000_000
"""Bytes of a file of settings."""


def recipes() -> dict[str, str]:
    """The shipped recipes by name, as TOML."""
    return shipped_toml(files("autorecon") / "recipes")


def shipped_toml(folder: Traversable) -> dict[str, str]:
    """The texts of a packaged folder's TOML files, by their names without ending."""
    found = {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}
    return {name: found[name].read_text("utf-8") for name in sorted(found)}


def combine(
    file: str | Path | None,
    settings: Mapping[str, Any],
    assignments: list[str],
    recipe: str | None = None,
) -> dict[str, Any]:
    """A recipe's settings, under a file's, under those of options (dotted keys), under `key=value`
    assignments.

    `recipe` is what is taken where none of these names another; None is for jobs that have none.
    The recipe's space, with its parameters and the genotype of it that is known, counts where no
    other is named, and how it compresses where no other method is. Raises ConfigError.
    """
    values = _read_toml(Path(file)) if file else {}
    for key, value in settings.items():
        if value is not None:
            _put(values, key, value)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"'{assignment}' is not of the form key=value")
        _put(values, key.strip(), toml_value(text.strip()))
    if recipe is None:
        values.pop("recipe", None)
        return values
    return _on_recipe(values, values.get("recipe") or recipe)


def _on_recipe(values: dict[str, Any], name: Any) -> dict[str, Any]:
    known = recipes()
    if not isinstance(name, str) or name not in known:
        raise ConfigError(f"recipe = '{name}' is unknown: {did_you_mean(str(name), list(known))}")
    own = tomllib.loads(known[name])
    if "file" in _section(values, "space"):
        own.pop("space", None)
        own.get("select", {}).pop("known", None)
    method = own.get("compress", {}).get("method")
    if _section(values, "compress").get("method", method) != method:
        own.pop("compress", None)
    return under(own, values) | {"recipe": name}


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A section that may be left out; ConfigError where it is a value."""
    section = values.get(name, {})
    if not isinstance(section, Mapping):
        raise ConfigError(f"`{name}` is a section, not a value: name a setting of it, `{name}.KEY`")
    return section


def under(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, section by section; what is in both is as above."""
    merged = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping):
            merged[key] = under(below[key], above[key])
    return merged


def toml_value(text: str) -> Any:
    """A value as TOML writes it; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise ConfigError(f"`{key}`: `{section}` is a value, not a section")
    if isinstance(value, Mapping):
        value = {**_section(values, last), **value}
    values[last] = value


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_bounded(path, LIMIT).decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
