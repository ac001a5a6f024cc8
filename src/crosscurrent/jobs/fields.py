"""The kinds of values that a job file holds: quantities with bounds, and the table that every other one is made from.

Units of plain numbers: energy eV, temperature K, length angstrom, wave vector 1/angstrom, electric field V/m, time
ps (relaxation times fs), frequency THz.
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
Count = Annotated[int, Meta(ge=1)]


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


MuFrom = Literal["zero", "reference"]
Energies = Energy | tuple[Energy, ...] | Range
