"""Questions to a metal with soft phonons: the metal of a [model] table, and the arguments of its responses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import constants

from crosscurrent.jobs import schema
from crosscurrent.jobs.arguments import Asked, Finish, converted, energies, temperatures
from crosscurrent.jobs.quantities import nearest
from crosscurrent.models.paraelectric_metal import METALS, ParaelectricMetal, paraelectric_metal
from crosscurrent.units import ANGSTROM_M, InputError

Floats = NDArray[np.float64]

_BAND = ("fermi_energy", "fermi_velocity", "effective_mass", "density")
_REST = ("relaxation_time", "phonon_velocity", "phonon_mass")
_FEMTOSECOND = 1e-15


def build_metal(table: schema.Metal) -> ParaelectricMetal:
    """The metal of a [model] table. Raises InputError for numbers that are missing or contradict each other."""
    base = _built_in(table.metal) if table.metal is not None else None
    if table.coupling is not None and table.coupling_2d is not None:
        raise InputError("give one coupling", where="model.coupling_2d", fix="coupling is that of three dimensions")
    words: dict[str, Any] = {key: text for key in ("name", "source") if (text := getattr(table, key)) is not None}
    band = {key: value for key in _BAND if (value := getattr(table, key)) is not None}
    rest = {key: getattr(table, key) for key in _REST}
    rest["coupling"] = table.coupling if table.coupling_2d is None else table.coupling_2d
    if rest["relaxation_time"] is not None:
        rest["relaxation_time"] *= _FEMTOSECOND
    if base is not None:
        if not band and all(value is None for value in rest.values()):
            return dataclasses.replace(base, **words)
        band = _completed(band, base)
        words = {"name": base.name, "source": f"{base.source}, with other numbers"} | words
    for key, value in rest.items():
        if value is None and base is None:
            raise InputError("this key is required", where=f"model.{key}", fix="give it, or the name of a metal")
        rest[key] = getattr(base, key) if value is None else value
    with pointing_at("model", "metal"):
        return paraelectric_metal(**band, **rest, **words)


def _built_in(key: str) -> ParaelectricMetal:
    if key not in METALS:
        raise InputError(
            f"unknown metal '{key}'{nearest(key, METALS)}", where="model.metal", fix="known: " + ", ".join(METALS)
        )
    return METALS[key]()


def _completed(band: dict[str, float], base: ParaelectricMetal) -> dict[str, float]:
    """Two numbers of the band: those that are given, else the metal's own."""
    if not band:
        return {"fermi_energy": base.fermi_energy, "fermi_velocity": base.fermi_velocity}
    if len(band) > 1:
        return band
    # doping moves the Fermi level in the same band
    kept = {"density": base.density()} if "effective_mass" in band else {"effective_mass": base.mass / constants.m_e}
    return band | kept


@contextmanager
def pointing_at(table: str, *functions: str) -> Iterator[None]:
    """Errors that name an argument of one of the functions then name the key of the job."""
    try:
        yield
    except InputError as error:
        function, dot, key = error.where.partition(".")
        if function not in functions:
            raise
        raise InputError(error.what, where=table + dot + key, fix=error.fix) from error


# ------------------------------------------------------------------------------------------------ arguments
def phonon_spin_arguments(asked: Asked) -> dict[str, Any]:
    _require_dimension(asked, asked.table.dimension)
    given = converted(asked, without=("field", "spin", "q", "temperature", "gap"))
    return {**_point(asked), "q": _wave_vectors(asked), **given}


def field_currents_arguments(asked: Asked) -> dict[str, Any]:
    table = asked.table
    _require_dimension(asked, table.dimension)
    if isinstance(table.electric_field, schema.PlaneWave):
        field, spacing = _wave(table.electric_field)
    else:
        read = import_module("crosscurrent.models.field_file").read_field
        field, spacing = read(table.electric_field.file, table.dimension)
    return {"field": field, "spacing": spacing, **converted(asked, without=("electric_field",))}


def crossover_arguments(asked: Asked) -> dict[str, Any]:
    _require_dimension(asked, 3)
    return {**_point(asked), **converted(asked, without=("temperature", "gap"))}


def _point(asked: Asked) -> dict[str, Any]:
    return {"temperature": temperatures(asked, "temperature"), "gap": energies(asked.table.gap)}


def _wave_vectors(asked: Asked) -> Floats:
    """(n, dimension), in the unit of the table."""
    given, dimension = asked.table.q, asked.table.dimension
    if isinstance(given, schema.WaveVectorMesh):
        if dimension == 2 and given.z != 0.0:
            raise InputError("a metal in a plane has no q along z", where=asked.at("q.z"), fix="remove it")
        ends = [getattr(given, axis) for axis in "xyz"[:dimension]]
        axes = [e if isinstance(e, float) else np.linspace(e.start, e.stop, e.num) for e in ends]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dimension)
    for i, q in enumerate(given):
        if len(q) != dimension:
            raise InputError(f"q has {len(q)} components, the metal {dimension} dimensions", where=asked.at(f"q[{i}]"))
    return np.array(given, dtype=float)


def _wave(table: schema.PlaneWave) -> tuple[Floats, float]:
    """(field (n, components), spacing) of one period."""
    phase = 2 * np.pi * np.arange(table.points) / table.points
    return np.sin(phase)[:, None] * np.array(table.field), table.wavelength / table.points


def _require_dimension(asked: Asked, dimension: int) -> None:
    """The coupling to phonons is another quantity in a plane, and so is a density."""
    model = asked.job.model
    assert isinstance(model, schema.Metal)
    if dimension == 2 and model.coupling_2d is None:
        raise InputError(
            "a metal in a plane needs its own coupling, an energy times a length",
            where="model.coupling_2d",
            fix='add e.g. coupling_2d = "50 meV angstrom"',
        )
    if dimension == 2 and model.density is not None:
        raise InputError(
            "this density is per volume", where="model.density", fix="give fermi_energy, fermi_velocity or the mass"
        )
    if dimension == 3 and model.coupling_2d is not None:
        raise InputError(
            "this is the coupling of a metal in a plane",
            where="model.coupling_2d",
            fix="give coupling" + (", or dimension = 2" if hasattr(asked.table, "dimension") else ""),
        )


# ------------------------------------------------------------------------------------------------ beside the result
def currents_beside(asked: Asked) -> Finish | None:
    """What adds the spin currents of `field` and the spin Hall angle to the conductivity."""
    table = asked.table
    if table.field is None:
        return None
    if table.level == "one_loop":
        raise InputError("this level gives no currents of waves", where=asked.at("field"), fix="remove it")
    if len(table.field) != table.dimension:
        raise InputError(
            f"the field has {len(table.field)} components, the metal {table.dimension} dimensions",
            where=asked.at("field"),
        )
    if not any(table.field):
        raise InputError("the field is zero", where=asked.at("field"), fix="give an amplitude, or drop the key")
    return partial(_with_currents, field=table.field, spin=table.spin)


def _with_currents(result: xr.Dataset, field: tuple[float, ...], spin: str) -> xr.Dataset:
    home = import_module("crosscurrent.responses.phonon_spin_currents")
    beside: list[xr.Dataset] = [home.wave_currents(result, field), home.spin_hall_angle(result, field, spin)]
    equations = str(result.attrs["equations"]).splitlines()
    for more in beside:
        equations += [line for line in str(more.attrs["equations"]).splitlines() if line not in equations]
        result = result.assign({str(name): more[name] for name in more.data_vars})
    notes = {"field_V_per_m": beside[0].attrs["field_V_per_m"], "spin_of_the_angle": spin}
    return result.assign_attrs(equations="\n".join(equations), **notes)


def description(metal: ParaelectricMetal) -> str:
    """One line on a metal."""
    return (
        f"{metal.name}, E_F = {metal.fermi_energy:.4g} eV, v_F = {metal.fermi_velocity:.4g} m/s, tau = "
        f"{metal.relaxation_time / _FEMTOSECOND:.4g} fs, c = {metal.phonon_velocity:.4g} m/s"
    )


def details(key: str) -> list[str]:
    """What to know about a built-in metal, line by line, with the units of a job file."""
    metal = _built_in(key)
    return [
        metal.name,
        f"source: {metal.source}",
        "numbers, each of which a job may replace:",
        f"  fermi_energy = {metal.fermi_energy:.6g} eV",
        f"  fermi_velocity = {metal.fermi_velocity:.6g} m/s",
        f"  effective_mass = {metal.mass / constants.m_e:.6g} m_e",
        f"  density = {metal.density():.6g} 1/m^3",
        f"  relaxation_time = {metal.relaxation_time / _FEMTOSECOND:.6g} fs",
        f"  phonon_velocity = {metal.phonon_velocity:.6g} m/s",
        f"  phonon_mass = {metal.phonon_mass:.6g} kg",
        f"  coupling = {metal.coupling:.6g} eV angstrom^1.5",
        f"k_F = {metal.fermi_wave_vector * ANGSTROM_M:.6g} 1/angstrom, E_F tau/hbar = {metal.quality:.4g}",
    ]
