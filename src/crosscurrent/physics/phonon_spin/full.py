"""Level D: Kim-Chung, Eq. (15), at any q up to 2 k_F, three dimensions.

For k, and the directions of k, s = (p_1 + p_2)/2 and q (cosines a = s.k, b = s.q, and the angle phi between k and q
around s), the integral over the length of s is a sum of residues (residues.py). What is left are four integrals. In b
all resonances of a retarded pole, of width Gamma/q, lie on one side of the real axis; where q is large against Gamma
the integral is led around them on the other side, as far as the square root in the pole allows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.phonon_spin.residues import residue_sums
from crosscurrent.physics.phonon_spin.triangle import Coefficients, Point, Vertex, gauss, phonon_points, refined, spread
from crosscurrent.physics.phonon_spin.weights import Weight

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: 2 pi of rotations about s, 1/2 as a direction and its opposite are one line, 2 pi i of the residues, 2 pi of phi
_MEASURE = 2.0 * math.pi * 0.5 * 2j * math.pi * 2.0 * math.pi / (2.0 * math.pi) ** 6
_SCALES = (0.6, 0.8, 1.1, 1.5, 2.0, 2.7)
_BUDGET = 3_000_000
#: How far the path in b leaves the real axis (an angle), and the part of the way to the branch point it may take.
_DETOUR = 0.6
_MARGIN = 0.7
#: most points in phi for a resonance that moves with it
_MOST_PHI = 16
_BLOCK = 6000


def full(
    gamma: float,
    c: float,
    t: float,
    y: float,
    q: float,
    *,
    omega: float = 0.0,
    weight: Weight = "thermal",
    vertex: Vertex = "corrected",
    tolerance: float = 1e-6,
    budget: int = _BUDGET,
) -> Coefficients:
    """Level D of sigma_ij^a(q)/q^2, tilde units; Kim-Chung, Eq. (15).

    gamma: hbar/(4 E_F tau). c: phonon over Fermi velocity. t: kT/2E_F. y: E_g/kT. q: k_F, 0 < q <= 2.
    omega: hbar omega/kT of the field, which puts 1/tau - i omega for 1/tau. tolerance: relative.
    budget: evaluations of the integrand for one resolution; where it is spent first the error says so.
    """
    point = Point(gamma, c, t, y, omega)
    return refined(lambda scale: _integral(point, weight, q, scale), _SCALES, tolerance, budget, vertex)


def _integral(point: Point, weight: Weight, q: float, scale: float) -> tuple[Complexes, int]:
    """first, second, axial, kappa and the number of evaluations."""
    phonons = phonon_points(point, weight, math.ceil(6 * scale), q)
    sums = []
    cost = 0
    # the advanced poles are the retarded ones for all vectors reversed: minus the complex conjugate, with Gamma's
    # conjugate
    widths = (point.width,) if point.omega == 0 else (point.width, point.width.conjugate())
    for width in widths:
        total = np.zeros(4, dtype=complex)
        for k, energy, share in zip(phonons.k, phonons.energy, phonons.weight, strict=True):
            part, size = _at_phonon(float(k), float(energy), q, width, scale)
            total, cost = total + share * k * k * part, cost + size
        sums.append(_MEASURE * total)
    mirror = np.conj(sums[-1])
    values = 1j / (2.0 * math.pi * q) * (sums[0] - mirror)
    values[3] = (sums[0] + mirror)[3] / (4.0 * math.pi)
    return values, cost


def _at_phonon(k: float, energy: float, q: float, width: complex, scale: float) -> tuple[Complexes, int]:
    """Integral over a, b and phi for absorption and emission of a phonon of wave vector k."""
    # where s lies on the Fermi surface, about
    s = math.sqrt(max(1.0 - 0.25 * k * k, width.real))
    b, across, w_b = _path(k, q, width, scale)
    sharp = (2.0 * width.real + q * s * np.abs(b.imag)) / (k * s)
    detour = float(np.max(np.abs(b.imag)))
    n_a = math.ceil(scale * (4.0 + 2.0 * math.asinh(1.0 / float(np.min(sharp)))))
    n_phi = math.ceil(scale * (3.5 + min(0.5 * k * q / (2.0 * width.real + q * detour), _MOST_PHI)))
    # the integrand is even and periodic in phi
    cosines = np.cos(math.pi * (np.arange(n_phi) + 0.5) / n_phi)
    rule = gauss(n_a)
    total = np.zeros(4, dtype=complex)
    for gain in (-energy, energy):
        if k > 2.0:
            a, w_a = _tangent(k, np.full(len(b), 4.0 * width.real / k**2), rule)
        else:
            a, w_a = _resonant(gain / (k * s), (q * b.real + 2.0 * width.imag / s) / k, sharp, rule)
        # blocks that stay in the cache
        block = max(1, _BLOCK // (a.shape[1] * n_phi))
        for start in range(0, len(b), block):
            part = slice(start, start + block)
            weight = (w_a[part] * w_b[part, None] / n_phi)[..., None]
            cos_a, cos_b = a[part, :, None], b[part, None, None]
            mu = cos_a * cos_b + np.sqrt(1.0 - cos_a * cos_a) * across[part, None, None] * cosines
            total += residue_sums(k, q, cos_a, cos_b, mu, gain, width, weight)
    return total, 2 * np.size(a) * n_phi


def _resonant(centre: float, shift: Floats, sharp: Floats, rule: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Points in a: a resonance on either side of centre, at +- shift. shift, sharp: (b,); returns (b, points)."""
    middle = np.full(len(shift), min(max(centre, -0.95), 0.95))
    one = np.ones(len(shift))
    left = spread(-one, middle, np.maximum(middle - np.abs(shift), -1.0), sharp, rule)
    right = spread(middle, one, np.minimum(middle + np.abs(shift), 1.0), sharp, rule)
    return np.concatenate([left[0], right[0]], axis=-1), np.concatenate([left[1], right[1]], axis=-1)


def _tangent(k: float, sharp: Floats, rule: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Points in a for k > 2: s meets the Fermi spheres around +-k/2 in a cone. sharp: (b,); returns (b, points)."""
    edge = math.sqrt(1.0 - 4.0 / k**2)
    sharp = sharp / max(edge, math.sqrt(float(sharp[0])))
    ends = np.array([-1.0, -edge, 0.0, edge, 1.0])
    focus = np.array([-edge, -edge, edge, edge])
    one = np.ones((len(sharp), 1))
    a, w = spread(one * ends[:-1], one * ends[1:], one * focus, sharp[:, None] * np.ones(4), rule)
    return a.reshape(len(sharp), -1), w.reshape(len(sharp), -1)


def _path(k: float, q: float, width: complex, scale: float) -> tuple[Any, Any, Any]:
    """Points b, sqrt(1 - b^2) and weights, all (n,), of the way from b = -1 to 1: real or complex."""
    if q <= 4.0 * width.real or k + q >= 2.0:
        b, w = _straight(q, width, scale)
        return b, np.sqrt(1.0 - b * b), w
    # the root of the pole vanishes at the angle i acosh(2/(k + q)); the points crowd on that scale
    branch = math.acosh(2.0 / (k + q))
    detour, crowd = min(_DETOUR, _MARGIN * branch), min(1.0, branch)
    reach = math.asinh(0.5 * math.pi / crowd)
    x, w = gauss(2 * math.ceil(scale * (5.0 + 6.0 * reach)))
    u, du = crowd * np.sinh(reach * x), crowd * reach * np.cosh(reach * x)
    angle = u - 1j * detour * np.cos(u) ** 2
    slope = 1.0 + 1j * detour * np.sin(2.0 * u)
    return np.sin(angle), np.cos(angle), w * du * slope * np.cos(angle)


def _straight(q: float, width: complex, scale: float) -> tuple[Floats, Floats]:
    """Real points in b, the same on both sides of zero, so that what is even in q cancels among them."""
    sharp = 2.0 * width.real / q
    n = math.ceil(scale * (5.0 + 2.2 * math.asinh(1.0 / sharp)))
    # at a finite frequency the resonance lies at b = +-2 Im(width)/q
    centre = 2.0 * abs(width.imag) / q
    inside = sharp < centre < 1.0
    edges = np.array([0.0, centre, 1.0] if inside else [0.0, 1.0])
    focus = np.full(len(edges) - 1, centre if inside else 0.0)
    b, w = spread(edges[:-1], edges[1:], focus, np.full_like(focus, sharp), gauss(n))
    b, w = b.ravel(), w.ravel()
    return np.concatenate([-b[::-1], b]), np.concatenate([w[::-1], w])
