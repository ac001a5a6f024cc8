"""The Kubo formula of the textbook, one matrix element at a time: the slow sum that faster ones are compared with."""

from __future__ import annotations

import math

import numpy as np

from reference.torus_models import Torus
from reference.zone import Complexes


def conventional(
    model: Torus, spin: Complexes, i: int, j: int, mu: float, kt: float = 0.0, n: int = 12, eta: float = 0.0
) -> float:
    """J_i/E_j = (1/N A) sum_k sum_{a != b} (f_a - f_b) Im[<b|{s, v_i}/2|a><a|v_j|b>] / ((e_a - e_b)^2 + eta^2).

    Each pair appears twice, which is the factor 2 of the one-sided form. spin = 1 gives the charge Hall response.
    """
    total = 0.0
    for k in model.mesh(n):
        point = k[None]
        energies, u = np.linalg.eigh(model.h(point)[0])
        v_i, v_j = model.dh(point)[0, i], model.dh(point)[0, j]
        current = (spin @ v_i + v_i @ spin) / 2
        for a in range(model.n_states):
            for b in range(model.n_states):
                if a == b:
                    continue
                weight = _fermi(energies[a], mu, kt) - _fermi(energies[b], mu, kt)
                if weight:
                    left = np.vdot(u[:, b], current @ u[:, a])
                    right = np.vdot(u[:, a], v_j @ u[:, b])
                    total += weight * (left * right).imag / ((energies[a] - energies[b]) ** 2 + eta**2)
    return total / (n * n * model.area)


def _fermi(energy: float, mu: float, kt: float) -> float:
    if kt == 0:
        return 1.0 if energy <= mu else 0.0
    return 1 / (math.exp((energy - mu) / kt) + 1)
