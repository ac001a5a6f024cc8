"""Harmonic part of the effective Hamiltonian of a ferroelectric perovskite.

Zhong, Vanderbilt and Rabe, Phys. Rev. B 52, 6301 (1995), Sec. II: a self energy kappa_2 u^2, short-range
couplings j_1 to j_7 up to third neighbours, and point dipoles Z* u screened by eps_inf.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.ewald import dipole_tensor
from crosscurrent.physics.lattice_units import COULOMB

Floats = NDArray[np.float64]


def short_range_couplings(j: ArrayLike) -> dict[tuple[int, int, int], Floats]:
    """J(R) of the 26 neighbours, (3, 3) each, in the unit of j_1 to j_7.

    First neighbours: j_2 along R, j_1 across. Second: j_3 for the components R has, j_4 for the other, j_5 between two
    components R has. Third: j_6, and j_7 between components. Signs between components are those of R_a R_b.
    """
    j1, j2, j3, j4, j5, j6, j7 = np.asarray(j, dtype=float)
    along, across, mixed = {1: j2, 2: j3, 3: j6}, {1: j1, 2: j4, 3: 0.0}, {1: 0.0, 2: j5, 3: j7}
    blocks: dict[tuple[int, int, int], Floats] = {}
    for x, y, z in product((-1, 0, 1), repeat=3):
        vector = (x, y, z)
        shell = sum(abs(r) for r in vector)
        if shell == 0:
            continue
        r = np.array(vector)
        block = mixed[shell] * np.outer(r, r)
        block[range(3), range(3)] = np.where(r != 0, along[shell], across[shell])
        blocks[vector] = block
    return blocks


def effective_stiffness(
    wave_vectors: Floats, self_energy: float, j: ArrayLike, charge: float, dielectric: float, lattice_constant: float
) -> Floats:
    """K(q) = 2 kappa_2 + J(q) + k_e Z*^2/(eps a^3) T(q), (nq, 3, 3) eV/angstrom^2 without macroscopic field at q = 0.

    wave_vectors: (nq, 3), reduced. self_energy: kappa_2, eV/angstrom^2. j: (7,) eV/angstrom^2. charge: Z*, e.
    dielectric: eps_inf. lattice_constant: angstrom.
    """
    blocks = short_range_couplings(j)
    vectors, values = np.array(list(blocks)), np.array(list(blocks.values()))
    near = np.tensordot(np.cos(2 * np.pi * wave_vectors @ vectors.T), values, axes=1)
    far = dipole_tensor(lattice_constant * np.eye(3), np.zeros((1, 3)), wave_vectors)[:, 0, 0].real
    return np.asarray(2 * self_energy * np.eye(3) + near + COULOMB * charge**2 / dielectric * far)
