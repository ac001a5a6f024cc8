"""Weight of a phonon in a field of finite frequency, without the cancellation of its definition.

The integral over the electron energy in Kim-Chung, Eqs. (7)-(9), leaves W = 1 + n_B(x) - [F(x + O) - F(x - O)]/(2 O)
with F(x) = x/(1 - e^-x), x = omega_k/kT and O = hbar omega/kT. The terms of order one cancel to e^-x; brought to one
denominator they are

    W = [x sinh(O)/O - coth(x/2) (cosh O - 1)] / [2 (cosh x - cosh O)].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Closer to x = O than this part of O, and than 1, the fraction is 0/0, and the definition has lost nothing yet.
_NEAR = 0.2


def dynamic_weight(x: ArrayLike, omega: ArrayLike) -> Floats:
    """W of phonons of energy x > 0 (kT) at a field of energy omega >= 0 (kT); the two are broadcast together.

    omega = 0 gives the static weight x/(4 sinh^2(x/2)).
    """
    energy, field = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(omega, dtype=float))
    near = np.abs(energy - field) < np.minimum(_NEAR * field, 1.0)
    by_definition = _definition(energy, np.where(near, field, 1.0))
    return np.where(near, by_definition, _fraction(energy, np.where(near, 0.0, field)))


def _fraction(x: Floats, omega: Floats) -> Floats:
    # hyperbolic functions times e^-top, so that none overflows
    top = np.maximum(x, omega)
    small = omega < 1e-3
    safe = np.where(small, 1.0, omega)
    slope = np.where(small, (1.0 + omega**2 / 6.0) * np.exp(-top), -0.5 * np.expm1(-2.0 * omega) / safe)
    slope = np.where(small, slope, slope * np.exp(omega - top))
    lift = 0.5 * np.expm1(-omega) ** 2 * np.exp(omega - top)
    # cosh x - cosh O = 2 sinh((x + O)/2) sinh((x - O)/2)
    apart = x - omega
    below = -np.sign(apart) * np.expm1(-x - omega) * -np.expm1(-np.abs(apart))
    return np.asarray((x * slope - lift / np.tanh(0.5 * x)) / below)


def _definition(x: Floats, omega: Floats) -> Floats:
    bose = np.exp(-x) / -np.expm1(-x)
    return np.asarray(1.0 + bose - (_f(x + omega) - _f(x - omega)) / (2.0 * omega))


def _f(x: Floats) -> Floats:
    """x/(1 - e^-x), with its limit 1 at x = 0."""
    small = np.abs(x) < 1e-8
    safe = np.where(small, 1.0, x)
    return np.where(small, 1.0 + 0.5 * x, safe / -np.expm1(-safe))
