"""Energy and force of a lattice of local modes, each term once.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), Eqs. (2) to (8) and S4 to S12. Fields u are
(..., Nx, Ny, Nz, 3) in angstrom, energies eV, forces eV/angstrom. The on-site term is in `well`; here are the short
range, pair by pair, the dipoles, and both in the one convolution that dynamics uses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.slab import Slab, convolve, layer_coupling
from crosscurrent.physics.lattice_kernel import (
    Blocks,
    counterterm,
    short_range_kernel,
    slab_dipole_kernel,
    surface_term,
)

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
#: Bytes a wave vector of the slab: the couplings with their order by layer, and what finding them takes at most.
_HELD, _MEANWHILE = 310, 660


def neighbour(u: Floats, vector: tuple[int, int, int], slab: Slab) -> tuple[Floats, NDArray[np.bool_]]:
    """u_{i+R} for every cell i, and which layers have that neighbour, (Ny,); zero where they have none."""
    moved = np.roll(u, [-r for r in vector], axis=(-4, -3, -2))
    layers = np.arange(slab.shape[1]) + vector[1]
    inside = (layers >= 0) & (layers < slab.shape[1]) | (not slab.open_y)
    return np.where(inside[:, None, None], moved, 0.0), inside


def pair_differences(u: Floats, blocks: Blocks, slab: Slab) -> Iterator[tuple[tuple[int, int, int], Floats, Floats]]:
    """(R, u_{i+R} - u_i, K(R)) over all bonds, with a zero difference where the bond leaves the slab."""
    for vector, block in blocks.items():
        moved, inside = neighbour(u, vector, slab)
        yield vector, np.where(inside[:, None, None], moved - u, 0.0), block


def short_range_energy(u: Floats, blocks: Blocks, slab: Slab) -> Floats:
    """Half of every bond at each of its ends, (..., Nx, Ny, Nz): V_sr = -(1/4) sum_i sum_R d.K(R).d, d = u_{i+R} - u_i.

    This is S7 for a kernel that sums to zero, with the bonds that leave the slab omitted.
    """
    total = np.zeros(u.shape[:-1])
    for _, difference, block in pair_differences(u, blocks, slab):
        total -= 0.25 * np.einsum("...a,ab,...b->...", difference, block, difference)
    return total


def short_range_force(u: Floats, blocks: Blocks, slab: Slab) -> Floats:
    """-sum_R K(R) (u_{i+R} - u_i), S8."""
    total = np.zeros_like(u)
    for _, difference, block in pair_differences(u, blocks, slab):
        total -= difference @ block.T
    return total


@dataclass(frozen=True)
class Couplings:
    """What ties the cells of a slab together, eV/angstrom^2: all of it linear in u.

    kernel: K_sr + K_LR on the wave vectors of the slab, (Nx, length_y, Nz, 3, 3). dipole: its part K_LR. surface: S(y),
    counter: c(y), each (Ny, 3, 3).
    """

    slab: Slab
    kernel: Complexes
    dipole: Floats
    surface: Floats
    counter: Floats

    @property
    def local(self) -> Floats:
        """S(y) + c(y), (Ny, 3, 3): the term to add on site."""
        return self.surface + self.counter

    def force(self, u: Floats) -> Floats:
        """Short range, dipoles and counterterm: -(K * u)_i + [S(y) + c(y)] u_i."""
        return self._on_site(self.local, u) - convolve(self.kernel, u, self.slab)

    def energy(self, u: Floats) -> Floats:
        """-u_i.F_i/2 of each cell; the sum over cells is the coupling energy, as the force is linear."""
        return np.asarray(-0.5 * (u * self.force(u)).sum(axis=-1))

    def dipole_force(self, u: Floats) -> Floats:
        """-(K_LR * u)_i + c(y) u_i, S12 with the counterterm."""
        return self._on_site(self.counter, u) - convolve(self.dipole, u, self.slab)

    def dipole_energy(self, u: Floats) -> Floats:
        """-u_i.F_i^dip/2 of each cell, S10 with the counterterm."""
        return np.asarray(-0.5 * (u * self.dipole_force(u)).sum(axis=-1))

    def _on_site(self, term: Floats, u: Floats) -> Floats:
        return np.asarray(np.einsum("yab,...xyzb->...xyza", term, u))

    def by_layer(self) -> Complexes:
        """K(q_x, q_z, y - y'), (Nx, Nz, 2 Ny - 1, 3, 3), of an open slab."""
        return layer_coupling(self.kernel, self.slab)

    def dipole_by_layer(self) -> Complexes:
        return layer_coupling(self.dipole, self.slab)


def couplings_memory(slab: Slab) -> tuple[int, int]:
    """Bytes (that are held, at most meanwhile) when the couplings of a slab are made and put in order by layer: complex
    (3, 3) matrices on every wave vector, their dipole part, and copies that come and go. Measured."""
    points = math.prod(slab.transform_shape)
    return _HELD * points, _MEANWHILE * points


def couplings(
    slab: Slab, blocks: Blocks, charge: Floats, eps_inf: Floats, volume: float, dipole: str, eta: float
) -> Couplings:
    """The couplings of a record on a slab: blocks K_sr(R), and K_LR of charge (e), eps_inf and volume (angstrom^3)."""
    long_range = slab_dipole_kernel(slab, charge, eps_inf, volume, dipole, eta)
    short_range = short_range_kernel(slab.wave_vectors(), blocks)
    return Couplings(
        slab, short_range + long_range, long_range, surface_term(blocks, slab), counterterm(long_range, slab)
    )
