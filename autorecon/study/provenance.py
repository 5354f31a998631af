"""What made a study: versions, and the commit where the package is run from a checkout."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import autorecon
from autorecon.workflow.run import software


@cache
def made_by() -> dict[str, str]:
    """Versions of software, and `commit` if git knows it, with -dirty where files differ.

    As this process began, since a checkout may move on while it runs.
    """
    return software() | ({"commit": found} if (found := _commit()) else {})


def _commit() -> str:
    folder = Path(autorecon.__file__).parent
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        # Installed somewhere below another project's checkout, it is not that one's commit.
        tracked = ["git", "-C", str(folder), "ls-files", "--error-unmatch", "__init__.py"]
        subprocess.run(tracked, capture_output=True, check=True, timeout=10)
        return subprocess.run(
            command, capture_output=True, check=True, text=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
