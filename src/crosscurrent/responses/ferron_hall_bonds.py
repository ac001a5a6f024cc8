"""What S37 calls a current, on one bond in equilibrium, where nothing flows: the same in both directions, a source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.physics.lattice_langevin import inverse_root
from crosscurrent.physics.lattice_units import ACCELERATION, BOLTZMANN, HBAR

Floats = NDArray[np.float64]

#: The bond: a neighbour across the diagonal of the x-y plane. Along an axis the torque on L_z vanishes by symmetry.
_BOND = (1, 1, 0)


def equilibrium_bond(record: LocalMode, problem: DrivenSlab) -> dict[str, float]:
    """S37 for the bond (1, 1, 0) from the middle layer of a uniformly warm slab, both ways, hbar/ps a kelvin.

    Empty for a record without that bond, or a slab of one layer. An antisymmetric current would have opposite signs,
    and vanish in equilibrium.
    """
    layers = problem.layers
    block = record.blocks.get(_BOND)
    if block is None or layers < 2:
        return {}
    here = (layers - 1) // 2
    same, across = _covariances(problem, here)
    root = inverse_root(record.mass)
    lever = record.angular[2] @ np.linalg.inv(record.mass) * (BOLTZMANN * ACCELERATION**2 / HBAR)
    own, far, between = (root @ part @ root for part in (*same, across))
    # <u_i.Lambda M^-1 K (u_j - u_i)> and the same with i and j exchanged, K(-R) = K(R)^T
    forward = float(np.sum(lever @ block * (between - own)))
    backward = float(np.sum(lever @ block.T * (between.T - far)))
    return {"S37_equilibrium_forward_hbar_per_ps_K": forward, "S37_equilibrium_backward_hbar_per_ps_K": backward}


def _covariances(problem: DrivenSlab, here: int) -> tuple[tuple[Floats, Floats], Floats]:
    """((<w w^T> of a cell in the layer, in the next one), <w_i w_j^T> across the bond), mass-weighted, theta = 1."""
    d, nx, nz = problem.components, problem.nx, problem.nz
    size = problem.layers * d
    first, second = slice(here * d, (here + 1) * d), slice((here + 1) * d, (here + 2) * d)
    wanted = np.eye(size)[:, here * d : (here + 2) * d]
    own, far, between = np.zeros((3, d, d))
    for qx in range(nx):
        for qz in range(nz // 2 + 1):
            answer = np.linalg.solve(problem.stiffness.matrix(qx, qz), wanted)
            twice = 1 if 2 * qz in (0, nz) else 2
            own += twice * answer[first, :d].real
            far += twice * answer[second, d:].real
            between += twice * (answer[first, d:] * np.exp(-2j * np.pi * qx * _BOND[0] / nx)).real
    return (own / (nx * nz), far / (nx * nz)), between / (nx * nz)
