"""What one batch of k points adds to every mechanism of spin generation at once, and how large it could be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.batches import Batch
from crosscurrent.physics import bloch
from crosscurrent.physics.covariance import Covariance, normed, part
from crosscurrent.physics.edelstein import fermi_derivative
from crosscurrent.physics.spin_generation import resonance
from crosscurrent.physics.symmetry import TENSORS
from crosscurrent.responses.edelstein_integrand import fermi_surface, near_fermi
from crosscurrent.responses.eigenframe import Eigenframe, frame
from crosscurrent.responses.fermi import label_sums, weighted_sums
from crosscurrent.responses.spin_generation_integrand import SpinGenerationKernel
from crosscurrent.responses.zone_symmetry import spin_axes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpinMechanismsIntegrand:
    """Spin per field amplitude of every mechanism, with two measures of what cancels in it.

    kernel: wants all three tensors, at one frequency. filling: full bands for the Upsilons. mu: ascending, eV, for the
    Fermi surface. temperature: K. tolerance: width of degenerate groups, eV. time: tau/hbar, 1/eV.
    """

    kernel: SpinGenerationKernel
    filling: int
    mu: Floats
    temperature: float
    tolerance: float
    time: float

    @property
    def model(self) -> BlochModel:
        return self.kernel.model

    @property
    def points_per_batch(self) -> int:
        return self.kernel.points_per_batch

    @property
    def covariance(self) -> Mapping[str, Covariance]:
        """How each of the sums turns under an operation; `surface` and `ceiling` serve for warnings and rounding."""
        parts, _, dim = self.kernel.static_shape
        axes = spin_axes(self.kernel.operator)
        loose = dict.fromkeys(("surface", "ceiling"), Covariance((), checked=False))
        names = ("edelstein", "upsilon0", "upsilon1", "upsilon2")
        return loose | {n: Covariance((part(parts), normed(axes, dim, TENSORS[n].reversal))) for n in names}

    def probing(self, mu: Floats) -> Self:
        """The same at other chemical potentials of the Fermi surface, eV, ascending."""
        return replace(self, mu=mu)

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """edelstein: (n_labels, n_rules, n_mu, P, L * dim + 1); upsilon0, 1, 2: the same without n_mu.

        The last component is the norm of the others at each k, summed: it gives an adaptive rule a goal when symmetry
        makes the rest vanish. ceiling: (n_labels, n_rules, n_mu + 3), what the sums would be if nothing cancelled at
        all, not even between bands.
        """
        eigen = frame(self.model, batch, self.kernel.operator, frozenset(), self.tolerance)
        window = eigen.window(self.mu, self.temperature)
        near = slice(window.low, window.high)
        n_parts, n_spin, dim = self.kernel.static_shape
        found = np.zeros((len(self.mu), batch.n_points, n_parts * n_spin * dim))
        slope = fermi_derivative(eigen.group_energies[:, near], self.mu, self.temperature)
        surface = np.zeros((batch.n_labels, len(batch.weights), len(self.mu), 2))
        if window.high > window.low:
            extrinsic, density = fermi_surface(eigen, self.kernel, near)
            found = self.time * np.einsum("ukm,kmc->ukc", slope, extrinsic)
            surface = weighted_sums(-slope, density, batch)
        out: dict[str, NDArray[Any]] = {"surface": surface, "max:near": near_fermi(slope, self.temperature)}
        out["edelstein"] = self._summed(np.moveaxis(found, 0, 1), batch)
        occupied, empty = slice(0, self.filling), slice(self.filling, self.model.n_states)
        out["ceiling"] = label_sums(self._ceiling(eigen, slope, near), batch)
        tensors = self.kernel.split(self.kernel.pairs(eigen, occupied, empty, True)[:, 0])
        z = float(self.kernel.z[0].real)
        for name, factor in (("upsilon0", 1.0), ("upsilon1", -z), ("upsilon2", -(z**2))):
            out[name] = self._summed(factor * tensors[name].reshape(batch.n_points, -1), batch)
        out["min:band"], out["max:band"] = eigen.energies.min(axis=0), eigen.energies.max(axis=0)
        out["min:direct_gap"] = np.diff(eigen.energies, axis=1).min(axis=0)
        return out

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums

    def _ceiling(self, eigen: Eigenframe, slope: Floats, near: slice) -> Floats:
        """Sums of |s| |v| with the weights of each mechanism, (nk, n_mu + 3)."""
        # |s_mn| is at most the length of s|n>
        spin = np.linalg.norm(eigen.half_operator, axis=-2).max(axis=(1, 2))
        column = np.linalg.norm(eigen.velocity(near, near), axis=(1, 2)) if near.stop > near.start else np.zeros((1, 0))
        surface = self.time * np.einsum("ukm,km->uk", -slope, np.broadcast_to(column, slope.shape[1:]))
        occupied, empty = slice(0, self.filling), slice(self.filling, self.model.n_states)
        velocity = np.linalg.norm(eigen.velocity(occupied, empty), axis=1)
        inverse = bloch.inverse_gaps(eigen.gaps(occupied, empty), eigen.apart(occupied, empty))
        near_resonance = np.abs(resonance(inverse, self.kernel.z)[..., 0])
        z = float(self.kernel.z[0].real)
        weights = (inverse**2, z * inverse * near_resonance, z**2 * inverse**2 * near_resonance)
        pairs = [2.0 * np.sum(velocity * w, axis=(1, 2)) for w in weights]
        return np.asarray(np.stack([*surface, *pairs], axis=1) * spin[:, None])

    def _summed(self, values: Floats, batch: Batch) -> Floats:
        """(nk, [n_mu,] P * L * dim) to sums over k of the components and of their norm."""
        n_parts, n_spin, dim = self.kernel.static_shape
        components = values.reshape(*values.shape[:-1], n_parts, n_spin * dim)
        norm = np.sqrt(np.sum(components**2, axis=-1, keepdims=True))
        both = np.concatenate([components, norm], axis=-1)
        total = label_sums(both.reshape(len(both), -1), batch)
        return total.reshape(*total.shape[:2], *both.shape[1:])
