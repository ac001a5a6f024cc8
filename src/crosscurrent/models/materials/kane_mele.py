"""Kane and Mele's model of a quantum spin Hall insulator, with Rashba coupling and a staggered potential.

C. L. Kane and E. J. Mele, Phys. Rev. Lett. 95, 146802 (2005), Eq. (1), parameters of its Fig. 1(a): lambda_v = 0.1 t,
lambda_SO = 0.06 t, lambda_R = 0.05 t. Basis {A up, A down, B up, B down}.
"""

from __future__ import annotations

import numpy as np

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials import honeycomb
from crosscurrent.models.materials.hoppings import hermitian_blocks
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding

SOURCE = "Kane, Mele, Phys. Rev. Lett. 95, 146802 (2005), doi:10.1103/PhysRevLett.95.146802, Fig. 1(a) (in units of t)"
T, LAMBDA_SO, LAMBDA_R, LAMBDA_V, CONSTANT = 1.0, 0.06, 0.05, 0.1, 1.0


def kane_mele(
    *,
    t: float = T,
    lambda_so: float = LAMBDA_SO,
    lambda_r: float = LAMBDA_R,
    lambda_v: float = LAMBDA_V,
    lattice_constant: float = CONSTANT,
) -> TightBinding:
    """t, lambda_so (spin-orbit), lambda_r (Rashba), lambda_v (staggered potential): eV. lattice_constant: angstrom."""
    sx, sy, sz = PAULI
    a_to_b, up_down = np.array([[0, 1], [0, 0]]), np.diag([1, -1])
    hoppings = []
    for r, d in zip(honeycomb.NEAREST, honeycomb.bond_directions(lattice_constant), strict=True):
        rashba = 1j * lambda_r * (sx * d[1] - sy * d[0])  # i lambda_R (s x d)_z
        hoppings.append((r, np.kron(a_to_b, t * np.eye(2) + rashba)))
    # going round a hexagon the turn is to opposite sides on A and B, hence nu = +1 and -1
    hoppings += [(r, np.kron(up_down, 1j * lambda_so * sz)) for r in honeycomb.SECOND]
    staggered = np.asarray(lambda_v * np.kron(up_down, np.eye(2)), dtype=complex)
    vectors, blocks = hermitian_blocks(staggered, hoppings)
    return TightBinding(
        lattice=honeycomb.lattice(lattice_constant),
        vectors=vectors,
        hamiltonian=blocks,
        positions=np.repeat(honeycomb.sites(lattice_constant), 2, axis=0),
        dim=2,
        spin=Operator.constant(np.asarray(np.kron(np.eye(2), PAULI / 2), dtype=complex)),
        projectors={"A": np.array([1.0, 1, 0, 0]), "B": np.array([0, 0, 1.0, 1])},
        name="Kane-Mele",
        source=SOURCE,
    )


MATERIALS = (
    Material(
        key="kane-mele",
        title="Kane-Mele quantum spin Hall model with Rashba coupling",
        source=SOURCE,
        make=kane_mele,
        dim=2,
        suggested_mu=(0.0,),
        parameters={
            "t": Parameter(T, "eV", "nearest-neighbour hopping"),
            "lambda_so": Parameter(LAMBDA_SO, "eV", "intrinsic spin-orbit coupling"),
            "lambda_r": Parameter(LAMBDA_R, "eV", "Rashba coupling"),
            "lambda_v": Parameter(LAMBDA_V, "eV", "staggered sublattice potential"),
            "lattice_constant": Parameter(CONSTANT, "angstrom", "distance of equivalent sites"),
        },
    ),
)
