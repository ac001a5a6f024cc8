"""The finite-difference mesh: vectors b from each k-point to its neighbours, and their weights.

d/dk is replaced by sum_b w_b b (f(k+b) - f(k)), exact for linear f when sum_b w_b b_i b_j = delta_ij: Marzari and
Vanderbilt, PRB 56, 12847 (1997), Eq. (B1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90.chk import Checkpoint
from crosscurrent.models.wannier90.files import Floats, Integers
from crosscurrent.models.wannier90.overlaps import Overlaps
from crosscurrent.units import InputError

#: Vectors whose lengths differ by less (1/angstrom) belong to one shell, the tolerance Wannier90 itself uses.
_SHELL = 1e-6


@dataclass(frozen=True)
class Stencil:
    """neighbour: (nk, nntot). b: (nk, nntot, 3) Cartesian, 1/angstrom. weight: (nk, nntot), angstrom^2."""

    neighbour: Integers
    b: Floats
    weight: Floats


def stencil(chk: Checkpoint, mmn: Overlaps) -> Stencil:
    """Shells and weights from the neighbour list of the `.mmn`.

    Raises InputError when the list does not fit the k-points of the checkpoint, or when no weights satisfy the
    completeness condition (B1).
    """
    reduced = chk.kpoints[mmn.neighbour] + mmn.shift - chk.kpoints[:, None, :]
    b = reduced @ (2 * np.pi * np.linalg.inv(chk.lattice).T)
    lengths = np.linalg.norm(b, axis=2)
    shell = _shells(lengths)
    n_shells = int(shell.max()) + 1
    if n_shells > lengths.shape[1]:  # more than one k-point can have, and a table of them would be large
        raise _foreign(chk, mmn)
    per_shell = np.array([np.bincount(row, minlength=n_shells) for row in shell])
    if (per_shell != per_shell[0]).any() or lengths.min() < 1e-8:
        raise _foreign(chk, mmn)
    weight = _weights(b[0], shell[0], n_shells, mmn.path)[shell]
    moment = np.einsum("kb,kbi,kbj->kij", weight, b, b)
    drift = np.einsum("kb,kbi->ki", weight, b)
    if np.abs(moment - np.eye(3)).max() > 1e-5 or np.abs(drift).max() > 1e-5:
        raise InputError(
            "its neighbours do not satisfy the completeness condition (B1) at every k-point",
            where=mmn.path,
            fix=f"check that it was made for the k-points of {chk.path}",
        )
    return Stencil(mmn.neighbour, b, weight)


def _foreign(chk: Checkpoint, mmn: Overlaps) -> InputError:
    return InputError(
        f"its neighbours do not fit the k-points of {chk.path}",
        where=mmn.path,
        fix="take .mmn and .chk from the same run",
    )


def _shells(lengths: Floats) -> NDArray[np.intp]:
    """Number of the shell of each vector, by increasing length."""
    order = np.argsort(lengths, axis=None)
    climbs = np.diff(lengths.ravel()[order], prepend=lengths.min()) > _SHELL
    shell = np.empty(lengths.size, dtype=np.intp)
    shell[order] = np.cumsum(climbs)
    return shell.reshape(lengths.shape)


def _weights(b: Floats, shell: NDArray[np.intp], n_shells: int, path: str) -> Floats:
    """Solves (B1) for one weight a shell; the shortest solution when shells are redundant, as Wannier90 does."""
    pairs = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0)]
    matrix = np.array([[float((b[shell == s, i] * b[shell == s, j]).sum()) for s in range(n_shells)] for i, j in pairs])
    target = np.array([1.0, 1, 1, 0, 0, 0])
    scale = np.abs(matrix).max(axis=0)
    weights = np.linalg.lstsq(matrix / scale, target, rcond=1e-8)[0] / scale
    residual = float(np.abs(matrix @ weights - target).max())
    if residual > 1e-5:
        raise InputError(
            f"no weights of its {n_shells} shells satisfy the completeness condition (B1) (residual {residual:.1e})",
            where=path,
            fix="check that it belongs to this .chk; runs with skip_B1_tests or higher_order_n are not supported",
        )
    return np.asarray(weights)
