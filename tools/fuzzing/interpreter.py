"""Runs a plan slowly and plainly, from what each step means: no code of `autorecon.nn` but the
modules that hold the parameters, no convolution of torch's, nothing fused, nothing cached.

It is what passes and the executor are held against. Gradients are autograd's. Running statistics
are given back and not written, so that the same state can be run again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import attrs
import torch
from torch import Tensor, nn

from autorecon.lang.operations.shapes import Label
from autorecon.lowering.plan import Apply, Convolve, Join, Kernel, Merge, Place, Plan, Step, Weight
from fuzzing.pixels import correlated, cubic_weights, linear_weights, resampled

Buffers = dict[tuple[Place, str], Tensor]  # those that a step in training moves, by module


@attrs.define
class Interpreter:
    """One call; `moved` has the buffers that it would have changed."""

    modules: Mapping[Place, nn.Module]
    weights: Callable[[Weight], Tensor]
    moved: Buffers = attrs.field(factory=dict)
    _buffers: dict[tuple[int, str], Tensor] = attrs.field(factory=dict)
    # A weight is normalised once in a call.
    _spectral: dict[int, Tensor] = attrs.field(factory=dict)

    def __call__(self, plan: Plan, values: Mapping[str, Tensor]) -> Tensor:
        """The output [N, *shape] of the inputs' values; AssertionError for a step that cannot be
        right: a shape that it does not state, a value that was overwritten before."""
        found, gone = dict(values), set[str]()
        for step in plan.steps:
            assert gone.isdisjoint(step.sources), f"{step.outs[0]} reads what was overwritten"
            made = self._made(step, found)
            for out, shape, value in zip(step.outs, step.shapes, made, strict=True):
                assert tuple(value.shape[1:]) == tuple(shape), f"{out} is not of its shape"
                found[out] = value
            if isinstance(step, Apply) and step.in_place:
                gone.add(step.source)
        assert plan.output not in gone, "the output was overwritten"
        return found[plan.output]

    def _made(self, step: Step, values: Mapping[str, Tensor]) -> list[Tensor]:
        sources = [values[source] for source in step.sources]
        if isinstance(step, Convolve):
            return self._convolved(step, sources)
        if isinstance(step, Apply):
            return [self._applied(step, sources)]
        if isinstance(step, Join):
            return [self._joined(step, sources)]
        return [self._merged(step, sources)]

    def _merged(self, step: Merge, sources: list[Tensor]) -> Tensor:
        parts = [
            x if term.weight is None else self.weights(term.weight) * x
            for term, x in zip(step.terms, sources, strict=True)
        ]
        if step.kind == "concat":
            return torch.cat(parts, 1)
        if step.kind == "product":
            return torch.stack(parts).prod(0)
        return torch.stack(parts).sum(0) / (step.parts if step.kind == "mean" else 1)

    def _joined(self, step: Join, sources: list[Tensor]) -> Tensor:
        module = self.modules[step.place]
        if step.op.spec.plan is not None:
            return module(*sources)
        return getattr(self, f"_{step.op.name}")(step, module, *sources)

    def _film(self, step: Join, module: nn.Module, x: Tensor, by: Tensor) -> Tensor:
        channels = x.shape[1]
        rows = by.view(*by.shape, *[1] * (x.dim() - 2))
        return x + x * rows[:, :channels] + rows[:, channels:]

    def _modconv(self, step: Join, module: nn.Module, x: Tensor, style: Tensor) -> Tensor:
        """A kernel for each sample, made before it is used."""
        own = self._weight(step.place, module) * (1 + style)[:, None, :, None, None]
        if step.op.args["demodulate"]:
            own = own / (own.square().flatten(2).sum(2) + 1e-8).sqrt()[:, :, None, None, None]
        made = [correlated(x[n : n + 1], own[n], module.bias, 1, 1) for n in range(len(x))]
        return torch.cat(made)

    def _convolved(self, step: Convolve, sources: list[Tensor]) -> list[Tensor]:
        """Kernel by kernel, tap by tap, of pixels that are repeated first."""
        large = [
            x.repeat_interleave(step.scale, 2).repeat_interleave(step.scale, 3) for x in sources
        ]
        outs = []
        for row in step.kernels:
            parts = [
                self._kernel(kernel, x, step.groups)
                for block, x in zip(row, large, strict=True)
                for kernel in block
            ]
            outs.append(torch.stack(parts).sum(0))
        return outs

    def _kernel(self, kernel: Kernel, x: Tensor, groups: int) -> Tensor:
        factor = 1.0 if kernel.weight is None else self.weights(kernel.weight)
        if kernel.place is None:
            return factor * x
        module = self.modules[kernel.place]
        weight = self._weight(kernel.place, module)
        assert weight.shape[-1] == kernel.grid.size
        assert kernel.bias == (module.bias is not None)
        return factor * correlated(x, weight, module.bias, kernel.grid.dilation, groups)

    def _weight(self, place: Place, module: nn.Module, within: str = "") -> Tensor:
        """A weight over the root of its inputs, or divided by its largest singular value, which a
        step in training looks for."""
        if not hasattr(module, "parametrizations"):
            return module.weight
        if hasattr(module.parametrizations.weight[0], "inputs"):
            raw = module.parametrizations.weight.original
            groups = getattr(module, "groups", 1)
            turned = isinstance(module, nn.ConvTranspose2d)
            inputs = len(raw) // groups * raw[0, 0].numel() if turned else raw[0].numel()
            return raw / math.sqrt(inputs)
        if id(module) not in self._spectral:
            (norm,) = module.parametrizations.weight
            raw = module.parametrizations.weight.original
            matrix, u, v = raw.flatten(1), norm._u, norm._v
            if getattr(norm, "dim", 0) != 0:
                matrix = raw.transpose(0, norm.dim).flatten(1)
            if module.training:
                with torch.no_grad():
                    u = _unit(matrix @ v, norm.eps)
                    v = _unit(matrix.T @ u, norm.eps)
                self.moved[place, f"{within}u"], self.moved[place, f"{within}v"] = u, v
            self._spectral[id(module)] = raw / (u @ (matrix @ v))
        return self._spectral[id(module)]

    def _applied(self, step: Apply, sources: list[Tensor]) -> Tensor:
        module, x = self.modules[step.place], sources[0]
        if step.op.spec.plan is not None:
            return module(x)  # a user's own operation, of which nothing is known
        return getattr(self, f"_{step.op.name}")(step, module, *sources)

    def _conv(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        args = step.op.args
        weight = self._weight(step.place, module)
        return correlated(x, weight, module.bias, args["dilation"], args["groups"], args["stride"])

    def _sepconv(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        (depthwise, pointwise), args = module, step.op.args
        x = correlated(x, depthwise.weight, None, args["dilation"], x.shape[1], args["stride"])
        return correlated(x, pointwise.weight, pointwise.bias, 1, 1)

    def _deconv(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        """Each pixel adds a multiple of the kernel around its place; what is outside is cut off."""
        size, stride = step.op.args["kernel"], step.op.args["stride"]
        groups = step.op.args["groups"]
        weight = self._weight(step.place, module).unflatten(0, (groups, -1))
        (n, _, h, w), margin = x.shape, max(0, (size - stride + 1) // 2)
        # Wide enough for all that is cut out of it.
        out = x.new_zeros(n, step.shape[0], stride * (h + 1) + size, stride * (w + 1) + size)
        for down in range(size):
            for right in range(size):
                taken = weight[..., down, right]
                added = torch.einsum("ngihw,gio->ngohw", x.unflatten(1, (groups, -1)), taken)
                rows = slice(down, down + stride * (h - 1) + 1, stride)
                columns = slice(right, right + stride * (w - 1) + 1, stride)
                out = out.clone()
                out[:, :, rows, columns] += added.flatten(1, 2)
        out = out[:, :, margin : margin + stride * h, margin : margin + stride * w]
        return out if module.bias is None else out + module.bias[:, None, None]

    def _pixel_shuffle(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        factor = step.op.args["factor"]
        rows = [x[:, i :: factor**2] for i in range(factor**2)]
        n, channels, h, w = rows[0].shape
        grid = torch.stack(rows, -1).unflatten(-1, (factor, factor))
        return grid.permute(0, 1, 2, 4, 3, 5).reshape(n, channels, h * factor, w * factor)

    def _nearest(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        down, right = (
            [place * old // new for place in range(new)]
            for old, new in zip(x.shape[2:], step.shape[1:], strict=True)
        )
        return x[:, :, down][..., right]

    def _bilinear(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return resampled(x, step.shape, linear_weights)

    def _bicubic(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return resampled(x, step.shape, cubic_weights)

    def _windows(self, step: Apply, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """For each place under a window, what each window has there, and where that is beside x."""
        kernel, stride = step.op.args["kernel"], x.shape[2] // step.shape[1]
        before, found = (kernel - stride + 1) // 2, []
        starts = [torch.arange(size) * stride - before for size in step.shape[1:]]
        for down in range(kernel):
            for right in range(kernel):
                rows, columns = starts[0] + down, starts[1] + right
                here = ((rows >= 0) & (rows < x.shape[2]))[:, None] & (
                    (columns >= 0) & (columns < x.shape[3])
                )
                taken = x[:, :, rows.clamp(0, x.shape[2] - 1)]
                found.append((taken[..., columns.clamp(0, x.shape[3] - 1)], here))
        return found

    def _avg_pool(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        windows = self._windows(step, x)
        return sum(v * here for v, here in windows) / sum(here.to(x) for _, here in windows)

    def _max_pool(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        values = [v.masked_fill(~here, -torch.inf) for v, here in self._windows(step, x)]
        return torch.stack(values).amax(0)

    def _global_pool(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return x.flatten(2).sum(2) / (x.shape[2] * x.shape[3])

    def _mask(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        kept = torch.arange(x.shape[1]) < step.op.args["count"]
        return x * kept.view(-1, *[1] * (x.dim() - 2)).to(x.dtype)

    def _scale(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return x * step.op.args["by"]

    def _gain(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return (
            x * module.weight if len(module.weight) == 1 else x * _over_channels(module.weight, x)
        )

    def _reshape(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return x.flatten(1).unflatten(1, step.shape)

    def _factorized_reduce(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        halves = (module.even, x[:, :, ::2, ::2]), (module.odd, x[:, :, 1::2, 1::2])
        made = [torch.einsum("oi,nihw->nohw", m.weight[:, :, 0, 0], part) for m, part in halves]
        return torch.cat(made, 1)

    def _expand(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        for axis, size in enumerate(step.shape, start=1):
            x = x.unsqueeze(axis) if axis == x.dim() else x
            x = torch.cat([x] * size, axis) if x.shape[axis] == 1 else x
        return x

    def _pixel_norm(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        square = (x * x).sum(1, keepdim=True) / x.shape[1]
        return x / (square + step.op.args["eps"]) ** 0.5

    def _identity(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return x

    def _attention(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        args = step.op.args

        def conv(name: str, given: Tensor) -> Tensor:
            layer = getattr(module, name)
            weight = self._weight(step.place, layer, f"{name}.")
            out = torch.einsum("oi,nihw->nohw", weight[:, :, 0, 0], given)
            return out if layer.bias is None else out + layer.bias[:, None, None]

        def heads(given: Tensor) -> list[Tensor]:
            return [t.flatten(2) for t in given.chunk(args["heads"], 1)]

        def pooled(given: Tensor) -> Tensor:
            windows = [given[:, :, i :: args["pool"], j :: args["pool"]]
                       for i in range(args["pool"]) for j in range(args["pool"])]  # fmt: skip
            return torch.stack(windows).amax(0)

        attended = []
        sources = conv("query", x), pooled(conv("key", x)), pooled(conv("value", x))
        for q, k, v in zip(*map(heads, sources), strict=True):
            shares = torch.einsum("ncp,ncq->npq", q, k).softmax(-1)
            attended.append(torch.einsum("ncq,npq->ncp", v, shares))
        made = torch.cat(attended, 1).unflatten(2, x.shape[2:])
        return x + module.gamma * (made if args["full"] else conv("out", made))

    def _bn(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        axes = [0, *range(2, x.dim())]
        if module.training:
            mean, centred = x.mean(axes), x - _over_channels(x.mean(axes), x)
            variance = (centred**2).mean(axes)
            self._move(step, module, mean, variance, step.copies * x.numel() // x.shape[1])
        else:
            mean, variance = module.running_mean, module.running_var
        return _affine(module, _scaled(x, mean, variance, step.op.args["eps"]))

    def _move(
        self, step: Apply, module: nn.Module, mean: Tensor, variance: Tensor, count: int
    ) -> None:
        m = step.op.args["momentum"]
        unbiased = variance.detach() * count / (count - 1)
        seen = {"running_mean": mean.detach(), "running_var": unbiased}
        for name, value in seen.items():
            self._put(step.place, module, name, (1 - m) * self._now(module, name) + m * value)
        count = self._now(module, "num_batches_tracked") + 1
        self._put(step.place, module, "num_batches_tracked", count)

    def _now(self, module: nn.Module, name: str) -> Tensor:
        """A buffer, as another edge that shares the module has moved it."""
        return self._buffers.get((id(module), name), getattr(module, name))

    def _put(self, place: Place, module: nn.Module, name: str, value: Tensor) -> None:
        self.moved[place, name] = self._buffers[id(module), name] = value

    def _ccbn(self, step: Apply, module: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        factor, offset = module.gamma.weight[y], module.beta.weight[y]
        shape = (*x.shape[:2], *[1] * (x.dim() - 2))
        return factor.view(shape) * self._bn(step, module.bn, x) + offset.view(shape)

    def _layer_norm(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return self._grouped(step, module, x, 1)

    def _group_norm(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return self._grouped(step, module, x, step.op.args["groups"])

    def _instance_norm(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return self._grouped(step, module, x, x.shape[1])

    def _grouped(self, step: Apply, module: nn.Module, x: Tensor, groups: int) -> Tensor:
        parts = x.reshape(len(x), groups, -1)
        centred = parts - parts.mean(-1, keepdim=True)
        variance = (centred**2).mean(-1, keepdim=True)
        return _affine(module, (centred / (variance + step.op.args["eps"]).sqrt()).view_as(x))

    def _relu(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, torch.zeros_like(x))

    def _leaky_relu(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, step.op.args["slope"] * x)

    def _prelu(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, _over_channels(module.weight, x) * x)

    def _elu(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, step.op.args["alpha"] * (x.clamp(max=0).exp() - 1))

    def _selu(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
        return scale * torch.where(x > 0, x, alpha * (x.clamp(max=0).exp() - 1))

    def _silu(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return x / (1 + (-x).exp())

    def _gelu(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return x * (1 + torch.erf(x / math.sqrt(2))) / 2

    def _tanh(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return 2 / (1 + (-2 * x).exp()) - 1

    def _sigmoid(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        return 1 / (1 + (-x).exp())

    def _linear(self, step: Apply, module: nn.Module, x: Tensor) -> Tensor:
        out = torch.einsum("oi,ni->no", self._weight(step.place, module), x.flatten(1))
        out = out if module.bias is None else out + module.bias
        return out.view(len(x), *step.shape)

    def _embed(self, step: Apply, module: nn.Module, y: Tensor) -> Tensor:
        assert not isinstance(step.shape, Label)
        return module.weight[y].view(len(y), *step.shape)


def _unit(vector: Tensor, eps: float) -> Tensor:
    return vector / vector.norm().clamp(min=eps)


def _over_channels(values: Tensor, x: Tensor) -> Tensor:
    return values.view(1, -1, *[1] * (x.dim() - 2))


def _scaled(x: Tensor, mean: Tensor, variance: Tensor, eps: float) -> Tensor:
    return (x - _over_channels(mean, x)) / (_over_channels(variance, x) + eps).sqrt()


def _affine(module: nn.Module, x: Tensor) -> Tensor:
    if module.weight is None:
        return x
    return _over_channels(module.weight, x) * x + _over_channels(module.bias, x)
