"""Lattice Dirac model of Qi, Wu and Zhang: the simplest Chern insulator, on a square lattice.

H = t [sin k_x sigma_x + sin k_y sigma_y + (mass + cos k_x + cos k_y) sigma_z]; Chern number of the lower band zero for
|mass| > 2 and of opposite sign for -2 < mass < 0 and 0 < mass < 2. Phys. Rev. B 74, 085308 (2006). Model units.
"""

from __future__ import annotations

import numpy as np

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding

SOURCE = "Qi, Wu, Zhang, Phys. Rev. B 74, 085308 (2006), doi:10.1103/PhysRevB.74.085308 (model units)"


def qwz(*, mass: float = -1.0, hopping: float = 1.0, lattice_constant: float = 1.0) -> TightBinding:
    """mass: dimensionless, in units of the hopping. hopping: eV. lattice_constant: angstrom."""
    sx, sy, sz = PAULI
    vectors = np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    blocks = [mass * sz, (sz - 1j * sx) / 2, (sz + 1j * sx) / 2, (sz - 1j * sy) / 2, (sz + 1j * sy) / 2]
    return TightBinding(
        lattice=lattice_constant * np.eye(3),
        vectors=vectors,
        hamiltonian=np.array(blocks, dtype=complex) * complex(hopping),
        positions=np.zeros((2, 3)),
        dim=2,
        spin=Operator.constant(PAULI / 2),
        name="QWZ lattice Dirac",
        source=SOURCE,
    )


MATERIALS = (
    Material(
        key="qwz",
        title="Qi-Wu-Zhang lattice Dirac model (Chern insulator)",
        source=SOURCE,
        make=qwz,
        dim=2,
        suggested_mu=(0.0,),
        parameters={
            "mass": Parameter(-1.0, "", "mass in units of the hopping; topological for 0 < |mass| < 2"),
            "hopping": Parameter(1.0, "eV", "energy scale"),
            "lattice_constant": Parameter(1.0, "angstrom", "of the square lattice"),
        },
    ),
)
