"""Two-dimensional antiferromagnet with Rashba coupling: the simplest with tT, a translation times time reversal.

Electrons on a square lattice of spacing a, hopping to nearest (t) and second neighbours (t2), with Rashba coupling to
both and an exchange field m that alternates like a checkerboard. A hop in the direction d has i lambda (sigma x d)_z.
Of the kind that J. Zelezny et al., Phys. Rev. Lett. 113, 157201 (2014), use for Neel-order fields; the numbers are a
free choice.

For moments along z and without lambda_r2 the levels are +-[sqrt(eps^2 + m^2) +- R] + 4 t2 cos k_x a cos k_y a with
eps = 2 t (cos k_x a + cos k_y a) and R = 2 lambda_r sqrt(sin^2 k_x a + sin^2 k_y a). At (pi/2a)(+-1, +-1) lambda_r2
drops out and the direct gap is 2 (m - 2 sqrt(2) lambda_r), which with the default numbers is the smallest, 0.469 eV.

t2 alone leaves a chiral symmetry, by which a field makes no spin in the half-filled model; lambda_r2 breaks it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from crosscurrent.models.bloch import Complexes, Operator
from crosscurrent.models.materials.hoppings import hermitian_blocks
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.units import InputError

SOURCE = (
    "square-lattice Rashba antiferromagnet as in Zelezny et al., Phys. Rev. Lett. 113, 157201 (2014), "
    "doi:10.1103/PhysRevLett.113.157201 (generic parameters)"
)
T, T2, LAMBDA_R, LAMBDA_R2, EXCHANGE = 1.0, 0.1, 0.2, 0.05, 0.8  # eV
SPACING = 4.0  # angstrom
#: The four bonds d from an A site, in units of the spacing, and the cell of the B site they lead to.
_NEAREST = (((1, 0), (0, 0)), ((-1, 0), (-1, 1)), ((0, 1), (0, 1)), ((0, -1), (-1, 0)))
#: Half of the bonds to second neighbours, which are the lattice vectors.
_SECOND = (((1, 1), (1, 0)), ((-1, 1), (0, 1)))


def rashba_antiferromagnet(
    *,
    t: float = T,
    t2: float = T2,
    lambda_r: float = LAMBDA_R,
    lambda_r2: float = LAMBDA_R2,
    exchange: float = EXCHANGE,
    direction: Sequence[float] = (0.0, 0.0, 1.0),
    spacing: float = SPACING,
) -> TightBinding:
    """t, t2 (nearest and second neighbours), lambda_r, lambda_r2 (Rashba coupling to them), exchange: eV. direction:
    (3,), of the exchange field on A, any length; opposite on B. spacing: angstrom, between neighbouring sites; the cell
    is sqrt(2) x sqrt(2).

    Basis {A up, A down, B up, B down}; projectors "A" and "B". Raises InputError for a direction of no length.
    """
    length = float(np.linalg.norm(direction))
    if len(direction) != 3 or not (np.isfinite(length) and length > 0):
        raise InputError(
            f"the direction of the moments needs three components that are not all zero, got {tuple(direction)}",
            where="rashba-antiferromagnet",
        )
    field = exchange / length * sum(n * s for n, s in zip(direction, PAULI, strict=True))
    a_to_b, either = np.array([[0, 1], [0, 0]]), np.eye(2)
    hoppings = [(r, _product(a_to_b, _hop(t, lambda_r, d))) for d, r in _NEAREST]
    hoppings += [(r, _product(either, _hop(t2, lambda_r2, d))) for d, r in _SECOND]
    vectors, blocks = hermitian_blocks(_product(np.diag([1, -1]), field), hoppings)
    return TightBinding(
        lattice=np.array([[spacing, spacing, 0], [-spacing, spacing, 0], [0, 0, 1.0]]),
        vectors=vectors,
        hamiltonian=blocks,
        positions=np.repeat([[0.0, 0.0, 0.0], [spacing, 0.0, 0.0]], 2, axis=0),
        dim=2,
        spin=Operator.constant(np.array([_product(either, s / 2) for s in PAULI])),
        projectors={"A": np.array([1.0, 1, 0, 0]), "B": np.array([0, 0, 1.0, 1])},
        name="Rashba antiferromagnet",
        source=SOURCE,
    )


def _hop(amplitude: float, rashba: float, bond: tuple[int, int]) -> Complexes:
    x, y = np.array(bond) / np.linalg.norm(bond)
    return np.asarray(amplitude * np.eye(2) + 1j * rashba * (PAULI[0] * y - PAULI[1] * x))


def _product(sites: ArrayLike, spin: ArrayLike) -> Complexes:
    return np.asarray(np.kron(np.asarray(sites), np.asarray(spin)), dtype=complex)


MATERIALS = (
    Material(
        key="rashba-antiferromagnet",
        title="Square-lattice antiferromagnet with Rashba coupling (translation times time reversal)",
        source=SOURCE,
        make=rashba_antiferromagnet,
        dim=2,
        suggested_mu=(0.0,),
        parameters={
            "t": Parameter(T, "eV", "nearest-neighbour hopping"),
            "t2": Parameter(T2, "eV", "second-neighbour hopping"),
            "lambda_r": Parameter(LAMBDA_R, "eV", "Rashba coupling to nearest neighbours"),
            "lambda_r2": Parameter(LAMBDA_R2, "eV", "Rashba coupling to second neighbours"),
            "exchange": Parameter(EXCHANGE, "eV", "exchange field, opposite on A and B"),
            "direction": Parameter((0.0, 0.0, 1.0), "", "direction of the exchange field on A"),
            "spacing": Parameter(SPACING, "angstrom", "distance of neighbouring sites"),
        },
    ),
)
