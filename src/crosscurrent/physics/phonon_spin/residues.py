"""Level D, the inner integral: electrons along one direction, by residues.

With s = (p_1 + p_2)/2 the four propagators of Kim-Chung, Eq. (15), are 1/(e_n - i Gamma) or 1/(e_n + i Gamma) with e_n
quadratic in the length of s, and the rest is a polynomial. A direction and its opposite make the length run over the
whole real axis, so the integral over it is 2 pi i times the residues above: at every k, q and direction of s, and
exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def residue_sums(k: Any, q: float, a: Any, b: Any, mu: Any, energy: Any, width: complex, weight: Any) -> Complexes:
    """Residues at the poles of the retarded propagators, times `weight`, summed over everything.

    k: length. a = s.k, b = s.q, mu = k.q: cosines, mu of the full shape. energy: that the electron gains from the
    phonon. Returns the four sums, (4,), for the contractions of _numerators.
    """
    total = np.zeros(4, dtype=complex)
    # N^2/(k^2 s^2) for N = q.(s x k)
    volume = 1.0 - a * a - b * b - mu * mu + 2.0 * a * b * mu
    crossing = 0.25 * k * q * mu
    for side in (-1.0, 1.0):
        slope = 0.5 * (q * b + side * k * a)
        level = 1.0 - 0.25 * (k * k + q * q) - 2.0 * side * crossing
        if side > 0:
            level = level + 2.0 * energy
        root = np.sqrt(slope * slope + level + 2j * width)
        s = root - slope
        along_k, along_q = s * (k * a), s * (q * b)
        gain = along_k - energy
        # the three other denominators at this pole; the middle one has no width, its zero cancels between the two sides
        same = along_q + 2.0 * side * crossing - 2j * width
        between = side * (gain + 2.0 * crossing)
        across = side * gain + along_q - 2j * width
        residue = -weight * s * s / (root * same * between * across)
        flat = residue.ravel()
        total += [flat @ part.ravel() for part in _numerators(s, along_k, s * b, 0.5 * k * mu, volume)]
    return total


def _numerators(
    s: Complexes, along_k: Complexes, along_q: Complexes, half_k: Floats, volume: Floats
) -> tuple[Complexes, ...]:
    """The contractions of p_2i p_1j [T (q x s)]_a that give first, second, axial, kappa; q a unit vector."""
    square = s * s
    n2 = square * volume
    q1, q2 = along_q - half_k, along_q + half_k
    vertex_2 = square + 0.5 * along_k - along_q * q2 - n2
    vertex_1 = square - 0.5 * along_k - along_q * q1 - n2
    return q1 * vertex_2, q2 * vertex_1, 2.0 * half_k * n2, vertex_2
