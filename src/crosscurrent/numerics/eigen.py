"""The one batched Hermitian eigensolver, and the gaps between its levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.units import InputError


def eigh(h: NDArray[np.complex128], xp: Any = np) -> tuple[Any, Any]:
    """Eigenvalues (..., n) ascending and eigenvectors (..., n, n) as columns of Hermitian h (..., n, n).

    Raises InputError when h is not finite, since LAPACK would return garbage without a word.
    """
    if xp is np and not np.isfinite(h.view(float)).all():
        raise InputError(
            "the Hamiltonian is NaN or infinite at some k point",
            where="model",
            fix="check the input file or the k.p function",
        )
    energies, states = xp.linalg.eigh(h)
    return energies, states


def rotate(states: Any, operators: Any, xp: Any = np) -> Any:
    """U^dagger O U for a stack of operators: states (nk, n, n), operators (nk or 1, a, n, n) -> (nk, a, n, n)."""
    nk, n = states.shape[0], states.shape[-1]
    a = operators.shape[1]
    # all operators of one k share the right factor, so the first product is one tall matrix product
    right = xp.matmul(operators.reshape(operators.shape[0], a * n, n), states).reshape(nk, a, n, n)
    return xp.matmul(xp.conj(xp.swapaxes(states, -1, -2))[:, None], right)


def degenerate_groups(energies: Any, tolerance: float, xp: Any = np) -> Any:
    """Label the group of every level: neighbours closer than the tolerance share a group.

    energies: (nk, n) ascending, eV. Returns integers (nk, n), rising from 0.
    """
    apart = xp.diff(energies, axis=-1) >= tolerance
    first = xp.zeros((*energies.shape[:-1], 1), dtype=int)
    return xp.concatenate([first, xp.cumsum(apart, axis=-1)], axis=-1)


def group_means(energies: Any, labels: Any, xp: Any = np) -> Any:
    """Replace every level by the mean of its group, (nk, n), so that a group is occupied as one."""
    same = labels[..., :, None] == labels[..., None, :]
    return xp.sum(xp.where(same, energies[..., None, :], 0.0), axis=-1) / xp.sum(same, axis=-1)
