"""The ferron Hall effect against field, temperature, size and kernel: one result with an axis for each that is scanned.

A slab is solved once for a record and a grid without a field, and once for each field. Temperatures cost nothing,
unless anharmonic corrections are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_stability import check_stability
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.profiles import HotBand, Profile, Ramp, realised
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.steady_state import steady_state
from crosscurrent.physics.lattice_langevin import gyration
from crosscurrent.responses.ferron_hall import FerronHallKernels, check_grid_memory, ferron_hall, ferron_hall_kernels
from crosscurrent.responses.ferron_hall_join import joined, numbers_as_variables
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Grid = Slab | tuple[int, int, int]
Temperature = Profile | Sequence[float] | Floats

#: Names of the axes.
FIELD, HOT, SIZE, RECORD = "omega_B", "temperature_hot", "size", "record"


def ferron_hall_scan(
    record: LocalMode,
    grid: Grid,
    temperature: Temperature,
    damping: Profile | Sequence[float] | Floats,
    omega_B: float | Sequence[float] | Floats,
    *,
    hot: Sequence[float] | Floats | None = None,
    grids: Sequence[Grid] | None = None,
    records: Sequence[LocalMode] | None = None,
    step: float | None = None,
    precision: str = "double",
    currents: bool = False,
    anharmonic: str = "none",
    memory: float | None = None,
    parts: int = 1,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """`ferron_hall` at several fields, temperatures, sizes or kernels, one axis each, over all of their combinations.

    omega_B: rad/ps, a list; the axis is omega_B. hot: of a band or a ramp, K, in the place of its own; the axis is
    temperature_hot. grids: in the place of `grid`, for profiles that fit any; the axis is size, and of the results the
    numbers of the slab are kept, since its maps differ in shape. records: in the place of `record`, each with its own
    name; the axis is record. Without any of them this is `ferron_hall`.

    The largest values in the slab, and what gathers at the edge y = 0 over the gradient and the field of that run,
    stand as variables over the axes. Raises InputError as `ferron_hall` does, and for lists that are empty or name
    something twice.
    """
    one_field = np.ndim(omega_B) == 0
    omegas = [float(omega) for omega in np.atleast_1d(np.asarray(omega_B, dtype=float))]
    options: dict[str, Any] = {
        "step": step,
        "precision": precision,
        "currents": currents,
        "anharmonic": anharmonic,
        "memory": memory,
        "parts": parts,
        "run": run,
    }
    if one_field and hot is None and grids is None and records is None:
        return ferron_hall(record, grid, temperature, damping, omegas[0], **options)
    _check_fields(omegas)
    profiles = [temperature] if hot is None else _profiles(temperature, [float(t) for t in hot])
    slabs = _slabs([grid] if grids is None else grids)
    several = _named([record] if records is None else records)
    for slab in slabs:
        check_grid_memory(slab, memory, precision=precision, currents=currents, anharmonic=anharmonic)
    _check_all(several, slabs, profiles)
    rows = []
    for each in several:
        row = []
        for slab in slabs:
            solved = ferron_hall_kernels(each, slab, damping, omegas[0], **options)
            fields = [_at_profiles(solved, profiles, hot)]
            fields += [_at_profiles(at_field(solved, omega, parts, run), profiles, hot) for omega in omegas[1:]]
            row.append(fields[0] if one_field else joined(fields, FIELD, omegas))
        rows.append(row[0] if grids is None else joined(row, SIZE, [slab.shape for slab in slabs]))
    return rows[0] if records is None else joined(rows, RECORD, [each.name for each in several])


def _at_profiles(
    solved: FerronHallKernels, profiles: Sequence[Temperature], hot: Sequence[float] | Floats | None
) -> xr.Dataset:
    results = [numbers_as_variables(solved.respond(profile)) for profile in profiles]
    return results[0] if hot is None else joined(results, HOT, [float(t) for t in hot])


def _check_fields(omegas: Sequence[float]) -> None:
    if not omegas or not np.isfinite(omegas).all():
        raise InputError("the list of fields is empty, or has one that is not finite", where=FIELD, fix="give rad/ps")
    if len(set(omegas)) < len(omegas):
        raise InputError("a field is named twice", where=FIELD, fix="give each once")


def _profiles(temperature: Temperature, hot: Sequence[float]) -> list[Temperature]:
    """The profile with each of these temperatures in the place of its hot one."""
    if not isinstance(temperature, HotBand | Ramp):
        raise InputError(
            "this profile has no hot temperature to scan", where="scan.hot", fix="use a hot band or a ramp for it"
        )
    if not hot or len(set(hot)) < len(hot):
        raise InputError(
            "the list of temperatures is empty, or names one twice", where="scan.hot", fix="give each once"
        )
    return [replace(temperature, hot=t) for t in hot]


def _slabs(grids: Sequence[Grid]) -> list[Slab]:
    slabs = [grid if isinstance(grid, Slab) else Slab(grid) for grid in grids]
    if not slabs or len({slab.shape for slab in slabs}) < len(slabs):
        raise InputError("the list of grids is empty, or names one twice", where="scan.grid", fix="give each once")
    return slabs


def _named(records: Sequence[LocalMode]) -> Sequence[LocalMode]:
    if not records or len({record.name for record in records}) < len(records):
        raise InputError(
            "the list of records is empty, or two have one name", where="scan.record", fix="give each its own name"
        )
    return records


def _check_all(records: Sequence[LocalMode], slabs: Sequence[Slab], profiles: Sequence[Temperature]) -> None:
    """What a later part of the scan would refuse, before the first is computed."""
    for slab in slabs:
        for profile in profiles:
            realised(profile, slab.shape[0], "temperature", positive=False)
        for record in records if len(records) * len(slabs) > 1 else ():
            check_stability(record, slab, record.couplings(slab))


def at_field(solved: FerronHallKernels, omega: float, parts: int, run: ChunkMap) -> FerronHallKernels:
    """The same slab in another field; what there is without a field is kept."""

    def at(value: float, stage: str) -> object:
        problem = replace(solved.problem, gyration=gyration(value))
        return steady_state(problem, precision=solved.precision, parts=parts, stage=f"steady-state-{stage}", run=run)

    turned = at(omega, "turned")
    back = at(-omega, "reversed") if solved.reversed is not None else None
    return replace(solved, omega=omega, turned=turned, reversed=back)  # type: ignore[arg-type]
