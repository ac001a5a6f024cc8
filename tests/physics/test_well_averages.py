"""Gaussian averages of the double well, and the mean displacement in which its force vanishes."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.driven_slab import LayerOperator
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_langevin import inverse_root, stiffness
from crosscurrent.physics.lattice_observables import mean_displacement, mean_shift
from crosscurrent.physics.lattice_units import ACCELERATION
from crosscurrent.physics.well import Well
from crosscurrent.units import InputError

QUARTIC = Well(-30.0, 5854.0, 0.0, 0.1)
SEXTIC = Well(-20.0, -2000.0, 2.0e6, 0.1, (0.6, 0.0, 0.8))


@pytest.mark.parametrize("well", [QUARTIC, SEXTIC])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_averages_against_quadrature(well: Well, order: int) -> None:
    """The derivative of a Gaussian average is the average of the derivative: Gauss-Hermite sums of V alone."""
    shift, variance = np.array([[0.0, -1e-3], [2e-3, 0.01]]), np.array([[1e-5, 3e-5], [0.0, 1e-4]])
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    weights /= weights.sum()

    def energy(at: np.ndarray) -> np.ndarray:
        place = well.minimum + at[..., None] + np.sqrt(variance)[..., None] * nodes
        return np.asarray(well.energy(place[..., None] * np.asarray(well.axis)) @ weights)

    # the n-th derivative of a polynomial of degree 6, by an interpolating polynomial
    step = 0.01
    grid = step * np.arange(-3, 4)
    values = np.array([energy(shift + s) for s in grid]).reshape(7, -1)
    slopes = np.polynomial.polynomial.polyfit(grid / step, values, 6)[order] / step**order
    factor = float(np.prod(np.arange(1, order + 1)))
    np.testing.assert_allclose(
        well.averaged(order, shift, variance).reshape(-1),
        factor * slopes,
        rtol=1e-6,
        atol=1e-6 * abs(factor * slopes).max(),
    )


def test_averages_without_fluctuations_are_the_derivatives() -> None:
    for well in (QUARTIC, SEXTIC):
        found = [float(well.averaged(n, 0.0, 0.0)) for n in (1, 2, 3, 4)]
        assert found == pytest.approx([0.0, well.curvature, well.cubic, well.quartic], rel=1e-12, abs=1e-9)


def one_cell(well: Well, mass: np.ndarray) -> LayerOperator:
    """Two cells that do not know of each other."""
    root = inverse_root(mass)
    on_site = (root @ well.stiffness @ root * ACCELERATION)[None]
    return LayerOperator(np.zeros((2, 1, 1, 3, 3), dtype=complex), on_site)


def test_mean_of_one_cell_is_that_of_boltzmann() -> None:
    """With the exact variance and third cumulant, what is left out of <V'> is the fourth cumulant: order T^3."""
    well, theta = QUARTIC, 1e-4
    s = np.linspace(-0.04, 0.04, 20001)
    energy = well.energy((well.minimum + s)[:, None] * np.asarray(well.axis))
    weight = np.exp(-(energy - energy.min()) / theta)
    weight /= weight.sum()
    mean = float(weight @ s)
    variance, third = (float(weight @ (s - mean) ** n) for n in (2, 3))
    mass = np.diag([100.0, 90.0, 80.0])
    flat = np.ones((2, 1))
    operator = one_cell(well, mass)
    found = mean_displacement(variance * flat, third * flat, well, operator, inverse_root(mass))
    np.testing.assert_allclose(found[..., 0], mean, rtol=1e-9)
    assert (
        abs(mean_displacement(variance * flat, 0 * flat, well, operator, inverse_root(mass))[0, 0, 0] / mean - 1) > 1e-5
    )
    with pytest.raises(InputError, match="does not settle"):
        mean_displacement(0.3 * well.minimum**2 * flat, 0 * flat, well, operator, inverse_root(mass))


def test_lowest_order_is_the_mean_shift() -> None:
    record = local_mode("batio3-b")
    operator = stiffness(record.couplings(Slab((4, 3, 2))), record.well.stiffness, record.mass)
    variance = 1e-9 * np.random.default_rng(0).uniform(size=(4, 3))
    root = inverse_root(record.mass)
    linear = mean_shift(variance, record.well, operator, root)
    found = mean_displacement(variance, 0 * variance, record.well, operator, root)
    np.testing.assert_allclose(found, linear, rtol=0, atol=1e-5 * np.abs(linear).max())
