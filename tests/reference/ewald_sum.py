"""Ewald's sum for one dipole a cell of the simple cubic lattice, wave vector by wave vector and shell by shell."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

Floats = NDArray[np.float64]


def ewald_tensor(q: ArrayLike, splitting: float = 1.8, shells: int = 5) -> Floats:
    """T(q) = sum_{R != 0} exp(i q.R) (1 - 3 r r)/R^3, (..., 3, 3), units of 1/a^3.

    q: (..., 3) radians a cell. splitting: Ewald's parameter times the lattice constant; the result does not depend on
    it. At q = 0 the term of the uniform field is left out, so the value is that for tin-foil boundaries, -4 pi/3.
    """
    points = np.asarray(q, dtype=float)
    one = np.eye(3)
    total = np.zeros((*points.shape, 3))
    for shell in itertools.product(range(-shells, shells + 1), repeat=3):
        n = np.array(shell, dtype=float)
        total += 4 * np.pi * _longitudinal(points + 2 * np.pi * n, splitting)
        if any(shell):
            total += np.cos(points @ n)[..., None, None] * _screened_dipole(n, splitting)
    # the Gaussian of a dipole acts on itself
    return np.asarray(total - 4 * splitting**3 / (3 * np.sqrt(np.pi)) * one)


def _longitudinal(k: Floats, eta: float) -> Floats:
    """k k^T/k^2 exp(-k^2/4 eta^2), zero where k is."""
    square = (k**2).sum(axis=-1)
    zero = square < 1e-20
    weight = np.where(zero, 0.0, np.exp(-square / (4 * eta**2)) / np.where(zero, 1.0, square))
    return np.asarray(weight[..., None, None] * k[..., :, None] * k[..., None, :])


def _screened_dipole(r: Floats, eta: float) -> Floats:
    """-grad grad erfc(eta r)/r, (3, 3)."""
    d = float(np.sqrt(r @ r))
    gauss = 2 * eta / np.sqrt(np.pi) * np.exp(-((eta * d) ** 2))
    b = erfc(eta * d) / d**3 + gauss / d**2
    c = 3 * erfc(eta * d) / d**5 + gauss * (2 * eta**2 + 3 / d**2) / d**2
    return np.asarray(b * np.eye(3) - c * np.outer(r, r))
