"""Which symmetry a zone sum has, found by asking the sum itself.

The candidates are all point operations of the lattice, each with and without time reversal. An operation counts when it
carries the energies and the very integrand at a few general points into those at the image points, to rounding. That
needs no basis, no orbitals and no structure, and it is what the reduction rests on: nothing else has to be true.
Integrands are analytic in k between the fillings of the bands, and every filling is asked, so that general points speak
for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES, BlochModel, Operator
from crosscurrent.numerics.batches import Batch, Integrand
from crosscurrent.numerics.domains import Cell
from crosscurrent.numerics.irreducible import Reduction
from crosscurrent.physics.covariance import Covariance
from crosscurrent.physics.magnetic_groups import MagneticGroup
from crosscurrent.physics.structure_group import structure_group
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: General points, in reduced coordinates: no symmetry of any lattice leaves one where it is.
_SAMPLE = np.array([[0.1370, 0.2911, 0.4123], [0.4142, 0.0718, 0.2361], [0.3166, 0.1459, 0.0823]])
#: Equivalent points tell what rounding does.
_SHIFTS = np.array([[1, 0, 0], [-1, 1, 0], [2, -1, 1]])
#: Deviations that count as none, of the integrand at that point and of the span of the energies.
_EXACT = 1e-10
#: In units of what rounding does at equivalent points.
_ROUNDING = 100.0
#: Chemical potentials that are asked at most: models of many bands leave out some fillings.
_LEVELS = 256
#: Energies that agree to this part of their span nearly have a symmetry.
_NEARLY = 1e-2


class CovariantIntegrand(Integrand, Protocol):
    """An integrand whose sums turn under point operations by a known rule."""

    @property
    def covariance(self) -> Mapping[str, Covariance]: ...

    def probing(self, mu: Floats) -> Self: ...


@dataclass(frozen=True, eq=False)
class ZoneSymmetry:
    """The operations that an integrand has. parts: how each exchanges the parts of the model, or None. deviation: the
    largest there was, relative. missed: operations that the energies have only to `by`, eV.
    """

    group: MagneticGroup
    whole: Integers
    parts: tuple[Floats | None, ...]
    covariance: Mapping[str, Covariance]
    deviation: float
    missed: int = 0
    by: float = 0.0

    def __len__(self) -> int:
        return len(self.group)

    @property
    def title(self) -> str:
        more = f"; the energies have {self.missed} more to {self.by:.1e} eV" if self.missed else ""
        return f"this sum has the {len(self)} operations of {self.group.name} to {self.deviation:.0e}{more}"

    def turn(self, name: str, number: int, values: Floats) -> Floats:
        rotation, flag = self.group.rotations[number], bool(self.group.time_reversal[number])
        return self.covariance[name].turn(values, rotation, flag, self.parts[number])

    @property
    def reduction(self) -> Reduction:
        return Reduction(self.whole, tuple(range(len(self))), self.turn, self.title)


def moves(whole: Integers) -> bool:
    """Whether any of these operations spares a point."""
    return bool((whole != np.eye(whole.shape[1], dtype=np.int64)).any())


def spin_axes(operator: Operator) -> tuple[int, ...]:
    """Which of x, y, z the operator's components are. Raises InputError for other labels."""
    unknown = [label for label in operator.labels if label not in AXES]
    if unknown:
        raise InputError(
            f"it is not known how the operator '{unknown[0]}' turns",
            where="zone.irreducible",
            fix="label the components of an axial vector x, y, z, or remove irreducible",
        )
    return tuple(AXES.index(label) for label in operator.labels)


def zone_symmetry(model: BlochModel, integrand: CovariantIntegrand) -> ZoneSymmetry:
    """All point operations of the lattice, with and without time reversal, that the integrand has to rounding.

    Raises InputError for a model without a lattice, and when no operation is left that moves a k, with what the
    energies nearly have.
    """
    if model.lattice is None or not isinstance(model.domain, Cell):
        raise InputError(
            f"model '{model.name}' has no lattice, so no irreducible mesh", where="zone.irreducible", fix="remove it"
        )
    probe = _Probe(model, integrand)
    found, exact, deviations = probe.candidates, [], []
    rules = [rule for name, rule in probe.covariance.items() if rule.checked and name in probe.home]
    parts: list[Floats | None] = []
    off = probe.energy_deviations()
    for n, (rotation, flag) in enumerate(zip(found.rotations, found.time_reversal, strict=True)):
        if off[n] > _EXACT * probe.span or not all(rule.keeps(rotation, bool(flag)) for rule in rules):
            continue
        deviation, exchanged = probe.deviation(n)
        if deviation is not None:
            exact.append(n)
            deviations.append(deviation)
            parts.append(exchanged)
    keep = np.isin(np.arange(len(found)), exact)
    near = (off > _EXACT * probe.span) & (off < _NEARLY * probe.span)
    by = float(off[near].max(initial=0.0))
    if not moves(probe.whole[keep]):
        raise InputError(
            "this sum has no symmetry that spares a point",
            where="zone.irreducible",
            fix=f"symmetrize the model: its energies have symmetry to {by:.1e} eV" if near.any() else "remove it",
        )
    group = found.selected(keep)
    _refuse_open(group)
    covariance = probe.covariance
    return ZoneSymmetry(group, probe.whole[keep], tuple(parts), covariance, max(deviations), int(near.sum()), by)


def _refuse_open(group: MagneticGroup) -> None:
    """Operations that hold to rounding form a group; those that are cut off somewhere need not."""
    for r, s in zip(group.rotations, group.time_reversal, strict=True):
        same = np.abs((r @ group.rotations)[:, None] - group.rotations[None]).max(axis=(2, 3)) < 1e-6
        if not (same & ((s ^ group.time_reversal)[:, None] == group.time_reversal[None])).any(axis=1).all():
            raise InputError(
                f"the symmetry of this sum holds just to the limit of {_EXACT:g} that is asked for",
                where="zone.irreducible",
                fix="symmetrize the model, or remove irreducible",
            )


class _Probe:
    """The energies and the integrand at the sample and at its images."""

    def __init__(self, model: BlochModel, integrand: CovariantIntegrand) -> None:
        assert isinstance(model.domain, Cell)
        self.model, self.cell = model, model.domain.vectors
        self.sample = _SAMPLE[:, : model.dim]
        self.candidates = _candidates(model)
        self.whole = _on_reduced(self.candidates, self.cell)
        self.energies = self._energies(self.sample)
        self.span = float(np.ptp(self.energies)) or 1.0
        self.integrand = integrand.probing(_levels(self.energies))
        self.covariance = self.integrand.covariance
        self.home = self._sums(self.sample)

    def _energies(self, points: Floats) -> Floats:
        """(len(points), n), ascending."""
        # a few MB of matrices at a time
        step = int(np.clip(8e6 / (16 * self.model.n_states**2 * 8), 1, 512))
        parts = [points[start : start + step] @ self.cell for start in range(0, len(points), step)]
        return np.concatenate([np.linalg.eigvalsh(self.model.matrices(k).h) for k in parts])

    def energy_deviations(self) -> Floats:
        """Largest |e(gk) - e(k)| of each candidate, eV."""
        images = np.einsum("nab,kb->nka", self.whole, self.sample)
        there = self._energies(images.reshape(-1, self.model.dim)).reshape(*images.shape[:2], -1)
        return np.asarray(np.abs(there - self.energies).max(axis=(1, 2)))

    def _sums(self, points: Floats) -> dict[str, Floats]:
        """(len(points), n_levels, *indices) of every sum with a rule that can be checked."""
        n = len(points)
        batch = Batch(np.arange(n), n, np.ones((1, n)), k=points @ self.cell)
        found = self.integrand.finish(self.integrand(batch))
        return {
            name: value.reshape(n, -1, *rule.shape)
            for name, value in found.items()
            if ":" not in name and (rule := self.covariance[name]).checked
        }

    @cached_property
    def bounds(self) -> dict[str, Floats]:
        """Deviations that count as none, (len(sample), n_levels)."""
        out = {name: np.zeros(value.shape[:2]) for name, value in self.home.items()}
        for shift in _SHIFTS[:, : self.model.dim]:
            for name, value in self._sums(self.sample + shift).items():
                np.maximum(out[name], _largest(value - self.home[name]), out=out[name])
        for name, value in self.home.items():
            size = _largest(value)
            noise = _ROUNDING * out[name].max(axis=0)
            out[name] = noise + _EXACT * size + 1e-3 * _EXACT * size.max(initial=0.0) + np.finfo(float).tiny
        return out

    def deviation(self, number: int) -> tuple[float | None, Floats | None]:
        """(largest relative deviation, None when it is more than rounding; how the parts are exchanged)."""
        rotation, flag = self.candidates.rotations[number], bool(self.candidates.time_reversal[number])
        there = self._sums(self.sample @ self.whole[number].T)
        turned = {name: self.covariance[name].turn(value, rotation, flag) for name, value in self.home.items()}
        parts = self._exchange(turned, there)
        worst = 0.0
        for name, value in self.home.items():
            expected = self.covariance[name].turn(value, rotation, flag, parts)
            apart = _largest(expected - there[name])
            if (apart > self.bounds[name]).any():
                return None, None
            # relative to the integrand, or where that is nothing but rounding to what rounding may do
            worst = max(worst, _EXACT * float((apart / self.bounds[name]).max(initial=0.0)))
        return worst, parts

    def _exchange(self, turned: Mapping[str, Floats], there: Mapping[str, Floats]) -> Floats | None:
        """Signed permutation of the parts of the model that makes both agree best, (P, P); None without parts."""
        cost: Floats | None = None
        for name, value in turned.items():
            axis = self.covariance[name].part_axis
            if axis is None:
                continue
            units = self.bounds[name].reshape(*self.bounds[name].shape, *(1,) * (value.ndim - 3))
            left, right, negated = (
                np.moveaxis(a, axis, 0) / units
                for a in (value, there[name], self.covariance[name].negated(there[name]))
            )
            pairs = [np.abs(left[:, None] - r[None]).reshape(len(left), len(right), -1) for r in (right, negated)]
            worst = np.stack([pair.max(axis=-1, initial=0.0) for pair in pairs])
            cost = worst if cost is None else np.maximum(cost, worst)
        if cost is None:
            return None
        # at the top it would cost every response 0.3 s
        from scipy.optimize import linear_sum_assignment

        # within the bound all are equally good: then parts stay where they are
        cost = np.where(cost <= 1.0, 0.0, cost)
        cost[1] += 0.25
        sign = np.argmin(cost, axis=0)
        best = cost.min(axis=0) + 0.5 * (1 - np.eye(cost.shape[1]))
        rows, columns = linear_sum_assignment(best)
        out = np.zeros(best.shape)
        out[columns, rows] = 1 - 2 * sign[rows, columns]
        return out


def _largest(values: Floats) -> Floats:
    """Over all indices of the tensor: (n_points, n_levels, ...) to (n_points, n_levels)."""
    return np.asarray(np.abs(values).reshape(*values.shape[:2], -1).max(axis=-1, initial=0.0))


def _candidates(model: BlochModel) -> MagneticGroup:
    """The holohedry of the lattice, times time reversal; of a plane, also what turns it over."""
    assert model.lattice is not None
    cell = np.eye(3)
    cell[: model.dim, : model.dim] = model.lattice
    return structure_group(cell, np.zeros((1, 3)), ["lattice"], dim=model.dim)


def _on_reduced(group: MagneticGroup, vectors: Floats) -> Integers:
    """(n, dim, dim): k' = (-1)^theta R k in reduced coordinates. vectors: reciprocal, rows."""
    dim = len(vectors)
    signs = np.where(group.time_reversal, -1.0, 1.0)[:, None, None]
    inverse = np.linalg.inv(vectors)
    found = signs * np.einsum("ba,nbc,dc->nad", inverse, group.rotations[:, :dim, :dim], vectors)
    return np.asarray(np.rint(found), dtype=np.int64)


def _levels(energies: Floats) -> Floats:
    """Chemical potentials that tell every filling of every sample point, eV, ascending."""
    every = np.unique(energies)
    apart = every[np.append(True, np.diff(every) > 1e-3)]
    middle = 0.5 * (apart[1:] + apart[:-1])
    # a Fermi surface is seen at the levels themselves; off them by more than rounding, for the step of zero temperature
    levels = np.unique(np.concatenate([middle, apart + 1e-6, every[-1:] + 1.0]))
    return levels[:: -(-len(levels) // _LEVELS)]
