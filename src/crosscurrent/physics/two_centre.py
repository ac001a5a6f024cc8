"""Two-centre integrals between s and p orbitals, and the spin-orbit coupling of a p shell.

Slater and Koster, Phys. Rev. 94, 1498 (1954), Table I. Orbitals of an atom in the order s, p_x, p_y, p_z; each p
orbital points along its positive axis. L is in units of hbar.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: (L_i)_jk = -i epsilon_ijk between p_x, p_y, p_z, shape (3, 3, 3), units of hbar.
P_MOMENTUM: Complexes = -1j * np.array(
    [[[0, 0, 0], [0, 0, 1], [0, -1, 0]], [[0, 0, -1], [0, 0, 0], [1, 0, 0]], [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]]
)


def two_centre_block(direction: Floats, ss: float, sp: float, ps: float, pp_sigma: float, pp_pi: float) -> Floats:
    """<left|H|right> between s, p_x, p_y, p_z of two atoms, (4, 4) in the unit of the integrals.

    direction: (3,) unit vector from the left atom to the right one, with the cosines l, m, n of Table I: E_{s,x} = l
    (sp sigma) and E_{x,x} = l^2 (pp sigma) + (1 - l^2) (pp pi). sp: s on the left, p on the right; ps: the p orbital
    on the left, with the sign that makes ps = sp between equal atoms, so that E_{x,s} = -l (ps sigma).
    """
    block = np.empty((4, 4))
    block[0, 0] = ss
    block[0, 1:] = sp * direction
    block[1:, 0] = -ps * direction
    along = np.outer(direction, direction)
    block[1:, 1:] = pp_sigma * along + pp_pi * (np.eye(3) - along)
    return block


def p_spin_orbit(coupling: float, pauli: Complexes) -> Complexes:
    """(coupling / 3) L.sigma on (p_x, p_y, p_z) x (up, down), spin fastest, (6, 6) in the unit of the coupling.

    With S = sigma/2 this is (2 coupling / 3) L.S: p_3/2 moves up by coupling/3, p_1/2 down by 2 coupling/3, so that
    `coupling` is the splitting of the free atom. pauli: (3, 2, 2).
    """
    terms = [np.kron(momentum, matrix) for momentum, matrix in zip(P_MOMENTUM, pauli, strict=True)]
    return np.asarray(coupling / 3 * sum(terms), dtype=complex)
