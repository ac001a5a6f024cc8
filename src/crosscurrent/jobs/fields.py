"""The kinds of values that a job file holds: quantities with bounds, and the table that every other one is made from.

Units of plain numbers: energy eV, temperature K, length angstrom, wave vector 1/angstrom, electric field V/m, time
ps (relaxation times fs), frequency THz, angular frequency rad/ps, rate 1/ps, velocity m/s, mass kg (of electrons:
electron masses), density 1/m^3, coupling to phonons eV angstrom^1.5 (in a plane eV angstrom).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Energy = Annotated[float, Meta(extra={"quantity": "energy"})]
Width = Annotated[float, Meta(ge=0, extra={"quantity": "energy"})]
Temperature = Annotated[float, Meta(ge=0, extra={"quantity": "temperature"})]
Length = Annotated[float, Meta(gt=0, extra={"quantity": "length"})]
Tolerance = Annotated[float, Meta(ge=0, extra={"quantity": "length"})]
WaveVector = Annotated[float, Meta(gt=0, extra={"quantity": "wave vector"})]
Frequency = Annotated[float, Meta(ge=0, extra={"quantity": "frequency"})]
Time = Annotated[float, Meta(extra={"quantity": "time"})]
Duration = Annotated[float, Meta(gt=0, extra={"quantity": "time"})]
Femtoseconds = Annotated[float, Meta(gt=0, extra={"quantity": "time", "unit": "fs"})]
ElectricField = Annotated[float, Meta(extra={"quantity": "electric field"})]
Velocity = Annotated[float, Meta(gt=0, extra={"quantity": "velocity"})]
Mass = Annotated[float, Meta(gt=0, extra={"quantity": "mass"})]
ElectronMass = Annotated[float, Meta(gt=0, extra={"quantity": "mass", "unit": "m_e"})]
Density = Annotated[float, Meta(gt=0, extra={"quantity": "density"})]
Coupling = Annotated[float, Meta(extra={"quantity": "coupling"})]
PlaneCoupling = Annotated[float, Meta(extra={"quantity": "coupling in a plane"})]
AngularFrequency = Annotated[float, Meta(extra={"quantity": "angular frequency"})]
Rate = Annotated[float, Meta(ge=0, extra={"quantity": "rate"})]
#: How many of anything; more than this is a slip, and would only fill the memory.
MOST = 1_000_000
Count = Annotated[int, Meta(ge=1, le=MOST)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of a job file: its keys are fixed, its values do not change."""


class Range(Table, frozen=True, kw_only=True):
    """Evenly spaced energies, both ends included."""

    start: Energy
    stop: Energy
    num: Count


class TimeRange(Table, frozen=True, kw_only=True):
    """Evenly spaced times, both ends included. start: first time. stop: last time. num: how many."""

    start: Time
    stop: Time
    num: Count


class TemperatureRange(Table, frozen=True, kw_only=True):
    """Temperatures with both ends included. start: first temperature. stop: last temperature. num: how many. spacing:
    equal steps, or equal ratios.
    """

    start: Temperature
    stop: Temperature
    num: Count
    spacing: Literal["linear", "log"] = "linear"


MuFrom = Literal["zero", "reference"]
Energies = Energy | tuple[Energy, ...] | Range
Temperatures = Temperature | tuple[Temperature, ...] | TemperatureRange
