"""Bond currents of energy and angular momentum, and the local balances they close.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), supplement S21 to S41. Everything is bilinear in
fields u, v, F of shape (..., Nx, Ny, Nz, 3) and holds for any sample; a mean over samples of a steady state gives the
balances. Units: angstrom, angstrom/ps, eV/angstrom; powers eV/ps, torques hbar/ps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_energy import neighbour, pair_differences, short_range_energy
from crosscurrent.physics.lattice_kernel import Blocks
from crosscurrent.physics.lattice_observables import angular_momentum, kinetic_energy
from crosscurrent.physics.lattice_units import ACCELERATION, HBAR
from crosscurrent.physics.well import Well

Floats = NDArray[np.float64]
Bonds = dict[tuple[int, int, int], Floats]


@dataclass(frozen=True)
class Forces:
    """The forces on every cell, each (..., Nx, Ny, Nz, 3) eV/angstrom: of the well, the short range and the dipoles."""

    on_site: Floats
    short_range: Floats
    dipole: Floats


def local_energy(u: Floats, v: Floats, well: Well, blocks: Blocks, slab: Slab, mass: Floats) -> Floats:
    """epsilon_i, eV: kinetic and on-site energy and half of each short-range bond (text before S30)."""
    return np.asarray(kinetic_energy(v, mass) + well.energy(u) + short_range_energy(u, blocks, slab))


def pair_power(force: Floats, v: Floats) -> Floats:
    """v.F, (..., Nx, Ny, Nz) eV/ps: S26 to S28."""
    return np.asarray((force * v).sum(axis=-1))


def energy_bond_currents(u: Floats, v: Floats, blocks: Blocks, slab: Slab) -> Bonds:
    """J_{i->i+R} = -(1/2) (v_i + v_{i+R}).F_{i<-i+R}, by R, S30: antisymmetric, J_{i+R->i} = -J_{i->i+R}."""
    currents = {}
    for vector, difference, block in pair_differences(u, blocks, slab):
        moved, _ = neighbour(v, vector, slab)
        # where the bond leaves the slab the difference is zero
        currents[vector] = 0.5 * ((v + moved) * (difference @ block.T)).sum(axis=-1)
    return currents


def angular_bond_currents(u: Floats, blocks: Blocks, slab: Slab, mass: Floats, angular: Floats) -> Bonds:
    """-u_i.Lambda^(k) M^-1 F_{i<-i+R}, by R, (..., Nx, Ny, Nz, 3) hbar/ps, S37.

    It is the torque that cell i+R exerts on cell i, with a minus sign, and not a current: what leaves one cell is not
    what arrives at the other, J_{i->j} + J_{j->i} = (u_j - u_i).Lambda M^-1 F_{i<-j}. `split_bonds` takes the two
    apart.
    """
    lever = angular @ np.linalg.inv(mass) * (ACCELERATION / HBAR)
    return {
        vector: np.asarray(np.einsum("...a,kab,...b->...k", u, lever, difference @ block.T))
        for vector, difference, block in pair_differences(u, blocks, slab)
    }


def split_bonds(bonds: Bonds, slab: Slab) -> tuple[Bonds, Bonds]:
    """The antisymmetric part of a bond quantity (..., Nx, Ny, Nz, m), a current, and the symmetric part, a source."""
    current, source = {}, {}
    for vector, here in bonds.items():
        there, _ = neighbour(bonds[-vector[0], -vector[1], -vector[2]], vector, slab)
        current[vector], source[vector] = 0.5 * (here - there), 0.5 * (here + there)
    return current, source


def kinetic_balance(v: Floats, forces: Forces, mass: Floats, damping: Floats, thermal: Floats) -> dict[str, Floats]:
    """The terms of S29, eV/ps, whose sum is d<KE>/dt. damping: (Ny,) 1/ps. thermal: k_B T, (Nx,) eV.

    In a steady state the on-site power, S27, vanishes: it is minus the derivative of <V_on>.
    """
    gamma = damping[:, None]
    return {
        "on_site": pair_power(forces.on_site, v),
        "short_range": pair_power(forces.short_range, v),
        "dipole": pair_power(forces.dipole, v),
        "damping": -2 * gamma * kinetic_energy(v, mass),
        "bath": np.broadcast_to(3 * gamma * thermal[:, None, None], v.shape[:-1]),
    }


def energy_balance(
    u: Floats, v: Floats, forces: Forces, blocks: Blocks, slab: Slab, mass: Floats, damping: Floats, thermal: Floats
) -> dict[str, Floats]:
    """The terms of S31, eV/ps, whose sum is d<epsilon>/dt: what flows out along the bonds, the dipoles and the bath."""
    kinetic = kinetic_balance(v, forces, mass, damping, thermal)
    outflow = sum(energy_bond_currents(u, v, blocks, slab).values(), np.zeros(v.shape[:-1]))
    return {"currents": -outflow, **{name: kinetic[name] for name in ("dipole", "damping", "bath")}}


def angular_balance(
    u: Floats, v: Floats, forces: Forces, turn: Floats, mass: Floats, angular: Floats, damping: Floats
) -> dict[str, Floats]:
    """The terms of S38, (..., 3) hbar/ps, whose sum is d<L>/dt. turn: Omega_B C, (3, 3) rad/ps.

    The short range is the sum of S37 over the bonds, with a minus sign. In a steady state with isotropic M the magnetic
    torque, S41, vanishes: it is the derivative of <u.u>.
    """
    lever = angular @ np.linalg.inv(mass)
    values, vectors = np.linalg.eigh(mass)
    root = (vectors * np.sqrt(values)) @ vectors.T
    magnetic = v @ (root @ turn @ root).T

    def torque(force: Floats, scale: float) -> Floats:
        return np.asarray(np.einsum("...a,kab,...b->...k", u, lever, force) * (scale / HBAR))

    return {
        "on_site": torque(forces.on_site, ACCELERATION),
        "short_range": torque(forces.short_range, ACCELERATION),
        "dipole": torque(forces.dipole, ACCELERATION),
        "magnetic": torque(magnetic, 1.0),
        "damping": -damping[:, None, None] * angular_momentum(u, v, angular),
    }
