"""The conserved spin current of Shi, Zhang, Xiao and Niu (PRL 96, 076604) from a field that varies in space.

Its definition: a field E_x exp(i q y) drives a spin current J_y(q) whose divergence is the change of the spin density.
With E = -dA/dt and S(q) = chi(q) A(q), continuity d_t S = -i q J_y gives J_y/E_x = -i chi(q)/q, q -> 0, where chi is
the static response of the spin density to a transverse vector potential. No torque dipole and no projector appears.
Units hbar = e = 1.
"""

from __future__ import annotations

import itertools

import numpy as np

from reference.torus_models import Torus
from reference.zone import Complexes, Floats


def spin_hall(model: Torus, filling: int, n: int = 48, steps: tuple[float, ...] = (0.12, 0.06, 0.03)) -> float:
    """J_y/E_x with the lowest `filling` bands occupied; chi is odd to first order, so three steps give O(q^6)."""
    values = [(_chi(model, filling, n, q) - _chi(model, filling, n, -q)) / (2j * q) for q in steps]
    table = [values]
    for order in range(1, len(values)):
        previous = table[-1]
        factor = 4.0**order
        table.append([(factor * b - a) / (factor - 1) for a, b in itertools.pairwise(previous)])
    best = table[-1][0]
    assert abs(best.imag) < 1e-8
    return best.real


def _chi(model: Torus, filling: int, n: int, q: float) -> complex:
    """Spin density exp(i q y) for a unit A_x exp(i q y), per area."""
    k = model.mesh(n)
    wave = np.array([0.0, q])
    e0, u0 = np.linalg.eigh(model.h(k))
    e1, u1 = np.linalg.eigh(model.h(k + wave))
    vertex = u1.conj().swapaxes(-1, -2) @ _vertex(model, k, wave) @ u0
    spin = u0.conj().swapaxes(-1, -2) @ model.spin @ u1
    occupied = np.arange(model.n_states) < filling
    change = occupied[:, None].astype(float) - occupied[None, :]
    gaps = np.where(change != 0, e1[:, :, None] - e0[:, None, :], 1.0)
    return complex(np.einsum("kmn,knm->", spin, change / gaps * vertex)) / (len(k) * model.area)


def _vertex(model: Torus, k: Floats, wave: Floats) -> Complexes:
    """<k + q| dH/dA |k> for A = x exp(i q.r): a hop r <- r + R carries exp(i int A.dl), since k -> k + e A/hbar."""
    phase = model.displacements @ wave
    line = np.where(np.abs(phase) > 1e-12, np.expm1(1j * phase) / np.where(phase == 0, 1, 1j * phase), 1.0)
    hops = 1j * model.displacements[:, 0] * line
    return np.einsum("kr,rab->kab", np.exp(1j * k @ model.displacements.T), hops[:, None, None] * model.blocks)
