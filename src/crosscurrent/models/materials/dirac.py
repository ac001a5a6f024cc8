"""Two-dimensional massive Dirac electrons, the continuum model behind a quantum anomalous Hall surface.

massive-dirac: H = v (k_x sigma_x + k_y sigma_y) + mass sigma_z + zeeman . sigma. Berry curvature and orbital moment:
Xiao, Chang and Niu, Rev. Mod. Phys. 82, 1959 (2010), Sec. III. The default velocity is A_0 of Bi2Se3, the mass a free
choice.

helical-dirac: H = v sigma . (k x z) + mass sigma_z, with the spin at a right angle to k as on the surface of a
topological insulator. Feng et al., Eq. (11), with v = 5e5 m/s and 0.15 eV as in their Fig. 1. Their closed forms, Eq.
(13), hold for a spin operator hbar sigma; the spin of an electron is half of that, the default here (`spin_factor`).
"""

from __future__ import annotations

from collections.abc import Sequence

from crosscurrent.models.kp import PolynomialKP
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.matrix_polynomial import wave_vector
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.numerics.domains import Cutoff, Plane
from crosscurrent.units import ANGSTROM_M, HBAR_EV_S, InputError

SOURCE = "Xiao, Chang, Niu, Rev. Mod. Phys. 82, 1959 (2010), doi:10.1103/RevModPhys.82.1959 (generic parameters)"
VELOCITY, MASS = 3.33, 0.05  # eV angstrom, eV
HELICAL_SOURCE = (
    "Feng et al., Intrinsic Dynamic Generation of Spin Polarization by Time-Varying Electric Field, Eq. (11) and Fig. 1"
)
HELICAL_VELOCITY = HBAR_EV_S * 5e5 / ANGSTROM_M  # eV angstrom, 5e5 m/s
HELICAL_MASS = 0.15  # eV
#: Of the size of mass/velocity: half the radial points lie where the mass bends the bands.
HELICAL_DOMAIN = Plane(round(HELICAL_MASS / HELICAL_VELOCITY, 3))


def massive_dirac(
    *,
    cutoff: Cutoff | None = None,
    velocity: float = VELOCITY,
    mass: float = MASS,
    zeeman: Sequence[float] = (0.0, 0.0, 0.0),
) -> PolynomialKP:
    """velocity: hbar v in eV angstrom. mass: eV. zeeman: (3,) eV. Raises InputError without a cutoff."""
    kx, ky = wave_vector(2)
    sx, sy, sz = PAULI
    exchange = sum(b * s for b, s in zip(zeeman, PAULI, strict=True))
    return PolynomialKP(
        velocity * (kx * sx + ky * sy) + mass * sz + exchange,
        cutoff=cutoff,
        spin=PAULI / 2,
        name="massive Dirac",
        source=SOURCE,
    )


def helical_dirac(
    *,
    cutoff: Cutoff | None = None,
    velocity: float = HELICAL_VELOCITY,
    mass: float = HELICAL_MASS,
    spin_factor: float = 0.5,
) -> PolynomialKP:
    """velocity: hbar v in eV angstrom. mass: eV. spin_factor: c in spin = c hbar sigma. cutoff: the whole plane, with a
    scale of |mass/velocity|, if none is given. Raises InputError for a velocity of zero."""
    if velocity == 0:
        raise InputError("Dirac electrons need a velocity that is not zero", where="helical-dirac")
    kx, ky = wave_vector(2)
    sx, sy, sz = PAULI
    return PolynomialKP(
        velocity * (ky * sx - kx * sy) + mass * sz,
        cutoff=cutoff or (Plane(abs(mass / velocity)) if mass else HELICAL_DOMAIN),
        spin=spin_factor * PAULI,
        name="helical Dirac",
        source=HELICAL_SOURCE,
    )


MATERIALS = (
    Material(
        key="massive-dirac",
        title="Massive Dirac electrons in two dimensions",
        source=SOURCE,
        make=massive_dirac,
        dim=2,
        needs_cutoff=True,
        suggested_mu=(0.0, 0.1),
        parameters={
            "velocity": Parameter(VELOCITY, "eV angstrom", "hbar v"),
            "mass": Parameter(MASS, "eV", "half the gap"),
            "zeeman": Parameter((0.0, 0.0, 0.0), "eV", "Zeeman energy, added as zeeman.sigma"),
        },
    ),
    Material(
        key="helical-dirac",
        title="Massive Dirac electrons with the spin at a right angle to k",
        source=HELICAL_SOURCE,
        make=helical_dirac,
        dim=2,
        needs_cutoff=True,
        default_cutoff=HELICAL_DOMAIN,
        suggested_mu=(0.0,),
        parameters={
            "velocity": Parameter(HELICAL_VELOCITY, "eV angstrom", "hbar v; the default is 5e5 m/s"),
            "mass": Parameter(HELICAL_MASS, "eV", "half the gap"),
            "spin_factor": Parameter(0.5, "", "spin operator in units of hbar sigma; 1/2 for the spin of an electron"),
        },
    ),
)
