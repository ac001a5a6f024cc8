"""Domain walls in a lattice of polar modes: the state they start from, and the profile that is fitted.

Across a neutral wall the polarization keeps its component along the normal and reverses the others. In a box that is
periodic along the normal there are two walls, in a slab that is open along it one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit

Floats = NDArray[np.float64]

#: Half widths, in cells, that a fit starts from.
_STARTS = (0.3, 0.7, 2.0, 5.0)


def reversed_state(state: Floats, normal: int) -> Floats:
    """The state on the other side: its components across the normal change sign. state: (3,)."""
    signs = np.full(3, -1.0)
    signs[normal] = 1.0
    return signs * state


def domains(cells: int, periodic: bool) -> NDArray[np.bool_]:
    """(cells,): True in the reversed domain, half of the length; in its middle when the length is periodic."""
    n = np.arange(cells)
    return (n >= cells // 4) & (n < cells // 4 + cells // 2) if periodic else n >= cells // 2


def two_domains(state: Floats, shape: tuple[int, int, int], normal: int, periodic: bool) -> Floats:
    """(Nx, Ny, Nz, 3): a state and its reversed one, with sharp walls between cells."""
    other = np.moveaxis(np.broadcast_to(reversed_state(state, normal), (*shape, 3)), normal, 0).copy()
    other[~domains(shape[normal], periodic)] = state
    return np.ascontiguousarray(np.moveaxis(other, 0, normal))


@dataclass(frozen=True)
class WallProfile:
    """P(x) = P_0 tanh((x - x_1)/xi), with a second wall that turns it back in a periodic box. All in cells but for P_0.

    amplitude: P_0. half_width: xi, with the standard error of the fit. position: x_1. NaN when there is no fit.
    """

    amplitude: float
    half_width: float
    half_width_error: float
    position: float


_NO_FIT = WallProfile(*[float("nan")] * 4)


def wall_profile(
    x: Floats, box: float, amplitude: float, first: float, half_width: float, apart: float = 0.0
) -> Floats:
    """P_0 tanh((x - x_1)/xi), or with apart > 0 the two walls of a periodic box, the second of which turns it back."""
    if apart == 0:
        return np.asarray(amplitude * np.tanh((x - first) / half_width))
    total = -np.ones_like(x)
    for shift in (-box, 0.0, box):
        total += np.tanh((x - first - shift) / half_width) - np.tanh((x - first - apart - shift) / half_width)
    return amplitude * total


def fit_profile(values: Floats, periodic: bool) -> WallProfile:
    """The profile of walls through values (n,), by least squares.

    The scatter around the fit decides the error. A wall that is far narrower than a cell leaves its width undetermined:
    then the fit is NaN, as it is for values of one sign.
    """
    n = len(values)
    if not values.min() < 0 < values.max():
        return _NO_FIT
    x = np.arange(n, dtype=float)
    where = [n // 4 - 0.5, n / 2] if periodic else [n // 2 - 0.5]

    def profile(at: Floats, amplitude: float, first: float, half_width: float, *apart: float) -> Floats:
        return wall_profile(at, float(n), amplitude, first, half_width, *apart)

    best, lowest = _NO_FIT, np.inf
    # a step from a start that is too wide leads to a wall of no width, where nothing changes any more
    for half_width in _STARTS:
        found = _fit(profile, x, values, [_amplitude(values), where[0], half_width, *where[1:]])
        if found is not None and found[2] < lowest:
            (amplitude, first, width, *_), spread, lowest = found
            best = WallProfile(amplitude, abs(width), spread[2], first)
    return best


def _amplitude(values: Floats) -> float:
    """Half the range, with the sign that the profile has between the walls or behind the one."""
    size = 0.5 * float(values.max() - values.min())
    return size if values[len(values) // 2 + len(values) // 8] > 0 else -size


def _fit(
    profile: Callable[..., Floats], x: Floats, values: Floats, start: list[float]
) -> tuple[list[float], list[float], float] | None:
    """(parameters, standard errors, sum of squares); None when the covariance cannot be had."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", OptimizeWarning)
        try:
            best, covariance = curve_fit(profile, x, values, p0=start)
        except (RuntimeError, OptimizeWarning):
            return None
    spread = np.sqrt(np.diag(covariance))
    if not np.isfinite(spread).all():
        return None
    misfit = values - profile(x, *best)
    return best.tolist(), spread.tolist(), float(misfit @ misfit)
