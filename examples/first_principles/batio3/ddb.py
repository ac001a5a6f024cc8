"""abinit's derivative database (DDB), text: second derivatives of the energy, made Cartesian.

Conventions of the file: displacements are reduced; a wave of wave vector q moves the atom at lattice vector R by
exp(2 pi i q.R), without the position of the atom in its cell; the electric field is perturbation n + 2.
Gonze and Lee, Phys. Rev. B 55, 10355 (1997).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import constants as _c

BOHR = _c.physical_constants["Bohr radius"][0] * 1e10
HARTREE = _c.physical_constants["Hartree energy in eV"][0]
SYMBOLS = {56: "Ba", 22: "Ti", 8: "O"}
_NUMBER = re.compile(r"[+-]?\d*\.\d+(?:[DE][+-]?\d+)?|[+-]?\d+")


@dataclass(frozen=True)
class Header:
    """lattice: (3, 3), rows in angstrom. positions: (n, 3) reduced. kinds, numbers: of each atom; masses: (n,) amu.

    charges: (n,) of the ionic cores, e.
    """

    lattice: np.ndarray
    positions: np.ndarray
    kinds: list[int]
    symbols: list[str]
    masses: np.ndarray
    charges: np.ndarray


@dataclass(frozen=True)
class Derivatives:
    """One block of second derivatives: q (3,), values (p, 3, p, 3) complex Ha, known the same shape."""

    q: np.ndarray
    values: np.ndarray
    known: np.ndarray


def read_header(path: Path) -> Header:
    """Structure and pseudopotential charges of a DDB."""
    head = path.read_text().split("**** Database of total energy derivatives")[0]
    n, kinds = int(_field(head, "natom")[0]), _field(head, "typat")
    of_kind = np.array(kinds, dtype=int) - 1
    lattice = np.array(_field(head, "acell"))[:, None] * np.array(_field(head, "rprim")).reshape(3, 3) * BOHR
    numbers = np.array(_field(head, "znucl"))[of_kind]
    return Header(
        lattice=lattice,
        positions=np.array(_field(head, "xred")).reshape(n, 3),
        kinds=[int(k) for k in of_kind],
        symbols=[SYMBOLS[round(z)] for z in numbers],
        masses=np.array(_field(head, "amu"))[of_kind],
        charges=np.array(_field(head, "zion"))[of_kind],
    )


def _field(head: str, name: str) -> list[float]:
    """The numbers behind a name at the start of a line, up to the next line that begins with a name."""
    match = re.search(rf"^\s*{name}\s+((?:[^A-Za-z]|(?<=\d)[DE](?=[+-]))*)", head, re.MULTILINE)
    if match is None:
        raise ValueError(f"the DDB has no '{name}'")
    return [float(word.replace("D", "E")) for word in _NUMBER.findall(match[1])]


def read_derivatives(path: Path) -> list[Derivatives]:
    """All blocks of second derivatives."""
    text = path.read_text()
    size = int(_field(text, "natom")[0])
    out = []
    for block in re.split(r"^ *2nd derivatives", text, flags=re.MULTILINE)[1:]:
        lines = block.splitlines()
        weighted = [float(x.replace("D", "E")) for x in lines[1].split()[1:]]
        values = np.zeros((size + 8, 3, size + 8, 3), dtype=complex)
        known = np.zeros(values.shape, dtype=bool)
        for line in lines[2:]:
            words = line.replace("D", "E").split()
            if len(words) != 6:
                break
            i, p, j, s = (int(word) - 1 for word in words[:4])
            values[p, i, s, j] = float(words[4]) + 1j * float(words[5])
            known[p, i, s, j] = True
        out.append(Derivatives(np.array(weighted[:3]) / weighted[3], values, known))
    return out


def force_constants(block: Derivatives, header: Header) -> np.ndarray:
    """Phi(q), (n, n, 3, 3) eV/angstrom^2, without a macroscopic field at q = 0. Raises ValueError when incomplete."""
    n = len(header.symbols)
    if not block.known[:n, :, :n].all():
        raise ValueError(f"the derivatives at q = {block.q} are not complete")
    inverse = np.linalg.inv(header.lattice)  # d(reduced, column)/d(Cartesian, row)
    return np.einsum("xi,aibj,yj->abxy", inverse, block.values[:n, :, :n], inverse) * HARTREE


def polar(block: Derivatives, header: Header) -> tuple[np.ndarray, np.ndarray]:
    """(Born charges (n, 3, 3) e, first index polarization; eps_inf (3, 3)). Raises ValueError when incomplete."""
    n = len(header.symbols)
    if not (block.known[n + 1, :, :n].all() and block.known[n + 1, :, n + 1].all()):
        raise ValueError("the derivatives with respect to the electric field are not complete")
    lattice = header.lattice / BOHR
    to_field = lattice.T / (2 * np.pi)
    mixed = np.einsum("xi,iaj,yj->axy", to_field, block.values[n + 1, :, :n].real, np.linalg.inv(lattice))
    second = to_field @ block.values[n + 1, :, n + 1].real @ to_field.T
    volume = abs(np.linalg.det(lattice))
    born = mixed + header.charges[:, None, None] * np.eye(3)
    return born, np.eye(3) - 4 * np.pi / volume * second
