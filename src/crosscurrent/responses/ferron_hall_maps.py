"""Local means of one steady state of a polar lattice, and their odd part in the field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.steady_state import SteadyState
from crosscurrent.physics import lattice_observables as observables
from crosscurrent.physics.lattice_langevin import bath_strength, inverse_root
from crosscurrent.physics.lattice_units import ACCELERATION

Floats = NDArray[np.float64]

#: Signs of the components under y -> -y; an axial vector has the opposite ones.
MIRROR_Y = np.array([1.0, -1.0, 1.0])
#: Maps that the mirror leaves alone but for their place.
_SCALARS = ("kinetic", "longitudinal", "shift", "local", "harmonic")
_TORQUES = ("on_site", "short_range", "dipole", "magnetic", "damping")


@dataclass(frozen=True, eq=False)
class Transport:
    """energy: current of the short range through a cell, (Nx, Ny, 2) eV/ps. angular: the same for L_z by S37, hbar/ps.

    torques: the terms of S38 for L_z by name, (Nx, Ny) hbar/ps. powers: the terms of S29, eV/ps. energy_imbalance,
    angular_imbalance: what S29 and S38 leave over, relative to their largest term.
    """

    energy: Floats
    angular: Floats
    torques: dict[str, Floats]
    powers: dict[str, Floats]
    energy_imbalance: float
    angular_imbalance: float

    def mirrored(self) -> Transport:
        """In the mirror y -> -y: currents along y turn round, and so does L_z."""
        flow = MIRROR_Y[:2]
        torques = {name: -term[:, ::-1] for name, term in self.torques.items()}
        powers = {name: term[:, ::-1] for name, term in self.powers.items()}
        energy, angular = self.energy[:, ::-1] * flow, -self.angular[:, ::-1] * flow
        return replace(self, energy=energy, angular=angular, torques=torques, powers=powers)

    def odd_between(self, reverse: Transport) -> Transport:
        """[X(+Omega) - X(-Omega)]/2."""
        torques = {name: 0.5 * (term - reverse.torques[name]) for name, term in self.torques.items()}
        powers = {name: 0.5 * (term - reverse.powers[name]) for name, term in self.powers.items()}
        energy, angular = 0.5 * (self.energy - reverse.energy), 0.5 * (self.angular - reverse.angular)
        return replace(self, energy=energy, angular=angular, torques=torques, powers=powers)


@dataclass(frozen=True, eq=False)
class Maps:
    """Local means of one steady state, by (x, y).

    covariance: <du du>, (Nx, Ny, 3, 3) angstrom^2. kinetic, longitudinal: KE and its part along the axis, eV. shift: of
    the polarization along the axis, C/m^2. angular: (Nx, Ny, 3) hbar. local, harmonic: S55 and S58 for the shift.
    transport: None when not asked. errors: numerical, by the name of the map, in its unit. error: of the kernels,
    relative.
    """

    covariance: Floats
    kinetic: Floats
    longitudinal: Floats
    shift: Floats
    angular: Floats
    local: Floats
    harmonic: Floats
    transport: Transport | None
    errors: dict[str, float]
    error: float

    def odd_in_field(self) -> Maps:
        """Odd part in the field, the reversed field by the mirror y -> -y, under which L_z and u_y change sign."""
        signs = np.outer(MIRROR_Y, MIRROR_Y)
        mirrored = {name: getattr(self, name)[:, ::-1] for name in _SCALARS}
        reverse = replace(
            self,
            covariance=self.covariance[:, ::-1] * signs,
            angular=self.angular[:, ::-1] * -MIRROR_Y,
            transport=None if self.transport is None else self.transport.mirrored(),
            **mirrored,
        )
        return self.odd_between(reverse)

    def odd_between(self, reverse: Maps) -> Maps:
        """[X(+Omega) - X(-Omega)]/2 with the maps of the reversed field."""
        names = (*_SCALARS, "covariance", "angular")
        odd = {name: 0.5 * (getattr(self, name) - getattr(reverse, name)) for name in names}
        transport = None
        if self.transport is not None and reverse.transport is not None:
            transport = self.transport.odd_between(reverse.transport)
        errors = {name: max(error, reverse.errors[name]) for name, error in self.errors.items()}
        return replace(self, transport=transport, errors=errors, error=max(self.error, reverse.error), **odd)


def maps_of(record: LocalMode, problem: DrivenSlab, found: SteadyState, temperature: Floats) -> Maps:
    """The local means for one temperature profile, (Nx,) K, from kernels that hold for any."""
    theta = bath_strength(temperature)
    root, axis = inverse_root(record.mass), np.asarray(record.well.axis)
    weighted = found.covariance(theta)
    along = np.einsum("a,xyab,b->xy", root @ axis, weighted[..., :3, :3], root @ axis)
    maps = means_of(record, found, theta, weighted, observables.mean_shift(along, record.well, problem.stiffness, root))
    uv = root @ weighted[..., :3, 3:] @ root
    return replace(maps, transport=_transport(record, problem, found, theta, maps, uv)) if found.probes else maps


def means_of(record: LocalMode, found: SteadyState, theta: Floats, weighted: Floats, shift: Floats) -> Maps:
    """The local means from the mass-weighted covariance, (Nx, Ny, 6, 6), and the mean displacement, (Nx, Ny, 3)."""
    root, axis, well = inverse_root(record.mass), np.asarray(record.well.axis), record.well
    uu, uv, vv = (root @ weighted[..., a : a + 3, b : b + 3] @ root for a, b in ((0, 0), (0, 3), (3, 3)))
    along = np.einsum("a,xyab,b->xy", axis, uu, axis)
    parallel = observables.longitudinal_kinetic_energy(vv, record.mass, axis)
    maps = Maps(
        covariance=uu,
        kinetic=observables.mean_kinetic_energy(vv, record.mass),
        longitudinal=parallel,
        shift=observables.polarization(shift, record.charge, record.volume) @ axis,
        angular=observables.mean_angular_momentum(uv, record.angular),
        local=observables.local_shift_polarization(along, well, record.charge, record.volume),
        harmonic=observables.harmonic_shift_polarization(parallel, well, record.charge, record.volume),
        transport=None,
        errors={},
        error=found.error,
    )
    return replace(maps, errors=_errors(record, maps, root, found.errors(theta)))


def _errors(record: LocalMode, maps: Maps, root: Floats, weighted: Floats) -> dict[str, float]:
    """What errors of the mass-weighted <u u>, <u v>, <v u>, <v v>, (2, 2), make of each map."""
    # no element of root w root^T is further off than this times one of w
    spread = float(np.abs(root).sum(axis=1).max()) ** 2
    uu, uv, vv = spread * weighted[0, 0], spread * weighted[0, 1], spread * weighted[1, 1]
    axis, one = np.asarray(record.well.axis), np.ones((3, 3))
    along = float(np.abs(axis).sum()) ** 2 * uu
    largest = float(np.einsum("a,xyab,b->xy", axis, maps.covariance, axis).max())
    return {
        "covariance": uu,
        "kinetic": vv * float(observables.mean_kinetic_energy(one, np.abs(record.mass))),
        "longitudinal": vv * float(observables.longitudinal_kinetic_energy(one, record.mass, np.abs(axis))),
        # linear in the variance along the axis
        "shift": along / largest * float(np.abs(maps.shift).max()) if largest > 0 else 0.0,
        "angular": uv * float(observables.mean_angular_momentum(one, np.abs(record.angular)).max()),
    }


def _transport(
    record: LocalMode, problem: DrivenSlab, found: SteadyState, theta: Floats, maps: Maps, uv: Floats
) -> Transport:
    probes = {name: found.probe(name, theta) for name in found.probes}
    root, angular = inverse_root(record.mass), record.angular
    power = {
        "on_site": observables.well_power(uv, record.well.stiffness),
        **{name: observables.power(probes[name][..., 3:, :]) for name in ("short_range", "dipole")},
        "bath": observables.bath_power(maps.kinetic, problem.damping, theta[:, None] / ACCELERATION),
    }
    torque = {name: observables.torque(probe[..., :3, :], angular, root)[..., 2] for name, probe in probes.items()}
    terms = (
        observables.well_torque(maps.covariance, record.well.stiffness, record.mass, angular)[..., 2],
        torque["short_range"],
        torque["dipole"],
        observables.magnetic_torque(uv, problem.gyration, root, angular)[..., 2],
        -problem.damping * maps.angular[..., 2],
    )
    flows = [f"current_{axis}" for axis in "xy"]
    return Transport(
        energy=np.stack([observables.energy_current(probes[name][..., 3:, :]) for name in flows], axis=-1),
        # S37 has the opposite sign of a torque, and half of each bond belongs to the cell
        angular=np.stack([-0.5 * torque[name] for name in flows], axis=-1),
        torques=dict(zip(_TORQUES, terms, strict=True)),
        powers=power,
        energy_imbalance=_imbalance(tuple(power.values())),
        angular_imbalance=_imbalance(terms),
    )


def _imbalance(terms: Sequence[Floats]) -> float:
    """Largest sum of the terms over the largest term; 0 when all of them vanish."""
    largest = max(float(np.abs(term).max()) for term in terms)
    return float(np.abs(np.sum(terms, axis=0)).max()) / largest if largest > 0 else 0.0
