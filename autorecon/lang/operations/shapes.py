"""Shapes, and what an operation's shape rule may say."""

from __future__ import annotations

# Without the batch axis: (length,) is a vector, (channels, height, width) feature maps.
Shape = tuple[int, ...]


class Label(Shape):
    """The shape of a class label, a whole number in 0 .. classes-1. No vector equals it."""

    __slots__ = ()

    def __new__(cls, classes: int) -> Label:
        return super().__new__(cls, (classes,))

    def __getnewargs__(self) -> tuple[int]:
        """For copies, which would else be of a label with a tuple of classes."""
        return (self.classes,)

    @property
    def classes(self) -> int:
        return self[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Label) and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(("label", self[0]))

    def __repr__(self) -> str:
        return f"Label({self[0]})"


class ShapeFault(Exception):
    """An operation cannot take what reaches it; the checker adds the place.

    Of a merge `part` says which of its edges is to blame, where one is.
    """

    def __init__(self, message: str, help: str, part: int | None = None) -> None:
        super().__init__(message)
        self.message, self.help, self.part = message, help, part


def show_shape(shape: Shape) -> str:
    """`64x8x8`, `100`, or `label(10)`."""
    if isinstance(shape, Label):
        return f"label({shape.classes})"
    return "x".join(map(str, shape))


def elements(shape: Shape) -> int:
    """How many numbers a sample of this shape has."""
    if isinstance(shape, Label):
        return 1
    product = 1
    for size in shape:
        product *= size
    return product
