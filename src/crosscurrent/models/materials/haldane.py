"""Haldane's model: a Chern insulator on the honeycomb lattice without net magnetic flux.

F. D. M. Haldane, Phys. Rev. Lett. 61, 2015 (1988), Eq. (1): nearest-neighbour t_1, second-neighbour t_2 exp(+-i phi),
sublattice energy +-mass. Chern number +-1 for |mass| < 3 sqrt(3) |t_2 sin phi|. Model units; no spin.
"""

from __future__ import annotations

import math

import numpy as np

from crosscurrent.models.materials import honeycomb
from crosscurrent.models.materials.hoppings import hermitian_blocks
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.tight_binding import TightBinding

SOURCE = "Haldane, Phys. Rev. Lett. 61, 2015 (1988), doi:10.1103/PhysRevLett.61.2015 (model units)"
T1, T2, PHI, MASS, CONSTANT = 1.0, 0.1, math.pi / 2, 0.0, 1.0


def haldane(
    *, t1: float = T1, t2: float = T2, phi: float = PHI, mass: float = MASS, lattice_constant: float = CONSTANT
) -> TightBinding:
    """t1, t2, mass: eV. phi: radians. lattice_constant: angstrom (between equivalent sites)."""
    a_to_b = np.array([[0, t1], [0, 0]], dtype=complex)
    second = t2 * np.diag([np.exp(1j * phi), np.exp(-1j * phi)])
    hoppings = [(r, a_to_b) for r in honeycomb.NEAREST] + [(r, second) for r in honeycomb.SECOND]
    vectors, blocks = hermitian_blocks(np.diag([mass, -mass]), hoppings)
    return TightBinding(
        lattice=honeycomb.lattice(lattice_constant),
        vectors=vectors,
        hamiltonian=blocks,
        positions=honeycomb.sites(lattice_constant),
        dim=2,
        projectors={"A": np.array([1.0, 0.0]), "B": np.array([0.0, 1.0])},
        name="Haldane",
        source=SOURCE,
    )


MATERIALS = (
    Material(
        key="haldane",
        title="Haldane's honeycomb model (Chern insulator, no spin)",
        source=SOURCE,
        make=haldane,
        dim=2,
        suggested_mu=(0.0,),
        parameters={
            "t1": Parameter(T1, "eV", "nearest-neighbour hopping"),
            "t2": Parameter(T2, "eV", "second-neighbour hopping"),
            "phi": Parameter(PHI, "rad", "phase of t2"),
            "mass": Parameter(MASS, "eV", "sublattice energy, +mass on A and -mass on B"),
            "lattice_constant": Parameter(CONSTANT, "angstrom", "distance of equivalent sites"),
        },
    ),
)
