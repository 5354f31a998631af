"""A batch of images in the making, of noise that is learnt for it."""

from __future__ import annotations

import math
from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.compress.methods.method import Codes
from autorecon.nn.transfer import sent
from autorecon.objective import Request


@attrs.define(eq=False)
class Attempt:
    """What the images shall show, what their noise is made of, and after `steps` steps those
    [N, C, H, W] that had the `least` loss."""

    request: Request
    codes: Codes
    optimiser: torch.optim.Optimizer
    best: Tensor
    least: Tensor
    steps: int = 0

    @classmethod
    def begin(
        cls, request: Request, codes: Codes, optimiser: torch.optim.Optimizer, shape: torch.Size
    ) -> Attempt:
        """Before the first step."""
        best = torch.zeros(shape, device=request.labels.device)
        return cls(request, codes, optimiser, best, torch.full((), math.inf, device=best.device))

    def note(self, images: Tensor, loss: Tensor) -> None:
        """What a step began with; nobody waits to know whether its loss is the least."""
        self.best = torch.where(loss < self.least, images, self.best)
        self.least = torch.minimum(loss, self.least)
        self.steps += 1

    def state(self) -> dict[str, Any]:
        return {
            "request": self.request.state(),
            "codes": {name: value.detach() for name, value in self.codes.items()},
            "optimiser": self.optimiser.state_dict(),
            "best": self.best,
            "least": self.least,
            "steps": self.steps,
        }

    def take(self, state: dict[str, Any]) -> None:
        """Go on from a `state`, request and codes of which it began with."""
        self.optimiser.load_state_dict(state["optimiser"])
        device = self.best.device
        self.best, self.least = (sent(state[name], device) for name in ("best", "least"))
        self.steps = state["steps"]
