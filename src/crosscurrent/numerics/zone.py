"""Zone integrals: the one function that runs every method, and what it leaves.

An integrand is handed batches of points and returns weighted sums; it never knows which rule chose the points. Every
method reports an error estimate beside the value, meant to be honest (reported >= true), not flattering.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics import genz_malik, grids
from crosscurrent.numerics.batches import Integrand, add_sums
from crosscurrent.numerics.chunks import ChunkMap, Partial, serial
from crosscurrent.numerics.domains import Cell, Domain
from crosscurrent.numerics.irreducible import IrreduciblePlan, Reduction
from crosscurrent.numerics.zone_methods import Adaptive, Method, PolarGrid, UniformMesh
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Status of methods that have no goal to meet.
FIXED_GRID = "fixed grid, no accuracy goal: the errors say what it is worth"


@dataclass(frozen=True)
class Estimate:
    """A value and what it is worth. error: same shape as value. status: 'converged', FIXED_GRID, or what fell short."""

    value: Floats
    error: Floats
    evaluations: int
    status: str


#: What turns the leading axis of sub-estimates into an error: of deviations between grids, or already accumulated.
ErrorRule = Literal["largest deviation", "by direction", "accumulated"]


@dataclass(frozen=True)
class ZoneSums:
    """What a pass over the zone leaves of every quantity, with the kind of sub-estimates on its leading axis.

    sums[name][0] is the value; the others are sub-estimates, or the accumulated error of an adaptive integral.
    extremes: running minima and maxima under 'min:...' and 'max:...'. reduction: which symmetry spared which points,
    "" without.
    """

    sums: Mapping[str, Floats]
    extremes: Mapping[str, Floats]
    rule: ErrorRule
    evaluations: int
    status: str
    reduction: str = ""

    def estimate(self, *terms: tuple[float, Floats]) -> Estimate:
        """Value and error of sum_t c_t a_t, where every a_t is one of `sums` (transposed or expanded at will).

        Deviations are taken of the combination itself; accumulated errors can only be added up.
        """
        value = np.asarray(sum(c * a[0] for c, a in terms))
        if self.rule == "accumulated":
            error = np.asarray(sum(abs(c) * np.abs(a[1]) for c, a in terms))
        else:
            combined = np.asarray(sum(c * a for c, a in terms))
            error = _ERROR_RULES[self.rule](combined)
        return Estimate(value, error, self.evaluations, self.status)


def integrate(
    method: Method,
    domain: Domain,
    integrand: Integrand,
    run: ChunkMap = serial,
    reduction: Reduction | None = None,
) -> ZoneSums:
    """int d^dim k / (2 pi)^dim of an integrand over a domain.

    reduction: the symmetry of the integrand, for an irreducible mesh. Returns sub-estimates and the rule that turns
    them into errors. Raises InputError when the method does not fit the domain, and for an irreducible mesh of an
    integrand whose symmetry is not known.
    """
    match method:
        case UniformMesh():
            if method.irreducible and (reduction is None or not isinstance(domain, Cell)):
                raise InputError(
                    "this has no irreducible mesh",
                    where="zone.irreducible",
                    fix="remove it: symmetry serves tensors that are summed over a periodic cell",
                )
            return _uniform(method, domain, integrand, run, reduction if method.irreducible else None)
        case PolarGrid():
            return _polar(method, domain, integrand, run)
        case Adaptive():
            done = genz_malik.refine(
                method.rtol, method.atol, method.max_evaluations, method.base, domain, integrand, run
            )
            return ZoneSums(done.sums, done.extremes, "accumulated", done.evaluations, done.status)


def _collect(run: ChunkMap, stage: str, integrand: Integrand, plan: grids.Plan) -> tuple[Partial, Partial]:
    work = grids.GridWork(integrand, plan)
    return add_sums(run(stage, work, plan.chunks(integrand.points_per_batch), None))


def _mesh_sums(
    run: ChunkMap, stage: str, integrand: Integrand, plan: grids.PeriodicPlan, reduction: Reduction | None
) -> tuple[Partial, Partial, int]:
    """Sums of a periodic mesh, extremes, and how many points were evaluated."""
    if reduction is None:
        return *_collect(run, stage, integrand, plan), plan.n_points
    fitting = reduction.on_mesh(plan.shape, plan.offset)
    irreducible = IrreduciblePlan.of(plan, fitting)
    # pieces of another group do not fit the points of this one
    found, extremes = _collect(run, f"{stage}-{len(fitting)}-{irreducible.n_points}", integrand, irreducible)
    return irreducible.whole(found, fitting), extremes, irreducible.n_points


def _uniform(
    method: UniformMesh, domain: Domain, integrand: Integrand, run: ChunkMap, reduction: Reduction | None
) -> ZoneSums:
    _check_dim(method.shape, domain)
    if not isinstance(domain, Cell):
        return _box(method.shape, domain, integrand, run)
    plan = grids.PeriodicPlan(method.shape, domain, method.offset)
    found, extremes, evaluations = _mesh_sums(run, "mesh", integrand, plan, reduction)
    note = "" if reduction is None else _reduced(reduction, plan, evaluations)
    sums = {name: part.sum(axis=0)[None] for name, part in found.items()}
    if plan.n_labels > 1:
        sums = {name: np.concatenate([whole, found[name] * plan.n_labels]) for name, whole in sums.items()}
    # inversion maps the sub-meshes of a shifted mesh onto one another
    parts = [1 / 3] if plan.n_labels > 1 and not method.shifted else [1 / 3, 1 / 2]
    for part in parts if max(method.shape) > 1 else ():
        shape = tuple(_coarser(n, part) for n in method.shape)
        coarse_plan = grids.PeriodicPlan(shape, domain, method.offset, cosets=False)
        coarse, _, more = _mesh_sums(run, f"coarse-mesh-{round(1 / part)}", integrand, coarse_plan, reduction)
        sums = {name: np.concatenate([whole, coarse[name]]) for name, whole in sums.items()}
        evaluations += more
    return ZoneSums(sums, extremes, "largest deviation", evaluations, FIXED_GRID, note)


def _reduced(reduction: Reduction, plan: grids.PeriodicPlan, points: int) -> str:
    """What the result says of its points."""
    kept = len(reduction.on_mesh(plan.shape, plan.offset))
    some = "" if kept == len(reduction) else f"; {kept} of them carry the mesh into itself"
    return f"{points} of {plan.n_points} points; {reduction.title}{some}"


def _coarser(n: int, part: float) -> int:
    """The count nearest to part * n with no divisor in common with n: a mesh that shares only the origin."""
    fewer = [count for count in range(1, max(n, 2)) if math.gcd(count, n) == 1]
    return min(fewer, key=lambda count: abs(count - part * n))


def _largest_deviation(values: Floats) -> Floats:
    if len(values) == 1:
        return np.full(values.shape[1:], np.nan)
    return np.asarray(2 * np.abs(values[1:] - values[0]).max(axis=0))


def _polar(method: PolarGrid, domain: Domain, integrand: Integrand, run: ChunkMap) -> ZoneSums:
    rules = grids.polar_rules(domain)
    _check_dim(method.shape, domain)
    return _by_axis(method.shape, rules, domain, integrand, run)


def _box(shape: tuple[int, ...], domain: Domain, integrand: Integrand, run: ChunkMap) -> ZoneSums:
    """Midpoints, and two coarser grids as for a periodic mesh."""
    shapes = [shape, *(tuple(_coarser(n, part) for n in shape) for part in (1 / 3, 1 / 2) if max(shape) > 1)]
    return _products(shapes, ("midpoint",) * domain.dim, domain, integrand, run, "largest deviation")


def _by_axis(
    shape: tuple[int, ...], rules: tuple[str, ...], domain: Domain, integrand: Integrand, run: ChunkMap
) -> ZoneSums:
    """The full grid, and for every direction two grids with fewer points in it."""
    fewer = [(axis, _coarser(shape[axis], part)) for axis in range(len(shape)) for part in (1 / 3, 2 / 3)]
    shapes = [shape] + [tuple(n if a == axis else m for a, m in enumerate(shape)) for axis, n in fewer]
    return _products(shapes, rules, domain, integrand, run, "by direction")


def _products(
    shapes: list[tuple[int, ...]],
    rules: tuple[str, ...],
    domain: Domain,
    integrand: Integrand,
    run: ChunkMap,
    rule: ErrorRule,
) -> ZoneSums:
    plans = [grids.ProductPlan(s, rules, domain) for s in shapes]
    parts = [_collect(run, f"grid-{i}", integrand, plan) for i, plan in enumerate(plans)]
    sums = {name: np.concatenate([p[0][name] for p in parts]) for name in parts[0][0]}
    return ZoneSums(sums, parts[0][1], rule, sum(plan.n_points for plan in plans), FIXED_GRID)


def _by_direction(values: Floats) -> Floats:
    deviations = np.abs(values[1:] - values[0])
    return np.asarray(3 * np.maximum(deviations[0::2], deviations[1::2]).sum(axis=0))


_ERROR_RULES: Mapping[str, Callable[[Floats], Floats]] = {
    "largest deviation": _largest_deviation,
    "by direction": _by_direction,
}


def _check_dim(shape: tuple[int, ...], domain: Domain) -> None:
    if len(shape) != domain.dim:
        raise InputError(
            f"the mesh has {len(shape)} directions, the model {domain.dim}",
            where="zone.mesh",
            fix=f"give {domain.dim} numbers",
        )


__all__ = [
    "FIXED_GRID",
    "Adaptive",
    "Estimate",
    "Method",
    "PolarGrid",
    "UniformMesh",
    "ZoneSums",
    "integrate",
]
