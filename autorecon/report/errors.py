from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import cattrs

Shape = TypeVar("Shape")


class ReportError(ValueError):
    """A file of the run cannot be shown; the message names it and says what to do."""

    exit_code = 2


def structured(
    build: Callable[[object, type[Shape]], Shape], value: object, shape: type[Shape], place: str
) -> Shape:
    """`build(value, shape)`; a value of another shape raises ReportError with its first fault."""
    try:
        return build(value, shape)
    except (cattrs.BaseValidationError, TypeError, ValueError, OverflowError) as error:
        fault = cattrs.transform_error(error)[0].replace("@ $", "at ").rstrip()
        raise ReportError(
            f"{place} is not as a run writes it ({fault}): put back the original, "
            "or continue the run with --resume to write it again"
        ) from error


def read_json(path: Path) -> Any:
    """What a file of the run holds; None if there is no file. Raises ReportError."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReportError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{path} is not JSON ({error}): put back the original") from error
