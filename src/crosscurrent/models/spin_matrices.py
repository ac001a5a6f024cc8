"""Spin matrices of any spin, and of spinor states in either order, in units of hbar."""

from __future__ import annotations

from typing import Literal

import numpy as np

from crosscurrent.models.bloch import Complexes
from crosscurrent.units import InputError

#: How states carry spin: all up, then all down; or up, down, up, down, ...
SpinOrdering = Literal["block", "interlaced"]


def spin_matrices(j: float) -> Complexes:
    """J_x, J_y, J_z of spin j in units of hbar, shape (3, 2j+1, 2j+1), basis m = j, j-1, ..., -j.

    Condon-Shortley phases: <m+1|J_+|m> = sqrt(j(j+1) - m(m+1)). Raises InputError unless 2j is a whole number >= 0.
    """
    size = round(2 * j) + 1
    if j < 0 or abs(2 * j - (size - 1)) > 1e-12:
        raise InputError(f"a spin is 0, 1/2, 1, 3/2, ..., got {j}", where="spin")
    m = j - np.arange(size)
    raising = np.diag(np.sqrt(j * (j + 1) - m[1:] * (m[1:] + 1)), k=1)
    return np.array([(raising + raising.T) / 2, (raising - raising.T) / 2j, np.diag(m)], dtype=complex)


#: Pauli matrices sigma_x, sigma_y, sigma_z, shape (3, 2, 2).
PAULI: Complexes = 2 * spin_matrices(0.5)


def ordered_spin(n: int, ordering: SpinOrdering, where: str = "spin_ordering") -> Complexes:
    """Spin matrices (3, n, n) in units of hbar for n states in block or interlaced order.

    Raises InputError for an odd number of states and an unknown order.
    """
    if n % 2:
        raise InputError(
            f"{n} states cannot be pairs of spin up and down",
            where=where,
            fix="leave the spin order out: this is no spinor model, or states are missing",
        )
    if ordering not in ("block", "interlaced"):
        raise InputError(f"unknown spin order '{ordering}'", where=where, fix="use 'block' or 'interlaced'")
    half, space = PAULI / 2, np.eye(n // 2)
    return np.array([np.kron(s, space) if ordering == "block" else np.kron(space, s) for s in half])
