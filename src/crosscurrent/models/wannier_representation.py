"""How the operations of a structure act on the functions of a tight-binding model.

The functions are told as Wannier90 is told them: a line for each kind of atom, "Bi: p" or "Fe: sp3d2; dxy, dxz, dyz",
and from these follow their order and how they turn. Functions of a run that ended elsewhere do not turn so; the
residual of `symmetrize` says whether they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import Complexes, Floats
from crosscurrent.models.spin_matrices import SpinOrdering
from crosscurrent.physics.orbital_rotations import orbital_rotation, orbitals, spin_rotation
from crosscurrent.physics.structure_group import SpaceOperations, space_operations
from crosscurrent.units import InputError

Integers = NDArray[np.int64]

#: A centre farther than this from its atom (angstrom) is a function of another atom.
_FAR = 3.0


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation on the functions: the one of column a becomes sum_b |b, W T + shift_a> matrix[b, a].

    rotation: (3, 3), Cartesian. whole: (3, 3), on lattice vectors. matrix: (n, n), applied to the complex conjugate
    with time_reversal. shifts: (n, 3), lattice vectors.
    """

    rotation: Floats
    whole: Integers
    time_reversal: bool
    matrix: Complexes
    shifts: Integers


@dataclass(frozen=True, eq=False)
class Representation:
    """operations: of the structure. sites: (n,), the atom of each function. home: (n, 3), where that is, angstrom, in
    the axes of the model; exact: the same in `lattice`, (3, 3) rows, which has all operations to rounding."""

    operations: tuple[Operation, ...]
    structure: SpaceOperations
    sites: Integers
    home: Floats
    exact: Floats
    lattice: Floats


def representation(
    *,
    cell: Floats,
    centres: Floats,
    dim: int,
    positions: ArrayLike,
    species: Sequence[str],
    projections: Sequence[str],
    moments: ArrayLike | None,
    spin: SpinOrdering | None,
    symprec: float,
    moment_tolerance: float,
) -> Representation:
    """Arguments as of `symmetrize`. Raises InputError when they do not fit one another or the model."""
    if dim == 2 and np.abs(cell[2, :2]).max() > 1e-6:
        raise InputError("the third lattice vector of the layer is not along z", where="symmetrize", fix="make it so")
    found = space_operations(
        cell, positions, species, moments, dim=dim, symprec=symprec, moment_tolerance=moment_tolerance
    )
    blocks = list(_blocks(projections, species))
    spatial = np.repeat([site for _, site, _ in blocks], [len(c) for _, _, c in blocks])
    sites = _with_spin(spatial, spin)
    if len(sites) != len(centres):
        raise InputError(
            f"the projections name {len(sites)} functions with spin '{spin}', the model has {len(centres)}",
            where="symmetrize.projections",
            fix="copy the lines of the .win, and say whether the functions are spinors",
        )
    reduced = _nearest_images(np.array(positions, dtype=float), sites, centres @ np.linalg.inv(cell))
    home = reduced[sites] @ cell
    _refuse_far(centres, home)
    shifts = _site_shifts(found, reduced, dim)
    operations = tuple(
        Operation(
            found.rotations[n],
            _in_plane(found.whole[n], dim),
            bool(found.time_reversal[n]),
            _matrix(found, n, blocks, len(spatial), spin),
            shifts[n][sites],
        )
        for n in range(len(found.whole))
    )
    lattice = found.lattice.copy()
    lattice[2] = lattice[2] if dim == 3 else cell[2]
    exact = _exact_sites(found, reduced, shifts, dim) @ lattice
    return Representation(operations, found, sites, home, exact[sites], lattice)


def _blocks(lines: Sequence[str], species: Sequence[str]) -> Iterator[tuple[int, int, Floats]]:
    """(line, site, coefficients of its orbitals) in the order of the functions."""
    for number, line in enumerate(lines):
        label, colon, names = line.partition(":")
        label = label.strip()
        if not colon or label.lower() not in [kind.lower() for kind in species]:
            raise InputError(
                f"'{line}' does not say which atom has which orbitals",
                where="symmetrize.projections",
                fix="write 'Fe: sp3d2; dxy, dxz, dyz' with a species of the structure",
            )
        coefficients = orbitals(names)
        for site, kind in enumerate(species):
            if kind.lower() == label.lower():
                yield number, site, coefficients


def _with_spin(spatial: Integers, spin: SpinOrdering | None) -> Integers:
    if spin is None:
        return spatial
    return np.tile(spatial, 2) if spin == "block" else np.repeat(spatial, 2)


def _nearest_images(positions: Floats, sites: Integers, centres: Floats) -> Floats:
    """The image of each atom that its functions lie around; reduced coordinates."""
    out = positions.copy()
    for site in np.unique(sites):
        out[site] += np.rint(centres[sites == site].mean(axis=0) - positions[site])
    return out


def _refuse_far(centres: Floats, home: Floats) -> None:
    far = np.linalg.norm(centres - home, axis=1)
    if far.max() > _FAR:
        raise InputError(
            f"the centre of function {int(far.argmax())} is {far.max():.2f} angstrom from its atom",
            where="symmetrize.projections",
            fix="check the order of the lines and of the atoms, and that positions are fractions of the lattice",
        )


def _in_plane(whole: Integers, dim: int) -> Integers:
    out = np.eye(3, dtype=np.int64)
    out[:dim, :dim] = whole[:dim, :dim]
    return out


def _site_shifts(found: SpaceOperations, reduced: Floats, dim: int) -> Integers:
    """(n_operations, n_sites, 3): the lattice vector by which the image of a site differs from the site in the list."""
    out = np.zeros((len(found.whole), len(reduced), 3), dtype=np.int64)
    for n, (whole, shift, to) in enumerate(zip(found.whole, found.shifts, found.permutation, strict=True)):
        apart = (reduced @ whole.T + shift - reduced[to])[:, :dim]
        out[n, :, :dim] = np.rint(apart)
    return out


def _exact_sites(found: SpaceOperations, reduced: Floats, shifts: Integers, dim: int) -> Floats:
    """The sites moved by less than the precision of the structure, so that the operations carry them exactly."""
    out = reduced.copy()
    total = np.zeros((len(reduced), dim))
    for whole, to, shift in zip(found.whole, found.permutation, shifts, strict=True):
        turned = reduced[:, :dim] @ whole[:dim, :dim].T - shift[:, :dim]
        # the translation that fits all sites best: that of the list is good to its precision only
        total[to] += turned + (reduced[to, :dim] - turned).mean(axis=0)
    out[:, :dim] = total / len(found.whole)
    return out


def _matrix(
    found: SpaceOperations, n: int, blocks: list[tuple[int, int, Floats]], size: int, spin: SpinOrdering | None
) -> Complexes:
    """The functions of a site turn among themselves and go to those of its image."""
    spatial = np.zeros((size, size))
    starts = np.cumsum([0, *(len(c) for _, _, c in blocks)])
    place = {(line, site): start for (line, site, _), start in zip(blocks, starts[:-1], strict=True)}
    for (line, site, coefficients), start in zip(blocks, starts[:-1], strict=True):
        to = place[line, int(found.permutation[n, site])]
        width = len(coefficients)
        spatial[to : to + width, start : start + width] = orbital_rotation(coefficients, found.rotations[n])
    if spin is None:
        return spatial.astype(complex)
    turn = spin_rotation(found.rotations[n], bool(found.time_reversal[n]))
    return np.asarray(np.kron(turn, spatial) if spin == "block" else np.kron(spatial, turn))
