"""Momentum integrals of a one-loop diagram, in closed form, with both momenta integrated to infinity.

At fixed electron energies a diagram that exchanges one phonon between the momenta p1 and p2 is

    int int d^3p1 d^3p2/(2 pi)^6  f1(P1) f2(P2) A(P1, P2, x, D) h(|p1 - p2|),

with P = p^2, x = p1.p2, D = |p1 x p2|^2/k^2, k = p2 - p1, a polynomial A, and f sums of powers of G = 2/(w - P). In
space it factorises (`loop_radial`): electrons are exp(i s r) times polynomials, the phonon exp(-kappa r)/(4 pi c^2 r),
and what is left are integrals int r^j exp(-x r) dr. With x and D, instead of k^2, no term has a contact part at r = 0,
so the integral over all momenta is exact and needs no cutoff.

Units of this package ("tilde units"): hbar = 1, wave vectors in k_F, energies in 2 E_F, so that xi = (p^2 - 1)/2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.phonon_spin.loop_radial import (
    TERMS,
    Angular,
    Branch,
    Complex,
    Laurent,
    PowerIntegrals,
    densities_of,
    green_powers,
    highest_power,
    taylor,
)

#: From this ratio of kappa to |s| on, the electrons are expanded in r: closed forms would cancel.
_STIFF = 10.0
_SMALL = 0.3
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


Phonons = Sequence[tuple[float, Complex]]
Method = Callable[[Sequence[Branch], Sequence[Branch], Phonons, Sequence[Angular]], Complex]
Weights = Mapping[tuple[int, int], set[str]]
Densities = Mapping[tuple[int, int], Mapping[str, tuple[Complex, int]]]
Pieces = Mapping[tuple[str, int, int], Complex]


def _combine(angular: Angular, pieces: Mapping[tuple[str, int, int], Complex]) -> Complex:
    terms = [c * pieces[key] for key, c in angular.items()]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _keys(angulars: Sequence[Angular]) -> dict[tuple[int, int], set[str]]:
    """Kinds of terms needed for each pair of weights."""
    out: dict[tuple[int, int], set[str]] = {}
    for angular in angulars:
        for kind, b1, b2 in angular:
            out.setdefault((b1, b2), set()).add(kind)
    return out


def exchange(
    one: Sequence[Branch],
    two: Sequence[Branch],
    kappa: Complex,
    speed: float,
    angulars: Sequence[Angular],
    cutoff: float = math.inf,
) -> Complex:
    """The integral for a phonon 1/(c^2 (k^2 + kappa^2)); shape (len(angulars), n).

    one, two: the sheets of f1 and f2; their w have shape (n,). kappa: (n,) k_F, Re kappa >= 0. speed: c in v_F. The sum
    over the sheets must decay fast enough for the double integral to exist; a single sheet need not.
    cutoff: k_F; a finite one takes a heavy phonon 1/(c^2 (k^2 + kappa^2 + cutoff^2)) away, which multiplies the light
    one by cutoff^2/(k^2 + kappa^2 + cutoff^2).
    """
    light = np.asarray(kappa, dtype=complex)
    size = np.max([np.abs(np.broadcast_to(branch.s, light.shape)) for branch in (*one, *two)], axis=0)
    stiff = np.abs(light) > _STIFF * size
    out = np.zeros((len(angulars), light.size), dtype=complex)
    heavy = np.sqrt(light**2 + cutoff**2) if math.isfinite(cutoff) else None
    groups: list[tuple[NDArray[np.bool_], Method, list[tuple[float, Complex]]]] = [(~stiff, _closed, [(1.0, light)])]
    if heavy is None:
        groups.append((stiff, _expanded, [(1.0, light)]))
    else:
        rigid = np.abs(heavy) > _STIFF * size
        groups.append((~rigid, _closed, [(-1.0, heavy)]))
        groups.append((rigid & ~stiff, _expanded, [(-1.0, heavy)]))
        groups.append((rigid & stiff, _expanded, [(1.0, light), (-1.0, heavy)]))
    for mask, method, phonons in groups:
        if np.any(mask):
            first = [Branch(np.broadcast_to(a.w, light.shape)[mask], a.powers) for a in one]
            second = [Branch(np.broadcast_to(b.w, light.shape)[mask], b.powers) for b in two]
            out[:, mask] += method(first, second, [(sign, value[mask]) for sign, value in phonons], angulars)
    out /= speed**2
    return out


def _closed(one: Sequence[Branch], two: Sequence[Branch], phonons: Phonons, angulars: Sequence[Angular]) -> Complex:
    """Sum over sheets and phonons (sign, kappa) of the closed form."""
    out = np.zeros((len(angulars), phonons[0][1].size), dtype=complex)
    weights = _keys(angulars)
    for a in one:
        for b in two:
            y = -1j * (a.s + b.s)
            densities = _all_densities(_laurents(a, weights, 0), _laurents(b, weights, 1), weights)
            highest = max(highest_power(pair, 2) for pair in densities.values())
            bare = PowerIntegrals(y, highest)
            pieces = {
                (kind, *key): np.zeros(y.shape, dtype=complex) for key, kinds in weights.items() for kind in kinds
            }
            for sign, kappa in phonons:
                dressed = PowerIntegrals(kappa + y, highest)
                for kind, b1, b2 in pieces:
                    density, first = densities[b1, b2][kind]
                    if kind == "D":
                        value = _transverse(density, first, y, kappa, bare, dressed)
                    else:
                        value = dressed.of(density, first + 1)
                    pieces[kind, b1, b2] += sign * value
            out += np.array([_combine(angular, pieces) for angular in angulars])
    return out


def _laurents(branch: Branch, weights: Weights, side: int) -> dict[int, Laurent]:
    """The function with every power of P that is needed on its side."""
    return {power: green_powers(branch, power) for power in {key[side] for key in weights}}


def _all_densities(
    ones: Mapping[int, Laurent], twos: Mapping[int, Laurent], weights: Weights, terms: int | None = None
) -> dict[tuple[int, int], dict[str, tuple[Complex, int]]]:
    return {(b1, b2): densities_of(ones[b1], twos[b2], kinds, terms) for (b1, b2), kinds in weights.items()}


def _transverse(
    density: Complex, first: int, y: Complex, kappa: Complex, bare: PowerIntegrals, dressed: PowerIntegrals
) -> Complex:
    """-8 pi int r F1' F2' H' dr, H = (1 - exp(-kappa r))/(4 pi kappa^2 r) the transform of 1/(k^2 (k^2 + kappa^2)).

    bare, dressed: the integrals for x = y and x = y + kappa.
    """
    soft = np.abs(kappa) < _SMALL * np.abs(y)
    safe = np.where(soft, 1.0, kappa)
    out = kappa * dressed.of(density, first) + dressed.of(density, first - 1) - bare.of(density, first - 1)
    out *= -2.0 / safe**2
    if np.any(soft):
        # 2 int_0^1 v T_(j+1)(y + kappa v) dv is the same and has no difference of large numbers
        near = np.zeros(np.count_nonzero(soft), dtype=complex)
        part, highest = density[:, soft], first + density.shape[0]
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            v = 0.5 * (1.0 + node)
            near += weight * v * PowerIntegrals(y[soft] + kappa[soft] * v, highest).of(part, first + 1)
        out[soft] = near
    return out


def _expanded(one: Sequence[Branch], two: Sequence[Branch], phonons: Phonons, angulars: Sequence[Angular]) -> Complex:
    """For kappa much larger than s1 and s2: the phonon is short-ranged, the electrons enter by their Taylor series."""
    weights = _keys(angulars)
    ones = {power: taylor(one, power) for power in {key[0] for key in weights}}
    twos = {power: taylor(two, power) for power in {key[1] for key in weights}}
    densities = _all_densities(ones, twos, weights, TERMS)
    tables = [(sign, kappa, PowerIntegrals(kappa, TERMS)) for sign, kappa in phonons]
    bare = _long_range(one, two, {key: kinds for key, kinds in weights.items() if "D" in kinds})
    pieces: dict[tuple[str, int, int], Complex] = {}
    for key, kinds in weights.items():
        for kind in kinds:
            density, first = densities[key][kind]
            total = np.zeros(density.shape[1:], dtype=complex)
            for sign, kappa, table in tables:
                if kind == "D":
                    near = kappa * table.of(density, first) + table.of(density, first - 1)
                    total += sign * -2.0 / kappa**2 * (near - bare[key])
                else:
                    total += sign * table.of(density, first + 1)
            pieces[kind, *key] = total
    return np.array([_combine(angular, pieces) for angular in angulars])


def _long_range(one: Sequence[Branch], two: Sequence[Branch], weights: Weights) -> dict[tuple[int, int], Complex]:
    """int F1' F2'/r dr, the part of the transverse projector that reaches beyond the phonon."""
    out = {key: np.zeros(one[0].w.size, dtype=complex) for key in weights}
    if not weights:
        return out
    for a in one:
        for b in two:
            densities = _all_densities(_laurents(a, weights, 0), _laurents(b, weights, 1), weights)
            highest = max(highest_power(pair, -1) for pair in densities.values())
            bare = PowerIntegrals(-1j * (a.s + b.s), highest)
            for key in weights:
                density, first = densities[key]["D"]
                out[key] += bare.of(density, first - 1)
    return out


def on_shell(
    one: Sequence[Branch], two: Sequence[Branch], k: NDArray[np.float64], angulars: Sequence[Angular]
) -> Complex:
    """The integral at fixed k = |p1 - p2|, normalised so that int d^3k/(2 pi)^3 of it is the whole; (len(angulars), n).

    one, two: sheets with w of shape (n,); k: (n,) k_F.
    """
    out = np.zeros((len(angulars), k.size), dtype=complex)
    weights = _keys(angulars)
    for a in one:
        for b in two:
            y = -1j * (a.s + b.s)
            soft = k < 0.5 * np.abs(y)
            densities = _all_densities(_laurents(a, weights, 0), _laurents(b, weights, 1), weights)
            pieces = {
                (kind, *key): np.empty(k.shape, dtype=complex) for key, kinds in weights.items() for kind in kinds
            }
            for mask, method in ((soft, _averaged), (~soft, _plane_wave)):
                if np.any(mask):
                    method(densities, y[mask], k[mask], mask, pieces)
            out += np.array([_combine(angular, pieces) for angular in angulars])
    return out


def _averaged(densities: Densities, y: Complex, k: NDArray[np.float64], mask: NDArray[np.bool_], out: Pieces) -> None:
    """4 pi int r^2 density sin(kr)/(kr) dr as an average over the direction of k: no difference of large numbers.

    For "D" -8 pi/k^2 int r density d/dr[sin(kr)/(kr)] dr, by parts the same average with 1 - mu^2.
    """
    highest = max(highest_power(pair, 2) for pair in densities.values())
    total = {piece: np.zeros(k.shape, dtype=complex) for piece in out}
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        table = PowerIntegrals(y - 1j * k * node, highest)
        for piece, value in total.items():
            density, first = densities[piece[1:]][piece[0]]
            factor = 2.0 * math.pi * weight * (1.0 - node**2 if piece[0] == "D" else 1.0)
            value += factor * table.of(density[:, mask], first + 2)
    for piece, value in total.items():
        out[piece][mask] = value


def _plane_wave(densities: Densities, y: Complex, k: NDArray[np.float64], mask: NDArray[np.bool_], out: Pieces) -> None:
    """The same with the sine as two exponentials."""
    highest = max(highest_power(pair, 1) for pair in densities.values())
    down, up = PowerIntegrals(y - 1j * k, highest), PowerIntegrals(y + 1j * k, highest)
    for piece in out:
        full, first = densities[piece[1:]][piece[0]]
        c = full[:, mask]
        if piece[0] == "D":
            wave = 0.5 * (down.of(c, first) + up.of(c, first))
            wave -= (down.of(c, first - 1) - up.of(c, first - 1)) / (2j * k)
            out[piece][mask] = -8.0 * math.pi / k**2 * wave
        else:
            out[piece][mask] = 4.0 * math.pi / k * (down.of(c, first + 1) - up.of(c, first + 1)) / 2j
