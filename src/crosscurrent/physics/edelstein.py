"""Spin of a current-carrying Fermi surface: the Boltzmann equation with one relaxation time (the Edelstein effect).

An electron of charge -e obeys hbar dk/dt = -e E. In a steady state -(e/hbar) E . d_k f = -(f - f0)/tau, so to first
order delta f = (e tau/hbar) E . d_k f0 = e tau E . v f0'(e): the Fermi sea is displaced by -e tau E/hbar. The spin is

    S_i = e tau int d^dk/(2 pi)^d sum_n s^i_nn v^j_n f0'(e_n) E_j.                                                 (1)

Source of the mechanism: V. M. Edelstein, Solid State Commun. 73, 233 (1990). For the density matrix the same step
reads delta rho = (e tau/hbar) E . d_k f0(H); between states of one energy its elements are e tau E . v_mn f0'(e), so a
degenerate group counts with the trace of s v over the group, which does not depend on the basis chosen inside it.

Internal units: e = 1 and hbar = 1 with energies in eV, so the response is in hbar angstrom/V per tau/hbar in 1/eV.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from crosscurrent.units import BOLTZMANN_EV_PER_K, HBAR_EV_S


def fermi_derivative(energies: Any, mu: Any, temperature: float, xp: Any = np) -> Any:
    """df0/de in 1/eV, shape (n_mu, *energies.shape); negative, with integral -1. temperature: K, above zero."""
    kt = BOLTZMANN_EV_PER_K * temperature
    distance = xp.abs(energies[None] - xp.reshape(mu, (-1,) + (1,) * energies.ndim)) / kt
    # of the decaying exponential only: keeps its digits deep in a gap and cannot overflow
    tail = xp.exp(-distance)
    return -tail / (kt * (1.0 + tail) ** 2)


def spin_velocity(spin: Any, velocity: Any, together: Any | None = None, xp: Any = np) -> Any:
    """s v of every band m, in the basis-independent sum over its group; (nk, L, dim, n) hbar eV angstrom.

    spin: s_mn, (nk, L, n, n) hbar. velocity: hbar v_mn, (nk, dim, n, n) eV angstrom. together: (nk, n, n), whether m
    and n are of one group; when None every band is its own. Summed over the bands of a group this is the trace of s v.
    """
    if together is None:
        s = xp.real(xp.diagonal(spin, axis1=-2, axis2=-1))
        v = xp.real(xp.diagonal(velocity, axis1=-2, axis2=-1))
        return s[:, :, None] * v[:, None]
    inside = xp.where(together[:, None], spin, 0.0)
    return xp.real(xp.einsum("kamn,kbmn->kabm", inside, xp.conj(velocity)))


def time_over_hbar(relaxation_time: float) -> float:
    """tau/hbar in 1/eV from tau in femtoseconds: the factor in front of Eq. (1)."""
    return relaxation_time * 1e-15 / HBAR_EV_S
