"""Grids of points: periodic rows, and tensor products of one-dimensional rules on a mapped unit cube."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.batches import Batch, GridRows, Integrand, add, add_labelled
from crosscurrent.numerics.domains import Cell, Cylinder, Disk, Domain, Plane, Sphere
from crosscurrent.numerics.mapping import to_k
from crosscurrent.numerics.workspace import keep_freed_memory
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Pieces a pass is cut into: enough to keep workers busy and to lose little on a crash, few enough to store.
_PIECES = 96
#: Points of one Gauss-Legendre panel at most.
_PANEL = 40


class Plan(Protocol):
    """Points in a fixed order, cut into chunks that do not depend on who computes them."""

    @property
    def n_points(self) -> int: ...

    @property
    def n_labels(self) -> int: ...

    def chunks(self, points_per_batch: int) -> list[range]: ...

    def batches(self, chunk: range, points_per_batch: int) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class GridWork:
    """The pure function (chunk) -> partial sums that executors run."""

    integrand: Integrand
    plan: Plan
    independent: ClassVar[bool] = True

    def __call__(self, chunk: range) -> dict[str, NDArray[Any]]:
        keep_freed_memory()
        total: dict[str, NDArray[Any]] = {}
        for batch in self.plan.batches(chunk, self.integrand.points_per_batch):
            sums = self.integrand(batch)
            if batch.present is None:
                add(total, sums)
            else:
                add_labelled(total, sums, batch.present, self.plan.n_labels)
        return self.integrand.finish(total)


def cut(n_items: int, items_per_batch: int) -> list[range]:
    """Contiguous ranges of whole batches, about _PIECES of them."""
    per_piece = items_per_batch * max(1, math.ceil(n_items / items_per_batch / _PIECES))
    return [range(start, min(start + per_piece, n_items)) for start in range(0, n_items, per_piece)]


@dataclass(frozen=True)
class PeriodicPlan:
    """Uniform mesh of a cell, from Gamma or shifted by `offset` steps; items are rows of the last axis.

    With cosets, points are labelled by the parity of their indices along every even axis: each label is a complete
    mesh of double spacing, shifted by zero or one fine step.
    """

    shape: tuple[int, ...]
    cell: Cell
    offset: float = 0.0
    cosets: bool = True

    @property
    def n_points(self) -> int:
        return math.prod(self.shape)

    @property
    def _even(self) -> tuple[bool, ...]:
        usable = self.cosets and all(n % 2 == 0 or n == 1 for n in self.shape)
        return tuple(usable and n % 2 == 0 for n in self.shape)

    @property
    def n_labels(self) -> int:
        return 1 << sum(self._even)

    def labels_of(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """The labels of single points, given by their numbers in C order."""
        label = np.zeros(len(points), dtype=np.int64)
        for index, even in zip(np.unravel_index(points, self.shape), self._even, strict=True):
            label = 2 * label + index % 2 if even else label
        return label

    def corners(self) -> NDArray[np.int64]:
        """A point of every label, in the order of the labels: numbers in C order."""
        ends = [range(2 if even else 1) for even in self._even]
        return np.array([np.ravel_multi_index(at, self.shape) for at in itertools.product(*ends)], dtype=np.int64)

    def _rows_per_batch(self, points_per_batch: int) -> int:
        return max(1, points_per_batch // self.shape[-1])

    def chunks(self, points_per_batch: int) -> list[range]:
        return cut(math.prod(self.shape[:-1]), self._rows_per_batch(points_per_batch))

    def batches(self, chunk: range, points_per_batch: int) -> Iterator[Batch]:
        step = self._rows_per_batch(points_per_batch)
        weight = self.cell.measure / (2 * np.pi) ** self.cell.dim / self.n_points
        for start in range(chunk.start, chunk.stop, step):
            rows = range(start, min(start + step, chunk.stop))
            for part in self._parts(points_per_batch):
                labels = self._labels(rows)[:, part.start : part.stop].ravel()
                # a row holds two labels at most: sums over Fermi levels for all of them would mostly be zeros
                present, local = np.unique(labels, return_inverse=True)
                grid = GridRows(self.shape, rows, self.offset, part)
                weights = np.full((1, len(labels)), weight)
                yield Batch(local, len(present), weights, grid=grid, present=present)

    def _parts(self, points_per_batch: int) -> list[range]:
        """The last axis, cut evenly when a row does not fit the cache."""
        n = self.shape[-1]
        size = math.ceil(n / math.ceil(n / points_per_batch))
        return [range(start, min(start + size, n)) for start in range(0, n, size)]

    def _labels(self, rows: range) -> NDArray[np.int64]:
        """(len(rows), shape[-1])."""
        lead = np.array(np.unravel_index(np.arange(rows.start, rows.stop), self.shape[:-1]))
        label = np.zeros((len(rows), self.shape[-1]), dtype=np.int64)
        for axis, even in enumerate(self._even):
            if not even:
                continue
            parity = np.arange(self.shape[-1]) % 2 if axis == len(self.shape) - 1 else (lead[axis] % 2)[:, None]
            label = 2 * label + parity
        return label


@functools.cache
def nodes(rule: str, n: int) -> tuple[Floats, Floats]:
    """Nodes and weights of a one-dimensional rule on [0, 1]: 'gauss', 'trapezoid' (periodic) or 'midpoint'.

    Beyond _PANEL points 'gauss' is composite: a Fermi step spoils one panel instead of the whole interval, and the
    nodes cost nothing.
    """
    if rule != "gauss":
        # half a step off zero: on a periodic interval any offset is as good, and poles and axes are left alone
        return (np.arange(n) + 0.5) / n, np.full(n, 1.0 / n)
    panels = math.ceil(n / _PANEL)
    counts = [n // panels + (i < n % panels) for i in range(panels)]
    rules = [np.polynomial.legendre.leggauss(count) for count in counts]
    # panels get a share of the interval that goes with their points
    edges = np.concatenate([[0.0], np.cumsum(counts)]) / n
    x = [e + 0.5 * (x + 1) * c / n for (x, _), e, c in zip(rules, edges, counts, strict=False)]
    w = [0.5 * w * c / n for (_, w), c in zip(rules, counts, strict=True)]
    return np.concatenate(x), np.concatenate(w)


def polar_rules(domain: Domain) -> tuple[str, ...]:
    """The rules of a polar grid on a domain; the order of coordinates is that of `mapping.to_k`."""
    if isinstance(domain, Disk | Plane):
        return ("gauss", "trapezoid")
    if isinstance(domain, Sphere | Cylinder):
        return ("gauss", "trapezoid", "gauss")
    raise InputError(
        f"a polar grid does not fit a {domain.description}",
        where="zone.method",
        fix="use 'uniform' or 'adaptive', or a disk, plane, sphere or cylinder cutoff",
    )


@dataclass(frozen=True)
class ProductPlan:
    """A tensor product of rules on the unit cube, mapped to the domain; items are points."""

    shape: tuple[int, ...]
    rules: tuple[str, ...]
    domain: Domain
    n_labels: int = 1

    @property
    def n_points(self) -> int:
        return math.prod(self.shape)

    def chunks(self, points_per_batch: int) -> list[range]:
        return cut(self.n_points, points_per_batch)

    def batches(self, chunk: range, points_per_batch: int) -> Iterator[Batch]:
        axes = [nodes(rule, n) for rule, n in zip(self.rules, self.shape, strict=True)]
        for start in range(chunk.start, chunk.stop, points_per_batch):
            flat = np.arange(start, min(start + points_per_batch, chunk.stop))
            index = np.unravel_index(flat, self.shape)
            u = np.stack([x[i] for (x, _), i in zip(axes, index, strict=True)], axis=1)
            w = math.prod((w[i] for (_, w), i in zip(axes, index, strict=True)), start=np.ones(len(flat)))
            k, jacobian = to_k(self.domain, u)
            weights = w * jacobian / (2 * np.pi) ** self.domain.dim
            yield Batch(np.zeros(len(flat), dtype=np.int64), 1, weights[None], k=k)


def unit_cells(dim: int, base: int) -> Floats:
    """base^dim equal cells of the unit cube, (n, 2, dim) with lower and upper corners."""
    edges = np.arange(base) / base
    lower = np.array(list(itertools.product(edges, repeat=dim)))
    return np.stack([lower, lower + 1 / base], axis=1)
