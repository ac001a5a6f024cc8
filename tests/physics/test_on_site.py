"""On-site potentials: force and stiffness as derivatives, symmetry, equipartition, and the ground state by search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from crosscurrent.models.effective_hamiltonian import batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.physics.on_site import AnisotropicOnSite, LinearOnSite, OnSite, WellOnSite, ground_state, linearised
from crosscurrent.physics.well import Well

Floats = NDArray[np.float64]

BATIO3 = batio3_2010().on_site
#: With the couplings at q = 0: the energy of a uniform state.
UNIFORM = AnisotropicOnSite(-1.5182, BATIO3.alpha, BATIO3.gamma, BATIO3.k1, BATIO3.k2, BATIO3.k3, BATIO3.k4)
POTENTIALS: dict[str, OnSite] = {
    "eighth order": UNIFORM,
    "fourth order": AnisotropicOnSite(-1.5, 79.0, -115.0),
    "sixth order alone": AnisotropicOnSite(0.0, 0.0, 0.0, 3.0, -20.0, 50.0),
    "well along x": WellOnSite(local_mode("batio3-b").well),
    "tilted well": WellOnSite(Well(-30.0, 5800.0, 1e5, 0.4, (0.6, 0.0, 0.8))),
    "linear": LinearOnSite((0.1, 0.0, -0.2), (0.3, 0.0, 0.1), ((3.0, 0.5, 0.0), (0.5, 2.0, 0.1), (0.0, 0.1, 1.0))),
}
DISPLACEMENTS = st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3).map(np.array)


def derivative(function: object, u: Floats, h: float = 1e-4) -> Floats:
    """Fourth-order central differences along x, y, z, as the last axis."""
    f = function  # type: ignore[assignment]
    columns = []
    for e in np.eye(3):
        near, far = f(u + h * e) - f(u - h * e), f(u + 2 * h * e) - f(u - 2 * h * e)  # type: ignore[operator]
        columns.append((8 * near - far) / (12 * h))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("name", POTENTIALS)
@given(u=DISPLACEMENTS)
def test_force_and_hessian_are_derivatives(name: str, u: Floats) -> None:
    potential = POTENTIALS[name]
    np.testing.assert_allclose(potential.force(u), -derivative(potential.energy, u), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(potential.hessian(u), -derivative(potential.force, u), rtol=1e-7, atol=1e-6)
    np.testing.assert_array_equal(np.stack(potential.force_components(*u)), potential.force(u))


@given(u=DISPLACEMENTS)
def test_anisotropic_energy_is_the_published_polynomial(u: Floats) -> None:
    """Every term spelled out, and the coefficients along a direction."""
    x, y, z = u**2
    s, p = x + y + z, UNIFORM
    expected = p.kappa2 * s + p.alpha * s**2 + p.gamma * (x * y + y * z + z * x) + p.k1 * s**3
    expected += p.k2 * (x**2 * (y + z) + y**2 * (z + x) + z**2 * (x + y)) + p.k3 * x * y * z + p.k4 * s**4
    np.testing.assert_allclose(p.energy(u), expected, rtol=1e-12, atol=1e-14)
    if s > 1e-6:
        np.testing.assert_allclose(np.polyval([*p.along(u)[::-1], 0], s), expected, rtol=1e-10, atol=1e-13)


@given(u=DISPLACEMENTS)
def test_anisotropic_energy_has_the_symmetry_of_the_cube(u: Floats) -> None:
    for moved in (u[[1, 2, 0]], u[[1, 0, 2]], u * [-1, 1, 1]):
        np.testing.assert_allclose(UNIFORM.energy(moved), UNIFORM.energy(u), rtol=1e-12, atol=1e-15)


def test_the_well_of_a_record() -> None:
    well = Well(-30.0, 5800.0, 1e5, 0.4, (0.6, 0.0, 0.8))
    u = np.random.default_rng(1).normal(size=(4, 5, 3)) * 0.1
    np.testing.assert_allclose(WellOnSite(well).energy(u), well.energy(u), atol=1e-13)
    np.testing.assert_allclose(WellOnSite(well).force(u), well.force(u), atol=1e-12)
    np.testing.assert_allclose(WellOnSite(well).hessian(well.ordered), well.stiffness, atol=1e-9)


@pytest.mark.parametrize("name", POTENTIALS)
def test_single_precision_stays_single(name: str) -> None:
    u = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32) * np.float32(0.1)
    assert POTENTIALS[name].force(u).dtype == np.float32
    np.testing.assert_allclose(POTENTIALS[name].force(u), POTENTIALS[name].force(u.astype(float)), atol=3e-5)


def test_linearised_agrees_to_first_order() -> None:
    at = np.array([0.08, 0.09, 0.1])
    linear = linearised(UNIFORM, at)
    np.testing.assert_allclose(linear.force(at), UNIFORM.force(at), atol=1e-13)
    sizes = [1e-3, 5e-4]
    errors = [np.abs(linear.force(at + d) - UNIFORM.force(at + d)).max() for d in sizes]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.02)


def test_equipartition_of_one_cell() -> None:
    """<u_a dV/du_a> = k_B T for each component, from the Boltzmann integral on a grid: true of a force that belongs to
    the energy, whatever the potential."""
    kt = 0.004
    axis = np.linspace(-0.45, 0.45, 121)
    u = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    weight = np.exp(-UNIFORM.energy(u) / kt)
    assert weight[0].max() < 1e-9 * weight.max()
    virial = (-u * UNIFORM.force(u) * weight[..., None]).sum(axis=(0, 1, 2)) / weight.sum()
    np.testing.assert_allclose(virial, kt, rtol=1e-8)


def test_ground_state_of_batio3_is_rhombohedral() -> None:
    """Against descents from random starts, and against the roots of the slope along [111]."""
    u, energy = ground_state(UNIFORM)
    starts = np.random.default_rng(3).normal(size=(20, 3)) * 0.1
    found = [minimize(lambda x: float(UNIFORM.energy(x)), start, tol=1e-12) for start in starts]
    assert min(f.fun for f in found) == pytest.approx(energy, rel=1e-8)
    np.testing.assert_allclose(u / u[0], 1, rtol=1e-5)
    a, b, c, d = UNIFORM.along([1, 1, 1])
    roots = np.roots([4 * d, 3 * c, 2 * b, a])
    s = roots[(np.abs(roots.imag) < 1e-12) & (roots.real > 0)].real.min()
    assert (u @ u) == pytest.approx(s, rel=1e-6)
    assert energy == pytest.approx(np.polyval([d, c, b, a, 0], s), rel=1e-10)


@pytest.mark.parametrize(("gamma", "direction"), [(-100.0, (1, 1, 1)), (100.0, (0, 0, 1))])
def test_ground_state_follows_the_anisotropy(gamma: float, direction: tuple[int, ...]) -> None:
    """To fourth order V = kappa s + (alpha + gamma g) s^2 with g = 0, 1/4 or 1/3: the sign of gamma decides."""
    u, energy = ground_state(AnisotropicOnSite(-1.0, 80.0, gamma))
    np.testing.assert_allclose(u / u.max(), direction, atol=1e-5)
    share = 1 / 3 if gamma < 0 else 0.0
    assert energy == pytest.approx(-1 / (4 * (80 + gamma * share)), rel=1e-9)


def test_ground_state_between_the_axes() -> None:
    """k2 < 0 without k3 favours [011]; a positive kappa gives no polar state."""
    u, _ = ground_state(AnisotropicOnSite(-1.0, 80.0, 0.0, 100.0, -300.0, 6000.0))
    np.testing.assert_allclose(u / u.max(), (0, 1, 1), atol=1e-5)
    assert ground_state(AnisotropicOnSite(1.0, 80.0, -20.0)) == (pytest.approx(np.zeros(3)), 0.0)
