"""Block averages: merging keeps the mean, the error of correlated series is honest, a control variate does not bias."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from crosscurrent.numerics.block_averages import (
    BlockSeries,
    inflation_of,
    mean_of,
    pooled_coefficients,
    with_controls,
)

Floats = NDArray[np.float64]


def autoregressive(shape: tuple[int, ...], rho: float, seed: int) -> Floats:
    """x_{n+1} = rho x_n + noise along axis 1, of unit variance: inflation (1 + rho)/(1 - rho)."""
    rng = np.random.default_rng(seed)
    out = rng.normal(size=shape)
    for n in range(1, shape[1]):
        out[:, n] = rho * out[:, n - 1] + np.sqrt(1 - rho**2) * out[:, n]
    return out


def test_merging_keeps_the_mean_and_bounds_the_number() -> None:
    pieces = np.random.default_rng(1).normal(size=(100, 3))
    series = BlockSeries((3,), capacity=8)
    for piece in pieces:
        series.append(piece)
    # 100 pieces in blocks of 16
    assert series.length == 16 and len(series.blocks) == 6
    np.testing.assert_allclose(series.blocks, pieces[:96].reshape(6, 16, 3).mean(axis=1), rtol=1e-13)


def test_a_series_continues_from_its_arrays() -> None:
    pieces = np.random.default_rng(2).normal(size=(77, 2))
    whole, part = BlockSeries((2,), 8), BlockSeries((2,), 8)
    for piece in pieces:
        whole.append(piece)
    for piece in pieces[:41]:
        part.append(piece)
    again = BlockSeries.from_arrays(part.arrays())
    for piece in pieces[41:]:
        again.append(piece)
    np.testing.assert_array_equal(again.blocks, whole.blocks)
    with pytest.raises(ValueError, match="even"):
        BlockSeries((1,), 7)


def test_inflation_of_a_known_process() -> None:
    off = autoregressive((4, 2000, 10), 0.6, seed=3)
    assert inflation_of(off) == pytest.approx(1.6 / 0.4, rel=0.05)
    assert inflation_of(np.random.default_rng(4).normal(size=(4, 2000, 10))) == pytest.approx(1.0, abs=0.05)
    # blocks that alternate are known better than they seem: counted on when it is sure, and cautiously
    sure = inflation_of(autoregressive((4, 2000, 400), -0.4, seed=5))
    assert 0.6 / 1.4 < sure < 0.6 / 1.4 + 0.03
    assert inflation_of(autoregressive((1, 24, 1), -0.4, seed=5)) >= 1.0
    assert inflation_of(np.zeros((2, 10))) == 1.0


def test_errors_are_honest() -> None:
    """The scatter of many means is what each of them reported, correlated or not."""
    for rho, least in ((0.0, 0.88), (0.7, 0.88), (-0.4, 0.7)):
        runs = [mean_of(autoregressive((2, 128, 40), rho, seed)) for seed in range(60)]
        z = np.array([run.value / run.error for run in runs])
        # of alternating blocks the error is on the safe side
        assert least < float(np.sqrt((z**2).mean())) < 1.12, rho
    short = mean_of(np.ones((1, 1, 3)))
    assert np.isinf(short.error).all() and short.blocks == 1


def test_control_variates_take_out_what_they_explain() -> None:
    """X = Y1 + Y2 + little: the variance falls by the known factor, and the mean stays where it was."""
    rng = np.random.default_rng(6)
    partners = rng.normal(size=(3, 8, 64, 50)) * np.array([1.0, 1e-3, 0.0])[:, None, None, None] + 5.0
    series = 0.9 * partners[0] + 400.0 * partners[1] + 0.3 * rng.normal(size=partners[0].shape) - 2002.5
    beta = pooled_coefficients(series, partners)
    assert beta == pytest.approx([0.9, 400.0, 0.0], rel=0.01)
    plain, better = mean_of(series), mean_of(with_controls(series, partners, np.full((3, 50), 5.0), beta))
    assert float(np.mean(plain.error**2) / np.mean(better.error**2)) == pytest.approx(0.97 / 0.09 + 1, rel=0.1)
    z = (better.value - 2.0) / better.error
    assert float(np.sqrt((z**2).mean())) == pytest.approx(1.0, abs=0.25)
