"""The tables of the protocols on a lattice of polar modes: hysteresis, heating, domain walls, switching paths.

The keys are those of the Python functions in `responses`; see `fields` for the units of plain numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from crosscurrent.jobs.fields import MOST, Count, Duration, ElectricField, Table, Temperature, Temperatures

Grid = tuple[Count, Count, Count]
Axis = Literal["x", "y", "z"]
Precision = Literal["double", "single"]
Amplitude = Annotated[float, Meta(gt=0, extra={"quantity": "electric field"})]
Damping = Annotated[float, Meta(gt=0, extra={"quantity": "rate"})]
Realizations = Annotated[int, Meta(ge=2, le=MOST)]
Seed = Annotated[int, Meta(ge=0)]


class Hysteresis(Table, frozen=True, kw_only=True):
    """The polarization of a lattice of polar modes at one temperature, in a field that goes up and down.

    grid: cells along x, y and z. temperature: of the bath. field: amplitude, V/m, or a text such as "300 kV/cm" or
    "0.003 V/angstrom". period: of a cycle. waveform: of the field over a cycle. direction: of the field; the largest
    component of the ordered polarization when absent. cycles: that are averaged, after one that is dropped. samples: in
    a cycle, a multiple of four. realizations: of the noise; their scatter is the error. settle: time without a field
    before the first cycle. damping: of the bath, 1/ps. step: of the integrator, ps. surfaces: open along y; periodic
    when false. seed: of the noise. precision: of the dynamics.
    """

    grid: Grid
    temperature: Temperature
    field: Amplitude
    period: Duration = 100.0
    waveform: Literal["triangular", "sinusoidal"] = "triangular"
    direction: Axis | None = None
    cycles: Count = 1
    samples: Annotated[int, Meta(ge=8, le=MOST)] = 80
    realizations: Realizations = 4
    settle: Duration = 5.0
    damping: Damping = 2.0
    step: Duration = 0.002
    surfaces: bool = False
    seed: Seed = 0
    precision: Precision = "double"


class Heating(Table, frozen=True, kw_only=True):
    """Polarization and dielectric constant of a lattice of polar modes that goes from one temperature to the next.

    grid: cells along x, y and z. temperatures: in the order in which they are run, a list or a range, rising or
    falling. settle: time at each temperature before the average. average: time of the average. sample: time from one
    sample of the fluctuations to the next. realizations: of the noise; their scatter is the error. start: the uniform
    ground state, or none. field: constant, one number for each direction. damping: of the bath, 1/ps. step: of the
    integrator, ps. surfaces: open along y; periodic when false. seed: of the noise. precision: of the dynamics.
    """

    grid: Grid
    temperatures: Temperatures
    settle: Duration = 10.0
    average: Duration = 20.0
    sample: Duration = 0.1
    realizations: Realizations = 4
    start: Literal["ordered", "cubic"] = "ordered"
    field: tuple[ElectricField, ElectricField, ElectricField] | None = None
    damping: Damping = 2.0
    step: Duration = 0.002
    surfaces: bool = False
    seed: Seed = 0
    precision: Precision = "double"


class DomainWall(Table, frozen=True, kw_only=True):
    """A neutral domain wall in a lattice of polar modes: its profile, width and energy.

    grid: cells along x, y and z. normal: of the wall; two walls along a periodic direction, one along an open one.
    temperature: at 0 the wall is relaxed only, above it is put in a bath too. settle: time in the bath before the
    average. average: time of the average. realizations: of the noise; their scatter is the error. damping: of the
    bath, 1/ps. step: of the integrator, ps. surfaces: open along y; periodic when false. seed: of the noise. precision:
    of the dynamics.
    """

    grid: Grid
    normal: Literal["x", "y"] = "x"
    temperature: Temperature = 0.0
    settle: Duration = 5.0
    average: Duration = 20.0
    realizations: Realizations = 4
    damping: Damping = 2.0
    step: Duration = 0.002
    surfaces: bool = False
    seed: Seed = 0
    precision: Precision = "double"


class SwitchingPath(Table, frozen=True, kw_only=True):
    """Energy of uniform states of a lattice of polar modes from the ground state to its reverse.

    grid: cells along x, y and z. surfaces: open along y; periodic when false. points: on each path.
    """

    grid: Grid = (4, 4, 4)
    surfaces: bool = False
    points: Annotated[int, Meta(ge=3, le=MOST)] = 101
