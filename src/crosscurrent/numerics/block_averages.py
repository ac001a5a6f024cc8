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

#: The autocorrelation is summed up to this many correlation times, and over so many lags at least: neighbours of blocks
#: that alternate, as those of an oscillation do, take part of their variance back, and half a time would miss that.
_WINDOW, _SHORTEST = 5.0, 3
#: Sequences whose means tell how much blocks hang together that are few in each, and degrees of freedom, all places
#: together.
_SEQUENCES, _DEGREES = 4, 10
#: However much blocks alternate, the variance of the mean is not taken to be below this fraction of that of independent
#: ones.
_LEAST = 0.1


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
    """A mean with its standard error, of one shape.

    inflation: the variance of the mean over that of independent blocks, all places together. blocks: how many.
    """

    value: Floats
    error: Floats
    inflation: float
    blocks: int


def mean_of(series: Floats, inflation: float | None = None) -> Mean:
    """Mean over sequences and blocks, and its standard error.

    series: (sequences, blocks, ...), sequences independent of one another. The correlation between blocks is pooled,
    weighted with the variance, as single places are too noisy to tell: over all places, or, of a map (sequences,
    blocks, Nx, Ny, ...), over those of the same x and its two neighbours, as cold cells remember otherwise than hot
    ones. For a series that has few places, give the inflation of one that has more. With fewer than two blocks in all
    the error is infinite.
    """
    count = series.shape[0] * series.shape[1]
    value = series.mean(axis=(0, 1))
    if count < 2:
        return Mean(value, np.full(value.shape, np.inf), 1.0, count)
    off = series - value
    scatter = (off**2).mean(axis=(0, 1))
    if inflation is not None:
        local = np.array(inflation)
    elif value.ndim < 2:
        local = np.array(inflation_of(off))
    else:
        local = _by_column(off, scatter).reshape(-1, *(1,) * (value.ndim - 1))
    # the scatter about the mean of the sample misses the variance of that mean, local/count of the whole
    square = scatter * local / (count - local)
    total = float(scatter.sum())
    overall = float((scatter * local).sum()) / total if total > 0 else 1.0
    return Mean(value, np.sqrt(square), overall, count)


def _by_column(off: Floats, scatter: Floats) -> Floats:
    """The inflation of every x with its neighbours, each with the same weight, (Nx,); x is periodic.

    off: (sequences, blocks, Nx, Ny, ...). scatter: its mean square, (Nx, Ny, ...).
    """
    nx = len(scatter)
    size = np.sqrt(scatter.reshape(nx, -1).mean(axis=1)).reshape(-1, *(1,) * (scatter.ndim - 1))
    unit = np.divide(off, size, out=np.zeros_like(off), where=size > 0)
    near = [sorted({(x - 1) % nx, x, (x + 1) % nx}) for x in range(nx)]
    return np.array([inflation_of(unit[:, :, columns]) for columns in near])


def inflation_of(off: Floats) -> float:
    """Variance of the mean over that of as many independent blocks, F = 1 + 2 sum_l (1 - l/n) rho_l.

    off: deviations from the mean of the sample, (sequences, n, ...). They are smaller than those from the true mean:
    each of their autocovariances is too low by the variance of the mean itself, (F/N) of that of a block, with N blocks
    in all. With r_l their autocorrelation and w_l = 2 (1 - l/n), F = 1 + sum w r (1 - F/N) + (F/N) sum w, solved for F.
    Below 1 for blocks that alternate. Sequences too short to tell their correlation have it from the scatter of their
    means, when there are enough of them, and 1 when there are not.
    """
    sequences, length, count = *off.shape[:2], off.shape[0] * off.shape[1]
    spread = float((off**2).mean())
    if spread == 0:
        return 1.0
    if length < 2 * _SHORTEST:
        if (sequences - 1) * off[0, 0].size < _DEGREES or sequences < _SEQUENCES:
            return 1.0
        between = length * float((off.mean(axis=1) ** 2).mean()) * sequences / (sequences - 1) / spread
        # the spread, too, is about the mean of the sample
        return float(min(max(between / (1 + between / count), _LEAST), count / 2))
    out, seen, weights = 1.0, 0.0, 0.0
    for lag in range(1, length // 2 + 1):
        weight = 2 * (1 - lag / length)
        seen += weight * float((off[:, lag:] * off[:, :-lag]).mean()) / spread
        weights += weight
        out = (1 + seen) / (1 + (seen - weights) / count)
        if lag >= max(_WINDOW * out / 2, _SHORTEST):
            break
    return float(min(max(out, _LEAST), count / 2))


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
