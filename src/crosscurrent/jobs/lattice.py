"""Questions to a lattice of polar modes: the record of a [model] table, the arguments of its responses, their cost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from crosscurrent.jobs import schema
from crosscurrent.jobs.arguments import Asked, converted
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
    """The arguments of `ferron_hall_scan`; no more memory is allowed than the machine has."""
    table = asked.table
    profiles = {name: profile_of(getattr(table, name), name, asked.at(name)) for name in ("temperature", "damping")}
    rest = {"memory": _memory_of_machine(), **converted(asked, without=tuple(profiles))}
    return {**profiles, **rest}


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
#: Time of a pair of wave vectors over that of a product of two matrices of the slab's size, and the same for the modes
#: of one wave vector; measured on slabs of 31 and 85 layers.
_PAIR, _MODES = 1.2, 40.0
#: A run without a field splits into two parities, and takes this share.
_STILL = 0.5


def cost(arguments: Mapping[str, Any]) -> tuple[int, float, float]:
    """(wave vectors, seconds, bytes) of a run with one process, from one product of matrices that is timed."""
    nx, ny, nz = arguments["grid"]
    fields = np.size(arguments["omega_B"])
    size = 6 * ny
    sample = np.random.default_rng(0).normal(size=(size, size))
    sample @ sample
    # of this process alone, because a busy machine says nothing of the next hour
    start = time.process_time()
    for _ in range(5):
        sample @ sample
    product = (time.process_time() - start) / 5
    layers = nz // 2 + 1
    pairs, modes = layers * nx * (nx + 1) / 2, layers * (nx // 2 + 1)
    share = {"double": 1.0, "single": 0.6}[arguments.get("precision", "double")]
    extra = 2.5 if arguments.get("currents") else 1.0
    seconds = (fields + _STILL) * product * (_PAIR * pairs * share * extra + _MODES * modes)
    chosen = {key: arguments[key] for key in ("precision", "currents") if key in arguments}
    return round((fields + 1) * nx * layers), seconds, 2**30 * ferron_hall_memory(arguments["grid"], **chosen)


def _memory_of_machine() -> float | None:
    """GiB, None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):
        return None
