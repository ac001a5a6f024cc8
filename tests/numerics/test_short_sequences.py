"""Errors of many sequences of few blocks each: how much blocks hang together is told by the means of the sequences."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.numerics.block_averages import mean_of


def correlated(rng: np.random.Generator, shape: tuple[int, ...], rho: float) -> np.ndarray:
    """Normal series of variance 1 along the second axis, with the autocorrelation rho^lag."""
    out = np.empty(shape)
    out[:, 0] = rng.normal(size=out[:, 0].shape)
    for n in range(1, shape[1]):
        out[:, n] = rho * out[:, n - 1] + np.sqrt(1 - rho**2) * rng.normal(size=out[:, 0].shape)
    return out


@pytest.mark.parametrize(("sequences", "length"), [(16, 5), (6, 3), (40, 1)])
@pytest.mark.parametrize("rho", [0.0, 0.3, -0.3])
def test_stated_variance_is_the_true_one(sequences: int, length: int, rho: float) -> None:
    """Of a map of independent places; 200 maps tell the mean square of z to 0.02, and its errors scatter besides."""
    rng = np.random.default_rng(8)
    square = []
    for _ in range(200):
        found = mean_of(correlated(rng, (sequences, length, 5, 4), rho))
        square.append(((found.value / found.error) ** 2).mean())
    # 1/s^2 of an s^2 from n - 1 deviations is (n - 1)/(n - 3) on average
    degrees = sequences * length - 1
    assert np.mean(square) == pytest.approx(degrees / (degrees - 2), abs=0.1)


def test_three_sequences_or_one_number_tell_nothing() -> None:
    rng = np.random.default_rng(2)
    assert mean_of(correlated(rng, (3, 5, 5, 4), 0.5)).inflation == 1.0
    assert mean_of(correlated(rng, (8, 5), 0.5)).inflation == 1.0
    assert mean_of(correlated(rng, (12, 5), 0.5)).inflation != 1.0
