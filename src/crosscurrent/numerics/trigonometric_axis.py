"""Cosine and sine transforms along one axis of a box, for fields folded about its middle.

On numpy results are written into arrays of a workspace, on jax.numpy they are new; `work` is None there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.workspace import Workspace


@dataclass(frozen=True, eq=False)
class TrigonometricAxis:
    """cells: n. length: of the transform, at least n; more for an open axis. dtype: of the matrices. signs: of the
    cosines, (..., 1, 1) by what stands before the axis of a field.

    The cells lie at distances d from the middle, the wave vectors are 2 pi k/length, k = 0 ... length//2. A folded
    field is f(-d) + f(d), ceil(n/2) values, the cell in the middle counted twice, and f(-d) - f(d), n//2 values.
    """

    cells: int
    length: int
    dtype: np.dtype[Any]
    signs: NDArray[np.float64] | None = None

    @property
    def waves(self) -> int:
        return self.length // 2 + 1

    @cached_property
    def cos(self) -> NDArray[Any]:
        """cos q d, (..., waves, ceil(n/2)), with the signs."""
        plain = np.cos(self._phases)
        return np.asarray(plain if self.signs is None else self.signs * plain, self.dtype)

    @cached_property
    def sin(self) -> NDArray[Any]:
        """sin q d, (waves, n//2)."""
        return np.sin(self._phases[:, : self.cells // 2]).astype(self.dtype)

    @cached_property
    def cos_folded(self) -> NDArray[Any]:
        """cos for a folded field, where the cell in the middle is counted twice."""
        out = self.cos.copy()
        out[..., self.cells // 2 :] *= 0.5
        return out

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """How often a wave vector and its negative stand in the sum of the inverse transform, over the length."""
        twice = np.full(self.waves, 2.0)
        twice[0] = 1.0
        if self.length % 2 == 0:
            twice[-1] = 1.0
        return twice / self.length

    @cached_property
    def _phases(self) -> NDArray[np.float64]:
        distances = np.arange((self.cells + 1) // 2) - (self.cells - 1) / 2
        return 2 * np.pi / self.length * np.outer(np.arange(self.waves), distances)

    def folded(self, f: Any, axis: int, work: Workspace | None) -> tuple[Any, Any]:
        """The even and the odd part along an axis, counted from the end."""
        mirror = _part(f, axis, slice(None, None, -1))
        both, half = slice(0, (self.cells + 1) // 2), slice(0, self.cells // 2)
        even, odd = (_part(f, axis, both), _part(mirror, axis, both)), (_part(f, axis, half), _part(mirror, axis, half))
        if work is None:
            return even[0] + even[1], odd[0] - odd[1]
        return (
            np.add(*even, out=work.array("even", even[0].shape, self.dtype)),
            np.subtract(*odd, out=work.array("odd", odd[0].shape, self.dtype)),
        )

    def unfolded(self, even: Any, odd: Any, axis: int, xp: Any, out: Any = None) -> Any:
        """The field from its even and odd part; written into `out`, if there is one."""
        half, middle = slice(0, self.cells // 2), slice(self.cells // 2, (self.cells + 1) // 2)
        near = _part(even, axis, half)
        if out is None:
            far = _part(near - odd, axis, slice(None, None, -1))
            return xp.concatenate([near + odd, _part(even, axis, middle), far], axis=axis)
        np.add(near, odd, out=_part(out, axis, half))
        np.subtract(near, odd, out=_part(_part(out, axis, slice(None, None, -1)), axis, half))
        _part(out, axis, middle)[...] = _part(even, axis, middle)
        return out

    def forward(self, f: Any, axis: int, xp: Any, work: Workspace | None, name: str) -> Any:
        """Both transforms of f (..., n, ...) along axis -1 or -2, (2, ..., waves, ...): cosines, then sines."""
        even, odd = self.folded(f, axis, work)
        if work is None:
            return xp.stack([_product(self.cos_folded, even, axis, xp), _product(self.sin, odd, axis, xp)])
        shape = list(f.shape)
        shape[axis] = self.waves
        out = work.array(name, (2, *shape), self.dtype)
        _product(self.cos_folded, even, axis, xp, out[0])
        _product(self.sin, odd, axis, xp, out[1])
        return out

    def inverse(self, s: Any, axis: int, xp: Any, work: Workspace | None, out: Any = None) -> Any:
        """The field of both transforms without the weights of the wave vectors, which belong to what stands between."""
        if work is None:
            parts = [_product(m.mT, part, axis, xp) for m, part in zip((self.cos, self.sin), s, strict=True)]
            return self.unfolded(parts[0], parts[1], axis, xp)
        parts = []
        for name, matrix, part in zip(("even", "odd"), (self.cos, self.sin), s, strict=True):
            shape = list(part.shape)
            shape[axis] = matrix.shape[-1]
            parts.append(_product(matrix.mT, part, axis, xp, work.array(name, tuple(shape), self.dtype)))
        return self.unfolded(parts[0], parts[1], axis, xp, out)


def _product(matrix: NDArray[Any], f: Any, axis: int, xp: Any, out: Any = None) -> Any:
    """The matrix along an axis of f, -2 or -1; along the last one as a single product."""
    left = xp.asarray(matrix)
    if out is None:
        return left @ f if axis == -2 else f @ left.T
    if axis == -2:
        return np.matmul(left, f, out=out)
    rows = math.prod(f.shape[:-1])
    np.matmul(f.reshape(rows, f.shape[-1]), left.T, out=out.reshape(rows, out.shape[-1]))
    return out


def _part(f: Any, axis: int, part: slice) -> Any:
    """f[..., part, ...] along an axis counted from the end."""
    return f[(..., part) + (slice(None),) * (-axis - 1)]
