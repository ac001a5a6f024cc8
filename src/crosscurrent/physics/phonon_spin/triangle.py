"""What levels C and D share: the phonon's wave vectors, the map that spreads a resonance, the form of the answer.

An electron p_1 = p + q/2, an electron p_2 = p + k + q/2 and the phonon k = p_2 - p_1 form a triangle. In tilde units
(k_F = 1, 2 E_F = 1), with the transverse projector T = 1 - k k/k^2 and s = (p_1 + p_2)/2, Kim-Chung, Eq. (15), reads

    sigma_ij^a = (i/pi) int d^3p_1 d^3p_2/(2 pi)^6 W/(2 omega_k) p_2i p_1j [T (q x s)]_a sum_+- F_1 F_2,
    F_n = 1/[z_n^2 + (Gamma + i d_n)^2],  d_n = q.p_n/2,
    z_1 = (p_1^2 - 1)/2 + q^2/8,  z_2 = (p_2^2 - 1)/2 + q^2/8 -+ omega_k.

The derivation is in docs/theory/phonon_spin_levels.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.phonon_spin.weights import Weight, phonon_weight

Floats = NDArray[np.float64]
Vertex = Literal["corrected", "published"]

#: What is left out beyond e^-32 of the weight is below 1e-12 of the integral.
_TAIL = 32.0
#: Ratio of the ends of a panel in k. Gauss points then gain a factor of 14 each.
_RATIO = 3.0
#: relative error of the sums by rounding, a guess on the safe side
_ROUNDING = 1e-11


@dataclass(frozen=True)
class Coefficients:
    """sigma_ij^a = first nu_ij + second nu_ji + axial q_a eps_ijb q_b, with nu_ij = (e_a x q)_i q_j; tilde units.

    Rotations and reflections allow no other tensor. `first` and `second` differ, and `axial` is not zero, by parts of
    order (omega_k/E_F)^2 only, because Eq. (15) puts the electron at the Fermi level on one side of the phonon line;
    with the integral over its energy first = second and axial = 0, which is why `chi` is their mean. kappa is zero
    with the corrected vertex; with the published one, p - q/2, first is smaller by 2 i kappa. error: of first and
    second, kappa_error: of kappa, absolute, from two resolutions. evaluations: of the integrand.
    """

    first: complex
    second: complex
    axial: complex
    kappa: complex
    error: float
    kappa_error: float
    evaluations: int

    @property
    def chi(self) -> complex:
        """The coefficient of nu_ij + nu_ji, without kappa: real for omega = 0."""
        return 0.5 * (self.first + self.second) + 1j * self.kappa


@dataclass(frozen=True)
class Point:
    """gamma: hbar/(4 E_F tau). c: phonon over Fermi velocity. t: kT/2E_F. y: E_g/kT. omega: hbar omega/kT."""

    gamma: float
    c: float
    t: float
    y: float
    omega: float = 0.0

    @property
    def width(self) -> complex:
        """Gamma with 1/tau -> 1/tau - i omega."""
        return self.gamma - 0.5j * self.omega * self.t


@dataclass(frozen=True)
class Phonons:
    """Points in k: wave vector (k_F), energy (2 E_F), weight of the sum for int dk W/(2 omega_k); all (n,)."""

    k: Floats
    energy: Floats
    weight: Floats


def refined(
    evaluate: Callable[[float], tuple[NDArray[np.complex128], int]],
    scales: Sequence[float],
    tolerance: float,
    budget: int,
    vertex: Vertex,
) -> Coefficients:
    """Evaluate at finer and finer resolution until the error is below the tolerance, relative, or the budget is spent.

    evaluate: scale -> (first, second, axial, kappa) with the corrected vertex, and the cost. The reported error is
    twice the change at the last step, or a twentieth of the change before: where the values converge fast the last is
    far better than that, where they do not the error is of that size. It is never less than a tenth of the tolerance:
    more was not asked for, and resolutions may agree by chance. At least three resolutions, two where the budget ends
    first.
    """
    value, last = evaluate(scales[0])
    cost, step, error = last, np.zeros(4), np.abs(value)
    for number, (coarser, scale) in enumerate(pairwise(scales)):
        # four nested integrals at most
        if number > 0 and last * (scale / coarser) ** 4 > budget:
            break
        finer, last = evaluate(scale)
        before, step = step, np.abs(finer - value)
        value, cost = finer, cost + last
        # two resolutions may agree by chance
        error = np.maximum(2.0 * step, 0.05 * before)
        if number > 0 and max(error[:2]) <= tolerance * 0.5 * abs(value[0] + value[1]):
            break
    first, second, axial, kappa = (complex(v) for v in value)
    if vertex == "corrected":
        kappa, error[3] = 0.0j, 0.0
    floor = max(_ROUNDING, 0.1 * tolerance) * 0.5 * abs(first + second)
    return Coefficients(first - 2j * kappa, second, axial, kappa, max(*error[:2], floor), float(error[3]), cost)


def phonon_points(point: Point, weight: Weight, n: int, q: float = 0.0) -> Phonons:
    """Gauss points on panels in k.

    They start below the smallest scale on which the integrand changes (mean free path, E_g, kT) and grow by a constant
    ratio. They are graded where k v_F = omega_k, where omega_k is that of the field, above which the field makes no
    phonons, and at k = 2, where a phonon ceases to connect two points of the Fermi surface.
    """
    # the published weight knows no frequency
    edges = _edges(point, q, point.omega if weight == "thermal" else 0.0)
    x, w = gauss(n)
    low, high = edges[:-1, None], edges[1:, None]
    k = (0.5 * (low + high) + 0.5 * (high - low) * x).ravel()
    energy = np.hypot(k * point.c / point.t, point.y)
    density = phonon_weight(energy, weight, point.omega).real / (2.0 * point.t * energy)
    return Phonons(k, point.t * energy, (0.5 * (high - low) * w).ravel() * density)


def _edges(point: Point, q: float, omega: float) -> Floats:
    thermal = point.t / point.c
    # phonons are absorbed up to some kT above the gap, emitted up to the field's energy
    made = omega - point.y
    above = _TAIL + max(made, 0.0)
    end = math.sqrt(above * (above + 2.0 * point.y)) * thermal
    start = min(point.gamma, 0.5 * thermal, 0.5 * end)
    # a gap far below kT and hbar/tau matters in a negligible part of k space only
    if point.y * thermal > 1e-7 * start:
        start = min(start, 0.5 * point.y * thermal)
    count = math.ceil(math.log(end / start) / math.log(_RATIO))
    edges = {0.0, *(start * (end / start) ** (np.arange(count + 1) / count))}
    # phonons on the electrons' light cone, k v_F = omega_k, and at 2 k_F, both to within the width
    cone = point.t * point.y
    if cone > point.gamma:
        edges |= _graded(cone, point.gamma, 0.7 * cone)
    if made > 0.0:
        # the number that is emitted ends there within kT
        edges |= _graded(math.sqrt(made * (omega + point.y)) * thermal, thermal, 0.3 * end)
    if end > 1.5:
        edges |= _graded(2.0, point.gamma, 1.0) | {2.0 + q, abs(2.0 - q)}
    # rounding may put the last geometric edge on either side of the end
    edges = {edge for edge in edges if 0.0 <= edge < (1 - 1e-9) * end} | {end}
    ordered = np.array(sorted(edges))
    return np.asarray(ordered[np.concatenate([[True], np.diff(ordered) > 1e-12 * end])])


def spread(
    low: Floats, high: Floats, centre: Floats, width: Floats, rule: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Points between low and high that crowd at centre on the scale of width, by x = centre + width sinh u.

    All of shape (...); rule: Gauss points on [-1, 1], shape (n,). Returns points and weights (..., n). With sinh the
    number of points grows like ln(1/width) only, for a pole 1/(x - centre + i width) as for its square.
    """
    u_low, u_high = np.arcsinh((low - centre) / width), np.arcsinh((high - centre) / width)
    half = 0.5 * (u_high - u_low)[..., None]
    u = 0.5 * (u_high + u_low)[..., None] + half * rule[0]
    scale = width[..., None]
    return centre[..., None] + scale * np.sinh(u), half * rule[1] * scale * np.cosh(u)


def _graded(centre: float, width: float, reach: float) -> set[float]:
    """Ends of panels on both sides of centre, from the width on."""
    steps = width * 4.0 ** np.arange(40)
    steps = steps[steps < reach]
    return {centre, *(centre - steps), *(centre + steps)}


@cache
def gauss(n: int) -> tuple[Floats, Floats]:
    """Gauss points and weights on [-1, 1]; kept, as finding them costs more than a small sum over them."""
    return np.polynomial.legendre.leggauss(n)
