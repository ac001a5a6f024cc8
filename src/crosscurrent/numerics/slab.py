"""A box of cells, periodic along x and z, and along y either open (padded with empty cells) or periodic too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: Points of the transform whose couplings no machine of today holds, 216 bytes each.
_LARGEST = 10**9


@dataclass(frozen=True)
class Slab:
    """shape: cells along x, y, z. padding: length of the Fourier transform along the open y, at least twice the number
    of cells less one; twice the number when None. open_y: False for a crystal that is periodic along y as well.

    The padding belongs to the model, not to the arithmetic: it sets how far the images of the slab are away that the
    dipoles see.

    Raises InputError for sizes that are not whole positive numbers and for a padding that is too short.
    """

    shape: tuple[int, int, int]
    padding: int | None = None
    open_y: bool = True

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or any(not _whole(n) for n in self.shape):
            raise InputError(
                f"the grid needs three positive numbers of cells, got {self.shape}",
                where="grid",
                fix="give the cells along x, y and z, e.g. (41, 31, 9)",
            )
        self._check_padding()
        if math.prod(self.transform_shape) > _LARGEST:
            raise InputError(
                f"a grid of {' x '.join(map(str, self.shape))} cells is too large: the couplings alone would take "
                f"{216e-9 * math.prod(self.transform_shape):.0f} GB",
                where="grid",
                fix="give fewer cells",
            )

    def _check_padding(self) -> None:
        if self.padding is None:
            return
        if not self.open_y:
            raise InputError("a crystal that is periodic along y has no padding", where="padding", fix="leave it out")
        if not _whole(self.padding) or self.padding < 2 * self.shape[1] - 1:
            raise InputError(
                f"{self.padding} cells of padding let the two surfaces of {self.shape[1]} layers see each other twice",
                where="padding",
                fix=f"give {2 * self.shape[1]} or more, or leave it out",
            )

    @property
    def cells(self) -> int:
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def length_y(self) -> int:
        """Length of the Fourier transform along y."""
        if not self.open_y:
            return self.shape[1]
        return self.padding or 2 * self.shape[1]

    @property
    def transform_shape(self) -> tuple[int, int, int]:
        return self.shape[0], self.length_y, self.shape[2]

    def wave_vectors(self) -> Floats:
        """q of the transform, (Nx, length_y, Nz, 3) radians a cell in [-pi, pi)."""
        axes = [2 * np.pi * np.fft.fftfreq(n) for n in self.transform_shape]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def _whole(number: int) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool) and number >= 1


def convolve(kernel: NDArray[np.complex128] | Floats, field: Floats, slab: Slab) -> Floats:
    """sum_j K(i - j) f_j inside the slab, by a zero-padded transform.

    kernel: K(q) on slab.wave_vectors(), (Nx, length_y, Nz, d, d). field: (..., Nx, Ny, Nz, d) real.
    """
    axes = (-4, -3, -2)
    half = slab.shape[2] // 2 + 1
    spectrum = fft.rfftn(field, s=slab.transform_shape, axes=axes)
    moved = np.einsum("xyzab,...xyzb->...xyza", kernel[:, :, :half], spectrum, optimize=True)
    # scipy's real transform acts on the last of the axes named, which is z
    back: Floats = fft.irfftn(moved, s=slab.transform_shape, axes=axes)
    return back[..., :, : slab.shape[1], :, :]


def layer_coupling(kernel: NDArray[np.complex128] | Floats, slab: Slab) -> Complexes:
    """K(q_x, y - y', q_z) of an open slab: (Nx, Nz, 2 Ny - 1, d, d), with the distance y - y' from 1 - Ny to Ny - 1."""
    layers = slab.shape[1]
    distances = np.arange(1 - layers, layers) % slab.length_y
    along_y: Complexes = fft.ifft(kernel, axis=1)
    return np.ascontiguousarray(np.moveaxis(along_y[:, distances], 1, 2))
