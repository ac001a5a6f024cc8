"""From a k-mesh to real space, and which image of each Wannier pair a matrix element belongs to.

A matrix known on an N1 x N2 x N3 mesh determines its real-space elements only up to vectors T of the supercell. Two
rules place them: with `centres` all equal, every R goes to the Wigner-Seitz cell of the supercell around the origin,
shared between ties (1/degeneracy); with the true centres, each pair (a, b) takes the T that makes
|R + T + tau_b - tau_a| smallest, again shared between ties. Which distances count as tied is decided by an explicit
tolerance, because spin Hall conductivities of coarse meshes depend on it.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90.files import Floats, Integers
from crosscurrent.models.wannier90.hoppings import Hoppings, ImageList
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]
Grid = tuple[int, int, int]

#: Real cells need 27 to some hundred supercell vectors; a damaged centre would ask for millions.
_MOST_SHIFTS = 20_000


@dataclass(frozen=True)
class Images:
    """vectors: (nR, 3). classes: (nR,), flat index of R modulo the mesh. weights: (nR, n, n), share of each pair; or
    (nR, 1, 1) when all pairs are alike. undecided: pairs whose ties change when the tolerance changes tenfold.
    """

    vectors: Integers
    classes: Integers
    weights: Floats
    undecided: int


def classes_of(vectors: Integers, grid: Grid) -> Integers:
    """Flat C-order index of integer vectors (..., 3) modulo the mesh."""
    m = np.mod(vectors, np.array(grid))
    return np.asarray((m[..., 0] * grid[1] + m[..., 1]) * grid[2] + m[..., 2])


def minimal_images(lattice: Floats, grid: Grid, centres: Floats, tolerance: float) -> Images:
    """lattice: (3, 3) rows; centres: (n, 3); tolerance: all in angstrom. Exact for any cell shape.

    Raises InputError when a centre lies absurdly far away.
    """
    mesh = np.array(grid)
    reduced = centres @ np.linalg.inv(lattice)
    delta = reduced[None, :, :] - reduced[:, None, :]
    pairs, which = np.unique(delta.reshape(-1, 3), axis=0, return_inverse=True)
    shifts = _candidate_shifts(lattice, grid, pairs) * mesh
    tau, shift = pairs @ lattice, shifts @ lattice
    spread = float(np.linalg.norm(tau, axis=1).max())
    found_r, found_w, undecided = [], [], 0
    for r in np.array(list(itertools.product(*(range(n) for n in grid)))):
        home = r - mesh * np.rint(r / mesh).astype(np.int64)
        bare = np.linalg.norm(home @ lattice + shift, axis=1)
        # an image that is nearest, or tied, for some pair cannot be farther than this from the origin
        near = np.flatnonzero(bare <= bare.min() + 2 * spread + 20 * tolerance)
        distance = np.linalg.norm((home @ lattice + shift[near])[None, :, :] + tau[:, None, :], axis=2)
        excess = distance - distance.min(axis=1, keepdims=True)
        tied = excess <= tolerance
        undecided += int((((excess > 0.1 * tolerance) & (excess <= 10 * tolerance)).any(axis=1)[which]).sum())
        share = tied / tied.sum(axis=1, keepdims=True)
        for s in np.flatnonzero(tied.any(axis=0)):
            found_r.append(home + shifts[near[s]])
            found_w.append(share[:, s])
    vectors = np.array(found_r, dtype=np.int64)
    order = np.lexsort(vectors.T[::-1])
    n = len(centres)
    weights = np.array(found_w)[order]
    weights = weights[:, :, None] if len(pairs) == 1 else weights[:, which].reshape(-1, n, n)
    return Images(vectors[order], classes_of(vectors[order], grid), weights, undecided)


def _candidate_shifts(lattice: Floats, grid: Grid, pairs: Floats) -> Integers:
    """Supercell vectors (reduced to the supercell) that can hold a nearest image.

    The nearest image is never farther than half the sum of the edges; a vector that short has reduced coordinates
    below that length times the length of the reciprocal vectors.
    """
    cell = lattice * np.array(grid)[:, None]
    reach = 0.5 * np.linalg.norm(cell, axis=1).sum()
    inverse = np.linalg.norm(np.linalg.inv(cell), axis=0)
    offset = 0.5 + np.abs(pairs / np.array(grid)).max(axis=0)
    bound = np.floor(reach * inverse + offset + 1e-9).astype(int)
    if np.prod(2.0 * bound + 1) > _MOST_SHIFTS:
        raise InputError(
            "a Wannier centre lies many supercells away, or the cell is extremely skewed",
            where="Wannier centres",
            fix="check the centres and the lattice; the file may be damaged",
        )
    return np.array(list(itertools.product(*(range(-m, m + 1) for m in bound))), dtype=np.int64)


def transform(values: Complexes, kpoints: Floats, grid: Grid, where: str) -> Complexes:
    """X(R) = (1/N) sum_k exp(-ik.R) X(k) for every class of R, (N, ...), from values (N, ...) at kpoints (N, 3).

    Raises InputError when the k-points are not the Gamma-centred mesh.
    """
    scaled = kpoints * np.array(grid)
    index = np.rint(scaled).astype(np.int64)
    flat = classes_of(index, grid)
    if np.abs(scaled - index).max() > 1e-4 or (np.sort(flat) != np.arange(len(flat))).any():
        raise InputError(
            f"its k-points are not the Gamma-centred {grid[0]}x{grid[1]}x{grid[2]} mesh",
            where=where,
            fix="use the k-points that kmesh.pl writes",
        )
    ordered = np.empty_like(values)
    ordered[flat] = values
    on_mesh = ordered.reshape(*grid, *values.shape[1:])
    return np.fft.fftn(on_mesh, axes=(0, 1, 2)).reshape(values.shape) / len(values)


def fold(values: Complexes, hoppings: Hoppings, grid: Grid) -> Complexes:
    """The real-space elements (N, ...) by class of R, from the vectors of a file with their degeneracies."""
    folded = np.zeros((int(np.prod(grid)), *values.shape[1:]), dtype=complex)
    weight = (1.0 / hoppings.degeneracy).reshape(-1, *([1] * (values.ndim - 1)))
    np.add.at(folded, classes_of(hoppings.vectors, grid), values * weight)
    return folded


def expand(values: Complexes, images: Images) -> Complexes:
    """Elements (N, ..., n, n) by class, placed on the images: (nR, ..., n, n)."""
    middle = [1] * (values.ndim - 3)
    shape = images.weights.shape
    return values[images.classes] * images.weights.reshape(shape[0], *middle, *shape[1:])


def place(values: Complexes, listed: ImageList) -> tuple[Integers, Complexes]:
    """Elements (nR, ..., n, n) of a file, placed on the images of its `_wsvec.dat`."""
    vectors, at = np.unique(listed.image, axis=0, return_inverse=True)
    placed = np.zeros((len(vectors), *values.shape[1:]), dtype=complex)
    moved = np.moveaxis(values, (-2, -1), (1, 2))[listed.row, listed.a, listed.b]
    target = np.moveaxis(placed, (-2, -1), (1, 2))
    np.add.at(target, (at.ravel(), listed.a, listed.b), moved * listed.weight.reshape(-1, *([1] * (moved.ndim - 1))))
    return vectors, placed


def infer_grid(hoppings: Hoppings) -> Grid:
    """The k-mesh a file was made from: the one for which the weights of every class of R sum to one.

    Raises InputError when no mesh or more than one fits.
    """
    total = round(hoppings.weight_sum)
    fits = [grid for grid in _factorisations(total) if fits_grid(hoppings, grid)]
    if len(fits) == 1:
        return fits[0]
    raise InputError(
        f"its k-mesh cannot be told from its vectors ({len(fits)} meshes of {total} points fit)",
        where=hoppings.path,
        fix="give the .win, or set wigner_seitz = false to take the vectors as they are",
    )


def fits_grid(hoppings: Hoppings, grid: Grid) -> bool:
    """Whether sum 1/degeneracy is one in every class of R modulo the mesh."""
    n = math.prod(grid)
    if n != round(hoppings.weight_sum):
        return False
    weights = np.bincount(classes_of(hoppings.vectors, grid), weights=1.0 / hoppings.degeneracy, minlength=n)
    return len(weights) == n and bool(np.allclose(weights, 1.0, rtol=0, atol=1e-8))


def _factorisations(total: int) -> list[Grid]:
    divisors = [d for d in range(1, total + 1) if total % d == 0]
    return [(a, b, total // (a * b)) for a in divisors for b in divisors if total % (a * b) == 0]


def project_layers(vectors: Integers, values: dict[str, Complexes]) -> tuple[Integers, dict[str, Complexes]]:
    """Adds up what differs only in the third lattice vector, for two-dimensional crystals (k_z is zero there)."""
    flat = vectors * np.array([1, 1, 0])
    unique, at = np.unique(flat, axis=0, return_inverse=True)
    summed = {}
    for name, value in values.items():
        summed[name] = np.zeros((len(unique), *value.shape[1:]), dtype=complex)
        np.add.at(summed[name], at.ravel(), value)
    return unique, summed


def close_inversion(vectors: Integers, values: dict[str, Complexes]) -> tuple[Integers, dict[str, Complexes]]:
    """The union of the vectors and their negatives, with zero blocks where a partner was missing."""
    union, at = np.unique(np.concatenate([vectors, -vectors]), axis=0, return_inverse=True)
    own = at.ravel()[: len(vectors)]
    closed = {}
    for name, value in values.items():
        closed[name] = np.zeros((len(union), *value.shape[1:]), dtype=complex)
        closed[name][own] = value
    return union, closed


def hermitian_part(values: Complexes) -> tuple[Complexes, float]:
    """(X(R) + X(-R)^dagger)/2 and the largest |X(R) - X(-R)^dagger|.

    values: (nR, ..., n, n) on sorted vectors closed under R -> -R, so that the list read backwards is the list of -R.
    """
    partner = values[::-1].conj().swapaxes(-1, -2)
    return 0.5 * (values + partner), float(np.abs(values - partner).max(initial=0.0))
