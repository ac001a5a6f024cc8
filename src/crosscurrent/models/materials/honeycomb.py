"""The honeycomb lattice shared by Haldane's and Kane and Mele's models: geometry and bonds, no energies.

Lattice vectors a_1 = a (1, 0), a_2 = a (1/2, sqrt(3)/2); A at (a_1 + a_2)/3, B at 2 (a_1 + a_2)/3.
"""

from __future__ import annotations

import numpy as np

from crosscurrent.models.bloch import Floats

#: R of the B site bonded to the A site at home.
NEAREST: tuple[tuple[int, int], ...] = ((0, 0), (-1, 0), (0, -1))
#: Second neighbours on one sublattice, every second one going round; the other three are their opposites.
SECOND: tuple[tuple[int, int], ...] = ((1, 0), (-1, 1), (0, -1))


def lattice(constant: float) -> Floats:
    """(3, 3), rows in angstrom; the third is a unit vector along z."""
    return np.array([[constant, 0, 0], [constant / 2, constant * np.sqrt(3) / 2, 0], [0, 0, 1.0]])


def sites(constant: float) -> Floats:
    """Positions of A and B, (2, 3) angstrom."""
    diagonal = lattice(constant)[0] + lattice(constant)[1]
    return np.array([diagonal / 3, 2 * diagonal / 3])


def bond_directions(constant: float) -> Floats:
    """Unit vectors from A to the three B of NEAREST, (3, 3)."""
    a, b = sites(constant)
    bonds = b + np.array([n @ lattice(constant)[:2] for n in np.array(NEAREST)]) - a
    return np.asarray(bonds / np.linalg.norm(bonds, axis=1, keepdims=True))
