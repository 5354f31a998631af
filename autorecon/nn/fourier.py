"""Convolution by the Fourier transform: spectra are multiplied, whatever the size of the kernel.

The transforms are products with matrices of cosines and sines, first along rows, then along
columns, laid out so that each is one multiplication, and one copy is enough. Of a real map half of
the row frequencies suffice. A spectrum is [row frequency, 2 * column frequency, N * C], the real
parts of all column frequencies before the imaginary ones. All maps are linear, so the backward
pass is the same code with transposed matrices. Results equal direct convolution up to rounding.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from autorecon.lowering.fourier import periods
from autorecon.nn.transfer import sent

Offsets = tuple[tuple[int, int], ...]  # of a kernel's taps from its middle, down and right


class Matrices(NamedTuple):
    """Of maps of one size. `rows`, `columns` lead to spectra, `back_columns`, `back_rows` back."""

    rows: Tensor  # [(part, row frequency), W]
    columns: Tensor  # [(part, column frequency), (part, H)]
    back_columns: Tensor  # [(part, H), (part, column frequency)]
    back_rows: Tensor  # [(row frequency, part), W]

    def transposed(self) -> Matrices:
        """Those of the adjoint maps: to spectra by what led back, and back by what led to them."""
        half = len(self.rows) // 2
        rows = self.back_rows.unflatten(0, (half, 2)).transpose(0, 1).flatten(0, 1)
        back_rows = self.rows.unflatten(0, (2, half)).transpose(0, 1).flatten(0, 1)
        return Matrices(rows, self.back_columns.T, self.columns.T, back_rows)


@lru_cache(maxsize=32)
def matrices(
    height: int, width: int, reach: int, dtype: torch.dtype, device: torch.device
) -> tuple[Matrices, Matrices]:
    """Both ways, and their adjoints."""
    tall, wide = periods(height, width, reach)
    across = _angles(wide // 2 + 1, width, wide)
    down = _angles(tall, height, tall)
    (c, s), (cos, sin) = (down.cos(), down.sin()), (across.cos(), across.sin())
    # All row frequencies but the first and the last stand for their mirror image too.
    twice = torch.full((wide // 2 + 1, 1), 2.0, dtype=torch.float64)
    twice[0], twice[-1] = 1.0, 1.0
    columns = torch.cat([torch.cat([c, s], 1), torch.cat([-s, c], 1)])
    back = torch.cat([torch.cat([c.T, -s.T], 1), torch.cat([s.T, c.T], 1)]) / tall
    back_rows = torch.stack([cos * twice, -sin * twice], 1).flatten(0, 1) / wide
    exact = Matrices(torch.cat([cos, -sin]), columns, back, back_rows)
    pair = (exact, exact.transposed())
    one, other = (Matrices(*(sent(m.to(dtype).contiguous(), device) for m in way)) for way in pair)
    return one, other


def _angles(frequencies: int, positions: int, period: int) -> Tensor:
    k, x = (torch.arange(n, dtype=torch.float64) for n in (frequencies, positions))
    return 2 * math.pi / period * torch.outer(k, x)


@lru_cache(maxsize=32)
def tap_matrix(
    tall: int, wide: int, offsets: Offsets, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """[row frequency, (part, column frequency), tap]: a kernel's spectrum, conjugated, since what
    networks call convolution is correlation."""
    down, right = torch.tensor(offsets, dtype=torch.float64).T
    along = torch.outer(torch.arange(tall, dtype=torch.float64), down) / tall
    across = torch.outer(torch.arange(wide // 2 + 1, dtype=torch.float64), right) / wide
    angles = 2 * math.pi * (along[None] + across[:, None])
    return sent(torch.cat([angles.cos(), angles.sin()], 1).to(dtype), device)


def to_spectrum(x: Tensor, ways: Matrices) -> Tensor:
    """[N, C, H, W] -> [row frequency, (part, column frequency), N * C]"""
    count, height = x.shape[0] * x.shape[1], x.shape[2]
    rows = (ways.rows @ x.reshape(-1, x.shape[3]).T).view(2, -1, count, height)
    half = rows.shape[1]
    rows = torch.cat(list(rows), 2)  # [row frequency, N * C, (part, H)]
    return torch.bmm(ways.columns.expand(half, -1, -1), rows.transpose(1, 2))


def from_spectrum(spectrum: Tensor, ways: Matrices, batch: int) -> Tensor:
    """The same [N, C, H, W] of a spectrum."""
    half, _, count = spectrum.shape
    columns = torch.bmm(ways.back_columns.expand(half, -1, -1), spectrum)
    height = columns.shape[1] // 2
    rows = columns.view(2 * half, height * count).T @ ways.back_rows
    return rows.view(height, count, -1).transpose(0, 1).reshape(batch, -1, height, rows.shape[1])


class SpectralConvolution(NamedTuple):
    """Convolutions of maps of one size with kernels of one set of taps [taps, I, O]."""

    offsets: Offsets
    reach: int

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        """[N, I, H, W] -> [N, O, H, W]"""
        ways, _, taps = self._prepared(x)
        there = self._split(to_spectrum(x, ways), x)
        made = there.new_empty(*there.shape[:4], kernel.shape[2])
        # One row frequency after the other: the kernel's spectrum stays in the cache.
        for at, x_at, y_at in zip(taps, there, made, strict=True):
            real, imaginary = self._spectrum(at, kernel)
            torch.bmm(x_at[0], real, out=y_at[0]).baddbmm_(x_at[1], imaginary, alpha=-1)
            torch.bmm(x_at[0], imaginary, out=y_at[1]).baddbmm_(x_at[1], real)
        return from_spectrum(self._joined(made), ways, len(x))

    def gradients(
        self, x: Tensor, kernel: Tensor, gradient: Tensor, needs: tuple[bool, bool]
    ) -> tuple[Tensor | None, Tensor | None]:
        """Of x and of the kernel, as far as they are needed, from that of the result."""
        ways, adjoint, taps = self._prepared(x)
        there = self._split(to_spectrum(x, ways), x)
        back = self._split(to_spectrum(gradient, adjoint), gradient)
        x_back = torch.empty_like(there) if needs[0] else None
        kernel_back = _zeros(kernel) if needs[1] else None
        for k, at in enumerate(taps):
            if x_back is not None:
                self._x_gradient(back[k], self._spectrum(at, kernel), x_back[k])
            if kernel_back is not None:
                kernel_back += at.T @ self._kernel_gradient(there[k], back[k])
        x_gradient = None
        if x_back is not None:
            x_gradient = from_spectrum(self._joined(x_back), adjoint, len(x))
        return x_gradient, None if kernel_back is None else kernel_back.view_as(kernel)

    def _prepared(self, x: Tensor) -> tuple[Matrices, Matrices, Tensor]:
        height, width = x.shape[2:]
        ways, adjoint = matrices(height, width, self.reach, x.dtype, x.device)
        tall, wide = periods(height, width, self.reach)
        return ways, adjoint, tap_matrix(tall, wide, self.offsets, x.dtype, x.device)

    def _split(self, spectrum: Tensor, x: Tensor) -> Tensor:
        """[row frequency, part, column frequency, N, C]"""
        half, columns, _ = spectrum.shape
        return spectrum.view(half, 2, columns // 2, *x.shape[:2])

    def _joined(self, spectrum: Tensor) -> Tensor:
        return spectrum.flatten(3).flatten(1, 2)

    def _spectrum(self, at: Tensor, kernel: Tensor) -> Tensor:
        """[part, column frequency, I, O]"""
        return (at @ kernel.flatten(1)).view(2, len(at) // 2, *kernel.shape[1:])

    def _x_gradient(self, back: Tensor, spectrum: Tensor, out: Tensor) -> None:
        real, imaginary = spectrum.transpose(2, 3)
        torch.bmm(back[0], real, out=out[0]).baddbmm_(back[1], imaginary)
        torch.bmm(back[1], real, out=out[1]).baddbmm_(back[0], imaginary, alpha=-1)

    def _kernel_gradient(self, there: Tensor, back: Tensor) -> Tensor:
        """[(part, column frequency), I * O]"""
        x = there.transpose(2, 3)
        real = torch.bmm(x[0], back[0]).baddbmm_(x[1], back[1])
        imaginary = torch.bmm(x[0], back[1]).baddbmm_(x[1], back[0], alpha=-1)
        return torch.cat([real, imaginary]).flatten(1)


def _zeros(kernel: Tensor) -> Tensor:
    """[taps, I * O], of enough bits for a sum over frequencies."""
    dtype = torch.promote_types(kernel.dtype, torch.float32)
    return torch.zeros_like(kernel, dtype=dtype).flatten(1)
