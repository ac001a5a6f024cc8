"""A lattice of local polar modes: one three-component displacement a cell, its charge, mass and couplings.

A record is a JSON file (schema `crosscurrent-local-mode/1`) or a `LocalMode`. `local_mode("batio3-b")` gives one that
travels with the package.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.dipole_kernel import KERNELS, dipole_kernel
from crosscurrent.physics.lattice_energy import Couplings, couplings
from crosscurrent.physics.lattice_kernel import short_range_kernel
from crosscurrent.physics.lattice_langevin import inverse_root
from crosscurrent.physics.lattice_observables import polarization_per_displacement
from crosscurrent.physics.lattice_units import ACCELERATION
from crosscurrent.physics.well import Well
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Vector = tuple[int, int, int]

#: A kernel counts as symmetric, or as summing to zero, up to this fraction of its largest element.
_SYMMETRIC = 1e-9


#: No charge, mass, length or coupling in these units comes near this.
_LARGEST = 1e30


@dataclass(frozen=True, eq=False)
class LocalMode:
    """charge: Z, (3, 3) e. mass: M, (3, 3) amu. angular: Lambda^(k)_ab, (3, 3, 3) amu, k first.

    volume: of a cell, angstrom^3. eps_inf: (3, 3). lattice_constant: angstrom, of the simple cubic lattice of cells.
    well: the on-site potential, with the polar axis. blocks: K_sr(R), (3, 3) eV/angstrom^2 by lattice vector. dipole:
    "damped" (with eta times the lattice constant) or "bare": the dipole kernel that the short range was made with.
    name, source: in words.

    Raises InputError for a mass or eps_inf that is not symmetric and positive, a well that is not bounded or has no
    minimum off the centre, and a kernel that breaks inversion or does not sum to zero.
    """

    charge: Floats
    mass: Floats
    angular: Floats
    volume: float
    eps_inf: Floats
    lattice_constant: float
    well: Well
    blocks: dict[Vector, Floats] = field(repr=False)
    dipole: str = "damped"
    eta: float = 1.2
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        where = self.name or "local mode"
        for key, shape in (("charge", (3, 3)), ("mass", (3, 3)), ("angular", (3, 3, 3)), ("eps_inf", (3, 3))):
            value = np.array(getattr(self, key), dtype=float)
            if value.shape != shape or not (np.abs(value) < _LARGEST).all():
                raise InputError(f"{key} has to be {shape} finite numbers, got {value.shape}", where=where)
            object.__setattr__(self, key, value)
        for key in ("mass", "eps_inf"):
            _check_positive(getattr(self, key), key, where)
        for key in ("volume", "lattice_constant", "eta"):
            if not 1 / _LARGEST < getattr(self, key) < _LARGEST:
                raise InputError(f"{key} has to be positive, got {getattr(self, key)}", where=where)
        if not np.allclose(self.angular, -self.angular.transpose(0, 2, 1), atol=1e-9 * np.abs(self.angular).max()):
            raise InputError(
                "Lambda^(k) is not antisymmetric", where=where, fix="L_k = u.Lambda^(k).v of a cross product"
            )
        if self.dipole not in KERNELS:
            raise InputError(
                f"unknown dipole kernel '{self.dipole}'", where=where, fix="choose from " + ", ".join(KERNELS)
            )
        _check_well(self.well, where)
        object.__setattr__(self, "blocks", _checked_blocks(self.blocks, where))

    @property
    def polarization_per_displacement(self) -> Floats:
        """dP/du = Z/Omega, (3, 3) C/m^2 per angstrom, S14."""
        return polarization_per_displacement(self.charge, self.volume)

    @property
    def polarization(self) -> Floats:
        """P of the ordered state, (3,) C/m^2."""
        return np.asarray(self.polarization_per_displacement @ self.well.ordered)

    def couplings(self, slab: Slab) -> Couplings:
        """The couplings between the cells of a slab."""
        return couplings(slab, self.blocks, self.charge, self.eps_inf, self.volume, self.dipole, self.eta)

    def frequencies(self, q: ArrayLike) -> Floats:
        """Mode frequencies of the infinite crystal in its ordered state, (..., 3) THz, negative for imaginary ones.

        q: (..., 3) radians a cell. At q = 0 there is no macroscopic field; a small q along a direction has it.
        """
        tensors = (self.charge, self.eps_inf, self.volume, self.dipole, self.eta)
        long_range = dipole_kernel(q, *tensors) - dipole_kernel(np.zeros(3), *tensors)
        matrix = self.well.stiffness + short_range_kernel(q, self.blocks) + long_range
        root = inverse_root(self.mass)
        squares = np.linalg.eigvalsh(root @ matrix @ root) * ACCELERATION
        return np.asarray(np.sign(squares) * np.sqrt(np.abs(squares)) / (2 * np.pi))

    def with_kernel(self, blocks: dict[Vector, Floats], dipole: str | None = None) -> LocalMode:
        """The same mode with another short-range kernel, and the dipole kernel that goes with it."""
        return replace(self, blocks=blocks, dipole=dipole or self.dipole, name=f"{self.name}, another kernel")


def _check_positive(matrix: Floats, key: str, where: str) -> None:
    if not np.allclose(matrix, matrix.T, atol=1e-9 * np.abs(matrix).max()):
        raise InputError(f"{key} is not symmetric", where=where)
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    if lowest <= 0:
        raise InputError(f"{key} has the eigenvalue {lowest:.4g}; all have to be positive", where=where)


def _check_well(well: Well, where: str) -> None:
    numbers = (well.a2, well.b4, well.c6, well.kappa, *well.axis)
    if not all(math.isfinite(x) for x in numbers) or len(well.axis) != 3:
        raise InputError("the well has a coefficient that is not a finite number", where=where)
    if abs(math.hypot(*well.axis) - 1) > 1e-9:
        raise InputError(f"the polar axis {well.axis} is not a unit vector", where=where)
    if well.c6 < 0 or (well.c6 == 0 and well.b4 <= 0):
        raise InputError(
            f"the on-site potential is not bounded from below (b4 = {well.b4:g}, c6 = {well.c6:g})",
            where=where,
            fix="use a quartic well that matches barrier and minimum: a2 = -4 E_b/u0^2, b4 = 4 E_b/u0^4, c6 = 0",
        )
    if well.a2 >= 0:
        raise InputError(
            f"the on-site potential has its minimum at the centre (a2 = {well.a2:g}), so nothing is polarized",
            where=where,
            fix="a ferroelectric well has a2 < 0",
        )
    if well.kappa < 0:
        raise InputError(
            f"kappa_perp = {well.kappa:g} pushes the mode off its axis", where=where, fix="give kappa >= 0"
        )


def _checked_blocks(blocks: dict[Vector, Floats], where: str) -> dict[Vector, Floats]:
    """The blocks as arrays, sorted; K(R) = K(R)^T = K(-R) and sum K = 0 are what makes S8 the gradient of S7."""
    out = {tuple(int(n) for n in vector): np.array(block, dtype=float) for vector, block in sorted(blocks.items())}
    if not out:
        raise InputError("the short-range kernel has no blocks", where=where, fix="give at least K(0) = 0")
    for vector, block in out.items():
        if len(vector) != 3 or block.shape != (3, 3) or not np.isfinite(block).all():
            raise InputError(f"K({vector}) has to be 3 x 3 finite numbers", where=where)
    scale = max(float(np.abs(block).max()) for block in out.values()) or 1.0
    for vector, block in out.items():
        x, y, z = vector
        partner = out.get((-x, -y, -z))
        if partner is None:
            raise InputError(f"K({vector}) has no partner K({(-x, -y, -z)})", where=where, fix="give both")
        off = max(float(np.abs(block - partner).max()), float(np.abs(block - block.T).max()))
        if off > _SYMMETRIC * scale:
            raise InputError(
                f"the short-range kernel breaks inversion: K({vector}) differs from its transpose or from K(-R) by "
                f"{off:.3g} eV/angstrom^2",
                where=where,
                fix="project with the mode centred on an inversion centre, sharing ions on a cell's boundary by halves",
            )
    excess = float(np.abs(sum(out.values(), np.zeros((3, 3)))).max())
    if excess > _SYMMETRIC * scale:
        raise InputError(
            f"the short-range kernel does not sum to zero: {excess:.3g} eV/angstrom^2 is left over",
            where=where,
            fix="put minus the sum of the neighbours on site; what a uniform displacement costs belongs to the well",
        )
    return out  # type: ignore[return-value]
