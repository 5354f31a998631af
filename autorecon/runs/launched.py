"""Processes that a launcher such as torchrun has started with one command: the first of them leads,
writes and prints, and tells the others what to do with it.

Nothing but short texts goes from one to another: all of them see the run's folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.runs.errors import RunError

if TYPE_CHECKING:
    from torch import Tensor

PATIENCE = timedelta(minutes=30)
"""How long a step may wait for another process. One that dies is noticed at once."""
_FOREVER = timedelta(days=30)
"""The others wait while the first one alone has something to do."""
_END, _LONGEST = -1, 2**24
_SEEN_WITHIN = 90.0  # seconds in which a file is to be seen by all; NFS may take a minute


@attrs.define
class Launched:
    """Of `size` processes this is the one of number `rank`; `local` of those on this machine."""

    rank: int
    size: int
    local: int = 0
    local_size: int = 1
    _told: Any = attrs.field(default=None, init=False, repr=False)

    @classmethod
    def here(cls) -> Launched | None:
        """What a launcher says in the environment, if there is any. Raises RunError."""
        if not {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
            return None
        size = _number("WORLD_SIZE", 1)
        found = cls(
            _number("RANK"), size, _number("LOCAL_RANK", 0), _number("LOCAL_WORLD_SIZE", size)
        )
        if not found.rank < found.size:
            raise RunError(f"RANK = {found.rank} must be below WORLD_SIZE = {found.size}")
        return found

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def connect(self) -> None:
        """Meet the others."""
        import torch
        from torch import distributed

        cuda = torch.cuda.is_available() and distributed.is_nccl_available()
        if cuda and self.local < torch.cuda.device_count():
            torch.cuda.set_device(self.local)
        backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
        place = distributed.rendezvous("env://", rank=self.rank, world_size=self.size)
        # torchrun keeps one store for all of its attempts, with the addresses of the dead.
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store = distributed.PrefixStore(f"autorecon/{attempt}", next(place)[0])
        who = {"store": store, "rank": self.rank, "world_size": self.size}
        _asking(distributed.init_process_group, backend, timeout=PATIENCE, **who)
        self._told = distributed.new_group(backend="gloo", timeout=_FOREVER)

    def tell(self, message: Any) -> None:
        """Send the others a JSON value, which is what `hear` gives there."""
        import torch

        text = json.dumps(message).encode()
        self._send(torch.tensor(len(text)))
        self._send(torch.frombuffer(bytearray(text), dtype=torch.uint8))

    def hear(self) -> Any:
        """What the first process says next; raises EndedError where that is no more."""
        import torch

        length = torch.tensor(0)
        self._send(length)
        if not 0 <= int(length) <= _LONGEST:
            raise EndedError
        text = torch.empty(int(length), dtype=torch.uint8)
        self._send(text)
        return json.loads(bytes(text.tolist()))

    def _send(self, values: Tensor) -> None:
        from torch import distributed

        _asking(distributed.broadcast, values, src=0, group=self._told)

    def break_off(self) -> None:
        """Say nothing more: the others are not listening, and end when this process does."""
        self._told = None

    def end(self) -> None:
        """Let go of the others, which then end as well."""
        import torch
        from torch import distributed

        if self._told is None:
            return
        with contextlib.suppress(RuntimeError):
            if self.leads:
                self._send(torch.tensor(_END))
            distributed.destroy_process_group()
        self._told = None


class EndedError(Exception):
    """The first process has let go of the others."""


def _asking(collective: Callable[..., object], *arguments: Any, **options: Any) -> None:
    from autorecon.nn.processes import asking

    asking(collective, *arguments, **options)


def _number(name: str, default: int | None = None) -> int:
    text = os.environ.get(name, "" if default is None else str(default))
    if not text.isdecimal():
        raise RunError(f"{name} = '{text}' in the environment must be a whole number")
    return int(text)


def seen(path: Path) -> Path:
    """A file that another process wrote, when it is there; RunError where it does not come."""
    until = time.monotonic() + _SEEN_WITHIN
    while not path.exists():
        if time.monotonic() > until:
            raise RunError(f"{path} is not there: all processes must see the folder of the run")
        time.sleep(0.1)
    return path
