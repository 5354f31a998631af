"""Operations that make less of feature maps, without weights, and count no multiply-accumulates."""

from __future__ import annotations

from autorecon.lang.operations.shapes import Shape, ShapeFault
from autorecon.lang.operations.spec import Args, Param, ShapeRule, maps, op
from autorecon.lang.operations.strides import shrunk
from autorecon.lang.operations.traits import Traits

_SHRINKS = Traits(stateless=True, moves=True, channelwise=True, keeps_zeros=True)


def _pool(name: str) -> ShapeRule:
    def rule(args: Args, source: Shape, target: Shape) -> Shape:
        channels, height, _ = maps(source, name)
        kernel, stride = args["kernel"], args["stride"]
        if stride is None:
            stride = max(1, height // maps(target, name)[1])
        out = shrunk(source, stride)
        if kernel < stride or (stride == 1 and kernel % 2 == 0):
            message = f"`{name}({kernel}, stride={stride})` cannot shrink by exactly {stride}"
            raise ShapeFault(message, "choose an odd kernel, or the stride; none is below it")
        return channels, *out

    return rule


for _name, _of in (("avg_pool", "mean"), ("max_pool", "largest")):
    op(
        _name,
        f"the {_of} of the pixels under a window, to the next node's resolution or by a stride",
        Param("kernel", int, required=True, least=1),
        Param("stride", int, least=1),
        traits=_SHRINKS,
    )(_pool(_name))


@op("global_pool", "each channel's mean over all positions: a vector", traits=_SHRINKS)
def _global_pool(args: Args, source: Shape, target: Shape) -> Shape:
    return (maps(source, "global_pool")[0],)
