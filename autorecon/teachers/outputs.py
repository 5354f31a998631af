"""Logits [N, classes] of whatever a classifier gives, by hooks: its names and layers stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from autorecon.lang.wording import some
from autorecon.teachers.checkpoints import Say
from autorecon.teachers.errors import TeacherError

ENDS = (nn.Softmax, nn.LogSoftmax, nn.Sigmoid)
_ROUNDING = 1e-3

Key = str | int | None


@attrs.frozen(eq=False)
class AsLogits:
    """A forward hook of a network: takes `key` of what holds several things, undoes `end`, a
    softmax or a sigmoid, and makes two logits of `one`."""

    key: Key = None
    end: str = ""
    one: bool = False

    def __call__(self, module: nn.Module, inputs: Any, output: Any) -> Tensor:
        logits = _part(output, self.key)
        logits = logits.reshape(-1, 1) if self.one else logits.flatten(1)
        if self.end == "softmax":
            # Up to one number an image, which no loss of answers sees.
            logits = logits.clamp_min(torch.finfo(logits.dtype).tiny).log()
        elif self.end == "sigmoid":
            logits = logits.logit(torch.finfo(logits.dtype).eps)
        # Under a softmax, 0 and x say what x says under a sigmoid.
        return torch.cat([torch.zeros_like(logits), logits], 1) if self.one else logits


class Undone:
    """A forward hook of a layer, which gives what entered it."""

    def __call__(self, layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
        return inputs[0]


def give_logits(module: nn.Module, images: Tensor, say: Say) -> Tensor:
    """Have a classifier in eval mode give logits [N, classes], and the ones of `images`.

    The images need gradients. Raises TeacherError where the network fails on them, where there is
    not one thing among its output that are logits, or they are not finite or have no gradients.
    """
    with _ends(module) as ends:
        output = _run(module, images)
    key, found = _chosen(output, len(images), say)
    end, one = _end(found), found.numel() == len(images)
    if end == "sigmoid" and not one:
        raise TeacherError(
            "the model ends with a sigmoid for each of several classes, of which an image may have "
            "many; what is compressed here are classifiers of one class an image"
        )
    layer = _last(ends, found) if end in ("softmax", "sigmoid") else None
    if layer is not None:
        layer.register_forward_hook(Undone())
    if key is not None or end in ("softmax", "sigmoid") or one or found.dim() != 2:
        module.register_forward_hook(AsLogits(key, "" if layer is not None else end, one))
    _tell(end, one, say)
    return _checked(_run(module, images), images)


def _run(module: nn.Module, images: Tensor) -> Any:
    try:
        return module(images)
    # It is somebody else's code: anything may be raised.
    except Exception as error:
        shape = list(images.shape)
        raise TeacherError(f"the model fails on images of shape {shape}: {error}") from error


def _chosen(output: Any, count: int, say: Say) -> tuple[Key, Tensor]:
    """Where in an output of `count` images the logits are, and what is there."""
    if isinstance(output, Tensor):
        if list(output.shape) == [count] or _answers(output, count):
            return None, output
        raise TeacherError(_expected(str(list(output.shape))))
    parts = dict(_parts(output))
    found = {key: part for key, part in parts.items() if _answers(part, count)}
    if not found:
        given = some([f"{key}: {_shown(part)}" for key, part in parts.items()], 4)
        raise TeacherError(_expected(f"a {type(output).__name__} of {given or 'nothing'}"))
    key = "logits" if "logits" in found else next(iter(found))
    shapes = {key: list(part.shape) for key, part in found.items()}
    if key != "logits" and len({part.shape for part in found.values()}) > 1:
        raise TeacherError(_expected(f"several that may be: {shapes}; let it give one of them"))
    others = [repr(other) for other in parts if other != key]
    say(
        f"of the {type(output).__name__} that the network gives, {key!r} are the logits"
        + (f", and {some(others, 4)} left out" if others else "")
    )
    return key, found[key]


def _expected(given: str) -> str:
    return f"the model must give logits of shape [images, classes], not {given}"


def _parts(output: Any) -> Iterator[tuple[Key, Any]]:
    if isinstance(output, Mapping):
        yield from output.items()
    elif isinstance(output, list | tuple):
        yield from enumerate(output)
    elif is_dataclass(output):
        yield from ((field.name, getattr(output, field.name)) for field in fields(output))


def _part(output: Any, key: Key) -> Any:
    if key is None:
        return output
    held: Any = isinstance(output, Mapping | list | tuple)
    return output[key] if held else getattr(output, str(key))


def _answers(part: Any, count: int) -> bool:
    """Whether this can be logits [count, classes], be it as maps of one position."""
    return (
        isinstance(part, Tensor)
        and part.is_floating_point()
        and part.dim() >= 2
        and part.shape[0] == count
        and part.shape[2:].numel() == 1
    )


def _shown(part: Any) -> str:
    return str(list(part.shape)) if isinstance(part, Tensor) else type(part).__name__


@torch.no_grad()
def _end(answers: Tensor) -> str:
    """What logits went through at the end: softmax, log-softmax, sigmoid, or nothing."""
    if _made_by(answers) == "SigmoidBackward0":
        return "sigmoid"
    rows = answers.flatten(1) if answers.dim() > 1 else answers[:, None]
    if rows.shape[1] == 1:
        return ""
    if (rows >= 0).all() and _is(rows.sum(1), 1):
        return "softmax"
    return "log-softmax" if _is(rows.logsumexp(1), 0) else ""


def _is(values: Tensor, number: float) -> bool:
    return bool(((values - number).abs() < _ROUNDING).all())


def _made_by(answers: Tensor) -> str:
    """The name of autograd's node of the last computation that is not of shapes alone."""
    node = answers.grad_fn
    shapes = ("View", "Reshape", "Squeeze", "Unsqueeze", "Select", "Slice", "Alias", "Clone")
    while node is not None and node.name().startswith(shapes) and node.next_functions:
        node = node.next_functions[0][0]
    return "" if node is None else node.name()


@contextmanager
def _ends(module: nn.Module) -> Iterator[dict[nn.Module, list[Any]]]:
    """What the layers that may end a network give while it is called."""
    given: dict[nn.Module, list[Any]] = {m: [] for m in module.modules() if isinstance(m, ENDS)}
    hooks = [
        layer.register_forward_hook(lambda layer, _, output: given[layer].append(output))
        for layer in given
    ]
    try:
        yield given
    finally:
        for hook in hooks:
            hook.remove()


def _last(ends: Mapping[nn.Module, list[Any]], answers: Tensor) -> nn.Module | None:
    """The layer that gave the answers, if it gave nothing else: then it can be left out."""
    return next((m for m, given in ends.items() if len(given) == 1 and given[0] is answers), None)


def _tell(end: str, one: bool, say: Say) -> None:
    if end in ("softmax", "sigmoid"):
        say(f"the {end} at the network's end was undone")
    if end == "log-softmax":
        say("the network ends with a log-softmax, whose answers are logits as well")
    if one:
        say("the network's one logit became two, 0 and itself, one a class")


def _checked(logits: Tensor, images: Tensor) -> Tensor:
    if not torch.isfinite(logits).all():
        raise TeacherError("the model's answers to random images are infinite or not a number")
    if not logits.requires_grad:
        raise TeacherError(
            "the model's answers have no gradients, which images are made by: its forward pass may "
            "not be within torch.no_grad() or torch.inference_mode(), nor detach what it computes"
        )
    return logits


def require_gradients(logits: Tensor, images: Tensor) -> None:
    """Raise TeacherError unless the gradients of logits come to the images that they are of."""
    try:
        torch.autograd.grad(logits.sum(), images)
    # An operation of somebody's own may have no derivative, and say it as it likes.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise TeacherError(
            f"the model's answers have no gradients, which images are made by: {reason}"
        ) from error
