"""From block averages of trajectories to maps with errors: symmetries, control variates, and the noise-free maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.block_averages import Mean, inflation_of, mean_of, pooled_coefficients, with_controls
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.physics import lattice_observables as observables
from crosscurrent.physics.lattice_langevin import inverse_root
from crosscurrent.responses.ferron_hall_langevin_maps import SLOTS, WIDTH, Symmetry
from crosscurrent.responses.ferron_hall_maps import Maps

Floats = NDArray[np.float64]
Rows = Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Estimate:
    """One observable in one part ("_0", "" or "_odd").

    mean: over all blocks, with the error; (Nx, Ny, ...). reference: the noise-free map, None when there is none.
    coefficients: of the control variates. reduction: by how much they lower the variance of the mean, pooled over the
    cells. slope: of the map against the noise-free one. rms_z: of their difference over the error.
    """

    mean: Mean
    reference: Floats | None
    coefficients: Floats
    reduction: float
    slope: Mean | None
    rms_z: float


@dataclass(frozen=True, eq=False)
class BathPower:
    """map, map_error: (Nx, Ny) eV/ps. total, error: the sum over the cells of a plane."""

    map: Floats
    map_error: Floats
    total: float
    error: float


@dataclass(frozen=True, eq=False)
class Samples:
    """Blocks of all trajectories. full, twin: rows by field, (sequences, blocks, Nx, Ny, WIDTH); no twin when None.

    exact: rows of the twin's exact means by field, none without a twin. noise_free: maps of the linear theory by part.
    linear: whether the trajectories themselves are linear, so that nothing shifts the polarization. thermal: k_B T,
    (Nx,) eV.
    """

    record: LocalMode
    problem: DrivenSlab
    symmetry: Symmetry
    full: Rows
    twin: Rows | None
    exact: Rows
    noise_free: Mapping[str, Maps]
    thermal: Floats
    linear: bool = False

    def estimates(self) -> dict[tuple[str, str], Estimate]:
        """(observable, part) -> estimate, for every part that was run."""
        full = self.symmetry.parts(self.full)
        twin = None if self.twin is None else self.symmetry.parts(self.twin)
        exact = {} if self.twin is None else self.symmetry.parts(self.exact)
        shift = None if twin is None else _ShiftResponse(self.record, self.problem)
        out: dict[tuple[str, str], Estimate] = {}
        square: dict[str, Floats] = {}
        for name, quantity in _quantities(self.record).items():
            for part in full:
                less = quantity(square[part]) if name in _CENTRED and not self.linear else None
                out[name, part] = self._one(name, quantity, part, full, twin, exact, shift, less)
            if name == "mean_polarization":
                square = _square_of_mean(self.record, {part: out[name, part].mean.value for part in full})
        return out

    def _one(
        self,
        name: str,
        quantity: Callable[[Floats], Floats],
        part: str,
        full: Rows,
        twin: Rows | None,
        exact: Rows,
        shift: _ShiftResponse | None,
        less: Floats | None,
    ) -> Estimate:
        """less: what the mean over the blocks has too much; its own error, of higher order, is left out."""
        controls = None
        if twin is not None and name not in _UNCONTROLLED:
            controls = _controls(name, quantity, twin[part], exact[part], shift)
        reference = None if name in _UNKNOWN else _reference(name, self.record, self.noise_free[part])
        if self.linear and name == "polarization":
            reference = np.zeros_like(self.noise_free[part].shift)
        series = quantity(full[part])
        return _estimate(series if less is None else series - less, controls, reference)

    def bath_power(self, part: str) -> BathPower:
        """What the baths give to the cells, from the kinetic energy before they act.

        A step of the bath takes the kinetic energy from K to K exp(-2 gamma h) + (3/2) k_B T [1 - exp(-2 gamma h)], and
        the velocities that are averaged are those it starts from.
        """
        quantity = _quantities(self.record)["kinetic_energy"]
        series = quantity(self.symmetry.parts(self.full)[part])
        if self.twin is not None:
            twin, exact = (self.symmetry.parts(rows)[part] for rows in (self.twin, self.exact))
            partners, means = quantity(twin)[None], quantity(exact)[None]
            series = with_controls(series, partners, means, pooled_coefficients(series, partners))
        assert self.problem.step is not None
        rate = -np.expm1(-2 * self.problem.damping * self.problem.step) / self.problem.step
        given = rate * (1.5 * self.thermal[:, None] - series)
        local, total = mean_of(given), mean_of(given.sum(axis=(-2, -1)))
        return BathPower(local.value, local.error, float(total.value), float(total.error))

    def odd_polarization_error(self) -> float:
        """What an adaptive run watches: the root mean square over the cells of the error of the odd polarization."""
        name = "polarization"
        quantity = _quantities(self.record)[name]
        rows = self.symmetry.parts(self.full)["_odd"]
        controls = None
        if self.twin is not None:
            twin, exact = (self.symmetry.parts(rows)["_odd"] for rows in (self.twin, self.exact))
            controls = _controls(name, quantity, twin, exact, _ShiftResponse(self.record, self.problem))
        error = _estimate(quantity(rows), controls, None).mean.error
        return float(np.sqrt((error**2).mean()))


def _quantities(record: LocalMode) -> dict[str, Callable[[Floats], Floats]]:
    """Observable -> what it is of a row; the mean displacement comes before what is taken about it."""
    axis = np.asarray(record.well.axis)
    along = np.outer(axis, axis).ravel()
    return {
        "kinetic_energy": lambda rows: rows[..., SLOTS["kinetic"]][..., 0],
        "kinetic_energy_parallel": lambda rows: rows[..., SLOTS["longitudinal"]][..., 0],
        "polarization": lambda rows: rows[..., SLOTS["polarization"]] @ axis,
        "angular_momentum": lambda rows: rows[..., SLOTS["angular"]],
        "angular_momentum_z": lambda rows: rows[..., SLOTS["angular"]][..., 2],
        "mean_polarization": lambda rows: rows[..., SLOTS["polarization"]],
        "displacement_covariance": lambda rows: rows[..., SLOTS["second"]],
        "displacement_variance": lambda rows: rows[..., SLOTS["second"]] @ along,
        "virial": lambda rows: rows[..., SLOTS["virial"]][..., 0],
    }


#: Observables without noise-free maps, and without exact means of the twin.
_UNKNOWN = ("virial", "mean_polarization")
_UNCONTROLLED = ("virial",)
#: Rows hold second moments about the ordered state; these are wanted about the mean.
_CENTRED = ("displacement_covariance", "displacement_variance")


def _reference(name: str, record: LocalMode, maps: Maps) -> Floats:
    axis = np.asarray(record.well.axis)
    nx, ny = maps.kinetic.shape
    values: dict[str, Floats] = {
        "kinetic_energy": maps.kinetic,
        "kinetic_energy_parallel": maps.longitudinal,
        "polarization": maps.shift,
        "angular_momentum": maps.angular,
        "angular_momentum_z": maps.angular[..., 2],
        "displacement_covariance": maps.covariance.reshape(nx, ny, 9),
        "displacement_variance": np.einsum("a,xyab,b->xy", axis, maps.covariance, axis),
    }
    return values[name]


class _ShiftResponse:
    """The polarization along the axis that a variance of the displacements along it brings about, S52.

    Linear, and the same everywhere along x: what one cell does is found once.
    """

    def __init__(self, record: LocalMode, problem: DrivenSlab) -> None:
        axis, root = np.asarray(record.well.axis), inverse_root(record.mass)
        nx, ny = problem.nx, problem.layers
        self.nx, self.axis = nx, axis
        columns = []
        for y in range(ny):
            one = np.zeros((nx, ny))
            one[0, y] = 1.0
            moved = observables.mean_shift(one, record.well, problem.stiffness, root)
            columns.append(observables.polarization(moved, record.charge, record.volume) @ axis)
        self._response = np.fft.rfft(np.array(columns), axis=1)

    def __call__(self, variance: Floats) -> Floats:
        """variance: (..., Nx, Ny) angstrom^2 -> (..., Nx, Ny) C/m^2."""
        spectrum = np.fft.rfft(variance, axis=-2)
        moved = np.einsum("jqy,...qj->...qy", self._response, spectrum)
        return np.asarray(np.fft.irfft(moved, n=self.nx, axis=-2))


def _square_of_mean(record: LocalMode, polarization: Mapping[str, Floats]) -> dict[str, Floats]:
    """Part -> rows that hold <du><du> in place of the second moment, (Nx, Ny, WIDTH). polarization: mean by part."""
    inverse = np.linalg.inv(record.polarization_per_displacement)

    def rows(polar: Floats) -> Floats:
        mean = polar @ inverse.T
        out = np.zeros((*mean.shape[:-1], WIDTH))
        out[..., SLOTS["second"]] = (mean[..., :, None] * mean[..., None, :]).reshape(*mean.shape[:-1], 9)
        return out

    # the field reversed: what is odd in it changes sign
    back = polarization[""] - 2 * polarization["_odd"]
    odd = 0.5 * (rows(polarization[""]) - rows(back))
    return {part: odd if part == "_odd" else rows(polar) for part, polar in polarization.items()}


def _controls(
    name: str, quantity: Callable[[Floats], Floats], twin: Floats, exact: Floats, shift: _ShiftResponse | None
) -> tuple[Floats, Floats]:
    """The partners of an observable, (k, sequences, blocks, ...), and their exact means, (k, ...).

    The same observable of the twin. For the polarization, which the twin does not shift, also the shift that the
    fluctuating variance of the twin would bring about.
    """
    partners, means = [quantity(twin)], [quantity(exact)]
    if name == "polarization" and shift is not None:
        along = np.outer(shift.axis, shift.axis).ravel()
        partners.append(shift(twin[..., SLOTS["second"]] @ along))
        means.append(shift(exact[..., SLOTS["second"]] @ along))
    return np.array(partners), np.array(means)


def _estimate(series: Floats, controls: tuple[Floats, Floats] | None, reference: Floats | None) -> Estimate:
    plain = mean_of(series)
    if controls is None:
        best, beta, better = series, np.zeros(0), plain
    else:
        beta = pooled_coefficients(series, controls[0])
        best = with_controls(series, *controls, beta)
        better = mean_of(best)
    before, after = float((plain.error**2).mean()), float((better.error**2).mean())
    reduction = before / after if 0 < after < np.inf else 1.0
    if reference is None:
        return Estimate(better, None, beta, reduction, None, np.nan)
    slope = _slope(best, reference, better.error)
    return Estimate(better, reference, beta, reduction, slope, _rms_z(better, reference))


def _slope(series: Floats, reference: Floats, error: Floats) -> Mean | None:
    """Least-squares slope through zero, block by block: its error knows how the cells hang together.

    A smooth projection remembers longer than a cell, where beats die out, and one series is too short to tell how long.
    Projections on the reference moved along x remember as long, and are as many as there are cells.
    """
    square = float((reference**2).sum())
    # a map that symmetry forbids is rounding
    if square <= 1e-20 * float((error**2).sum(where=np.isfinite(error))):
        return None
    moved = np.array([np.roll(reference, cells, axis=0).ravel() for cells in range(len(reference))])
    slopes = series.reshape(*series.shape[:2], -1) @ moved.T / square
    return mean_of(slopes[..., 0], inflation_of(slopes - slopes.mean(axis=(0, 1))))


def _rms_z(mean: Mean, reference: Floats) -> float:
    """Root mean square of the differences over their errors, over the cells where there is an error."""
    finite = np.isfinite(mean.error)
    # where a symmetry leaves nothing, as in the middle row of an odd map, only rounding would be compared
    known = finite & (mean.error > 1e-10 * np.max(mean.error, where=finite, initial=0.0))
    if not known.any():
        return float("nan")
    return float(np.sqrt((((mean.value - reference)[known] / mean.error[known]) ** 2).mean()))
