"""Published effective Hamiltonians of ferroelectric perovskites: their parameters and their source."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from crosscurrent.physics.on_site import AnisotropicOnSite
from crosscurrent.units import InputError


@dataclass(frozen=True)
class EffectiveHamiltonian:
    """kappa2, j: (7,) eV/angstrom^2. charge: Z*, e. dielectric: eps_inf. lattice_constant: angstrom.

    kappa2 is half the eigenvalue of the self energy: the energy of a mode u alone is kappa2 u^2. alpha, gamma
    (eV/angstrom^4), k1, k2, k3 (eV/angstrom^6) and k4 (eV/angstrom^8) are what it has beyond that, as in
    `AnisotropicOnSite`; mass, amu, is that of the mode. Records of polar modes are made without these; dynamics needs
    the mass, and terms that bound the energy.
    Raises InputError for another number of couplings, a number that is not finite, and a charge, eps_inf, lattice
    constant or mass not above 0.
    """

    kappa2: float
    j: tuple[float, ...]
    charge: float
    dielectric: float
    lattice_constant: float
    name: str = "effective Hamiltonian"
    source: str = ""
    alpha: float = 0.0
    gamma: float = 0.0
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    mass: float | None = None

    def __post_init__(self) -> None:
        if len(self.j) != 7:
            raise InputError(f"{len(self.j)} couplings j where 7 are needed", where=self.name, fix="give j1 to j7")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float | int) and not math.isfinite(value):
                raise InputError(f"{item.name} = {value:g}", where=self.name, fix="give a finite number")
        for key in ("charge", "dielectric", "lattice_constant"):
            if not getattr(self, key) > 0:
                raise InputError(f"{key} = {getattr(self, key):g}", where=self.name, fix="give a value above 0")
        if self.mass is not None and not self.mass > 0:
            raise InputError(f"mass = {self.mass:g}", where=self.name, fix="give the mass of the mode in amu")

    @property
    def on_site(self) -> AnisotropicOnSite:
        """The self energy of a cell."""
        return AnisotropicOnSite(self.kappa2, self.alpha, self.gamma, self.k1, self.k2, self.k3, self.k4)


def batio3_2010() -> EffectiveHamiltonian:
    """BaTiO3 of Nishimatsu, Iwamoto, Kawazoe and Waghmare, Phys. Rev. B 82, 134106 (2010), without its strain.

    The numbers are those of the input files that the first author distributes; alpha and gamma are those of a cell
    whose strain is held at zero. A fit to the first-principles energies along [001], [011] and [111], also distributed,
    gives alpha, gamma and k1 to k4 to seven digits. kappa2 with j, Z*, eps_inf and a_0 gives -1.5182 eV/angstrom^2
    for the uniform mode, and that fit -1.51821.
    """
    return EffectiveHamiltonian(
        kappa2=8.53400622,
        j=(-2.08403, -1.12904, 0.68946, -0.61134, 0.0, 0.27690, 0.0),
        charge=10.33,
        dielectric=6.86915,
        lattice_constant=3.98597,
        name="BaTiO3, effective Hamiltonian",
        source="T. Nishimatsu et al., Phys. Rev. B 82, 134106 (2010)",
        alpha=78.9866142426818,
        gamma=-115.484148812672,
        k1=-267.98013991724,
        k2=197.500718362573,
        k3=830.199979293529,
        k4=641.968099408642,
        mass=38.24,
    )


#: Published parameters that come with the package.
EFFECTIVE_HAMILTONIANS = {"batio3-2010": batio3_2010}
