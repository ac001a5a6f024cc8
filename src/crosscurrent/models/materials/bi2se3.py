"""Bi2Se3 near Gamma: four bands, as a k.p model and regularised on a lattice.

Form and magnetisation: Liu, Cullen and Culcer, Phys. Rev. B 108, 195434 (2023), Eq. (10). Coefficients and the
hexagonal warping: C.-X. Liu et al., Phys. Rev. B 82, 045122 (2010), whose Gamma matrices are rotated here into the
basis of Eq. (10), Gamma_3 -> tau_y and Gamma_4 -> tau_x sigma_z.

The basis is {1/2, -1/2} of the P2- (conduction) state, then of P1+ (valence); tau acts on these two, sigma inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crosscurrent.models.bloch import Complexes, Operator
from crosscurrent.models.kp import PolynomialKP
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.matrix_polynomial import MatrixPolynomial, wave_vector
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.domains import Cutoff

SOURCE = (
    "Liu, Cullen, Culcer, Phys. Rev. B 108, 195434 (2023), Eq. (10), doi:10.1103/PhysRevB.108.195434; "
    "coefficients of C.-X. Liu et al., Phys. Rev. B 82, 045122 (2010), doi:10.1103/PhysRevB.82.045122"
)
A0, B0 = 3.33, 2.26  # eV angstrom
C0, C1, C2 = -0.0083, 5.74, 30.4  # eV, eV angstrom^2
M0, M1, M2 = -0.28, 6.86, 44.5  # eV, eV angstrom^2
R1, R2 = 50.6, -113.3  # eV angstrom^3, hexagonal warping
#: With c = 9.55 angstrom instead of 5 the regularised model would nearly close its gap at Z.
LATTICE_CONSTANTS = (4.14, 4.14, 5.0)

_ONE = np.eye(2)
_TAU_X, _TAU_Y, _TAU_Z = (np.kron(tau, _ONE) for tau in PAULI)
_SIGMA = tuple(np.kron(_ONE, sigma) for sigma in PAULI)


def hamiltonian(
    magnetization: Sequence[float] = (0.0, 0.0, 0.0), a2: float = 0.0, b2: float = 0.0, warping: bool = False
) -> MatrixPolynomial:
    """Eq. (10) as a polynomial in k (1/angstrom), eV; magnetization in eV, a2 and b2 in eV angstrom^3."""
    kx, ky, kz = wave_vector(3)
    sx, sy, sz = _SIGMA
    k_par2 = kx**2 + ky**2
    mass = M0 + M1 * kz**2 + M2 * k_par2
    a, b = A0 + a2 * k_par2, B0 + b2 * kz**2
    exchange = sum((m * s for m, s in zip(magnetization, _SIGMA, strict=True)), np.zeros((4, 4)))
    h = C0 + C1 * kz**2 + C2 * k_par2 - mass * _TAU_Z + b * kz * (_TAU_X @ sz)
    h = h + a * (kx * (_TAU_X @ sx) + ky * (_TAU_X @ sy)) + exchange
    if warping:
        h = h + R1 * (kx**3 - 3 * kx * ky**2) * _TAU_Y + R2 * (3 * kx**2 * ky - ky**3) * (_TAU_X @ sz)
    return h


def operators() -> dict[str, Operator]:
    """Spin operators in units of hbar. "spin": sigma/2 in the printed basis, which the paper uses.
    "physical_spin": (tau_z sigma_x, tau_z sigma_y, sigma_z)/2, the electron spin in that basis."""
    sx, sy, sz = _SIGMA
    return {
        "spin": Operator.constant(_halves(sx, sy, sz)),
        "physical_spin": Operator.constant(_halves(_TAU_Z @ sx, _TAU_Z @ sy, sz)),
    }


def bi2se3(
    *,
    cutoff: Cutoff | None = None,
    magnetization: Sequence[float] = (0.0, 0.0, 0.0),
    a2: float = 0.0,
    b2: float = 0.0,
    warping: bool = False,
) -> PolynomialKP:
    """The k.p model. Raises InputError without a cutoff: the filled bands contribute up to it."""
    spins = operators()
    return PolynomialKP(
        hamiltonian(magnetization, a2, b2, warping),
        cutoff=cutoff,
        spin=spins["spin"],
        operators=spins,
        name="Bi2Se3 k.p" + (" with hexagonal warping" if warping else ""),
        source=SOURCE,
    )


def bi2se3_lattice(
    *,
    magnetization: Sequence[float] = (0.0, 0.0, 0.0),
    lattice_constants: Sequence[float] = LATTICE_CONSTANTS,
) -> TightBinding:
    """The same Hamiltonian with k -> sin(k a)/a and k^2 -> 2 (1 - cos k a)/a^2 on an orthogonal lattice."""
    spins = operators()
    vectors, blocks = hamiltonian(magnetization).on_lattice(lattice_constants)
    return TightBinding(
        lattice=np.diag(np.asarray(lattice_constants, dtype=float)),
        vectors=vectors,
        hamiltonian=blocks,
        positions=np.zeros((4, 3)),
        spin=spins["spin"],
        operators=spins,
        name="Bi2Se3 on a lattice",
        source=SOURCE,
        notes=("lattice regularisation of a k.p model: faithful near Gamma only",),
    )


def _halves(*matrices: Complexes) -> Complexes:
    return np.array(matrices) / 2


_MAGNETIZATION = Parameter((0.0, 0.0, 0.0), "eV", "magnetization (m_x, m_y, m_z), added as m.sigma")
MATERIALS = (
    Material(
        key="bi2se3",
        title="Bi2Se3, four-band k.p model around Gamma",
        source=SOURCE,
        make=bi2se3,
        dim=3,
        needs_cutoff=True,
        suggested_mu=(0.1, 0.3, 0.4),
        parameters={
            "magnetization": _MAGNETIZATION,
            "a2": Parameter(0.0, "eV angstrom^3", "A = A_0 + A_2 k_par^2"),
            "b2": Parameter(0.0, "eV angstrom^3", "B = B_0 + B_2 k_z^2"),
            "warping": Parameter(False, "", "hexagonal warping terms R_1, R_2"),
        },
    ),
    Material(
        key="bi2se3-lattice",
        title="Bi2Se3, the k.p model regularised on a lattice",
        source=SOURCE,
        make=bi2se3_lattice,
        dim=3,
        suggested_mu=(0.1,),
        parameters={
            "magnetization": _MAGNETIZATION,
            "lattice_constants": Parameter(LATTICE_CONSTANTS, "angstrom", "of the orthogonal lattice"),
        },
    ),
)
