"""The smallest direct gap of an insulator: the upper limit of frequencies at which bands respond without absorbing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.domains import Cell
from crosscurrent.numerics.mapping import to_k
from crosscurrent.units import PLANCK_EV_PER_THZ, InputError

Floats = NDArray[np.float64]

#: Points along each axis of the first look, and how many of the lowest are followed to their minimum.
_PER_AXIS = {1: 201, 2: 41, 3: 13}
_STARTS = 5


@dataclass(frozen=True)
class DirectGap:
    """gap: eV. k: where it is, (dim,) Cartesian 1/angstrom. frequency: THz, gap = h nu."""

    gap: float
    k: Floats

    @property
    def frequency(self) -> float:
        return self.gap / PLANCK_EV_PER_THZ

    def __str__(self) -> str:
        at = ", ".join(f"{x:.4f}" for x in self.k)
        return f"{self.gap:.4g} eV ({self.frequency:.4g} THz) at k = ({at}) 1/angstrom"


def direct_gap(model: BlochModel, filling: int) -> DirectGap:
    """The smallest distance of bands `filling - 1` and `filling` at one k: a mesh, then a search from its lowest
    points.

    filling: number of bands below the gap. A minimum that is narrower than the mesh and away from its low points can be
    missed. Raises InputError for a filling with no band below or above it.
    """
    if not 0 < filling < model.n_states:
        raise InputError(
            f"there is no gap above {filling} of {model.n_states} bands",
            where="filling",
            fix=f"choose from 1 to {model.n_states - 1}",
        )
    # an even number of steps: zone centre and boundary both belong to the mesh of a cell, and generic points too
    n = _PER_AXIS[model.dim]
    periodic = isinstance(model.domain, Cell)
    axis = np.arange(n - 1) / (n - 1) if periodic else (np.arange(n) + 0.5) / n
    u = np.stack(np.meshgrid(*[axis] * model.dim, indexing="ij"), axis=-1).reshape(-1, model.dim)
    if not periodic:
        # the centre and the rim of a cutoff are limits of the midpoints
        u = np.concatenate([u, np.clip(np.round(u[:1]), 1e-9, 1 - 1e-9), 0.5 * np.ones((1, model.dim))])

    def gaps(points: Floats) -> Floats:
        inside = points if periodic else np.clip(points, 1e-9, 1 - 1e-9)
        energies = np.linalg.eigvalsh(model.matrices(to_k(model.domain, inside)[0]).h)
        return np.asarray(energies[:, filling] - energies[:, filling - 1])

    coarse = np.concatenate([gaps(u[start : start + 256]) for start in range(0, len(u), 256)])
    best, at = np.inf, u[0]
    for start in u[np.argsort(coarse, kind="stable")[:_STARTS]]:
        simplex = np.vstack([start, start + np.eye(model.dim) / (2 * n)])
        options = {"initial_simplex": simplex, "xatol": 1e-7, "fatol": 1e-12, "maxiter": 200 * model.dim}
        found = optimize.minimize(lambda x: float(gaps(x[None])[0]), start, method="Nelder-Mead", options=options)
        value, where = min((float(gaps(start[None])[0]), tuple(start)), (float(found.fun), tuple(found.x)))
        if value < best:
            best, at = value, np.array(where)
    inside = at if periodic else np.clip(at, 1e-9, 1 - 1e-9)
    return DirectGap(best, np.asarray(to_k(model.domain, inside[None])[0][0]))
