"""Zone integrals of functions with known values: how accurate they are and, apart from that, how honest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import i0

from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.numerics.domains import Box, Cell, Cylinder, Disk, Domain, Sphere
from crosscurrent.numerics.zone import Adaptive, Estimate, Method, PolarGrid, UniformMesh, integrate
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]


@dataclass(frozen=True)
class ScalarIntegrand:
    """f(k) with k in Cartesian coordinates, on any rule; `cell` turns grid rows into k."""

    function: Function
    cell: Floats | None = None
    points_per_batch: int = 500

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        if batch.grid is not None:
            assert self.cell is not None
            k = batch.grid.reduced() @ self.cell
        else:
            assert batch.k is not None
            k = batch.k
        values = self.function(k)
        out = np.zeros((batch.n_labels, len(batch.weights)))
        for rule, weight in enumerate(batch.weights):
            np.add.at(out[:, rule], batch.labels, weight * values)
        return {"f": out, "min:f": np.array(values.min()), "max:f": np.array(values.max())}

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums


def estimate(method: Method, domain: Domain, function: Function, **options: Any) -> Estimate:
    cell = domain.vectors if isinstance(domain, Cell) else None
    sums = integrate(method, domain, ScalarIntegrand(function, cell), **options)
    # the measure of a zone integral is d^dim k / (2 pi)^dim
    return sums.estimate(((2 * np.pi) ** domain.dim, sums.sums["f"]))


SQUARE, CUBE = Cell(np.eye(2)), Cell(np.eye(3))
SKEW = Cell(np.array([[1.3, 0.4], [-0.2, 0.9]]))


def angles(k: Floats, cell: Cell) -> Floats:
    return 2 * np.pi * k @ np.linalg.inv(cell.vectors)


# Periodic functions of the reduced angles x, y, z and their means over the cell


def smooth(x: Floats) -> Floats:
    return np.exp(np.cos(x - 0.3).sum(axis=1))


def generic(x: Floats) -> Floats:
    # no inversion, no exchange of axes
    return 1 / (1.3 + np.sin(x[:, 0] + 0.4)) + np.cos(2 * x[:, -1] + 1) * np.sin(x[:, 0])


def peak(width: float) -> Function:
    """A periodic Lorentzian, at a place where no mesh has points."""
    r = math.exp(-width)
    return lambda x: np.prod((1 - r * r) / (1 - 2 * r * np.cos(x - 1.234) + r * r), axis=1)


def kink(x: Floats) -> Floats:
    return np.abs(np.sin(x + 0.2)).sum(axis=1)


def fermi_disk(x: Floats) -> Floats:
    wrapped = (x + np.pi - 0.37) % (2 * np.pi) - np.pi
    return (np.linalg.norm(wrapped, axis=1) < 1.9).astype(float)


def centred_disk(x: Floats) -> Floats:
    wrapped = (x + np.pi) % (2 * np.pi) - np.pi
    return (np.linalg.norm(wrapped, axis=1) < 1.9).astype(float)


def inversion_and_exchange(x: Floats) -> Floats:
    """Symmetric as a cubic band: shifted sub-meshes are images of one another."""
    return np.sqrt(0.01 + (np.cos(x).sum(axis=1) - 0.3) ** 2)


def checkerboard(x: Floats) -> Floats:
    """cos(8 x) cos(8 y): the sub-meshes of a 16-mesh agree to all digits, and are all wrong."""
    return 1 + np.prod(np.cos(8 * x), axis=1)


def inversion_value() -> float:
    n = 4000
    x = 2 * np.pi * np.arange(n) / n
    total = 0.0
    for part in np.array_split(x, 20):
        grid = np.cos(part)[:, None] + np.cos(x)[None]
        total += np.sqrt(0.01 + (grid - 0.3) ** 2).sum()
    return total / n**2


INVERSION_2D = inversion_value()


@dataclass(frozen=True)
class Problem:
    name: str
    function: Function
    mean: float
    cell: Cell

    def run(self, method: Method, **options: Any) -> tuple[float, float, Estimate]:
        """(value, true error, estimate) of the mean over the cell."""
        found = estimate(method, self.cell, lambda k: self.function(angles(k, self.cell)), **options)
        value, error = float(found.value) / self.cell.measure, float(found.error) / self.cell.measure
        return error, abs(value - self.mean), found


_GENERIC = 1 / math.sqrt(1.3**2 - 1)
PERIODIC = [
    Problem("smooth 2D", smooth, float(i0(1.0)) ** 2, SQUARE),
    Problem("smooth 3D", smooth, float(i0(1.0)) ** 3, CUBE),
    Problem("generic 2D", generic, _GENERIC, SQUARE),
    Problem("generic skew", generic, _GENERIC, SKEW),
    Problem("generic 3D", generic, _GENERIC, CUBE),
    Problem("broad peak", peak(0.5), 1.0, SQUARE),
    Problem("narrow peak", peak(0.1), 1.0, SQUARE),
    Problem("narrow peak 3D", peak(0.3), 1.0, CUBE),
    Problem("kink 2D", kink, 4 / np.pi, SQUARE),
    Problem("kink 3D", kink, 6 / np.pi, CUBE),
    Problem("Fermi disk", fermi_disk, np.pi * 1.9**2 / (2 * np.pi) ** 2, SQUARE),
    Problem("Fermi disk at Gamma", centred_disk, np.pi * 1.9**2 / (2 * np.pi) ** 2, SQUARE),
    Problem("Fermi ball", fermi_disk, 4 / 3 * np.pi * 1.9**3 / (2 * np.pi) ** 3, CUBE),
    Problem("Fermi ball at Gamma", centred_disk, 4 / 3 * np.pi * 1.9**3 / (2 * np.pi) ** 3, CUBE),
    Problem("cubic symmetry", inversion_and_exchange, INVERSION_2D, SQUARE),
    Problem("constant", lambda x: np.ones(len(x)), 1.0, SQUARE),
]
MESHES_2D = [(n, n) for n in (6, 7, 8, 10, 12, 13, 16, 17, 24, 31, 32, 48, 64)] + [(12, 20), (7, 12), (1, 16), (16, 1)]
MESHES_3D = [(n, n, n) for n in (5, 6, 7, 8, 10, 13, 16)] + [(6, 8, 10), (8, 8, 1)]
METHODS = {
    2: [UniformMesh(m, shifted=s) for m in MESHES_2D for s in (False, True)]
    + [Adaptive(rtol=r, max_evaluations=40_000) for r in (1e-1, 1e-2, 1e-3)],
    3: [UniformMesh(m, shifted=s) for m in MESHES_3D for s in (False, True)]
    + [Adaptive(rtol=r, max_evaluations=60_000) for r in (1e-1, 1e-2)],
}
#: Below this the last bits of the sum decide.
ROUNDING = 1e-12


@pytest.mark.parametrize("problem", PERIODIC, ids=lambda p: p.name)
def test_honest_on_periodic_cells(problem: Problem) -> None:
    """Reported error >= true error, for every mesh and tolerance of the list."""
    failures = []
    for method in METHODS[problem.cell.dim]:
        error, true, _ = problem.run(method)
        if not true <= error + ROUNDING:
            failures.append(f"{method.description}: reported {error:.3g}, true {true:.3g}")
    assert not failures, "\n".join(failures)
