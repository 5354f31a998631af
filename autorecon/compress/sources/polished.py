"""Images that a generator made, brought nearer to the teacher's statistics pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor

from autorecon.compress.settings import POLISHING
from autorecon.compress.sources.parts import differentiate
from autorecon.nn import processes
from autorecon.objective import Objective, Request, TeacherView

RATE = 0.1
"""As ZeroQ has it, whose pixels begin as noise."""


def polished(images: Tensor, view: TeacherView, steps: int, parts: int = 1) -> Tensor:
    """Images [N, C, H, W] after so many steps of Adam on their pixels, towards the means and
    deviations that the teacher's BatchNorm layers have stored; those that are given stay.

    What a generator has not learned in its few steps pixels learn in fewer, and they begin where
    its images are, which are smooth and differ by class, as noise is not.
    """
    pixels = images.detach().clone().requires_grad_()
    objective, optimiser = Objective.parse(POLISHING), torch.optim.Adam([pixels], RATE)
    nothing = Request(torch.zeros(len(images), dtype=torch.int64)).on(images.device)
    with torch.enable_grad():
        for _ in range(steps):
            optimiser.zero_grad()
            differentiate(objective, view, None, processes.part(pixels), nothing, parts)
            optimiser.step()
    return pixels.detach()
