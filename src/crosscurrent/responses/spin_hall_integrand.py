"""What one batch of k points adds to the spin Hall currents: the hot loop, from matrices to sums over Fermi levels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.batches import Batch
from crosscurrent.physics import spin_current
from crosscurrent.physics.bloch import pair_weights
from crosscurrent.physics.covariance import Covariance, axial, inert, pair, polar
from crosscurrent.responses.eigenframe import Eigenframe, Window, frame, points_per_batch
from crosscurrent.responses.fermi import fermi_sums, running
from crosscurrent.responses.zone_symmetry import spin_axes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpinHallIntegrand:
    """Weighted sums of f_m X_m for every wanted base quantity.

    mu: ascending, eV. tolerance: width of degenerate groups, eV. wanted: any of conventional, liu2023,
    liu2023_corrected, anomalous_hall, shi2006. fillings: band counts at which shi2006 is tried. by_count: bands are
    occupied by their number and not by their energy; mu then lies between whole numbers.
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
    by_count: bool = False

    @property
    def points_per_batch(self) -> int:
        return points_per_batch(self.model.n_states, 24)

    @property
    def frequency_shape(self) -> tuple[int, ...]:
        """Trailing axes of the conventional current: (n_omega, real and imaginary) at finite frequency."""
        return () if self.omega is None else (len(self.omega), 2)

    @property
    def covariance(self) -> Mapping[str, Covariance]:
        """How each of the sums turns under an operation."""
        dim, spin = self.model.dim, axial(spin_axes(self.operator))
        frequency = tuple(inert(n) for n in self.frequency_shape)
        antisymmetric = Covariance((pair(dim), spin))
        return {
            "conventional": Covariance((polar(dim), polar(dim), spin, *frequency)),
            "liu2023": antisymmetric,
            "liu2023_corrected": antisymmetric,
            "shi2006": antisymmetric,
            "anomalous_hall": Covariance((pair(dim),), reversal=-1),
        }

    def probing(self, mu: Floats) -> Self:
        """The same at other chemical potentials, eV, ascending; bands that are occupied by number stay as they are."""
        return self if self.by_count else replace(self, mu=mu)

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        parts = frozenset() if self.velocity == "simple" else frozenset({"extra"})
        # Qiao's and Ryoo's matrices hold their spin already
        needed = self.velocity == "simple" or self.wanted - {"conventional", "anomalous_hall"}
        eigen = frame(self.model, batch, self.operator if needed else None, parts, self.tolerance)
        if self.by_count:
            eigen.count_bands()
        bands = self._bands(eigen)
        out: dict[str, NDArray[Any]] = {}
        if bands:
            stacked = np.concatenate(list(bands.values()), axis=-1)
            energies = eigen.group_energies[:, : stacked.shape[1]]
            total = fermi_sums(stacked, energies, batch, self.mu, self.temperature)
            stops = np.cumsum([x.shape[-1] for x in bands.values()])
            out = dict(zip(bands, np.split(total, stops[:-1], axis=-1), strict=True))
        if self.fillings:
            out["shi2006"] = self._insulating(eigen, batch)
        out["min:band"], out["max:band"] = eigen.energies.min(axis=0), eigen.energies.max(axis=0)
        out["min:direct_gap"] = np.diff(eigen.energies, axis=1).min(axis=0)
        return out

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return running(sums, self.wanted - {"shi2006"}, self.temperature)

    def _bands(self, eigen: Eigenframe) -> dict[str, Floats]:
        """X of every band that can be occupied, (nk, M, components), for each base quantity."""
        window = eigen.window(self.mu, self.temperature)
        if not self.wanted & {"liu2023", "liu2023_corrected"}:
            return self._pair_sums(eigen, window)
        if eigen.has_groups:
            window = Window(0, eigen.energies.shape[1], eigen.energies.shape[1])
        velocity = eigen.velocity(window.rows)
        connection = eigen.connection(velocity, window.rows)
        weights = pair_weights(connection)
        out: dict[str, Floats] = {}
        if "anomalous_hall" in self.wanted:
            out["anomalous_hall"] = _bands_last(weights.sum(axis=-1))
        if eigen.has_groups:
            spin = eigen.operator()
            published = spin_current.liu2023(connection, spin, eigen.labels)
            corrected = spin_current.liu2023_corrected(connection, spin, eigen.labels)
        else:
            diagonal = eigen.operator_diagonal()
            published = spin_current.liu2023_of_bands(weights, diagonal)
            corrected = spin_current.liu2023_corrected_of_bands(weights, diagonal)
        if "liu2023" in self.wanted:
            out["liu2023"] = _bands_last(published)
        if "liu2023_corrected" in self.wanted:
            out["liu2023_corrected"] = _bands_last(corrected)
        if "conventional" in self.wanted:
            out["conventional"] = self._conventional(eigen, window, velocity[..., window.columns])
        return out

    def _pair_sums(self, eigen: Eigenframe, window: Window) -> dict[str, Floats]:
        """Quantities antisymmetric in the pair (m, n): only pairs that are not both full are needed."""
        out: dict[str, Floats] = {}
        if not self.wanted - {"shi2006"}:
            return out
        velocity = eigen.velocity(window.rows, window.columns)
        if "anomalous_hall" in self.wanted:
            connection = eigen.connection(velocity, window.rows, window.columns)
            out["anomalous_hall"] = _bands_last(window.pair_sum(_curvature, connection))
        if "conventional" in self.wanted:
            out["conventional"] = self._conventional(eigen, window, velocity)
        return out

    def _conventional(self, eigen: Eigenframe, window: Window, velocity: Any) -> Floats:
        """velocity: hbar v_mn for m and n of the window."""
        rows, columns = window.rows, window.columns
        kernel = spin_current.kubo_kernel(eigen.gaps(rows, columns), eigen.apart(rows, columns), self.eta, self.omega)
        x = window.pair_sum(spin_current.conventional, self._current(eigen, window), velocity, symmetric=kernel)
        if self.omega is not None:
            parts = np.stack([x.real, x.imag], axis=-1)
            # (omega, k, i, j, l, m, 2) -> (k, m, i, j, l, omega, 2)
            moved = parts.transpose(1, 5, 2, 3, 4, 0, 6)
            return np.ascontiguousarray(moved).reshape(*moved.shape[:2], math.prod(moved.shape[2:]))
        return _bands_last(x)

    def _current(self, eigen: Eigenframe, window: Window) -> Any:
        """j_mn of the window, (nk, dim, L, M, N)."""
        rows, columns = window.rows, window.columns
        if self.velocity == "simple":
            v, s = eigen.half_velocity, eigen.half_operator
            return spin_current.anticommutator_current(v[..., rows], s[..., rows], v[..., columns], s[..., columns])
        extra = eigen.matrices.extra
        states = eigen.states
        applied = spin_current.interpolated_product(
            extra[self.velocity + "_product"],
            extra[self.velocity + "_leak"],
            eigen.derivative(extra["bare_dh"]),
            states,
        )
        return spin_current.interpolated_current(
            states[..., rows], states[..., columns], applied[..., rows], applied[..., columns]
        )

    def _insulating(self, eigen: Eigenframe, batch: Batch) -> Floats:
        """tr(s P1) for each filling, (n_labels, n_rules, n_fillings, P, L)."""
        velocity, spin = eigen.velocity(), eigen.operator()
        x = np.stack([spin_current.shi2006(velocity, eigen.energies, spin, n) for n in self.fillings], axis=1)
        out = np.zeros((batch.n_labels, len(batch.weights), *x.shape[1:]))
        for rule, weight in enumerate(batch.weights):
            np.add.at(out[:, rule], batch.labels, weight[:, None, None, None] * x)
        return out


def _curvature(connection: Any) -> Any:
    return pair_weights(connection).sum(axis=-1)


def _bands_last(x: Any) -> Floats:
    """(nk, ..., n) -> (nk, n, components)."""
    nk, n = x.shape[0], x.shape[-1]
    # not -1: there may be no band at all
    return np.ascontiguousarray(x.reshape(nk, math.prod(x.shape[1:-1]), n).transpose(0, 2, 1))
