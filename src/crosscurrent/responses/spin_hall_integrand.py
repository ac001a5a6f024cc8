"""What one batch of k points adds to the spin Hall currents: the hot loop, from matrices to sums over Fermi levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.eigen import rotate
from crosscurrent.physics import spin_current
from crosscurrent.physics.bloch import pair_weights
from crosscurrent.responses.eigenframe import Eigenframe, fermi_sums, frame, points_per_batch

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpinHallIntegrand:
    """Weighted sums of f_m X_m for every wanted base quantity.

    mu: ascending, eV. tolerance: width of degenerate groups, eV. wanted: any of conventional, liu2023,
    liu2023_corrected, anomalous_hall, shi2006. fillings: band counts at which shi2006 is tried.
    """

    model: BlochModel
    operator: Operator
    mu: Floats
    temperature: float
    tolerance: float
    eta: float
    omega: Floats | None
    velocity: str
    wanted: frozenset[str]
    fillings: tuple[int, ...] = ()

    @property
    def points_per_batch(self) -> int:
        return points_per_batch(self.model.n_states, 24)

    @property
    def frequency_shape(self) -> tuple[int, ...]:
        """Trailing axes of the conventional current: (n_omega, real and imaginary) at finite frequency."""
        return () if self.omega is None else (len(self.omega), 2)

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        parts = frozenset({"position"} if self.velocity == "simple" else {"position", "extra"})
        eigen = frame(self.model, batch, self.operator, parts, self.tolerance)
        bands = self._bands(eigen)
        widths = {name: x.shape[-1] for name, x in bands.items()}
        stacked = np.concatenate(list(bands.values()), axis=-1) if bands else np.empty((*eigen.energies.shape, 0))
        total = fermi_sums(stacked, eigen.group_energies, batch, self.mu, self.temperature)
        stops = np.cumsum(list(widths.values()))
        out = dict(zip(widths, np.split(total, stops[:-1], axis=-1), strict=True)) if bands else {}
        if self.fillings:
            out["shi2006"] = self._insulating(eigen, batch)
        out["min:band"], out["max:band"] = eigen.energies.min(axis=0), eigen.energies.max(axis=0)
        return out

    def _bands(self, eigen: Eigenframe) -> dict[str, Floats]:
        """X of every band, (nk, n, components), for each base quantity."""
        out: dict[str, Floats] = {}
        if "anomalous_hall" in self.wanted:
            out["anomalous_hall"] = pair_weights(eigen.connection).sum(axis=-1).transpose(0, 2, 1)
        for name, formula in (
            ("liu2023", spin_current.liu2023),
            ("liu2023_corrected", spin_current.liu2023_corrected),
        ):
            if name in self.wanted:
                out[name] = _bands_last(formula(eigen.connection, eigen.operator, eigen.labels))
        if "conventional" in self.wanted:
            out["conventional"] = self._conventional(eigen)
        return out

    def _conventional(self, eigen: Eigenframe) -> Floats:
        kernel = spin_current.kubo_kernel(eigen.energies, eigen.labels, self.eta, self.omega)
        x = spin_current.conventional(self._current(eigen), eigen.velocity, kernel)
        if self.omega is None:
            return _bands_last(x)
        parts = np.stack([x.real, x.imag], axis=-1)
        # (omega, k, i, j, l, m, 2) -> (k, m, i, j, l, omega, 2)
        moved = parts.transpose(1, 5, 2, 3, 4, 0, 6)
        return moved.reshape(*moved.shape[:2], -1)

    def _current(self, eigen: Eigenframe) -> Any:
        if self.velocity == "simple":
            return spin_current.anticommutator_current(eigen.velocity, eigen.operator)
        prefix = "" if self.velocity == "qiao" else "ryoo_"
        extra = eigen.matrices.extra
        rotated = [
            _rotate_all(eigen.states, extra[prefix + name])
            for name in ("spin_position", "spin_hamiltonian", "spin_hamiltonian_position")
        ]
        return spin_current.interpolated_current(
            eigen.bare_velocity, eigen.operator, eigen.energies, eigen.inverse_gaps, *rotated
        )

    def _insulating(self, eigen: Eigenframe, batch: Batch) -> Floats:
        """tr(s P1) for each filling, (n_labels, n_rules, n_fillings, P, L)."""
        spin = np.broadcast_to(eigen.operator, (len(eigen.energies), *eigen.operator.shape[1:]))
        x = np.stack([spin_current.shi2006(eigen.velocity, eigen.energies, spin, n) for n in self.fillings], axis=1)
        out = np.zeros((batch.n_labels, len(batch.weights), *x.shape[1:]))
        for rule, weight in enumerate(batch.weights):
            np.add.at(out[:, rule], batch.labels, weight[:, None, None, None] * x)
        return out


def _bands_last(x: Any) -> Floats:
    """(nk, ..., n) -> (nk, n, components)."""
    nk, n = x.shape[0], x.shape[-1]
    return np.ascontiguousarray(x.reshape(nk, -1, n).transpose(0, 2, 1))


def _rotate_all(states: Any, matrices: Any) -> Any:
    """Rotate (nk, ..., n, n) with any number of operator axes."""
    n = matrices.shape[-1]
    return rotate(states, matrices.reshape(len(matrices), -1, n, n)).reshape(matrices.shape)
