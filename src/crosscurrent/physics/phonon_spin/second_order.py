"""Level C: the coefficient of q^2 for every phonon wave vector, three dimensions.

To first order in d_n the product of propagators of triangle.py is odd in q, and its average over the directions of q
is a polynomial in P_1 = p_1^2, P_2 = p_2^2 and K = k^2. With L_n = 1/(z_n^2 + Gamma^2)

    first = (Gamma/pi) 8 pi^2/(2 pi)^6 int k dk W/(2 omega_k) sum_+- int int dxi_1 dxi_2 (X_1 L_1^2 L_2 + X_2 L_1 L_2^2)

over all xi_1, xi_2 for which p_1, p_2 and k close a triangle, and so for second and axial with their own X.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.phonon_spin.full import full
from crosscurrent.physics.phonon_spin.triangle import (
    Coefficients,
    Phonons,
    Point,
    Vertex,
    gauss,
    phonon_points,
    refined,
    spread,
)
from crosscurrent.physics.phonon_spin.weights import Weight

Floats = NDArray[np.float64]

_MEASURE = 8.0 * math.pi**2 / (2.0 * math.pi) ** 6
_SCALES = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
_BUDGET = 4_000_000
#: phonons handled at once, which bounds the memory
_CHUNK = 12
#: q over |2 Gamma| that stands for q -> 0 at a finite frequency; the rest is of order its square
_SMALL_Q = 1e-4


def second_order(
    gamma: float,
    c: float,
    t: float,
    y: float,
    *,
    omega: float = 0.0,
    weight: Weight = "thermal",
    vertex: Vertex = "corrected",
    tolerance: float = 1e-6,
    budget: int = _BUDGET,
) -> Coefficients:
    """Level C of sigma_ij^a(q)/q^2, tilde units; Kim-Chung, Eq. (15), expanded in q with all of k.

    gamma: hbar/(4 E_F tau). c: phonon over Fermi velocity. t: kT/2E_F. y: E_g/kT. omega: hbar omega/kT of the field.
    Multiply with g^2 e hbar^6/(m^2 M) k_F^10/(2 E_F)^5/k_F^2 for C m. tolerance: relative. budget: evaluations of the
    integrand for one resolution. At a finite frequency it is level D at a q of 1e-4 / l.
    """
    point = Point(gamma, c, t, y, omega)
    if omega:
        small = _SMALL_Q * 2.0 * abs(point.width)
        return full(
            gamma, c, t, y, small, omega=omega, weight=weight, vertex=vertex, tolerance=tolerance, budget=budget
        )
    return refined(lambda scale: _integral(point, weight, scale), _SCALES, tolerance, budget, vertex)


def _integral(point: Point, weight: Weight, scale: float) -> tuple[NDArray[np.complex128], int]:
    phonons = phonon_points(point, weight, math.ceil(6 * scale))
    outer = gauss(math.ceil(16 * scale))
    total, cost = np.zeros(4), 0
    for start in range(0, len(phonons.k), _CHUNK):
        part = slice(start, start + _CHUNK)
        chunk = Phonons(phonons.k[part], phonons.energy[part], phonons.weight[part])
        # the energy of the partner spreads over k v_F: more points the more widths that is
        n = math.ceil(scale * (6.0 + 3.5 * math.asinh(0.5 * chunk.k[-1] / point.gamma)))
        inner = gauss(n)
        for sign in (-1.0, 1.0):
            for squared in (1, 2):
                total += _half(point.gamma, chunk, sign * chunk.energy, squared, outer, inner)
        cost += 4 * len(chunk.k) * len(outer[0]) * n
    scaled = _MEASURE / math.pi * total * np.array([point.gamma, point.gamma, point.gamma, 0.25])
    return scaled.astype(complex), cost


def _half(gamma: float, phonons: Phonons, gain: Floats, squared: int, outer: Any, inner: Any) -> Floats:
    """The terms in which the propagator of electron 1 or 2 is squared. gain: energy of electron 2 minus that of 1.

    The squared one is the outer integral, in psi with z = Gamma tan psi, where a Lorentzian is flat. The inner one runs
    over as many widths as k v_F holds, with tails that count, in u with z = Gamma sinh u.
    """
    k, gain = phonons.k[:, None], gain[:, None]
    mine, other = (0.0 * gain, gain) if squared == 1 else (gain, 0.0 * gain)
    start = np.arctan((-0.5 - mine) / gamma)
    half = 0.5 * (0.5 * math.pi - start)
    psi = start + half * (1.0 + outer[0])
    z, lorentz = gamma * np.tan(psi), (np.cos(psi) / gamma) ** 2
    # rounding may put the first point a hair below p = 0
    own = np.maximum(1.0 + 2.0 * (mine + z), 0.0)
    length = np.sqrt(own)
    low, high = (0.5 * (end**2 - 1.0) - other for end in (length - k, length + k))
    z_other, inner_measure = spread(low, high, np.zeros_like(low), np.full_like(low, gamma), inner)
    own, k = own[..., None], k[..., None]
    partner = 1.0 + 2.0 * (other[..., None] + z_other)
    weight = (phonons.weight[:, None] * phonons.k[:, None] * half * outer[1] / gamma)[..., None]
    weight = weight * inner_measure / (z_other**2 + gamma**2)
    self_term, cross_term, axial = angular_averages(own, partner, k * k)
    terms = (self_term, cross_term, axial) if squared == 1 else (cross_term, self_term, -axial)
    first, second = (own, partner) if squared == 1 else (partner, own)
    values = [np.sum(weight * lorentz[..., None] * term) for term in terms]
    # L_1 L_2 has no squared propagator: half of it from either order
    return np.array([*values, 0.5 * np.sum(weight * kappa_average(first, second, k * k))])


def angular_averages(own: Any, partner: Any, k2: Any) -> tuple[Any, Any, Any]:
    """X of first, second and axial: averages over directions of q that multiply L_own^2 L_partner, own = electron 1.

    own, partner, k2: squares of p_1, p_2, k. When own is electron 2, first and second change places and axial its sign.
    """
    gap = (own - partner) ** 2
    self_term = -(k2**2 - k2 * own - 2 * k2 * partner + own**2 + partner**2 - 6 * own * partner - own * gap / k2) / 120
    cross_term = (
        2 * k2**2 - 3 * k2 * partner - 7 * k2 * own + 4 * own * (own + partner) + (own + partner) * gap / k2
    ) / 240
    axial = (k2 + own - partner) * (k2**2 - 2 * k2 * (own + partner) + gap) / (240 * k2)
    return self_term, cross_term, axial


def kappa_average(first: Any, second: Any, k2: Any) -> Any:
    """The same for what the vertex p - q/2 adds, which multiplies L_1 L_2: (2/3) s.p_2 - |p_1 x p_2|^2/(3 k^2)."""
    # 4 |p_1 x p_2|^2/k^2 by the sides of the triangle: products of its vectors would cancel at small k
    area = 2 * (first + second) - k2 - (first - second) ** 2 / k2
    return (first + 3 * second - k2) / 6 - area / 12
