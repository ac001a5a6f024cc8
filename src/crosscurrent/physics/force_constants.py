"""Force constants from displacements and forces by the symmetry of the supercell, and the sum rules they obey.

Parlinski, Li and Kawazoe, Phys. Rev. Lett. 78, 4063 (1997): a displaced atom and its images under its site group
determine its row of force constants; the other rows follow by symmetry.

Phi[a, j] (3, 3) is the second derivative of the energy with respect to displacements of atom a (first index) and of
atom j of the supercell (second index), eV/angstrom^2; the force on j is -u_a Phi[a, j].
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import spglib
from numpy.typing import NDArray

from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Displacements of one atom span a direction when the singular value is above this share of the largest.
_RANK = 1e-3
# older releases report failure by returning None
_SPGLIB_ERROR: type[Exception] = getattr(spglib, "SpglibError", RuntimeError)


class Operations(NamedTuple):
    """Space-group operations of a cell: Cartesian rotations (ng, 3, 3) and where each takes each atom (ng, N)."""

    rotations: Floats
    permutations: Integers


def cell_operations(lattice: Floats, positions: Floats, kinds: Sequence[int], symprec: float = 1e-5) -> Operations:
    """The operations of a cell, its own translations among them.

    lattice: (3, 3), rows in angstrom. positions: (N, 3), units of the lattice vectors. kinds: (N,). symprec: angstrom.
    Raises InputError when spglib finds none, e.g. because atoms coincide.
    """
    cell: Any = (lattice, positions, list(kinds))  # the stub asks for lists, which spglib makes arrays of
    failure = InputError("no symmetry was found", where="structure", fix="check that no atoms coincide")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # spglib changes how it reports failures
            found = spglib.get_symmetry(cell, symprec=symprec)
    except _SPGLIB_ERROR:
        raise failure from None
    if found is None:
        raise failure
    turn = lattice.T @ found["rotations"] @ np.linalg.inv(lattice.T)
    moved = np.einsum("gxy,ny->gnx", found["rotations"], positions) + found["translations"][:, None]
    permutations = np.empty(moved.shape[:2], dtype=np.int64)
    for at, images in enumerate(moved):
        apart = images[:, None] - positions[None]
        apart -= np.rint(apart)
        permutations[at] = np.argmin(np.einsum("nmx,nmx->nm", apart, apart), axis=1)
    return Operations(turn, permutations)


def fit_force_constants(
    operations: Operations, displaced: Sequence[tuple[int, Floats, Floats]], rows: Sequence[int]
) -> Floats:
    """Force constants of the atoms `rows`, (n, N, 3, 3) eV/angstrom^2.

    displaced: (atom, displacement (3,) angstrom, forces (N, 3) eV/angstrom) of each supercell. Forces are taken as they
    are, drift included.
    Raises InputError when the displacements, with their images, do not reach every direction of every row.
    """
    solved = {atom: _solve(operations, atom, sets) for atom, sets in _by_atom(displaced).items()}
    n_atoms = operations.permutations.shape[1]
    out = np.empty((len(rows), n_atoms, 3, 3))
    for at, row in enumerate(rows):
        source, how = _carried(operations, row, solved)
        rotation, permutation = operations.rotations[how], operations.permutations[how]
        out[at, permutation] = np.einsum("xa,jab,yb->jxy", rotation, solved[source], rotation)
    return out


def _by_atom(displaced: Sequence[tuple[int, Floats, Floats]]) -> Mapping[int, list[tuple[Floats, Floats]]]:
    sets: dict[int, list[tuple[Floats, Floats]]] = {}
    for atom, vector, forces in displaced:
        sets.setdefault(atom, []).append((vector, forces))
    return sets


def _solve(operations: Operations, atom: int, sets: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Least squares for the row of one displaced atom over all images under its site group, (N, 3, 3)."""
    site = np.flatnonzero(operations.permutations[:, atom] == atom)
    vectors, images = [], []
    for vector, forces in sets:
        for how in site:
            rotation = operations.rotations[how]
            image = np.empty_like(forces)
            image[operations.permutations[how]] = forces @ rotation.T
            vectors.append(rotation @ vector)
            images.append(image)
    moves = np.array(vectors)
    sizes = np.linalg.svd(moves, compute_uv=False)
    if sizes.min() < _RANK * sizes.max() or not sizes.max() > 0:
        raise InputError(
            f"the displacements of atom {atom + 1} do not reach all three directions, even with their symmetry images",
            where="displacements",
            fix="give the supercells that phonopy asks for",
        )
    row: Floats = -np.einsum("xm,mjy->jxy", np.linalg.pinv(moves), np.array(images))
    return row


def _carried(operations: Operations, row: int, solved: Mapping[int, Floats]) -> tuple[int, int]:
    """(displaced atom, operation that takes it to the row)."""
    for source in solved:
        hits = np.flatnonzero(operations.permutations[:, source] == row)
        if len(hits):
            return source, int(hits[0])
    raise InputError(
        f"no displaced atom is equivalent to atom {row + 1}",
        where="displacements",
        fix="give the supercells that phonopy asks for",
    )


def remove_drift(constants: Floats, site: Integers) -> Floats:
    """Force constants without a net force: the remainder of the acoustic sum rule is taken evenly from all atoms.

    constants: (n, N, 3, 3). site: (N,) the atom of the primitive cell that each atom of the supercell repeats. Both
    sums vanish afterwards, over the atom displaced and over the atom that feels the force.
    """
    n_atoms = constants.shape[1]
    out = constants.copy()
    for kind in range(len(constants)):
        columns = site == kind
        out[:, columns] -= constants[:, columns].sum(axis=(0, 1)) / n_atoms
    out -= out.sum(axis=1, keepdims=True) / n_atoms
    return out


def supercell_columns(
    kinds: Integers, vectors: Integers, site: Integers, shift: Integers, supercell: Integers
) -> Integers:
    """Which atom of the supercell repeats the primitive atom kinds[...] at the lattice vector vectors[..., 3].

    site: (N,), shift: (N, 3), of the supercell's atoms. supercell: (3, 3), rows in units of the primitive vectors.
    Raises InputError when the supercell does not hold every primitive atom once at each of its lattice vectors.
    """
    size = round(abs(np.linalg.det(supercell)))
    adjugate = np.rint(np.linalg.inv(supercell) * size).astype(np.int64)

    def label(kind: Integers, vector: Integers) -> Integers:
        # two lattice vectors that differ by one of the supercell have the same three remainders
        folded = (vector @ adjugate) % size
        return np.asarray(((kind * size + folded[..., 0]) * size + folded[..., 1]) * size + folded[..., 2])

    own = label(site, shift)
    order = np.argsort(own)
    wanted = label(kinds, vectors)
    at = np.minimum(np.searchsorted(own[order], wanted), len(own) - 1)
    columns = order[at]
    if len(np.unique(own)) != len(own) or (own[columns] != wanted).any():
        raise InputError(
            "the supercell does not repeat the primitive cell",
            where="supercell",
            fix="check that both belong to the same calculation",
        )
    return np.asarray(columns, dtype=np.int64)


def exchange_partners(site: Integers, shift: Integers, supercell: Integers) -> tuple[Integers, Integers]:
    """For each pair (a, j) of a primitive atom and a supercell atom, the pair in which the two have changed roles.

    Arguments as in `supercell_columns`. Returns (rows (n, N), columns (n, N)): the energy does not know the order of
    differentiation, so Phi[a, j] = Phi[rows[a, j], columns[a, j]]^T.
    """
    n = int(site.max()) + 1
    kinds = np.repeat(np.arange(n)[:, None], len(site), axis=1)
    vectors = np.broadcast_to(-shift, (n, *shift.shape))
    columns = supercell_columns(kinds, vectors, site, shift, supercell)
    return np.broadcast_to(site, columns.shape), columns


def symmetrized(constants: Floats, site: Integers, shift: Integers, supercell: Integers) -> Floats:
    """Force constants that obey the acoustic sum rule and do not depend on the order of differentiation.

    Arguments as in `exchange_partners`. The corrections are the smallest that do both.
    """
    balanced = remove_drift(constants, site)
    rows, columns = exchange_partners(site, shift, supercell)
    exchanged: Floats = balanced[rows, columns].swapaxes(-1, -2)
    return (balanced + exchanged) / 2


def symmetrized_charges(operations: Operations, charges: Floats) -> tuple[Floats, float]:
    """(Born charges (n, 3, 3) averaged over the space group, the largest change that made).

    operations: of the primitive cell. charges: (n, 3, 3).
    """
    total = np.zeros_like(charges)
    for rotation, permutation in zip(operations.rotations, operations.permutations, strict=True):
        total[permutation] += rotation @ charges @ rotation.T
    mean: Floats = total / len(operations.rotations)
    return mean, float(np.abs(mean - charges).max())


def expanded_charges(operations: Operations, charges: Floats) -> Floats | None:
    """Charges of all atoms, (n, 3, 3), from those of the first atoms of orbits, (m, 3, 3); None if m is wrong."""
    first = operations.permutations.min(axis=0)
    orbits = np.unique(first)
    if len(orbits) != len(charges):
        return None
    out = np.empty((len(first), 3, 3))
    for charge, orbit in zip(charges, orbits, strict=True):
        for rotation, permutation in zip(operations.rotations, operations.permutations, strict=True):
            out[permutation[orbit]] = rotation @ charge @ rotation.T
    return out
