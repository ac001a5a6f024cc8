"""Spin of a displaced Fermi sea: the whole distribution is moved in k, and no derivative of anything is taken.

In a steady state with one relaxation time the occupation at k is that of equilibrium at k + e tau E/hbar. The
displacement itself, in 1/angstrom, is the argument.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from reference.torus_models import Torus
from reference.zone import Complexes, Floats


def spin_of_displaced_sea(
    h: Callable[[Floats], Complexes], spin: Complexes, k: Floats, weight: float, shift: Floats, mu: float, kt: float
) -> float:
    """int sum_n s_nn(k) f0(e_n(k + shift)); k: (nk, dim) points of one weight; bands by energy, none degenerate."""
    energies, states = np.linalg.eigh(h(k))
    moved = np.linalg.eigvalsh(h(k + shift))
    assert np.diff(energies, axis=1).min() > 1e-6
    diagonal = np.einsum("kan,ab,kbn->kn", states.conj(), spin, states).real
    return float(np.sum(diagonal * expit((mu - moved) / kt)) * weight)


def spin_inside_levels(
    model: Torus, spin: Complexes, k: Floats, direction: int, mu: float, kt: float, step: float
) -> float:
    """d/dq of int tr[s P f0(H(k + q)) P] with P the projectors of the levels at k, which are pairs of states.

    Density matrices only: no velocity, no derivative of f0.
    """
    offset = np.zeros(2)
    offset[direction] = step
    change = _fermi_matrix(model.h(k + offset), mu, kt) - _fermi_matrix(model.h(k - offset), mu, kt)
    states = np.linalg.eigh(model.h(k))[1]
    total = 0.0
    for lower in range(0, model.n_states, 2):
        pair = states[..., lower : lower + 2]
        projector = pair @ pair.conj().swapaxes(-1, -2)
        total += np.einsum("kab,kbc,kcd,da->", projector, change, projector, spin).real
    return total / (2 * step) / (len(k) * model.area)


def _fermi_matrix(h: Complexes, mu: float, kt: float) -> Complexes:
    """The density matrix f0(H)."""
    energies, states = np.linalg.eigh(h)
    return np.asarray((states * expit((mu - energies) / kt)[:, None, :]) @ states.conj().swapaxes(-1, -2))
