"""The structure part of phonopy's YAML: units, primitive cell, supercell, and how the one repeats the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.units import BOHR_ANGSTROM as _BOHR
from crosscurrent.units import HARTREE_EV as _HARTREE
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LENGTHS = {"angstrom": 1.0, "au": _BOHR}
_FORCE_CONSTANTS = {
    "ev/angstrom^2": 1.0,
    "ev/angstrom.au": 1 / _BOHR,
    "ry/au^2": _HARTREE / 2 / _BOHR**2,
    "mry/au^2": _HARTREE / 2000 / _BOHR**2,
    "hartree/au^2": _HARTREE / _BOHR**2,
    "hartree/angstrom.au": _HARTREE / _BOHR,
}
#: Atoms of the supercell sit this close to an atom of a repeated primitive cell, angstrom.
_PLACE = 1e-2


#: Longer than any cell, angstrom.
_FARTHEST = 1e4
#: Pairs of an atom of the primitive cell and one of the supercell, whose distances are held at once.
_PAIRS = 20_000_000


@dataclass(frozen=True)
class Atoms:
    """A cell of phonopy's YAML: lattice (3, 3) in angstrom, positions (n, 3) reduced, symbols, masses (n,) in amu.

    reduced_to: the atom, from 0, that stands for each atom in the rows of compact force constants; -1 where not said.
    """

    lattice: Floats
    positions: Floats
    symbols: tuple[str, ...]
    masses: Floats
    reduced_to: tuple[int, ...]


def units(sections: dict[str, Any], where: str) -> tuple[float, float]:
    """(angstrom a unit of length, eV/angstrom^2 a unit of force constants)."""
    given, header = (_map(sections.get(name)) for name in ("physical_unit", "phonopy"))
    calculator = str(header.get("calculator") or "vasp")
    if "length" not in given and "force_constants" not in given and calculator != "vasp":
        raise InputError(
            f"does not say in which units {calculator} wrote",
            where=where,
            fix="add length and force_constants to physical_unit",
        )
    mass = str(given.get("atomic_mass", "AMU"))
    if mass.lower() != "amu":
        raise InputError(f"masses are in '{mass}'", where=f"{where}, physical_unit", fix="amu is read")
    length = _unit(_LENGTHS, str(given.get("length", "angstrom")), f"{where}, physical_unit")
    stiffness = _unit(_FORCE_CONSTANTS, str(given.get("force_constants", "eV/angstrom^2")), f"{where}, physical_unit")
    return length, stiffness


def _map(section: Any) -> dict[str, Any]:
    return section if isinstance(section, dict) else {}


def _unit(table: dict[str, float], name: str, where: str) -> float:
    if name.lower() not in table:
        raise InputError(f"unknown unit '{name}'", where=where, fix="choose from " + ", ".join(table))
    return table[name.lower()]


def array_of(value: Any, shape: tuple[int, ...], where: str) -> Floats:
    """value as numbers of a shape. Raises InputError otherwise."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.shape != shape or not np.isfinite(array).all():
        size = " x ".join(str(n) for n in shape) or "one"
        raise InputError(f"{size} numbers are needed", where=where, fix="give the file as phonopy writes it")
    return array


def atoms_of(sections: dict[str, Any], name: str, length: float, path: str) -> Atoms:
    where = f"{path}, {name}"
    cell = _map(sections.get(name))
    points = cell.get("points")
    if not isinstance(points, list) or not points or not all(isinstance(point, dict) for point in points):
        raise InputError("lists no points", where=where, fix="give the file as phonopy 2 or later writes it")
    lattice = array_of(cell.get("lattice"), (3, 3), f"{where}, lattice") * length
    if not (np.abs(lattice) < _FARTHEST).all() or abs(np.linalg.det(lattice)) < 1e-6:
        raise InputError("the lattice vectors span no volume", where=where, fix="check the structure")
    n = len(points)
    positions = array_of([p.get("coordinates") for p in points], (n, 3), f"{where}, coordinates")
    if not (np.abs(positions) < _FARTHEST).all():
        raise InputError("an atom lies many cells away", where=where, fix="check the structure")
    masses = array_of([p.get("mass") for p in points], (n,), f"{where}, mass")
    reduced = array_of([p.get("reduced_to", 0) for p in points], (n,), f"{where}, reduced_to")
    symbols = tuple(str(p.get("symbol", "?")) for p in points)
    return Atoms(lattice, positions, symbols, masses, tuple(int(r) - 1 for r in reduced))


def repeated(primitive: Atoms, whole: Atoms, where: str) -> tuple[Integers, Integers, Integers]:
    """(supercell rows in units of the primitive vectors (3, 3), site (N,), shift (N, 3))."""
    ratio = whole.lattice @ np.linalg.inv(primitive.lattice)
    refusal = InputError(
        "the supercell does not repeat the primitive cell",
        where=where,
        fix="check that both sections belong to the same calculation",
    )
    n, n_super = len(primitive.symbols), len(whole.symbols)
    if np.abs(ratio).max() > n_super or n * n_super > _PAIRS:
        raise refusal
    supercell = np.rint(ratio).astype(np.int64)
    if np.abs((ratio - supercell) @ primitive.lattice).max() > _PLACE:
        raise refusal
    if n_super != n * round(abs(np.linalg.det(supercell))):
        raise refusal
    reduced = whole.positions @ ratio
    apart = reduced[:, None] - primitive.positions[None]
    vectors = np.rint(apart)
    distance = np.linalg.norm((apart - vectors) @ primitive.lattice, axis=-1)
    site = np.argmin(distance, axis=1)
    each = np.arange(n_super)
    alike = all(whole.symbols[j] == primitive.symbols[s] for j, s in enumerate(site))
    if distance[each, site].max() > _PLACE or not alike:
        raise refusal
    return supercell, site.astype(np.int64), vectors[each, site].astype(np.int64)


def row_atoms(whole: Atoms, site: Integers, n: int) -> list[int]:
    """The atom of the supercell that stands for each primitive atom: what `reduced_to` says, or the first."""
    chosen = {}
    for atom in reversed(range(len(site))):
        chosen[int(site[atom])] = atom
    for atom, target in enumerate(whole.reduced_to):
        if atom == target:
            chosen[int(site[atom])] = atom
    return [chosen[kind] for kind in range(n)]
