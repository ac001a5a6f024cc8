"""Two-dimensional massive Dirac electrons, the continuum model behind a quantum anomalous Hall surface.

H = v (k_x sigma_x + k_y sigma_y) + mass sigma_z + zeeman . sigma. Berry curvature and orbital moment: Xiao, Chang and
Niu, Rev. Mod. Phys. 82, 1959 (2010), Sec. III. The default velocity is A_0 of Bi2Se3, the mass a free choice.
"""

from __future__ import annotations

from collections.abc import Sequence

from crosscurrent.models.kp import PolynomialKP
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.matrix_polynomial import wave_vector
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.numerics.domains import Cutoff

SOURCE = "Xiao, Chang, Niu, Rev. Mod. Phys. 82, 1959 (2010), doi:10.1103/RevModPhys.82.1959 (generic parameters)"
VELOCITY, MASS = 3.33, 0.05  # eV angstrom, eV


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
)
