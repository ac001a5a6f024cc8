"""The one-loop diagrams as tables: what stands at the momenta, and which powers of the propagators.

With q the wave vector of the field, p1 and p2 the midpoints of the two electron pairs (p +- q/2), P = p^2, x = p1.p2,
k = p2 - p1, D = |p1 x p2|^2/k^2. Two diagrams have a spin trace that does not vanish (derived in
docs/theory/phonon_spin_one_loop.md):

    vertex:   p2_i p1_j  e_alpha.P_k[q x (p1 + p2)/2]  G(p1+) G(p1-) G(p2+) G(p2-),
    current:  p2_i G(p2+) G(p2-) {tau^alpha_j((p1 + p2 + q)/2) G(p1+) - tau^alpha_j((p1 + p2 - q)/2) G(p1-)},

where tau^alpha_j(p) = (P_k)_lm eps_lab p_b eps_jmc eps_alpha,a,c comes from the charge current g (phi x sigma) of the
coupling itself, and P_k projects on the plane across k. Both carry a factor 2i. To second order in q, averaged over
directions, each is a polynomial in P1, P2, x and D times propagators at q = 0. The tables hold the polynomials for the
coefficients a, b, d of

    sigma_ij^alpha = a nu_ij + b nu_ji + d q_alpha eps_ijn q_n,     nu_ij = q.(e_i x e_alpha) q_j.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from crosscurrent.physics.phonon_spin.loop_radial import Angular

Sheet = Literal["R", "A", "S"]
#: sum of coefficient * G_sheet^n; R and A are the two sides of the real axis, S is one point off it
Function = dict[tuple[Sheet, int], complex]
#: (polynomial, function of p1, function of p2, factor)
Term = tuple[str, str, str, float]


def _table(denominator: int, **terms: int) -> Angular:
    """Keys like x_1_0: the kind of term and the powers of P1 and P2."""
    out: dict[tuple[str, int, int], float] = {}
    for key, numerator in terms.items():
        kind, b1, b2 = key.split("_")
        out["1" if kind == "I" else kind, int(b1), int(b2)] = numerator / denominator
    return out


_LADDER = _table(1, D_0_0=-1, I_0_1=1, x_0_0=1)
_NOTHING = _table(1, I_0_0=0)


def _scaled(angular: Angular, factor: float, extra: int = 0) -> Angular:
    """Times a number and P2^extra."""
    return {(kind, b1, b2 + extra): factor * c for (kind, b1, b2), c in angular.items()}


#: name -> the polynomials for a, b, d ("uniform": the one number in front of eps_ij,alpha at q = 0)
ANGULAR: Mapping[str, tuple[Angular, ...]] = {
    # vertex diagram, propagators expanded at p1 (the factor q.p1) and at p2
    "vertex_1": (
        _table(30, D_1_0=-1, I_1_1=2, x_1_0=1, xx_0_0=-1),
        _table(60, D_1_0=-1, D_0_1=-1, x_1_0=2, xx_0_0=2),
        _table(60, D_1_0=-1, D_0_1=1, I_1_1=-1, xx_0_0=1),
    ),
    "vertex_2": (
        _table(60, D_1_0=-1, D_0_1=-1, x_0_1=2, xx_0_0=2),
        _table(30, D_0_1=-1, I_1_1=2, x_0_1=1, xx_0_0=-1),
        _table(60, D_1_0=-1, D_0_1=1, I_1_1=1, xx_0_0=-1),
    ),
    # current diagram: (q.p1)^2/4, (q.p1)(q.p2)/4, (q.p2)^2/4; the shift q^2/8 of an energy; tau(q/2) with q.p/2
    "current_11": (
        _table(120, D_1_0=1, I_1_1=-2, x_1_0=-1, xx_0_0=1),
        _table(120, D_1_0=-2, D_0_1=-1, I_1_1=2, x_1_0=3, xx_0_0=1),
        _table(120, D_1_0=-2, D_0_1=1, I_1_1=1, x_1_0=1),
    ),
    "current_12": (
        _table(240, D_1_0=1, D_0_1=1, x_0_1=-2, xx_0_0=-2),
        _table(120, D_1_0=-1, D_0_1=-2, I_1_1=2, x_0_1=3, xx_0_0=1),
        _table(240, D_1_0=-2, I_1_1=1, x_0_1=2, xx_0_0=1),
    ),
    "current_22": (_scaled(_LADDER, -1 / 120, 1), _scaled(_LADDER, 1 / 40, 1), _scaled(_LADDER, 1 / 120, 1)),
    "current_shift": (_scaled(_LADDER, -1 / 48), _scaled(_LADDER, 1 / 48), _scaled(_LADDER, 1 / 48)),
    "current_q1": (_NOTHING, _table(60, D_0_0=-1, x_0_0=4), _table(120, D_0_0=-3, x_0_0=2)),
    "current_q2": (_NOTHING, _table(60, D_0_0=-1, I_0_1=4), _table(120, D_0_0=-3, I_0_1=2)),
    "uniform": (_scaled(_LADDER, 1 / 6),),
}

#: With delta = q.p/2 and eta = q^2/8, G(xi + delta + eta) G(xi - delta + eta) = pair + delta pair_1 + delta^2 pair_2 +
#: eta pair_shift, and the same for the difference and the sum of the two propagators.
VERTEX_TERMS: tuple[Term, ...] = (("vertex_1", "pair_1", "pair", 0.5), ("vertex_2", "pair", "pair_1", 0.5))
CURRENT_TERMS: tuple[Term, ...] = (
    ("current_11", "difference_2", "pair", 1.0),
    ("current_shift", "difference_shift", "pair", 1.0),
    ("current_12", "difference_1", "pair_1", 1.0),
    ("current_22", "difference", "pair_2", 1.0),
    ("current_shift", "difference", "pair_shift", 1.0),
    ("current_q1", "sum_1", "pair", 1.0),
    ("current_q2", "sum", "pair_1", 1.0),
)
UNIFORM_TERMS: tuple[Term, ...] = (("uniform", "difference", "pair", 1.0),)


def window_functions(damping: float) -> dict[str, Function]:
    """The propagator functions with one propagator retarded and one advanced at the same energy."""
    r: Function = {("R", 1): 1.0}
    a: Function = {("A", 1): 1.0}
    r2, a2 = _times(r, r, damping), _times(a, a, damping)
    pair = _times(r, a, damping)
    difference, total = _sum((1.0, r), (-1.0, a)), _sum((1.0, r), (1.0, a))
    squares = _sum((1.0, r2), (-1.0, pair), (1.0, a2))
    return {
        "pair": pair,
        "pair_1": _times(pair, difference, damping),
        "pair_2": _times(pair, squares, damping),
        "pair_shift": _times(pair, total, damping),
        "difference": difference,
        "difference_1": _sum((1.0, r2), (1.0, a2)),
        "difference_2": _sum((1.0, _times(r2, r, damping)), (-1.0, _times(a2, a, damping))),
        "difference_shift": _sum((1.0, r2), (-1.0, a2)),
        "sum": total,
        "sum_1": _sum((1.0, r2), (-1.0, a2)),
    }


def sea_functions() -> tuple[dict[str, Function], dict[str, Function]]:
    """Both propagators on one side of the real axis: values at omega = 0, and derivatives with respect to -omega.

    dG/domega = -G^2, so that G(omega) - G(0) = -omega G^2 to first order.
    """
    value: dict[str, Function] = {
        "pair": {("S", 2): 1.0},
        "pair_2": {("S", 4): 1.0},
        "pair_shift": {("S", 3): 2.0},
        "difference_1": {("S", 2): 2.0},
        "sum": {("S", 1): 2.0},
    }
    slope: dict[str, Function] = {
        "pair_1": {("S", 4): 1.0},
        "difference": {("S", 2): 1.0},
        "difference_2": {("S", 4): 3.0},
        "difference_shift": {("S", 3): 2.0},
        "sum_1": {("S", 3): 2.0},
    }
    return value, slope


def sea_derivative(terms: tuple[Term, ...]) -> dict[tuple[int, int], list[Angular]]:
    """The -omega derivative of a diagram outside the window: polynomials by the powers of G at p1 and at p2."""
    value, slope = sea_functions()
    sums: dict[tuple[int, int], list[dict[tuple[str, int, int], float]]] = {}
    for name, f1, f2, factor in terms:
        for left, right in ((slope, value), (value, slope)):
            for (_, n1), c1 in left.get(f1, {}).items():
                for (_, n2), c2 in right.get(f2, {}).items():
                    totals = sums.setdefault((n1, n2), [{} for _ in ANGULAR[name]])
                    for total, angular in zip(totals, ANGULAR[name], strict=True):
                        for key, c in angular.items():
                            total[key] = total.get(key, 0.0) + factor * c * (c1 * c2).real
    return {powers: list(totals) for powers, totals in sums.items()}


def _sum(*terms: tuple[complex, Function]) -> Function:
    out: Function = {}
    for factor, function in terms:
        for key, c in function.items():
            out[key] = out.get(key, 0.0) + factor * c
    return {key: c for key, c in out.items() if c != 0.0}


def _times(f: Function, g: Function, damping: float) -> Function:
    """Product, with G_R G_A = (i/2 damping)(G_R - G_A) until only pure powers are left."""
    out: Function = {}
    for (one, n), c in f.items():
        for (two, m), d in g.items():
            out = _sum((1.0, out), (c * d, _mixed(one, n, two, m, damping)))
    return out


def _mixed(one: Sheet, n: int, two: Sheet, m: int, damping: float) -> Function:
    if one == two:
        return {(one, n + m): 1.0}
    if n == 0:
        return {(two, m): 1.0}
    if m == 0:
        return {(one, n): 1.0}
    factor = 0.5j / damping * (1.0 if one == "R" else -1.0)
    return _sum((factor, _mixed(one, n, two, m - 1, damping)), (-factor, _mixed(one, n - 1, two, m, damping)))
