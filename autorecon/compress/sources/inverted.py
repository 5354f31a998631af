"""Images found batch by batch, by a generator and the noise that it draws them of together.

A batch begins with fresh noise, takes some steps, and what was best of it goes into a bank, from
which the student learns. The noise is learnt for the classes asked for, so that a generator needs
no label input.
"""

from __future__ import annotations

import copy
from typing import Any, cast

import attrs
import torch
from torch import Tensor, nn

from autorecon.compress.batch import Batch
from autorecon.compress.config import CompressConfig
from autorecon.compress.errors import CompressError
from autorecon.compress.methods.method import Codes
from autorecon.compress.sources.attempt import Attempt
from autorecon.compress.sources.bank import Bank
from autorecon.compress.sources.base import Learner, answered, ask_for, losses_of
from autorecon.compress.sources.moving import Moves
from autorecon.compress.sources.parts import differentiate
from autorecon.nn import processes
from autorecon.nn.transfer import sent
from autorecon.objective import Objective, Request, TeacherView, Values
from autorecon.objective.joining import own_share

BETAS = (0.5, 0.999)


class Inverted:
    """Batches that take `image_steps` steps of Adam each, as the method's `inversion` has them.

    `working` is what takes the steps: the generator itself, or a copy of it where it learns from
    where batches had best begin.
    """

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
        self.shape = cast(tuple[int, int, int], generator.image_shape)
        self._latent = cast(int, generator.latent)
        self._view, self._config, self._classes = view, config, classes
        self._random, self._parts = random, parts
        self._check()
        view.compute.place(generator)
        self.working = copy.deepcopy(generator) if self.inversion.meta else generator
        self._meta = self._meta_optimiser()
        self._attempt: Attempt | None = None
        self.bank = Bank(config.bank)

    def _check(self) -> None:
        method, objective = self._config.method, self._config.objective
        if not self._latent:
            raise CompressError(
                f"the method {method} learns the noise that images are drawn of, and this "
                "generator has none: choose one with a noise input, such as dafl"
            )
        if self.objective.needs_decoder:
            raise CompressError(
                f"the objective '{objective}' reads the noise off images, which the method "
                f"{method} learns itself: leave out `decode`"
            )

    def _meta_optimiser(self) -> torch.optim.Optimizer | None:
        """Of the sum of a batch's gradients, at as many times the rate as it has steps."""
        if not self.inversion.meta:
            return None
        rate = self._config.generator_lr * self._config.image_steps
        return torch.optim.Adam(self.generator.parameters(), rate, betas=BETAS, fused=True)

    @property
    def batches(self) -> list[Batch]:
        """Those in the bank, the oldest first."""
        return list(self.bank.batches)

    def make(self, student: Learner | None) -> tuple[Batch | None, Values]:
        """One step of the present batch, which goes into the bank after the last of its steps."""
        if self._attempt is None:
            request = self.ask(self._config.batch)
            self._attempt = self._begin(request, self.codes(request))
        losses = self._step(self._attempt, student)
        if self._attempt.steps < self._config.image_steps:
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
        return self._view.compute(self.working, own.noise, own.labels), asked

    def _begin(self, request: Request, codes: Codes) -> Attempt:
        if self._meta:
            self.working.load_state_dict(self.generator.state_dict())
        learnt = [value.requires_grad_() for value in codes.values()]
        rate = self._config.generator_lr
        groups: list[dict[str, Any]] = [
            {"params": list(self.working.parameters())},
            {"params": learnt, "lr": self._config.code_lr or rate},
        ]
        optimiser = torch.optim.Adam(groups, rate, betas=BETAS, fused=True)
        size = torch.Size((len(request.labels), *self.shape))
        return Attempt.begin(request, codes, optimiser, size)

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
        # Not kept while a student learns: they are as large as the generator.
        attempt.optimiser.zero_grad()
        return losses_of("images", total, parts)

    def _add_gradients(self) -> None:
        """First-order MAML: the generator's gradient is the sum of those of its copy's steps."""
        for own, found in zip(self.generator.parameters(), self.working.parameters(), strict=True):
            if found.grad is not None:
                own.grad = found.grad.clone() if own.grad is None else own.grad + found.grad

    @torch.no_grad()
    def _finished(self, attempt: Attempt) -> Batch:
        if self._meta:
            self._meta.step()
            self._meta.zero_grad()
            for own, found in zip(self.generator.buffers(), self.working.buffers(), strict=True):
                own.copy_(found)
        return Batch(attempt.best, attempt.request, answered(self._view, attempt.best))

    @torch.no_grad()
    def draw(self) -> Batch:
        """As many images as a batch has of all in the bank, each moved, and asked about anew."""
        images, request = self.bank.draw(self._config.batch, self._random)
        moves = Moves.draw(images.shape, self._random, self._view.compute.device)
        images = moves(images)
        return Batch(images, request, answered(self._view, images))

    def state_dict(self) -> dict[str, Any]:
        parameters = self.generator.parameters()
        return {
            "generator": self.generator.state_dict(),
            "gradients": [p.grad for p in parameters] if self._meta else [],
            "working": self.working.state_dict() if self._meta and self._attempt else {},
            "optimiser": self._meta.state_dict() if self._meta else {},
            "attempt": self._attempt.state() if self._attempt else None,
            "bank": self.bank.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        device = self._view.compute.device
        self.generator.load_state_dict(state["generator"])
        for own, found in zip(self.generator.parameters(), state["gradients"], strict=False):
            own.grad = None if found is None else sent(found, device)
        if self._meta and "optimiser" in state:
            self._meta.load_state_dict(state["optimiser"])
        self.bank.load_state_dict(state["bank"], device)
        self._attempt = self._attempt_of(state, device) if state["attempt"] else None

    def _attempt_of(self, state: dict[str, Any], device: str) -> Attempt:
        of = state["attempt"]
        codes = {name: sent(value, device) for name, value in of["codes"].items()}
        attempt = self._begin(Request(**of["request"]).on(device), codes)
        attempt.take(of)
        if self._meta:
            self.working.load_state_dict(state["working"])
        return attempt
