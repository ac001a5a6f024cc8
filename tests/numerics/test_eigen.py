"""Eigenvalues, rotations and groups of levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.numerics.eigen import degenerate_groups, eigh, group_means, half_rotate, rotate
from crosscurrent.units import InputError


def hermitian(rng: np.random.Generator, *shape: int) -> np.ndarray:
    a = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return (a + a.conj().swapaxes(-1, -2)) / 2


def test_eigenvectors_diagonalise() -> None:
    h = hermitian(np.random.default_rng(0), 5, 4, 4)
    energies, states = eigh(h)
    assert np.all(np.diff(energies, axis=1) >= 0)
    np.testing.assert_allclose(rotate(states, h[:, None])[:, 0], energies[:, :, None] * np.eye(4), atol=1e-13)


@pytest.mark.parametrize("bad", [np.nan, np.inf, complex(0, np.nan)])
def test_not_finite_is_refused(bad: complex) -> None:
    h = hermitian(np.random.default_rng(0), 3, 4, 4)
    h[1, 2, 3] = bad
    with pytest.raises(InputError, match="NaN or infinite at some k point"):
        eigh(h)


@pytest.mark.parametrize("axes", [(), (3,), (2, 3)])
@pytest.mark.parametrize("constant", [False, True])
def test_rotations(axes: tuple[int, ...], constant: bool) -> None:
    rng = np.random.default_rng(1)
    _, u = eigh(hermitian(rng, 6, 4, 4))
    o = hermitian(rng, 1 if constant else 6, *axes, 4, 4)
    many = np.broadcast_to(o, (6, *axes, 4, 4))
    for k in range(6):
        expected = u[k].conj().T @ many[k] @ u[k]
        np.testing.assert_allclose(rotate(u, o)[k], expected, atol=1e-13)
        np.testing.assert_allclose(half_rotate(u, o)[k], many[k] @ u[k], atol=1e-13)
        # a few columns only
        np.testing.assert_allclose(half_rotate(u[..., :2], o)[k], many[k] @ u[k][:, :2], atol=1e-13)


def test_groups_join_neighbours_in_a_chain() -> None:
    """Three levels in steps smaller than the width are one group, though the ends are further apart."""
    energies = np.array([[0.0, 0.8, 1.6, 3.0], [0.0, 1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0]])
    labels = degenerate_groups(energies, 1.0)
    np.testing.assert_array_equal(labels, [[0, 0, 0, 1], [0, 1, 2, 3], [0, 0, 0, 0]])
    np.testing.assert_allclose(group_means(energies, labels), [[0.8, 0.8, 0.8, 3.0], energies[1], energies[2]])


@given(seed=st.integers(0, 1000), width=st.floats(1e-3, 2))
def test_group_means_keep_the_trace_and_the_order(seed: int, width: float) -> None:
    energies = np.sort(np.random.default_rng(seed).normal(size=(3, 7)), axis=1)
    means = group_means(energies, degenerate_groups(energies, width))
    np.testing.assert_allclose(means.sum(axis=1), energies.sum(axis=1))
    assert np.all(np.diff(means, axis=1) >= -1e-12)
