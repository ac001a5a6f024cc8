"""Questions to a lattice of polar modes: the record of a [model] table, the arguments of its responses, their cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from crosscurrent.jobs import schema
from crosscurrent.jobs.arguments import Asked, converted
from crosscurrent.jobs.machine import available_memory
from crosscurrent.jobs.quantities import nearest
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import load_local_mode, local_mode, local_mode_names
from crosscurrent.models.profile_file import read_profile
from crosscurrent.numerics.profiles import HotBand, Profile, Ramp, Sponge, Step, Uniform
from crosscurrent.responses.ferron_hall import ferron_hall_memory
from crosscurrent.units import InputError

_PROFILES: dict[type[schema.Table], type[Profile]] = {
    schema.HotBandTable: HotBand,
    schema.StepTable: Step,
    schema.RampTable: Ramp,
    schema.SpongeTable: Sponge,
}


def build_record(table: schema.LocalModeRecord) -> LocalMode:
    """The record of a [model] table. Raises InputError for none, two, an unknown name, or a file that is unsound."""
    if (table.local_mode is None) == (table.file is None):
        raise InputError(
            "one record is needed", where="model", fix='give local_mode = "batio3-b", or file = "record.json"'
        )
    if table.file is not None:
        return load_local_mode(table.file)
    names = local_mode_names()
    assert table.local_mode is not None
    if table.local_mode not in names:
        raise InputError(
            f"unknown record '{table.local_mode}'{nearest(table.local_mode, names)}",
            where="model.local_mode",
            fix="known: " + ", ".join(names),
        )
    return local_mode(table.local_mode)


def ferron_hall_arguments(asked: Asked) -> dict[str, Any]:
    """The arguments of `ferron_hall_scan`; no more memory is allowed than the machine has free."""
    table = asked.table
    profiles = {name: profile_of(getattr(table, name), name, asked.at(name)) for name in ("temperature", "damping")}
    rest = {"memory": available_memory(), **converted(asked, without=(*profiles, "scan"))}
    return {**profiles, **rest, **_scanned(table.scan, asked.model, asked.at("scan"))}


def coefficients_arguments(asked: Asked) -> dict[str, Any]:
    """The arguments of `ferron_coefficients`; no more memory is allowed than the machine has free."""
    damping = profile_of(asked.table.damping, "damping", asked.at("damping"))
    rest = {"memory": available_memory(), **converted(asked, without=("damping",))}
    return {"damping": damping, **rest}


def _scanned(table: schema.LatticeScan | None, record: LocalMode, where: str) -> dict[str, Any]:
    """The lists of a scan. Raises InputError for a record that is neither a name nor a file."""
    if table is None:
        return {}
    out: dict[str, Any] = {}
    if table.hot is not None:
        out["hot"] = table.hot
    if table.grid is not None:
        out["grids"] = table.grid
    if table.record is not None:
        out["records"] = [record]
        for at, name in enumerate(table.record):
            own = {"file": name} if name.endswith(".json") else {"local_mode": name}
            try:
                out["records"].append(build_record(schema.LocalModeRecord(**own)))
            except InputError as error:
                raise InputError(error.what, where=f"{where}.record[{at}]", fix=error.fix) from error
    return out


def profile_of(given: Any, quantity: str, where: str) -> Profile | Any:
    """A profile, or an array, from what the job holds. Raises InputError that names the key."""
    if isinstance(given, schema.ProfileFile):
        return read_profile(given.file, quantity)
    if isinstance(given, float):
        return Uniform(given)
    if isinstance(given, tuple):
        return np.array(given)
    with at_keys(where, tuple(type(given).__struct_fields__)):
        return _PROFILES[type(given)](**msgspec.structs.asdict(given))


@contextmanager
def at_keys(table: str, keys: tuple[str, ...]) -> Iterator[None]:
    """Errors that name an argument then name the key of the job."""
    try:
        yield
    except InputError as error:
        if error.where.partition(".")[0] not in keys:
            raise
        raise InputError(error.what, where=f"{table}.{error.where}", fix=error.fix) from error


def description(record: LocalMode) -> str:
    """One line on a record."""
    axis = np.asarray(record.well.axis)
    return (
        f"{record.name}, P = {float(np.linalg.norm(record.polarization)):.4g} C/m^2, M = "
        f"{float(axis @ record.mass @ axis):.5g} amu, Z = {float(axis @ record.charge @ axis):.5g} e, "
        f"{record.dipole} dipoles"
    )


def details(name: str) -> list[str]:
    """What to know about a record that comes with the package, line by line."""
    record = local_mode(name)
    well = record.well
    gamma = np.sort(record.frequencies(1e-6 * np.asarray(well.axis)))
    return [
        description(record),
        f"source: {record.source}",
        f"well: a2 = {well.a2:.6g} eV/angstrom^2, b4 = {well.b4:.6g} eV/angstrom^4, c6 = {well.c6:.6g} "
        f"eV/angstrom^6, kappa = {well.kappa:.6g} eV/angstrom^2, minimum {well.minimum:.5g} angstrom",
        f"cell: {record.volume:.6g} angstrom^3, lattice constant {record.lattice_constant:.6g} angstrom",
        "modes for q -> 0 along the polar axis: " + ", ".join(f"{f:.3f}" for f in gamma) + " THz",
        f"short range: {len(record.blocks)} blocks",
    ]


# ------------------------------------------------------------------------------------------------ what it costs
#: Time of a pair of wave vectors, and of the modes of one wave vector, over that of a product of two matrices of the
#: slab's size; and seconds besides, a pair, and for each element of such a matrix. CPU times, slabs of 5 to 85 layers.
_PAIR, _MODES = 2.05, 45.0
_PAIR_S, _ELEMENT_S = 3e-5, 2e-7
#: A run without a field splits into two parities, and takes this share.
_STILL = 0.45
#: Each q_z and its opposite are one; q_z = 0, where the motion along z splits off, takes half the time of another.
_FIRST = 0.5
#: In single precision, and with the currents, where no two pairs of wave vectors are the same.
_SINGLE, _CURRENTS = 0.55, 2.3
#: With anharmonic corrections, for each temperature of a scan: 41 on 32 x 21 x 4 cells, 45 to 54 with one layer of
#: wave vectors along z, where the linear problem falls into two.
_ANHARMONIC = 43.0


def cost(arguments: Mapping[str, Any]) -> tuple[int, float]:
    """(wave vectors, seconds) of a run with one process, from one product of matrices that is timed."""
    # coefficients are found at two fields
    fields = 2 if "waves" in arguments else np.size(arguments["omega_B"])
    share = {"double": 1.0, "single": _SINGLE}[arguments.get("precision", "double")]
    extra = _CURRENTS if arguments.get("currents") else 1.0
    corrected = arguments.get("anharmonic", "none") != "none"
    profiles = 1 if arguments.get("hot") is None else len(arguments["hot"])
    times = _ANHARMONIC * profiles if corrected else 1.0
    points, seconds = 0, 0.0
    for nx, ny, nz in arguments.get("grids") or [arguments["grid"]]:
        layers = nz // 2 + 1
        # every part of a q_z finds the modes again
        pairs, modes, size = nx * (nx + 1) / 4 * extra, (nx // 2 + 1) * arguments.get("parts", 1), 6 * ny
        product = _product(size)
        each = pairs * (_PAIR * share * product + _PAIR_S) + modes * (_MODES * product + _ELEMENT_S * size**2)
        seconds += (fields + _STILL) * (layers - 1 + _FIRST) * each * times
        points += (fields + 1) * nx * layers
    records = len(arguments.get("records") or [None])
    return points * records, seconds * records


def memory(arguments: Mapping[str, Any]) -> float:
    """Bytes of one process, for the largest grid of a scan."""
    chosen = {key: arguments[key] for key in ("precision", "currents", "anharmonic") if key in arguments}
    grids = arguments.get("grids") or [arguments["grid"]]
    return max(2**30 * ferron_hall_memory(grid, **chosen) for grid in grids)


def _product(size: int) -> float:
    """Seconds for one product of two matrices, on one BLAS thread as in a run."""
    sample = np.random.default_rng(0).normal(size=(size, size))
    times = []
    with ThreadpoolController().limit(limits=1):
        for _ in range(6):
            # of this process alone, because a busy machine says nothing of the next hour
            start = time.process_time()
            sample @ sample
            times.append(time.process_time() - start)
    return min(times)
