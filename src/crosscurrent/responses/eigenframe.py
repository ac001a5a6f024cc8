"""From a model and a batch of points to what every Bloch response needs: energies, states and rotated matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel, Matrices, Operator
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.eigen import degenerate_groups, eigh, group_means, rotate
from crosscurrent.physics import bloch
from crosscurrent.units import InputError

#: Levels closer than this (eV) are one group, unless the caller says otherwise.
DEFAULT_DEGENERACY = 1e-4
#: With grouping = "bands" only exact degeneracies are left out, since their connection does not exist.
EXACT_DEGENERACY = 1e-9


@dataclass
class Eigenframe:
    """Matrices of a batch in the eigenbasis, each made when first asked for."""

    matrices: Matrices
    tolerance: float

    @cached_property
    def _eigen(self) -> tuple[Any, Any]:
        return eigh(self.matrices.h)

    @property
    def energies(self) -> Any:
        """(nk, n) eV, ascending."""
        return self._eigen[0]

    @property
    def states(self) -> Any:
        """(nk, n, n), eigenvectors as columns."""
        return self._eigen[1]

    @cached_property
    def labels(self) -> Any:
        return degenerate_groups(self.energies, self.tolerance)

    @cached_property
    def group_energies(self) -> Any:
        """Energies with every group at its mean, so that it is occupied as one."""
        if (self.labels[:, -1] == self.labels.shape[1] - 1).all():
            return self.energies
        return group_means(self.energies, self.labels)

    @cached_property
    def inverse_gaps(self) -> Any:
        return bloch.inverse_gaps(self.energies, self.labels)

    def _rotate(self, matrices: Any) -> Any:
        return None if matrices is None else rotate(self.states, matrices)

    @cached_property
    def position(self) -> Any:
        return self._rotate(self.matrices.position)

    @cached_property
    def bare_velocity(self) -> Any:
        return self._rotate(self.matrices.dh)

    @cached_property
    def velocity(self) -> Any:
        """hbar v, (nk, dim, n, n) eV angstrom."""
        return bloch.full_velocity(self.bare_velocity, self.energies, self.position)

    @cached_property
    def connection(self) -> Any:
        return bloch.berry_connection(self.velocity, self.inverse_gaps)

    @cached_property
    def operator(self) -> Any:
        """The spin operator (nk, L, n, n)."""
        return self._rotate(self.matrices.operator)


def frame(
    model: BlochModel,
    batch: Batch,
    operator: Operator | None,
    parts: frozenset[str],
    tolerance: float,
) -> Eigenframe:
    """Evaluate the model on a batch."""
    if batch.grid is not None:
        matrices = model.grid_matrices(*batch.grid, operator, parts)
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
    return int(np.clip(4e6 / (16 * n_states**2 * n_matrices), 8, 4096))


def fermi_sums(
    weights_by_band: NDArray[np.float64], energies: Any, batch: Batch, mu: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """sum over k and m of w_k f_m(mu) X_m for every label and rule.

    weights_by_band: X, (nk, n, C). energies: (nk, n). mu: ascending (n_mu,). Returns (n_labels, n_rules, n_mu, C).
    """
    if temperature > 0.0:
        return _smooth_sums(weights_by_band, energies, batch, mu, temperature)
    return _step_sums(weights_by_band, energies, batch, mu)


def _step_sums(x: NDArray[np.float64], energies: Any, batch: Batch, mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """T = 0: each band goes to the first mu that fills it, then a running sum over mu."""
    from scipy.sparse import csr_array

    nk, n, n_components = x.shape
    first = np.searchsorted(mu, energies, side="left").ravel()
    filled = np.flatnonzero(first < len(mu))
    label = np.repeat(batch.labels, n)[filled]
    n_rules = len(batch.weights)
    rule_rows = (label[None, :] * n_rules + np.arange(n_rules)[:, None]) * len(mu) + first[filled]
    weight = np.repeat(batch.weights, n, axis=1)[:, filled]
    columns = np.broadcast_to(filled, weight.shape)
    shape = (batch.n_labels * n_rules * len(mu), nk * n)
    scatter = csr_array((weight.ravel(), (rule_rows.ravel(), columns.ravel())), shape=shape)
    binned = (scatter @ x.reshape(nk * n, n_components)).reshape(batch.n_labels, n_rules, len(mu), n_components)
    return np.asarray(np.cumsum(binned, axis=2))


def _smooth_sums(
    x: NDArray[np.float64], energies: Any, batch: Batch, mu: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    nk, n, n_components = x.shape
    f = bloch.occupations(energies, mu, temperature)
    out = np.zeros((batch.n_labels, len(batch.weights), len(mu), n_components))
    for label in np.unique(batch.labels):
        chosen = np.flatnonzero(batch.labels == label)
        bands = x[chosen].reshape(len(chosen) * n, n_components)
        for rule, w in enumerate(batch.weights[:, chosen]):
            weighted = (f[:, chosen] * w[None, :, None]).reshape(len(mu), -1)
            out[label, rule] = weighted @ bands
    return out
