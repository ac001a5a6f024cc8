"""Linearised Langevin dynamics of local modes around the ordered state, in mass-weighted coordinates.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), Eqs. (4), (9), (10): M u'' = F + Omega_B M^(1/2) C
M^(1/2) u' - gamma M u' + noise. With w = M^(1/2) u it is w'' = -D w + Omega_B C w' - gamma w' + noise of strength 2
gamma theta, where D = M^(-1/2) Phi M^(-1/2) and theta = k_B T, both with the factor from eV/(amu angstrom^2) to 1/ps^2.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.driven_slab import DrivenSlab, LayerOperator
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_kernel import Blocks, short_range_kernel, surface_term
from crosscurrent.physics.lattice_units import ACCELERATION, BOLTZMANN, CYCLOTRON

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def gyration(omega: float, direction: ArrayLike = (0.0, 0.0, 1.0)) -> Floats:
    """Omega_B C(B), (3, 3) rad/ps: v' = Omega_B B x v, Eq. (9). omega: rad/ps. direction: of the field, a unit
    vector."""
    x, y, z = np.asarray(direction, dtype=float)
    return omega * np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def bath_strength(temperature: ArrayLike) -> Floats:
    """theta = k_B T, amu angstrom^2/ps^2; temperature: K."""
    return np.asarray(np.asarray(temperature, dtype=float) * BOLTZMANN * ACCELERATION)


def equivalent_field(omega: float, charge: float, mass: float) -> float:
    """The field, tesla, in which a bare Lorentz force on the mode charge (e) and mass (amu) turns at omega (rad/ps)."""
    return omega * mass / charge * CYCLOTRON


def inverse_root(mass: Floats) -> Floats:
    """M^(-1/2) of a symmetric positive (3, 3)."""
    values, vectors = np.linalg.eigh(mass)
    return np.asarray((vectors / np.sqrt(values)) @ vectors.T)


def _operator(by_layer: Complexes, on_site: Floats, nz: int, weight: Floats) -> LayerOperator:
    """w^T B w of a layer operator, keeping q_z >= 0."""
    half = by_layer[:, : nz // 2 + 1]
    return LayerOperator(weight @ half @ weight, weight @ on_site @ weight)


def stiffness(couplings: Couplings, well: Floats, mass: Floats) -> LayerOperator:
    """D = M^(-1/2) Phi M^(-1/2), rad^2/ps^2. well: second derivatives of the on-site potential, (3, 3)
    eV/angstrom^2."""
    weight = inverse_root(mass) * np.sqrt(ACCELERATION)
    return _operator(couplings.by_layer(), well - couplings.local, couplings.slab.shape[2], weight)


def bond_probes(couplings: Couplings, blocks: Blocks, mass: Floats) -> dict[str, LayerOperator]:
    """What the energy currents and balances need to know of the neighbours, as functions of mass-weighted w.

    short_range: M^(-1/2) sum_R K(R) (u_{i+R} - u_i) = -M^(-1/2) F_sr. dipole: the same of the dipoles. current_x,
    current_y: M^(-1/2) sum_R R_a K(R) (u_{i+R} - u_i) over the bonds that stay in the slab. In units of rad^2/ps^2
    times w.
    """
    weight = inverse_root(mass) * np.sqrt(ACCELERATION)
    nz = couplings.slab.shape[2]
    probes = {
        "short_range": _operator(_layers(couplings, blocks), -couplings.surface, nz, weight),
        "dipole": _operator(couplings.dipole_by_layer(), -couplings.counter, nz, weight),
    }
    for axis, name in ((0, "current_x"), (1, "current_y")):
        weighted = {vector: vector[axis] * block for vector, block in blocks.items()}
        kept = surface_term(weighted, couplings.slab)
        probes[name] = _operator(_layers(couplings, weighted), -kept, nz, weight)
    return probes


def _layers(couplings: Couplings, blocks: Mapping[tuple[int, int, int], Floats]) -> Complexes:
    """K(q_x, q_z, y - y') of a short range: K(R) exp(i q.R) stands at y' - y = R_y, so at the distance -R_y."""
    nx, ny, nz = couplings.slab.shape
    out = np.zeros((nx, nz, 2 * ny - 1, 3, 3), dtype=complex)
    q = couplings.slab.wave_vectors()[:, 0]
    for along in {vector[1] for vector in blocks}:
        if abs(along) < ny:
            part = {(x, 0, z): block for (x, y, z), block in blocks.items() if y == along}
            out[:, :, ny - 1 - along] += short_range_kernel(q * [1.0, 0.0, 1.0], part)
    return out


def driven_slab(
    couplings: Couplings,
    well: Floats,
    mass: Floats,
    damping: Floats,
    turn: Floats,
    *,
    step: float | None = None,
    probes: Mapping[str, LayerOperator] | None = None,
) -> DrivenSlab:
    """The problem a steady-state solver is given. damping: gamma(y), (Ny,) 1/ps. turn: Omega_B C, (3, 3) rad/ps."""
    return DrivenSlab(
        stiffness(couplings, well, mass), damping, turn, couplings.slab.shape[2], step, dict(probes or {})
    )
