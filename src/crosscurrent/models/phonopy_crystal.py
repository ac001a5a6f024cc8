"""phonopy_params.yaml or phonopy.yaml, with FORCE_CONSTANTS, FORCE_SETS and BORN beside it -> harmonic crystal.

phonopy itself is not needed. Files that are not named are looked for beside the YAML file, as phonopy does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.crystal import HarmonicCrystal, neutral_charges
from crosscurrent.models.phonopy_data import phonopy_file
from crosscurrent.models.phonopy_files import (
    Displacement,
    read_born,
    read_force_constants,
    read_force_sets,
    read_yaml_text,
)
from crosscurrent.models.phonopy_structure import Atoms, array_of, atoms_of, repeated, row_atoms, units
from crosscurrent.models.phonopy_yaml import parse_sections, section_names
from crosscurrent.physics.force_constants import (
    Operations,
    cell_operations,
    expanded_charges,
    fit_force_constants,
    supercell_columns,
    symmetrized,
    symmetrized_charges,
)
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SECTIONS = (
    "phonopy",
    "physical_unit",
    "primitive_cell",
    "supercell",
    "nac",
    "born_effective_charge",
    "dielectric_constant",
    "force_constants",
    "displacements",
)
#: A Born charge may miss the symmetry of the cell by this much before it is taken for another cell's, e.
_ASYMMETRY = 0.1
#: Born charges beyond this are a slip, e.
_LARGEST_CHARGE = 1e3


def load_phonopy(
    path: str | Path,
    *,
    force_constants: str | Path | None = None,
    force_sets: str | Path | None = None,
    born: str | Path | None = None,
    symmetrize: bool = True,
    symprec: float = 1e-5,
) -> HarmonicCrystal:
    """The harmonic crystal of a phonopy calculation.

    path: phonopy_params.yaml or phonopy.yaml, plain, .gz or .xz; or "batio3-cubic", which comes with the package.
    force_constants, force_sets, born: text files that take the place of what the YAML file holds; without them and
    without sections of the YAML file, FORCE_CONSTANTS, FORCE_SETS and BORN beside it are read if they exist.
    symmetrize: makes the force constants obey the acoustic sum rule and the exchange of their indices. symprec: for the
    symmetry of the cell, angstrom.

    Units of physical_unit are converted to eV, angstrom and amu. Born charges are optional here; what needs them asks.
    Raises InputError, naming file and section, for anything missing, damaged, inconsistent, or of another cell.
    """
    path = phonopy_file(path)
    where = str(path)
    sections = _sections(path)
    length, stiffness = units(sections, where)
    primitive = atoms_of(sections, "primitive_cell", length, where)
    whole = atoms_of(sections, "supercell", length, where)
    supercell, site, shift = repeated(primitive, whole, where)
    rows = row_atoms(whole, site, len(primitive.symbols))
    found = _constants(sections, path, force_constants, force_sets, whole, rows, symprec)
    constants = _aligned(found, rows, site, shift, supercell) * stiffness
    notes: list[str] = []
    if symmetrize:
        constants, notes = _symmetrized(constants, site, shift, supercell)
    charges, dielectric, remarks = _polar(sections, path, born, primitive, symprec)
    return HarmonicCrystal(
        lattice=primitive.lattice,
        positions=primitive.positions,
        symbols=primitive.symbols,
        masses=primitive.masses,
        supercell=supercell,
        site=site,
        shift=shift,
        constants=constants,
        born=charges,
        dielectric=dielectric,
        name=_formula(primitive.symbols),
        source=f"phonopy, {Path(path).name}",
        notes=(*notes, *remarks),
    )


def _symmetrized(constants: Floats, site: Integers, shift: Integers, supercell: Integers) -> tuple[Floats, list[str]]:
    """The force constants with their sum rules, and a note when that changed them."""
    corrected = symmetrized(constants, site, shift, supercell)
    change = float(np.abs(corrected - constants).max())
    note = f"sum rules changed the force constants by up to {change:.2e} eV/angstrom^2"
    return corrected, [note] if change > 1e-6 else []


def _sections(path: str | Path) -> dict[str, Any]:
    text = read_yaml_text(path)
    names = section_names(text, str(path))
    for needed in ("primitive_cell", "supercell"):
        if needed not in names:
            raise InputError(
                f"has no section '{needed}'",
                where=str(path),
                fix="give phonopy_params.yaml or phonopy.yaml as phonopy 2 or later writes it",
            )
    return dict(parse_sections(text, _SECTIONS, str(path)))


def _constants(
    sections: dict[str, Any],
    path: str | Path,
    force_constants: str | Path | None,
    force_sets: str | Path | None,
    whole: Atoms,
    rows: list[int],
    symprec: float,
) -> Floats:
    """(n, N, 3, 3) in the file's unit, rows as asked: of a file named, else the YAML file, else a file beside."""
    beside = Path(path).parent
    if force_constants is not None and force_sets is not None:
        raise InputError("force constants and force sets are both given", where=str(path), fix="give one of them")
    if force_constants is not None:
        return _from_file(force_constants, rows, len(whole.symbols))
    if force_sets is not None:
        return _fitted(read_force_sets(force_sets, len(whole.symbols)), whole, rows, symprec)
    if sections.get("force_constants") is not None:
        return _from_section(sections["force_constants"], rows, len(whole.symbols), f"{path}, force_constants")
    displaced = _displacements(sections.get("displacements"), len(whole.symbols), f"{path}, displacements")
    if displaced is not None:
        return _fitted(displaced, whole, rows, symprec)
    if (beside / "FORCE_CONSTANTS").is_file():
        return _from_file(beside / "FORCE_CONSTANTS", rows, len(whole.symbols))
    if (beside / "FORCE_SETS").is_file():
        return _fitted(read_force_sets(beside / "FORCE_SETS", len(whole.symbols)), whole, rows, symprec)
    raise InputError(
        "holds neither force constants nor forces",
        where=str(path),
        fix="give FORCE_CONSTANTS or FORCE_SETS, or the phonopy_params.yaml of 'phonopy --include-all'",
    )


def _fitted(displaced: list[Displacement], whole: Atoms, rows: list[int], symprec: float) -> Floats:
    kinds = [whole.symbols.index(symbol) for symbol in whole.symbols]
    return fit_force_constants(cell_operations(whole.lattice, whole.positions, kinds, symprec), displaced, rows)


def _chosen(values: Floats, first: Integers | None, rows: list[int], where: str) -> Floats:
    """The rows asked for, from a full or a compact array. first: the atoms that its rows stand for, if it says."""
    if len(values) == values.shape[1]:
        return values[rows]
    if len(values) != len(rows) or (first is not None and list(first) != rows):
        raise InputError(
            f"{len(values)} rows do not stand for the {len(rows)} atoms of the primitive cell",
            where=where,
            fix="check that it belongs to this phonopy.yaml",
        )
    return values


def _from_file(path: str | Path, rows: list[int], atoms: int) -> Floats:
    first, values = read_force_constants(path)
    if values.shape[1] != atoms:
        raise InputError(
            f"is for {values.shape[1]} atoms where the supercell has {atoms}",
            where=str(path),
            fix="check that it belongs to this phonopy.yaml",
        )
    return _chosen(values, first, rows, str(path))


def _from_section(section: Any, rows: list[int], atoms: int, where: str) -> Floats:
    shape = section.get("shape") if isinstance(section, dict) else None
    sizes = array_of(shape, (2,), f"{where}, shape").astype(int)
    elements = array_of(section.get("elements"), (int(sizes[0] * sizes[1]), 3, 3), f"{where}, elements")
    if sizes[1] != atoms:
        raise InputError(f"is for {sizes[1]} atoms where the supercell has {atoms}", where=where)
    return _chosen(elements.reshape(sizes[0], sizes[1], 3, 3), None, rows, where)


def _displacements(section: Any, atoms: int, where: str) -> list[Displacement] | None:
    """The displaced supercells of the YAML file, None when it has none with forces."""
    if not isinstance(section, list) or not section:
        return None
    if not all(isinstance(entry, dict) and "atom" in entry for entry in section):
        raise InputError(
            "lists displacements of all atoms at once",
            where=where,
            fix="give FORCE_CONSTANTS: such sets need phonopy's own fit",
        )
    if not any("forces" in entry for entry in section):
        return None
    found = []
    for number, entry in enumerate(section, start=1):
        here = f"{where}, entry {number}"
        atom = int(array_of(entry["atom"], (), f"{here}, atom"))
        if not 1 <= atom <= atoms:
            raise InputError(f"displaces atom {atom} of {atoms}", where=here)
        vector = array_of(entry.get("displacement"), (3,), f"{here}, displacement")
        found.append(Displacement(atom - 1, vector, array_of(entry.get("forces"), (atoms, 3), f"{here}, forces")))
    return found


def _aligned(found: Floats, rows: list[int], site: Integers, shift: Integers, supercell: Integers) -> Floats:
    """Rows of atoms wherever they stand -> rows of the primitive cell's own atoms, at lattice vector zero."""
    out = np.empty_like(found)
    for row, atom in enumerate(rows):
        out[row, supercell_columns(site, shift - shift[atom], site, shift, supercell)] = found[row]
    return out


def _polar(
    sections: dict[str, Any], path: str | Path, born: str | Path | None, primitive: Atoms, symprec: float
) -> tuple[Floats | None, Floats | None, list[str]]:
    """(Born charges, eps_inf, notes) of the file named, of the YAML file, or of BORN beside it."""
    beside = Path(path).parent / "BORN"
    nac = sections.get("nac")
    section = nac if isinstance(nac, dict) else sections
    if born is None and section.get("born_effective_charge") is None:
        if not beside.is_file():
            return None, None, []
        born = beside
    kinds = [primitive.symbols.index(symbol) for symbol in primitive.symbols]
    operations = cell_operations(primitive.lattice, primitive.positions, kinds, symprec)
    if born is not None:
        where = str(born)
        charges, dielectric = _charges_of_file(born, operations)
    else:
        where = f"{path}, nac"
        shape = (len(primitive.symbols), 3, 3)
        charges = array_of(section["born_effective_charge"], shape, f"{where}, born_effective_charge")
        dielectric = array_of(section.get("dielectric_constant"), (3, 3), f"{where}, dielectric_constant")
    if np.abs(charges).max() > _LARGEST_CHARGE:
        raise InputError(f"a Born charge of {np.abs(charges).max():.3g} e", where=where, fix="give charges in e")
    mean, change = symmetrized_charges(operations, charges)
    if change > _ASYMMETRY:
        raise InputError(
            f"the Born charges miss the symmetry of the cell by {change:.3g} e",
            where=where,
            fix="check that BORN belongs to this cell and lists its atoms in the same order",
        )
    notes = [f"symmetry changed the Born charges by up to {change:.2e} e"] if change > 1e-4 else []
    neutral, note = neutral_charges(mean, where)
    return neutral, dielectric, notes + ([note] if note else [])


def _charges_of_file(path: str | Path, operations: Operations) -> tuple[Floats, Floats]:
    """(charges of all atoms, eps_inf) of a BORN file, which may list only atoms that symmetry does not relate."""
    found = read_born(path)
    atoms = operations.permutations.shape[1]
    if len(found.charges) == atoms:
        return found.charges, found.dielectric
    charges = expanded_charges(operations, found.charges)
    if charges is None:
        orbits = len(np.unique(operations.permutations.min(axis=0)))
        raise InputError(
            f"holds {len(found.charges)} charges for a cell of {atoms} atoms, {orbits} of them independent",
            where=str(path),
            fix="check that BORN belongs to this cell",
        )
    return charges, found.dielectric


def _formula(symbols: tuple[str, ...]) -> str:
    """BaTiO3 from its atoms, in their order."""
    counts = {symbol: symbols.count(symbol) for symbol in dict.fromkeys(symbols)}
    return "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in counts.items())
