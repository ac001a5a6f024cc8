"""Two-dimensional hole gas in an asymmetric well: the Luttinger Hamiltonian in its lowest HH and LH subbands.

Liu, Cullen and Culcer, Phys. Rev. B 108, 195434 (2023): Eq. (11) with the trial functions of Eq. (12) and Table I.
Basis {3/2, -3/2, 1/2, -1/2}. The (-3/2, -1/2) element is the operator -c k_+ k_z between the subbands; the matrix
element of k_z is imaginary, so it is not minus the complex conjugate of the (3/2, 1/2) element.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from crosscurrent.models.bloch import Complexes, Operator
from crosscurrent.models.kp import PolynomialKP
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.matrix_polynomial import MatrixPolynomial, wave_vector
from crosscurrent.models.spin_matrices import spin_matrices
from crosscurrent.numerics.domains import Cutoff, Disk
from crosscurrent.physics import quantum_well as well
from crosscurrent.units import ANGSTROM_M, HBAR2_OVER_2M0, InputError

SOURCE = (
    "Liu, Cullen, Culcer, Phys. Rev. B 108, 195434 (2023), Eqs. (11), (12) and Table I, doi:10.1103/PhysRevB.108.195434"
)
#: gamma_1, gamma_2, gamma_3
LUTTINGER: dict[str, tuple[float, float, float]] = {
    "GaAs": (6.85, 2.10, 2.90),
    "InAs": (20.40, 8.30, 9.10),
    "InSb": (37.10, 16.50, 17.70),
    "Ge": (13.38, 5.24, 4.69),
}
#: Fermi energies of Fig. 2(b), eV from the bottom of the lowest subband.
FERMI_ENERGY: dict[str, float] = {"GaAs": 0.015, "InAs": 0.040, "InSb": 0.060, "Ge": 0.020}
#: Holds the Fermi sea with room to spare; only occupied states count, so a larger disk changes nothing.
DEFAULT_CUTOFF = Disk(0.15)
FIELD, WIDTH, MAGNETIZATION = 1e6, 250.0, 1e-3  # V/m, angstrom, eV


@dataclass(frozen=True)
class Subbands:
    """Variational heavy- and light-hole subbands of one well.

    energy_h, energy_l: eV at k = 0 without magnetization. overlap: <h|l>. kappa: <h|d/dz|l>, 1/angstrom.
    """

    beta_h: float
    beta_l: float
    energy_h: float
    energy_l: float
    overlap: float
    kappa: float


def subbands(material: str, field: float = FIELD, width: float = WIDTH) -> Subbands:
    """Subbands at a gate field in V/m and a width in angstrom; raises InputError for an unknown material."""
    gamma_1, gamma_2, _ = _luttinger(material)
    force = field * ANGSTROM_M  # e F in eV/angstrom
    stiffness = [HBAR2_OVER_2M0 * (gamma_1 + sign * 2 * gamma_2) for sign in (-1, 1)]
    beta_h, beta_l = (well.variational_beta(s, force, width) for s in stiffness)
    return Subbands(
        beta_h=beta_h,
        beta_l=beta_l,
        energy_h=well.subband_energy(beta_h, stiffness[0], force, width),
        energy_l=well.subband_energy(beta_l, stiffness[1], force, width),
        overlap=well.overlap(beta_h, beta_l),
        kappa=well.kappa(beta_h, beta_l, width),
    )


def hamiltonian(material: str, levels: Subbands, magnetization: float) -> MatrixPolynomial:
    """Eq. (11) between the subbands, plus H_m = magnetization diag(1, -1, 1, -1) in eV."""
    gamma_1, gamma_2, gamma_3 = _luttinger(material)
    kx, ky = wave_vector(2)
    k2, k_plus, k_minus = kx**2 + ky**2, kx + 1j * ky, kx - 1j * ky
    mean, difference = (gamma_2 + gamma_3) / 2, (gamma_2 - gamma_3) / 2
    heavy = HBAR2_OVER_2M0 * (gamma_1 + gamma_2) * k2 + levels.energy_h
    light = HBAR2_OVER_2M0 * (gamma_1 - gamma_2) * k2 + levels.energy_l
    k_z = -1j * levels.kappa  # <h|k_z|l>
    c = -math.sqrt(3) * 2 * HBAR2_OVER_2M0 * gamma_3
    warped = -math.sqrt(3) * HBAR2_OVER_2M0 * levels.overlap
    m = warped * (mean * k_minus**2 + difference * k_plus**2)
    m_conj = warped * (mean * k_plus**2 + difference * k_minus**2)
    elements = {
        (0, 0): heavy + magnetization,
        (1, 1): heavy - magnetization,
        (2, 2): light + magnetization,
        (3, 3): light - magnetization,
        (0, 2): c * k_z * k_minus,
        (2, 0): c * np.conj(k_z) * k_plus,
        (1, 3): -c * k_z * k_plus,
        (3, 1): -c * np.conj(k_z) * k_minus,
        (0, 3): m,
        (3, 0): m_conj,
        (1, 2): m_conj,
        (2, 1): m,
    }
    return sum((h * _unit(*at) for at, h in elements.items()), 0.0 * k2 * _unit(0, 0))


def spin_operator(levels: Subbands) -> Operator:
    """J_x, J_y, J_z in units of hbar between the subbands: elements between HH and LH carry <h|l>."""
    order = [0, 3, 1, 2]  # m = 3/2, -3/2, 1/2, -1/2 out of 3/2, 1/2, -1/2, -3/2
    j = spin_matrices(1.5)[:, order][:, :, order]
    heavy = np.array([True, True, False, False])
    return Operator.constant(np.where(heavy[:, None] == heavy[None, :], j, levels.overlap * j))


def hole_gas(
    material: str = "GaAs",
    *,
    cutoff: Cutoff | None = None,
    field: float = FIELD,
    width: float = WIDTH,
    magnetization: float = MAGNETIZATION,
) -> PolynomialKP:
    """The k.p model, hole energies counted upwards. field: V/m. width: angstrom. magnetization: eV.

    `reference_energy` is the bottom of the lowest subband, at k = 0. cutoff: a disk that holds the Fermi sea
    (default 0.15/angstrom). Raises InputError for an unknown material.
    """
    levels = subbands(material, field, width)
    polynomial = hamiltonian(material, levels, magnetization)
    return PolynomialKP(
        polynomial,
        cutoff=cutoff or DEFAULT_CUTOFF,
        spin=spin_operator(levels),
        reference_energy=min(levels.energy_h, levels.energy_l) - abs(magnetization),
        projectors={"heavy holes": np.array([1.0, 1, 0, 0]), "light holes": np.array([0, 0, 1.0, 1])},
        name=f"{material} hole gas, F = {field:g} V/m, d = {width / 10:g} nm",
        source=SOURCE,
        notes=(f"variational subbands: beta_h = {levels.beta_h:.5f}, beta_l = {levels.beta_l:.5f}",),
    )


def _luttinger(material: str) -> tuple[float, float, float]:
    if material not in LUTTINGER:
        raise InputError(
            f"no Luttinger parameters for '{material}'", where="hole gas", fix=f"use {', '.join(LUTTINGER)}"
        )
    return LUTTINGER[material]


def _unit(row: int, column: int) -> Complexes:
    matrix = np.zeros((4, 4), dtype=complex)
    matrix[row, column] = 1
    return matrix


_PARAMETERS = {
    "field": Parameter(FIELD, "V/m", "gate field across the well"),
    "width": Parameter(WIDTH, "angstrom", "width of the well"),
    "magnetization": Parameter(MAGNETIZATION, "eV", "H_m = magnetization diag(1, -1, 1, -1)"),
}
MATERIALS = tuple(
    Material(
        key=f"hole-gas-{name.lower()}",
        title=f"{name} two-dimensional hole gas, HH and LH subbands",
        source=SOURCE,
        make=functools.partial(hole_gas, name),
        dim=2,
        needs_cutoff=True,
        default_cutoff=DEFAULT_CUTOFF,
        suggested_mu=(FERMI_ENERGY[name],),
        parameters=_PARAMETERS,
    )
    for name in LUTTINGER
)
