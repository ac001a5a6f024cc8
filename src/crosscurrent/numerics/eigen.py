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


def half_rotate(states: Any, operators: Any, xp: Any = np) -> Any:
    """O U for a stack of operators: operators (nk or 1, ..., n, n), states (nk, n, m) -> (nk, ..., n, m).

    All operators of one k share the right factor, so this is one tall matrix product a point.
    """
    n, m = states.shape[-2:]
    axes = operators.shape[1:-2]
    tall = operators.reshape(operators.shape[0], -1, n)
    return xp.matmul(tall, states).reshape(states.shape[0], *axes, n, m)


def rotate(states: Any, operators: Any, xp: Any = np) -> Any:
    """U^dagger O U for a stack of operators: states (nk, n, n), operators (nk or 1, ..., n, n) -> (nk, ..., n, n)."""
    adjoint = xp.conj(xp.swapaxes(states, -1, -2))
    lead = (1,) * (operators.ndim - 3)
    return xp.matmul(adjoint.reshape(states.shape[0], *lead, *adjoint.shape[1:]), half_rotate(states, operators, xp))


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
