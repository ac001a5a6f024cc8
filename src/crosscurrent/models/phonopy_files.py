"""phonopy's text files beside its YAML: FORCE_CONSTANTS, FORCE_SETS and BORN, and how any of its files is opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90.files import as_text, count, expect, numbers, read_bytes, sensible
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Displacement(NamedTuple):
    """One displaced supercell: the atom (from 0), its displacement (3,), the forces on all atoms (N, 3)."""

    atom: int
    vector: Floats
    forces: Floats


class BornFile(NamedTuple):
    """eps_inf (3, 3) and the charges (m, 3, 3) in e, of all atoms or of those that symmetry does not relate."""

    dielectric: Floats
    charges: Floats


def read_yaml_text(path: str | Path) -> str:
    """The text of a YAML file, unpacked when it is .gz or .xz. Raises InputError when it is not text."""
    data = read_bytes(path)
    if b"\0" in data:
        raise InputError(
            "is a binary file where text was expected", where=str(path), fix="give phonopy_params.yaml or phonopy.yaml"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not a text file", where=str(path), fix="give the file as phonopy writes it") from None


def read_force_constants(path: str | Path) -> tuple[Integers, Floats]:
    """FORCE_CONSTANTS: (atoms of the rows from 0, (n,)), and force constants (n, N, 3, 3) in the file's unit.

    Full files have n = N. Raises InputError, naming the file, when it is not complete.
    """
    text = as_text(read_bytes(path), path)
    values = numbers(text, path, skipped=0)
    header = text.strip().split("\n", 1)[0].split()
    if len(header) not in (1, 2):
        raise InputError(
            "does not begin with the numbers of atoms", where=str(path), fix="give FORCE_CONSTANTS as phonopy writes it"
        )
    rows, atoms = (count(values[at], path, "the number of atoms") for at in (0, len(header) - 1))
    body = values[len(header) :]
    expect(len(body), rows * atoms * 11, path, f"{rows} x {atoms} blocks of 3 x 3")
    blocks = body.reshape(rows, atoms, 11)
    first, second = blocks[:, 0, 0], blocks[:, :, 1]
    in_order = (blocks[:, :, 0] == first[:, None]).all() and (second == np.arange(1, atoms + 1)).all()
    if not in_order or (first != np.rint(first)).any() or first.min() < 1 or first.max() > atoms:
        raise InputError(
            "the pairs of atoms are out of order", where=str(path), fix="write the file with phonopy again"
        )
    return first.astype(np.int64) - 1, blocks[:, :, 2:].reshape(rows, atoms, 3, 3).copy()


def read_force_sets(path: str | Path, atoms: int) -> list[Displacement]:
    """FORCE_SETS of the kind with one displaced atom a supercell. atoms: of the supercell.

    Raises InputError for another number of atoms, a truncated file, and the kind with all atoms displaced.
    """
    text = as_text(read_bytes(path), path)
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or len(lines[0].split()) != 1:
        raise InputError(
            "lists displacements of all atoms at once",
            where=str(path),
            fix="give FORCE_CONSTANTS: such sets need phonopy's own fit",
        )
    values = numbers(text, path, skipped=0)
    if count(values[0], path, "the number of atoms") != atoms:
        raise InputError(
            f"is for {values[0]:g} atoms where the supercell has {atoms}",
            where=str(path),
            fix="give the FORCE_SETS of this calculation",
        )
    sets = count(values[1], path, "the number of displacements") if len(values) > 1 else 0
    size = 4 + 3 * atoms
    expect(max(len(values) - 2, 0), max(sets, 1) * size, path, f"{sets} displacements of {atoms} atoms")
    found = []
    for block in values[2:].reshape(sets, size):
        found.append(Displacement(_atom(block[0], atoms, path), block[1:4], block[4:].reshape(atoms, 3)))
    return found


def _atom(value: float, atoms: int, path: str | Path) -> int:
    atom = count(value, path, "the displaced atom")
    if atom > atoms:
        raise InputError(
            f"displaces atom {atom} of {atoms}", where=str(path), fix="check that the files belong together"
        )
    return atom - 1


def read_born(path: str | Path) -> BornFile:
    """BORN: a first line that is a comment or a conversion factor, eps_inf, and charges, nine numbers a line.

    Charges are in e and eps_inf is relative to the vacuum whatever the first line says; a conversion factor of
    another length or energy unit than angstrom and eV belongs to the force constants and is refused.
    Raises InputError, naming the line.
    """
    lines = as_text(read_bytes(path), path).split("\n")
    _check_factor(lines[0], path)
    tensors = []
    for number, line in enumerate(lines[1:], start=2):
        body = line.split("#")[0].split()
        if body:
            tensors.append(_tensor(body, f"{path}, line {number}"))
    if len(tensors) < 2:
        raise InputError(
            f"holds {len(tensors)} tensors where eps_inf and at least one charge are needed",
            where=str(path),
            fix="give BORN as phonopy-vasp-born or phonopy-qe-born write it",
        )
    return BornFile(tensors[0], np.array(tensors[1:]))


def _check_factor(line: str, path: str | Path) -> None:
    words = line.split("#")[0].split()
    try:
        factor = float(words[0]) if words else 14.4
    except ValueError:
        return  # "default" and other words: a comment
    if abs(factor - 14.4) > 0.01:
        raise InputError(
            f"has the conversion factor {factor:g}",
            where=f"{path}, line 1",
            fix="only eV and angstrom are read, factor 14.3996",
        )


def _tensor(words: Sequence[str], where: str) -> Floats:
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        raise InputError("is not a line of numbers", where=where, fix="give BORN as phonopy writes it") from None
    if len(values) != 9:
        raise InputError(f"holds {len(values)} numbers where a tensor needs 9", where=where)
    if not sensible(values):
        raise InputError("holds a number that no charge and no dielectric constant is", where=where)
    return values.reshape(3, 3)
