"""The longest time step of a lattice of local modes, and its energy, which a step that is short enough conserves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.linalg import LinearOperator, eigsh

from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_langevin import inverse_root
from crosscurrent.physics.lattice_units import ACCELERATION
from crosscurrent.physics.on_site import OnSite
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Accuracy of the highest frequency; Lanczos' value lies below the true one by about this fraction.
_ACCURACY = 1e-3


def highest_frequency(couplings: Couplings, well: ArrayLike, mass: ArrayLike) -> float:
    """The largest omega of the lattice around a uniform state, rad/ps, by Lanczos' method.

    well: second derivatives of the on-site potential there, (3, 3) eV/angstrom^2. mass: (3, 3) amu.
    """
    root = inverse_root(np.asarray(mass, dtype=float)) * math.sqrt(ACCELERATION)
    site = np.asarray(well, dtype=float)
    shape = (*couplings.slab.shape, 3)
    size = math.prod(shape)

    def stiffness(w: Floats) -> Floats:
        u = w.reshape(shape) @ root
        return np.asarray((u @ site - couplings.force(u)) @ root).reshape(-1)

    start = np.random.default_rng(0).normal(size=size)
    operator = LinearOperator((size, size), matvec=stiffness, dtype=float)
    largest = eigsh(operator, k=1, which="LA", v0=start, tol=_ACCURACY, return_eigenvectors=False)[0]
    return math.sqrt(max(float(largest), 0.0))


def stable_step(couplings: Couplings, well: ArrayLike, mass: ArrayLike) -> float:
    """The step at which the stiffest mode is lost, 2/omega, ps: a rotation only makes it longer."""
    omega = highest_frequency(couplings, well, mass)
    return 2 / omega if omega else math.inf


def check_step(step: float, couplings: Couplings, well: ArrayLike, mass: ArrayLike) -> float:
    """The limit of `stable_step`. Raises InputError for a step, ps, that is not below it."""
    limit = stable_step(couplings, well, mass)
    if not step < limit:
        raise InputError(
            f"a time step of {step:g} ps is too long: the stiffest mode, {2 / limit:.4g} rad/ps "
            f"({1 / (math.pi * limit):.3g} THz), is unstable from {limit:.4g} ps on",
            where="step",
            fix=f"give {limit / 5:.1g} ps or less; at that step energies fluctuate by some 1e-3",
        )
    return limit


def energy(couplings: Couplings, site: OnSite, mass: ArrayLike, u: Floats, v: Floats) -> Floats:
    """Kinetic and potential energy of the whole lattice, (...) eV; u, v: (..., Nx, Ny, Nz, 3) at one time.

    For a `State` of the dynamics v is `Langevin.full_step_velocity`.
    """
    kinetic = 0.5 / ACCELERATION * np.einsum("...a,ab,...b->...", v, np.asarray(mass, dtype=float), v)
    cells = kinetic + couplings.energy(u) + site.energy(u)
    return np.asarray(cells.sum(axis=(-3, -2, -1)))
