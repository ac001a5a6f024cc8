"""How sums over k turn under a point operation, index by index.

What k contributes to a response goes at gk, with g = (R, theta) and gk = (-1)^theta R k, into

    T'_ij.. = s^theta D_ia D_jb .. T_ab..

with D = R for a polar index, det(R) R for an axial one, the minor R_ia R_jb - R_ib R_ja for a pair of polar indices
that T is antisymmetric in, and s as in `physics.symmetry`. That is the rule of the summed tensor, at every k alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.bloch import PAIRS

Floats = NDArray[np.float64]

#: Entries of rotations that are not zero are larger than this, by far.
_OUTSIDE = 1e-9


@dataclass(frozen=True)
class Index:
    """One index of an array of sums.

    kind: "polar", "axial", "pair", "part" (of a model, which an operation may exchange), "signed" (its entries are
    responses of their own, with reversal signs), "normed" (spin x field flattened, and their norm) or "inert".
    length: of the axis. axes: which of x, y, z stand along it. signs: of a "signed" index, under time reversal.
    """

    kind: str
    length: int
    axes: tuple[int, ...] = ()
    signs: tuple[int, ...] = ()

    def matrix(self, rotation: Floats, time_reversal: bool, parts: Floats | None) -> Floats | None:
        """D (length, length), None for one that nothing happens to. parts: of a "part" index, (length, length)."""
        keep = np.ix_(self.axes, self.axes)
        axial = np.rint(np.linalg.det(rotation)) * rotation
        match self.kind:
            case "polar":
                return np.asarray(rotation[keep])
            case "axial":
                return np.asarray(axial[keep])
            case "pair":
                pairs = np.array(PAIRS[len(self.axes)])
                i, j, a, b = (*pairs.T[:, :, None], *pairs.T[:, None, :])
                return np.asarray(rotation[i, a] * rotation[j, b] - rotation[i, b] * rotation[j, a])
            case "part":
                return parts
            case "signed":
                return np.diag(np.array(self.signs, dtype=float)) if time_reversal else None
            case "normed":
                return self._normed(rotation, axial, time_reversal)
            case _:
                return None

    def _normed(self, rotation: Floats, axial: Floats, time_reversal: bool) -> Floats:
        dim = (self.length - 1) // len(self.axes)
        out = np.eye(self.length)
        sign = self.signs[0] if time_reversal else 1
        out[:-1, :-1] = sign * np.kron(axial[np.ix_(self.axes, self.axes)], rotation[:dim, :dim])
        return out


def polar(dim: int) -> Index:
    return Index("polar", dim, tuple(range(dim)))


def axial(axes: Sequence[int]) -> Index:
    """axes: 0, 1, 2 for x, y, z."""
    return Index("axial", len(axes), tuple(axes))


def pair(dim: int) -> Index:
    return Index("pair", len(PAIRS[dim]), tuple(range(dim)))


def part(length: int) -> Index:
    return Index("part", length)


def inert(length: int) -> Index:
    return Index("inert", length)


def signed(*signs: int) -> Index:
    return Index("signed", len(signs), signs=signs)


def normed(axes: Sequence[int], dim: int, sign: int) -> Index:
    return Index("normed", len(axes) * dim + 1, tuple(axes), (sign,))


@dataclass(frozen=True)
class Covariance:
    """The last indices of an array of sums, which may come flattened together.

    reversal: s, +1 or -1; 0 when parts of both signs are mixed, so that operations with time reversal say nothing.
    checked: whether the array obeys the rule exactly; one that only serves for warnings need not.
    """

    indices: tuple[Index, ...]
    reversal: int = 1
    checked: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(index.length for index in self.indices)

    @property
    def part_axis(self) -> int | None:
        """Which of the indices counts parts of the model, from the end."""
        kinds = [index.kind for index in self.indices]
        return kinds.index("part") - len(kinds) if "part" in kinds else None

    def unfolded(self, values: Floats) -> Floats:
        """(..., flat or not) to (n, *shape)."""
        return np.asarray(values).reshape(-1, *self.shape)

    def turn(self, values: Floats, rotation: Floats, time_reversal: bool, parts: Floats | None = None) -> Floats:
        """values: (..., *shape), or with the last axes flattened. rotation: (3, 3). Returns the same shape."""
        out = self.unfolded(values)
        for axis, index in enumerate(self.indices):
            matrix = index.matrix(rotation, time_reversal, parts)
            if matrix is not None:
                out = np.moveaxis(np.tensordot(matrix, out, axes=(1, axis + 1)), 0, axis + 1)
        if self.indices and self.indices[-1].kind == "normed":
            out[..., -1] = np.abs(out[..., -1])  # the sign that a part is counted with is not that of its norm
        return np.asarray((self.reversal if time_reversal else 1) * out.reshape(np.shape(values)))

    def negated(self, values: Floats) -> Floats:
        """What the array (..., *shape) is when the part of the model is counted with the other sign."""
        out = -np.asarray(values)
        if self.indices and self.indices[-1].kind == "normed":
            out[..., -1] *= -1
        return out

    def keeps(self, rotation: Floats, time_reversal: bool) -> bool:
        """Whether the operation leaves the components that are there among themselves, and binds them at all."""
        if time_reversal and self.reversal == 0:
            return False
        absent = [
            np.abs(np.delete(rotation[list(index.axes)], index.axes, axis=1)).max(initial=0.0)
            for index in self.indices
            if index.axes
        ]
        return max(absent, default=0.0) < _OUTSIDE
