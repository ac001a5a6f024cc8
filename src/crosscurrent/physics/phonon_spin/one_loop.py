"""The complete one-loop answer for the static spin conductivity, to second order in q.

Kim-Chung keep one part of one diagram: the vertex diagram with both electron pairs retarded-advanced ("RA"), where
electrons at the Fermi surface absorb and emit real phonons. With the same propagators, 1/(i e - xi + i Gamma sgn e),
the order g^2 of their correlation function has more. There are pairs with both propagators on one side of the real
axis: the Fermi sea, and virtual phonons, which are there at zero temperature. And there is the charge current
g (phi x sigma) that the coupling phi.(sigma x p) implies because it depends on momentum. Derivation:
docs/theory/phonon_spin_one_loop.md.

    sigma_ij^alpha = s eps_ij,alpha + a nu_ij + b nu_ji + d q_alpha eps_ijn q_n,   nu_ij = q.(e_i x e_alpha) q_j,

so that J^alpha = s E x e_alpha + a (e_alpha x q)(q.E) + b q e_alpha.(q x E) + d q_alpha (E x q). Kim-Chung have
a = b = chi and s = d = 0.

Energies e and e' of the two pairs lie on the Matsubara axis; a pair is in the window -omega < e < 0 ("RA") or outside:

    ra:    both in the window; real phonons with the thermal weight x/(4 sinh^2(x/2)). Sum over k only.
    mixed: one in the window; (i/pi) int dx (-f'(x)) T sum_e' f_RA(x) f(e') <phi phi>(i e' - x). Sum over e'.
    sea:   none; T^2 sum_e sum_e' of the derivative with respect to omega. Sum over e and e'.

Everything else is closed form (`loop_moments`), with all momenta integrated to infinity. The vertex of the spin current
then diverges logarithmically; phonons with a soft cutoff make it finite, and the slope is known (`log_slope`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.matsubara import fermi_edge_nodes, fermi_edge_trapezoid, matsubara_nodes
from crosscurrent.physics.phonon_spin import loop_terms
from crosscurrent.physics.phonon_spin.loop_moments import exchange, on_shell
from crosscurrent.physics.phonon_spin.loop_radial import Branch, Complex
from crosscurrent.physics.phonon_spin.loop_terms import ANGULAR, Function, Term
from crosscurrent.physics.phonon_spin.weights import phonon_weight
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

DIAGRAMS = ("vertex", "current")
SECTORS = ("ra", "mixed", "sea")
COEFFICIENTS = ("a", "b", "d")
_TERMS: tuple[tuple[Term, ...], ...] = (loop_terms.VERTEX_TERMS, loop_terms.CURRENT_TERMS, loop_terms.UNIFORM_TERMS)
#: Frequencies below which the average over the Fermi edge is done by equal steps.
_EDGE = 2
#: How much further than the phonon's the electrons' energies go for s.
_FAR = 4.0**12


@dataclass(frozen=True)
class OneLoop:
    """The static spin conductivity at order g^2, part by part; leading axes (...) are those of the arguments.

    parts: (..., diagram, sector, coefficient) in the order of DIAGRAMS, SECTORS, COEFFICIENTS; for q in k_F, in the
    unit [g^2 e hbar^6/(m^2 M)] k_F^10/(2 E_F)^5. uniform: (..., sector), the coefficient s in the same unit.
    parts_error, uniform_error: the same shapes, the change from a coarser rule, for a, b and d the largest of the three
    (NaN where none was asked for).
    log_slope: (...), d(a)/d(log cutoff) for a large cutoff.
    """

    parts: Floats
    uniform: Floats
    parts_error: Floats
    uniform_error: Floats
    log_slope: Floats

    @property
    def kept(self) -> Floats:
        """chi of the RA part of the vertex diagram, which is Kim-Chung's answer with the thermal weight; (...)."""
        return np.asarray(self.parts[..., 0, 0, 0])

    @property
    def complete(self) -> Floats:
        """a, b and d, everything included; (..., 3)."""
        return np.asarray(self.parts.sum(axis=(-3, -2)))

    def missing(self, diagrams: tuple[str, ...] = DIAGRAMS) -> Floats:
        """(sum of the diagrams - RA)/RA for a and b, and d/RA, because d = 0 in RA; (..., 3).

        diagrams: ("vertex",) leaves the current of the coupling out. Kim-Chung's answer holds where these are small.
        """
        chosen = [DIAGRAMS.index(name) for name in diagrams]
        total = self.parts[..., chosen, :, :].sum(axis=(-3, -2))
        kept = self.kept[..., None]
        with np.errstate(divide="ignore"):
            # no thermal phonons at all: RA is zero and what it misses is infinitely larger
            return np.asarray(total / kept - np.array([1.0, 1.0, 0.0]))


def one_loop(
    gamma: ArrayLike,
    c: ArrayLike,
    t: ArrayLike,
    y: ArrayLike,
    *,
    cutoff: float = 10.0,
    order: int = 6,
    errors: bool = True,
) -> OneLoop:
    """All coefficients of the static spin conductivity at order g^2, up to second order in q, tilde units.

    gamma: hbar/(4 E_F tau). c: phonon over Fermi velocity. t: kT/2E_F. y: E_g/kT, zero allowed. They are broadcast
    against each other, and a point takes about a second (`trust_map` for maps).
    Multiply with g^2 e hbar^6/(m^2 M) k_F^10/(2 E_F)^5, and a, b, d with 1/k_F^2 more, for C/m and C m.
    cutoff: k_F; phonons are multiplied by cutoff^2/(k^2 + (nu^2 + E_g^2)/c^2 + cutoff^2), except the real ones of `ra`.
    A large one is seen by a alone, as log_slope * log(cutoff); `mixed` and `sea` of s grow, and cancel like 1/cutoff.
    order: Gauss points a block of Matsubara frequencies (4 to 12); relative errors are about 4e-4 for 4, 1e-5 for 6,
    and 10 times more for the sea part of s. errors: whether to run the rule of order - 2 as well.

    Neglected: (kT/E_F)^2 in `ra`, which its error contains. Raises InputError for numbers outside their range.
    """
    arguments = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (gamma, c, t, y)))
    _check(arguments, cutoff, order)
    shape = arguments[0].shape
    parts, uniform = np.full((2, *shape, 2, 3, 3), math.nan), np.full((2, *shape, 3), math.nan)
    for index in np.ndindex(shape):
        damping, speed, temperature, gap = (float(x[index]) for x in arguments)
        point = _Point(damping, speed, temperature, gap * temperature, cutoff)
        for level in range(2 if errors else 1):
            parts[(level, *index)], uniform[(level, *index)] = _evaluate(point, order - 2 * level)
    # one of three coefficients can agree by chance
    parts_error = np.broadcast_to(np.abs(parts[0] - parts[1]).max(axis=-1, keepdims=True), parts[0].shape).copy()
    uniform_error = np.abs(uniform[0] - uniform[1])
    edge = 10.0 * arguments[2] ** 2
    parts_error[..., 0, :] += edge[..., None, None] * np.abs(parts[0][..., 0, :]).max(axis=-1, keepdims=True)
    uniform_error[..., 0] += edge * np.abs(uniform[0][..., 0])
    slope = 1.0 / (72.0 * math.pi**4 * arguments[0] ** 2 * arguments[1])
    return OneLoop(parts[0], uniform[0], parts_error, uniform_error, slope)


def trust_map(gamma: float, c: float, temperatures: ArrayLike, gaps: ArrayLike, *, cutoff: float = 10.0) -> Floats:
    """How much the RA answer misses over temperature and gap: `OneLoop.missing` of everything; (n_T, n_gap, 3).

    gamma: hbar/(4 E_F tau). c: phonon over Fermi velocity. temperatures: kT/2E_F, (n_T,), above zero. gaps: E_g/2E_F,
    (n_gap,). For figures: relative errors of 1e-3, half a second a point. Entries are infinite where no thermal phonons
    are left. Raises InputError like `one_loop`.
    """
    t = np.asarray(temperatures, dtype=float)[:, None]
    y = np.asarray(gaps, dtype=float)[None, :] / np.where(t > 0, t, math.nan)
    return one_loop(gamma, c, t, y, cutoff=cutoff, order=4, errors=False).missing()


def _evaluate(point: _Point, order: int) -> tuple[Floats, Floats]:
    """parts, (diagram, sector, coefficient), and uniform, (sector,), of one point with one rule."""
    values = [
        np.stack([_window_window(terms, point, 2 * order + 2), _mixed(terms, point, order), _sea(terms, point, order)])
        for terms in _TERMS
    ]
    return np.stack(values[:2]), values[2][:, 0]


@dataclass(frozen=True)
class _Point:
    damping: float
    speed: float
    temperature: float
    gap: float
    cutoff: float

    @property
    def steps(self) -> float:
        """Number of Matsubara frequencies up to where electrons of the cutoff's momentum are far below."""
        return 10.0 * self.cutoff**2 / (2.0 * math.pi * self.temperature)


def _check(arguments: Sequence[Floats], cutoff: float, order: int) -> None:
    names = ("gamma", "c", "t", "y")
    for name, values in zip(names, arguments, strict=True):
        low = values < 0 if name == "y" else values <= 0
        if np.any(low) or not np.all(np.isfinite(values)):
            raise InputError(
                f"{name} holds {values[low][0] if np.any(low) else 'a number that is not finite'}",
                where="one_loop",
                fix="give numbers above zero (y may be zero)",
            )
    if not (math.isfinite(cutoff) and cutoff > 2.0):
        raise InputError(f"cutoff is {cutoff}", where="one_loop", fix="give a finite number above 2 (k_F)")
    if not 4 <= order <= 12:
        raise InputError(f"order is {order}", where="one_loop", fix="give an integer from 4 to 12")


def _branches(function: Function, w: Mapping[str, Complex]) -> list[Branch]:
    """A function of the propagators as sheets; w: of every sheet."""
    sheets: dict[str, dict[int, complex]] = {}
    for (sheet, n), c in function.items():
        sheets.setdefault(sheet, {})[n] = c
    return [Branch(w[sheet], powers) for sheet, powers in sheets.items()]


def _window_window(terms: tuple[Term, ...], point: _Point, panel: int) -> Floats:
    """Both pairs retarded-advanced: (i/pi) int d^3k/(2 pi)^3 W/(2 omega_k) sum_+- of the integral at fixed k."""
    k, weights = _phonon_panels(point, panel)
    omega = np.hypot(point.gap, point.speed * k)
    factor = weights * k**2 / (2.0 * math.pi**2)
    factor = factor * phonon_weight(omega / point.temperature, "thermal").real / (2.0 * omega)
    functions = loop_terms.window_functions(point.damping)
    total = np.zeros(len(ANGULAR[terms[0][0]]), dtype=complex)
    for sign in (1.0, -1.0):
        one = _window(np.zeros_like(k), point)
        two = _window(sign * omega, point)
        for name, f1, f2, c in terms:
            integral = on_shell(_branches(functions[f1], one), _branches(functions[f2], two), k, ANGULAR[name])
            total += c * integral @ factor
    return np.asarray((1j / math.pi * total).real)


def _window(energy: Floats, point: _Point) -> dict[str, Complex]:
    """w of a retarded and an advanced propagator at a real energy."""
    retarded = _complex(1.0 + 2.0 * energy + 2j * point.damping)
    return {"R": retarded, "A": np.conj(retarded)}


def _phonon_panels(point: _Point, order: int) -> tuple[Floats, Floats]:
    """Gauss panels in k, doubling from below the electrons' width to where phonons are no more, graded at 2 k_F."""
    top = 45.0 * point.temperature
    last = math.sqrt(top * (top + 2.0 * point.gap)) / point.speed
    first = min(0.25 * point.damping, last / 64.0)
    edges = [0.0, *(first * 2.0 ** np.arange(math.ceil(math.log2(last / first)))), last]
    if last > 1.0:
        # the two Fermi surfaces stop touching at k = 2, within the width
        steps = 2.0 ** -np.arange(0.0, math.log2(8.0 / point.damping))
        edges += [2.0, *(2.0 - steps), *(2.0 + steps)]
    edges = sorted({edge for edge in edges if edge <= last})
    nodes, weights = np.polynomial.legendre.leggauss(order)
    low, high = np.array(edges[:-1])[:, None], np.array(edges[1:])[:, None]
    return (0.5 * (low + high + (high - low) * nodes)).ravel(), (0.5 * (high - low) * weights).ravel()


def _mixed(terms: tuple[Term, ...], point: _Point, order: int) -> Floats:
    """One pair in the window at the real energy x, the other at i e', e' > 0; the rest is the complex conjugate."""
    n, weights = matsubara_nodes(point.steps, order)
    few = n < _EDGE
    t = point.temperature
    x, e, w = (
        np.concatenate(parts)
        for parts in zip(
            _edge_grid(n[few], weights[few], fermi_edge_trapezoid()),
            _edge_grid(n[~few], weights[~few], fermi_edge_nodes(6)),
            strict=True,
        )
    )
    kappa = np.sqrt(point.gap**2 - (1j * math.pi * t * (2.0 * e + 1.0) - t * x) ** 2) / point.speed
    kappa = np.where(kappa.real < 0, -kappa, kappa)
    window, sea = _window(t * x, point), _sea_sheet(math.pi * t * (2.0 * e + 1.0), point)
    near, (far, _) = loop_terms.window_functions(point.damping), loop_terms.sea_functions()
    total = np.zeros(len(ANGULAR[terms[0][0]]), dtype=complex)
    for name, f1, f2, c in terms:
        for one, two in (
            (_branches(near[f1], window), _branches(far.get(f2, {}), sea)),
            (_branches(far.get(f1, {}), sea), _branches(near[f2], window)),
        ):
            if one and two:
                total += c * exchange(one, two, kappa, point.speed, ANGULAR[name], point.cutoff) @ w
    return np.asarray(-2.0 / math.pi * t * total.imag)


def _edge_grid(n: Floats, weights: Floats, edge: tuple[Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """x/kT, n and weight of every pair of a point of the Fermi edge and a Matsubara index."""
    x, wx = edge
    return np.repeat(x, n.size), np.tile(n, x.size), np.outer(wx, weights).ravel()


def _sea_sheet(energy: Floats, point: _Point) -> dict[str, Complex]:
    return {"S": _complex(1.0 + 2j * (energy + point.damping * np.sign(energy)))}


def _complex(values: Any) -> Complex:
    return np.asarray(values, dtype=complex)


def _sea(terms: tuple[Term, ...], point: _Point, order: int) -> Floats:
    """Both pairs outside the window: 4 T^2 sum over e > 0 and all e' of the real part of the -omega derivative."""
    n, weights = matsubara_nodes(point.steps, order)
    # s alone falls off like 1/sqrt(e) when both energies go up together
    reach = _FAR if terms is loop_terms.UNIFORM_TERMS else 1.0
    m, far = matsubara_nodes(point.steps * reach, order)
    t = point.temperature
    # energies of one sign: the smaller one and the phonon's, because the phonon is sharp where they are equal
    low, high = (grid.ravel() for grid in np.meshgrid(m, n, indexing="ij"))
    e, nu = math.pi * t * (2.0 * low + 1.0), 2.0 * math.pi * t * high
    weight = np.outer(far, weights).ravel()
    total = _sea_pairs(terms, point, e, e + nu) @ weight
    total = total + _sea_pairs(terms, point, e + nu, e) @ (weight * (high > 0))
    up, down = (math.pi * t * (2.0 * grid.ravel() + 1.0) for grid in np.meshgrid(n, n, indexing="ij"))
    total = total + _sea_pairs(terms, point, up, -down) @ np.outer(weights, weights).ravel()
    return np.asarray(4.0 * t**2 * total.real)


def _sea_pairs(terms: tuple[Term, ...], point: _Point, e1: Floats, e2: Floats) -> Complex:
    """The -omega derivative at fixed energies; (coefficients, n)."""
    kappa = _complex(np.hypot(e1 - e2, point.gap) / point.speed)
    w1, w2 = _sea_sheet(e1, point)["S"], _sea_sheet(e2, point)["S"]
    total = np.zeros((len(ANGULAR[terms[0][0]]), kappa.size), dtype=complex)
    for (n1, n2), angulars in loop_terms.sea_derivative(terms).items():
        total += exchange([Branch(w1, {n1: 1.0})], [Branch(w2, {n2: 1.0})], kappa, point.speed, angulars, point.cutoff)
    return total
