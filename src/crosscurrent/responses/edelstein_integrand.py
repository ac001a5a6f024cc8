"""What one batch of k points adds to the spin of a current-carrying Fermi surface, and to the intrinsic static term."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.batches import Batch
from crosscurrent.physics.bloch import occupations
from crosscurrent.physics.covariance import Covariance, inert, signed
from crosscurrent.physics.edelstein import fermi_derivative, spin_velocity
from crosscurrent.physics.symmetry import TENSORS
from crosscurrent.responses.eigenframe import ALL, Eigenframe, frame
from crosscurrent.responses.fermi import label_sums, weighted_sums
from crosscurrent.responses.spin_generation_integrand import SpinGenerationKernel
from crosscurrent.units import BOLTZMANN_EV_PER_K

Floats = NDArray[np.float64]

#: The two terms on one axis of what is summed, so that an adaptive rule measures both by the larger of them: either can
#: be zero by symmetry, and a relative goal on rounding errors is never met.
TERMS = ("edelstein", "upsilon0")


@dataclass(frozen=True)
class EdelsteinIntegrand:
    """Sums over the Fermi surface and over occupied-empty pairs, for every chemical potential, in one pass.

    kernel: wants "upsilon0" alone. mu: ascending, eV. temperature: K, above zero. tolerance: width of degenerate
    groups, eV. time: tau/hbar, 1/eV.
    """

    kernel: SpinGenerationKernel
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
        """How each of the sums turns under an operation; `surface` serves for warnings only."""
        terms = signed(*(TENSORS[name].reversal for name in TERMS))
        tensor = self.kernel.covariance["upsilon0"]
        return {
            "response": Covariance((terms, *tensor.indices)),
            "surface": Covariance((inert(2),), checked=False),
        }

    def probing(self, mu: Floats) -> Self:
        """The same at other chemical potentials, eV, ascending."""
        return replace(self, mu=mu)

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        """response: (n_labels, n_rules, n_mu, 2, P, L, dim). surface: (..., n_mu, 2), -f0' and -f0' (hbar v)^2."""
        eigen = frame(self.model, batch, self.kernel.operator, frozenset(), self.tolerance)
        window = eigen.window(self.mu, self.temperature)
        near = slice(window.low, window.high)
        slope = fermi_derivative(eigen.group_energies[:, near], self.mu, self.temperature)
        shape = (batch.n_labels, len(batch.weights), len(self.mu))
        response = np.zeros((*shape, len(TERMS), math.prod(self.kernel.static_shape)))
        surface = np.zeros((*shape, 2))
        if window.high > window.low:
            occupied = occupations(eigen.group_energies[:, near], self.mu, self.temperature)
            extrinsic, density = fermi_surface(eigen, self.kernel, near)
            response[:, :, :, 0] = self.time * weighted_sums(slope, extrinsic, batch)
            response[:, :, :, 1] = weighted_sums(occupied, self.kernel.pairs(eigen, near, ALL, False), batch)
            surface = weighted_sums(-slope, density, batch)
        if window.low:
            # full bands: their partners are the others, and their sum needs no occupation
            full = self.kernel.pairs(eigen, slice(0, window.low), slice(window.low, window.n_states), True)[:, 0]
            response[:, :, :, 1] += label_sums(full, batch)[:, :, None]
        out: dict[str, NDArray[Any]] = {
            "response": response.reshape(*response.shape[:4], *self.kernel.static_shape),
            "surface": surface,
        }
        out["max:near"] = near_fermi(slope, self.temperature)
        out["min:band"], out["max:band"] = eigen.energies.min(axis=0), eigen.energies.max(axis=0)
        return out

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums


def fermi_surface(eigen: Eigenframe, kernel: SpinGenerationKernel, near: slice) -> tuple[Floats, Floats]:
    """s v of the bands `near`, (nk, M, P * L * dim), and (1, (hbar v)^2), (nk, M, 2).

    Every band of a degenerate group that has a weight has to be among them.
    """
    spin = kernel.projections.elements(eigen, near, near)
    velocity = eigen.velocity(near, near)
    together = ~eigen.apart(near, near) if eigen.has_groups else None
    flat = spin.reshape(len(spin), -1, *spin.shape[-2:])  # projections and directions as one axis
    products = spin_velocity(flat, velocity, together)
    diagonal = np.real(np.diagonal(velocity, axis1=-2, axis2=-1))
    speed = np.sum(diagonal**2, axis=1)
    nk, n_bands = speed.shape
    moved = np.moveaxis(products, -1, 1).reshape(nk, n_bands, flat.shape[1] * velocity.shape[1])
    return np.ascontiguousarray(moved), np.stack([np.ones_like(speed), speed], axis=-1)


def near_fermi(slope: Floats, temperature: float) -> Floats:
    """Largest -4 kT f0' of any level, (n_mu,): whether a point has seen the Fermi surface, where it is one.

    slope: f0', (n_mu, nk, M).
    """
    return np.asarray(-4 * BOLTZMANN_EV_PER_K * temperature * slope.min(axis=(1, 2), initial=0.0))
