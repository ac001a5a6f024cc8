"""Published effective Hamiltonians of ferroelectric perovskites: harmonic parameters and their source."""

from __future__ import annotations

from dataclasses import dataclass

from crosscurrent.units import InputError


@dataclass(frozen=True)
class EffectiveHamiltonian:
    """kappa2, j: (7,) eV/angstrom^2. charge: Z*, e. dielectric: eps_inf. lattice_constant: angstrom.

    kappa2 is half the eigenvalue of the self energy: the energy of a mode u alone is kappa2 u^2.
    Raises InputError for another number of couplings, or a charge, eps_inf or lattice constant not above 0.
    """

    kappa2: float
    j: tuple[float, ...]
    charge: float
    dielectric: float
    lattice_constant: float
    name: str = "effective Hamiltonian"
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.j) != 7:
            raise InputError(f"{len(self.j)} couplings j where 7 are needed", where=self.name, fix="give j1 to j7")
        for key in ("charge", "dielectric", "lattice_constant"):
            if not getattr(self, key) > 0:
                raise InputError(f"{key} = {getattr(self, key):g}", where=self.name, fix="give a value above 0")


def batio3_2010() -> EffectiveHamiltonian:
    """BaTiO3 of Nishimatsu, Iwamoto, Kawazoe and Waghmare, Phys. Rev. B 82, 134106 (2010)."""
    return EffectiveHamiltonian(
        kappa2=8.53400622,
        j=(-2.08403, -1.12904, 0.68946, -0.61134, 0.0, 0.27690, 0.0),
        charge=10.33,
        dielectric=6.86915,
        lattice_constant=3.98597,
        name="BaTiO3, effective Hamiltonian",
        source="T. Nishimatsu et al., Phys. Rev. B 82, 134106 (2010)",
    )
