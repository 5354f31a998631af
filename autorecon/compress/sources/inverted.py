"""Images found batch by batch, by a generator and the noise that it draws them of together.

A batch begins with fresh noise, takes some steps, and what was best of it goes into a bank, from
which the student learns. The noise is learnt for the classes asked for, so that a generator needs
no label input.
"""

from __future__ import annotations

import copy
import math
from typing import Any, cast

import attrs
import torch
from torch import Tensor, nn

from autorecon.compress.batch import Batch
from autorecon.compress.config import CompressConfig
from autorecon.compress.errors import CompressError
from autorecon.compress.methods.method import Codes
from autorecon.compress.sources.bank import Bank
from autorecon.compress.sources.base import Learner, answered, ask_for, losses_of
from autorecon.compress.sources.moving import Moves
from autorecon.compress.sources.parts import differentiate
from autorecon.nn import processes
from autorecon.nn.transfer import sent
from autorecon.objective import Objective, Request, TeacherView, Values
from autorecon.objective.joining import own_share

BETAS = (0.5, 0.999)


@attrs.define(eq=False)
class Attempt:
    """A batch in the making: what it shall show, what its noise is made of, and the images that
    had the `least` loss so far."""

    request: Request
    codes: Codes
    optimiser: torch.optim.Optimizer
    best: Tensor
    least: Tensor

    def note(self, images: Tensor, loss: Tensor) -> None:
        """Keep images [N, C, H, W] if their loss is the least; nobody waits to know."""
        self.best = torch.where(loss < self.least, images, self.best)
        self.least = torch.minimum(loss, self.least)


class Inverted:
    """Batches that take `image_steps` steps of Adam each, as the method's `inversion` has them."""

    labelled = True

    def __init__(
        self,
        generator: nn.Module,
        view: TeacherView,
        config: CompressConfig,
        classes: int,
        random: torch.Generator,
        parts: int = 1,
    ) -> None:
        assert config.recipe.inversion is not None
        self.generator, self.inversion = generator.train(), config.recipe.inversion
        self.objective = Objective.parse(config.objective, has_student=True)
        self.bank = Bank(config.bank)
        self._view, self._config, self._random, self._parts = view, config, random, parts
        self._latent = cast(int, generator.latent)
        self._classes = classes
        self._check()
        view.compute.place(generator)
        # The one that takes the steps: a copy where the generator learns from where they begin.
        self._working = copy.deepcopy(generator) if self.inversion.meta else generator
        self._meta = self._meta_optimiser()
        self._attempt: Attempt | None = None
        self._count = 0

    def _check(self) -> None:
        if not self._latent:
            raise CompressError(
                f"the method {self._config.method} learns the noise that images are drawn of, and "
                "this generator has none: choose one with a noise input, as dafl"
            )
        if self.objective.needs_decoder:
            raise CompressError(
                f"the objective '{self._config.objective}' reads the noise off images, which the "
                f"method {self._config.method} learns itself: leave out `decode`"
            )

    def _meta_optimiser(self) -> torch.optim.Optimizer | None:
        """Of the sum of a batch's gradients, at as many times the rate as it has steps."""
        if not self.inversion.meta:
            return None
        rate = self._config.generator_lr * self._config.image_steps
        return torch.optim.Adam(self.generator.parameters(), rate, betas=BETAS, fused=True)

    def make(self, student: Learner | None) -> tuple[Batch | None, Values]:
        """One step of the present batch, which goes into the bank after the last of its steps."""
        if self._attempt is None:
            request = self.ask(self._config.batch)
            self._attempt = self._begin(request, self.codes(request))
        losses = self._step(self._attempt, student)
        self._count = (self._count + 1) % self._config.image_steps
        if self._count:
            return None, losses
        batch, self._attempt = self._finished(self._attempt), None
        self.bank.add(batch)
        return batch, losses

    def ask(self, count: int) -> Request:
        """What `count` images shall show."""
        teacher = self._view.teacher
        request = ask_for(self._config, count, self._classes, teacher, self._random)
        return request.on(self._view.compute.device)

    def codes(self, request: Request) -> Codes:
        """Fresh ones of a batch, drawn on the CPU."""
        drawn = self.inversion.codes(request, self._latent, self._view.teacher, self._random)
        like = next(self.generator.parameters())
        return {name: sent(value.to(like.dtype), like.device) for name, value in drawn.items()}

    def generate(self, request: Request, codes: Codes) -> tuple[Tensor, Request]:
        """This process's share of the images [N, C, H, W], with a graph, and the request with the
        noise of all of them."""
        noise = self.inversion.noise(codes, request, self._view.teacher)
        asked = attrs.evolve(request, noise=noise)
        own = own_share(asked)
        return self._view.compute(self._working, own.noise, own.labels), asked

    def _begin(self, request: Request, codes: Codes) -> Attempt:
        """A batch before its first step; the working copy begins where the generator is."""
        if self.inversion.meta:
            self._working.load_state_dict(self.generator.state_dict())
        learnt = [value.requires_grad_() for value in codes.values()]
        rate = self._config.generator_lr
        groups: list[dict[str, Any]] = [
            {"params": list(self._working.parameters())},
            {"params": learnt, "lr": self._config.code_lr or rate},
        ]
        shape = cast(tuple[int, int, int], self.generator.image_shape)
        nothing = torch.zeros(self._config.batch, *shape, device=self._view.compute.device)
        least = torch.full((), math.inf, device=nothing.device)
        optimiser = torch.optim.Adam(groups, rate, betas=BETAS, fused=True)
        return Attempt(request, codes, optimiser, nothing, least)

    def _step(self, attempt: Attempt, student: Learner | None) -> Values:
        images, asked = self.generate(attempt.request, attempt.codes)
        moves = Moves.draw(attempt.best.shape, self._random, self._view.compute.device)
        learner = student if self.objective.needs_student else None
        total, parts, _ = differentiate(
            self.objective, self._view, learner, moves.own(images), asked, self._parts
        )
        attempt.note(processes.whole(images.detach()), total.detach())
        attempt.optimiser.step()
        if self._meta:
            self._add_gradients()
        attempt.optimiser.zero_grad()
        return losses_of("images", total, parts)

    def _add_gradients(self) -> None:
        """First-order MAML: the generator's gradient is the sum of those of its copy's steps."""
        pairs = zip(self.generator.parameters(), self._working.parameters(), strict=True)
        for own, found in pairs:
            if found.grad is not None:
                own.grad = found.grad.clone() if own.grad is None else own.grad + found.grad

    @torch.no_grad()
    def _finished(self, attempt: Attempt) -> Batch:
        if self._meta:
            self._meta.step()
            self._meta.zero_grad()
            pairs = zip(self.generator.buffers(), self._working.buffers(), strict=True)
            for own, found in pairs:
                own.copy_(found)
        return Batch(attempt.best, attempt.request, answered(self._view, attempt.best))

    @torch.no_grad()
    def draw(self) -> Batch:
        """As many images as a batch has of all in the bank, each moved, and asked about anew."""
        images, request = self.bank.draw(self._config.batch, self._random)
        images = Moves.draw(images.shape, self._random, self._view.compute.device)(images)
        return Batch(images, request, answered(self._view, images))

    def state_dict(self) -> dict[str, Any]:
        return {
            "generator": self.generator.state_dict(),
            "bank": self.bank.state_dict(),
            "count": self._count,
            "attempt": self._attempt_state(self._attempt) if self._attempt else None,
            "optimiser": self._meta.state_dict() if self._meta else {},
        }

    def _attempt_state(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "request": attempt.request.state(),
            "codes": {name: value.detach() for name, value in attempt.codes.items()},
            "optimiser": attempt.optimiser.state_dict(),
            "best": attempt.best,
            "least": attempt.least,
            "working": self._working.state_dict() if self._meta else {},
            "gradients": [p.grad for p in self.generator.parameters()] if self._meta else [],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        device = self._view.compute.device
        self.generator.load_state_dict(state["generator"])
        self.bank.load_state_dict(state["bank"], device)
        self._count = state["count"]
        if self._meta and "optimiser" in state:
            self._meta.load_state_dict(state["optimiser"])
        self._attempt = self._attempt_of(state["attempt"], device) if state["attempt"] else None

    def _attempt_of(self, state: dict[str, Any], device: str) -> Attempt:
        codes = {name: sent(value, device) for name, value in state["codes"].items()}
        attempt = self._begin(Request(**state["request"]).on(device), codes)
        attempt.optimiser.load_state_dict(state["optimiser"])
        attempt.best, attempt.least = (sent(state[name], device) for name in ("best", "least"))
        if self._meta:
            self._working.load_state_dict(state["working"])
            for own, value in zip(self.generator.parameters(), state["gradients"], strict=True):
                own.grad = None if value is None else sent(value, device)
        return attempt
