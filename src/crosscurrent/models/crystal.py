"""A harmonic crystal: cell, masses, force constants of a supercell, Born charges and eps_inf.

The readers that make one from phonopy's files are in `phonopy_crystal`. With Born charges the dipole-dipole part of
the force constants is summed over all ions by Ewald's method and only the rest is interpolated (Gonze and Lee, Phys.
Rev. B 55, 10355 (1997)).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.lattice_sum import LatticeSum
from crosscurrent.physics.dynamical_matrix import (
    commensurate_points,
    frequencies,
    interpolated_blocks,
    wigner_seitz_images,
)
from crosscurrent.physics.ewald import dipole_force_constants, dressed, macroscopic_tensor
from crosscurrent.physics.lattice_units import COULOMB
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Complexes = NDArray[np.complex128]

#: A sum of Born charges below this is the rounding of printed digits, e.
_ROUNDING = 1e-4
#: A larger mean charge an atom says that the charges belong to another cell, e.
_LARGEST_CHARGE = 0.1


@dataclass(frozen=True, eq=False)
class HarmonicCrystal:
    """Force constants of a crystal around a reference structure.

    lattice: (3, 3), rows in angstrom. positions: (n, 3), reduced. symbols: (n,). masses: (n,) amu. supercell: (3, 3),
    rows in units of the primitive vectors. site: (N,), the primitive atom that each atom of the supercell repeats.
    shift: (N, 3), at which lattice vector. constants: (n, N, 3, 3) eV/angstrom^2, of an atom at lattice vector zero
    and each atom of the supercell. born: (n, 3, 3) e, first index polarization. dielectric: eps_inf (3, 3).
    notes: what was corrected on the way.

    Raises InputError for shapes that disagree, values that are not finite, and charges that are not neutral.
    """

    lattice: Floats
    positions: Floats
    symbols: tuple[str, ...]
    masses: Floats
    supercell: Integers
    site: Integers
    shift: Integers
    constants: Floats
    born: Floats | None = None
    dielectric: Floats | None = None
    name: str = "crystal"
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, n_super = len(self.symbols), len(self.site)
        expected = {
            "lattice": (3, 3),
            "positions": (n, 3),
            "masses": (n,),
            "shift": (n_super, 3),
            "constants": (n, n_super, 3, 3),
            "born": (n, 3, 3),
            "dielectric": (3, 3),
        }
        for key, shape in expected.items():
            value = getattr(self, key)
            if value is not None and (value.shape != shape or not np.isfinite(value).all()):
                raise InputError(
                    f"{key} has the shape {value.shape} or values that are not finite; {shape} is needed",
                    where=self.name,
                    fix="check that the files belong to one calculation",
                )
        if not (self.masses > 0).all():
            raise InputError("a mass is not above 0", where=self.name, fix="give masses in amu")
        if (self.born is None) != (self.dielectric is None):
            raise InputError("Born charges and eps_inf come together", where=self.name, fix="give both, or neither")

    @property
    def volume(self) -> float:
        """Of the primitive cell, angstrom^3."""
        return float(abs(np.linalg.det(self.lattice)))

    def force_constants(self, wave_vectors: ArrayLike) -> Complexes:
        """Phi(q), (nq, n, n, 3, 3) eV/angstrom^2. wave_vectors: (nq, 3), reduced.

        At q = 0 without the macroscopic field of a polar mode: for its limit see `limit_at_gamma`.
        """
        waves = np.atleast_2d(np.asarray(wave_vectors, dtype=float))
        return self._interpolated.at(waves) + self._dipoles(waves)

    def limit_at_gamma(self, direction: ArrayLike) -> Floats:
        """Phi(q) as q -> 0 along a Cartesian direction, (n, n, 3, 3) eV/angstrom^2, macroscopic field included.

        Raises InputError without Born charges.
        """
        born, dielectric = self.polar()
        field = macroscopic_tensor(self.volume, dielectric, direction)
        every_pair = np.broadcast_to(field, (len(born), len(born), 3, 3)).astype(complex)
        limit: Floats = (self.force_constants(np.zeros((1, 3)))[0] + COULOMB * dressed(every_pair, born)).real
        return limit

    def frequencies(self, wave_vectors: ArrayLike) -> Floats:
        """(nq, 3n) THz, rising; negative where a mode is unstable. wave_vectors: (nq, 3), reduced."""
        return frequencies(self.force_constants(wave_vectors), self.masses)

    def polar(self) -> tuple[Floats, Floats]:
        """(Born charges (n, 3, 3) e, eps_inf (3, 3)). Raises InputError when the crystal has none."""
        if self.born is None or self.dielectric is None:
            raise InputError(
                "there are no Born charges and no dielectric tensor",
                where=self.name,
                fix="give the file BORN, or phonopy.yaml with a section nac",
            )
        return self.born, self.dielectric

    @cached_property
    def commensurate(self) -> Floats:
        """The wave vectors at which the supercell gives force constants without interpolation, reduced, (nq, 3)."""
        return commensurate_points(self.supercell)

    def _dipoles(self, waves: Floats) -> Complexes | float:
        if self.born is None or self.dielectric is None:
            return 0.0
        return dipole_force_constants(self.lattice, self.positions, self.born, self.dielectric, waves)

    @cached_property
    def _interpolated(self) -> LatticeSum:
        """What is left of the force constants without dipoles, each pair shared by its nearest images."""
        rest = self.constants.copy()
        if self.born is not None:
            waves = self.commensurate
            dipoles = np.asarray(self._dipoles(waves))
            phases = np.exp(-2j * np.pi * waves @ self.shift.T) / len(waves)
            rest -= np.einsum("qj,qajxy->ajxy", phases, dipoles[:, :, self.site]).real
        images = wigner_seitz_images(self.lattice, self.positions, self.supercell, self.site, self.shift)
        vectors, blocks = interpolated_blocks(rest, images, self.site)
        return LatticeSum(vectors, blocks.astype(complex))


def neutral_charges(born: Floats, where: str) -> tuple[Floats, str]:
    """(charges (n, 3, 3) that sum to zero, a note on what was taken off, or "").

    A sum within the rounding of printed digits is left alone. Raises InputError for charges far from neutral.
    """
    excess = born.sum(axis=0)
    size = float(np.abs(excess).max())
    if size > _LARGEST_CHARGE * len(born):
        raise InputError(
            f"the Born charges sum to {size:.3g} e",
            where=where,
            fix="check that BORN belongs to this cell and lists the atoms in its order",
        )
    if size < _ROUNDING:
        return born, ""
    return born - excess / len(born), f"the Born charges summed to {size:.2e} e; each was shifted by its share"
