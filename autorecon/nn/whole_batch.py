"""What layers do with a batch as a whole, where each process has a share of its images.

Whoever wrote a net, and whatever modules it is of: torch's functions are caught as they are called.
Statistics of a batch are those of all processes; random numbers are drawn for the whole batch, as
one process would draw them, and each process takes those of its images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from autorecon.nn import processes
from autorecon.nn.compute import at_least_float32
from autorecon.nn.processes import Processes

_BY_IMAGE = {
    "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout",
    "feature_alpha_dropout", "gumbel_softmax", "bernoulli", "rand_like", "randn_like",
    "randint_like",
}  # fmt: skip
_IN_PLACE = {
    "bernoulli_", "normal_", "uniform_", "exponential_", "random_", "log_normal_", "cauchy_",
    "geometric_",
}  # fmt: skip
_NOT_BY_IMAGE = {"rand", "randn", "randint", "randperm", "multinomial", "normal", "poisson"}
_WITHIN = {"rrelu": 3, "multi_head_attention_forward": 10, "scaled_dot_product_attention": 4}
"""Functions that may draw masks, and which of their arguments has them do so."""


class SharedNetError(ValueError):
    """A net draws random numbers of which nobody can tell whose images they are of."""

    exit_code = 2


@contextmanager
def together(shared: Processes) -> Iterator[None]:
    """What several processes do here alike they do as one; see `processes`.

    Raises SharedNetError for what cannot be shared, LostProcessError where one is gone.
    """
    with processes.shared_by(shared), _WholeBatch():
        yield


class _WholeBatch(TorchFunctionMode):
    """Nets see their share of a batch as they see it in the whole one. Draws that name their
    generator are ours, and the same everywhere."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if processes.now().size == 1 or kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if func is F.batch_norm:
            return _batch_norm(*args, **kwargs)
        if name in _BY_IMAGE and _trains(name, args, kwargs):
            return _drawn(func, args, kwargs)
        if name in _IN_PLACE:
            return args[0].copy_(_drawn(func, args, kwargs))
        if name in _NOT_BY_IMAGE or _draws_within(name, args, kwargs):
            raise SharedNetError(
                f"a net draws by torch's `{name}`, and it cannot be told for which images: let it "
                "draw by `torch.randn_like`, `Tensor.bernoulli_` or dropout, or use one process"
            )
        return func(*args, **kwargs)


def _trains(name: str, args: Any, kwargs: Any) -> bool:
    """Whether a call of the kind of dropout changes anything."""
    told = args[2] if "dropout" in name and len(args) > 2 else kwargs.get("training", True)
    return bool(told)


def _draws_within(name: str, args: Any, kwargs: Any) -> bool:
    place = _WITHIN.get(name)
    if place is None or not kwargs.get("training", name != "rrelu" or len(args) > place):
        return False
    return bool(args[place] if len(args) > place else kwargs.get("dropout_p", name == "rrelu"))


def _drawn(func: Callable[..., Tensor], args: Any, kwargs: Any) -> Tensor:
    """What a function draws for the images of this process, among those of the whole batch."""
    if not _is_by_image(args[0]):
        return func(*args, **kwargs)
    size = processes.now().size
    wide = [torch.cat([arg] * size) if _is_by_image(arg) else arg for arg in args]
    return func(*wide, **kwargs)[processes.now().own]


def _is_by_image(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() > 0 and len(value) == processes.now().images


def _batch_norm(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """torch's own, with mean and variance over the images of all processes."""
    if not training:
        return F.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    out, mean, variance = _BatchNorm.apply(at_least_float32(x), weight, bias, eps)
    if running_mean is not None and running_var is not None:
        count = processes.now().size * x.numel() // x.shape[1]
        with torch.no_grad():
            _move(running_mean, mean, momentum)
            _move(running_var, variance * (count / max(count - 1, 1)), momentum)
    return out.to(x.dtype)


def _move(running: Tensor, found: Tensor, momentum: float) -> None:
    # Torch's own norms do not tell autograd either: another call of this one may have kept it.
    running.data.mul_(1 - momentum).add_(found.to(running), alpha=momentum)


class _BatchNorm(torch.autograd.Function):
    """The norm, and its mean and biased variance, each [C], which have no gradients."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        rest = _all_but_channels(x)
        own = x.mean(rest)
        spread = (x - _wide(own, x)).square_().mean(rest)
        means, spreads = processes.gathered(torch.stack([own, spread])).unbind(1)
        mean = means.mean(0)
        variance = (spreads + (means - mean).square()).mean(0)
        scale = (variance + eps).rsqrt()
        ctx.save_for_backward(x, weight, mean, scale)
        ctx.has_bias = bias is not None
        ctx.mark_non_differentiable(mean, variance)
        factor = scale if weight is None else scale * weight
        offset = -mean * factor if bias is None else bias - mean * factor
        return x * _wide(factor, x) + _wide(offset, x), mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale = ctx.saved_tensors
        rest, centred = _all_but_channels(x), x - _wide(mean, x)
        own = torch.stack([gradient.sum(rest), (gradient * centred).sum(rest)])
        count = processes.now().size * math.prod(x.shape) / x.shape[1]
        flat, sloped = processes.summed(own).div_(count).unbind(0)
        found = gradient - _wide(flat, x) - centred * _wide(sloped * scale.square(), x)
        found = found * _wide(scale if weight is None else scale * weight, x)
        of_weight = None if weight is None else own[1] * scale
        return found, of_weight, own[0] if ctx.has_bias else None, None


def _all_but_channels(x: Tensor) -> list[int]:
    return [axis for axis in range(x.dim()) if axis != 1]


def _wide(values: Tensor, x: Tensor) -> Tensor:
    """Numbers [C] so that they meet the channels of x [N, C, ...]."""
    return values.view(-1, *[1] * (x.dim() - 2))
