"""What one batch of k points adds to the tensors Upsilon 0, 1, 2: from matrices to sums over occupied-empty pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.batches import Batch
from crosscurrent.physics import bloch
from crosscurrent.physics import spin_generation as physics
from crosscurrent.physics.covariance import Covariance, axial, inert, part, polar
from crosscurrent.physics.symmetry import TENSORS
from crosscurrent.responses.eigenframe import ALL, Eigenframe, frame
from crosscurrent.responses.fermi import fermi_sums, label_sums, running
from crosscurrent.responses.projections import Projections
from crosscurrent.responses.zone_symmetry import spin_axes

Floats = NDArray[np.float64]

_NO_PARTS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SpinGenerationKernel:
    """The tensors of single k points.

    z: hbar omega (+ i eta), eV, (n_omega,), real or complex. wanted: out of `physics.TENSORS` and "chi".
    """

    model: BlochModel
    operator: Operator
    projections: Projections
    z: NDArray[Any]
    wanted: tuple[str, ...]

    @property
    def static_shape(self) -> tuple[int, int, int]:
        """(projections, spins, fields)."""
        return len(self.projections.names), len(self.operator.labels), self.model.dim

    def shape(self, name: str) -> tuple[int, ...]:
        """Axes of one quantity: `static_shape`, the frequency, and real and imaginary part where there are both."""
        if name == "upsilon0":
            return self.static_shape
        parts = (2,) if name == "chi" or np.iscomplexobj(self.z) else ()
        return (*self.static_shape, len(self.z), *parts)

    @property
    def points_per_batch(self) -> int:
        n = self.model.n_states
        matrices = 16 * n**2 * (6 + 3 * int(np.prod(self.static_shape[:2])) + 2 * int(np.prod(self.static_shape)))
        spectral = n**2 // 4 * len(self.z) * (32 if np.iscomplexobj(self.z) else 16)
        return int(np.clip(8e6 / (matrices + spectral), 8, 4096))

    def pairs(self, eigen: Eigenframe, rows: slice, columns: slice, summed: bool) -> Floats:
        """Sum over the columns n of every wanted quantity, flat: (nk, M, C), or (nk, 1, C) summed over the rows m
        too."""
        velocity = eigen.velocity(rows, columns)
        spin = self.projections.elements(eigen, rows, columns)
        flat = spin.reshape(len(spin), -1, *spin.shape[-2:])
        inverse = bloch.inverse_gaps(eigen.gaps(rows, columns), eigen.apart(rows, columns))
        first, second = physics.static_weights(*physics.pair_products(flat, velocity), inverse)
        out = {"upsilon0": -_rows(second, summed).sum(axis=-1)}
        dynamic = [name for name in ("upsilon1", "upsilon2") if name in self.wanted]
        if dynamic:
            weights = np.concatenate(
                [_rows({"upsilon1": first, "upsilon2": second}[d], summed) for d in dynamic], axis=2
            )
            total = np.matmul(weights, _pairs(physics.resonance(inverse, self.z), summed))
            out |= dict(zip(dynamic, np.split(total, len(dynamic), axis=2), strict=True))
        if "chi" in self.wanted:
            every = physics.kubo_pairs(flat, velocity, inverse, self.z).sum(axis=-2)
            # (k, s, j, m, omega) -> (k, m, s, j, omega)
            moved = np.moveaxis(every, 3, 1)
            out["chi"] = moved.sum(axis=1, keepdims=True) if summed else moved
        return np.concatenate([_real(out[name]) for name in self.wanted], axis=-1)

    @property
    def covariance(self) -> Mapping[str, Covariance]:
        """How each of the tensors turns under an operation."""
        parts, _, dim = self.static_shape
        indices = (part(parts), axial(spin_axes(self.operator)), polar(dim))
        return {
            name: Covariance((*indices, *map(inert, self.shape(name)[3:])), TENSORS[name].reversal)
            for name in self.wanted
        }

    def split(self, flat: Floats) -> dict[str, Floats]:
        """The flat last axis of `pairs` back to (..., *shape(name)) by name."""
        sizes = [int(np.prod(self.shape(name))) for name in self.wanted]
        parts = np.split(flat, np.cumsum(sizes)[:-1], axis=-1)
        return {
            name: part.reshape(*flat.shape[:-1], *self.shape(name))
            for name, part in zip(self.wanted, parts, strict=True)
        }


@dataclass(frozen=True)
class SpinGenerationIntegrand:
    """Weighted sums over occupied-empty pairs, for every chemical potential.

    mu: ascending, eV. tolerance: width of degenerate groups, eV. by_count: bands are occupied by their number and not
    by their energy; mu then lies between whole numbers.
    """

    kernel: SpinGenerationKernel
    mu: Floats
    temperature: float
    tolerance: float
    by_count: bool = False

    @property
    def model(self) -> BlochModel:
        return self.kernel.model

    @property
    def points_per_batch(self) -> int:
        return self.kernel.points_per_batch

    @property
    def covariance(self) -> Mapping[str, Covariance]:
        return self.kernel.covariance

    def probing(self, mu: Floats) -> Self:
        """The same at other chemical potentials, eV, ascending; bands that are occupied by number stay as they are."""
        return self if self.by_count else replace(self, mu=mu)

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        eigen = frame(self.model, batch, self.kernel.operator, _NO_PARTS, self.tolerance)
        if self.by_count:
            eigen.count_bands()
        window = eigen.window(self.mu, self.temperature)
        sums = np.zeros((batch.n_labels, len(batch.weights), len(self.mu), self._size))
        if window.low:
            # these bands are full at every mu: their partners are the others, and their sum needs no occupation
            full = self.kernel.pairs(eigen, slice(0, window.low), slice(window.low, window.n_states), True)[:, 0]
            first = sums[:, :, :1] if self.temperature == 0 else sums
            first += label_sums(full, batch)[:, :, None]
        if window.high > window.low:
            rows = slice(window.low, window.high)
            partly = self.kernel.pairs(eigen, rows, ALL, False)
            sums += fermi_sums(partly, eigen.group_energies[:, rows], batch, self.mu, self.temperature)
        out: dict[str, NDArray[Any]] = dict(self.kernel.split(sums))
        out["min:band"], out["max:band"] = eigen.energies.min(axis=0), eigen.energies.max(axis=0)
        out["min:direct_gap"] = np.diff(eigen.energies, axis=1).min(axis=0)
        return out

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return running(sums, self.kernel.wanted, self.temperature)

    @property
    def _size(self) -> int:
        return sum(int(np.prod(self.kernel.shape(name))) for name in self.kernel.wanted)


def _rows(values: Any, summed: bool) -> Any:
    """(nk, S, J, M, N) to (nk, M, S*J, N), or with all pairs in one row (nk, 1, S*J, M*N)."""
    nk, s, j, m, n = values.shape
    if summed:
        return values.reshape(nk, 1, s * j, m * n)
    return np.ascontiguousarray(np.moveaxis(values, 3, 1)).reshape(nk, m, s * j, n)


def _pairs(kernel: Any, summed: bool) -> Any:
    """(nk, M, N, n_omega), or (nk, 1, M*N, n_omega)."""
    nk, m, n, w = kernel.shape
    return kernel.reshape(nk, 1, m * n, w) if summed else kernel


def _real(values: Any) -> Floats:
    """(nk, M, ...) as real numbers with one last axis."""
    parts = np.ascontiguousarray(values)
    return np.asarray((parts.view(np.float64) if np.iscomplexobj(parts) else parts).reshape(*parts.shape[:2], -1))
