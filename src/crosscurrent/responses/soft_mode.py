"""Which mode of a cubic crystal becomes the local mode: the unstable, polar, threefold one at the zone centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.physics.dynamical_matrix import frequencies, gamma_modes
from crosscurrent.physics.mode_projection import mode_angular_momentum, mode_charge, mode_mass
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Modes closer than this are one degenerate group, THz.
_DEGENERATE = 0.01
#: A mode at q = 0 is unstable below -_UNSTABLE THz; what lies closer to zero is the noise of the acoustic modes.
_UNSTABLE = 0.1
#: A mode is polar when its charge is above this share of the largest of all modes.
_POLAR = 1e-2
#: Cell edges of a cubic reference agree to this fraction.
_CUBIC = 1e-4


@dataclass(frozen=True, eq=False)
class SoftMode:
    """A threefold polar mode as a local coordinate.

    pattern: (n, 3, 3), displacements of the atoms for each component. centre: the atom it is centred on. charge: Z,
    (3, 3) e. mass: M, (3, 3) amu. angular: Lambda, (3, 3, 3) amu. frequency: THz, negative where unstable; NaN for a
    pattern that was given.
    """

    pattern: Floats
    centre: int
    frequency: float
    charge: Floats
    mass: Floats
    angular: Floats


def check_cubic(crystal: HarmonicCrystal) -> float:
    """The lattice constant, angstrom. Raises InputError for any other lattice than a cubic one along x, y, z."""
    edge = float(np.trace(crystal.lattice) / 3)
    if np.abs(crystal.lattice - edge * np.eye(3)).max() > _CUBIC * abs(edge) or edge <= 0:
        lengths = ", ".join(f"{length:.4f}" for length in np.linalg.norm(crystal.lattice, axis=1))
        raise InputError(
            f"the reference is not cubic with its axes along x, y, z (lattice vectors of {lengths} angstrom)",
            where=crystal.name,
            fix="give the force constants of the cubic phase in its primitive cubic cell; other references are not "
            "supported, as the three components of the mode have to be equivalent",
        )
    return edge


def centre_atom(crystal: HarmonicCrystal, symbol: str | None) -> int:
    """The atom that the mode is centred on: the one of that symbol, or with the largest positive Born charge.

    Raises InputError when the symbol names no atom, or several.
    """
    if symbol is None:
        born, _ = crystal.polar()
        return int(np.argmax(np.trace(born, axis1=1, axis2=2)))
    found = [at for at, name in enumerate(crystal.symbols) if name == symbol]
    if len(found) != 1:
        raise InputError(
            f"{len(found)} atoms are called '{symbol}'",
            where=crystal.name,
            fix="centre the mode on an element that the cell has once; it has " + ", ".join(crystal.symbols),
        )
    return found[0]


def soft_mode(crystal: HarmonicCrystal, centre: int) -> SoftMode:
    """The most unstable polar mode at q = 0, scaled so that the centre moves by one in each component.

    Raises InputError when no mode is unstable, none of the unstable ones is polar, or the polar one is not threefold.
    """
    born, _ = crystal.polar()
    levels, vectors = gamma_modes(crystal.force_constants(np.zeros((1, 3)))[0].real, crystal.masses)
    moves = vectors / np.sqrt(crystal.masses)[:, None]
    charges = np.linalg.norm(np.einsum("smx,asx->am", born, moves), axis=1)
    unstable = levels < -_UNSTABLE
    if not unstable.any():
        optical = levels[charges > _POLAR * charges.max()]
        raise InputError(
            f"the polar modes at the zone centre are stable, the lowest at {optical.min():.3f} THz",
            where=crystal.name,
            fix="a local mode is made of an unstable one: give the reference phase that it distorts",
        )
    polar = unstable & (charges > _POLAR * charges.max())
    if not polar.any():
        raise InputError(
            f"the unstable mode at {levels[0]:.3f} THz is not polar",
            where=crystal.name,
            fix="a local mode carries polarization; this instability, such as a rotation, is none of the kind",
        )
    lowest = int(np.argmax(polar))
    group = np.abs(levels - levels[lowest]) < _DEGENERATE
    if group.sum() != 3:
        raise InputError(
            f"the unstable polar mode at {levels[lowest]:.3f} THz is {group.sum()}-fold where a cubic crystal has 3",
            where=crystal.name,
            fix="check that the reference is the cubic phase and that the force constants have its symmetry",
        )
    pattern = moves[group].transpose(1, 2, 0)
    return mode_of_pattern(crystal, pattern, centre, float(levels[group].mean()))


def mode_of_pattern(crystal: HarmonicCrystal, pattern: Floats, centre: int, frequency: float) -> SoftMode:
    """The mode of any three independent patterns (n, 3, 3), turned and scaled so that the centre moves by one.

    Raises InputError when the centre does not move in three directions, or the shape is not that of the cell.
    """
    if pattern.shape != (len(crystal.symbols), 3, 3) or not np.isfinite(pattern).all():
        raise InputError(
            f"the pattern of the mode has the shape {pattern.shape}",
            where="mode",
            fix=f"give {len(crystal.symbols)} x 3 x 3 numbers: atom, direction, component",
        )
    own = pattern[centre]
    if abs(np.linalg.det(own)) < 1e-6 * max(float(np.abs(pattern).max()), 1e-300) ** 3:
        raise InputError(
            f"the mode does not move {crystal.symbols[centre]}, on which it is to be centred",
            where="mode",
            fix="choose another centre",
        )
    scaled = pattern @ np.linalg.inv(own)
    born, _ = crystal.polar()
    charge = mode_charge(born, scaled)
    mass = mode_mass(crystal.masses, scaled)
    return SoftMode(scaled, centre, frequency, charge, mass, mode_angular_momentum(crystal.masses, scaled))


def scaled_mode(mode: SoftMode, factor: float) -> SoftMode:
    """The mode for the coordinate u' = u/factor: the pattern is `factor` times as large."""
    return SoftMode(
        mode.pattern * factor,
        mode.centre,
        mode.frequency,
        mode.charge * factor,
        mode.mass * factor**2,
        mode.angular * factor**2,
    )


def split_frequencies(crystal: HarmonicCrystal, axis: int) -> Floats:
    """(3n,) THz as q -> 0 along x, y or z, with the macroscopic field of the longitudinal modes."""
    return frequencies(crystal.limit_at_gamma(np.eye(3)[axis]).astype(complex), crystal.masses)
