"""Dynamical matrix of a crystal from force constants of a supercell: interpolation, frequencies, eigenvectors.

Force constants at a wave vector are Phi(q) = sum_R exp(2 pi i q.R) Phi(R), q reduced. The phase is without the
positions of the atoms, so Phi(q) is periodic. A frequency is negative where the mode is unstable.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.lattice_units import ACCELERATION

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Complexes = NDArray[np.complex128]

#: sqrt(eV/(angstrom^2 amu)) / 2 pi in THz
THZ: float = math.sqrt(ACCELERATION) / (2 * math.pi)
#: Images of an atom count as equally far when their distances differ by less, angstrom.
_TIE = 1e-4


def commensurate_points(supercell: Integers) -> Floats:
    """The reduced wave vectors whose waves fit the supercell, (det S, 3), each in [0, 1).

    supercell: (3, 3), rows in units of the primitive vectors.
    """
    size = round(abs(np.linalg.det(supercell)))
    # S q is a vector of integers m: the points are the multiples, modulo 1, of the columns of S^-1
    generators = np.rint(np.linalg.inv(supercell) * size).astype(np.int64).T
    points = np.zeros((1, 3), dtype=np.int64)
    for generator in generators:
        multiples = np.arange(size)[:, None] * generator
        points = np.unique((points[:, None] + multiples).reshape(-1, 3) % size, axis=0)
    return np.asarray(points / size)


def wigner_seitz_images(
    lattice: Floats, positions: Floats, supercell: Integers, site: Integers, shift: Integers
) -> tuple[Integers, Integers, Integers, Floats]:
    """The nearest images of each pair, among all supercells, and their equal weights.

    lattice: (3, 3), rows in angstrom. positions: (n, 3) reduced. supercell: (3, 3), rows in units of the primitive
    vectors. site, shift: (N,), (N, 3), which atom each supercell atom repeats and at what lattice vector.
    Returns (primitive atom (m,), supercell atom (m,), lattice vector R (m, 3), weight (m,)).
    """
    around = np.array(list(product(range(-2, 3), repeat=3))) @ supercell
    images = shift[:, None, :] + around
    place = (images + positions[site][:, None, :]) @ lattice
    firsts, seconds, vectors, weights = [], [], [], []
    for atom, origin in enumerate(positions @ lattice):
        distance = np.linalg.norm(place - origin, axis=-1)
        nearest = distance < distance.min(axis=1, keepdims=True) + _TIE
        pair, which = np.nonzero(nearest)
        firsts.append(np.full(len(pair), atom))
        seconds.append(pair)
        vectors.append(images[pair, which])
        weights.append(1 / nearest.sum(axis=1)[pair])
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(vectors), np.concatenate(weights)


def interpolated_blocks(
    constants: Floats, images: tuple[Integers, Integers, Integers, Floats], site: Integers
) -> tuple[Integers, Floats]:
    """(lattice vectors (nR, 3), Phi(R) (nR, n, n, 3, 3)): each pair shared by its nearest images.

    constants: (n, N, 3, 3) eV/angstrom^2. images: of `wigner_seitz_images`.
    """
    first, second, vectors, weights = images
    distinct, where = np.unique(vectors, axis=0, return_inverse=True)
    n = len(constants)
    blocks = np.zeros((len(distinct), n, n, 3, 3))
    np.add.at(blocks, (where.ravel(), first, site[second]), weights[:, None, None] * constants[first, second])
    return distinct, blocks


def dynamical_matrix(force_constants: Complexes, masses: Floats) -> Complexes:
    """Phi/sqrt(m m'), (..., 3n, 3n) eV/(angstrom^2 amu), atom slowest. force_constants: (..., n, n, 3, 3)."""
    n = len(masses)
    roots = np.sqrt(masses)
    scaled = force_constants / (roots[:, None] * roots)[..., None, None]
    matrix: Complexes = np.swapaxes(scaled, -3, -2).reshape(*scaled.shape[:-4], 3 * n, 3 * n)
    return (matrix + np.swapaxes(matrix.conj(), -1, -2)) / 2


def frequencies(force_constants: Complexes, masses: Floats) -> Floats:
    """Frequencies in rising order, (..., 3n) THz; -|nu| where nu^2 < 0. force_constants: (..., n, n, 3, 3)."""
    squares = np.linalg.eigvalsh(dynamical_matrix(force_constants, masses))
    return signed_root(squares)


def gamma_modes(force_constants: Floats, masses: Floats) -> tuple[Floats, Floats]:
    """(frequencies (3n,) THz rising, orthonormal mass-weighted eigenvectors (3n modes, n, 3)) at q = 0.

    force_constants: (n, n, 3, 3), real.
    """
    squares, vectors = np.linalg.eigh(dynamical_matrix(force_constants.astype(complex), masses).real)
    return signed_root(squares), vectors.T.reshape(-1, len(masses), 3)


def signed_root(squares: NDArray[np.floating]) -> Floats:
    """nu in THz from nu^2 in eV/(angstrom^2 amu), with the sign of the square."""
    return np.asarray(np.sign(squares) * np.sqrt(np.abs(squares)) * THZ)
