"""What strides make of a resolution: one rule for convolutions, pools and transposed ones."""

from __future__ import annotations

from autorecon.lang.operations.shapes import Shape, ShapeFault, show_shape


def padding(reach: int, stride: int) -> int:
    """Zeros on each side of the maps: half of what a kernel reaches beyond its stride, rounded up.

    With it a stride that divides the maps is what they shrink by, and the transposed enlarge by.
    """
    return max(0, (reach - stride + 1) // 2)


def reach(kernel: int, dilation: int = 1) -> int:
    """From the outermost tap to the outermost, both included."""
    return dilation * (kernel - 1) + 1


def shrunk(source: Shape, stride: int) -> tuple[int, int]:
    """Height and width of maps after a stride; ShapeFault where it does not divide them."""
    _, height, width = source
    if height % stride or width % stride:
        message = f"a stride of {stride} does not divide {show_shape(source)}"
        raise ShapeFault(message, "choose a node whose height and width are whole parts of it")
    return height // stride, width // stride
