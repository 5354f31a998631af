"""Pictures in files, decoded when they are asked for and cut to a network's size.

Files are not trusted: only formats of pixels are read (others run programs), and nothing is decoded
that promises more pixels than a camera takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from autorecon.data.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm",
)  # fmt: skip
MOST_PIXELS = 120_000_000
"""Of a file, and of what becomes of it when its shorter side is resized."""
MARGIN = 256 / 224
"""By so much the shorter side is longer than what is cut out, as ImageNet is evaluated."""
MODES = {1: "L", 3: "RGB"}


@attrs.frozen(eq=False)
class Pictures:
    """Images [N, C, H, W] in files, of which no more is in memory than was asked for.

    The shorter side is resized to MARGIN times the size, the centre cut out. Where they are not
    `published`, what has the size is taken as it is, cameras' turns are turned back, and what is
    transparent is white.
    """

    paths: list[str] = attrs.field(repr=False)
    shape: tuple[int, int, int]
    published: bool = False

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, chosen: slice | Tensor) -> Tensor:
        """The bytes 0..255 of the chosen images; DataError names the file that is none."""
        import torch

        places = range(len(self))[chosen] if isinstance(chosen, slice) else chosen.tolist()
        return torch.stack([self._decoded(self.paths[place]) for place in places])

    def check(self) -> None:
        """Raise DataError for the first file that does not begin as a picture to be decoded."""
        for path in self.paths:
            with _opened(path):
                pass

    def _decoded(self, path: str) -> Tensor:
        channels, height, width = self.shape
        with _opened(path) as image:
            mode = MODES[channels]
            shown = image.convert(mode) if self.published else _plain(image, mode)
            own = not self.published and shown.size == (width, height)
            return _tensor(shown if own else _cut(shown, height, width))


@contextmanager
def _opened(path: str) -> Iterator[Image]:
    """A picture whose size is known and fit, whatever decoding it raises made a DataError."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Our own limit says it as an error, and what else is odd about metadata is no matter.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                _check_pixels(path, image.width, image.height)
                yield image
    except (DataError, MemoryError):
        raise
    # Decoders of damaged files raise whatever they meet.
    except Exception as error:
        raise DataError(
            f"cannot read the image {path}: {error or type(error).__name__}; mend or remove it"
        ) from error


def _check_pixels(path: str, width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise DataError(
            f"{path} promises {width}x{height} pixels; more than {MOST_PIXELS:,} are not decoded"
        )


def _plain(image: Image, mode: str) -> Image:
    """In that mode, upright, the transparent white; 16 bits of grey are 8."""
    from PIL import Image as images
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        upright = upright.convert("I").point(_BYTES).convert("L")
    if upright.mode in ("I", "F"):
        raise ValueError("its pixels are of 32 bits and of no known range")
    if not upright.has_transparency_data:
        return upright.convert(mode)
    coloured = upright.convert("RGBA")
    ground = images.new("RGBA", coloured.size, "white")
    return images.alpha_composite(ground, coloured).convert(mode)


_BYTES: Callable[[int], float] = lambda value: value * (1 / 256)  # noqa: E731


def _cut(image: Image, height: int, width: int) -> Image:
    """The centre of the image, resized so that MARGIN times the size covers it."""
    from PIL import Image as images

    least = round(width * MARGIN), round(height * MARGIN)
    if least[0] * image.height >= least[1] * image.width:
        size = least[0], max(least[1], int(least[0] * image.height / image.width))
    else:
        size = max(least[0], int(least[1] * image.width / image.height)), least[1]
    if size[0] * size[1] > MOST_PIXELS:
        raise ValueError(f"{image.width}x{image.height} pixels are no shape for {width}x{height}")
    left, top = round((size[0] - width) / 2), round((size[1] - height) / 2)
    resized = image.resize(size, images.Resampling.BILINEAR)
    return resized.crop((left, top, left + width, top + height))


def _tensor(image: Image) -> Tensor:
    """The bytes of an image of 8-bit channels, [C, H, W]."""
    import torch

    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.view(image.height, image.width, -1).permute(2, 0, 1).contiguous()
