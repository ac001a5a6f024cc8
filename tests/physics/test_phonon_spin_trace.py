"""The spin algebra of the diagrams on random vectors."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.physics.phonon_spin import spin_trace

SEEDS = st.integers(0, 2**32 - 1)
PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def vectors(seed, n):
    return np.random.default_rng(seed).normal(size=(n, 3))


@given(SEEDS)
def test_the_trace_is_the_closed_form(seed):
    p, k, q = vectors(seed, 3)
    np.testing.assert_allclose(
        spin_trace.polarization_vertex_by_trace(p, k, q), spin_trace.polarization_vertex(p, k, q), atol=1e-12
    )
    assert np.abs(spin_trace.polarization_vertex(p, k, q)).max() > 1e-6


@given(SEEDS)
def test_bubble_and_self_energies_have_no_spin(seed):
    """The same momentum twice: a number times one, so no trace with a Pauli matrix survives, in either order of
    lines."""
    p, k = vectors(seed, 2)
    pair = spin_trace.vertex_pair(p, p, k)
    np.testing.assert_allclose(pair, pair[0, 0] * np.eye(2), atol=1e-12 * abs(pair[0, 0]))
    assert abs(pair[0, 0]) > 1e-9
    for matrix in PAULI:
        assert abs(np.trace(matrix)) < 1e-15
        assert abs(np.trace(matrix @ pair)) < 1e-12 * abs(pair[0, 0])


@given(SEEDS)
def test_an_antisymmetric_projector_would_keep_another_term(seed):
    """The third term of Eq. (11) is there for single polarizations; only the symmetric sum removes it."""
    p, k, q = vectors(seed, 3)
    first, second = p + q + k / 2, p + k / 2
    products = np.einsum("kab,lbc->klac", spin_trace.coupling_matrices(first), spin_trace.coupling_matrices(second))
    traces = np.einsum("aij,klji->akl", PAULI, products)
    expected = np.zeros((3, 3, 3), dtype=complex)
    for i, e in enumerate(np.eye(3)):
        for j, f in enumerate(np.eye(3)):
            expected[:, i, j] = 2j * (first @ np.cross(e, f)) * second + 2j * (e @ np.cross(q, second)) * f
    np.testing.assert_allclose(traces, expected, atol=1e-11)


def test_map_vanishes_where_the_paper_says():
    theta, phi = np.linspace(0, np.pi, 19), np.linspace(0, 2 * np.pi, 37)
    z = [0.0, 0.0, 1.0]
    along = spin_trace.polarization_map(z, z, theta, phi)
    np.testing.assert_allclose(along, np.sin(theta)[:, None] ** 2 * np.ones_like(phi), atol=1e-12)
    tilted = spin_trace.polarization_map(z, [2**-0.5, 0, 2**-0.5], theta, phi)
    expected = 2**-0.5 * (1 - np.cos(theta)[:, None] * (np.cos(theta)[:, None] + np.sin(theta)[:, None] * np.cos(phi)))
    np.testing.assert_allclose(tilted, expected, atol=1e-12)
    np.testing.assert_allclose(tilted[[0, -1]], 0, atol=1e-12)
