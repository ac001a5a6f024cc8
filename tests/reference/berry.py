"""Berry curvature, Chern number and orbital moment from the states themselves, in a smooth local gauge.

States at neighbouring points are turned until their overlap with the state at the centre is real and positive (parallel
transport), then differentiated by finite differences. Only for bands that stay apart.
"""

from __future__ import annotations

import numpy as np

from reference.zone import Complexes, Floats, Hamiltonian, Zone


def chern_number(h: Hamiltonian, zone: Zone, filling: int) -> float:
    """Sum over plaquettes of the phase of det of overlaps (Fukui, Hatsugai and Suzuki), over 2 pi."""
    states = np.linalg.eigh(zone.sample(h))[1][..., :filling]

    def link(axis: int) -> Complexes:
        overlap = states.conj().swapaxes(-1, -2) @ np.roll(states, -1, axis=axis)
        return np.linalg.det(overlap)

    along_1, along_2 = link(0), link(1)
    loop = along_1 * np.roll(along_2, -1, axis=0) / (np.roll(along_1, -1, axis=1) * along_2)
    # Omega = d_x A_y - d_y A_x with A = i <u|du>, so that a loop of overlaps gathers -Omega times its area
    return float(-np.angle(loop).sum() / (2 * np.pi))


def curvature_and_moment(h: Hamiltonian, k: Floats, band: int, step: float = 2e-3) -> tuple[Floats, Floats]:
    """Omega^z = -2 Im <d_x u|d_y u> and -2 Im <d_x u|(H - e)|d_y u> at points k (nk, 2).

    The orbital moment of Sundaram and Niu is -(e/2 hbar) times the second. Fourth order in the step.
    """
    energies, states = np.linalg.eigh(h(k))
    centre, e = states[:, :, band], energies[:, band]
    dx, dy = (_derivative(h, k, band, centre, axis, step) for axis in (0, 1))
    shifted = h(k) - e[:, None, None] * np.eye(h(k).shape[-1])
    curvature = -2 * np.einsum("ka,ka->k", dx.conj(), dy).imag
    moment = -2 * np.einsum("ka,kab,kb->k", dx.conj(), shifted, dy).imag
    return curvature, moment


def _derivative(h: Hamiltonian, k: Floats, band: int, centre: Complexes, axis: int, step: float) -> Complexes:
    total = np.zeros_like(centre)
    for shift, weight in ((1, 8.0), (-1, -8.0), (2, -1.0), (-2, 1.0)):
        moved = k.copy()
        moved[:, axis] += shift * step
        state = np.linalg.eigh(h(moved))[1][:, :, band]
        overlap = np.einsum("ka,ka->k", centre.conj(), state)
        total += weight * state * (overlap.conj() / np.abs(overlap))[:, None]
    return total / (12 * step)
