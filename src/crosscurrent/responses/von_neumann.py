"""Spin of filled bands in a time-dependent field, by direct propagation of their states.

i hbar d rho/dt = [H(k(t)), rho] with hbar dk/dt = -e E. The position operator is i d_k + r, where r is the position
matrix of the basis; i d_k moves the wave vector, and what is left of H_E = +e E.r adds e E(t).r(k(t)) to H. In the
phase convention of this package (lattice vectors only) r is diag(tau) for tight binding, the whole matrix of a Wannier
model, and zero for a k.p model. Phases exp(i k.(R + tau_b - tau_a)) would hide e E.tau in H(k(t)): one change of
phases leads from one to the other, and a test compares them.

What is reported is measured from the filled bands at the wave vector of the moment,

    S(t) = int d^dk/(2 pi)^d Tr[(rho(t) - rho_eq(k(t))) s(k(t))].

On a lattice the subtracted part integrates to a constant, the spin without field. In a k.p model the points k(t) fill a
cutoff that moves, and the subtraction takes away what its edge would add. On a coarse mesh it also removes the error of
integrating the constant on a shifted mesh. To first order in E the rest is the response of each k at its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES, BlochModel, Operator
from crosscurrent.models.kp import KPModel
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.eigen import eigh
from crosscurrent.numerics.propagation import halve_until, propagate
from crosscurrent.numerics.waveforms import Waveform
from crosscurrent.units import ANGSTROM_M, HBAR_EV_S, InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: The largest model that is propagated: the cost grows with the cube of the states.
MOST_STATES = 16
HBAR_EV_PS = HBAR_EV_S * 1e12
#: A difference of step and half step over the error of the half step: 15 where all phases are resolved; where fast ones
#: are not, a step may happen to be in tune with one of them and its double not.
_RICHARDSON = 2.0
#: Spin (hbar) that rounding leaves after some thousand steps.
_ROUNDING = 1e-13
#: Levels of filled and empty bands closer than this (eV) cannot be told apart.
_TOUCHING = 1e-7
#: States times points of a batch, which keeps the linear systems in the cache and the overhead small.
_STATES_PER_BATCH = 512


def position_operator(model: BlochModel) -> Operator | None:
    """r of the basis, in angstrom, or None when it is zero (k.p).

    Raises InputError for a kind of model whose position operator is not known.
    """
    if isinstance(model, KPModel):
        return None
    if not isinstance(model, TightBinding):
        raise InputError(
            f"the position operator of model '{model.name}' is not known",
            where="route",
            fix="use route = 'tensors', or a TightBinding, Wannier90 or k.p model",
        )
    labels = AXES[: model.dim]
    if model.position_blocks is None:
        tau = (model.positions.T[: model.dim, :, None] * np.eye(model.n_states)).astype(complex)
        return Operator.constant(tau, labels, "angstrom")
    # the diagonal at R = 0 holds the orbital centres, so this is the whole matrix
    return Operator(labels, "angstrom", model.vectors, model.position_blocks[:, : model.dim])


@dataclass(frozen=True)
class Drive:
    """A field along the directions of a model. dim: of the model. scale: a factor on the field."""

    waveform: Waveform
    dim: int
    scale: float = 1.0

    def field(self, t: Floats) -> Floats:
        """E (nt, dim), V/m."""
        return self._fitted(self.waveform(t))

    def shift(self, t: Floats) -> Floats:
        """k(t) - k(-infinity) = -(e/hbar) int E dt, (nt, dim), 1/angstrom."""
        return -self._fitted(self.waveform.impulse(t)) * ANGSTROM_M / HBAR_EV_PS

    def _fitted(self, values: Floats) -> Floats:
        missing = max(self.dim - values.shape[1], 0)
        return self.scale * np.pad(values, ((0, 0), (0, missing)))[:, : self.dim]


@dataclass(frozen=True)
class VonNeumannIntegrand:
    """Spin at every output time, summed over a batch of points; scales: factors on the field, 1 first.

    operators: all components and projections on one axis. times: (nt,) ps, from before the pulse. tolerance: error of
    the time step relative to the largest spin, each averaged over the points of a batch.
    """

    model: BlochModel
    operators: Operator
    waveform: Waveform
    times: Floats
    filling: int
    mu: float | None
    tolerance: float
    scales: tuple[float, ...]

    @property
    def points_per_batch(self) -> int:
        return max(_STATES_PER_BATCH // self.model.n_states, 16)

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        k = batch.k if batch.k is not None else self.model.grid_points(batch.grid)  # type: ignore[arg-type]
        one_hot = np.arange(batch.n_labels)[:, None, None] == batch.labels
        weights = one_hot * batch.weights
        out: dict[str, NDArray[Any]] = {}
        for index, scale in enumerate(self.scales):
            found = _Trajectories(self, k, Drive(self.waveform, self.model.dim, scale)).converged(batch.weights[0])
            out[f"spin_{index}"] = np.einsum("lrk,tko->lrto", weights, found.value)
            # an error of the states is one of every component from then on, even where two curves happen to cross
            wrong = np.maximum.accumulate(found.difference.max(axis=2), axis=0) / _RICHARDSON
            out[f"time_step_{index}"] = np.einsum("lrk,tk->lrt", np.abs(weights), wrong)
            out["max:refinement"] = np.array(found.refinement)
            out["max:unreached"] = np.array(0 if found.reached else 1)
        return out

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of each interval to begin with."""
        return np.maximum(np.ceil(np.diff(self.times) / (self.waveform.resolution)), 1).astype(np.int64)


class _Trajectories:
    """The states of a batch of points under one field."""

    def __init__(self, what: VonNeumannIntegrand, k: Floats, drive: Drive) -> None:
        self.what, self.k, self.drive = what, k, drive
        self.position = position_operator(what.model)
        self.equilibrium = self._equilibrium_spin()

    def converged(self, weights: Floats) -> Any:
        """Spin (nt, nk, n_operators), hbar, with the step halved until the tolerance is met."""
        share = np.abs(weights)

        def enough(value: Floats, difference: Floats) -> bool:
            size = share @ np.abs(value).max(axis=(0, 2))
            off = share @ difference.max(axis=(0, 2)) / _RICHARDSON
            return bool(off <= self.what.tolerance * size + _ROUNDING * share.sum())

        return halve_until(self.spin, enough)

    def spin(self, refinement: int) -> Floats:
        """Tr[(rho - rho_eq) s], (nt, nk, n_operators)."""
        _, states = eigh(self.what.model.matrices(self.k).h)
        filled = states[:, :, : self.what.filling]
        psi = propagate(self.generator, filled, self.what.times, refinement * self.what.steps)
        return self._expectation(psi) - self.equilibrium

    def generator(self, t: Floats) -> Complexes:
        """(H + e E.r)/hbar at k(t), (nt, nk, n, n), radian/ps."""
        k = self._wave_vectors(t)
        matrices = self.what.model.matrices(k.reshape(-1, k.shape[-1]), self.position)
        n = self.what.model.n_states
        h = matrices.h.reshape(len(t), -1, n, n)
        if matrices.operator is not None:
            # e E in eV/angstrom
            force = self.drive.field(t) * ANGSTROM_M
            r = matrices.operator
            at_each = r if len(r) == 1 else r.reshape(len(t), -1, *r.shape[1:])
            h = h + np.einsum("ti,tkiab->tkab" if at_each.ndim == 5 else "ti,kiab->tkab", force, at_each)
        return np.asarray(h / HBAR_EV_PS)

    def _wave_vectors(self, t: Floats) -> Floats:
        return np.asarray(self.k + self.drive.shift(t)[:, None, :])

    def _equilibrium_spin(self) -> Floats:
        """Spin of the filled bands at k(t), (nt, nk, n_operators)."""
        filling, pieces = self.what.filling, []
        for t in self.what.times:
            energies, states = eigh(self.what.model.matrices(self._wave_vectors(np.array([t]))[0]).h)
            self._check_occupation(energies)
            pieces.append(states[:, :, :filling])
        return self._expectation(np.array(pieces))

    def _check_occupation(self, energies: Floats) -> None:
        filling, mu = self.what.filling, self.what.mu
        below, above = energies[:, filling - 1], energies[:, filling]
        if (above - below).min() < _TOUCHING:
            raise InputError(
                f"bands {filling - 1} and {filling} touch at a wave vector that the field passes through",
                where="filling",
                fix="the states cannot be told filled or empty there: shift the mesh, or choose another filling",
            )
        if mu is not None and ((energies <= mu).sum(axis=1) != filling).any():
            raise InputError(
                f"a band crosses mu = {mu:g} eV, so the model is a metal there",
                where="mu",
                fix="move mu into the gap, or give filling instead to fill the same bands everywhere",
            )

    def _expectation(self, psi: Complexes) -> Floats:
        """psi (nt, nk, n, m) at the output times -> (nt, nk, n_operators)."""
        n = self.what.model.n_states
        operators, constant = self.what.operators, self.what.operators.is_constant
        out = np.empty((*psi.shape[:2], len(operators.labels)))
        for index, states in enumerate(psi):
            density = states @ states.conj().swapaxes(1, 2)
            if constant:
                flat = operators.blocks[0].swapaxes(1, 2).reshape(-1, n * n)
                out[index] = (density.reshape(-1, n * n) @ flat.T).real
                continue
            k = self._wave_vectors(self.what.times[index : index + 1])[0]
            o: Any = self.what.model.matrices(k, operators).operator
            out[index] = np.einsum("kab,koba->ko", density, o).real
        return out
