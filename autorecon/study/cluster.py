"""What a study's jobs ask of a cluster, as its TOML states it in `[cluster]`."""

from __future__ import annotations

import attrs

from autorecon.study.errors import StudyError
from autorecon.workflow.memory import bytes_of

_KINDS = {"minutes": 1, "cpus": 1, "gpus": 0, "jobs": 0}


@attrs.frozen
class Cluster:
    """Of each job, which does one cell: its share of a node, and for how long it may have it.

    `partition` and `account` are Slurm's, `memory` is as 8G, `address` that of a Ray cluster that
    runs already. `jobs` are given out at a time, as many as one likes where it is 0. With
    `gpus` a cell is computed by CUDA; no figure of a study depends on anything else here. Raises
    StudyError.
    """

    partition: str = ""
    account: str = ""
    minutes: int = 240
    cpus: int = 1
    gpus: int = 0
    memory: str = ""
    address: str = ""
    jobs: int = 0

    def __attrs_post_init__(self) -> None:
        for name, least in _KINDS.items():
            value = getattr(self, name)
            if value < least:
                raise StudyError(f"cluster.{name} = {value} must be {least} or more")
        if self.memory:
            bytes_of(self.memory)

    @property
    def bytes(self) -> int:
        """Of memory; 0 where none is asked for."""
        return bytes_of(self.memory) if self.memory else 0
