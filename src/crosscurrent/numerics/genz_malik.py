"""Adaptive cubature in two and three dimensions: Genz and Malik, J. Comput. Appl. Math. 6, 295 (1980).

Each cell is evaluated with the rule of degree 7 and the embedded rule of degree 5; their difference estimates the
error. Cells whose estimate exceeds their share of the tolerance are cut in two along the direction of largest fourth
difference. Cells are accepted in stages, so a stage is a list of independent pieces for any executor.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.batches import Batch, Integrand, add
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.domains import Cell, Domain
from crosscurrent.numerics.grids import unit_cells
from crosscurrent.numerics.mapping import to_k

Floats = NDArray[np.float64]

#: Where the cells of a periodic domain begin: symmetry about Gamma would make their errors equal, and add them up.
_ORIGIN = np.array([0.1370, 0.2911, 0.4123])
#: |degree 7 - degree 5| of the accepted cells times this is the reported error. The difference is far too large where
#: the integrand is smooth, but a step can pass between the points of both rules, and a singularity beyond them.
_SAFETY = 3.0


@dataclass(frozen=True)
class Rule:
    """points: (n, dim) on [-1, 1]. weights: (2 + dim, n): degree 7, degree 5, fourth difference along each axis."""

    points: Floats
    weights: Floats


def genz_malik_rule(dim: int) -> Rule:
    """The 7/5 pair on [-1, 1]^dim with weights normalised to one; 17 points in 2D, 33 in 3D."""
    a, b, c = math.sqrt(9 / 70), math.sqrt(9 / 10), math.sqrt(9 / 19)
    unit = np.eye(dim)
    centre = np.zeros((1, dim))
    near = np.concatenate([a * unit, -a * unit])
    far = np.concatenate([b * unit, -b * unit])
    pairs = [
        b * (s * unit[i] + t * unit[j])
        for i, j in itertools.combinations(range(dim), 2)
        for s, t in itertools.product((1, -1), repeat=2)
    ]
    corners = c * np.array(list(itertools.product((1, -1), repeat=dim)))
    points = np.concatenate([centre, near, far, np.array(pairs).reshape(-1, dim), corners])
    counts = [1, 2 * dim, 2 * dim, len(pairs), len(corners)]
    seventh = [
        (12824 - 9120 * dim + 400 * dim**2) / 19683,
        980 / 6561,
        (1820 - 400 * dim) / 19683,
        200 / 19683,
        6859 / 19683 / 2**dim,
    ]
    fifth = [(729 - 950 * dim + 50 * dim**2) / 729, 245 / 486, (265 - 100 * dim) / 1458, 25 / 729, 0.0]
    weights = [np.repeat(seventh, counts), np.repeat(fifth, counts)]
    for axis in range(dim):
        # f(near) - 2 f(0) + f(-near) minus the far one scaled by (a/b)^2: kills the quadratic part
        row = np.zeros(len(points))
        ratio = (a / b) ** 2
        row[[1 + axis, 1 + dim + axis]] += 1
        row[[1 + 2 * dim + axis, 1 + 3 * dim + axis]] -= ratio
        row[0] -= 2 * (1 - ratio)
        weights.append(row)
    return Rule(points, np.array(weights))


@dataclass(frozen=True)
class CellWork:
    """One piece of a stage: cells (n, 2, dim) in, accepted sums and the cells that need cutting out.

    scales: size of each quantity, to make errors comparable; empty in the first stage, which only measures them.
    """

    integrand: Integrand
    domain: Domain
    rtol: float
    atol: float
    scales: dict[str, float]
    accept_all: bool

    def __call__(self, cells: Floats) -> dict[str, NDArray[Any]]:
        rule = genz_malik_rule(self.domain.dim)
        per_batch = max(1, self.integrand.points_per_batch // len(rule.points))
        total: dict[str, NDArray[Any]] = {}
        retry = [np.empty((0, 2, self.domain.dim))]
        for start in range(0, len(cells), per_batch):
            some = cells[start : start + per_batch]
            sums, rejected = self._some(rule, some)
            add(total, sums)
            retry.append(rejected)
        return {**total, "retry": np.concatenate(retry)}

    def _some(self, rule: Rule, cells: Floats) -> tuple[dict[str, NDArray[Any]], Floats]:
        found = self.integrand.finish(self.integrand(_batch(rule, cells, self.domain)))
        sums = {name: value for name, value in found.items() if ":" not in name}
        keep = {name: value for name, value in found.items() if ":" in name}
        share = np.sqrt(np.prod(cells[:, 1] - cells[:, 0], axis=1))
        bad = np.zeros(len(cells), dtype=bool)
        split = np.zeros((len(cells), self.domain.dim))
        for name, value in sums.items():
            axes = tuple(range(1, value.ndim - 1))
            error = np.abs(value[:, 0] - value[:, 1]).max(axis=axes, initial=0.0)
            scale = self.scales.get(name, 0.0)
            allowed = max(self.atol, self.rtol * scale)
            if not self.accept_all:
                bad |= error > allowed * share
            fourth = np.abs(value[:, 2:]).max(axis=tuple(range(2, value.ndim)), initial=0.0)
            split += fourth / max(scale, 1e-300)
        for name, value in sums.items():
            error = _SAFETY * np.abs(value[~bad, 0] - value[~bad, 1]).sum(axis=0)
            keep[name] = np.stack([value[~bad, 0].sum(axis=0), error])
        return keep, _halves(cells[bad], split[bad])


def _batch(rule: Rule, cells: Floats, domain: Domain) -> Batch:
    n_cells, n_points = len(cells), len(rule.points)
    middle, half = cells.mean(axis=1), 0.5 * (cells[:, 1] - cells[:, 0])
    u = middle[:, None] + half[:, None] * rule.points
    if isinstance(domain, Cell):
        u = u + _ORIGIN[: domain.dim]
    k, jacobian = to_k(domain, u.reshape(-1, domain.dim))
    volume = np.repeat(np.prod(2 * half, axis=1), n_points)
    weights = np.tile(rule.weights, n_cells) * (volume * jacobian / (2 * np.pi) ** domain.dim)
    return Batch(np.repeat(np.arange(n_cells), n_points), n_cells, weights, k=k)


def _halves(cells: Floats, split: Floats) -> Floats:
    """Cut every cell in two along the axis of largest fourth difference, weighted ties going to the longest edge."""
    if not len(cells):
        return cells
    length = cells[:, 1] - cells[:, 0]
    axis = np.argmax(split + 1e-12 * length * split.max(axis=1, initial=1.0)[:, None] + 1e-290 * length, axis=1)
    rows = np.arange(len(cells))
    middle = 0.5 * (cells[rows, 0, axis] + cells[rows, 1, axis])
    lower, upper = cells.copy(), cells.copy()
    lower[rows, 1, axis] = middle
    upper[rows, 0, axis] = middle
    return np.stack([lower, upper], axis=1).reshape(-1, *cells.shape[1:])


@dataclass(frozen=True)
class Refined:
    """sums: (2, ...) value and accumulated error."""

    sums: dict[str, Floats]
    evaluations: int
    status: str
    extremes: dict[str, Floats]


def refine(
    rtol: float,
    atol: float,
    max_evaluations: int,
    base: int,
    domain: Domain,
    integrand: Integrand,
    run: ChunkMap,
) -> Refined:
    """Refine until every cell meets its share of the tolerance, or max_evaluations points are spent."""
    n_points = len(genz_malik_rule(domain.dim).points)
    cells = unit_cells(domain.dim, base)
    total: dict[str, NDArray[Any]] = {}
    scales: dict[str, float] = {}
    spent, stage, status = 0, 0, "converged"
    while len(cells):
        # the next stage can at most double: stop while the whole of it still fits the budget
        last = spent + 3 * len(cells) * n_points > max_evaluations
        if stage == 0:
            scales = _measure(CellWork(integrand, domain, rtol, atol, {}, True), cells, run)
            spent += len(cells) * n_points
        work = CellWork(integrand, domain, rtol, atol, scales, last)
        spent += len(cells) * n_points
        retry = []
        for part in run(f"refine-{stage}", work, _pieces(cells), None):
            retry.append(part["retry"])
            add(total, {name: value for name, value in part.items() if name != "retry"})
        cells = np.concatenate(retry)
        stage += 1
        if last:
            status = f"stopped at max_evaluations = {max_evaluations} before the asked tolerance"
    sums = {name: value for name, value in total.items() if ":" not in name}
    if status == "converged" and not all(_meets(value, rtol, atol) for value in sums.values()):
        status = "every cell is within its share of the tolerance, but their errors may add up to more"
    for value in sums.values():
        # no cell was asked for more, and a step that every cell has between the same points shows in none
        value[1] = np.maximum(value[1], max(atol, rtol * float(np.abs(value[0]).max(initial=0.0))))
    return Refined(sums, spent, status, {name: value for name, value in total.items() if name not in sums})


def _meets(value: Floats, rtol: float, atol: float) -> bool:
    largest = float(np.abs(value[0]).max(initial=0.0))
    return float(value[1].max(initial=0.0)) <= max(atol, rtol * largest)


def _measure(work: CellWork, cells: Floats, run: ChunkMap) -> dict[str, float]:
    total: dict[str, NDArray[Any]] = {}
    for part in run("measure", work, _pieces(cells), None):
        add(total, {name: value for name, value in part.items() if ":" not in name and name != "retry"})
    return {name: float(np.abs(value[0]).max(initial=0.0)) for name, value in total.items()}


def _pieces(cells: Floats) -> list[Floats]:
    size = max(1, math.ceil(len(cells) / 64))
    return [cells[start : start + size] for start in range(0, len(cells), size)]
