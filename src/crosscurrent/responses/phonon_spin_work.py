"""The work of `phonon_spin`: one gap, one length of q, one frequency, many temperatures at once; which level answers.

A level's model error is what a tighter level says about it: the analytic formula is judged by the closed form at the
Fermi surface, that one by a bound on what it leaves out, the O(q^2) integral by the q dependence of the closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.physics.phonon_spin import fermi_surface as surface
from crosscurrent.physics.phonon_spin.full import full
from crosscurrent.physics.phonon_spin.second_order import second_order
from crosscurrent.physics.phonon_spin.triangle import Coefficients
from crosscurrent.physics.phonon_spin.weights import Weight, phonon_integral, phonon_integral_2d
from crosscurrent.units import BOLTZMANN_EV_PER_K, HBAR_EV_S

Floats = NDArray[np.float64]

#: From cheap to dear; the index is what the work hands back.
LEVELS = ("analytic", "fermi_surface", "second_order", "full")
#: Rounding, and the digits of the phonon integral.
_ROUNDING = 1e-13
#: Numerical error asked of the integrals, over the tolerance of the model error.
_SHARE = 1e-3
#: Below this q l the limit q -> 0 is taken, and its error is of order (q l)^2.
_LIMIT = 1e-5
#: exp(-y) is no number any more.
_FROZEN = 690.0
#: Margin of the q dependence that one level estimates for another.
_MARGIN = 1.2


@dataclass(frozen=True)
class Column:
    """gap: eV. q: in k_F. omega: eV. temperatures: K, (n,)."""

    gap: float
    q: float
    omega: float
    temperatures: Floats


@dataclass(frozen=True)
class Answers:
    """Of one level at the temperatures of a column, (n,): chi and kappa in units of level A without its I.

    numerical, model: relative errors of chi; model: of the level against the model.
    """

    chi: NDArray[Any]
    kappa: NDArray[Any]
    numerical: Floats
    model: Floats


@dataclass(frozen=True)
class PhononSpinWork:
    """level: one of LEVELS, or "auto". tolerance: of the model error, for "auto"."""

    metal: ParaelectricMetal
    level: str
    weight: Weight
    vertex: str
    dimension: int
    tolerance: float

    def __call__(self, columns: list[Column]) -> dict[str, NDArray[Any]]:
        """Arrays (columns, temperatures): chi, kappa (C m; 2D: C m^2), numerical, model (relative), level."""
        pieces = [self.column(column) for column in columns]
        return {name: np.stack([piece[name] for piece in pieces]) for name in pieces[0]}

    def column(self, column: Column) -> dict[str, NDArray[Any]]:
        n = len(column.temperatures)
        closed = self._closed(column)
        out: dict[str, NDArray[Any]] = {
            "chi": np.empty(n, dtype=complex),
            "kappa": np.empty(n, dtype=complex),
            "numerical": np.empty(n),
            "model": np.empty(n),
            "level": np.empty(n, dtype=np.int8),
        }
        left = np.ones(n, dtype=bool)
        for rank in self._ranks(column):
            found = self._answers(rank, column, closed, left)
            accept = left & (found.model <= self.tolerance) if self.level == "auto" else left
            self._keep(out, accept, rank, found)
            left = left & ~accept
            if not left.any():
                break
        if left.any():
            # nothing meets the tolerance: the best there is
            self._keep(out, left, rank, found)
        chi_unit, kappa_unit = self._units(column)
        return out | {"chi": out["chi"] * chi_unit, "kappa": out["kappa"] * kappa_unit}

    def _ranks(self, column: Column) -> tuple[int, ...]:
        if self.level != "auto":
            return (LEVELS.index(self.level),)
        lowest = 1 if column.omega else 0
        return tuple(range(lowest, 2 if self.dimension == 2 else len(LEVELS)))

    @staticmethod
    def _keep(out: dict[str, NDArray[Any]], where: NDArray[np.bool_], rank: int, found: Answers) -> None:
        for name in ("chi", "kappa", "numerical", "model"):
            out[name][where] = getattr(found, name)[where]
        out["level"][where] = rank

    def _answers(self, rank: int, column: Column, closed: Answers, wanted: NDArray[np.bool_]) -> Answers:
        name = LEVELS[rank]
        if name == "analytic":
            return self._analytic(column, closed)
        if name == "fermi_surface":
            return closed
        return self._integrals(name, column, closed, wanted)

    # -------------------------------------------------------------------------------------------- levels A and B
    def _thermal(self, column: Column) -> Floats:
        """kT tau/hbar."""
        return BOLTZMANN_EV_PER_K * column.temperatures * self.metal.relaxation_time / HBAR_EV_S

    def _closed(self, column: Column) -> Answers:
        metal = self.metal
        tau = metal.relaxation_time / HBAR_EV_S
        electrons = surface.Electrons(
            gap=column.gap * tau,
            velocity=metal.velocity_ratio,
            q=2.0 * metal.quality * column.q,
            quality=metal.quality,
            omega_tau=column.omega * tau,
        )
        thermal = self._thermal(column)
        fine, coarse = (
            surface.phonon_averages(thermal, electrons, self.weight, resolution, self.dimension)
            for resolution in (surface.FINE, surface.COARSE)
        )
        numerical = _ratio(np.abs(fine.chi - coarse.chi), np.abs(fine.chi)) + _ROUNDING
        return Answers(fine.chi, fine.kappa, numerical, fine.neglected)

    def _analytic(self, column: Column, closed: Answers) -> Answers:
        y = column.gap / (BOLTZMANN_EV_PER_K * column.temperatures)
        integral = phonon_integral(y, self.weight) if self.dimension == 3 else phonon_integral_2d(y, self.weight)
        model = _ratio(np.abs(closed.chi - integral), integral)
        # relative to this level's value, which may be far larger than the right one
        share = _ratio(np.abs(closed.chi), integral)
        return Answers(
            integral, integral, np.full(len(y), _ROUNDING), model + share * (closed.model + closed.numerical)
        )

    # -------------------------------------------------------------------------------------------- levels C and D
    def _integrals(self, name: str, column: Column, closed: Answers, wanted: NDArray[np.bool_]) -> Answers:
        """Level C or D at the temperatures that are wanted; zero, of infinite error, at the others."""
        n = len(column.temperatures)
        out = Answers(
            np.zeros(n, dtype=complex), np.zeros(n, dtype=complex), np.full(n, math.inf), np.full(n, math.inf)
        )
        chi_unit, kappa_unit = self._tilde_units(column)
        slopes = self.q_dependence(column, closed) if name == "second_order" else np.zeros(n)
        for i in np.flatnonzero(wanted):
            # neither thermal phonons nor, unless the gap is below the field's energy, emitted ones
            if self._activation(column) > _FROZEN * BOLTZMANN_EV_PER_K * column.temperatures[i]:
                out.numerical[i] = out.model[i] = 0.0
                continue
            found = self._coefficients(name, column, float(column.temperatures[i]))
            size = abs(found.chi)
            out.chi[i], out.kappa[i] = found.chi / chi_unit[i], found.kappa / kappa_unit[i]
            out.numerical[i] = found.error / size
            if self.vertex == "published":
                out.numerical[i] = max(out.numerical[i], found.kappa_error / abs(found.kappa))
            # Eq. (15) fixes the electron's energy on one side of the phonon; what that breaks is not in chi
            lopsided = abs(found.first - found.second + 2j * found.kappa)
            out.model[i] = slopes[i] + max(lopsided, abs(found.axial)) / size
        return out

    def _activation(self, column: Column) -> float:
        """Energy, eV, that phonons have to borrow; the published weight knows no frequency."""
        return column.gap - (column.omega if self.weight == "thermal" else 0.0)

    def _coefficients(self, name: str, column: Column, temperature: float) -> Coefficients:
        metal, thermal = self.metal, BOLTZMANN_EV_PER_K * temperature
        t, y = thermal / (2.0 * metal.fermi_energy), column.gap / thermal
        arguments = (metal.damping, metal.velocity_ratio, t, y)
        settings: dict[str, Any] = {
            "omega": column.omega / thermal,
            "weight": self.weight,
            "vertex": self.vertex,
            "tolerance": _SHARE * self.tolerance,
        }
        if name == "second_order" or 2.0 * metal.quality * column.q < _LIMIT:
            return second_order(*arguments, **settings)
        return full(*arguments, column.q, **settings)

    def q_dependence(self, column: Column, closed: Answers | None = None) -> Floats:
        """How far the closed form at this q is from q = 0, relative to the latter, with a margin."""
        if column.q == 0.0:
            return np.zeros(len(column.temperatures))
        here = self._closed(column) if closed is None else closed
        still = self._closed(Column(column.gap, 0.0, column.omega, column.temperatures))
        return _MARGIN * _ratio(np.abs(here.chi - still.chi), np.abs(still.chi))

    # -------------------------------------------------------------------------------------------- units
    def _tilde_units(self, column: Column) -> tuple[Floats, Floats]:
        """chi and kappa of level A without its I, tilde units."""
        t = BOLTZMANN_EV_PER_K * column.temperatures / (2.0 * self.metal.fermi_energy)
        chi, kappa = (
            (surface.analytic, surface.analytic_kappa)
            if self.dimension == 3
            else (surface.analytic_2d, surface.analytic_kappa_2d)
        )
        arguments = (self.metal.damping, t, self.metal.velocity_ratio, 1.0)
        return np.asarray(chi(*arguments)), np.asarray(kappa(*arguments))

    def _units(self, column: Column) -> tuple[Floats, Floats]:
        """The same in C m (2D: C m^2)."""
        scale = self.metal.prefactor(self.dimension)
        chi, kappa = self._tilde_units(column)
        return scale * chi, scale * kappa


def _ratio(above: Floats, below: Floats) -> Floats:
    """above/below, 0 where both are zero: a frozen phonon."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.where(above > 0, math.inf, 0.0))
