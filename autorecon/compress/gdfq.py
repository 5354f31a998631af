"""GDFQ as AutoReCon uses it: Algorithm 1, stage 2.

A generator learns to draw images that the teacher knows, then goes on learning while a quantized
student learns from the teacher on the very images of each of the generator's steps.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

import attrs
import torch
from torch import Tensor, nn

from autorecon.compress.bits import Bits
from autorecon.compress.config import GdfqConfig
from autorecon.compress.losses import collapse_warning, diversity, student_loss
from autorecon.compress.trace import quantize
from autorecon.objective import DivergedError, Objective, Observation, TeacherView

Evaluate = Callable[[nn.Module], float]


@attrs.define
class Scores:
    """What `evaluate` said of the student, and when. The best is for the record only."""

    calibrated: float | None = None
    last: float | None = None
    best: float | None = None
    best_epoch: int | None = None

    def note(self, epoch: int, score: float) -> None:
        self.last = score
        if self.best is None or score > self.best:
            self.best, self.best_epoch = score, epoch


@attrs.frozen(eq=False)
class Batch:
    """Images with their labels, and the teacher's logits; nothing of it carries a graph."""

    images: Tensor
    labels: Tensor
    logits: Tensor


class Gdfq:
    """A resumable stage that compresses a teacher; it reads and writes no files.

    The generator is trained in place. `evaluate`, if given, is called without gradients on the
    student in eval mode, and its figures are only reported, never used to choose anything.
    """

    def __init__(
        self,
        teacher: nn.Module,
        generator: nn.Module,
        config: GdfqConfig,
        evaluate: Evaluate | None = None,
        *,
        name: str = "compress",
    ) -> None:
        self.name, self.epochs, self.ticks = name, config.epochs, config.ticks
        self.config = config
        self.evaluate = evaluate
        self.objective = Objective.parse(config.objective)
        self.view = TeacherView(teacher)
        self.generator = generator.train()
        self._latent = cast(int, generator.latent)
        self._classes = cast(int, generator.classes)
        self.student = quantize(teacher, Bits.parse(config.bits), config.ranges)
        self.scores = Scores()
        self.warnings: list[str] = []
        self.epochs_done = 0
        self._noise = torch.Generator().manual_seed(config.seed)
        self._frozen = False
        self._generator_optimiser = torch.optim.Adam(
            generator.parameters(), config.generator_lr, betas=(0.5, 0.999)
        )
        self._student_optimiser = torch.optim.SGD(
            self.student.module.parameters(),
            config.rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=config.momentum > 0,
        )

    def ticks_before(self, epoch: int) -> int:
        return self.config.ticks_before(epoch)

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
        """Run the epoch's steps and give its mean losses, its last batch's diversity, its score.

        Raises DivergedError with the step, and RuntimeError for an epoch out of turn.
        """
        if epoch != self.epochs_done:
            raise RuntimeError(f"epoch {epoch} was asked for, but {self.epochs_done} are done")
        losses: dict[str, list[float]] = defaultdict(list)
        row: dict[str, Any] = {}
        for step in range(self.ticks_before(epoch), self.ticks_before(epoch + 1)):
            if step >= self.config.warmup_steps and not self._frozen:
                row |= self._calibrate()
            batch = self._step(step, losses)
            tick()
        self.epochs_done = epoch + 1
        row |= {name: sum(values) / len(values) for name, values in losses.items()}
        return row | self._diversity(batch) | self._score()

    def _step(self, step: int, losses: dict[str, list[float]]) -> Batch:
        try:
            batch, parts = self._generator_step()
            if self._frozen:
                parts |= self._student_step(batch, step - self.config.warmup_steps)
        except DivergedError as error:
            error.step = step + 1
            raise
        for name, value in parts.items():
            losses[name].append(value)
        return batch

    def _generator_step(self) -> tuple[Batch, dict[str, float]]:
        """Eq. 1: one Adam step of the generator on the objective, on fresh noise and labels."""
        images, labels = self._draw()
        logits, statistics = self.view(images)
        asks_student = self._frozen and self.objective.needs_student
        student_logits = self.student(images) if asks_student else None
        observation = Observation(images, labels, logits, statistics, student_logits)
        total, parts = self.objective(observation)
        self._generator_optimiser.zero_grad()
        total.backward()
        self._generator_optimiser.step()
        batch = Batch(images.detach(), labels, logits.detach())
        losses = {"total": float(total.detach())} | parts
        return batch, {f"generator.{name}": value for name, value in losses.items()}

    def _student_step(self, batch: Batch, step: int) -> dict[str, float]:
        """One Nesterov step of the student, at a learning rate that falls as half a cosine."""
        cosine = math.cos(math.pi * step / self.config.steps)
        for group in self._student_optimiser.param_groups:
            group["lr"] = self.config.rate * (1 + cosine) / 2
        logits = self.student(batch.images)
        temperature, alpha = self.config.temperature, self.config.alpha
        total, losses = student_loss(logits, batch.logits, batch.labels, temperature, alpha)
        self._student_optimiser.zero_grad()
        total.backward()
        self._student_optimiser.step()
        return {f"student.{name}": value for name, value in losses.items()}

    def _draw(self) -> tuple[Tensor, Tensor]:
        """Images [batch, C, H, W] of fresh noise, and their labels [batch]."""
        like = next(self.generator.parameters())
        size = self.config.batch
        # Drawn on the CPU, so that a seed means the same on every device.
        z = torch.randn(size, self._latent, generator=self._noise).to(like)
        y = torch.randint(self._classes, (size,), generator=self._noise).to(like.device)
        return self.generator(z, y), y

    @torch.no_grad()
    def _calibrate(self) -> dict[str, float]:
        """Fix the activation ranges on generated images, and score the student as it is then."""
        for _ in range(self.config.calibration_batches):
            images, _ = self._draw()
            self.student(images)
        self.student.freeze()
        self._frozen = True
        if self.evaluate is None:
            return {}
        self.scores.calibrated = self.evaluate(self.student.module)
        return {"calibrated_accuracy": self.scores.calibrated}

    def _diversity(self, batch: Batch) -> dict[str, Any]:
        overall, within = diversity(batch.images, batch.labels)
        row: dict[str, Any] = {"diversity": overall, "diversity_within": within}
        warning = collapse_warning(overall, within)
        if warning:
            row["warning"] = f"epoch {self.epochs_done}: {warning}"
            self.warnings.append(row["warning"])
        return row

    @torch.no_grad()
    def _score(self) -> dict[str, float]:
        due = self.epochs_done % self.config.evaluate_every == 0 or self.epochs_done == self.epochs
        if self.evaluate is None or not self._frozen or not due:
            return {}
        score = self.evaluate(self.student.module)
        self.scores.note(self.epochs_done, score)
        return {"accuracy": score}

    def result(self) -> dict[str, Any]:
        """What a report needs, JSON-able; `last` is the figure to quote, `best` chose by score."""
        full, quantized = self.student.weight_bytes()
        return attrs.asdict(self.scores) | {
            "config": attrs.asdict(self.config),
            "weight_bytes": {"teacher": full, "student": quantized},
            "sites": [attrs.asdict(site) for site in self.student.report],
            "warnings": list(self.warnings),
        }

    def state_dict(self) -> dict[str, Any]:
        """All that a fresh Gdfq of the same arguments needs to go on bit for bit."""
        return {
            "generator": self.generator.state_dict(),
            "student": self.student.module.state_dict(),
            "generator_optimiser": self._generator_optimiser.state_dict(),
            "student_optimiser": self._student_optimiser.state_dict(),
            "noise": self._noise.get_state(),
            "frozen": self._frozen,
            "epochs_done": self.epochs_done,
            "scores": attrs.asdict(self.scores),
            "warnings": list(self.warnings),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`; names and shapes must be those of this model."""
        self.generator.load_state_dict(state["generator"])
        self.student.module.load_state_dict(state["student"])
        self._generator_optimiser.load_state_dict(state["generator_optimiser"])
        self._student_optimiser.load_state_dict(state["student_optimiser"])
        self._noise.set_state(state["noise"])
        self._frozen = state["frozen"]
        self.epochs_done = state["epochs_done"]
        self.scores = Scores(**state["scores"])
        self.warnings = list(state["warnings"])
        if self._frozen:
            self.student.freeze()
