"""The polar structure that a cubic reference distorts into: read from a file, and compared with it atom by atom.

A POSCAR of VASP 5 or later, or a YAML file of phonopy whose cell (unit_cell or primitive_cell) it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.phonopy_files import read_yaml_text
from crosscurrent.models.phonopy_structure import atoms_of, units
from crosscurrent.models.phonopy_yaml import parse_sections, section_names
from crosscurrent.models.wannier90.files import read_bytes
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: An atom of the polar structure is farther from its place in the reference than this only when it is another atom's.
_FARTHEST = 0.7
#: Neither a cell nor an atom in it comes near this, in angstrom or in cells.
_LARGEST = 1e4
_POSCAR = "give a POSCAR with a line of element names, or phonopy's YAML"


@dataclass(frozen=True, eq=False)
class Structure:
    """lattice: (3, 3), rows in angstrom. positions: (n, 3), reduced. symbols: (n,)."""

    lattice: Floats
    positions: Floats
    symbols: tuple[str, ...]


def read_structure(path: str | Path) -> Structure:
    """The structure of a file. Raises InputError, naming it, for anything that is none."""
    if Path(str(path).removesuffix(".gz").removesuffix(".xz")).suffix in (".yaml", ".yml"):
        return _of_yaml(path)
    return _of_poscar(read_bytes(path).decode("utf-8-sig", errors="replace"), str(path))


def _of_yaml(path: str | Path) -> Structure:
    text, where = read_yaml_text(path), str(path)
    cells = [name for name in ("primitive_cell", "unit_cell") if name in section_names(text, where)]
    if not cells:
        raise InputError("has no unit_cell", where=where, fix=_POSCAR)
    sections = dict(parse_sections(text, ("phonopy", "physical_unit", cells[0]), where))
    atoms = atoms_of(sections, cells[0], units(sections, where)[0], where)
    return Structure(atoms.lattice, atoms.positions, atoms.symbols)


def _of_poscar(text: str, where: str) -> Structure:
    lines = text.splitlines()
    try:
        scale = float(lines[1])
        lattice = np.array([lines[i].split()[:3] for i in (2, 3, 4)], dtype=float)
        symbols, counts = lines[5].split(), [int(n) for n in lines[6].split()]
        start = 8 if lines[7].strip()[:1] in ("S", "s") else 7
        cartesian = lines[start].strip()[:1] in ("C", "c", "K", "k")
        n = sum(counts)
        if min(counts) < 0 or n > len(lines):
            raise ValueError("more atoms than lines")
        places = np.array([line.split()[:3] for line in lines[start + 1 : start + 1 + n]], dtype=float)
        names = tuple(name for name, count in zip(symbols, counts, strict=True) for _ in range(count))
    except (ValueError, IndexError) as error:
        raise InputError("is not a POSCAR", where=where, fix=_POSCAR) from error
    sizes = (lattice, places, np.array(scale))
    if places.shape != (n, 3) or n == 0 or not all((np.abs(size) < _LARGEST).all() for size in sizes) or scale == 0:
        raise InputError("is not a complete POSCAR", where=where, fix=_POSCAR)
    volume = float(abs(np.linalg.det(lattice)))
    if not volume > 1e-6:
        raise InputError("is not a complete POSCAR", where=where, fix=_POSCAR)
    # a negative number is the volume
    factor = scale if scale > 0 else (-scale / volume) ** (1 / 3)
    reduced = places @ np.linalg.inv(lattice) if cartesian else places
    return Structure(lattice * factor, np.asarray(reduced), names)


def endpoint_displacements(crystal: HarmonicCrystal, polar: Structure, where: str = "endpoint") -> tuple[Floats, str]:
    """(displacements (n, 3) angstrom of the reference's atoms, in its own order and cell; a note on the strain or "").

    Both may have their atoms in another order and their origin elsewhere. A strained cell is brought back to that of
    the reference, since the strain belongs to no mode. Raises InputError when the two are not the same crystal.
    """
    if sorted(polar.symbols) != sorted(crystal.symbols):
        raise InputError(
            f"holds {' '.join(polar.symbols)} where the reference has {' '.join(crystal.symbols)}",
            where=where,
            fix="give the polar structure in the primitive cell of the reference",
        )
    strain = polar.lattice @ np.linalg.inv(crystal.lattice) - np.eye(3)
    found = [
        _matched(crystal, polar, polar.positions[at] - crystal.positions[0])
        for at, symbol in enumerate(polar.symbols)
        if symbol == crystal.symbols[0]
    ]
    best = min(found, key=lambda moves: float(np.linalg.norm(moves - moves.mean(axis=0), axis=1).max()))
    farthest = float(np.linalg.norm(best - best.mean(axis=0), axis=1).max())
    if not farthest < _FARTHEST or np.abs(strain).max() > 0.1:
        raise InputError(
            "is not a small distortion of the reference",
            where=where,
            fix="give the polar structure in the primitive cell of the reference, along the same axes",
        )
    size = float(np.abs(strain).max())
    return best, f"the cell of the polar structure is strained by up to {size:.2e}, which is left out" * (size > 1e-4)


def _matched(crystal: HarmonicCrystal, polar: Structure, shift: Floats) -> Floats:
    """Displacements of each atom to the nearest free one of its kind in the polar structure, moved back by shift."""
    apart = polar.positions[None] - shift - crystal.positions[:, None]
    moves = (apart - np.rint(apart)) @ crystal.lattice
    alike = np.array([[a == b for b in polar.symbols] for a in crystal.symbols])
    distance = np.where(alike, np.linalg.norm(moves, axis=-1), np.inf)
    out = np.zeros((len(crystal.symbols), 3))
    for _ in crystal.symbols:
        atom, other = np.unravel_index(int(distance.argmin()), distance.shape)
        out[atom] = moves[atom, other]
        distance[atom], distance[:, other] = np.inf, np.inf
    return out
