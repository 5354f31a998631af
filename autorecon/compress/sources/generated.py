"""A generator as the source: trained on the objective, drawn from without end."""

from __future__ import annotations

from typing import Any, cast

import attrs
import torch
from torch import Tensor, nn

from autorecon.compress.batch import Batch
from autorecon.compress.config import CompressConfig
from autorecon.compress.errors import CompressError
from autorecon.compress.sources.base import (
    Learner,
    answered,
    ask_for,
    losses_of,
    making,
    taught,
)
from autorecon.compress.sources.decoder import Decoder
from autorecon.compress.sources.parts import differentiate
from autorecon.nn import processes
from autorecon.nn.mixing import embeddings, mixed_labels
from autorecon.objective import Objective, Request, TeacherView, Values
from autorecon.objective.joining import own_share


class Generated:
    """Images of a generator, which is trained in place by Adam (0.5, 0.999).

    A decoder that reads the noise off the images is trained beside it where a term asks for it.
    """

    def __init__(
        self,
        generator: nn.Module,
        view: TeacherView,
        config: CompressConfig,
        random: torch.Generator,
        parts: int = 1,
    ) -> None:
        self.generator, self._parts = generator.train(), parts
        self.objective = Objective.parse(config.objective, has_student=True)
        early = config.warmup_objective or config.objective
        self._early = Objective.parse(early, has_student=True)
        self.labelled = bool(embeddings(generator))
        self._view, self._config, self._random = view, config, random
        self._latent = cast(int, generator.latent)
        self._classes = cast(int, generator.classes)
        self._decoder = self._make_decoder()
        nets = [self.generator, *([self._decoder] if self._decoder else [])]
        for net in nets:
            view.compute.place(net)
        trained = [parameter for net in nets for parameter in net.parameters()]
        # Fused, because the generator's first layer may have ten times the weights of all else.
        self._optimiser = torch.optim.Adam(
            trained, config.generator_lr, betas=(0.5, 0.999), fused=True
        )

    def _make_decoder(self) -> Decoder | None:
        if not self.objective.needs_decoder:
            return None
        if not self._latent:
            message = "a decoder reads off images the noise that they come of; these come of none"
            raise CompressError(message)
        channels = cast(tuple[int, int, int], self.generator.image_shape)[0]
        return Decoder(channels, self._latent, self._config.seed)

    def make(self, student: Learner | None) -> tuple[Batch | None, Values]:
        """One step on fresh noise and labels; without a student, its terms are left out."""
        request = self.ask(self._config.batch)
        images = self.generate(own_share(request))
        objective = self.objective if student else self._early
        learner = student if objective.needs_student else None
        view = making(self._view, self._config, self._random)
        total, parts, seen = differentiate(
            objective, view, learner, images, request, self._parts, self._decoder
        )
        self._optimiser.step()
        # Not kept while a student learns: they are as large as the generator.
        self._optimiser.zero_grad()
        batch = taught(seen)
        if student and self._config.swing:  # what it learns, the teacher itself must say
            with torch.no_grad():
                batch = attrs.evolve(batch, logits=answered(self._view, batch.images))
        return batch, losses_of("generator", total, parts)

    @torch.no_grad()
    def draw(self) -> Batch:
        request = self.ask(self._config.batch)
        images = self.generate(own_share(request))
        logits = self._view.answers(images)
        return Batch(processes.whole(images), request, processes.whole(logits))

    def ask(self, count: int) -> Request:
        """What `count` images shall show, and the noise that they are made of."""
        like = next(self.generator.parameters())
        noise = torch.randn(count, self._latent, generator=self._random).to(like.dtype)
        teacher = self._view.teacher
        request = ask_for(self._config, count, self._classes, teacher, self._random)
        targets = None if request.targets is None else request.targets.to(like.dtype)
        return Request(request.labels, targets, noise).on(like.device)

    def generate(self, request: Request) -> Tensor:
        """Images [N, C, H, W], with a graph."""
        with mixed_labels(self.generator, request.targets):
            return self._view.compute(self.generator, request.noise, request.labels)

    def state_dict(self) -> dict[str, Any]:
        return {
            "generator": self.generator.state_dict(),
            "decoder": self._decoder.state_dict() if self._decoder else {},
            "optimiser": self._optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.load_state_dict(state["generator"])
        if self._decoder:
            self._decoder.load_state_dict(state["decoder"])
        if "optimiser" in state:
            self._optimiser.load_state_dict(state["optimiser"])
