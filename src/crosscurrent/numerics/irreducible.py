"""Meshes that symmetry makes smaller: one point of every orbit, and the sums of the others got back from its own.

An operation g carries k to gk and the integrand t(k) to t(gk) = D(g) t(k), with one matrix D(g) for all k. A sum over
the mesh is then the mean over the group of D(g) A, where A is the sum over one point an orbit with the size of the
orbit for its weight. The operations also carry the sub-meshes that make the error estimate into one another, so every
sub-estimate comes back too, and the error is that of the whole mesh.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.batches import Batch, GridPoints
from crosscurrent.numerics.domains import Cell
from crosscurrent.numerics.grids import PeriodicPlan, cut

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Rows of points that are made ready together.
_ROWS = 16
#: Points whose images are looked for together.
_SLAB = 1 << 20


@dataclass(frozen=True, eq=False)
class Reduction:
    """The operations of a group, as they act on k and on what is summed.

    whole: (n, dim, dim), k' = W k in reduced coordinates. numbers: (n,), what `turn` calls each of them.
    turn: (name, number, sums) -> D(g) applied to the trailing axes of the sums of that name. title: for results.
    """

    whole: Integers
    numbers: tuple[int, ...]
    turn: Callable[[str, int, Floats], Floats]
    title: str = ""

    def __len__(self) -> int:
        return len(self.whole)

    def on_mesh(self, shape: tuple[int, ...], offset: float) -> Reduction:
        """The operations that carry the mesh into itself; they are a group again."""
        keep = [n for n, w in enumerate(self.whole) if index_map(w, shape, offset) is not None]
        return replace(self, whole=self.whole[keep], numbers=tuple(self.numbers[n] for n in keep))


def index_map(whole: Integers, shape: tuple[int, ...], offset: float) -> tuple[Integers, Integers] | None:
    """(M, shift) with n' = M n + shift modulo the shape for mesh points (n + offset)/N, or None when there is none."""
    sizes = np.array(shape)
    scaled = whole * sizes[:, None]
    if (scaled % sizes).any():
        return None
    matrix = scaled // sizes
    shift = offset * (matrix.sum(axis=1) - 1)
    rounded = np.rint(shift).astype(np.int64)
    return None if np.abs(shift - rounded).max() > 1e-9 else (matrix, rounded)


def orbits(reduction: Reduction, shape: tuple[int, ...], offset: float) -> tuple[Integers, Integers]:
    """(first point of each orbit, ascending and in C order; how many points it has).

    reduction: of operations that carry the mesh into itself.
    """
    maps = np.unique(reduction.whole, axis=0)
    size = math.prod(shape)
    points, sizes = [], []
    for start in range(0, size, _SLAB):
        left = np.arange(start, min(start + _SLAB, size))
        kept = np.zeros(len(left), dtype=np.int64)
        for whole in maps:
            # a point that is carried to an earlier one is not the first of its orbit, and soon most are gone
            image = carried(whole, shape, offset, left)
            first = image >= left
            kept = (kept + (image == left))[first]
            left = left[first]
        points.append(left)
        sizes.append(len(maps) // kept)
    return np.concatenate(points), np.concatenate(sizes)


def carried(whole: Integers, shape: tuple[int, ...], offset: float, points: Integers) -> Integers:
    """To which point of the mesh each of these is carried, (n,) numbers in C order."""
    found = index_map(whole, shape, offset)
    assert found is not None
    matrix, shift = found
    index = np.unravel_index(points, shape)
    out = np.zeros(len(points), dtype=np.int64)
    for row, moved, n in zip(matrix, shift, shape, strict=True):
        along = sum((int(m) * i for m, i in zip(row, index, strict=True) if m), start=np.full(len(points), moved))
        out = out * n + along % n
    return out


def unfolded(
    reduction: Reduction, shape: tuple[int, ...], offset: float, points: Integers, values: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Values at every point of the mesh, (n_points, ...) in C order, from those at one point of each orbit.

    reduction: of operations that carry the mesh into itself. values: (len(points), ...) by the names that `turn` knows.
    """
    size = math.prod(shape)
    out = {name: np.empty((size, *value.shape[1:])) for name, value in values.items()}
    missing = np.ones(size, dtype=bool)
    for whole, number in zip(reduction.whole, reduction.numbers, strict=True):
        target = carried(whole, shape, offset, points)
        new = np.flatnonzero(missing[target])
        missing[target] = False
        for name, value in values.items():
            out[name][target[new]] = reduction.turn(name, number, value[new])
    return out


@dataclass(frozen=True, eq=False)
class IrreduciblePlan:
    """One point of every orbit of a periodic mesh, with the size of the orbit in its weight; items are such points.

    mesh: the whole of it. points, sizes: as `orbits` gives them.
    """

    mesh: PeriodicPlan
    points: Integers
    sizes: Integers

    @classmethod
    def of(cls, mesh: PeriodicPlan, reduction: Reduction) -> IrreduciblePlan:
        return cls(mesh, *orbits(reduction, mesh.shape, mesh.offset))

    @property
    def n_points(self) -> int:
        return len(self.points)

    @property
    def n_labels(self) -> int:
        return self.mesh.n_labels

    def chunks(self, points_per_batch: int) -> list[range]:
        return cut(self.n_points, points_per_batch)

    def batches(self, chunk: range, points_per_batch: int) -> Iterator[Batch]:
        cell: Cell = self.mesh.cell
        weight = cell.measure / (2 * np.pi) ** cell.dim / self.mesh.n_points
        for start in range(chunk.start, chunk.stop, points_per_batch):
            part = slice(start, min(start + points_per_batch, chunk.stop))
            points = self.points[part]
            present, local = np.unique(self.mesh.labels_of(points), return_inverse=True)
            grid = GridPoints(self.mesh.shape, points, self._blocks(points), self.mesh.offset)
            weights = np.asarray(weight * self.sizes[None, part], dtype=np.float64)
            yield Batch(local, len(present), weights, grid=grid, present=present)

    @cached_property
    def _rows(self) -> Integers:
        return np.unique(self.points // self.mesh.shape[-1])

    def _blocks(self, points: Integers) -> tuple[Integers, ...]:
        """The rows of these points in blocks that are the same for every batch."""
        first, last = np.searchsorted(self._rows, points[[0, -1]] // self.mesh.shape[-1]) // _ROWS
        return tuple(self._rows[_ROWS * n : _ROWS * (n + 1)] for n in range(first, last + 1))

    def whole(self, sums: Mapping[str, Floats], reduction: Reduction) -> dict[str, Floats]:
        """The sums of the whole mesh, (n_labels, ...), from those of the irreducible points."""
        out = {name: np.zeros_like(value) for name, value in sums.items()}
        # any point of a sub-mesh tells where the others go
        corners = self.mesh.corners()
        for whole, number in zip(reduction.whole, reduction.numbers, strict=True):
            target = self.mesh.labels_of(carried(whole, self.mesh.shape, self.mesh.offset, corners))
            for name, value in sums.items():
                out[name][target] += reduction.turn(name, number, value) / len(reduction)
        return out
