"""The harmonic couplings of local modes between cells: short range, dipoles, surfaces, and the counterterm.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), supplement S6 to S12. The force on cell i is
-sum_R K_sr(R) (u_{i+R} - u_i) - (K_LR * u)_i + c(y) u_i with bonds that leave the slab omitted. All of it is one
convolution and a local term: -(K * u)_i + [S(y) + c(y)] u_i, with K = K_sr + K_LR and S(y) the sum of the bonds kept.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.dipole_kernel import dipole_kernel

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
#: K(R), eV/angstrom^2, by lattice vector.
Blocks = Mapping[tuple[int, int, int], Floats]
#: Wave vectors whose phases with all blocks are held together.
_AT_ONCE = 4096


def short_range_kernel(q: ArrayLike, blocks: Blocks) -> Complexes:
    """K_sr(q) = sum_R K(R) exp(i q.R), (..., 3, 3); q: (..., 3) radians a cell."""
    points = np.asarray(q, dtype=float)
    vectors = np.array(list(blocks), dtype=float)
    values = np.array(list(blocks.values()))
    flat = points.reshape(-1, 3)
    total = np.empty((len(flat), 3, 3), dtype=complex)
    for i in range(0, len(flat), _AT_ONCE):
        phases = np.exp(1j * (flat[i : i + _AT_ONCE] @ vectors.T))
        total[i : i + _AT_ONCE] = np.tensordot(phases, values, axes=1)
    return total.reshape(*points.shape, 3)


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
