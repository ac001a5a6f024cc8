"""The kinetic equation of Liu, Cullen and Culcer (PRB 108, 195434), solved step by step for the density matrix.

Operators stand in a fixed basis, so the covariant derivatives of the paper are ordinary ones (spectral on the torus),
and no band sum is rearranged by hand. Units hbar = e = E = 1, energies eV, lengths angstrom: the currents are
int d2k/(2 pi)^2 of the same quantity whose band sum is sum f X.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.projector import Groups2D, fermi
from reference.zone import Complexes, anticommutator, commutator, trace


@dataclass(frozen=True)
class Currents:
    """J_i / E_j. c6 and c7: conventional split by the part of the spin inside and between the groups.

    torque_dipole_2: with the indices of (C13)-(C18). torque_dipole_2_exchanged: with i and j as (C19) prints them.
    """

    conventional: float
    c6: float
    c7: float
    torque_dipole_1: float
    torque_dipole_2: float
    torque_dipole_2_exchanged: float


def currents(g: Groups2D, spin: Complexes, i: int, j: int, mu: float, kt: float) -> Currents:
    """Current along i, field along j, occupation f((e - mu)/kt)."""
    equilibrium = g.function_of_h(fermi(g, mu, kt))
    # (3) and (6): i [H, rho_E] = d_j rho_0
    response = g.solve(g.zone.derivative(equilibrium, j))
    inside = g.block_diagonal(spin)
    torque = 1j * commutator(g.h, np.broadcast_to(spin, g.h.shape))
    # (7): i [H, rho_EQ] = -(i/2) {d_i H, rho_E}
    first = g.solve(-0.5j * anticommutator(g.dh[i], response))

    def average(operator: Complexes, density: Complexes) -> float:
        value = g.zone.integral(trace(operator, density))
        assert abs(value.imag) < 1e-9 * (1 + abs(value.real))
        return value.real

    return Currents(
        conventional=average(anticommutator(spin, g.dh[i]) / 2, response),
        c6=average(anticommutator(inside, g.dh[i]) / 2, response),
        c7=average(anticommutator(spin - inside, g.dh[i]) / 2, response),
        torque_dipole_1=average(1j * torque, first),
        torque_dipole_2=average(1j * torque, _second(g, equilibrium, i, j)),
        torque_dipole_2_exchanged=average(1j * torque, _second(g, equilibrium, j, i)),
    )


def _second(g: Groups2D, equilibrium: Complexes, i: int, j: int) -> Complexes:
    """d rho_EQ / dQ_i for a field along j: (C13) has the index of Q, (C15) that of the field, (C18) solves."""
    correlated = g.solve(-0.5j * anticommutator(g.dh[i], equilibrium))
    return g.solve(g.zone.derivative(correlated, j))
