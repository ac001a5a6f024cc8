"""Smooth Hamiltonians on a two-dimensional torus: random ones, and a few with a known symmetry or Chern number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

PAULI = (
    np.array([[0, 1], [1, 0]], dtype=complex),
    np.array([[0, -1j], [1j, 0]], dtype=complex),
    np.array([[1, 0], [0, -1]], dtype=complex),
)
ONE = np.eye(2, dtype=complex)
SQUARE: Floats = np.eye(2)
SKEW: Floats = np.array([[1.3, 0.2], [-0.45, 0.9]])


@dataclass(frozen=True)
class Torus:
    """H(k) = sum_R exp(i k.R) H(R), all orbitals at the origin of the cell, and one spin matrix in units of hbar.

    lattice: (2, 2) rows in angstrom. vectors: (nR, 2) integers. blocks: (nR, n, n) eV. spin: (n, n).
    """

    lattice: Floats
    vectors: NDArray[np.int64]
    blocks: Complexes
    spin: Complexes

    @property
    def n_states(self) -> int:
        return int(self.blocks.shape[-1])

    @property
    def area(self) -> float:
        return float(abs(np.linalg.det(self.lattice)))

    @property
    def reciprocal(self) -> Floats:
        return np.asarray(2 * np.pi * np.linalg.inv(self.lattice).T)

    @property
    def displacements(self) -> Floats:
        return np.asarray(self.vectors @ self.lattice)

    def h(self, k: Floats) -> Complexes:
        """k: (nk, 2) Cartesian 1/angstrom. Returns (nk, n, n) eV."""
        return np.einsum("kr,rab->kab", np.exp(1j * k @ self.displacements.T), self.blocks)

    def dh(self, k: Floats) -> Complexes:
        """Exact dH/dk, (nk, 2, n, n) eV angstrom; the other modules take their own derivatives."""
        shifted = 1j * self.displacements.T[:, :, None, None] * self.blocks
        return np.einsum("kr,irab->kiab", np.exp(1j * k @ self.displacements.T), shifted)

    def mesh(self, n: int) -> Floats:
        """Gamma-centred n x n mesh, (n * n, 2) 1/angstrom."""
        t = np.arange(n) / n
        return np.stack(np.meshgrid(t, t, indexing="ij"), axis=-1).reshape(-1, 2) @ self.reciprocal


def from_terms(terms: dict[tuple[int, int], Complexes], spin: Complexes, lattice: Floats = SQUARE) -> Torus:
    """A model from half of its hoppings: the block at -R is the adjoint of the block at R."""
    blocks: dict[tuple[int, int], Complexes] = {}
    for (x, y), block in terms.items():
        adjoint = block.conj().T
        for key, value in (((x, y), block / 2), ((-x, -y), adjoint / 2)):
            blocks[key] = blocks.get(key, 0) + value
    keys = sorted(blocks)
    return Torus(lattice, np.array(keys), np.array([blocks[key] for key in keys]), np.asarray(spin, dtype=complex))


def random_hermitian(rng: np.random.Generator, n: int) -> Complexes:
    a = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
    return (a + a.conj().T) / 2


def random_unitary(rng: np.random.Generator, n: int) -> Complexes:
    q, r = np.linalg.qr(rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)))
    return np.asarray(q * (np.diagonal(r) / np.abs(np.diagonal(r))))


def random_torus(
    seed: int,
    levels: Sequence[float] = (-3.0, -1.0, 1.0, 3.0),
    amplitude: float = 0.3,
    lattice: Floats = SQUARE,
) -> Torus:
    """Separated levels with random hoppings to (1,0), (0,1), (1,1), (1,-1) and a random traceless spin matrix.

    No symmetry at all, so nothing is zero by accident. Small amplitudes keep every pair of bands apart.
    """
    rng = np.random.default_rng(seed)
    n = len(levels)
    terms: dict[tuple[int, int], Complexes] = {(0, 0): np.diag(np.asarray(levels, dtype=complex))}
    for vector in ((1, 0), (0, 1), (1, 1), (1, -1)):
        scale = amplitude / (vector[0] ** 2 + vector[1] ** 2)
        terms[vector] = scale * (rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)))
    spin = random_hermitian(rng, n)
    spin -= np.trace(spin) / n * np.eye(n)
    return from_terms(terms, spin, lattice)


def qwz(mass: float = 1.0, spin: Complexes | None = None) -> Torus:
    """sin kx sigma_x + sin ky sigma_y + (mass + cos kx + cos ky) sigma_z: one Chern band for 0 < |mass| < 2."""
    x, y, z = PAULI
    terms = {(0, 0): mass * z, (1, 0): z - 1j * x, (0, 1): z - 1j * y}
    return from_terms(terms, PAULI[2] / 2 if spin is None else spin)


def chern_four(seed: int = 5, coupling: float = 0.25) -> Torus:
    """Two QWZ blocks of different mass, coupled at random: an insulator of Chern bands without symmetry."""
    rng = np.random.default_rng(seed)
    up = np.diag([1.0, 0.0]).astype(complex)
    down = np.diag([0.0, 1.0]).astype(complex)
    terms: dict[tuple[int, int], Complexes] = {(0, 0): coupling * random_hermitian(rng, 4)}
    for part, mass, scale in ((up, 1.2, 1.0), (down, 0.7, 1.6)):
        x, y, z = (scale * np.kron(part, p) for p in PAULI)
        for vector, block in (((0, 0), mass * z), ((1, 0), z - 1j * x), ((0, 1), z - 1j * y)):
            terms[vector] = terms.get(vector, 0) + block
    for vector in ((1, 0), (0, 1)):
        terms[vector] = terms[vector] + coupling / 2 * rng.normal(size=(4, 4))
    spin = random_hermitian(rng, 4) / 2
    return from_terms(terms, spin)


def inversion_doublets(seed: int = 3, lattice: Floats = SKEW) -> Torus:
    """sum_a d_a(k) Gamma_a with five anticommuting Gamma: doublets at every k, as with time reversal x inversion.

    The doublets are never split, and a random spin matrix does not commute with anything.
    """
    rng = np.random.default_rng(seed)
    x, y, z = PAULI
    gammas = [np.kron(z, ONE), np.kron(x, x), np.kron(x, y), np.kron(x, z), np.kron(y, ONE)]
    terms: dict[tuple[int, int], Complexes] = {(0, 0): 1.5 * gammas[0] + 0.4 * gammas[4] + 0.2 * np.eye(4)}
    for vector in ((1, 0), (0, 1), (1, 1)):
        terms[vector] = sum((complex(*rng.normal(scale=0.35, size=2)) * g for g in gammas), np.zeros((4, 4), complex))
        terms[vector] = terms[vector] + complex(rng.normal(scale=0.2)) * np.eye(4)
    return from_terms(terms, random_hermitian(rng, 4), lattice)


def triplet(seed: int = 7) -> Torus:
    """-|v(k)><v(k)| with a smooth vector v: one band below a triplet that is never split."""
    rng = np.random.default_rng(seed)
    vectors = [(0, 0), (1, 0), (0, 1), (1, 1)]
    harmonics = [scale * (rng.normal(size=4) + 1j * rng.normal(size=4)) for scale in (1.0, 0.3, 0.3, 0.2)]
    blocks: dict[tuple[int, int], Complexes] = {}
    for (x1, y1), left in zip(vectors, harmonics, strict=True):
        for (x2, y2), right in zip(vectors, harmonics, strict=True):
            key = (x1 - x2, y1 - y2)
            blocks[key] = blocks.get(key, np.zeros((4, 4), complex)) - np.outer(left, right.conj())
    keys = sorted(blocks)
    return Torus(SQUARE, np.array(keys), np.array([blocks[key] for key in keys]), random_hermitian(rng, 4))


def rotated(model: Torus, unitary: Complexes) -> Torus:
    """The same physics in another k-independent basis."""
    turn = unitary.conj().T
    return Torus(model.lattice, model.vectors, turn @ model.blocks @ unitary, turn @ model.spin @ unitary)
