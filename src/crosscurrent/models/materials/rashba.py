"""Two-dimensional electron gas with Rashba spin-orbit coupling and a Zeeman term.

H = hbar^2 k^2/2m + alpha (sigma_x k_y - sigma_y k_x) + zeeman . sigma, in the sign convention of Sinova et al., Phys.
Rev. Lett. 92, 126603 (2004). Mass and coupling are of the size measured in InGaAs wells by Nitta et al., Phys. Rev.
Lett. 78, 1335 (1997).
"""

from __future__ import annotations

from collections.abc import Sequence

from crosscurrent.models.kp import PolynomialKP
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.matrix_polynomial import wave_vector
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.numerics.domains import Cutoff, Disk
from crosscurrent.units import HBAR2_OVER_2M0, InputError

SOURCE = (
    "Sinova et al., Phys. Rev. Lett. 92, 126603 (2004), doi:10.1103/PhysRevLett.92.126603; magnitudes as in "
    "Nitta et al., Phys. Rev. Lett. 78, 1335 (1997), doi:10.1103/PhysRevLett.78.1335"
)
MASS, ALPHA = 0.05, 0.08  # electron masses, eV angstrom
#: Holds the Fermi sea with room to spare; only occupied states count, so a larger disk changes nothing.
DEFAULT_CUTOFF = Disk(0.1)


def rashba_gas(
    *,
    cutoff: Cutoff | None = None,
    mass: float = MASS,
    alpha: float = ALPHA,
    zeeman: Sequence[float] = (0.0, 0.0, 0.0),
) -> PolynomialKP:
    """mass: in electron masses. alpha: eV angstrom. zeeman: (3,) eV. cutoff: a disk that holds the Fermi sea
    (default 0.1/angstrom). Raises InputError for a mass that is not positive."""
    if not mass > 0:
        raise InputError(f"the effective mass must be positive, got {mass}", where="rashba gas")
    kx, ky = wave_vector(2)
    sx, sy, _ = PAULI
    exchange = sum(b * s for b, s in zip(zeeman, PAULI, strict=True))
    return PolynomialKP(
        HBAR2_OVER_2M0 / mass * (kx**2 + ky**2) + alpha * (ky * sx - kx * sy) + exchange,
        cutoff=cutoff or DEFAULT_CUTOFF,
        spin=PAULI / 2,
        name="Rashba gas",
        source=SOURCE,
    )


MATERIALS = (
    Material(
        key="rashba",
        title="Two-dimensional electron gas with Rashba coupling",
        source=SOURCE,
        make=rashba_gas,
        dim=2,
        needs_cutoff=True,
        default_cutoff=DEFAULT_CUTOFF,
        suggested_mu=(0.02,),
        parameters={
            "mass": Parameter(MASS, "electron masses", "effective mass"),
            "alpha": Parameter(ALPHA, "eV angstrom", "Rashba coupling"),
            "zeeman": Parameter((0.0, 0.0, 0.0), "eV", "Zeeman energy, added as zeeman.sigma"),
        },
    ),
)
