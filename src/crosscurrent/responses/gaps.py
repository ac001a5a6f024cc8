"""Settings of a Bloch response checked against the model: operators, chemical potentials, and where the gaps are."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import AXES, BlochModel, Operator
from crosscurrent.numerics.domains import Cell
from crosscurrent.numerics.grids import nodes
from crosscurrent.numerics.mapping import to_k
from crosscurrent.numerics.zone import Estimate, ZoneSums
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


def suggestion(name: str, choices: Iterable[str]) -> str:
    """What to write instead of an unknown name: the nearest one first."""
    known = list(choices)
    near = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean '{near[0]}'? " if near else "") + "choose from " + ", ".join(known or ["(none)"])


def spin_operator(model: BlochModel, spin: Operator | NDArray[np.complex128] | str | None) -> Operator:
    """The operator meant by the argument `spin` of a response. Raises InputError when there is none."""
    if isinstance(spin, Operator):
        chosen = spin
    elif spin is None or (isinstance(spin, str) and spin in ("model", "spin")):
        if model.spin is None:
            raise InputError(
                f"model '{model.name}' has no spin operator",
                where="spin",
                fix="give an .spn file, or spin_ordering = 'block' or 'interlaced', or an operator of your own",
            )
        chosen = model.spin
    elif isinstance(spin, str):
        named = dict(getattr(model, "operators", {}))
        if spin not in named:
            raise InputError(
                f"model '{model.name}' has no operator '{spin}'", where="spin", fix=suggestion(spin, named)
            )
        chosen = named[spin]
    else:
        matrices = np.asarray(spin, dtype=complex)
        labels = AXES if matrices.shape[0] == 3 else tuple(str(i) for i in range(matrices.shape[0]))
        chosen = Operator.constant(matrices, labels)
    if chosen.n_states != model.n_states:
        raise InputError(
            f"the spin operator acts on {chosen.n_states} states, the model has {model.n_states}", where="spin"
        )
    return chosen


def projected(model: BlochModel, operator: Operator, projector: str | Floats | None) -> Operator:
    """The operator times a projector (half their anticommutator)."""
    if projector is None:
        return operator
    if isinstance(projector, str):
        if projector not in model.projectors:
            raise InputError(
                f"model '{model.name}' has no projector '{projector}'",
                where="projector",
                fix=suggestion(projector, model.projectors),
            )
        projector = model.projectors[projector]
    return operator.projected(projector)


def chemical_potentials(mu: ArrayLike | None) -> Floats:
    """A one-dimensional array of finite energies, eV."""
    if mu is None:
        raise InputError("no chemical potential given", where="mu", fix="give mu in eV, or a filling")
    levels = np.atleast_1d(np.asarray(mu, dtype=float))
    if levels.ndim != 1 or not levels.size or not np.isfinite(levels).all():
        raise InputError("mu must be one or more finite energies", where="mu", fix="give numbers in eV")
    if len(np.unique(levels)) != len(levels):
        raise InputError("the same chemical potential appears twice", where="mu")
    return levels


def checked_temperature(temperature: float) -> float:
    if not (math.isfinite(temperature) and temperature >= 0):
        raise InputError(f"the temperature must not be negative, got {temperature}", where="temperature", fix="give K")
    return float(temperature)


def checked_width(width: float, name: str) -> float:
    if not (math.isfinite(width) and width >= 0):
        raise InputError(f"{name} must not be negative, got {width}", where=name, fix="give it in eV")
    return float(width)


def checked_velocity(model: BlochModel, velocity: str, operator: Operator) -> str:
    """Whether the model carries what a spin-current operator needs, and carries it for this spin operator."""
    if velocity not in ("simple", "qiao", "ryoo"):
        raise InputError(f"unknown velocity '{velocity}'", where="velocity", fix="use 'simple', 'qiao' or 'ryoo'")
    carried = getattr(model, "extra_blocks", {})
    needed = {"qiao": "spin_position", "ryoo": "ryoo_spin_position"}.get(velocity)
    if needed and needed not in carried:
        files = ".chk, .eig, .mmn and .spn" if velocity == "qiao" else ".chk, .eig, .spn, .sHu and .sIu"
        raise InputError(
            f"model '{model.name}' does not carry the matrices of velocity '{velocity}'",
            where="velocity",
            fix=f"load it from {files}, or use velocity = 'simple'",
        )
    if needed and operator is not model.spin:
        raise InputError(
            f"the matrices of velocity '{velocity}' hold the model's own spin, not another operator or a projection",
            where="velocity",
            fix="use velocity = 'simple', or leave spin and projector out",
        )
    return velocity


def sample_points(model: BlochModel, per_axis: int) -> Floats:
    """A few points spread over the domain, for a first look at the bands; (nk, dim) Cartesian."""
    x, _ = nodes("midpoint", per_axis)
    grid = np.stack(np.meshgrid(*[x] * model.dim, indexing="ij"), axis=-1).reshape(-1, model.dim)
    if isinstance(model.domain, Cell):
        grid = np.concatenate([grid, grid - 0.5 / per_axis])
    return to_k(model.domain, grid)[0]


def candidate_fillings(model: BlochModel, levels: Floats) -> tuple[int, ...]:
    """Numbers of occupied bands that could be an insulator at some level, judged from a coarse sample."""
    energies = np.linalg.eigvalsh(model.matrices(sample_points(model, 8)).h)
    count = (energies[:, :, None] <= levels).sum(axis=1)
    same = (count == count[0]).all(axis=0)
    return tuple(int(n) for n in np.unique(count[0][same]) if 0 < n < model.n_states)


def in_gaps(sums: ZoneSums, expanded: Floats | None, fillings: tuple[int, ...], levels: Floats | None) -> Estimate:
    """The estimate of an insulator's quantity at every level; NaN where a band crosses it.

    expanded: (n_sub, n_fillings, dim, dim, L). levels: None when the filling itself was asked for.
    """
    if expanded is None:
        raise InputError(
            "'shi2006' is defined for insulators, and no chemical potential lies in a gap",
            where="mu",
            fix="leave 'shi2006' out of the definitions, or move mu into the gap",
        )
    by_filling = sums.estimate((1.0, expanded))
    if levels is None:
        return by_filling
    bottom, top = sums.extremes["min:band"], sums.extremes["max:band"]
    value = np.full((len(levels), *by_filling.value.shape[1:]), np.nan)
    error = value.copy()
    for index, level in enumerate(levels):
        filling = int((bottom <= level).sum())
        insulating = 0 < filling < len(top) and top[filling - 1] <= level
        if insulating and filling in fillings:
            at = fillings.index(filling)
            value[index], error[index] = by_filling.value[at], by_filling.error[at]
    return Estimate(value, error, by_filling.evaluations, by_filling.status)


def checked_filling(model: BlochModel, mu: ArrayLike | None, filling: int, temperature: float) -> Floats:
    """The level between the bands when they are counted instead of weighed: filling - 1/2."""
    if mu is not None:
        raise InputError("give either mu or filling, not both", where="filling")
    if temperature > 0:
        raise InputError("a filling has no temperature", where="filling", fix="give mu instead")
    if int(filling) != filling or not 0 < filling < model.n_states:
        raise InputError(
            f"filling must be a whole number of bands between 1 and {model.n_states - 1}, got {filling}",
            where="filling",
        )
    return np.array([filling - 0.5])


def require_direct_gap(sums: ZoneSums, filling: int, tolerance: float) -> None:
    """Raises InputError when the bands on both sides of the filling touch within the group tolerance."""
    gap = float(sums.extremes["min:direct_gap"][filling - 1])
    if gap < tolerance:
        raise InputError(
            f"bands {filling - 1} and {filling} come within {gap:.1e} eV of each other: no gap at this filling",
            where="filling",
            fix="give mu instead",
        )
