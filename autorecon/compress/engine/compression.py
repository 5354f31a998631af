"""The engine of every method: images are made, a student learns from them, and all resumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import attrs
import torch
from torch import Tensor, fx, nn

from autorecon.compress.batch import Batch
from autorecon.compress.config import CompressConfig
from autorecon.compress.engine.assembly import check_classes, check_needs, make_source, make_student
from autorecon.compress.engine.comparison import Comparison, captured
from autorecon.compress.engine.keeping import Weights, keep_better, values_of
from autorecon.compress.engine.training import Training
from autorecon.compress.engine.watch import Diversity, Scores, SoFar
from autorecon.compress.quantization.bits import plain
from autorecon.compress.sources import Source, polished
from autorecon.compress.student import QuantizedStudent, float_bytes
from autorecon.nn import Compute
from autorecon.objective import TeacherView, Values
from autorecon.records.files import REMEDY
from autorecon.records.schema import structured
from autorecon.records.score import Score
from autorecon.records.students import Compressed

Evaluate = Callable[[nn.Module], Score]


class Compression:
    """A resumable stage that compresses a teacher by a method; it reads and writes no files.

    The generator, of methods that have one, is trained in place. `evaluate`, if given, is called
    without gradients on the student in eval mode, and its figures are only reported, never used
    to choose anything. `image_shape` (C, H, W) is needed where no generator tells it. `wrap` gives
    the source of images that takes the place of the method's own. Teacher and student are
    differentiated on one of `parts` of a batch at a time, which changes no gradient. Everything is
    moved to where `compute` has it; what is scored is computed in float32.
    Raises CompressError where method, teacher and generator do not fit together.
    """

    def __init__(
        self,
        teacher: nn.Module,
        config: CompressConfig,
        generator: nn.Module | None = None,
        evaluate: Evaluate | None = None,
        *,
        image_shape: tuple[int, int, int] | None = None,
        wrap: Callable[[Source], Source] | None = None,
        compute: Compute = Compute(),
        parts: int = 1,
        name: str = "compress",
    ) -> None:
        check_needs(teacher, config)
        self.name, self.epochs, self.ticks = name, config.epochs, config.ticks
        self.config, self.method = config, config.recipe
        self.evaluate = evaluate
        self.view = TeacherView(teacher, compute)
        self.random = torch.Generator().manual_seed(config.seed)
        # All is made on the CPU, so that a seed means the same everywhere, and then moved.
        Compute().place(teacher)
        check_classes(teacher, generator, image_shape)
        own = make_source(self.view, config, generator, image_shape, self.random, parts)
        self.source = wrap(own) if wrap else own
        self.student = make_student(teacher, config, generator, image_shape)
        self.student.compute = compute
        taught = self._taught()
        for net in (teacher, self.student.module):
            compute.place(net)
        compared = Comparison(*taught, config, compute) if taught else None
        self.training = Training(self.student, self.view, config, parts, compared)
        self.scores = Scores()
        self.warnings: list[str] = []
        self.epochs_done = 0
        self._begun = False
        self._parts = parts
        self._before: Weights = {}
        self._so_far = self._fresh()
        self._global: Tensor | None = None

    def _taught(self) -> tuple[fx.GraphModule, fx.GraphModule] | None:
        """Graphs of the teacher and of a student that is compared with it on the way."""
        compared = self.config.alignment or self.config.cam
        if not compared or not isinstance(self.student, QuantizedStudent):
            return None
        module = self.student.model.module
        return captured(self.view.teacher, module, self.config), module

    def ticks_before(self, epoch: int) -> int:
        return self.config.ticks_before(epoch)

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
        """Run what is left of the epoch and give its mean losses, its images' diversity and score.

        Raises DivergedError with the step, at the latest when the epoch is over, and RuntimeError
        for an epoch out of turn.
        """
        if epoch != self.epochs_done:
            raise RuntimeError(f"epoch {epoch} was asked for, but {self.epochs_done} are done")
        first, last = self.ticks_before(epoch), self.ticks_before(epoch + 1)
        # Layers such as dropout draw from torch's own generator, which is not ours to leave moved.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed * 1_000_003 + epoch)
            if self._global is not None:
                torch.set_rng_state(self._global)
            for step in range(first + self._so_far.losses.steps, last):
                self._so_far.losses.take(step + 1, partial(self._step, step))
                tick()
            self._so_far.losses.read()
            self.epochs_done = epoch + 1
            if self.epochs_done == self.epochs and not self._begun:
                self._so_far.notes |= self._begin()
        row, warning = self._so_far.row(), self._so_far.diversity.warning
        self._so_far, self._global = self._fresh(), None
        self.warnings += filter(None, [warning, self._keep_better()])
        return row | self._score()

    def _fresh(self) -> SoFar:
        return SoFar(diversity=Diversity(self.source.labelled))

    def _step(self, step: int) -> Values:
        joint, index = self.config.place(step)
        if joint and not self._begun:
            self._so_far.notes |= self._begin()
        batch, parts = self._joint(index) if joint else self.source.make(self._learner())
        # Pictures that a student learns from were looked at when they were made.
        if batch is not None and not (joint and self.method.keeps_images):
            self._so_far.diversity.note(step, batch)
        return parts

    def _joint(self, index: int) -> tuple[Batch | None, Values]:
        """Steps of the generator, if it still learns, and steps of the student."""
        batch, parts = None, dict[str, Tensor | float]()
        for _ in range(self.config.generator_steps):
            batch, losses = self.source.make(self._learner())
            parts |= losses
        for _ in range(self.config.student_steps):
            if batch is None or self.method.fresh:
                batch = self.source.draw()
            parts |= self.training.step(batch, index)
        return batch, parts

    def _learner(self) -> Any:
        return self.student if self._begun else None

    @torch.no_grad()
    def _begin(self) -> dict[str, float]:
        """Ready the student for its steps, and score it as it is then if that means anything."""
        scored = self.student.begin(self._calibrating())
        self._begun = True
        if self.config.keep == "better":
            self._before = values_of(self.student.module)
        if self.evaluate is None or not scored:
            return {}
        self.scores.calibrated = self.evaluate(self.student.module)
        return self.scores.calibrated.columns("calibrated_")

    def _calibrating(self) -> Iterator[Tensor]:
        """Images as a student sees them; each batch once more as it is when it is polished."""
        for _ in range(self.config.calibration_batches):
            images = self.source.draw().images
            yield self.training.shown(images)
            if steps := self.config.polish_steps:
                yield self.training.shown(polished(images, self.view, steps, self._parts))

    def _keep_better(self) -> str:
        """What a student was before its first step, if it was better then; says so."""
        if self.epochs_done < self.epochs or not self._before:
            return ""
        before, self._before = self._before, {}
        return keep_better(self.student, before, self.view, self.source)

    @torch.no_grad()
    def _score(self) -> dict[str, float]:
        due = self.epochs_done % self.config.evaluate_every == 0 or self.epochs_done == self.epochs
        if self.evaluate is None or not self._begun or not due:
            return {}
        score = self._unchanged or self.evaluate(self.student.module.eval())
        self.scores.note(self.epochs_done, score)
        return score.columns()

    @property
    def _unchanged(self) -> Score | None:
        """The score of a student that nothing has changed since it was calibrated."""
        return self.scores.calibrated if self.method.loss is None else None

    def result(self) -> Compressed:
        """What a report needs; `last` is the score to quote, `best` was chosen by its figure."""
        teacher, student = float_bytes(self.view.teacher), self.student.weight_bytes()
        return Compressed(
            **attrs.asdict(self.scores, recurse=False),
            config=attrs.asdict(self.config, value_serializer=plain),
            weight_bytes={"teacher": teacher, "student": student},
            labelled=self.source.labelled,
            sites=list(self.student.report),
            coverage=self.student.coverage,
            warnings=list(self.warnings),
        )

    def state_dict(self) -> dict[str, Any]:
        """All that a fresh Compression of the same arguments needs to go on bit for bit; of one
        that is done, without the optimisers' states, which are larger than all else."""
        done = self.epochs_done == self.epochs
        return {
            "source": _settled(self.source.state_dict(), done),
            "training": _settled(self.training.state_dict(), done),
            "random": self.random.get_state(),
            "begun": self._begun,
            "before": self._before,
            "epochs_done": self.epochs_done,
            "so_far": self._so_far.state(),
            # Within an epoch it is ours (see `run_epoch`), and between two it is of no account.
            "global": torch.get_rng_state() if self._so_far.losses.steps else None,
            "scores": attrs.asdict(self.scores),
            "warnings": list(self.warnings),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`; names and shapes must be those of this model."""
        self.source.load_state_dict(state["source"])
        self.training.load_state_dict(state["training"])
        self.random.set_state(state["random"])
        self._begun, self._before = state["begun"], dict(state["before"])
        self.epochs_done = state["epochs_done"]
        self._so_far, self._global = SoFar.of(state["so_far"]), state["global"]
        self.scores = structured(state["scores"], Scores, "the checkpoint", REMEDY)
        self.warnings = list(state["warnings"])
        if self._begun:
            self.student.go_on()


def _settled(state: dict[str, Any], done: bool) -> dict[str, Any]:
    """A part's state, which takes no further step if it is done."""
    return {name: value for name, value in state.items() if name != "optimiser" or not done}
