"""From a model and a batch of points to what every Bloch response needs: energies, states and rotated matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel, Matrices, Operator
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.eigen import degenerate_groups, eigh, group_means, half_rotate
from crosscurrent.physics import bloch
from crosscurrent.physics.spin_current import has_groups
from crosscurrent.units import BOLTZMANN_EV_PER_K, InputError

Floats = NDArray[np.float64]
ALL = slice(None)

#: Levels closer than this (eV) are one group, unless the caller says otherwise.
DEFAULT_DEGENERACY = 1e-4
#: With grouping = "bands" only exact degeneracies are left out, since their connection does not exist.
EXACT_DEGENERACY = 1e-9


@dataclass(frozen=True)
class Window:
    """Bands that matter at the asked Fermi levels: those below `low` are full everywhere, those from `high` on empty.

    Sums over pairs of bands that change sign under exchange cancel between two full bands, so m runs over the first
    `high` bands and n from `low` on.
    """

    low: int
    high: int
    n_states: int

    @property
    def rows(self) -> slice:
        return slice(0, self.high)

    @property
    def columns(self) -> slice:
        return slice(self.low, self.n_states)

    def pair_sum(self, formula: Callable[..., Any], *hermitian: Any, symmetric: Any = None) -> Any:
        """sum_n X_mn of an antisymmetric X for every m of the rows, up to what cancels between full bands.

        formula(*hermitian, symmetric) sums X_mn over its columns; the arguments are the (m, n) blocks of Hermitian
        matrices, and of a symmetric one, with rows and columns of this window. Bands inside the window also pair with
        the full ones, whose block is the adjoint of one that is there.
        """
        extra = () if symmetric is None else (symmetric,)
        total = formula(*hermitian, *extra)
        width = self.high - self.low
        if self.low and width > 0:
            blocks = [np.conj(np.swapaxes(a[..., : self.low, :width], -1, -2)) for a in hermitian]
            blocks += [np.swapaxes(a[..., : self.low, :width], -1, -2) for a in extra]
            total[..., self.low :] += formula(*blocks)
        return total


class Eigenframe:
    """Matrices of a batch in the eigenbasis, each made when first asked for."""

    def __init__(self, matrices: Matrices, tolerance: float) -> None:
        self.matrices = matrices
        #: (nk, n) eV, ascending, and (nk, n, n), eigenvectors as columns
        self.energies, self.states = eigh(matrices.h)
        self.labels = degenerate_groups(self.energies, tolerance)
        self.has_groups = has_groups(self.labels)
        #: energies with every group at its mean, so that it is occupied as one
        self.group_energies = group_means(self.energies, self.labels) if self.has_groups else self.energies

    def count_bands(self) -> None:
        """Occupy by band number instead of energy."""
        self.group_energies = np.broadcast_to(np.arange(self.energies.shape[1], dtype=float), self.energies.shape)

    def window(self, mu: Floats, temperature: float) -> Window:
        """The bands whose occupation can differ from 0 and 1 at these chemical potentials."""
        n = self.energies.shape[1]
        # beyond 40 kT an occupation differs from 0 or 1 by less than the last bit
        margin = 40 * BOLTZMANN_EV_PER_K * temperature
        low = int((self.group_energies.max(axis=0) <= mu[0] - margin).sum())
        high = int((self.group_energies.min(axis=0) <= mu[-1] + margin).sum())
        return Window(low, high, n)

    @cached_property
    def half_velocity(self) -> Any:
        """hbar v applied to the eigenstates, (nk, dim, n, n), left index still in the basis of the model."""
        return half_rotate(self.states, self.matrices.dh)

    @cached_property
    def half_operator(self) -> Any:
        """The spin operator applied to the eigenstates, (nk, L, n, n)."""
        return half_rotate(self.states, self.matrices.operator)

    def velocity(self, rows: slice = ALL, columns: slice = ALL) -> Any:
        """hbar v_mn, (nk, dim, M, N) eV angstrom."""
        return self._from_left(rows, self.half_velocity[..., columns])

    def operator(self, rows: slice = ALL, columns: slice = ALL) -> Any:
        """The spin operator s_mn, (nk, L, M, N)."""
        return self._from_left(rows, self.half_operator[..., columns])

    def operator_diagonal(self) -> Any:
        """s_mm, (nk, L, n)."""
        return np.real(np.sum(np.conj(self.states)[:, None] * self.half_operator, axis=-2))

    def derivative(self, dh: Any) -> Any:
        """The part of |d_k n> inside the basis, in the basis of the model: U (U^dagger dH U / (e_n - e_m))."""
        turning = (
            self._from_left(ALL, half_rotate(self.states, dh)) * bloch.inverse_gaps(self.gaps(), self.apart())[:, None]
        )
        return np.matmul(self.states[:, None], turning)

    def diagonal(self, matrices: Any, rows: slice = ALL) -> Any:
        """O_mm of a stack (nk, a, n, n), (nk, a, M)."""
        states = self.states[..., rows]
        return np.real(np.sum(np.conj(states)[:, None] * half_rotate(states, matrices), axis=-2))

    def _from_left(self, rows: slice, half: Any) -> Any:
        adjoint = np.conj(np.swapaxes(self.states[..., rows], -1, -2))
        return np.matmul(adjoint[:, None], half)

    def gaps(self, rows: slice = ALL, columns: slice = ALL) -> Any:
        """e_n - e_m at [m, n], eV."""
        return self.energies[:, None, columns] - self.energies[:, rows, None]

    def apart(self, rows: slice = ALL, columns: slice = ALL) -> Any:
        """Whether m and n belong to different groups."""
        return self.labels[:, None, columns] != self.labels[:, rows, None]

    def connection(self, velocity: Any, rows: slice = ALL, columns: slice = ALL) -> Any:
        """R_mn, (nk, dim, M, N) angstrom, from `velocity` of the same ranges."""
        inverse = bloch.inverse_gaps(self.gaps(rows, columns), self.apart(rows, columns))
        return bloch.berry_connection(velocity, inverse)


def frame(
    model: BlochModel,
    batch: Batch,
    operator: Operator | None,
    parts: frozenset[str],
    tolerance: float,
) -> Eigenframe:
    """Evaluate the model on a batch."""
    if batch.grid is not None:
        matrices = model.grid_matrices(batch.grid, operator, parts)
    else:
        assert batch.k is not None
        matrices = model.matrices(batch.k, operator, parts)
    return Eigenframe(matrices, tolerance)


def tolerance_of(grouping: str, degeneracy: float | None) -> float:
    """The group width in eV of grouping = 'covariant' (default) or 'bands'."""
    if grouping not in ("covariant", "bands"):
        raise InputError(f"unknown grouping '{grouping}'", where="grouping", fix="use 'covariant' or 'bands'")
    if grouping == "bands":
        return EXACT_DEGENERACY
    if degeneracy is None:
        return DEFAULT_DEGENERACY
    if not degeneracy > 0:
        raise InputError(f"degeneracy must be positive, got {degeneracy}", where="degeneracy", fix="give it in eV")
    return degeneracy


def points_per_batch(n_states: int, n_matrices: int) -> int:
    """How many points keep a stack of n_matrices (n, n) complex matrices within a few MB of cache."""
    return int(np.clip(8e6 / (16 * n_states**2 * n_matrices), 8, 4096))
