"""The ferron Hall effect against the strength of the field: one result with the axis omega_B."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.profiles import Profile, realised
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.steady_state import steady_state
from crosscurrent.physics.lattice_langevin import gyration
from crosscurrent.responses.ferron_hall import FerronHallKernels, ferron_hall, ferron_hall_kernels
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

AXIS = "omega_B"
_SIZE = "largest {} in the slab, odd in the field"
#: Attributes of the single results that become variables over the field: attribute -> (variable, units, in words).
_OVER_FIELD = {
    "equivalent_bare_Lorentz_field_T": (
        "equivalent_bare_Lorentz_field",
        "T",
        "field in which a bare Lorentz force would turn the mode as fast",
    ),
    "largest_kinetic_energy_odd_eV": ("largest_kinetic_energy_odd", "eV", _SIZE.format("kinetic energy")),
    "largest_polarization_odd_C_per_m2": ("largest_polarization_odd", "C/m^2", _SIZE.format("polarization")),
}


def ferron_hall_scan(
    record: LocalMode,
    grid: Slab | tuple[int, int, int],
    temperature: Profile | Sequence[float] | Floats,
    damping: Profile | Sequence[float] | Floats,
    omega_B: float | Sequence[float] | Floats,
    *,
    step: float | None = None,
    precision: str = "double",
    currents: bool = False,
    memory: float | None = None,
    parts: int = 1,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """`ferron_hall` at several fields, solved once without a field: what depends on it has the axis omega_B, rad/ps.

    omega_B: a list; a single number gives the result of `ferron_hall`. The largest odd parts stand beside the maps,
    over omega_B. Raises InputError as `ferron_hall` does, and for a list that is empty or names a field twice.
    """
    if np.ndim(omega_B) == 0:
        omega = float(np.asarray(omega_B))
        return ferron_hall(
            record,
            grid,
            temperature,
            damping,
            omega,
            step=step,
            precision=precision,
            currents=currents,
            memory=memory,
            parts=parts,
            run=run,
        )
    omegas = [float(omega) for omega in np.asarray(omega_B, dtype=float)]
    _check_fields(omegas)
    shape = grid.shape if isinstance(grid, Slab) else grid
    # before the work, not after it
    realised(temperature, shape[0], "temperature", positive=False)
    first = ferron_hall_kernels(
        record,
        grid,
        damping,
        omegas[0],
        step=step,
        precision=precision,
        currents=currents,
        memory=memory,
        parts=parts,
        run=run,
    )
    results = [first.respond(temperature)]
    for omega in omegas[1:]:
        results.append(_at_field(first, omega, parts, run).respond(temperature))
    return _joined(results, omegas)


def _check_fields(omegas: Sequence[float]) -> None:
    if not omegas or not np.isfinite(omegas).all():
        raise InputError("the list of fields is empty, or has one that is not finite", where=AXIS, fix="give rad/ps")
    if len(set(omegas)) < len(omegas):
        raise InputError("a field is named twice", where=AXIS, fix="give each once")


def _at_field(solved: FerronHallKernels, omega: float, parts: int, run: ChunkMap) -> FerronHallKernels:
    """The same slab in another field; what there is without a field is kept."""

    def at(value: float, stage: str) -> object:
        problem = replace(solved.problem, gyration=gyration(value))
        return steady_state(problem, precision=solved.precision, parts=parts, stage=f"steady-state-{stage}", run=run)

    turned = at(omega, "turned")
    back = at(-omega, "reversed") if solved.reversed is not None else None
    return replace(solved, omega=omega, turned=turned, reversed=back)  # type: ignore[arg-type]


def _joined(results: Sequence[xr.Dataset], omegas: Sequence[float]) -> xr.Dataset:
    """One result: what knows no field once, the rest along omega_B."""
    constant = [name for name in map(str, results[0].data_vars) if _knows_no_field(name)]
    changing = [ds.drop_vars(constant) for ds in results]
    axis = xr.Variable((AXIS,), np.array(omegas), {"units": "rad/ps", "long_name": "gyroscopic rate"})
    joined = xr.concat(changing, dim=axis, join="exact", combine_attrs="drop_conflicts", data_vars="all")
    joined = joined.assign({name: results[0][name] for name in constant})
    for key, (variable, units, name) in _OVER_FIELD.items():
        values = [float(ds.attrs[key]) for ds in results]
        joined[variable] = xr.Variable((AXIS,), values, {"units": units, "long_name": name})
    # the same attribute of a single field would now be that of one among many
    kept = {key: value for key, value in joined.attrs.items() if key not in _OVER_FIELD}
    joined.attrs = kept
    return joined


def _knows_no_field(name: str) -> bool:
    plain = name.removesuffix(ERROR_SUFFIX)
    return plain in ("temperature", "damping") or plain.endswith("_0")
