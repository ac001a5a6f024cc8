"""What dynamics needs of a lattice of polar modes, however it is described: a record or an effective Hamiltonian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.effective_hamiltonian import EffectiveHamiltonian
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_observables import polarization_per_displacement
from crosscurrent.physics.on_site import AnisotropicOnSite, OnSite, WellOnSite, ground_state
from crosscurrent.physics.periodic_couplings import effective_couplings, uniform_stiffness
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: What a result of an effective Hamiltonian is warned of.
_NO_STRAIN = (
    "strain is left out: the cell keeps its cubic shape and size, without homogeneous or inhomogeneous strain and "
    "pressure. Wells are shallower, and domain walls and transition temperatures differ from those of the full model"
)
_ONE_AXIS = (
    "the well of this record has one axis and hardly binds across it: other directions of the polarization, and what "
    "happens near and above the ordering temperature, are not those of the material"
)
#: Directions along which the terms of highest order are looked at.
_FAN = 500


@dataclass(frozen=True, eq=False)
class PolarLattice:
    """charge: Z, (3, 3) e. mass: M, (3, 3) amu. eps_inf: (3, 3). volume: of a cell, angstrom^3. lattice_constant:
    angstrom.

    on_site: the potential of one cell. ordered: displacement of the uniform ground state, (3,) angstrom. barrier: of
    its reversal through zero, as the record has it or the polynomial implies it, eV per cell. warnings: limits of
    validity. origin: what it was made from.
    """

    name: str
    source: str
    on_site: OnSite
    charge: Floats
    mass: Floats
    eps_inf: Floats
    volume: float
    lattice_constant: float
    ordered: Floats
    barrier: float
    warnings: tuple[str, ...]
    origin: LocalMode | EffectiveHamiltonian

    @property
    def polarization_per_displacement(self) -> Floats:
        """dP/du = Z/Omega, (3, 3) C/m^2 per angstrom."""
        return polarization_per_displacement(self.charge, self.volume)

    @property
    def polarization(self) -> Floats:
        """P of the uniform ground state, (3,) C/m^2."""
        return np.asarray(self.polarization_per_displacement @ self.ordered)

    def couplings(self, slab: Slab) -> Couplings:
        """What ties the cells of a box or a slab together."""
        return _couplings(self.origin, slab)


def polar_lattice(model: LocalMode | EffectiveHamiltonian | PolarLattice) -> PolarLattice:
    """A record or an effective Hamiltonian as dynamics takes it.

    Raises InputError for an effective Hamiltonian without a mass, one whose energy is not bounded from below, and one
    whose uniform ground state is not polar.
    """
    if isinstance(model, PolarLattice):
        return model
    if isinstance(model, LocalMode):
        return PolarLattice(
            name=model.name or "local mode",
            source=model.source,
            on_site=WellOnSite(model.well),
            charge=model.charge,
            mass=model.mass,
            eps_inf=model.eps_inf,
            volume=model.volume,
            lattice_constant=model.lattice_constant,
            ordered=model.well.ordered,
            barrier=model.well.barrier,
            warnings=(_ONE_AXIS,),
            origin=model,
        )
    return _of_effective_hamiltonian(model)


def _couplings(model: LocalMode | EffectiveHamiltonian, slab: Slab) -> Couplings:
    if isinstance(model, LocalMode):
        return model.couplings(slab)
    return effective_couplings(slab, model.j, model.charge, model.dielectric, model.lattice_constant)


def _of_effective_hamiltonian(model: EffectiveHamiltonian) -> PolarLattice:
    if model.mass is None:
        raise InputError(
            "an effective Hamiltonian without a mass has no dynamics",
            where=f"{model.name}: mass",
            fix="give the mass of the mode, amu",
        )
    stiffness = float(uniform_stiffness(_couplings(model, Slab((1, 1, 1), open_y=False)))[0, 0])
    uniform = model.on_site.with_stiffness(stiffness)
    _check_bounded(uniform, model.name)
    ordered, energy = ground_state(uniform)
    if energy >= 0:
        raise InputError(
            "the uniform state of lowest energy is not polar: nothing is ferroelectric",
            where=model.name,
            fix=f"kappa2 with the couplings is {uniform.kappa2:.4g} eV/angstrom^2, and below zero in a ferroelectric",
        )
    one = np.eye(3)
    return PolarLattice(
        name=model.name,
        source=model.source,
        on_site=model.on_site,
        charge=model.charge * one,
        mass=model.mass * one,
        eps_inf=model.dielectric * one,
        volume=model.lattice_constant**3,
        lattice_constant=model.lattice_constant,
        ordered=ordered,
        barrier=-energy,
        warnings=(_NO_STRAIN,),
        origin=model,
    )


def _check_bounded(potential: AnisotropicOnSite, where: str) -> None:
    """Raises InputError when the energy falls without end along some direction."""
    directions = [*np.random.default_rng(0).normal(size=(_FAN, 3)), *np.eye(3), np.ones(3), np.array([1.0, 1.0, 0.0])]
    if not all(_rises(potential.along(direction)) for direction in directions):
        raise InputError(
            "the energy is not bounded from below",
            where=where,
            fix="the terms of highest order, alpha and gamma or k1 to k4, have to be positive along every direction",
        )


def _rises(coefficients: tuple[float, float, float, float]) -> bool:
    """Whether a polynomial in u^2 rises in the end; zero counts as not."""
    return next((value for value in reversed(coefficients) if value != 0), 0.0) > 0
