"""The Edelstein effect: closed form of the Rashba gas, a displaced Fermi sea, signs, and freedom of basis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.numerics.eigen import degenerate_groups, group_means, rotate
from crosscurrent.physics.bloch import occupations
from crosscurrent.physics.edelstein import fermi_derivative, spin_velocity, time_over_hbar
from crosscurrent.units import BOLTZMANN_EV_PER_K, HBAR_EV_S
from reference import fermi_sea, torus_models
from reference.torus_models import Torus, random_unitary

KELVIN = 2000.0
KT = BOLTZMANN_EV_PER_K * KELVIN


def response(
    model: Torus, n: int, mu: float, kelvin: float = KELVIN, states: Any = None, spin: Any = None
) -> np.ndarray:
    """int sum f0' s v over the zone, (dim,), hbar angstrom/V per tau/hbar."""
    k = model.mesh(n)
    energies, u = np.linalg.eigh(model.h(k))
    u = u if states is None else states
    labels = degenerate_groups(energies, 1e-7)
    together = labels[:, :, None] == labels[:, None, :]
    spin = model.spin if spin is None else spin
    sv = spin_velocity(rotate(u, spin[None, None]), rotate(u, model.dh(k)), together)
    slope = fermi_derivative(group_means(energies, labels), np.array([mu]), kelvin)[0]
    return np.asarray((sv[:, 0] * slope[:, None]).sum(axis=(0, 2)) / (n * n * model.area))


def test_fermi_derivative() -> None:
    e = np.linspace(-0.3, 0.5, 41)[None]
    mu, step = np.array([0.0, 0.11]), 1e-5
    slope = (occupations(e + step, mu, 700.0) - occupations(e - step, mu, 700.0)) / (2 * step)
    np.testing.assert_allclose(fermi_derivative(e, mu, 700.0), slope, rtol=1e-6, atol=1e-8)
    fine = np.linspace(-2, 2, 40001)
    assert np.trapezoid(fermi_derivative(fine[None], mu[:1], 700.0)[0, 0], fine) == pytest.approx(-1, abs=1e-12)


def test_fermi_derivative_keeps_its_digits_in_a_gap() -> None:
    """exp(-x) where 1 - tanh^2 would be zero, on both sides, and no overflow anywhere."""
    kt = BOLTZMANN_EV_PER_K * 10.0
    found = fermi_derivative(np.array([[-0.1, 0.1, 5.0, -5.0]]), np.array([0.0]), 10.0)[0, 0]
    np.testing.assert_allclose(found[:2], -np.exp(-0.1 / kt) / kt, rtol=1e-12)
    assert found[0] < 0
    assert np.all(found[2:] == 0)


@pytest.mark.parametrize("direction", [0, 1])
def test_displaced_fermi_sea(direction: int) -> None:
    """Occupations moved by a small wave vector as a whole; no velocity and no derivative of f0 in this route."""
    model, n, mu = torus_models.random_torus(11, levels=(-0.6, 0.7)), 48, 0.5
    k, weight = model.mesh(n), 1 / (n * n * model.area)
    shift = np.zeros(2)
    shift[direction] = step = 1e-4
    args = (k, weight)
    ahead = fermi_sea.spin_of_displaced_sea(model.h, model.spin, *args, shift, mu, KT)
    behind = fermi_sea.spin_of_displaced_sea(model.h, model.spin, *args, -shift, mu, KT)
    found = response(model, n, mu)[direction]
    assert abs(found) > 1e-3
    assert found == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)


@pytest.mark.parametrize("direction", [0, 1])
def test_doublets_against_density_matrices(direction: int) -> None:
    """The trace over a doublet is the part of d f0(H) inside it."""
    model = torus_models.inversion_doublets()
    k = model.mesh(24)
    for mu in (-1.8, 2.0):
        expected = fermi_sea.spin_inside_levels(model, model.spin, k, direction, mu, KT, 1e-4)
        assert abs(expected) > 1e-4
        assert response(model, 24, mu)[direction] == pytest.approx(expected, rel=1e-6)


@given(seed=st.integers(0, 2**31))
def test_no_dependence_on_the_basis_of_a_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, n = torus_models.inversion_doublets(), 4
    states = np.linalg.eigh(model.h(model.mesh(n)))[1]
    mixing = np.zeros((n * n, 4, 4), dtype=complex)
    for i in range(n * n):
        mixing[i, :2, :2], mixing[i, 2:, 2:] = random_unitary(rng, 2), random_unitary(rng, 2)
    np.testing.assert_allclose(response(model, n, 0.2, states=states @ mixing), response(model, n, 0.2), rtol=1e-10)


def test_a_crossing_that_is_not_kept() -> None:
    """Levels that touch at one k only: the off-diagonal velocity counts, diagonals alone would depend on the basis."""
    rng = np.random.default_rng(2)
    spin, velocity = (torus_models.random_hermitian(rng, 2)[None, None] for _ in "sv")
    u = random_unitary(rng, 2)[None]
    together = np.ones((1, 2, 2), dtype=bool)
    plain = spin_velocity(spin, velocity, together).sum()
    turned = spin_velocity(rotate(u, spin), rotate(u, velocity), together).sum()
    assert plain == pytest.approx(np.trace(spin[0, 0] @ velocity[0, 0]).real)
    assert turned == pytest.approx(plain)
    assert abs(spin_velocity(rotate(u, spin), rotate(u, velocity)).sum() - plain) > 1e-3


def test_single_bands_need_no_groups() -> None:
    rng = np.random.default_rng(3)
    spin = np.array([[torus_models.random_hermitian(rng, 4) for _ in range(3)] for _ in range(5)])
    velocity = np.array([[torus_models.random_hermitian(rng, 4) for _ in range(2)] for _ in range(5)])
    alone = np.broadcast_to(np.eye(4, dtype=bool), (5, 4, 4))
    np.testing.assert_allclose(spin_velocity(spin, velocity), spin_velocity(spin, velocity, alone), rtol=1e-13)


def test_sign_and_size_by_the_drude_conductivity() -> None:
    """The spin replaced by the charge current -e v: e^2 tau n/m of a parabolic band, positive since it dissipates."""
    slope, mu, kelvin = 3.8, 0.05, 60.0  # hbar^2/2m in eV angstrom^2
    k_max, n = 0.2, 4000
    k = np.stack([(np.arange(n) + 0.5) / n * k_max, np.zeros(n)], axis=1)
    energies, velocity = slope * k[:, :1] ** 2, np.zeros((n, 2, 1, 1), dtype=complex)
    velocity[:, 0, 0, 0] = 2 * slope * k[:, 0]
    current = -velocity[:, :1]
    sv = spin_velocity(current, velocity)[:, 0, 0, 0]
    measure = np.pi * k[:, 0] * (k_max / n) / (2 * np.pi) ** 2  # int d phi cos^2 = pi
    found = np.sum(sv * fermi_derivative(energies, np.array([mu]), kelvin)[0, :, 0] * measure)
    kt = BOLTZMANN_EV_PER_K * kelvin
    density = kt * np.log1p(np.exp(mu / kt)) / (4 * np.pi * slope)
    assert found == pytest.approx(density * 2 * slope, rel=1e-6)


def test_insulator_has_none() -> None:
    model = torus_models.random_torus(5, amplitude=0.1)
    in_gap, in_band = (np.abs(response(model, 24, mu, 300.0)).max() for mu in (0.0, 1.0))
    assert in_band > 1e-2
    # thermally excited carriers only: the nearest band edge is some 0.4 eV away
    assert 0 < in_gap < 1e-5 * in_band


def test_time_over_hbar() -> None:
    assert time_over_hbar(1.0) * HBAR_EV_S == pytest.approx(1e-15)
    # 1 ps over hbar is 1519.27 per eV
    assert time_over_hbar(1000.0) == pytest.approx(1519.267, rel=1e-6)


@pytest.mark.parametrize("grouped", [False, True])
def test_same_numbers_on_jax(grouped: bool) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(8)
    spin = np.array([[torus_models.random_hermitian(rng, 4) for _ in range(3)] for _ in range(5)])
    velocity = np.array([[torus_models.random_hermitian(rng, 4) for _ in range(2)] for _ in range(5)])
    together = np.broadcast_to(np.kron(np.eye(2), np.ones((2, 2))).astype(bool), (5, 4, 4)) if grouped else None
    energies, mu = rng.normal(size=(5, 4)), np.array([-0.1, 0.4])
    xp = jax.numpy
    for found, expected in (
        (spin_velocity(*map(xp.asarray, (spin, velocity)), together, xp), spin_velocity(spin, velocity, together)),
        (fermi_derivative(*map(xp.asarray, (energies, mu)), 500.0, xp), fermi_derivative(energies, mu, 500.0)),
    ):
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12, atol=1e-14)
