"""Block averages: merging keeps the mean, the error of correlated series is honest, a control variate does not bias."""

from __future__ import annotations

from collections.abc import Callable

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


def alternating(shape: tuple[int, ...], share: float, seed: int) -> Floats:
    """x_n = e_n - share e_{n-1} along axis 1, as of the means of a derivative: inflation (1 - b)^2/(1 + b^2)."""
    noise = np.random.default_rng(seed).normal(size=(shape[0], shape[1] + 1, *shape[2:]))
    return np.asarray(noise[:, 1:] - share * noise[:, :-1])


#: Process, its number, and 1 + 2 sum rho^2 of it.
Process = Callable[[tuple[int, ...], float, int], Floats]
PROCESSES = [
    (autoregressive, 0.0, 1.0),
    (autoregressive, 0.3, 1.09 / 0.91),
    (autoregressive, 0.6, 1.36 / 0.64),
    (alternating, 0.5, 1 + 2 * 0.4**2),
]


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
    assert inflation_of(autoregressive((4, 2000, 10), 0.6, seed=3)) == pytest.approx(1.6 / 0.4, rel=0.05)
    assert inflation_of(np.random.default_rng(4).normal(size=(4, 2000, 10))) == pytest.approx(1.0, abs=0.05)
    assert inflation_of(alternating((4, 2000, 10), 0.5, seed=5)) == pytest.approx(0.25 / 1.25, abs=0.03)
    assert inflation_of(np.zeros((2, 10))) == 1.0
    # five blocks are too few to tell, but the means of nine sequences know
    short = 1 + 2 * sum((1 - lag / 5) * 0.6**lag for lag in range(1, 5))
    assert inflation_of(autoregressive((9, 5, 100), 0.6, seed=3)) == pytest.approx(short, rel=0.1)
    assert inflation_of(autoregressive((3, 5, 10), 0.6, seed=3)) == 1.0


@pytest.mark.parametrize(("process", "number", "squares"), PROCESSES)
def test_inflation_of_short_sequences_is_not_biased(process: Process, number: float, squares: float) -> None:
    """Deviations from the mean of few blocks are too small, and hang together too little; both are made up for.

    Two sequences of fourteen blocks in a thousand places: the truth, 1 + 2 sum (1 - l/14) rho_l, within 5 %.
    """
    true = float(np.mean(np.mean(process((40000, 14), number, 9), axis=1) ** 2) * 14)
    true /= float(np.mean(process((40000, 14), number, 9) ** 2))
    found = []
    for seed in range(8):
        series = process((2, 14, 1000), number, seed)
        found.append(inflation_of(series - series.mean(axis=(0, 1))))
    assert float(np.mean(found)) == pytest.approx(true, rel=0.05)


@pytest.mark.parametrize(("process", "number", "squares"), PROCESSES)
@pytest.mark.parametrize("shape", [(2, 14, 40), (2, 50, 40)])
def test_errors_are_honest(process: Process, number: float, squares: float, shape: tuple[int, ...]) -> None:
    """Means of many series lie as far from the truth as each of them says.

    With N blocks of 1 + 2 sum rho^2 = `squares` the error has N/squares - 1 degrees of freedom, and z^2 the mean nu/(nu
    - 2) of Student's t. The mean over 8000 independent z^2 scatters by sqrt(2/8000) = 1.6 %; four of that, and 2 % for
    the scatter of the inflation, are allowed.
    """
    runs = [mean_of(process(shape, number, seed)) for seed in range(200)]
    z = np.array([run.value / run.error for run in runs])
    freedom = shape[0] * shape[1] / squares - 1
    assert float((z**2).mean()) == pytest.approx(freedom / (freedom - 2), rel=4 * 0.016 + 0.02)


def test_each_half_of_a_map_has_the_error_of_its_own_noise() -> None:
    """Half of the columns remember, half do not: what hangs together in one place says nothing of another.

    A column is pooled with its neighbours, so those at the two borders are left out.
    """
    shape, rho = (4, 100, 20, 10), 0.6
    slow, white = autoregressive(shape, rho, seed=12), np.random.default_rng(13).normal(size=shape)
    error = mean_of(np.concatenate([slow, white], axis=2)).error
    lags = np.arange(1, shape[1])
    inflation = 1 + 2 * float(((1 - lags / shape[1]) * rho**lags).sum())
    for columns, expected in ((slice(1, 19), inflation), (slice(21, 39), 1.0)):
        found = float((error[columns] ** 2).mean()) * shape[0] * shape[1]
        assert found == pytest.approx(expected, rel=0.1)


def test_a_single_series_takes_the_inflation_of_many() -> None:
    """Its own would be too noisy: one large error in thirty would be missed by a factor."""
    z = []
    for seed in range(1000):
        series = autoregressive((3, 14, 40), 0.3, seed)
        whole = mean_of(series)
        one = mean_of(series[:, :, 0], whole.inflation)
        assert one.error == pytest.approx(whole.error[0], rel=1e-12)
        z.append(one.value / one.error)
    # 34 degrees of freedom; the scatter of a thousand z^2 is 4.5 %
    assert float(np.mean(np.square(z))) == pytest.approx(34 / 32, rel=4 * 0.045)
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
