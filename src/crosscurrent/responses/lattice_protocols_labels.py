"""What every result of a protocol on a lattice of polar modes carries: sources, convention, provenance, warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from crosscurrent.models.effective_hamiltonian import EffectiveHamiltonian
from crosscurrent.models.polar_lattice import PolarLattice
from crosscurrent.numerics.slab import Slab
from crosscurrent.results import Quantity, dataset

_ZVR = "Zhong, Vanderbilt and Rabe, PRB 52, 6301 (1995)"
_PAPER = 'Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026)'
EQUATIONS = {
    "energy": f"{_PAPER}, Eqs. (2) to (8): on-site well, short range and dipoles of one polar mode a cell",
    "hamiltonian": f"{_ZVR}, Sec. II, with the on-site terms to eighth order of Nishimatsu et al., PRB 82, 134106 "
    "(2010), without strain",
    "dynamics": f"{_PAPER}, Eqs. (4), (9) and (10): Langevin dynamics, here without a magnetic field, stepped by BAOAB",
    "polarization": f"{_PAPER}, Eq. (1): P = Z u/Omega, mean over the cells",
    "work": "work of the field on the polarization over a cycle, the closed integral of E dP",
    "fluctuation": "fluctuation-dissipation theorem at fixed mean field: chi_ab = V cov(P_a, P_b)/(eps0 k_B T)",
    "equipartition": "kinetic energy of k_B T/2 a degree of freedom, <v M v> = 3 k_B T",
    "wall": "profile of a wall in a double well, P_0 tanh(x/xi)",
    "uniform": "energy of a uniform state at zero mean field, V_on(u) + u.K(0).u/2",
}
CONVENTION = (
    "P is the polarization of the modes, which is zero in the cubic state; E is the mean field in the box (no "
    "depolarizing field), and pushes the mode with +Z^T E"
)


def protocol_dataset(
    lattice: PolarLattice,
    slab: Slab,
    variables: Mapping[str, Quantity],
    coords: Mapping[str, Quantity],
    *,
    quantity: str,
    index_order: str,
    method: str,
    status: str,
    warnings: Sequence[str],
    **notes: str | int | float,
) -> xr.Dataset:
    """A result with what all protocols say of the lattice. Only the equations that a variable cites are listed."""
    if isinstance(lattice.origin, EffectiveHamiltonian):
        variables = {name: replace(item, equations=_of_hamiltonian(item)) for name, item in variables.items()}
    used = {key for item in variables.values() for key in item.equations}
    return dataset(
        variables,
        coords,
        quantity=quantity,
        index_order=index_order,
        convention=CONVENTION,
        equations={key: text for key, text in EQUATIONS.items() if key in used},
        model=lattice.name,
        model_source=lattice.source,
        domain=describe(slab),
        method=method,
        status=status,
        warnings=tuple(warnings),
        mass_amu=float(np.trace(lattice.mass)) / 3,
        charge_e=float(np.trace(lattice.charge)) / 3,
        cell_volume_angstrom3=lattice.volume,
        lattice_constant_angstrom=lattice.lattice_constant,
        ordered_polarization_C_per_m2=float(np.linalg.norm(lattice.polarization)),
        ordered_direction=direction_of(lattice),
        **notes,
    )


def _of_hamiltonian(item: Quantity) -> tuple[str, ...]:
    return tuple("hamiltonian" if key == "energy" else key for key in item.equations)


def describe(slab: Slab) -> str:
    """The box in words."""
    nx, ny, nz = slab.shape
    if slab.open_y:
        return f"{nx} x {ny} x {nz} cells, open along y, where the dipoles' transform has {slab.length_y}"
    return f"{nx} x {ny} x {nz} cells, periodic"


def direction_of(lattice: PolarLattice) -> str:
    """Direction of the ordered polarization, largest component 1."""
    p = lattice.polarization
    return "[" + ", ".join(f"{x:.3g}" for x in p / np.abs(p).max()) + "]"


def component(name: str = "component") -> Quantity:
    """The coordinate of Cartesian components."""
    return Quantity((name,), np.array(["x", "y", "z"]), "", "component")
