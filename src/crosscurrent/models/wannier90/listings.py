"""Small text files of Wannier90: `.eig`, `_centres.xyz` and what is needed of `.win`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crosscurrent.models.wannier90.files import Floats, as_text, expect, integers, numbers, read_bytes
from crosscurrent.models.wannier90.hoppings import checked_lattice
from crosscurrent.units import BOHR_ANGSTROM, InputError


@dataclass(frozen=True)
class Win:
    """What a `.win` tells: lattice (3, 3) rows in angstrom, mp_grid, spinors; None where it does not say."""

    path: str
    lattice: Floats | None
    grid: tuple[int, int, int] | None
    spinors: bool | None


def read_eig(path: str | Path) -> Floats:
    """Band energies (nk, nb) in eV. Raises InputError when a band or k-point is missing or repeated."""
    path = str(path)
    flat = numbers(as_text(read_bytes(path), path), path, skipped=0)
    if not len(flat) or len(flat) % 3:
        raise InputError("its lines do not hold 'band k-point energy'", where=path, fix="it may be truncated")
    rows = flat.reshape(-1, 3)
    labels = integers(rows[:, :2], path, "band and k-point numbers")
    n_bands, n_k = int(labels[:, 0].max()), int(labels[:, 1].max())
    expect(len(rows), n_bands * n_k, path, f"{n_bands} bands at {n_k} k-points")
    order = (labels[:, 1] - 1) * n_bands + labels[:, 0] - 1
    if (labels < 1).any() or (np.sort(order) != np.arange(len(rows))).any():
        raise InputError("a band or k-point is missing or repeated", where=path, fix="write the file again")
    energies = np.empty(len(rows))
    energies[order] = rows[:, 2]
    return energies.reshape(n_k, n_bands)


def read_centres(path: str | Path) -> Floats:
    """Centres (n, 3) in angstrom of the Wannier functions, the lines marked X. Raises InputError."""
    path = str(path)
    lines = as_text(read_bytes(path), path).split("\n")
    try:
        declared = int(lines[0])
    except ValueError:
        raise InputError("should begin with a number of lines", where=f"{path}, line 1") from None
    body = [line for line in lines[2:] if line.strip()]
    if declared != len(body):
        raise InputError(
            f"promises {declared} lines and holds {len(body)}", where=path, fix="it is truncated: write it again"
        )
    centres = []
    for number, line in enumerate(body, start=3):
        words = line.split()
        if len(words) != 4:
            raise InputError("a line should hold a label and three numbers", where=f"{path}, line {number}")
        if words[0] == "X":
            centres.append(numbers(" ".join(words[1:]), path, skipped=number - 1))
    if not centres or any(len(c) != 3 for c in centres):
        raise InputError("holds no Wannier centres (lines marked X)", where=path, fix="give seed_centres.xyz")
    return np.array(centres)


def read_win(path: str | Path) -> Win:
    """Lattice, k-mesh and spinor flag of a `.win`. Raises InputError for an unreadable value."""
    path = str(path)
    text = re.sub(r"[!#].*", "", as_text(read_bytes(path), path)).lower()
    block = _between(text)
    grid = re.search(r"^[ \t]*+mp_grid[ \t]*+[=:]?+[ \t]*+(.*)$", text, re.MULTILINE)
    spinors = re.search(r"^[ \t]*+spinors[ \t]*+[=:]?+[ \t]*+(\S++)[ \t]*+$", text, re.MULTILINE)
    if block is None and not (grid or spinors):
        raise InputError("is not a .win file: no unit cell, k-mesh or spinors", where=path)
    return Win(
        path,
        _cell(block, path) if block is not None else None,
        _grid(grid.group(1), path) if grid else None,
        spinors.group(1) in (".true.", "true", "t", ".t.") if spinors else None,
    )


def _between(text: str) -> str | None:
    """What stands between the first begin and the end of the unit cell, None without them."""
    begin = re.search(r"begin[ \t]++unit_cell_cart", text)
    end = re.compile(r"end[ \t]++unit_cell_cart").search(text, begin.end()) if begin else None
    return text[begin.end() : end.start()] if begin and end else None


def _cell(block: str, path: str) -> Floats:
    words = block.split()
    scale = 1.0
    if words and words[0].isalpha():
        unit = words.pop(0)
        if unit not in ("bohr", "ang", "angstrom"):
            raise InputError(f"unknown unit '{unit}' of unit_cell_cart", where=path, fix="use ang or bohr")
        scale = BOHR_ANGSTROM if unit == "bohr" else 1.0
    values = numbers(" ".join(words), path)
    expect(len(values), 9, path, "the three vectors of unit_cell_cart")
    return checked_lattice(scale * values.reshape(3, 3), path)


def _grid(line: str, path: str) -> tuple[int, int, int]:
    values = integers(numbers(line.replace(",", " "), path), path, "mp_grid")
    if len(values) != 3 or (values < 1).any():
        raise InputError("mp_grid should be three positive whole numbers", where=path)
    return int(values[0]), int(values[1]), int(values[2])
