"""A cubic perovskite of charged balls and springs: every force constant known in closed form, and phonopy files of it.

The force constants of the supercell are made without wave vectors: springs pair by pair, dipoles by one Ewald sum over
the whole supercell. What the package interpolates from them has to be the springs' own Fourier sum and the Ewald sum of
the primitive cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.ewald import dipole_force_constants

Floats = NDArray[np.float64]

SYMBOLS = ("Ba", "Ti", "O", "O", "O")
POSITIONS = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
MASSES = np.array([137.327, 47.867, 15.9994, 15.9994, 15.9994])


@dataclass(frozen=True, eq=False)
class Perovskite:
    """springs: (longitudinal, transverse) eV/angstrom^2 of the bonds Ti-O, Ba-O and O-O. shape: of the supercell."""

    a: float = 4.0
    springs: dict[frozenset[str], tuple[float, float]] = field(
        default_factory=lambda: {
            frozenset(("Ti", "O")): (16.0, 1.2),
            frozenset(("Ba", "O")): (3.0, 0.3),
            frozenset(("O",)): (6.0, 1.2),
        }
    )
    eps: float = 5.5
    shape: tuple[int, int, int] = (2, 2, 2)

    @property
    def lattice(self) -> Floats:
        return self.a * np.eye(3)

    @property
    def born(self) -> Floats:
        """Neutral to the last digit."""
        out = np.zeros((5, 3, 3))
        out[0], out[1] = 2.5 * np.eye(3), 6.5 * np.eye(3)
        for oxygen in range(3):
            out[2 + oxygen] = np.diag([-5.0 if x == oxygen else -2.0 for x in range(3)])
        return out

    @property
    def dielectric(self) -> Floats:
        return self.eps * np.eye(3)

    def bonds(self) -> list[tuple[int, int, Floats, Floats]]:
        """(first atom, second atom, lattice vector of the second, spring matrix) of every bond, both ways."""
        out = []
        for (s, first), (t, second) in product(enumerate(SYMBOLS), enumerate(SYMBOLS)):
            spring = self.springs.get(frozenset((first, second)))
            if spring is None:
                continue
            nearest = 0.5 if {first, second} == {"Ti", "O"} else np.sqrt(0.5)
            for vector in product((-1, 0, 1), repeat=3):
                step = POSITIONS[t] + vector - POSITIONS[s]
                if abs(np.linalg.norm(step) - nearest) < 1e-6:
                    along = np.outer(step, step) / nearest**2
                    matrix = spring[1] * np.eye(3) + (spring[0] - spring[1]) * along
                    out.append((s, t, np.array(vector), matrix))
        return out

    def spring_matrix(self, q: Floats) -> NDArray[np.complex128]:
        """(nq, 5, 5, 3, 3) of the springs alone, from the bonds of the primitive cell."""
        out = np.zeros((len(q), 5, 5, 3, 3), dtype=complex)
        for s, t, vector, matrix in self.bonds():
            out[:, s, t] -= np.exp(2j * np.pi * q @ vector)[:, None, None] * matrix
            out[:, s, s] += matrix
        return out

    def exact(self, q: Floats) -> NDArray[np.complex128]:
        """Phi(q), (nq, 5, 5, 3, 3), without any supercell."""
        dipoles = dipole_force_constants(self.lattice, POSITIONS, self.born, self.dielectric, q)
        return self.spring_matrix(q) + dipoles

    def supercell(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(site (N,), lattice vector (N, 3)) in phonopy's order: atom by atom, x fastest."""
        nx, ny, nz = self.shape
        cells = [(x, y, z) for z, y, x in product(range(nz), range(ny), range(nx))]
        site = np.repeat(np.arange(5), len(cells))
        return site, np.array(cells * 5)

    @cached_property
    def constants(self) -> Floats:
        """All of the supercell, (N, N, 3, 3) eV/angstrom^2."""
        site, shift = self.supercell()
        n = len(site)
        out = np.zeros((n, n, 3, 3))
        at = {(int(s), *map(int, v)): j for j, (s, v) in enumerate(zip(site, shift, strict=True))}
        for s, t, vector, matrix in self.bonds():
            for i in np.flatnonzero(site == s):
                j = at[(t, *map(int, (shift[i] + vector) % self.shape))]
                out[i, j] -= matrix
                out[i, i] += matrix
        places = (POSITIONS[site] + shift) / self.shape
        whole = np.diag(self.shape) @ self.lattice
        out += dipole_force_constants(whole, places, self.born[site], self.dielectric, np.zeros((1, 3)))[0].real
        return out

    def displaced(self, length: float = 0.01) -> list[tuple[int, Floats, Floats]]:
        """The four supercells that phonopy asks for: (atom, displacement, forces)."""
        full = self.constants
        cells = int(np.prod(self.shape))
        moves = [(0, 0), (cells, 0), (2 * cells, 0), (2 * cells, 1)]
        out = []
        for atom, axis in moves:
            u = length * np.eye(3)[axis]
            out.append((atom, u, -np.einsum("x,jxy->jy", u, full[atom])))
        return out

    # ---- phonopy's files ----

    def yaml(self, *, constants: str = "compact", nac: bool = True, units: str = "", cell: int = 0) -> str:
        """phonopy_params.yaml; constants: "compact", "full", "forces" or "none". cell: whose atoms have the rows."""
        site, shift = self.supercell()
        text = (
            'phonopy:\n  version: "2.40.0"\n' + units + "\nprimitive_cell:\n" + _cell(self.lattice, POSITIONS, range(5))
        )
        whole = (POSITIONS[site] + shift) / self.shape
        first = [int(np.flatnonzero(site == s)[cell]) for s in range(5)]
        text += "\nsupercell:\n" + _cell(np.diag(self.shape) @ self.lattice, whole, site, [first[s] for s in site])
        if nac:
            text += "\nnac:\n  born_effective_charge:\n" + _tensors(self.born, 2)
            text += "  dielectric_constant:\n" + _rows(self.dielectric, 4) + "  unit_conversion_factor: 14.399652\n"
        if constants in ("compact", "full"):
            full = self.constants
            rows = full[first] if constants == "compact" else full
            text += f'\nforce_constants:\n  format: "{constants}"\n  shape: [ {len(rows)}, {len(site)} ]\n  elements:\n'
            text += _tensors(rows.reshape(-1, 3, 3), 2)
        if constants == "forces":
            text += "\ndisplacements:\n"
            for atom, u, forces in self.displaced():
                text += f"- atom: {atom + 1}\n  displacement:\n    [ {', '.join(f'{x:.16f}' for x in u)} ]\n"
                text += "  forces:\n" + _rows(forces, 2)
        return text

    def force_constants_file(self, path: Path, *, compact: bool) -> Path:
        site, _ = self.supercell()
        full = self.constants
        rows = [int(np.flatnonzero(site == s)[0]) for s in range(5)] if compact else list(range(len(site)))
        lines = [f"{len(rows)} {len(site)}" if compact else f"{len(site)}"]
        for i in rows:
            for j in range(len(site)):
                lines.append(f"{i + 1} {j + 1}")
                lines += [" ".join(f"{x:.15f}" for x in row) for row in full[i, j]]
        path.write_text("\n".join(lines) + "\n")
        return path

    def force_sets_file(self, path: Path) -> Path:
        site, _ = self.supercell()
        lines = [f"{len(site)}", "4", ""]
        for atom, u, forces in self.displaced():
            lines += [f"{atom + 1}", " ".join(f"{x:.16f}" for x in u)]
            lines += [" ".join(f"{x:.16f}" for x in row) for row in forces] + [""]
        path.write_text("\n".join(lines) + "\n")
        return path

    def born_file(self, path: Path, atoms: tuple[int, ...] = (0, 1, 2)) -> Path:
        rows = [self.dielectric, *self.born[list(atoms)]]
        lines = ["14.400", *(" ".join(f"{x:.8f}" for x in tensor.ravel()) for tensor in rows)]
        path.write_text("\n".join(lines) + "\n")
        return path


def _rows(matrix: Floats, indent: int) -> str:
    return "".join(" " * indent + "- [ " + ", ".join(f"{x:21.15f}" for x in row) + " ]\n" for row in matrix)


def _tensors(tensors: Floats, indent: int) -> str:
    return "".join(" " * indent + f"- # {i + 1}\n" + _rows(tensor, indent + 2) for i, tensor in enumerate(tensors))


def _cell(lattice: Floats, positions: Floats, sites: object, reduced: list[int] | None = None) -> str:
    text = "  lattice:\n" + _rows(lattice, 2) + "  points:\n"
    for at, (place, site) in enumerate(zip(positions, list(sites), strict=True)):  # type: ignore[call-overload]
        coordinates = ", ".join(f"{x:.15f}" for x in place)
        text += f"  - symbol: {SYMBOLS[site]} # {at + 1}\n    coordinates: [ {coordinates} ]\n"
        text += f"    mass: {MASSES[site]:f}\n"
        if reduced is not None:
            text += f"    reduced_to: {reduced[at] + 1}\n"
    return text
