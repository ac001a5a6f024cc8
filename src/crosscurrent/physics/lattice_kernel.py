"""The harmonic couplings of local modes between cells: short range, dipoles, surfaces, and the counterterm.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), supplement S6 to S12. The force on cell i is
-sum_R K_sr(R) (u_{i+R} - u_i) - (K_LR * u)_i + c(y) u_i with bonds that leave the slab omitted. All of it is one
convolution and a local term: -(K * u)_i + [S(y) + c(y)] u_i, with K = K_sr + K_LR and S(y) the sum of the bonds kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.dipole_kernel import dipole_kernel

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
#: K(R), eV/angstrom^2, by lattice vector.
Blocks = Mapping[tuple[int, int, int], Floats]


def cubic_blocks(
    on_site: float,
    nn_parallel: float,
    nn_perpendicular: float,
    second_in: float,
    second_out: float,
    second_off: float,
    third_diagonal: float,
    third_off: float,
) -> dict[tuple[int, int, int], Floats]:
    """The 27 blocks K(R) of a cubic kernel that ends at third neighbours, each (3, 3), from its eight numbers.

    K_aa of a first neighbour is nn_parallel for R along a, else nn_perpendicular; of a second neighbour second_in where
    R_a is not zero, else second_out; of a third neighbour third_diagonal. K_ab is second_off or third_off, times
    R_a R_b.
    """
    first, second = (nn_perpendicular, nn_parallel), (second_out, second_in)
    diagonal = {0: (on_site, on_site), 1: first, 2: second, 3: (third_diagonal,) * 2}
    off = {0: 0.0, 1: 0.0, 2: second_off, 3: third_off}
    blocks: dict[tuple[int, int, int], Floats] = {}
    for x, y, z in itertools.product((-1, 0, 1), repeat=3):
        r = np.array((x, y, z))
        shell = int(np.abs(r).sum())
        block = off[shell] * np.outer(r, r) + 0.0  # no negative zeros
        np.fill_diagonal(block, [diagonal[shell][abs(a)] for a in (x, y, z)])
        blocks[x, y, z] = block
    return blocks


def short_range_kernel(q: ArrayLike, blocks: Blocks) -> Complexes:
    """K_sr(q) = sum_R K(R) exp(i q.R), (..., 3, 3); q: (..., 3) radians a cell."""
    points = np.asarray(q, dtype=float)
    vectors = np.array(list(blocks), dtype=float)
    values = np.array(list(blocks.values()))
    phases = np.exp(1j * (points @ vectors.T))
    return np.asarray(np.tensordot(phases, values, axes=1))


def slab_dipole_kernel(
    slab: Slab, charge: ArrayLike, eps_inf: ArrayLike, volume: float, kernel: str, eta: float
) -> Floats:
    """K_LR on the wave vectors of a slab, (Nx, length_y, Nz, 3, 3) eV/angstrom^2; zero at q = 0 for `bare`."""
    return dipole_kernel(slab.wave_vectors(), charge, eps_inf, volume, kernel, eta)


def surface_term(blocks: Blocks, slab: Slab) -> Floats:
    """S(y) = sum of K(R) over the bonds that stay in the slab, (Ny, 3, 3): zero but in the layers at a surface."""
    layers = np.arange(slab.shape[1])
    total = np.zeros((len(layers), 3, 3))
    for vector, block in blocks.items():
        inside = (layers + vector[1] >= 0) & (layers + vector[1] < len(layers))
        total += np.where(inside | (not slab.open_y), 1.0, 0.0)[:, None, None] * block
    return total


def counterterm(dipole: Floats, slab: Slab) -> Floats:
    """c(y), (Ny, 3, 3) eV/angstrom^2: what the dipole kernel adds on site for a uniform polarization.

    dipole: K_LR on the slab. Within the plane of the slab it is the row sum over the layers, so that a uniform state
    polarized in the plane stays an exact equilibrium; along y, where a uniform state has a depolarizing field, the
    value of the bulk. Zero for the bare kernel, up to its images.
    """
    layers = slab.shape[1]
    bulk = dipole[0, 0, 0]
    if not slab.open_y:
        return np.broadcast_to(bulk, (layers, 3, 3)).copy()
    along_y = np.fft.ifft(dipole[0, :, 0], axis=0).real
    y = np.arange(layers)
    rows = along_y[(y[:, None] - y) % slab.length_y].sum(axis=1)
    in_plane = np.array([True, False, True])
    both = in_plane[:, None] & in_plane
    # off-diagonal elements with y have no row sum of their own kind; they vanish by symmetry in cubic crystals
    return np.asarray(np.where(both, rows, np.where(np.eye(3, dtype=bool), bulk, 0.0)))
