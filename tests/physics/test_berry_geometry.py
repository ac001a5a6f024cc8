"""Berry connection, curvature, orbital moment and occupations, each against a second route."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.physics import bloch
from crosscurrent.units import BOLTZMANN_EV_PER_K, HBAR2_OVER_2M0
from reference import torus_models
from reference.bridge import Bands


@given(seed=st.integers(0, 500))
def test_curvature_is_the_flux_through_a_plaquette(seed: int) -> None:
    flat = torus_models.random_torus(seed, lattice=torus_models.SKEW)
    k = np.random.default_rng(seed).normal(size=(2, 2))
    omega = bloch.berry_curvature(Bands.of(flat, k).connection)[:, 0]
    side = 1e-3
    corners = [
        np.linalg.eigh(flat.h(k + side * np.array(c)))[1] for c in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    ]
    links = [np.einsum("kam,kam->km", corners[i].conj(), corners[(i + 1) % 4]) for i in range(4)]
    np.testing.assert_allclose(
        omega, -np.angle(np.prod(links, axis=0)) / side**2, atol=1e-4 * (1 + np.abs(omega).max())
    )


@given(seed=st.integers(0, 500))
def test_connection_is_the_derivative_of_the_states(seed: int) -> None:
    """|R_mn| = |<u_m|d_k u_n>|, hermitian, and zero on the diagonal."""
    flat = torus_models.random_torus(seed)
    k = np.random.default_rng(seed).normal(size=(1, 2))
    r = Bands.of(flat, k).connection[0]
    np.testing.assert_allclose(r, r.conj().swapaxes(-1, -2), atol=1e-12)
    np.testing.assert_array_equal(np.diagonal(r, axis1=1, axis2=2), 0)
    u, step = np.linalg.eigh(flat.h(k))[1][0], 1e-5
    for axis in range(2):
        shift = step * np.eye(2)[axis]
        ahead, behind = (np.linalg.eigh(flat.h(k + s * shift))[1][0] for s in (1, -1))
        # <u_m|u_n(k + dk)> to first order, modulo phases of the states
        slope = (np.abs(u.conj().T @ ahead) + np.abs(u.conj().T @ behind)) / (2 * step)
        off = ~np.eye(4, dtype=bool)
        np.testing.assert_allclose(slope[off], np.abs(r[axis])[off], atol=1e-4 * (1 + np.abs(r).max() ** 2))


def test_sums_over_all_bands_vanish() -> None:
    """The curvature of a complete set of bands is zero; the moment is not."""
    bands = Bands.of(torus_models.random_torus(2), np.random.default_rng(0).normal(size=(6, 2)))
    np.testing.assert_allclose(bloch.berry_curvature(bands.connection).sum(axis=-1), 0, atol=1e-12)
    weights = bloch.pair_weights(bands.connection)
    np.testing.assert_allclose(weights, -weights.swapaxes(-1, -2), atol=1e-14)


def test_pairs_are_cyclic_in_three_dimensions() -> None:
    """Two bands v sigma.k + shift: a monopole, Omega = -+ k / 2 k^3 along k for the two bands."""
    k = np.array([[0.3, -0.2, 0.5]])
    sigma = np.array(torus_models.PAULI)
    h = np.einsum("ki,iab->kab", k, sigma)
    e, u = np.linalg.eigh(h)
    v = u.conj().swapaxes(1, 2)[:, None] @ sigma[None] @ u[:, None]
    gaps = e[:, None, :] - e[:, :, None]
    apart = ~np.eye(2, dtype=bool)[None]
    r = bloch.berry_connection(v, bloch.inverse_gaps(gaps, apart))
    omega = bloch.berry_curvature(r)[0]
    monopole = k[0] / (2 * np.linalg.norm(k) ** 3)
    np.testing.assert_allclose(omega[:, 1], -monopole, rtol=1e-12)
    np.testing.assert_allclose(omega[:, 0], monopole, rtol=1e-12)
    moment = bloch.orbital_moment(r, e)[0]
    expected = -monopole * np.linalg.norm(k) / HBAR2_OVER_2M0
    np.testing.assert_allclose(moment, np.stack([expected, expected], axis=1), rtol=1e-12)


def test_inverse_gaps_leave_groups_out() -> None:
    gaps = np.array([[[0.0, 1e-9, 2.0], [-1e-9, 0.0, 2.0], [-2.0, -2.0, 0.0]]])
    apart = np.array([[[False, False, True], [False, False, True], [True, True, False]]])
    np.testing.assert_array_equal(bloch.inverse_gaps(gaps, apart)[0], [[0, 0, 0.5], [0, 0, 0.5], [-0.5, -0.5, 0]])


def test_step_fills_the_level_itself() -> None:
    f = bloch.occupations(np.array([[-1.0, 0.0, 1.0]]), np.array([0.0, 0.5]), 0.0)
    np.testing.assert_array_equal(f[:, 0], [[1, 1, 0], [1, 1, 0]])


@given(e=st.floats(-50, 50), kelvin=st.floats(0.01, 5000))
def test_fermi_function(e: float, kelvin: float) -> None:
    """f(e) + f(-e) = 1, the textbook quotient, and no overflow on the way."""
    f = bloch.occupations(np.array([[e, -e]]), np.array([0.0]), kelvin)[0, 0]
    assert abs(f.sum() - 1) < 1e-15
    x = e / (BOLTZMANN_EV_PER_K * kelvin)
    if abs(x) < 500:
        np.testing.assert_allclose(f[0], 1 / (np.exp(x) + 1), atol=1e-15)
