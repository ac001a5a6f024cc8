"""From the atoms of a crystal to one local mode a cell: mode pattern, charge, mass, angular momentum, stiffness.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), supplement: the mode basis v_{alpha,s} and its
projections Z, M and Lambda (before S1), the projected stiffness S6, the projection residual S18. S6 with every atom
assigned to one cell breaks inversion; here the mode is centred on an atom, and each other atom is moved in equal
shares by all modes whose centres are nearest to it (an oxygen of a perovskite by halves).

A pattern v has the shape (n, 3, 3): atom, Cartesian direction, component of the mode.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Complexes = NDArray[np.complex128]
Blocks = dict[tuple[int, int, int], Floats]

#: Images of an atom are equally near when their distances differ by less, angstrom.
_TIE = 1e-3


def mode_charge(charges: Floats, pattern: Floats) -> Floats:
    """Z_{mu alpha} = sum_s Z*_s v_s, (3, 3) e. charges: (n, 3, 3) e, first index polarization. pattern: (n, 3, 3)."""
    return np.asarray(np.einsum("smx,sxa->ma", charges, pattern))


def mode_mass(masses: Floats, pattern: Floats) -> Floats:
    """M_{alpha beta} = sum_s m_s v_s.v_s, (3, 3) amu."""
    return np.asarray(np.einsum("s,sxa,sxb->ab", masses, pattern, pattern))


def mode_angular_momentum(masses: Floats, pattern: Floats) -> Floats:
    """Lambda^(k)_{ab} = sum_s m_s [v_a x v_b]_k relative to the centre of mass, (3, 3, 3) amu, k first."""
    drift = np.einsum("s,sxa->xa", masses, pattern) / masses.sum()
    inner = pattern - drift
    products = np.einsum("s,sxa,syb->xyab", masses, inner, inner)
    return np.asarray(
        np.stack([products[1, 2] - products[2, 1], products[2, 0] - products[0, 2], products[0, 1] - products[1, 0]])
    )


def centred_shares(lattice: Floats, positions: Floats, centre: int) -> tuple[Integers, Integers, Floats]:
    """The atoms that the mode of one cell moves: (atom (m,), lattice vector (m, 3), share (m,)).

    lattice: (3, 3), rows in angstrom. positions: (n, 3), reduced. Every atom appears with its images nearest to the
    centre, in equal shares that sum to one.
    """
    around = np.array(list(product(range(-2, 3), repeat=3)))
    atoms, vectors, shares = [], [], []
    for atom, place in enumerate(positions):
        distance = np.linalg.norm((place - positions[centre] + around) @ lattice, axis=1)
        nearest = around[distance < distance.min() + _TIE]
        atoms += [atom] * len(nearest)
        vectors.append(nearest)
        shares += [1 / len(nearest)] * len(nearest)
    return np.array(atoms), np.concatenate(vectors), np.array(shares)


def mode_wave(pattern: Floats, shares: tuple[Integers, Integers, Floats], wave_vectors: Floats) -> Complexes:
    """Displacements of the atoms of cell zero when the modes are exp(2 pi i q.R), (nq, n, 3, 3).

    An atom at lattice vector R of the mode of its own centre is moved at cell zero by the mode of cell -R.
    """
    atoms, vectors, weights = shares
    phases = weights * np.exp(-2j * np.pi * wave_vectors @ vectors.T)
    factors = np.zeros((len(wave_vectors), len(pattern)), dtype=complex)
    for column, atom in enumerate(atoms):
        factors[:, atom] += phases[:, column]
    return np.asarray(factors[:, :, None, None] * pattern)


def projected_stiffness(waves: Complexes, force_constants: Complexes) -> Complexes:
    """K(q) = v+ Phi v, (nq, 3, 3) eV/angstrom^2, S6. waves: (nq, n, 3, 3). force_constants: (nq, n, n, 3, 3)."""
    return np.asarray(np.einsum("qsxa,qstxy,qtyb->qab", waves.conj(), force_constants, waves, optimize=True))


def projected_endpoint(displacements: Floats, pattern: Floats, axis: int) -> tuple[float, float]:
    """(amplitude u_0, residual r of S18) of a polar structure in one component of the mode, least squares in Cartesian.

    displacements: (n, 3) angstrom from the reference. A rigid shift of all atoms costs no energy and is taken out of
    both first.
    """
    moved = displacements - displacements.mean(axis=0)
    along = pattern[:, :, axis] - pattern[:, :, axis].mean(axis=0)
    amplitude = float((moved * along).sum() / (along**2).sum())
    return amplitude, float(np.linalg.norm(moved - amplitude * along) / np.linalg.norm(moved))


def grid_points(n: int) -> Floats:
    """Reduced wave vectors m/n of a cubic grid that contains q = 0, (n^3, 3), last axis fastest."""
    along = np.arange(n) / n
    return np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1).reshape(-1, 3)


def blocks_on_grid(kernel: Complexes, n: int) -> Blocks:
    """K(R), (3, 3) each, whose sum over R with exp(2 pi i q.R) is the kernel at the points of `grid_points`.

    kernel: (n^3, 3, 3). Vectors reach half the grid; with an even number of points the two ends share. The
    imaginary part, which vanishes when K(-q) = K(q)*, is dropped.
    """
    values = np.fft.fftn(kernel.reshape(n, n, n, 3, 3), axes=(0, 1, 2)).real / n**3
    reach = range(-(n // 2), n // 2 + 1)
    share = {r: 0.5 if n % 2 == 0 and abs(r) == n // 2 else 1.0 for r in reach}
    return {
        (x, y, z): share[x] * share[y] * share[z] * values[x % n, y % n, z % n] for x, y, z in product(reach, repeat=3)
    }


def inversion_residual(blocks: Blocks) -> float:
    """max |K(R) - K(R)^T|, eV/angstrom^2: with K(-R) = K(R)^T this is zero when the kernel has inversion."""
    return max(float(np.abs(block - block.T).max()) for block in blocks.values())


def cubic_average(blocks: Blocks) -> tuple[Blocks, float]:
    """(blocks with the full cubic symmetry and inversion, the largest change that made, eV/angstrom^2).

    The mode is a polar vector on a site of cubic symmetry: K(g R) = g K(R) g^T for the 48 operations g, and K(R) =
    K(R)^T = K(-R).
    """
    operations = []
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            matrix = np.zeros((3, 3), dtype=int)
            matrix[range(3), order] = signs
            operations.append(matrix)
    mean = {}
    for vector in blocks:
        total = np.zeros((3, 3))
        for g in operations:
            x, y, z = (int(n) for n in g @ vector)
            total += g.T @ blocks[x, y, z] @ g
        mean[vector] = (total + total.T) / (2 * len(operations))
    change = max(float(np.abs(mean[vector] - blocks[vector]).max()) for vector in blocks)
    return mean, change
