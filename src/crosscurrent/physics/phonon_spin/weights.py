"""How many phonons there are: the weight of a phonon energy, and its integral over all wave vectors.

x = omega_k/kT throughout, y = E_g/kT. Two weights: `published`, n_B(x) + n_F(x) = 1/sinh x of Kim-Chung, Eq. (15),
which sets the electron energy to zero inside n_F; and `thermal`, x/(4 sinh^2(x/2)), what the integral over the electron
energy in Eqs. (7)-(9) gives.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from crosscurrent.physics.phonon_spin.dynamic_weight import dynamic_weight

Floats = NDArray[np.float64]
Weight = Literal["thermal", "published"]

#: The series in y is used below, the sum of Bessel functions above; both have all digits here.
_CHANGE = 1.5
_TERMS = 40


def phonon_weight(x: ArrayLike, weight: Weight, omega: float = 0.0) -> Floats:
    """Weight of phonons of energy x (kT). omega: hbar omega/kT of the field, for the thermal weight only."""
    energy = np.asarray(x, dtype=float)
    if weight == "published":
        return np.asarray(2.0 * np.exp(-energy) / -np.expm1(-2.0 * energy))
    return dynamic_weight(energy, abs(omega))


def phonon_integral(y: ArrayLike, weight: Weight) -> Floats:
    """I(y) = int_0^inf dx x^2 W(e)/(2 e), e^2 = x^2 + y^2, to rounding; Kim-Chung, Eq. (21), for the published
    weight."""
    gaps = np.asarray(y, dtype=float)
    low = np.minimum(gaps, _CHANGE)
    series = _published_series(low) if weight == "published" else _thermal_series(low)
    return np.where(gaps <= _CHANGE, series, _bessel_sum(np.maximum(gaps, _CHANGE), weight))


def phonon_integral_2d(y: ArrayLike, weight: Weight) -> Floats:
    """The same in two dimensions, int_0^inf dx x W(e)/(2 e); Kim-Chung, Eq. (44), for the published weight."""
    gaps = np.asarray(y, dtype=float)
    # ln coth(y/2) = log1p(2/(e^y - 1)), which keeps its digits at large y
    if weight == "published":
        return np.asarray(0.5 * np.log1p(2.0 / np.expm1(gaps)))
    # (y/2) coth(y/2) - ln(2 sinh(y/2)) = y n_B(y) - ln(1 - e^-y)
    return np.asarray(0.5 * (gaps / np.expm1(gaps) - np.log(-np.expm1(-gaps))))


def paper_fit(y: ArrayLike) -> Floats:
    """The fit that Kim-Chung, Eq. (21), give for I(y): (pi^2/8) exp(-0.75 y^1.05). It errs by 47 % at y = 10."""
    return np.asarray(math.pi**2 / 8 * np.exp(-0.75 * np.asarray(y, dtype=float) ** 1.05))


def _bessel_sum(y: Floats, weight: Weight) -> Floats:
    """sum over odd n of (y/n) K_1(n y), or (y^2/2) sum of K_2(n y): 1/sinh or 1/sinh^2 as a sum of exponentials."""
    total = np.zeros_like(y)
    if weight == "published":
        for n in range(1, _TERMS, 2):
            total += y / n * special.kve(1, n * y) * np.exp(-n * y)
    else:
        for n in range(1, _TERMS):
            total += 0.5 * y**2 * special.kve(2, n * y) * np.exp(-n * y)
    return total


def _published_series(y: Floats) -> Floats:
    """Partial fractions of 1/sinh, integrated and expanded in y; converges for y < pi."""
    total = math.pi**2 / 8 - 0.25 * math.pi * y
    for j in range(1, _TERMS):
        odd = 2 * j - 1
        eta = math.log(2.0) if j == 1 else (1 - 2.0 ** (1 - odd)) * special.zeta(odd)
        total = total + 0.5 * math.pi * special.binom(0.5, j) * math.pi**-odd * eta * y ** (2 * j)
    return np.asarray(total)


def _thermal_series(y: Floats) -> Floats:
    """The same for 1/sinh^2; converges for y < 2 pi."""
    total = math.pi**2 / 6 - 0.25 * math.pi * y + 0.125 * y**2
    for j in range(2, _TERMS):
        odd = 2 * j - 1
        coefficient = special.binom(0.5, j) + special.binom(-0.5, j)
        total = total - 0.5 * math.pi * coefficient * (2 * math.pi) ** -odd * special.zeta(odd) * y ** (2 * j)
    return np.asarray(total)
