"""The linear couplings of a box of cells by zero-padded Fourier transforms: any kernel, any size."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft as scipy_fft

from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.workspace import Workspace

#: Imaginary parts of the kernel below this fraction of its largest element are rounding.
_REAL = 1e-14


@dataclass(frozen=True, eq=False)
class FourierConvolution:
    """slab: the box. kernel: K(q) on slab.wave_vectors(), (Nx, length_y, Nz, d, d), of something real in real space.

    Only real layers are transformed along x and z; the padding enters with the last transform, along y.
    """

    slab: Slab
    kernel: NDArray[Any]
    dtype: np.dtype[Any] = field(default=np.dtype(np.float64))
    route: str = "fourier"

    @cached_property
    def _spectrum(self) -> NDArray[Any]:
        """K for q_z >= 0, (d, d, Nz//2 + 1, Nx, length_y), real where it can be."""
        half = self.kernel[:, :, : self.slab.shape[2] // 2 + 1]
        ordered = np.moveaxis(half, (3, 4, 2, 0, 1), (0, 1, 2, 3, 4))
        single = self.dtype == np.float32
        if np.iscomplexobj(ordered) and np.abs(ordered.imag).max() > _REAL * np.abs(ordered).max():
            return np.ascontiguousarray(ordered, dtype=np.complex64 if single else np.complex128)
        return np.ascontiguousarray(ordered.real, dtype=self.dtype)

    def __call__(self, u: Any, xp: Any = np, work: Workspace | None = None) -> Any:
        """sum_j K(i - j) u_j, (..., d, Nz, Nx, Ny), of a field in the same order: components, then z, x, y."""
        fft: Any = scipy_fft if xp is np else xp.fft
        ny, nz = self.slab.shape[1], self.slab.shape[2]
        spectrum = fft.fft(fft.fft(fft.rfft(u, axis=-3), axis=-2), n=self.slab.length_y, axis=-1)
        moved = xp.einsum("abzxy,...bzxy->...azxy", xp.asarray(self._spectrum), spectrum)
        layers = fft.ifft(moved, axis=-1)[..., :ny]
        return fft.irfft(fft.ifft(layers, axis=-2), n=nz, axis=-3)
