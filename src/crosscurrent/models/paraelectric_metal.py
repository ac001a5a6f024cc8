"""A metal beside a ferroelectric instability: one parabolic band, soft transverse phonons, and their Rashba-type
coupling.

H = sum xi_p + (g/sqrt V) sum phi_k.(sigma x p), omega_k^2 = (hbar c k)^2 + E_g^2; K.-M. Kim and S. B. Chung,
"Phonon-mediated spin transport in quantum paraelectric metals", Eqs. (1), (2). The gap E_g and the temperature belong
to the question, not to the metal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import constants

from crosscurrent.units import ANGSTROM_M, InputError
from crosscurrent.units import ELEMENTARY_CHARGE_C as _EV
from crosscurrent.units import HBAR_J_S as _HBAR

#: Relative disagreement up to which numbers that overdetermine the band count as the same metal.
_AGREE = 2e-3


@dataclass(frozen=True)
class ParaelectricMetal:
    """fermi_energy: eV. fermi_velocity: m/s. relaxation_time: s. phonon_velocity: m/s.

    coupling: g, eV angstrom^(3/2) in three dimensions, eV angstrom in two. phonon_mass: kg. name, source: in words.
    """

    fermi_energy: float
    fermi_velocity: float
    relaxation_time: float
    phonon_velocity: float
    coupling: float
    phonon_mass: float
    name: str = "quantum paraelectric metal"
    source: str = ""

    def __post_init__(self) -> None:
        for key in ("fermi_energy", "fermi_velocity", "relaxation_time", "phonon_velocity", "phonon_mass"):
            value = getattr(self, key)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{key} must be positive, got {value}", where=f"metal.{key}")
        if not math.isfinite(self.coupling):
            raise InputError(f"the coupling must be finite, got {self.coupling}", where="metal.coupling")

    @property
    def fermi_wave_vector(self) -> float:
        """k_F, 1/m."""
        return 2 * self.fermi_energy * _EV / (_HBAR * self.fermi_velocity)

    @property
    def mass(self) -> float:
        """kg."""
        return 2 * self.fermi_energy * _EV / self.fermi_velocity**2

    @property
    def mean_free_path(self) -> float:
        """l = v_F tau, m."""
        return self.fermi_velocity * self.relaxation_time

    @property
    def quality(self) -> float:
        """E_F tau/hbar: well above one for quasiparticles to exist."""
        return self.fermi_energy * _EV * self.relaxation_time / _HBAR

    @property
    def damping(self) -> float:
        """Gamma = hbar/(4 E_F tau), half the level width in units of 2 E_F."""
        return 1.0 / (4.0 * self.quality)

    @property
    def velocity_ratio(self) -> float:
        """c/v_F."""
        return self.phonon_velocity / self.fermi_velocity

    def density(self, dimension: int = 3) -> float:
        """Electrons of both spins per m^3, or per m^2."""
        k = self.fermi_wave_vector
        return k**3 / (3 * math.pi**2) if dimension == 3 else k**2 / (2 * math.pi)

    def drude_conductivity(self, dimension: int = 3) -> float:
        """n e^2 tau/m, S/m (S in two dimensions)."""
        return self.density(dimension) * _EV**2 * self.relaxation_time / self.mass

    def coupling_si(self, dimension: int = 3) -> float:
        """g, J m^(3/2) (J m in two dimensions)."""
        return float(self.coupling * _EV * ANGSTROM_M ** (1.5 if dimension == 3 else 1.0))

    def prefactor(self, dimension: int = 3) -> float:
        """What a coefficient in tilde units (k_F = 2 E_F = 1) is multiplied with to give chi_0, C m (2D: C m^2).

        g^2 e hbar^6/(m^2 M) k_F^8/(2 E_F)^5 in three dimensions, k_F^6 in two, with the charge e > 0 of a carrier.
        """
        g = self.coupling_si(dimension)
        two_ef = 2 * self.fermi_energy * _EV
        power = 8 if dimension == 3 else 6
        scale: float = self.fermi_wave_vector**power / two_ef**5
        return float(g**2 * _EV * _HBAR**6 / (self.mass**2 * self.phonon_mass) * scale)


def paraelectric_metal(
    *,
    relaxation_time: float,
    phonon_velocity: float,
    coupling: float,
    phonon_mass: float,
    fermi_energy: float | None = None,
    fermi_velocity: float | None = None,
    effective_mass: float | None = None,
    density: float | None = None,
    name: str = "quantum paraelectric metal",
    source: str = "",
) -> ParaelectricMetal:
    """A metal from two of: fermi_energy (eV), fermi_velocity (m/s), effective_mass (electron masses), density (1/m^3).

    Further ones have to agree with a parabolic band to 0.2 %. The rest is as in `ParaelectricMetal`. Raises InputError
    for too few numbers and for numbers that contradict each other, and says by how much.
    """
    given = {
        "fermi_energy": fermi_energy,
        "fermi_velocity": fermi_velocity,
        "effective_mass": effective_mass,
        "density": density,
    }
    known = {key: value for key, value in given.items() if value is not None}
    for key, value in known.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{key} must be positive, got {value}", where=f"metal.{key}")
    if len(known) < 2:
        raise InputError(
            "two of fermi_energy, fermi_velocity, effective_mass and density fix a parabolic band",
            where="metal",
            fix="give one more" if known else "give two of them",
        )
    k, mass = _band(**given)
    metal = ParaelectricMetal(
        fermi_energy=(_HBAR * k) ** 2 / (2 * mass) / _EV,
        fermi_velocity=_HBAR * k / mass,
        relaxation_time=relaxation_time,
        phonon_velocity=phonon_velocity,
        coupling=coupling,
        phonon_mass=phonon_mass,
        name=name,
        source=source,
    )
    implied = {
        "fermi_energy": metal.fermi_energy,
        "fermi_velocity": metal.fermi_velocity,
        "effective_mass": metal.mass / constants.m_e,
        "density": metal.density(),
    }
    for key, value in known.items():
        if abs(value / implied[key] - 1) > _AGREE:
            others = ", ".join(other for other in known if other != key)
            raise InputError(
                f"{key} = {value:g} contradicts {others}, which give {implied[key]:.6g} for a parabolic band",
                where=f"metal.{key}",
                fix="give two of them only",
            )
    return metal


def _band(
    fermi_energy: float | None, fermi_velocity: float | None, effective_mass: float | None, density: float | None
) -> tuple[float, float]:
    """(k_F in 1/m, mass in kg) from the first two that are known, energy and velocity before mass and density."""
    energy = None if fermi_energy is None else fermi_energy * _EV
    mass = None if effective_mass is None else effective_mass * constants.m_e
    k = None if density is None else (3 * math.pi**2 * density) ** (1 / 3)
    if energy is not None and fermi_velocity is not None:
        return 2 * energy / (_HBAR * fermi_velocity), 2 * energy / fermi_velocity**2
    if energy is not None and mass is not None:
        return math.sqrt(2 * mass * energy) / _HBAR, mass
    if energy is not None and k is not None:
        return k, (_HBAR * k) ** 2 / (2 * energy)
    if fermi_velocity is not None and mass is not None:
        return mass * fermi_velocity / _HBAR, mass
    if fermi_velocity is not None and k is not None:
        return k, _HBAR * k / fermi_velocity
    assert mass is not None and k is not None  # two of the four are there
    return k, mass


_KIM_CHUNG = 'K.-M. Kim and S. B. Chung, "Phonon-mediated spin transport in quantum paraelectric metals"'
#: Of SrTiO3 in the estimate, angstrom.
_LATTICE_CONSTANT = 5.52


def model_metal(*, coupling: float = 0.03 * _LATTICE_CONSTANT**1.5, phonon_mass: float = 4e-26) -> ParaelectricMetal:
    """The metal of the paper's Figs. 4 and 6: E_F = 3 eV, v_F = 1e6 m/s, tau = 1e-14 s, c = 1e4 m/s.

    Its figures divide by g^2/M; the values here are those of the SrTiO3 estimate.
    """
    return ParaelectricMetal(
        3.0, 1e6, 1e-14, 1e4, coupling, phonon_mass, name="model metal", source=f"{_KIM_CHUNG}, captions of Figs. 4, 6"
    )


def strontium_titanate() -> ParaelectricMetal:
    """Doped SrTiO3 with the numbers of the paper's estimate: E_F = 10 meV, n = 4e19/cm^3, tau = 1e-11 s, c = 1e3 m/s.

    The estimate is for T = 10 K and E_g = 2 meV. There k_th l is 376, k_th/k_F is 1.24 and q l is 0.96, outside the
    regime of its formula, and SrTiO3 has three orbitals: a number of this metal is an order of magnitude at best.
    """
    return paraelectric_metal(
        fermi_energy=0.010,
        density=4e25,
        relaxation_time=1e-11,
        phonon_velocity=1e3,
        coupling=0.03 * _LATTICE_CONSTANT**1.5,
        phonon_mass=4e-26,
        name="doped SrTiO3",
        source=f"{_KIM_CHUNG}, estimate below Eq. (34); lattice constant 5.52 angstrom",
    )


METALS = {"model-metal": model_metal, "srtio3": strontium_titanate}
