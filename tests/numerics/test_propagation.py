"""The Magnus integrator: exact solutions, order, fast phases, unitarity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.special import spherical_jn

from crosscurrent.numerics import propagation
from crosscurrent.numerics.propagation import halve_until, propagate

SX, SY, SZ = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def turning(splitting: float, strength: float, rate: float) -> Any:
    """A spin in a field that turns about z."""

    def generator(t: np.ndarray) -> np.ndarray:
        phase = (rate * t)[:, None, None]
        return (0.5 * splitting * SZ + strength * (np.cos(phase) * SX + np.sin(phase) * SY))[:, None]

    return generator


def turning_solution(splitting: float, strength: float, rate: float, t: float) -> np.ndarray:
    """In the frame that turns with the field the matrix is constant."""
    return expm(-0.5j * rate * t * SZ) @ expm(-1j * t * (0.5 * (splitting - rate) * SZ + strength * SX))


def error(settings: tuple[float, float, float], steps: int, end: float = 2.0) -> float:
    psi = propagate(turning(*settings), np.eye(2)[None] + 0j, np.array([0.0, end]), np.array([steps]))
    return float(np.abs(psi[-1, 0] - turning_solution(*settings, end)).max())


def test_fourth_order() -> None:
    errors = [error((1.3, 0.8, 2.0), steps) for steps in (8, 16, 32)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.3)
    assert errors[-1] < 1e-6


@pytest.mark.parametrize("splitting", [0.0, 3.0, 60.0, 3000.0])
def test_width_of_the_spectrum_does_not_matter(splitting: float) -> None:
    """At 3000 a step holds 24 turns of the phase; the levels still follow the field and keep their phases."""
    assert error((splitting, 0.8, 2.0), 40) < 1e-5


def test_adiabatic_admixture_between_far_levels() -> None:
    """What the ground state lacks of following the field, rate * strength / splitting^2, to 1e-4 of itself, by steps in
    which the phase turns five times."""
    splitting, strength, rate = 500.0, 5.0, 2.0

    def generator(t: np.ndarray) -> np.ndarray:
        switch = 0.5 * (1 + np.tanh(t))
        return turning(splitting, 0.0, rate)(t) + switch[:, None, None, None] * turning(0.0, strength, rate)(t)

    def admixture(steps: int) -> np.ndarray:
        times = np.linspace(-12.0, 8.0, 21)
        _, states = np.linalg.eigh(generator(times)[:, 0])
        psi = propagate(generator, states[None, 0, :, :1], times, np.full(20, steps))[:, 0]
        return np.abs(np.einsum("ta,ta->t", states[..., 1].conj(), psi[..., 0]))[-5:]

    expected = admixture(400)
    assert expected == pytest.approx(rate * strength / splitting**2, rel=0.1)
    np.testing.assert_allclose(admixture(16), expected, rtol=1e-4)


@given(st.integers(0, 10**6), st.integers(2, 5), st.floats(0.01, 30))
def test_unitary(seed: int, n: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    a, b = (m + m.conj().swapaxes(-1, -2) for m in rng.normal(size=(2, 3, n, n)) + 1j * rng.normal(size=(2, 3, n, n)))

    def generator(t: np.ndarray) -> np.ndarray:
        return size * (a + np.sin(t)[:, None, None, None] * b)

    psi = propagate(generator, np.tile(np.eye(n) + 0j, (3, 1, 1)), np.array([0.0, 0.4, 2.0]), np.array([2, 3]))
    np.testing.assert_allclose(psi.conj().swapaxes(-1, -2) @ psi, np.tile(np.eye(n), (3, 3, 1, 1)), atol=1e-12)


def test_output_times_and_columns() -> None:
    """Stops on the way change nothing, uneven ones included, and a block of columns moves as the whole."""
    generator = turning(1.0, 0.5, 3.0)
    start = np.linalg.qr(np.array([[1.0, 2.0], [3.0, -1j]]))[0][None]
    whole = propagate(generator, start, np.array([0.0, 0.3, 1.0]), np.array([3, 7]))
    direct = propagate(generator, start, np.array([0.0, 1.0]), np.array([10]))
    np.testing.assert_allclose(whole[-1], direct[-1], atol=1e-13)
    column = propagate(generator, start[..., 1:], np.array([0.0, 0.3, 1.0]), np.array([3, 7]))
    np.testing.assert_allclose(column, whole[..., 1:], atol=1e-13)
    np.testing.assert_array_equal(whole[0], start)


def test_integrals_of_polynomial_and_phase() -> None:
    levels = np.concatenate([[0.0, 1e-8, 0.3], np.linspace(1, 40, 150)])
    y = levels[:, None] - levels
    found = propagation._integrals(y[None], np.exp(-1j * levels)[None])[0]
    for p in range(5):
        np.testing.assert_allclose(found[p], 2 * 1j**p * spherical_jn(p, y), atol=3e-15)


def test_small_exponential() -> None:
    rng = np.random.default_rng(0)
    k = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    k = (k + k.conj().T) / np.linalg.norm(k + k.conj().T, 2)
    errors = [np.abs(propagation._exponential(x * k) - expm(-1j * x * k)).max() for x in (0.2, 0.4)]
    assert errors[1] < 0.4**5 / 720
    assert np.log2(errors[1] / errors[0]) == pytest.approx(5, abs=0.1)


def test_halving_stops_when_it_may_and_says_when_it_did_not() -> None:
    def run(refinement: int) -> np.ndarray:
        return np.array([1.0 + refinement**-4.0])

    found = halve_until(run, lambda value, difference: bool(difference[0] < 5e-3))
    assert found.reached and found.refinement == 8
    assert found.difference[0] == pytest.approx(4.0**-4 - 8.0**-4)
    never = halve_until(run, lambda value, difference: False, halvings=3)
    assert not never.reached and never.refinement == 8
