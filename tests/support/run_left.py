"""Runs begun by their settings, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path

from autorecon.runs import Progress
from autorecon.workflow import run as workflow
from autorecon.workflow.config import read_config

QUIET = Progress(quiet=True)


def start(settings, path="run", command="run"):
    return workflow.start(Path(path), read_config(settings | {"command": command}), QUIET)


def without_time(path):
    rows = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "crc32")} for row in rows]


def files(path):
    """Everything a run leaves but the times in it."""
    kept = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix not in (".json", ".jsonl"))
    return {str(p.relative_to(path)): p.read_bytes() for p in kept if "checkpoint" not in p.parts}
