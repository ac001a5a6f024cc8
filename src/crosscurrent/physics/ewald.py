"""Dipole sums over all ions of a crystal by Ewald's method, screened by an anisotropic dielectric tensor.

Gonze and Lee, Phys. Rev. B 55, 10355 (1997), Eqs. 72-74: two displaced ions interact as dipoles Z_s u_s in a medium
of the electronic permittivity. In real space, in coordinates that make the permittivity isotropic, this is a sum over
lattice vectors; the part of short wave vectors is summed in reciprocal space. No result depends on where they are
split.

Wave vectors are reduced, the phase is exp(2 pi i q.R) with the lattice vector R alone, so that every matrix is periodic
in q.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

from crosscurrent.physics.lattice_units import COULOMB
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: Both sums end where their Gaussian is exp(-_REACH^2) of its start: below the rounding of the largest term.
_REACH = 6.3


def dipole_tensor(
    lattice: ArrayLike,
    positions: ArrayLike,
    wave_vectors: ArrayLike,
    dielectric: ArrayLike | None = None,
    *,
    splitting: float | None = None,
) -> Complexes:
    """T(q), shape (nq, n, n, 3, 3), 1/angstrom^3: dipoles p_s exp(2 pi i q.R) have the energy k_e/2 p* T p per cell.

    lattice: (3, 3), rows in angstrom. positions: (n, 3), units of the lattice vectors. wave_vectors: (nq, 3), units of
    the reciprocal vectors. dielectric: (3, 3), positive definite; the vacuum without. splitting: 1/angstrom, in
    coordinates of length sqrt(d.eps^-1.d); chosen to balance the two sums when not given.

    At q equal to a reciprocal vector the macroscopic field is left out (its term depends on the direction, see
    `macroscopic_tensor`). The sum excludes the dipole's own field: the diagonal s = s' has R = 0 left out.
    Raises InputError for a permittivity that is not symmetric and positive definite.
    """
    cell, sites = np.asarray(lattice, dtype=float), np.asarray(positions, dtype=float)
    waves = np.atleast_2d(np.asarray(wave_vectors, dtype=float))
    eps = _checked(np.eye(3) if dielectric is None else np.asarray(dielectric, dtype=float))
    volume = abs(np.linalg.det(cell))
    if splitting is None:
        splitting = math.sqrt(math.pi) * (math.sqrt(np.linalg.det(eps)) / volume) ** (1 / 3)
    vectors, blocks = _real_space(cell, sites, eps, splitting)
    near = np.tensordot(np.exp(2j * np.pi * waves @ vectors.T), blocks, axes=1)
    far = [_reciprocal_space(cell, sites, eps, q, splitting) for q in waves]
    total: Complexes = near + np.array(far)
    return total


def macroscopic_tensor(volume: float, dielectric: ArrayLike, direction: ArrayLike) -> Floats:
    """(3, 3), 1/angstrom^3: what T(q) gains between every two ions as q -> 0 along a direction, (4 pi/V) n n/(n.eps.n).

    direction: (3,) Cartesian, of any length. Raises InputError for a direction of zero.
    """
    along = np.asarray(direction, dtype=float)
    if not np.linalg.norm(along) > 0:
        raise InputError("the direction of the wave vector is zero", where="direction", fix="give, e.g., 1 0 0")
    eps = np.asarray(dielectric, dtype=float)
    return np.asarray(4 * math.pi / volume * np.outer(along, along) / (along @ eps @ along))


def dipole_force_constants(
    lattice: ArrayLike,
    positions: ArrayLike,
    charges: ArrayLike,
    dielectric: ArrayLike,
    wave_vectors: ArrayLike,
    *,
    splitting: float | None = None,
) -> Complexes:
    """Force constants of ions with Born charges, (nq, n, n, 3, 3) eV/angstrom^2; a shift of all costs nothing.

    charges: (n, 3, 3) in e, first index polarization, second displacement. The term that keeps the acoustic sum rule is
    added to each ion's own block. Other arguments as in `dipole_tensor`.
    """
    born = np.asarray(charges, dtype=float)
    gamma = dipole_tensor(lattice, positions, np.zeros((1, 3)), dielectric, splitting=splitting)
    tensors = dipole_tensor(lattice, positions, wave_vectors, dielectric, splitting=splitting)
    forces = COULOMB * dressed(tensors, born)
    counter = COULOMB * dressed(gamma, born)[0].sum(axis=1)
    each = np.arange(len(born))
    forces[:, each, each] -= counter
    return forces


def dressed(tensors: Complexes, charges: Floats) -> Complexes:
    """Z^T_s T_ss' Z_s', shape of T. tensors: (..., n, n, 3, 3). charges: (n, 3, 3), first index polarization."""
    out: Complexes = np.einsum("sia,...stij,tjb->...stab", charges, tensors, charges, optimize=True)
    return out


def _checked(eps: Floats) -> Floats:
    if eps.shape != (3, 3) or not np.allclose(eps, eps.T, atol=1e-6 * np.abs(eps).max()):
        raise InputError("the dielectric tensor is not symmetric", where="dielectric", fix="give eps_inf, 3 x 3")
    if np.linalg.eigvalsh(eps).min() <= 0:
        raise InputError(
            "the dielectric tensor has an eigenvalue that is not positive",
            where="dielectric",
            fix="give eps_inf relative to the vacuum, e.g. 6.9 on the diagonal",
        )
    return (eps + eps.T) / 2


def _real_space(cell: Floats, sites: Floats, eps: Floats, splitting: float) -> tuple[Floats, Floats]:
    """(lattice vectors (nR, 3), blocks (nR, n, n, 3, 3)) with the self term in the block of R = 0."""
    inverse = np.linalg.inv(eps)
    stretch = np.linalg.cholesky(inverse)  # d.eps^-1.d = |d stretch|^2
    between = sites[None, :, :] - sites[:, None, :]
    farthest = np.linalg.norm(between @ cell @ stretch, axis=-1).max()
    vectors = _within(cell @ stretch, np.zeros(3), _REACH / splitting + farthest)
    steps = (vectors[:, None, None, :] + between) @ cell
    tilted = steps @ inverse
    distance = np.sqrt(np.einsum("rstx,rstx->rst", steps, tilted))
    itself = distance < 1e-6
    if itself.sum() > len(sites):
        raise InputError("two ions stand at the same place", where="positions", fix="check the structure")
    distance[itself] = 1.0
    y = splitting * distance
    tail, gauss = erfc(y) / y**3, 2 / math.sqrt(math.pi) * np.exp(-(y**2))
    along = (3 * tail + gauss * (3 / y**2 + 2)) / distance**2
    across = tail + gauss / y**2
    blocks = along[..., None, None] * tilted[..., :, None] * tilted[..., None, :] - across[..., None, None] * inverse
    blocks[itself] = 4 / (3 * math.sqrt(math.pi)) * inverse
    return vectors, -(splitting**3) / math.sqrt(np.linalg.det(eps)) * blocks


def _reciprocal_space(cell: Floats, sites: Floats, eps: Floats, q: Floats, splitting: float) -> Complexes:
    """The sum over reciprocal vectors at one q, (n, n, 3, 3), without the term of zero wave vector."""
    reciprocal = 2 * np.pi * np.linalg.inv(cell).T
    stretch = np.linalg.cholesky(eps)
    indices = _within(reciprocal @ stretch, q, 2 * splitting * _REACH) + q
    waves = indices @ reciprocal
    lengths = np.einsum("gx,xy,gy->g", waves, eps, waves)
    # a wave vector this short is q = 0 with rounding: its term is the macroscopic field
    kept = lengths > 1e-16 * np.linalg.norm(reciprocal @ stretch, axis=1).min() ** 2
    waves, lengths = waves[kept], lengths[kept]
    weights = 4 * math.pi / abs(np.linalg.det(cell)) * np.exp(-lengths / (4 * splitting**2)) / lengths
    phases = np.exp(2j * np.pi * indices[kept] @ sites.T)
    sources = phases[:, :, None] * waves[:, None, :]
    flat = sources.reshape(len(waves), 3 * len(sites))
    total = (flat * weights[:, None]).T @ flat.conj()
    n = len(sites)
    out: Complexes = total.reshape(n, 3, n, 3).transpose(0, 2, 1, 3)
    return out


def _within(basis: Floats, offset: Floats, radius: float) -> Floats:
    """Integer vectors m with |(m + offset) basis| <= radius, (nm, 3)."""
    planes = 1 / np.linalg.norm(np.linalg.inv(basis), axis=0)
    ranges = [
        range(math.floor(-radius / p - o), math.ceil(radius / p - o) + 1) for p, o in zip(planes, offset, strict=True)
    ]
    points = np.array(list(product(*ranges)), dtype=float)
    kept: Floats = points[np.linalg.norm((points + offset) @ basis, axis=1) <= radius]
    return kept
