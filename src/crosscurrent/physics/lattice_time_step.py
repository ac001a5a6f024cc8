"""The longest time step of a lattice of local modes, and its energy, which a step that is short enough conserves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_observables import kinetic_energy
from crosscurrent.physics.on_site import OnSite
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


def check_step(step: float, frequency: float) -> None:
    """Whether a step, ps, keeps the fastest mode, rad/ps: a leapfrog loses it at 2/frequency, in a field or not.

    Raises InputError with that limit for a step that is not below it.
    """
    longest = 2 / frequency
    if not (math.isfinite(step) and 0 < step < longest):
        raise InputError(
            f"a step of {step:g} ps is not stable: the fastest mode turns at {frequency:.4g} rad/ps",
            where="step",
            fix=f"stay below {longest:.3g} ps, better below a third of it",
        )


def energy(couplings: Couplings, site: OnSite, mass: ArrayLike, u: Floats, v: Floats) -> Floats:
    """Kinetic and potential energy of the whole lattice, (...) eV; u, v: (..., Nx, Ny, Nz, 3) at one time.

    For a `State` of the dynamics v is `Langevin.full_step_velocity`.
    """
    kinetic = kinetic_energy(v, np.asarray(mass, dtype=float))
    cells = kinetic + couplings.energy(u) + site.energy(u)
    return np.asarray(cells.sum(axis=(-3, -2, -1)))
