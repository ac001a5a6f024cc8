"""Means of correlated time series and their errors, from averages over blocks.

A long series is kept as means over consecutive blocks. When there are too many blocks, neighbours are merged in pairs,
so a run of any length takes a bounded memory, and the blocks grow with it until they are longer than the correlation
time (Flyvbjerg and Petersen, J. Chem. Phys. 91, 461 (1989)). What correlation is left between neighbouring blocks
enters the error through their autocorrelation, summed over a window that closes itself (Madras and Sokal, J. Stat.
Phys. 50, 109 (1988)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Lags to look at where blocks alternate, as the terms of the sum do then.
_SHORTEST = 6
#: This many neighbouring places count as one when it is asked how well an autocorrelation is known.
_TOGETHER = 8.0
#: However much blocks alternate, the variance of the mean is not taken to be below this fraction of that of independent
#: ones.
_LEAST = 0.1
#: The autocorrelation is summed up to this many correlation times.
_WINDOW = 5.0


class BlockSeries:
    """Means over consecutive blocks of a series of arrays of one shape, at most `capacity` (even) of them.

    length: pieces in a block, a power of two that doubles whenever the blocks are full.
    """

    def __init__(self, shape: tuple[int, ...], capacity: int = 64) -> None:
        if capacity < 2 or capacity % 2:
            raise ValueError(f"the capacity has to be even, got {capacity}")
        self.capacity, self.length = capacity, 1
        self._blocks: list[Floats] = []
        self._open = np.zeros(shape)
        self._pieces = 0

    def append(self, piece: Floats) -> None:
        """Add the mean over one more piece of the series."""
        self._open = self._open + piece
        self._pieces += 1
        if self._pieces < self.length:
            return
        self._blocks.append(self._open / self.length)
        self._open, self._pieces = np.zeros_like(self._open), 0
        if len(self._blocks) == self.capacity:
            pairs = zip(self._blocks[::2], self._blocks[1::2], strict=True)
            self._blocks = [0.5 * (first + second) for first, second in pairs]
            self.length *= 2

    @property
    def blocks(self) -> Floats:
        """The finished blocks, (n, ...)."""
        return np.array(self._blocks).reshape(-1, *self._open.shape)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Everything as arrays; `from_arrays` makes the same series of them."""
        return {
            "blocks": self.blocks,
            "open": self._open,
            "counts": np.array([self.capacity, self.length, self._pieces]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> BlockSeries:
        capacity, length, pieces = (int(n) for n in arrays["counts"])
        out = cls(arrays["open"].shape, capacity)
        out.length, out._pieces = length, pieces
        out._open = np.array(arrays["open"], dtype=float)
        out._blocks = [np.array(block, dtype=float) for block in arrays["blocks"]]
        return out


@dataclass(frozen=True, eq=False)
class Mean:
    """A mean with its standard error, of one shape. inflation: the variance of the mean over that of independent blocks.
    blocks: how many there were."""

    value: Floats
    error: Floats
    inflation: float
    blocks: int


def mean_of(series: Floats) -> Mean:
    """Mean over sequences and blocks, and its standard error.

    series: (sequences, blocks, ...), sequences independent of one another. The correlation between blocks is taken to
    be the same everywhere, weighted with the variance, as single places are too noisy to tell. With fewer than two
    blocks in all the error is infinite.
    """
    sequences, length = series.shape[:2]
    count = sequences * length
    value = series.mean(axis=(0, 1))
    if count < 2:
        return Mean(value, np.full(value.shape, np.inf), 1.0, count)
    off = series - value
    variance = (off**2).sum(axis=(0, 1)) / (count - 1)
    inflation = inflation_of(off)
    return Mean(value, np.sqrt(variance * inflation / count), inflation, count)


def inflation_of(off: Floats) -> float:
    """1 + 2 sum of the autocorrelation of neighbouring blocks. off: deviations from the mean, (sequences, blocks, ...).

    Below 1 for blocks that alternate, as those of an oscillation do, but only as far as that is beyond doubt: by more
    than twice the uncertainty of the sum.
    """
    count, length = off.shape[0] * off.shape[1], off.shape[1]
    spread = float((off**2).mean())
    if spread == 0:
        return 1.0
    total, lag = 1.0, 0
    for lag in range(1, length // 2):
        total += 2 * float((off[:, lag:] * off[:, :-lag]).mean()) / spread
        if lag >= max(_WINDOW * total / 2, _SHORTEST if total < 1 else 1):
            break
    # neighbouring places fluctuate together, so not all of them tell something new
    places = max(1.0, off[0, 0].size / _TOGETHER)
    doubt = 2 * float(np.sqrt(lag / (count * places)))
    return total if total >= 1 else max(min(total + 2 * doubt, 1.0), _LEAST)


def pooled_coefficients(series: Floats, partners: Floats) -> Floats:
    """The multiples of the partners whose removal leaves the least variance in `series`, (k,), one for all places.

    series: (sequences, blocks, ...). partners: (k, sequences, blocks, ...); one that does not vary gets 0. Fitted over
    all places and blocks together, so that their own scatter is too small to bias a mean.
    """
    off = (partners - partners.mean(axis=(1, 2), keepdims=True)).reshape(len(partners), -1)
    target = (series - series.mean(axis=(0, 1))).ravel()
    scale = np.sqrt((off**2).sum(axis=1))
    unit = off / np.where(scale > 0, scale, 1.0)[:, None]
    fitted = np.linalg.lstsq(unit @ unit.T, unit @ target, rcond=1e-12)[0]
    return np.asarray(np.where(scale > 0, fitted / np.where(scale > 0, scale, 1.0), 0.0))


def with_controls(series: Floats, partners: Floats, exact: Floats, coefficients: Floats) -> Floats:
    """The series with the fluctuations that its partners explain taken out: X - sum beta (Y - <Y>).

    exact: the means of the partners, (k, ...), known without sampling; the mean of X does not change.
    """
    return np.asarray(series - np.tensordot(coefficients, partners - exact[:, None, None], axes=1))
