"""Sums over lattice vectors, F(k) = sum_R exp(2 pi i k.R) F(R), at any k or on rows or points of a uniform grid.

On a grid the phases factorise. The leading axes are summed once a row and only the last axis once a point, so a
point costs as many terms as there are distinct last components of R, not as there are R.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.batches import GridPoints, GridRows

Complexes = NDArray[np.complex128]

#: Rows whose leading sums are made together.
_ROWS = 16


class LatticeSum:
    """F(k) for a stack of matrices given at integer lattice vectors.

    vectors: (nR, dim) integers. blocks: (nR, ...) complex; the trailing shape is that of F(k).
    """

    def __init__(self, vectors: NDArray[np.int64], blocks: Complexes) -> None:
        self.shape = blocks.shape[1:]
        order = np.argsort(vectors[:, -1], kind="stable")
        self.vectors = np.ascontiguousarray(vectors[order])
        self.blocks = np.ascontiguousarray(blocks[order].reshape(len(vectors), -1))
        #: distinct last components and where each begins
        self.last, self._starts = np.unique(self.vectors[:, -1], return_index=True)
        self._kept: tuple[GridRows, Complexes] | None = None
        self._kept_block: tuple[Any, Complexes] | None = None

    def at(self, reduced: NDArray[np.float64]) -> Complexes:
        """reduced: (nk, dim) in units of the reciprocal vectors. Returns (nk, ...)."""
        phases = np.exp(2j * np.pi * (reduced @ self.vectors.T))
        values: Complexes = phases @ self.blocks
        return values.reshape(len(reduced), *self.shape)

    def on_rows(self, grid: GridRows) -> Complexes:
        """All points of the rows, one row after the other."""
        partial = self._partial(grid)
        last_phases = np.exp(2j * np.pi * np.outer(grid.along_last(), self.last))
        values: Complexes = np.matmul(last_phases, partial)
        return values.reshape(-1, *self.shape)

    def on_points(self, grid: GridPoints) -> Complexes:
        """Single points of a grid: the leading axes are summed once for every row that has any of them."""
        last_phases = np.exp(2j * np.pi * np.outer(grid.reduced()[:, -1], self.last))
        row_of = grid.flat // grid.shape[-1]
        values = np.empty((len(grid.flat), self.blocks.shape[1]), dtype=complex)
        for block in grid.blocks:
            partial = self._block(grid, block)
            first, last = np.searchsorted(row_of, block), np.searchsorted(row_of, block, side="right")
            for at in np.flatnonzero(last > first):
                points = slice(first[at], last[at])
                np.matmul(last_phases[points], partial[at], out=values[points])
        return values.reshape(-1, *self.shape)

    def _block(self, grid: GridPoints, rows: NDArray[np.int64]) -> Complexes:
        """The last block is kept: a row may hold the points of several batches. Its bits do not depend on these."""
        key = (grid.shape, grid.offset, rows.tobytes())
        if self._kept_block is None or self._kept_block[0] != key:
            self._kept_block = (key, self._leading(grid.lead(rows)))
        return self._kept_block[1]

    def _partial(self, grid: GridRows) -> Complexes:
        """The sum over the leading axes, (len(rows), distinct last components, elements).

        Made for aligned blocks of rows, and the last block is kept: a single row would read all of F(R) for itself.
        Blocks are aligned so that a row has the same bits whichever range asks for it.
        """
        parts, rows = [], grid.rows
        for block in range(rows.start // _ROWS, (rows.stop - 1) // _ROWS + 1):
            first = block * _ROWS
            whole = replace(grid, rows=range(first, min(first + _ROWS, math.prod(grid.shape[:-1]))), part=None)
            if self._kept is None or self._kept[0] != whole:
                self._kept = (whole, self._leading(whole.lead()))
            parts.append(self._kept[1][max(rows.start - first, 0) : rows.stop - first])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _leading(self, lead: NDArray[np.float64]) -> Complexes:
        """The sum over the leading axes of rows at these coordinates (rows, dim - 1)."""
        phases = np.exp(2j * np.pi * (lead @ self.vectors[:, :-1].T))
        partial = np.empty((len(phases), len(self.last), self.blocks.shape[1]), dtype=complex)
        stops = np.append(self._starts[1:], len(self.vectors))
        for at, (start, stop) in enumerate(zip(self._starts, stops, strict=True)):
            partial[:, at] = phases[:, start:stop] @ self.blocks[start:stop]
        return partial

    def composed(self, function: Callable[[Complexes], Complexes], order: int) -> LatticeSum:
        """The lattice sum of a polynomial of this one, of at most the given order, exact up to rounding.

        function: pointwise in k, (nk, ...) -> (nk, ...). The result has `order` times the range of R, so a discrete
        transform on a grid that wide determines it.
        """
        reach = order * np.abs(self.vectors).max(axis=0)
        shape = tuple(int(2 * r + 1) for r in reach)
        rows = int(np.prod(shape[:-1]))
        # a slab at a time: the intermediate matrices of a whole grid could outgrow memory
        slabs = [function(self.on_rows(GridRows(shape, range(r, r + 1)))) for r in range(rows)]
        values = np.concatenate(slabs)
        trailing = values.shape[1:]
        axes = tuple(range(len(shape)))
        blocks = np.fft.fftn(values.reshape(*shape, -1), axes=axes).reshape(-1, *trailing) / values.shape[0]
        index = np.array(np.unravel_index(np.arange(len(blocks)), shape)).T
        vectors = np.where(index > reach, index - np.array(shape), index)
        size = np.abs(blocks.reshape(len(blocks), -1)).max(axis=1)
        keep = size > 1e-15 * size.max(initial=0.0)
        keep[0] |= not keep.any()  # a sum that vanishes has one term, which is zero
        return LatticeSum(vectors[keep], blocks[keep])
