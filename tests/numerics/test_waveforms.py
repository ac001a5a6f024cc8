"""Pulses: derivatives, integral and spectrum against numerical ones, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from crosscurrent.numerics.derivative import richardson_derivative
from crosscurrent.numerics.waveforms import GaussianPulse, Sampled
from crosscurrent.units import InputError

pulses = st.builds(
    GaussianPulse,
    amplitude=st.tuples(st.floats(-2, 2), st.floats(0.5, 2)),
    frequency=st.one_of(st.just(0.0), st.floats(0.1, 30)),
    duration=st.floats(0.05, 1.0),
    phase=st.one_of(st.floats(-3, 3), st.tuples(st.floats(-3, 3), st.floats(-3, 3))),
    centre=st.floats(-2, 2),
)
PULSE = GaussianPulse((1.0, -0.5), 3.0, 0.3, phase=(0.4, 1.3), centre=0.2)


def numerical_derivative(function: Any, t: np.ndarray, step: float) -> np.ndarray:
    return richardson_derivative(lambda x: function(x[:, 0]), t[:, None], step)[0][:, 0]


def test_full_width_at_half_maximum_is_that_of_the_field() -> None:
    pulse = GaussianPulse((2.0, 0.0), 0.0, 0.3, centre=1.0)
    np.testing.assert_allclose(pulse([0.85, 1.0, 1.15])[:, 0], [1.0, 2.0, 1.0], rtol=1e-14)


def test_frequency_and_phase() -> None:
    """A carrier of 2 THz has its zero an eighth of a picosecond after the crest; a phase moves the crest earlier."""
    pulse = GaussianPulse((1.0, 1.0), 2.0, 50.0, phase=(0.0, np.pi / 2))
    np.testing.assert_allclose(pulse([0.0, 0.125])[:, 0], [1.0, 0.0], atol=1e-4)
    np.testing.assert_allclose(pulse([-0.125, 0.0, 0.125])[:, 1], [1.0, 0.0, -1.0], atol=1e-4)


@given(pulses)
def test_derivatives(pulse: GaussianPulse) -> None:
    t = pulse.centre + pulse.duration * np.array([-1.3, -0.2, 0.0, 0.7])
    rate = 1 / pulse.duration + 2 * np.pi * pulse.frequency
    step = 0.05 / rate
    np.testing.assert_allclose(pulse.derivative(t), numerical_derivative(pulse, t, step), atol=1e-5 * rate)
    second = numerical_derivative(pulse.derivative, t, step)
    np.testing.assert_allclose(pulse.second_derivative(t), second, atol=1e-4 * rate**2)


@given(pulses)
def test_impulse_is_the_integral(pulse: GaussianPulse) -> None:
    start, end = pulse.support
    for t in (pulse.centre - 0.4 * pulse.duration, pulse.centre, pulse.centre + 1.1 * pulse.duration, end):
        for axis in range(2):
            expected = quad(lambda x, a=axis: pulse(x)[0, a], start, t, epsabs=1e-11, limit=500)[0]
            assert pulse.impulse(t)[0, axis] == pytest.approx(expected, abs=2e-10)


@given(pulses)
def test_pulse_is_over_outside_its_support(pulse: GaussianPulse) -> None:
    start, end = pulse.support
    assert np.abs(pulse([start, end])).max() <= 2e-11 * np.abs(pulse.amplitude).max()
    assert np.abs(pulse.spectrum(1.001 * pulse.bandwidth)).max() <= 1e-10 * pulse.duration
    assert np.abs(pulse.impulse(start)).max() < 1e-10
    np.testing.assert_allclose(pulse.impulse(end), pulse.impulse(end + 1), atol=1e-10)


@pytest.mark.parametrize("waveform", [PULSE, GaussianPulse((1.0, 0.0), 0.0, 0.3)])
def test_spectrum(waveform: GaussianPulse) -> None:
    """Against the Fourier integral, and its value at zero frequency against the impulse."""
    start, end = waveform.support
    t = np.linspace(start, end, 4001)
    nu = np.array([0.0, 0.7, 3.0, 4.1])
    expected = np.trapezoid(waveform(t)[None] * np.exp(2j * np.pi * np.outer(nu, t))[..., None], t, axis=1)
    np.testing.assert_allclose(waveform.spectrum(nu), expected, atol=1e-12)
    np.testing.assert_allclose(waveform.spectrum(0.0)[0], waveform.impulse(end)[0], atol=1e-12)


def test_samples_of_a_pulse_are_that_pulse() -> None:
    start, end = PULSE.support
    rng = np.random.default_rng(0)
    grid = np.linspace(start, end, 400)
    grid[1:-1] += rng.uniform(-0.3, 0.3, 398) * (grid[1] - grid[0])
    sampled = Sampled(grid, PULSE(grid))
    t = np.linspace(start, end, 333)
    np.testing.assert_allclose(sampled(t), PULSE(t), atol=1e-6)
    np.testing.assert_allclose(sampled.derivative(t), PULSE.derivative(t), atol=1e-3)
    np.testing.assert_allclose(sampled.second_derivative(t), PULSE.second_derivative(t), atol=0.2)
    np.testing.assert_allclose(sampled.impulse(t), PULSE.impulse(t), atol=1e-8)
    nu = np.array([0.0, 2.5, 3.5])
    np.testing.assert_allclose(sampled.spectrum(nu), PULSE.spectrum(nu), atol=1e-7)


def test_samples_outside_the_record() -> None:
    start, end = PULSE.support
    grid = np.linspace(start, end, 300)
    sampled = Sampled(grid, PULSE(grid))
    outside = np.array([start - 1, end + 1])
    for function in (sampled, sampled.derivative, sampled.second_derivative):
        np.testing.assert_array_equal(function(outside), 0)
    np.testing.assert_allclose(sampled.impulse(outside), [[0, 0], sampled.impulse(end)[0]])
    assert sampled == Sampled(grid, PULSE(grid)) != Sampled(grid, 2 * PULSE(grid))


def test_pulses_travel_to_other_processes() -> None:
    grid = np.linspace(*PULSE.support, 300)
    for waveform in (PULSE, Sampled(grid, PULSE(grid))):
        waveform(0.1)
        assert pickle.loads(pickle.dumps(waveform)) == waveform


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amplitude": (1.0,)}, "2 or 3 components, got 1"),
        ({"amplitude": (1.0, np.nan)}, "not a finite number"),
        ({"phase": (0.0, 1.0, 2.0)}, "3 phases for 2 components"),
        ({"duration": 0.0}, "duration must be positive, got 0"),
        ({"duration": np.inf}, "not a finite number"),
        ({"amplitude": (1.0, -1e200)}, "-1e\\+200 is not a finite number, or far beyond any pulse"),
        ({"frequency": 1e200}, "far beyond any pulse"),
        ({"centre": 1e18}, "so far from zero that rounding blurs the pulse"),
        ({"frequency": -1.0}, "frequency must not be negative"),
    ],
)
def test_pulses_that_are_refused(change: dict[str, Any], message: str) -> None:
    settings: dict[str, Any] = {"amplitude": (1.0, 0.0), "frequency": 1.0, "duration": 0.3} | change
    with pytest.raises(InputError, match=message):
        GaussianPulse(**settings)


def spoiled(times: Any = None, row: Any = None, value: Any = None) -> tuple[np.ndarray, np.ndarray]:
    t = np.linspace(*PULSE.support, 200)
    e = PULSE(t)
    if times is not None:
        t = times(t)
    if row is not None:
        e[row] = value
    return t, e[: len(t)]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (spoiled(lambda t: t[:7]), "7 points are too few"),
        (
            spoiled(lambda t: np.where(np.arange(200) == 50, t[48], t)),
            r"sample 50: time goes back from .* to .*[Ss]ort",
        ),
        (spoiled(lambda t: np.where(np.arange(200) == 50, t[49], t)), "sample 50: the same time appears twice"),
        (spoiled(lambda t: t + 0.2 * (np.arange(200) > 80)), "sample 81: a gap"),
        (spoiled(lambda t: np.where(np.arange(200) == 9, np.nan, t)), "sample 9: a value is missing"),
        (spoiled(row=31, value=np.nan), "sample 31: a value is missing"),
        (spoiled(row=199, value=0.05), r"sample 199: the field does not end near zero: \d"),
        (spoiled(row=0, value=-0.05), "sample 0: the field does not begin near zero"),
        (spoiled(row=slice(None), value=0.0), "zero everywhere"),
        ((np.arange(9.0), np.zeros((9, 4))), "values \\(9, 4\\)"),
    ],
)
def test_records_that_are_refused(samples: tuple[np.ndarray, np.ndarray], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Sampled(*samples)
