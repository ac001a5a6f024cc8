"""Units of polar-lattice dynamics: angstrom, picosecond, atomic mass unit, eV, kelvin, elementary charge.

An angular frequency squared is a stiffness times `ACCELERATION` over a mass; an angular momentum in hbar is one in
amu angstrom^2/ps over `HBAR`.
"""

from __future__ import annotations

from scipy import constants as _c

from crosscurrent.units import BOLTZMANN_EV_PER_K

#: 1 eV/(amu angstrom^2) in 1/ps^2, 9648.53
ACCELERATION: float = _c.e / _c.atomic_mass * 1e-4
#: e^2/(4 pi eps0) in eV angstrom, 14.3996
COULOMB: float = _c.e / (4 * _c.pi * _c.epsilon_0) * 1e10
#: hbar in amu angstrom^2/ps, 6.35078
HBAR: float = _c.hbar / _c.atomic_mass * 1e8
#: Boltzmann's constant, eV/K
BOLTZMANN: float = BOLTZMANN_EV_PER_K
#: 1 e/angstrom^2 in C/m^2, 16.0218
POLARIZATION: float = _c.e * 1e20
#: 1 eV/angstrom^2 in J/m^2, the same number
SURFACE_ENERGY: float = POLARIZATION
#: 1 rad/ps of cyclotron frequency in tesla, for one elementary charge on one amu: 1 amu/(e ps), 10364
CYCLOTRON: float = _c.atomic_mass / _c.e * 1e12
