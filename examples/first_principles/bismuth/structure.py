"""The puckered bismuth monolayer: four atoms from four numbers, so that the symmetry is exact.

The layer group is Pmn2_1: mirror x -> -x, glide z -> -z and twofold screw axis along y, both with a shift (a/2, b/2).
The point group is C2v with the polar axis y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Structure:
    """Lattice constants and positions in angstrom. x: short axis, y: polar (armchair) axis, z: normal.

    The outer pair of atoms lies at (0, y, z_outer), the inner pair at (0, -y, -z_inner), each with its screw image.
    """

    a: float
    b: float
    y: float
    z_outer: float
    z_inner: float
    c: float = 16.0

    @property
    def buckling(self) -> float:
        """Height between the two atoms of one sublayer, angstrom: zero in the centrosymmetric structure."""
        return self.z_outer - self.z_inner

    @property
    def cell(self) -> np.ndarray:
        return np.diag([self.a, self.b, self.c])

    @property
    def atoms(self) -> np.ndarray:
        """(4, 3) angstrom."""
        half = np.array([self.a / 2, self.b / 2, 0.0])
        first = np.array([[0.0, self.y, self.z_outer], [0.0, -self.y, -self.z_inner]])
        return np.stack([first[0], half + first[0] * [1, 1, -1], first[1], half + first[1] * [1, 1, -1]])

    @classmethod
    def symmetrised(cls, cell: np.ndarray, atoms: np.ndarray, c: float, tolerance: float = 1e-4) -> Structure:
        """The structure nearest to a cell (3, 3) and atoms (4, 3); raises ValueError where it is not near."""
        y = (atoms[0, 1] + atoms[1, 1] - atoms[2, 1] - atoms[3, 1]) / 4
        found = cls(
            a=float(cell[0, 0]),
            b=float(cell[1, 1]),
            y=float(y),
            z_outer=float((atoms[0, 2] - atoms[1, 2]) / 2),
            z_inner=float((atoms[3, 2] - atoms[2, 2]) / 2),
            c=c,
        )
        shift = atoms - found.atoms
        shift -= shift.mean(axis=0)  # the polar axis has no origin
        if np.abs(shift).max() > tolerance:
            raise ValueError(f"the relaxed atoms break the symmetry by {np.abs(shift).max():.1e} angstrom")
        return found
