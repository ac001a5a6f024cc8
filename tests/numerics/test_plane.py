"""The whole k plane as a domain: known integrals without a cutoff, by every method that fits it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.domains import Disk, Domain, Plane
from crosscurrent.numerics.grids import polar_rules
from crosscurrent.numerics.mapping import to_k
from crosscurrent.numerics.zone import Adaptive, Estimate, Method, PolarGrid, UniformMesh, integrate
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OfK:
    function: Callable[[Floats], Floats]
    points_per_batch: int = 700

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        assert batch.k is not None
        terms = batch.weights * self.function(batch.k)
        out = np.stack([np.bincount(batch.labels, row, batch.n_labels) for row in terms], axis=1)
        return {"f": out}

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums


def estimate(method: Method, domain: Domain, function: Callable[[Floats], Floats]) -> Estimate:
    sums = integrate(method, domain, OfK(function))
    return sums.estimate(((2 * math.pi) ** 2, sums.sums["f"]))


M = 0.3


def length(k: Floats) -> Floats:
    return np.hypot(k[:, 0], k[:, 1])


def dirac(k: Floats) -> Floats:
    return M / (length(k) ** 2 + M**2) ** 1.5


def square(k: Floats) -> Floats:
    return 1 / (length(k) ** 2 + M**2) ** 2


def quadrupole(k: Floats) -> Floats:
    return k[:, 0] ** 2 / (length(k) ** 2 + M**2) ** 3


def anisotropic(k: Floats) -> Floats:
    return 1 / (1 + k[:, 0] ** 2 + 4 * k[:, 1] ** 2) ** 2


def shifted(k: Floats) -> Floats:
    return 1 / (1 + (k[:, 0] - 0.3) ** 2 + (k[:, 1] + 0.1) ** 2) ** 2


#: int dk^2, each by hand: 2 pi r dr = pi d(r^2); the ellipse by k_y -> k_y/2; the last by moving the origin.
KNOWN = [
    (dirac, 2 * math.pi),
    (square, math.pi / M**2),
    (quadrupole, math.pi / (4 * M**2)),
    (anisotropic, math.pi / 2),
    (shifted, math.pi),
]


@pytest.mark.parametrize(("function", "exact"), KNOWN, ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize("scale", [0.2, 0.3, 1.0])
def test_rational_functions_to_machine_precision(
    function: Callable[[Floats], Floats], exact: float, scale: float
) -> None:
    found = estimate(PolarGrid(80, 90), Plane(scale), function)
    assert float(found.value) == pytest.approx(exact, rel=1e-12)
    assert abs(float(found.value) - exact) <= float(found.error) + 1e-13 * exact


@pytest.mark.parametrize(("function", "exact"), KNOWN, ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize(
    "method",
    [PolarGrid(8, 8), PolarGrid(13, 9), Adaptive(rtol=1e-2), Adaptive(rtol=1e-5), UniformMesh((40, 12))],
    ids=lambda m: m.description,
)
@pytest.mark.parametrize("scale", [0.1, 0.5])
def test_errors_are_honest(function: Callable[[Floats], Floats], exact: float, method: Method, scale: float) -> None:
    found = estimate(method, Plane(scale), function)
    assert abs(float(found.value) - exact) <= float(found.error) + 1e-13 * exact


def test_adaptive_reaches_its_tolerance() -> None:
    found = estimate(Adaptive(rtol=1e-8), Plane(0.5), shifted)
    assert float(found.value) == pytest.approx(math.pi, rel=1e-8)
    assert float(found.error) < 1e-6 and found.evaluations < 50_000


def test_what_has_no_integral_keeps_growing() -> None:
    """1/(k^2 + m^2) falls off too slowly; the estimate says so by an error that does not shrink."""
    few, many = (estimate(PolarGrid(n, 6), Plane(0.3), lambda k: 1 / (length(k) ** 2 + M**2)) for n in (40, 400))
    assert float(many.value - few.value) > 2 * math.pi * math.log(5)
    assert float(many.error) > 2 * math.pi


def test_what_cancels_over_the_angle_leaves_a_polar_grid_alone() -> None:
    """k_x/(k^2 + m^2)^(3/2) has no absolute integral; added to one that has, it stops only the adaptive rule."""

    def both(k: Floats) -> Floats:
        return dirac(k) + k[:, 0] / (length(k) ** 2 + M**2) ** 1.5

    found = estimate(PolarGrid(80, 12), Plane(0.3), both)
    assert float(found.value) == pytest.approx(2 * math.pi, rel=1e-12)
    assert float(found.error) < 1e-10
    assert estimate(Adaptive(rtol=1e-5, max_evaluations=50_000), Plane(0.3), both).status.startswith("stopped")
    assert not estimate(Adaptive(rtol=1e-5, max_evaluations=50_000), Plane(0.3), dirac).status.startswith("stopped")


def test_jacobian_is_the_determinant() -> None:
    u = np.random.default_rng(3).uniform(0.05, 0.95, size=(8, 2))
    domain, h = Plane(0.7), 1e-6
    k, jacobian = to_k(domain, u)
    columns = [(to_k(domain, u + h * e)[0] - to_k(domain, u - h * e)[0]) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(jacobian, np.abs(np.linalg.det(np.stack(columns, axis=-1))), rtol=1e-7)
    np.testing.assert_allclose(length(k), 0.7 * u[:, 0] / (1 - u[:, 0]), rtol=1e-13)


def test_the_plane_is_round_and_says_that_it_has_no_cutoff() -> None:
    assert polar_rules(Plane(1.0)) == polar_rules(Disk(1.0))
    assert math.isinf(Plane(1.0).measure) and Plane(1.0).dim == 2
    assert "without a cutoff" in Plane(0.05).description and "0.05 1/angstrom" in Plane(0.05).description
    for scale in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(InputError, match=r"scale must be positive, got .*1/angstrom"):
            Plane(scale)
