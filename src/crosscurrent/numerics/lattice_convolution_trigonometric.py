"""The linear couplings of a box of cells by real cosine and sine transforms, each a product of two small matrices.

For the sizes of such boxes (10 to 100 cells along an axis, often prime numbers) matrix products beat Fourier
transforms. Along each axis a field is folded about the middle of the box into an even and an odd part, which halves the
products; cosines act on the one, sines on the other. An open axis has the wave vectors of its padded length, but only
its own cells are transformed.

A kernel of a crystal with the mirrors x -> -x, y -> -y and z -> -z has elements K_aa even in every q, and K_ab odd in
q_a and q_b. Then sign(q_a) turns cos into i sin and sin into -i cos, so K_ab takes the component b of some parities to
the component a with the parities along a and b turned over, with the sign - where these two are alike and + where they
are not: all of it is real.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.trigonometric_axis import TrigonometricAxis
from crosscurrent.numerics.workspace import Workspace

#: Elements that break a mirror by less than this fraction of the largest count as rounding.
_MIRROR = 1e-11
#: Where the parities along x, y, z stand among the first axes of a transformed field: y first, then x, then z.
_PARITY = (1, 0, 2)
#: Bytes of one block of transformed layers, which with its image should stay in a second-level cache.
_BLOCK = 1_500_000


@dataclass(frozen=True, eq=False)
class TrigonometricConvolution:
    """slab: the box. kernel: K(q) on slab.wave_vectors(), (Nx, length_y, Nz, 3, 3), with the three mirrors."""

    slab: Slab
    kernel: NDArray[Any] = field(repr=False)
    dtype: np.dtype[Any] = field(default=np.dtype(np.float64))
    route: str = "trigonometric"

    def __call__(self, u: Any, xp: Any = np, work: Workspace | None = None) -> Any:
        """sum_j K(i - j) u_j, (..., 3, Nz, Nx, Ny), of a field in the same order: components, then z, x, y.

        work: on numpy, where the arrays are kept between calls; the result is one of them.
        """
        if xp is np and work is None:
            work = Workspace()
        x, _, z = self._axes
        nx, ny, nz = self.slab.shape
        lead = u.shape[:-3]
        fields = z.forward(u.reshape(*lead, nz, nx * ny), -2, xp, work, "along z")
        fields = x.forward(fields.reshape(2, *lead, z.waves, nx, ny), -2, xp, work, "along x")
        fields = self._layers(fields.reshape(2, 2, *lead, z.waves * x.waves, ny), xp, work)
        fields = fields.reshape(2, 2, *lead, z.waves, x.waves, ny)
        # the first transforms are not needed any more
        out = None if work is None else work.array("along z", (2, *lead, z.waves, nx, ny), self.dtype)
        fields = x.inverse(fields, -2, xp, work, out).reshape(2, *lead, z.waves, nx * ny)
        out = None if work is None else work.array("result", (*lead, nz, nx * ny), self.dtype)
        return z.inverse(fields, -2, xp, work, out).reshape(u.shape)

    def _layers(self, fields: Any, xp: Any, work: Workspace | None) -> Any:
        """The transform along y, the kernel, and back, for fields (2, 2, ..., 3, Kz Kx, Ny); on numpy in place."""
        if work is None:
            return self._some_layers(fields, slice(None), xp, None, None)
        waves = fields.shape[-2]
        each = fields.size // waves * 2 * fields.itemsize * self.slab.length_y // self.slab.shape[1]
        size = max(1, _BLOCK // each)
        for first in range(0, waves, size):
            block = slice(first, min(first + size, waves))
            self._some_layers(fields[..., block, :], block, xp, work, fields[..., block, :])
        return fields

    def _some_layers(self, part: Any, block: slice, xp: Any, work: Workspace | None, out: Any) -> Any:
        y = self._axes[1]
        spectrum = y.forward(part, -1, xp, work, "along y")
        return y.inverse(self._coupled(spectrum, block, xp, work), -1, xp, work, out)

    def _coupled(self, s: Any, block: slice, xp: Any, work: Workspace | None) -> Any:
        """K on transformed fields (2, 2, 2, ..., 3, q, Ky) of the parities along y, x, z."""
        rows: list[Any] = []
        out = None if work is None else work.array("coupled", s.shape, self.dtype)
        for a, elements in enumerate(self._rows):
            row = None if out is None else out[..., a, :, :]
            term = None if work is None else work.array("term", s[..., a, :, :].shape, self.dtype)
            for i, (b, matrix) in enumerate(elements):
                part = s[..., b, :, :]
                if b != a:
                    turned = [slice(None)] * 3
                    turned[_PARITY[a]] = turned[_PARITY[b]] = slice(None, None, -1)
                    part = part[tuple(turned)]
                factor = xp.asarray(matrix[(slice(None),) * 3 + (None,) * (part.ndim - 5) + (block,)])
                if term is None:
                    row = row + factor * part if i else factor * part
                elif i:
                    row += np.multiply(factor, part, out=term)
                else:
                    np.multiply(factor, part, out=row)
            rows.append(row)
        return xp.stack(rows, axis=-3) if out is None else out

    @cached_property
    def _axes(self) -> tuple[TrigonometricAxis, TrigonometricAxis, TrigonometricAxis]:
        """Along x and z with -cos for the component of that axis, which takes the signs of the parities out of K."""
        one = np.ones((3, 1, 1, 1))
        own_x, own_z = one.copy(), one.copy()
        own_x[0] = own_z[2] = -1.0
        (nx, ny, nz), (mx, my, mz) = self.slab.shape, self.slab.transform_shape
        x, z = TrigonometricAxis(nx, mx, self.dtype, own_x), TrigonometricAxis(nz, mz, self.dtype, own_z[:, 0])
        return x, TrigonometricAxis(ny, my, self.dtype), z

    @cached_property
    def _rows(self) -> list[list[tuple[int, NDArray[Any]]]]:
        """For each component a the (b, K_ab) that are not zero, a first: (2, 2, 2, q, Ky), with 1 for a parity that
        does not matter. The weights of the wave vectors are in it."""
        axes = self._axes
        x, y, z = (axis.waves for axis in axes)
        # at the zone boundary the list of wave vectors has -pi; even elements do not mind and odd ones are zero
        weights = np.einsum("x,y,z->xyz", *(axis.weights for axis in axes))
        weighted = np.moveaxis(self.kernel[:x, :y, :z].real * weights[..., None, None], 2, 0).reshape(z * x, y, 3, 3)
        smallest = _MIRROR * np.abs(self.kernel).max()
        rows: list[list[tuple[int, NDArray[Any]]]] = [[], [], []]
        for a, b in itertools.product(range(3), repeat=2):
            if a == b or np.abs(self.kernel[..., a, b]).max() > smallest:
                element = (_signs(a, b)[..., None, None] * weighted[..., a, b]).astype(self.dtype)
                rows[a].insert(0 if a == b else 3, (b, element))
        return rows


def has_mirrors(kernel: NDArray[Any]) -> bool:
    """Whether K(q), (Nx, Ny, Nz, 3, 3), is real and has the mirrors of the three axes."""
    scale = _MIRROR * np.abs(kernel).max()
    if np.abs(kernel.imag).max() > scale:
        return False
    for axis, n in enumerate(kernel.shape[:3]):
        signs = np.where(np.arange(3) == axis, -1.0, 1.0)
        mirrored = np.take(kernel, -np.arange(n) % n, axis=axis) * np.outer(signs, signs)
        if np.abs(mirrored - kernel).max() > scale:
            return False
    return True


def _signs(a: int, b: int) -> NDArray[np.float64]:
    """Signs by the parities (0 for cos) along y, x, z of the result, with length 1 along what does not matter.

    With cos x -> -cos x for the component x and cos z -> -cos z for the component z only the parity along y is left.
    """
    if a == b or 1 not in (a, b):
        return np.ones((1, 1, 1))
    return np.array([-1.0, 1.0] if a == 1 else [1.0, -1.0]).reshape(2, 1, 1)
