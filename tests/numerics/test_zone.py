"""Zone integrals of functions with known values: how accurate they are and, apart from that, how honest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ellipe, i0

from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.numerics.domains import Box, Cell, Cylinder, Disk, Domain, Sphere
from crosscurrent.numerics.zone import FIXED_GRID, Adaptive, Estimate, Method, PolarGrid, UniformMesh, integrate
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
    #: Fewest points along an axis that can see the feature at all: no estimate knows of what lies between its points.
    least: int = 5

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
    Problem("narrow peak", peak(0.1), 1.0, SQUARE, least=10),
    Problem("narrow peak 3D", peak(0.3), 1.0, CUBE),
    Problem("kink 2D", kink, 4 / np.pi, SQUARE),
    Problem("kink 3D", kink, 6 / np.pi, CUBE),
    Problem("Fermi disk", fermi_disk, np.pi * 1.9**2 / (2 * np.pi) ** 2, SQUARE, least=7),
    Problem("Fermi disk at Gamma", centred_disk, np.pi * 1.9**2 / (2 * np.pi) ** 2, SQUARE),
    Problem("Fermi ball", fermi_disk, 4 / 3 * np.pi * 1.9**3 / (2 * np.pi) ** 3, CUBE),
    Problem("Fermi ball at Gamma", centred_disk, 4 / 3 * np.pi * 1.9**3 / (2 * np.pi) ** 3, CUBE),
    Problem("cubic symmetry", inversion_and_exchange, INVERSION_2D, SQUARE),
    Problem("constant", lambda x: np.ones(len(x)), 1.0, SQUARE),
]
MESHES_2D = [(n, n) for n in (6, 7, 8, 10, 12, 13, 16, 17, 24, 31, 32, 48, 64)] + [(12, 20), (12, 15)]
MESHES_3D = [(n, n, n) for n in (5, 6, 7, 8, 10, 13, 16)] + [(6, 8, 10), (9, 10, 14)]
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
        if isinstance(method, UniformMesh) and min(method.shape) < problem.least:
            continue
        error, true, _ = problem.run(method)
        if not true <= error + ROUNDING:
            failures.append(f"{method.description}: reported {error:.3g}, true {true:.3g}")
    assert not failures, "\n".join(failures)


# ---- bounded domains: cutoffs of k.p models ----


def bump(k: Floats) -> Floats:
    return np.exp(-3 * (k**2).sum(axis=1)) * (1 + k[:, 0])


RING = 0.45371


def one_over_rho(k: Floats) -> Floats:
    """1 / distance from a point, as the curvature of a nodal ring seen across it."""
    return np.asarray(1 / np.linalg.norm(k - np.array([0.31211, -0.25437]), axis=1))


def inverse_root_ring(k: Floats) -> Floats:
    """Integrable singularity on a ring in the plane."""
    # not zero: cells may shrink until a point lies on the ring
    return np.maximum(np.abs(np.linalg.norm(k[:, :2], axis=1) - RING), 1e-14) ** -0.5


def logarithm(k: Floats) -> Floats:
    """Integrable singularity at a point that no rule knows of."""
    return np.log(((k - 0.2137) ** 2).sum(axis=1))


def step(k: Floats) -> Floats:
    return (np.linalg.norm(k, axis=1) < 0.6131).astype(float)


def ellipse(k: Floats) -> Floats:
    scaled = (k - 0.05) / (np.array([0.53, 0.71, 0.43])[: k.shape[1]])
    return ((scaled**2).sum(axis=1) < 1).astype(float)


def edge(k: Floats) -> Floats:
    """A kink as of |e - mu| on a circle."""
    return np.abs(np.linalg.norm(k, axis=1) - 0.5)


def _ring() -> float:
    # 2 pi int_0^1 r / sqrt|r - a| dr
    a = RING
    inner = 2 * a * math.sqrt(a) - 2 / 3 * a**1.5
    outer = 2 * a * math.sqrt(1 - a) + 2 / 3 * (1 - a) ** 1.5
    return 2 * math.pi * (inner + outer)


def _log_disk() -> float:
    # potential of a uniform disk inside it: pi (r^2 - 1) for 2 ln|k - p|, r the distance of p from the centre
    return math.pi * (2 * 0.2137**2 - 1)


DISK, BALL, SQUARE_BOX = Disk(1.0), Sphere(1.0), Box((1.0, 1.0))
BOX, CAN = Box((1.0, 0.8, 0.9)), Cylinder(1.0, 0.7)
_GAUSS = [math.sqrt(math.pi / 3) * math.erf(math.sqrt(3) * w) for w in (1.0, 0.8, 0.9)]
_SHELL = math.sqrt(math.pi) / 4 * math.erf(math.sqrt(3)) / 3**1.5 - math.exp(-3) / 6  # int_0^1 r^2 exp(-3 r^2)
BOUNDED: list[tuple[str, Domain, Function, float]] = [
    ("bump on a disk", DISK, bump, math.pi / 3 * (1 - math.exp(-3))),
    ("bump on a ball", BALL, bump, 4 * math.pi * _SHELL),
    ("bump on a box", BOX, bump, math.prod(_GAUSS)),
    ("bump on a square", SQUARE_BOX, bump, _GAUSS[0] ** 2),
    ("ring singularity", DISK, inverse_root_ring, _ring()),
    ("ring singularity in a cylinder", CAN, inverse_root_ring, 1.4 * _ring()),
    ("1/rho singularity", DISK, one_over_rho, 4 * float(ellipe(0.31211**2 + 0.25437**2))),
    ("log singularity", DISK, logarithm, _log_disk()),
    ("step on a disk", DISK, step, math.pi * 0.6131**2),
    ("step on a ball", BALL, step, 4 / 3 * math.pi * 0.6131**3),
    ("step on a square", SQUARE_BOX, step, math.pi * 0.6131**2),
    ("step on a box", BOX, step, 4 / 3 * math.pi * 0.6131**3),
    ("ellipse on a disk", DISK, ellipse, math.pi * 0.53 * 0.71),
    ("ellipse on a square", SQUARE_BOX, ellipse, math.pi * 0.53 * 0.71),
    ("ellipsoid on a ball", BALL, ellipse, 4 / 3 * math.pi * 0.53 * 0.71 * 0.43),
    ("ellipsoid on a box", BOX, ellipse, 4 / 3 * math.pi * 0.53 * 0.71 * 0.43),
    ("kink on a disk", DISK, edge, 2 * math.pi * ((0.5**3 / 6) + (1 / 3 - 0.25) - (0.5**3 / 3 - 0.5**3 / 2))),
]


def bounded_methods(domain: Domain) -> list[Method]:
    three = domain.dim == 3
    tight = [Adaptive(rtol=r, max_evaluations=60_000) for r in ((1e-1, 2e-2) if three else (1e-1, 1e-2, 1e-3))]
    if isinstance(domain, Box):
        sizes = (6, 7, 12, 13, 20) if three else (8, 9, 16, 25, 40, 41)
        return [*[UniformMesh((n,) * domain.dim) for n in sizes], *tight]
    if three:
        return [*[PolarGrid(n, m, p) for n, m, p in ((8, 8, 8), (13, 7, 11), (16, 8, 12), (24, 12, 16))], *tight]
    return [*[PolarGrid(n, m) for n, m in ((8, 8), (9, 7), (16, 8), (17, 12), (32, 16), (50, 25), (101, 24))], *tight]


@pytest.mark.parametrize(("name", "domain", "function", "exact"), BOUNDED, ids=[row[0] for row in BOUNDED])
def test_honest_on_cutoffs(name: str, domain: Domain, function: Function, exact: float) -> None:
    failures = []
    for method in bounded_methods(domain):
        found = estimate(method, domain, function)
        error, true = float(found.error), abs(float(found.value) - exact)
        if not true <= error + ROUNDING:
            failures.append(f"{method.description}: reported {error:.3g}, true {true:.3g}, {found.status}")
    assert not failures, "\n".join(failures)


# ---- accuracy, apart from honesty ----


@pytest.mark.parametrize("shape", [(24, 24), (25, 25), (24, 31)])
@pytest.mark.parametrize("shifted", [False, True])
def test_periodic_meshes_converge_exponentially(shape: tuple[int, int], shifted: bool) -> None:
    _, true, found = Problem("smooth", smooth, float(i0(1.0)) ** 2, SKEW).run(UniformMesh(shape, shifted=shifted))
    assert true < 1e-13
    assert found.status == FIXED_GRID


@pytest.mark.parametrize("domain", [DISK, BALL, CAN], ids=lambda d: type(d).__name__)
def test_polar_grids_are_exact_for_polynomials(domain: Domain) -> None:
    method = PolarGrid(6, 8) if domain.dim == 2 else PolarGrid(6, 8, 6)
    one = estimate(method, domain, lambda k: np.ones(len(k)))
    assert float(one.value) == pytest.approx(domain.measure, rel=1e-14)
    xx = float(estimate(method, domain, lambda k: k[:, 0] ** 2 + k[:, 0]).value)
    expected = {Disk: math.pi / 4, Sphere: 4 * math.pi / 15, Cylinder: math.pi / 4 * 1.4}[type(domain)]
    assert xx == pytest.approx(expected, rel=1e-13)


def test_midpoint_mesh_of_a_box_is_of_second_order() -> None:
    errors = [abs(float(estimate(UniformMesh((n, n)), SQUARE_BOX, bump).value) - _GAUSS[0] ** 2) for n in (20, 40)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.02)


def test_adaptive_finds_a_peak_that_a_mesh_misses() -> None:
    width = 0.02
    r = math.exp(-width)
    assert (1 - r) / (1 + r) < 0.02
    error, true, found = Problem("peak", peak(width), 1.0, SQUARE).run(Adaptive(rtol=1e-3, max_evaluations=200_000))
    assert true < 2e-3
    assert true <= error
    _, missed, _ = Problem("peak", peak(width), 1.0, SQUARE).run(UniformMesh((80, 80)))
    assert missed > 10 * true
    assert found.evaluations < 200_000


def test_adaptive_converges_on_singularities() -> None:
    for function, exact in ((inverse_root_ring, _ring()), (logarithm, _log_disk())):
        errors = [abs(float(estimate(Adaptive(rtol=r), DISK, function).value) - exact) for r in (1e-1, 1e-3, 1e-5)]
        assert errors[2] < 3e-5 * abs(exact)
        assert errors[2] < errors[0] / 10


def test_adaptive_says_when_the_errors_of_its_cells_add_up_to_more_than_asked() -> None:
    rough = estimate(Adaptive(rtol=1e-3), DISK, inverse_root_ring)
    met = float(rough.error) <= 1e-3 * abs(float(rough.value))
    assert (rough.status == "converged") == met
    assert not met, "choose a rougher integrand: this one shows nothing"


def test_adaptive_stops_at_its_budget_and_says_so() -> None:
    found = estimate(Adaptive(rtol=1e-8, max_evaluations=3000), DISK, inverse_root_ring)
    assert found.status.startswith("stopped at max_evaluations = 3000")
    assert found.evaluations <= 3000
    assert abs(float(found.value) - _ring()) <= float(found.error)
    whole = estimate(Adaptive(rtol=1e-8, max_evaluations=3000), DISK, lambda k: np.ones(len(k)))
    assert whole.status == "converged"
    assert float(whole.value) == pytest.approx(math.pi, rel=1e-13)


# ---- order of work ----


def shuffled(
    stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
) -> Iterator[Partial]:
    """Evaluates the chunks in a random order, hands them back in theirs."""
    order = np.random.default_rng(len(chunks)).permutation(len(chunks))
    done = {int(i): work(chunks[i]) for i in order}
    yield from (done[i] for i in range(len(chunks)))


@pytest.mark.parametrize(
    ("method", "domain"),
    [
        (UniformMesh((30, 30)), SKEW),
        (UniformMesh((15, 15), shifted=True), SKEW),
        (Adaptive(rtol=1e-3), SKEW),
        (PolarGrid(40, 20), DISK),
        (Adaptive(rtol=1e-3), DISK),
    ],
)
def test_same_bits_in_any_order_of_execution(method: Method, domain: Domain) -> None:
    a = estimate(method, domain, inverse_root_ring)
    b = estimate(method, domain, inverse_root_ring, run=shuffled)
    assert a.value.tobytes() == b.value.tobytes()
    assert a.error.tobytes() == b.error.tobytes()
    assert a.evaluations == b.evaluations


def test_extremes_are_those_of_all_points() -> None:
    sums = integrate(UniformMesh((6, 6)), SQUARE, ScalarIntegrand(lambda k: k[:, 0] - 2 * k[:, 1], SQUARE.vectors))
    assert float(sums.extremes["min:f"]) == pytest.approx(-10 / 6)
    assert float(sums.extremes["max:f"]) == pytest.approx(5 / 6)


def test_combinations_know_that_errors_cancel() -> None:
    """The error of a - a is zero for grids, whose deviations are kept; accumulated errors can only add."""
    sums = integrate(UniformMesh((9, 9)), SQUARE, ScalarIntegrand(lambda k: kink(2 * np.pi * k), SQUARE.vectors))
    f = sums.sums["f"]
    assert float(sums.estimate((1.0, f)).error) > 0
    assert float(sums.estimate((1.0, f), (-1.0, f)).error) == 0
    rough = integrate(Adaptive(rtol=0.1), SQUARE, ScalarIntegrand(lambda k: kink(2 * np.pi * k)))
    g = rough.sums["f"]
    assert float(rough.estimate((1.0, g), (-1.0, g)).error) == pytest.approx(2 * float(rough.estimate((1.0, g)).error))


# ---- what is refused ----


def test_a_mesh_of_one_point_has_no_error_estimate() -> None:
    found = estimate(UniformMesh((1, 1)), SQUARE, lambda k: np.ones(len(k)))
    assert float(found.value) == pytest.approx(1)
    assert np.isnan(found.error)


@pytest.mark.parametrize(
    "make", [lambda: UniformMesh((0, 8)), lambda: UniformMesh((8, -2)), lambda: UniformMesh((2.5, 2))]
)  # type: ignore[arg-type]
def test_meshes_of_nothing_are_refused(make: Callable[[], Method]) -> None:
    with pytest.raises(InputError, match="mesh needs positive whole numbers"):
        make()


@pytest.mark.parametrize("make", [lambda: UniformMesh((10**5, 10**5, 2)), lambda: PolarGrid(10**4, 10**4, 200)])
def test_meshes_of_too_many_points_are_refused(make: Callable[[], Method]) -> None:
    with pytest.raises(InputError, match=r"2\.0e\+10 points, and 1e\+10 are the most"):
        make()


def test_other_bad_methods_are_refused() -> None:
    with pytest.raises(InputError, match="polar grid needs positive whole numbers"):
        PolarGrid(0, 4)
    with pytest.raises(InputError, match="rtol or atol"):
        Adaptive(rtol=0.0)
    with pytest.raises(InputError, match="positive whole numbers"):
        Adaptive(max_evaluations=0)
    with pytest.raises(InputError, match=r"the mesh has 3 directions, the model 2.*Give 2 numbers"):
        estimate(UniformMesh((4, 4, 4)), SQUARE, bump)
    with pytest.raises(InputError, match="polar grid does not fit a whole Brillouin zone"):
        estimate(PolarGrid(4, 4), SQUARE, bump)
    with pytest.raises(InputError, match="the mesh has 2 directions, the model 3"):
        estimate(PolarGrid(4, 4), BALL, bump)
