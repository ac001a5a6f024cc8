"""Relaxing a domain wall at zero temperature: the minimum of energy that sharp walls fall into."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from crosscurrent.physics.domain_wall import two_domains
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.responses.lattice_protocols import Box
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Random displacements at the start, in units of the ordered one, that let a wall leave the symmetry it starts with.
SHAKE = 1e-3
#: Largest force, relative to the stiffness of the ordered state times its displacement, that counts as relaxed.
_RELAXED = 1e-7
_ITERATIONS = 20_000
#: Fraction of the ordered polarization that has to be left on both sides.
_LEFT = 0.2
#: The softest stiffness that a neighbourhood of the wall is taken to have, relative to that of the ordered state.
_SOFT = 1e-3


@dataclass(frozen=True, eq=False)
class RelaxedWall:
    """u: (Nx, Ny, Nz, 3) angstrom. energy: of the walls above that of the uniform state, eV, with its error. force: the
    largest left, eV/angstrom."""

    u: Floats
    energy: float
    error: float
    force: float


def relaxed_wall(box: Box, axis: int, periodic: bool) -> RelaxedWall:
    """Walls across an axis, relaxed from sharp ones. Raises InputError when they do not relax, or annihilate."""
    lattice, ties = box.lattice, box.couplings()
    start = two_domains(lattice.ordered, box.slab.shape, axis, periodic)
    size = float(np.linalg.norm(lattice.ordered))
    shake = np.random.default_rng(box.seed).normal(size=start.shape) * SHAKE * size
    softest = float(np.linalg.eigvalsh(lattice.on_site.hessian(lattice.ordered))[-1])
    u, energy, force = _minimised(box, ties, start + shake, _RELAXED * softest * size)
    uniform = np.broadcast_to(lattice.ordered, start.shape)
    # without surfaces the uniform state is relaxed already
    _, rest, left = _minimised(box, ties, uniform + shake * box.slab.open_y, _RELAXED * softest * size)
    _check_domains(u, lattice.ordered, axis, periodic)
    slack = box.slab.cells * (force**2 + left**2) / (2 * _SOFT * softest)
    return RelaxedWall(u, energy - rest, slack, force)


def _minimised(box: Box, ties: Couplings, start: Floats, tolerance: float) -> tuple[Floats, float, float]:
    """(u, energy, largest force) of the state that a descent reaches. Raises InputError when it does not end."""
    shape, on_site = start.shape, box.lattice.on_site

    def value(flat: Floats) -> tuple[float, Floats]:
        u = flat.reshape(shape)
        coupled = ties.force(u)
        energy = float(on_site.energy(u).sum()) - 0.5 * float((u * coupled).sum())
        return energy, -(coupled + on_site.force(u)).ravel()

    found = minimize(
        value,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": tolerance, "ftol": 0.0, "maxiter": _ITERATIONS, "maxfun": 2 * _ITERATIONS, "maxcor": 20},
    )
    force = float(np.abs(found.jac).max())
    if not (math.isfinite(force) and force < 1e3 * tolerance):
        raise InputError(
            f"the walls do not relax: a force of {force:.2g} eV/angstrom is left",
            where="grid",
            fix="take a shorter box, or check the record",
        )
    return found.x.reshape(shape), float(found.fun), force


def _check_domains(u: Floats, ordered: Floats, axis: int, periodic: bool) -> None:
    """Raises InputError when one of the domains is gone."""
    along = reversing(ordered, axis)
    profile = u.mean(axis=tuple(a for a in range(3) if a != axis))[:, along] / ordered[along]
    if profile.max() > _LEFT and profile.min() < -_LEFT:
        return
    raise InputError(
        "one domain has eaten the other: there is no wall left",
        where="grid",
        fix="give more cells along the normal" + (", so that the two walls are further apart" if periodic else ""),
    )


def reversing(ordered: Floats, axis: int) -> int:
    """The largest component that reverses, the last of equal ones."""
    sizes = np.abs(ordered).copy()
    sizes[axis] = 0.0
    return int(np.flatnonzero(sizes > (1 - 1e-6) * sizes.max())[-1])
