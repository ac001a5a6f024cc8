"""What an integrand sees: a batch of points with weights, and how partial sums are put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.chunks import Partial

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GridRows:
    """Rows of a uniform periodic grid: reduced coordinates (i + offset)/N, every row along the last axis.

    rows count the leading axes in C order. part: the points of the last axis that are meant; all of them when None.
    """

    shape: tuple[int, ...]
    rows: range
    offset: float = 0.0
    part: range | None = None

    def reduced(self) -> Floats:
        """(len(rows) * points of the last axis, dim)."""
        lead, last = self.lead(), self.along_last()
        return np.concatenate([np.repeat(lead, len(last), axis=0), np.tile(last, len(lead))[:, None]], axis=1)

    def lead(self) -> Floats:
        """Coordinates of the rows along the leading axes, (len(rows), dim - 1)."""
        index = np.array(np.unravel_index(np.arange(self.rows.start, self.rows.stop), self.shape[:-1])).T
        return np.asarray((index + self.offset) / np.array(self.shape[:-1]))

    def along_last(self) -> Floats:
        """Coordinates along the last axis."""
        return np.asarray((np.array(self.part or range(self.shape[-1])) + self.offset) / self.shape[-1])


@dataclass(frozen=True, eq=False)
class GridPoints:
    """Single points of a uniform periodic grid, for sums that leave the others out.

    flat: (n,) their numbers in C order, ascending, so that points of one row stand together. blocks: numbers of rows,
    ascending, that hold all of the points; what the rows of a block have in common is made for them together.
    """

    shape: tuple[int, ...]
    flat: NDArray[np.int64]
    blocks: tuple[NDArray[np.int64], ...]
    offset: float = 0.0

    def reduced(self) -> Floats:
        """(n, dim)."""
        index = np.stack(np.unravel_index(self.flat, self.shape), axis=1)
        return np.asarray((index + self.offset) / np.array(self.shape))

    def lead(self, rows: NDArray[np.int64]) -> Floats:
        """Coordinates of rows along the leading axes, (len(rows), dim - 1)."""
        index = np.stack(np.unravel_index(rows, self.shape[:-1]), axis=1)
        return np.asarray((index + self.offset) / np.array(self.shape[:-1]))


@dataclass(frozen=True)
class Batch:
    """Points of a zone integral.

    k: (nk, dim) Cartesian, or None when `grid` names rows or points of a periodic grid instead, which models with a
    real-space form sum faster. labels: (nk,) which sub-estimate a point belongs to, out of the n_labels of this batch.
    present: the number of each of them among those of the whole integral, or None when the batch has them all.
    weights: (n_rules, nk), measure / (2 pi)^dim included: several quadrature rules may share one evaluation.
    """

    labels: NDArray[np.int64]
    n_labels: int
    weights: Floats
    k: Floats | None = None
    grid: GridRows | GridPoints | None = None
    present: NDArray[np.int64] | None = None

    @property
    def n_points(self) -> int:
        return len(self.labels)


class Integrand(Protocol):
    """Sums over a batch. Must be picklable, so that batches can go to other processes.

    points_per_batch: how many points fit the cache together.
    """

    @property
    def points_per_batch(self) -> int: ...

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """Named arrays (n_labels, n_rules, ...) of weighted sums.

        A name that begins with 'min:' or 'max:' is not summed: its running extreme is kept.
        """
        ...

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """A last linear step, taken once on the sum of many batches instead of on each."""
        ...


def add(total: dict[str, NDArray[Any]], part: Partial) -> None:
    """Add one partial result to the total, in place."""
    for name, value in part.items():
        if name not in total:
            total[name] = np.array(value)
        elif name.startswith("min:"):
            np.minimum(total[name], value, out=total[name])
        elif name.startswith("max:"):
            np.maximum(total[name], value, out=total[name])
        else:
            total[name] += value


def add_labelled(total: dict[str, NDArray[Any]], part: Partial, present: NDArray[np.int64], n_labels: int) -> None:
    """The same for the sums of a batch that has only some of n_labels labels."""
    for name, value in part.items():
        if name.startswith(("min:", "max:")):
            add(total, {name: value})
            continue
        if name not in total:
            total[name] = np.zeros((n_labels, *value.shape[1:]))
        total[name][present] += value


def add_sums(parts: Iterable[Partial]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Add partial results in their order; returns (sums, extremes) with the rule axis of a single rule dropped."""
    total: dict[str, NDArray[Any]] = {}
    for part in parts:
        add(total, part)
    extremes = {name: value for name, value in total.items() if name.startswith(("min:", "max:"))}
    return {name: value[:, 0] for name, value in total.items() if name not in extremes}, extremes
