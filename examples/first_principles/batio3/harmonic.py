"""Derivatives at one wave vector of each star -> force constants of the supercell, and phonopy's file of them.

The star of a wave vector follows from the space group. All wave vectors of the supercell together give its force
constants; the acoustic sum rule and the neutrality of the Born charges, which a finite grid of points in space leaves
unsatisfied, are imposed, and their residuals kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from ddb import BOHR, HARTREE, Header, force_constants, polar, read_derivatives, read_header

from crosscurrent.physics.force_constants import cell_operations

#: amu, standard weights as in phonopy
MASSES = {"Ba": 137.327, "Ti": 47.867, "O": 15.9994}
#: Wave vectors are the same when they differ by a reciprocal vector up to this.
_SAME = 1e-6


@dataclass(frozen=True)
class Residuals:
    """How far the calculation is from what must hold exactly.

    symmetry: largest difference of Phi(q) between members of a star, eV/angstrom^2. drift: largest element of
    sum_b Phi_ab(0). charge: largest element of the sum of the Born charges, e. exchange: of Phi(q) - Phi(q)^+.
    """

    symmetry: float
    drift: float
    charge: float
    exchange: float


@dataclass(frozen=True)
class Harmonic:
    """header: the structure. points: (nq, 3), all wave vectors of the supercell. phi: (nq, n, n, 3, 3) eV/angstrom^2.

    born: (n, 3, 3) e. dielectric: (3, 3). size: the supercell is size x size x size.
    """

    header: Header
    points: np.ndarray
    phi: np.ndarray
    born: np.ndarray
    dielectric: np.ndarray
    size: int
    residuals: Residuals

    def constants(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(site (N,), shift (N, 3), compact force constants (n, N, 3, 3)), atom by atom, x fastest."""
        n, cells = len(self.header.symbols), range(self.size)
        shift = np.array([(x, y, z) for z, y, x in product(cells, cells, cells)] * n)
        site = np.repeat(np.arange(n), self.size**3)
        phases = np.exp(-2j * np.pi * self.points @ shift.T) / len(self.points)
        return site, shift, np.einsum("qj,qajxy->ajxy", phases, self.phi[:, :, site]).real


def load(paths: Iterable[Path], size: int = 2) -> Harmonic:
    """From DDB files that together hold one wave vector of each star. Raises ValueError when one is missing."""
    paths = list(paths)
    header = read_header(paths[0])
    at, charges = {}, None
    for path in paths:
        for block in read_derivatives(path):
            at[tuple(block.q)] = force_constants(block, header)
            if not block.q.any():
                charges = polar(block, header)
    if charges is None:
        raise ValueError("there is no wave vector 0")
    return assembled(header, at, *charges, size)


def assembled(
    header: Header, at: dict[tuple[float, ...], np.ndarray], born: np.ndarray, dielectric: np.ndarray, size: int
) -> Harmonic:
    """at: Phi(q), (n, n, 3, 3), of one wave vector of each star."""
    points = np.array(list(product(range(size), repeat=3))) / size
    exchange = max(np.abs(phi - phi.conj().transpose(1, 0, 3, 2)).max() for phi in at.values())
    phi, symmetry = unfolded(header, at, points)
    phi = (phi + phi.conj().transpose(0, 2, 1, 4, 3)) / 2
    at_zero = phi[np.flatnonzero(~points.any(axis=1))[0]]
    drift = at_zero.sum(axis=1).real
    atoms = np.arange(len(header.symbols))
    phi[:, atoms, atoms] -= (drift + drift.transpose(0, 2, 1)) / 2
    excess = born.sum(axis=0)
    return Harmonic(
        header=header,
        points=points,
        phi=phi,
        born=born - excess / len(born),
        dielectric=dielectric,
        size=size,
        residuals=Residuals(symmetry, float(np.abs(drift).max()), float(np.abs(excess).max()), float(exchange)),
    )


def unfolded(header: Header, at: dict[tuple[float, ...], np.ndarray], points: np.ndarray) -> tuple[np.ndarray, float]:
    """(Phi at all points, mean over every operation that leads there; largest difference from that mean).

    An operation of the space group turns the wave vector and Phi and moves the atoms; time reversal takes q to -q.
    """
    images: list[list[np.ndarray]] = [[] for _ in points]
    to_reduced = np.linalg.inv(header.lattice.T)
    operations = cell_operations(header.lattice, header.positions, header.kinds)
    for q, phi in at.items():
        for rotation, to in zip(*operations, strict=True):
            wave = np.array(q) @ np.linalg.inv(to_reduced @ rotation @ header.lattice.T)
            turned = _turned(header, (np.array(q), wave), phi, rotation, to)
            for target, matrix in ((wave, turned), (-wave, turned.conj())):
                apart = points - target
                for hit in np.flatnonzero(np.abs(apart - np.rint(apart)).max(axis=1) < _SAME):
                    images[hit].append(matrix)
    missing = [tuple(float(x) for x in q) for q, found in zip(points, images, strict=True) if not found]
    if missing:
        raise ValueError(f"no wave vector given leads to {missing[0]} by symmetry")
    means = np.array([np.mean(found, axis=0) for found in images])
    spread = max(np.abs(np.array(found) - mean).max() for found, mean in zip(images, means, strict=True))
    return means, float(spread)


def _turned(
    header: Header, waves: tuple[np.ndarray, np.ndarray], phi: np.ndarray, rotation: np.ndarray, to: np.ndarray
) -> np.ndarray:
    """Phi at the second wave vector from that at the first.

    rotation: Cartesian. to: (n,), where it takes each atom. With phases that include the positions of the atoms Phi
    turns as a tensor.
    """
    before, after = (np.exp(2j * np.pi * header.positions @ q) for q in waves)
    bare = phi * (before.conj()[:, None] * before)[:, :, None, None]
    out = np.empty_like(bare)
    out[np.ix_(to, to)] = np.einsum("xi,abij,yj->abxy", rotation, bare, rotation)
    return out * (after[:, None] * after.conj())[:, :, None, None]


# ---- phonopy's file ----


def phonopy_yaml(crystal: Harmonic) -> str:
    """phonopy_params.yaml with cells, force constants and the section nac, angstrom and eV."""
    header, size = crystal.header, crystal.size
    site, shift, constants = crystal.constants()
    cells = size**3
    whole = (header.positions[site] + shift) / size
    single = _cell(header.lattice, header.positions, header.symbols)
    lines = [
        # without 'calculator', or phonopy would take the numbers to be in abinit's units
        '# made by harmonic.py\nphonopy:\n  version: "2.18"\n',
        'physical_unit:\n  atomic_mass: "AMU"\n  length: "angstrom"\n  force_constants: "eV/angstrom^2"\n',
        "primitive_matrix:\n" + _rows(np.eye(3), "- "),
        "supercell_matrix:\n" + "\n".join(f"- [ {a:3d}, {b:3d}, {c:3d} ]" for a, b, c in size * np.eye(3, dtype=int)),
        "\nprimitive_cell:\n" + single,
        "unit_cell:\n" + single,
        "supercell:\n"
        + _cell(size * header.lattice, whole, [header.symbols[s] for s in site], [cells * s + 1 for s in site]),
        "nac:\n  born_effective_charge:",
        *(f"  - # {i + 1} ({header.symbols[i]})\n{_rows(charge, '    - ')}" for i, charge in enumerate(crystal.born)),
        "  dielectric_constant:\n" + _rows(crystal.dielectric, "    - "),
        f"  unit_conversion_factor: {HARTREE * BOHR:.6f}",
        '\nforce_constants:\n  format: "compact"',
        f"  shape: [ {constants.shape[0]}, {constants.shape[1]} ]\n  elements:",
    ]
    for i, j in np.ndindex(constants.shape[:2]):
        lines.append(f"  - # ({i * cells + 1}, {j + 1})\n{_rows(constants[i, j], '    - ')}")
    return "\n".join(lines) + "\n"


def _rows(matrix: np.ndarray, lead: str) -> str:
    """Twelve digits after the point; no minus before a zero."""
    return "\n".join(
        lead + "[ " + ", ".join(f"{value:17.12f}" for value in row) + " ]" for row in np.round(matrix, 12) + 0.0
    )


def _cell(lattice: np.ndarray, positions: np.ndarray, symbols: list[str], reduced: list[int] | None = None) -> str:
    lines = ["  lattice:", _rows(lattice, "  - "), "  points:"]
    for i, (place, symbol) in enumerate(zip(positions, symbols, strict=True)):
        numbers = ", ".join(f"{x:.12f}" for x in place)
        lines.append(f"  - symbol: {symbol} # {i + 1}\n    coordinates: [ {numbers} ]")
        lines.append(f"    mass: {MASSES[symbol]:.6f}")
        if reduced is not None:
            lines.append(f"    reduced_to: {reduced[i]}")
    return "\n".join(lines) + "\n"
