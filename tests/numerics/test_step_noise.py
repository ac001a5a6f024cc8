"""Counter-based Gaussian noise: the statistics of normal numbers, and nothing but a function of its three integers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crosscurrent.numerics.step_noise import StepNoise, gaussians
from crosscurrent.units import InputError


def test_moments_and_tails_are_those_of_a_normal_distribution() -> None:
    x = np.concatenate([gaussians(11, r, 3, 400_000).astype(float) for r in range(5)])
    n = len(x)
    moments = [np.mean(x**k) - expected for k, expected in ((1, 0), (2, 1), (3, 0), (4, 3), (6, 15))]
    variances = [1, 2, 15, 96, 10395 - 225]
    assert np.all(np.abs(moments) < 4 * np.sqrt(np.array(variances) / n))
    for edge in (1.0, 2.0, 3.0, 4.0):
        expected = n * 2 * stats.norm.sf(edge)
        assert abs((np.abs(x) > edge).sum() - expected) < 4 * np.sqrt(expected)
    assert stats.kstest(x[::20], "norm").pvalue > 1e-3


@pytest.mark.parametrize("other", [(12, 0, 3), (11, 1, 3), (11, 0, 4)])
def test_another_seed_realization_or_step_is_independent(other: tuple[int, int, int]) -> None:
    n = 200_000
    first, second = gaussians(11, 0, 3, n).astype(float), gaussians(*other, n).astype(float)
    for shift in (0, 1, 8192):
        assert abs(np.mean(first * np.roll(second, shift))) < 4 / np.sqrt(n)
        assert abs(np.mean(first**2 * np.roll(second, shift) ** 2) - 1) < 4 * np.sqrt(8 / n)


def test_neighbours_are_independent() -> None:
    n = 400_000
    x = gaussians(5, 0, 0, n).astype(float)
    # both numbers of a pair come from one radius, 8192 apart
    for shift in (1, 3, 8192, 16384):
        assert abs(np.mean(x * np.roll(x, shift))) < 4 / np.sqrt(n)
        assert abs(np.mean(x**2 * np.roll(x, shift) ** 2) - 1) < 4 * np.sqrt(8 / n)


def test_a_draw_is_a_function_of_seed_realization_and_step() -> None:
    noise = StepNoise(3, (3, 2, 5, 7))
    assert np.array_equal(noise.draw(4, 9), StepNoise(3, (3, 2, 5, 7)).draw(4, 9))
    assert np.array_equal(noise.draw(4, 9).reshape(-1), gaussians(3, 4, 9, 210))
    assert not np.array_equal(noise.draw(4, 9), noise.draw(9, 4))


def test_a_mirrored_draw() -> None:
    plain, mirrored = StepNoise(3, (3, 2, 5, 7)).draw(1, 2), StepNoise(3, (3, 2, 5, 7), (3, 1)).draw(1, 2)
    assert np.array_equal(mirrored[[0, 2]], plain[[0, 2], ..., ::-1])
    assert np.array_equal(mirrored[1], -plain[1, ..., ::-1])


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match="seed"):
        StepNoise(seed, (3,))
