"""The model and the method that a job names."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from crosscurrent.disk import read_arrays
from crosscurrent.jobs import schema
from crosscurrent.jobs.parse import model_files
from crosscurrent.jobs.quantities import UNITS, describe, nearest, parse_quantity
from crosscurrent.jobs.symmetry import moment_vectors
from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.models.materials.registry import Material, Parameter, catalogue
from crosscurrent.models.paraelectric_metal import METALS
from crosscurrent.numerics.domains import Box, Cutoff, Cylinder, Disk, Plane, Sphere
from crosscurrent.numerics.zone import Adaptive, Method, PolarGrid, UniformMesh
from crosscurrent.units import InputError


def build_model(table: schema.Model) -> BlochModel:
    """The electron model of a [model] table. Raises InputError."""
    if isinstance(table, schema.Material):
        return _material(table)
    if isinstance(table, schema.TightBindingFile):
        return _symmetrized(_tight_binding(table), table.symmetrize)
    if not model_files(table):
        raise InputError("no file is named", where="model", fix="give tb, or hr, or chk with eig")
    options = _given(table)
    wanted = options.pop("symmetrize", None)
    load = import_module("crosscurrent.models.wannier90").load_wannier90
    return _symmetrized(load(**options), wanted)


def _symmetrized(model: BlochModel, table: schema.Symmetrize | None) -> BlochModel:
    if table is None:
        return model
    options = {**_given(table), "spin": None if table.spin == "none" else table.spin}
    if table.moments is not None:
        options["moments"] = moment_vectors(table.moments)
    found: BlochModel = import_module("crosscurrent.models.symmetrize").symmetrize(model, **options).model
    return found


def _given(table: schema.Table) -> dict[str, Any]:
    """The keys that the file has."""
    return {k: v for k in table.__struct_fields__ if (v := getattr(table, k)) is not None}


def _material(table: schema.Material) -> BlochModel:
    found = entry(table.material)
    values = {}
    for name, raw in table.parameters.items():
        where = f"model.parameters.{name}"
        if name not in found.parameters:
            have = ", ".join(found.parameters) or "none"
            raise InputError(
                f"'{found.key}' has no such parameter{nearest(name, found.parameters)}",
                where=where,
                fix=f"it has {have}",
            )
        values[name] = parameter_value(found.parameters[name], raw, where)
    if table.cutoff is not None and not found.needs_cutoff:
        raise InputError(f"'{found.key}' is periodic and takes no cutoff", where="model.cutoff", fix="remove it")
    cutoff = _cutoff(table.cutoff) if table.cutoff is not None else found.default_cutoff
    return found.build(cutoff=cutoff if found.needs_cutoff else None, **values)


def entry(key: str) -> Material:
    known = catalogue()
    if key not in known:
        close = nearest(key, [*known, *METALS])
        metal = next((name for name in METALS if f"'{name}'" in close), None)
        fix = "known: " + ", ".join(known) if metal is None else f'a metal with soft phonons is metal = "{metal}"'
        raise InputError(f"unknown material '{key}'{close}", where="model.material", fix=fix)
    return known[key]


def parameter_value(expected: Parameter, raw: Any, where: str) -> Any:
    """A value of the kind of the default; a text with a unit becomes a number in the parameter's unit."""
    default = expected.default
    if isinstance(default, (bool, str)):
        if isinstance(raw, type(default)):
            return raw
        raise InputError(
            f"expected {'a text' if isinstance(default, str) else 'true or false'}, got {describe(raw)}",
            where=where,
            fix=expected.meaning,
        )
    if isinstance(default, (list, tuple)):
        if not isinstance(raw, (list, tuple)) or len(raw) != len(default):
            raise InputError(
                f"expected a list of {len(default)}, got {describe(raw)}", where=where, fix=expected.meaning
            )
        return tuple(_number(expected.unit, v, f"{where}[{i}]") for i, v in enumerate(raw))
    if isinstance(default, int) and isinstance(raw, float):
        raise InputError(f"expected a whole number, got {describe(raw)}", where=where, fix=expected.meaning)
    return _number(expected.unit, raw, where) if default is not None else raw


def _number(unit: str, raw: Any, where: str) -> float:
    if isinstance(raw, str):
        dimension = next((d for d, table in UNITS.items() if unit in table), None)
        if dimension is None:
            raise InputError(
                f"expected a number, got {describe(raw)}",
                where=where,
                fix=f"give it in {unit}, without quotes" if unit else "this is a number without unit",
            )
        return parse_quantity(raw, dimension, where) / UNITS[dimension][unit]
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise InputError(f"expected a number, got {describe(raw)}", where=where)
    if not math.isfinite(raw):
        raise InputError(f"{raw} is not a finite number", where=where)
    return raw


def _cutoff(table: schema.CutoffTable) -> Cutoff:
    if isinstance(table, schema.BoxCutoff):
        return Box(tuple(table.half_widths))
    if isinstance(table, schema.DiskCutoff):
        return Disk(table.radius)
    if isinstance(table, schema.SphereCutoff):
        return Sphere(table.radius)
    if isinstance(table, schema.PlaneCutoff):
        return Plane(table.scale)
    return Cylinder(table.radius, table.half_height)


def _refuse_words(arrays: dict[str, Any], path: str) -> None:
    for name, array in arrays.items():
        if array.dtype.kind not in "fciub":
            raise InputError(f"the array '{name}' holds no numbers", where=f"model.file: {path}")


def _tight_binding(table: schema.TightBindingFile) -> BlochModel:
    from crosscurrent.models.tight_binding import TightBinding

    required, optional = ("lattice", "vectors", "hamiltonian", "positions"), ("spin", "position_blocks")
    arrays: dict[str, Any] = read_arrays(table.file)
    _refuse_words(arrays, table.file)
    for name in required:
        if name not in arrays:
            raise InputError(
                f"the array '{name}' is missing",
                where=f"model.file: {table.file}",
                fix="it needs " + ", ".join(required) + "; optional: " + ", ".join(optional),
            )
    spin = Operator.constant(arrays["spin"]) if "spin" in arrays else None
    return TightBinding(
        **{name: arrays[name] for name in required},
        position_blocks=arrays.get("position_blocks"),
        spin=spin,
        dim=table.dim,
        name=table.name,
        source=table.source,
    )


def build_method(table: schema.Zone, model: BlochModel) -> Method:
    """The frozen method of a [zone] table. Raises InputError when it does not fit the model's dimension."""
    if isinstance(table, schema.Uniform):
        if len(table.mesh) != model.dim:
            raise InputError(
                f"the model has {model.dim} dimensions, the mesh {len(table.mesh)}",
                where="zone.mesh",
                fix=f"give {model.dim} numbers",
            )
        return UniformMesh(table.mesh, table.shifted, table.irreducible)
    if isinstance(table, schema.Polar):
        if (table.polar is not None) != (model.dim == 3):
            need = "needs" if model.dim == 3 else "takes no"
            raise InputError(f"a {model.dim}D polar grid {need} polar points", where="zone.polar")
        return PolarGrid(table.radial, table.angular, table.polar)
    return Adaptive(**_given(table))
