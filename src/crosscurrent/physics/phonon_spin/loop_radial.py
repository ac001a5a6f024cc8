"""Electron propagators in space: exp(i s r) times polynomials in r, their products, and integrals over r.

The Fourier transform of a power of G = 2/(w - p^2) is exp(i s r) times a polynomial in r (and 1/r for the first power),
with s = sqrt(w), Im s > 0. Functions E and F of p1 and p2 that exchange a phonon k = p2 - p1 are, in space, a density:

    1 -> E F,   x = p1.p2 -> E' F',   x^2 -> E'' F'' + 2 E' F'/r^2,
    D = |p1 x p2|^2/k^2 -> (2/r^2) d(r E' F')/dr, with the phonon divided by k^2.

Units of this package ("tilde units"): hbar = 1, wave vectors in k_F, energies in 2 E_F, so that xi = (p^2 - 1)/2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
#: power of G -> coefficient
Powers = Mapping[int, complex]
#: (kind of term, power of P1, power of P2) -> coefficient; kinds: "1", "x", "xx" (x^2) and "D"
Angular = Mapping[tuple[str, int, int], float]

#: Terms of a Taylor series in r.
TERMS = 18
#: Lowest power of r that a density with its phonon has: F'' F'' is r^-6, and the measure adds at least -1.
_LOWEST = -7


@dataclass(frozen=True)
class Branch:
    """Powers of G on one sheet. w: 1 + 2 (energy + i damping), (n,), with Im w of one sign. powers: see Powers."""

    w: Complex
    powers: Powers

    @property
    def s(self) -> Complex:
        """sqrt(w) with Im s > 0, so that exp(i s r) decays."""
        root = np.sqrt(self.w)
        return np.where(root.imag < 0, -root, root)


@dataclass(frozen=True)
class Laurent:
    """exp(i s r) sum_j c[j] r^(first + j); c: (terms, n)."""

    c: Complex
    first: int
    s: Complex | float

    def derivative(self) -> Laurent:
        """d/dr of it."""
        out = np.zeros((self.c.shape[0] + 1, self.c.shape[1]), dtype=complex)
        out[1:] = 1j * self.s * self.c
        out[:-1] += (self.first + np.arange(self.c.shape[0]))[:, None] * self.c
        return Laurent(out, self.first - 1, self.s)


def green_powers(branch: Branch, weight: int) -> Laurent:
    """Fourier transform of sum_n coefficient_n P^weight G^n: int d^3p/(2 pi)^3 exp(i p r).

    F_1 = -exp(i s r)/(2 pi r) and F_(n+1) = -(1/(n s)) dF_n/ds. P G = w G - 2; the constant is a contact term, which
    belongs to a function that does not decay and cancels in every function that does.
    """
    s, powers = branch.s, branch.powers
    terms: dict[int, complex | Complex] = {**powers}
    for _ in range(weight):
        lower: dict[int, complex | Complex] = {n: branch.w * c for n, c in terms.items()}
        for n, c in terms.items():
            if n > 1:
                lower[n - 1] = lower.get(n - 1, 0.0) - 2.0 * c
        terms = lower
    top = max(terms)
    out = np.zeros((max(top, 1), s.size), dtype=complex)
    green = np.zeros_like(out)
    green[0] = -1.0 / (2.0 * math.pi)
    for n in range(1, top + 1):
        if n in terms:
            out += terms[n] * green
        green = _next_power(green, n, s)
    return Laurent(out, -1, s)


def _next_power(green: Complex, n: int, s: Complex) -> Complex:
    """F_(n+1) from F_n; coefficients of r^-1, r^0, ... Those of F_n are multiples of s^-(2n - 3 - j) for n > 1."""
    out = np.zeros_like(green)
    powers = 2 * n - 3 - np.arange(-1, green.shape[0] - 1)
    if n > 1:
        out -= (-powers[:, None] / s) * green
    out[1:] -= 1j * green[:-1]
    return out / (n * s)


def _product(a: Complex, b: Complex, terms: int | None) -> Complex:
    """Coefficients of a product of two polynomials in r, the first `terms` of them."""
    size = a.shape[0] + b.shape[0] - 1
    out = np.zeros((min(size, terms or size), max(a.shape[1], b.shape[1])), dtype=complex)
    for i in range(min(a.shape[0], out.shape[0])):
        room = min(b.shape[0], out.shape[0] - i)
        out[i : i + room] += a[i] * b[:room]
    return out


def densities_of(
    one: Laurent, two: Laurent, kinds: set[str], terms: int | None = None
) -> dict[str, tuple[Complex, int]]:
    """r-space densities of the kinds of terms: coefficients (the first `terms`) and first power."""
    d1, d2 = one.derivative(), two.derivative()
    out: dict[str, tuple[Complex, int]] = {}
    if "1" in kinds:
        out["1"] = (_product(one.c, two.c, terms), one.first + two.first)
    slopes = _product(d1.c, d2.c, terms)
    if kinds & {"x", "D"}:
        out["x"] = out["D"] = (slopes, d1.first + d2.first)
    if "xx" in kinds:
        # (p1.p2)^2 -> sum_ij d_i d_j F1 d_i d_j F2 = F1'' F2'' + 2 F1' F2'/r^2
        c1, c2 = d1.derivative(), d2.derivative()
        curved = _product(c1.c, c2.c, terms)
        curved[: slopes.shape[0]] += 2.0 * slopes
        out["xx"] = (curved, c1.first + c2.first)
    return out


class PowerIntegrals:
    """int_0^inf r^j exp(-x r) dr for a range of j, made once for many densities.

    For j < 0 the finite part: what r^eta leaves at eta -> 0 without its pole. Sums of them that exist come out exact.
    """

    def __init__(self, x: Complex, highest: int, lowest: int = _LOWEST) -> None:
        self.lowest, highest = lowest, max(highest, 0)
        self.values = np.empty((highest - lowest + 1, *x.shape), dtype=complex)
        log = np.log(x)
        power, harmonic = np.ones_like(x), 0.0
        for j in range(-1, lowest - 1, -1):
            self.values[j - lowest] = power * (harmonic - log)
            power = power * x / j
            harmonic -= 1.0 / j
        inverse = 1.0 / x
        value = inverse
        for j in range(highest + 1):
            self.values[j - lowest] = value
            value = value * inverse * (j + 1)

    def of(self, density: Complex, first: int) -> Complex:
        """int sum_j density[j] r^(first + j) exp(-x r) dr."""
        start = first - self.lowest
        return np.asarray(np.einsum("jn,jn->n", density, self.values[start : start + density.shape[0]]))


def highest_power(densities: Mapping[str, tuple[Complex, int]], extra: int) -> int:
    """The highest power that integrals of these densities times r^extra need."""
    return max(int(density.shape[0]) - 1 + first for density, first in densities.values()) + extra


def taylor(branches: Sequence[Branch], weight: int) -> Laurent:
    """The whole function, exponentials expanded: coefficients of r^-1, r^0, ..., all sheets together."""
    total = np.zeros((TERMS, branches[0].w.size), dtype=complex)
    size = np.zeros(branches[0].w.size)
    for branch in branches:
        part = green_powers(branch, weight)
        series = np.ones((TERMS, part.c.shape[1]), dtype=complex)
        for j in range(1, TERMS):
            series[j] = series[j - 1] * 1j * part.s / j
        for j in range(part.c.shape[0]):
            total[j:] += part.c[j] * series[: TERMS - j]
        size = np.maximum(size, np.abs(part.c[0]))
    # sheets that cancel leave rounding, which 1/r would make large
    total[0] = np.where(np.abs(total[0]) < 1e-9 * size, 0.0, total[0])
    return Laurent(total, -1, 0.0)
