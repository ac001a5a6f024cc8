"""What is read off a loop: rectangles and ellipses whose numbers are known, and the reversal of the field."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.physics.hysteresis import coercive_fields, field_over_cycle, loop_area, remanence

PHASE = (np.arange(400) + 0.5) / 400


def test_waveforms() -> None:
    quarter = np.array([0.0, 0.125, 0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(field_over_cycle(quarter, "triangular"), [0, 0.5, 1, 0, -1, 0], atol=1e-15)
    np.testing.assert_allclose(field_over_cycle(quarter, "sinusoidal")[[0, 2, 3, 4]], [0, 1, 0, -1], atol=1e-15)
    for name in ("triangular", "sinusoidal"):
        values = field_over_cycle(PHASE, name)  # type: ignore[arg-type]
        np.testing.assert_allclose(values, -np.roll(values, 200), atol=1e-12)


def test_a_rectangle() -> None:
    """P jumps at +-E_c between +-P_r: area 4 E_c P_r."""
    field = 3e7 * field_over_cycle(PHASE, "triangular")
    falling = (PHASE > 0.25) & (PHASE < 0.75)
    p = np.where(np.where(falling, field > -1.2e7, field > 1.2e7), 0.3, -0.3)
    down, up = coercive_fields(field, p)
    step = np.abs(np.diff(field)).max()
    assert (down, up) == (pytest.approx(-1.2e7, abs=step), pytest.approx(1.2e7, abs=step))
    assert loop_area(field, p) == pytest.approx(4 * 1.2e7 * 0.3, rel=0.02)
    assert remanence(p) == (pytest.approx(0.3), pytest.approx(-0.3))


@given(lag=st.floats(0.1, 3.0))
def test_an_ellipse(lag: float) -> None:
    """P lags E by an angle: area pi E P sin(lag), remanence P sin(lag), P = 0 at E = +-E_max sin(lag)."""
    field = 2e7 * field_over_cycle(PHASE, "sinusoidal")
    p = 0.1 * np.sin(2 * np.pi * PHASE - lag)
    assert loop_area(field, p) == pytest.approx(np.pi * 2e7 * 0.1 * np.sin(lag), rel=1e-3)
    assert remanence(p)[0] == pytest.approx(0.1 * np.sin(lag), rel=1e-3)
    if lag < 1.5:
        assert coercive_fields(field, p)[1] == pytest.approx(2e7 * np.sin(lag), rel=1e-3)


def test_reversal_and_batches() -> None:
    """(E, P) -> (-E, -P) exchanges the branches; loops side by side are loops one by one."""
    field = 2e7 * field_over_cycle(PHASE, "triangular")
    rng = np.random.default_rng(0)
    p = 0.2 * np.sin(2 * np.pi * PHASE - 0.7 - 0.2 * rng.random((3, 2, 1)))
    down, up = coercive_fields(field, p)
    other_down, other_up = coercive_fields(field, -np.roll(p, 200, axis=-1))
    np.testing.assert_allclose((other_down, other_up), (-up, -down))
    assert loop_area(field, p).shape == down.shape == (3, 2)
    assert coercive_fields(field, p[1, 0])[0] == down[1, 0]


def test_what_does_not_switch_has_no_coercive_field() -> None:
    field = 1e6 * field_over_cycle(PHASE, "triangular")
    down, up = coercive_fields(field, 0.3 + 1e-9 * field)
    assert np.isnan(down) and np.isnan(up)
