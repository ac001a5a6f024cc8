"""Hysteresis: the polarization of a lattice at one temperature in a field that goes up and down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES
from crosscurrent.models.polar_lattice import PolarLattice
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.physics.hysteresis import Waveform, coercive_fields, field_over_cycle, loop_area, remanence
from crosscurrent.responses.lattice_protocols import (
    Box,
    Grid,
    Model,
    box_of,
    checked_field_along_y,
    checked_realizations,
    checked_temperature,
    checked_times,
    standard_error,
)
from crosscurrent.responses.lattice_protocols_labels import component, protocol_dataset
from crosscurrent.results import Quantity
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Scatter of a value that lies anywhere in a step of the field, in units of the step.
_ROUNDING = 1 / math.sqrt(12)
#: Largest |P(phase) + P(phase + 1/2)|/2, in standard errors, that a symmetric loop shows by chance over many samples.
_BY_CHANCE = 5.0
_RATE = (
    "coercive field and area depend on the period and on the size of the box: a period of picoseconds to nanoseconds "
    "is a rate of GHz to THz, and a small box without defects switches only by nuclei of its own"
)


@dataclass(frozen=True, eq=False)
class _Loop:
    """A cycle of the field, again and again, of some realizations. field: (samples, 3) V/m, over a cycle. steps: of a
    sample. cycles: that are kept; one more goes before them."""

    box: Box
    temperature: float
    field: Floats
    steps: int
    cycles: int
    settle: int

    @property
    def steps_in_all(self) -> int:
        return self.settle + (self.cycles + 1) * len(self.field) * self.steps

    def __call__(self, realizations: tuple[int, ...]) -> dict[str, Floats]:
        """polarization: (R, cycles, samples, 3) C/m^2, means over the samples. temperature: (R, cycles), at the end of
        each cycle, K."""
        box, samples = self.box, len(self.field)
        lattice = box.dynamics(self.temperature)
        state = lattice.advance(lattice.start(box.lattice.ordered, realizations=realizations), self.settle)
        polarization = np.empty((len(realizations), self.cycles + 1, samples, 3))
        kinetic = np.empty((len(realizations), self.cycles + 1))
        for cycle in range(self.cycles + 1):
            heat = np.zeros(len(realizations))
            for sample, field in enumerate(self.field):
                sums = Sums(products=())
                state = lattice.with_push(box.push(field)).advance(state, self.steps, sums)
                polarization[:, cycle, sample] = box.polarization(sums.mean("u")[:, 0].mean(axis=(1, 2)))
                heat += box.kinetic_temperature(state) / samples
            kinetic[:, cycle] = heat
        return {"polarization": polarization[:, 1:], "temperature": kinetic[:, 1:]}


def hysteresis_loop(
    model: Model,
    grid: Grid,
    *,
    temperature: float,
    field: float,
    period: float = 100.0,
    waveform: Waveform = "triangular",
    direction: str | None = None,
    cycles: int = 1,
    samples: int = 80,
    realizations: int = 4,
    settle: float = 5.0,
    damping: float = 2.0,
    step: float = 0.002,
    surfaces: bool = False,
    seed: int = 0,
    precision: str = "double",
    run: ChunkMap = serial,
) -> xr.Dataset:
    """P(E) of a lattice of polar modes at one temperature while a field E goes up and down.

    model: a record or an effective Hamiltonian. grid: cells along x, y, z, periodic; with surfaces = True, or a `Slab`,
    open along y. temperature: K. field: amplitude, V/m. period: ps. waveform: "triangular" or "sinusoidal". direction:
    of the field, "x", "y" or "z"; the largest component of the ordered polarization, the last of equal ones, when None.
    cycles: that are averaged; one before them is run and dropped. samples: in a cycle, a multiple of four; the field is
    constant during each, so the period is rounded to whole steps of samples. settle: ps without a field, from the
    ordered state. damping: 1/ps. step: ps. run: where the realizations run.

    Variables over the phase of the cycle: field, V/m, and polarization by component, C/m^2; then loop area, coercive
    field, remanence and the bias between the branches. Errors are standard errors over the realizations; those of
    fields hold the rounding to a step of the field too. The fraction of cycles that switched stands beside them, and
    the kinetic temperature as a check of the bath.

    Raises InputError for a field of zero, a step that is too long, times, temperatures or counts out of range, and a
    field along y in a slab, whose surfaces would screen it.
    """
    box, warnings = box_of(model, grid, surfaces, step=step, damping=damping, seed=seed, precision=precision)
    checked_temperature(temperature, zero=True)
    checked_times(period=period, settle=settle)
    checked_realizations(realizations)
    axis = _axis(box, direction)
    _check_cycle(field, cycles, samples)
    if waveform not in ("triangular", "sinusoidal"):
        raise InputError(f"unknown waveform '{waveform}'", where="waveform", fix="choose triangular or sinusoidal")
    steps = box.steps(period / samples)
    phase = (np.arange(samples) + 0.5) / samples
    values = field * field_over_cycle(phase, waveform)
    loop = _Loop(box, temperature, values[:, None] * np.eye(3)[axis], steps, cycles, box.steps(settle))
    found = box.each(run, "loop", loop, realizations)
    return _labelled(_Run(loop, phase, values, axis, waveform, realizations), found, warnings)


@dataclass(frozen=True, eq=False)
class _Run:
    loop: _Loop
    phase: Floats
    field: Floats
    axis: int
    waveform: str
    realizations: int

    @property
    def lattice(self) -> PolarLattice:
        return self.loop.box.lattice


def _labelled(ran: _Run, found: dict[str, Floats], warnings: Sequence[str]) -> xr.Dataset:
    loop, box = ran.loop, ran.loop.box
    polarization = found["polarization"].mean(axis=1)
    along = found["polarization"][..., ran.axis]
    marks, more = _marks(ran.field, along)
    asymmetry = _asymmetry(polarization[..., ran.axis])
    if asymmetry > _BY_CHANCE:
        more.append(
            f"P(E) and -P(-E) differ by {asymmetry:.1f} standard errors: the loop is not closed or not yet periodic"
        )
    heat = found["temperature"].mean(axis=1)
    variables = {
        "field": Quantity(("phase",), ran.field, "V/m", f"electric field along {AXES[ran.axis]}"),
        "polarization": Quantity(
            ("phase", "component"),
            polarization.mean(axis=0),
            "C/m^2",
            "polarization",
            standard_error(polarization),
            ("polarization", "dynamics", "energy"),
        ),
        **marks,
        "kinetic_temperature": Quantity(
            (), heat.mean(), "K", "kinetic temperature", standard_error(heat), ("equipartition",)
        ),
    }
    period = loop.steps * len(ran.field) * box.step
    return protocol_dataset(
        ran.lattice,
        box.slab,
        variables,
        {"phase": Quantity(("phase",), ran.phase, "", "phase of the cycle"), "component": component()},
        quantity="hysteresis loop of the polarization",
        index_order="polarization by component over the phase of the cycle",
        method=f"Langevin dynamics, {ran.realizations} realizations, {loop.cycles} of {loop.cycles + 1} cycles of "
        f"{period:g} ps in {len(ran.field)} constant pieces, {ran.waveform}, step {box.step:g} ps",
        status="estimated over realizations",
        warnings=(*more, _RATE, *warnings),
        temperature_K=loop.temperature,
        period_ps=period,
        field_direction=AXES[ran.axis],
        realizations=ran.realizations,
        asymmetry_in_errors=asymmetry,
        **box.notes,
    )


def _marks(field: Floats, along: Floats) -> tuple[dict[str, Quantity], list[str]]:
    """What is read off the loops, (R, cycles, samples), as variables, and warnings."""
    down, up = coercive_fields(field, along)
    falling, rising = remanence(along)
    switched = np.isfinite(down) & np.isfinite(up)
    rounding = _ROUNDING * float(np.abs(np.diff(field)).max())
    table = {
        "loop_area": (loop_area(field, along), "J/m^3", "energy density that a cycle dissipates", 0.0, ("work",)),
        "coercive_field": (0.5 * (up - down), "V/m", "coercive field", rounding, ()),
        "bias_field": (0.5 * (up + down), "V/m", "mean of the two fields of zero polarization", rounding, ()),
        "remanence": (0.5 * (falling - rising), "C/m^2", "remanent polarization", 0.0, ()),
    }
    marks: dict[str, Quantity] = {}
    for name, (values, unit, words, rounded, equations) in table.items():
        mean, error = _mean(values, rounded)
        marks[name] = Quantity((), mean, unit, words, error, equations)
    marks["switched"] = Quantity((), float(switched.mean()), "", "fraction of cycles in which P changed its sign")
    out = []
    if not switched.all():
        out.append(
            f"only {switched.mean():.0%} of the cycles switched: coercive field and bias are means over those, and NaN "
            "where there are none or one; use a larger field, a longer period or a higher temperature"
        )
    return marks, out


def _mean(values: Floats, rounding: float) -> tuple[float, float]:
    """Mean and standard error over realizations of (R, cycles), leaving out what is NaN."""
    each = np.array([row[np.isfinite(row)].mean() for row in values if np.isfinite(row).any()])
    if len(each) < 2:
        return float("nan"), float("nan")
    return float(each.mean()), float(np.hypot(standard_error(each), rounding))


def _asymmetry(along: Floats) -> float:
    """Root mean square of [P(phase) + P(phase + 1/2)]/2 over its standard error; (R, samples)."""
    half = along.shape[-1] // 2
    sums = 0.5 * (along[:, :half] + along[:, half:])
    error = standard_error(sums)
    size = float(np.sqrt((error**2).mean()))
    rms = float(np.sqrt((sums.mean(axis=0) ** 2).mean()))
    return rms / size if size > 0 else 0.0


def _axis(box: Box, direction: str | None) -> int:
    if direction is None:
        p = np.abs(box.lattice.polarization)
        axis = int(np.flatnonzero(p > (1 - 1e-6) * p.max())[-1])
    elif direction in AXES:
        axis = AXES.index(direction)
    else:
        raise InputError(f"unknown direction '{direction}'", where="direction", fix="choose x, y or z")
    checked_field_along_y(axis == 1, box, "direction")
    return axis


def _check_cycle(field: float, cycles: int, samples: int) -> None:
    if not (math.isfinite(field) and field > 0):
        raise InputError(f"the amplitude of the field is {field:g} V/m", where="field", fix="give a positive field")
    if cycles < 1:
        raise InputError(f"{cycles} cycles", where="cycles", fix="give one or more")
    if samples < 8 or samples % 4:
        raise InputError(
            f"{samples} samples do not divide a cycle into quarters", where="samples", fix="give a multiple of four"
        )
