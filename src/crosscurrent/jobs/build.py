"""From a checked job to the model, the method and the call of the response."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.jobs import schema
from crosscurrent.jobs.model import build_method, build_model, entry
from crosscurrent.jobs.quantities import nearest
from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.zone import Adaptive, Method
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """A job whose model has been built and whose names have all been found.

    compute: takes the ChunkMap, gives the dataset. method: of the zone integral, None for bands on a path.
    relative_mu: chemical potentials counted from the reference energy of the model, eV; None when they count from zero.
    """

    job: schema.Job
    model: BlochModel
    method: Method | None
    compute: Callable[[ChunkMap], xr.Dataset]
    n_mu: int = 1
    relative_mu: Floats | None = None

    @property
    def k_points(self) -> int:
        """Points that the zone integral evaluates; the most it may take when it is adaptive."""
        if self.job.bands is not None:
            return self.job.bands.points
        if isinstance(self.method, Adaptive):
            return self.method.max_evaluations
        return math.prod(self.method.shape) if self.method is not None else 0


def prepare(job: schema.Job) -> Prepared:
    """Build the model, choose the method, look up every name. Raises InputError for what does not fit the model."""
    model = build_model(job.model)
    method = build_method(job.zone, model) if job.zone is not None else None
    if job.response == "bands":
        return Prepared(job, model, None, _bands(job, model))
    if job.response == "band_geometry":
        return Prepared(job, model, method, _band_geometry(job, model, method))
    if method is None:
        raise InputError("this table is required", where="zone", fix='add [zone] with method = "uniform" and a mesh')
    table = job.spin_hall or schema.SpinHall() if job.response == "spin_hall" else job.anomalous_hall
    table = table or schema.AnomalousHall()
    if isinstance(table, schema.SpinHall) and table.filling is not None:
        if table.mu is not None:
            raise InputError("give either mu or filling, not both", where="spin_hall.filling")
        return Prepared(job, model, method, _hall(job, table, model, None, method))
    mu, relative = _chemical_potentials(job, table.mu, table.mu_from, model)
    compute = _hall(job, table, model, mu, method)
    return Prepared(job, model, method, compute, len(mu), relative)


# ------------------------------------------------------------------------------------------------ the responses
def _hall(
    job: schema.Job, table: schema.SpinHall | schema.AnomalousHall, model: BlochModel, mu: Floats | None, method: Method
) -> Callable[[ChunkMap], xr.Dataset]:
    same = ("temperature", "grouping", "degeneracy", "unit", "thickness")
    options: dict[str, Any] = {key: getattr(table, key) for key in same}
    if isinstance(table, schema.SpinHall):
        options |= {
            "definitions": table.definitions,
            "filling": table.filling,
            "eta": table.eta,
            "omega": None if table.omega is None else _energies(table.omega),
            "velocity": table.velocity,
            **_spin_names(model, table.spin, table.projector),
        }
    return partial(_call, job.response, model, mu, method, options)


def _call(
    name: str, model: BlochModel, mu: Floats | None, method: Method, options: dict[str, Any], run: ChunkMap
) -> xr.Dataset:
    given = {key: value for key, value in options.items() if value is not None}
    respond = getattr(import_module(f"crosscurrent.responses.{name}"), name)
    result: xr.Dataset = respond(model, mu, method=method, run=run, **given)
    return result


def _bands(job: schema.Job, model: BlochModel) -> Callable[[ChunkMap], xr.Dataset]:
    if job.bands is None:
        raise InputError("this table is required", where="bands", fix="add [bands] with a path")
    path = [(point.label, _wave_vector(model, point.k, f"bands.path[{i}].k")) for i, point in enumerate(job.bands.path)]
    points, spin = job.bands.points, _spin_names(model, job.bands.spin)["spin"]

    def compute(run: ChunkMap) -> xr.Dataset:
        respond = import_module("crosscurrent.responses.band_geometry").bands
        result: xr.Dataset = respond(model, path, points, spin=spin)
        return result

    return compute


def _band_geometry(job: schema.Job, model: BlochModel, method: Method | None) -> Callable[[ChunkMap], xr.Dataset]:
    table = job.band_geometry or schema.BandGeometry()
    spin = _spin_names(model, table.spin)["spin"]
    if table.points is not None:
        where: Any = np.array(
            [_wave_vector(model, k, f"band_geometry.points[{i}]") for i, k in enumerate(table.points)]
        )
    elif method is not None:
        where = method
    else:
        raise InputError("this needs points, or a mesh", where="band_geometry", fix="give points, or a table [zone]")

    def compute(run: ChunkMap) -> xr.Dataset:
        result: xr.Dataset = import_module("crosscurrent.responses.band_geometry").band_geometry(
            model, where, spin=spin, run=run
        )
        return result

    return compute


def _wave_vector(model: BlochModel, k: tuple[float, ...], where: str) -> Floats:
    """Cartesian k, 1/angstrom, from reduced coordinates (model with a lattice) or Cartesian ones."""
    if len(k) != model.dim:
        raise InputError(f"the model has {model.dim} dimensions, this k has {len(k)}", where=where)
    return np.asarray(k, dtype=float) @ (model.reciprocal if model.lattice is not None else np.eye(model.dim))


def _chemical_potentials(
    job: schema.Job, mu: schema.Energies | None, mu_from: schema.MuFrom, model: BlochModel
) -> tuple[Floats, Floats | None]:
    """(absolute, counted from the reference energy or None), eV. A material's suggestions count from its reference."""
    reference: float | None = getattr(model, "reference_energy", None)
    if mu is None:
        mu = entry(job.model.material).suggested_mu if isinstance(job.model, schema.Material) else ()
        mu_from = "zero" if reference is None else "reference"
        if not mu:
            raise InputError(
                "this key is required, for this model suggests none",
                where=f"{job.response}.mu",
                fix="add mu = <energy>",
            )
    levels = _energies(mu)
    if mu_from == "zero":
        return levels, None
    if reference is None:
        raise InputError(f"'{model.name}' has no reference energy", where=f"{job.response}.mu_from", fix='use "zero"')
    return levels + reference, levels


def _energies(values: schema.Energies) -> Floats:
    if isinstance(values, schema.Range):
        return np.linspace(values.start, values.stop, values.num)
    return np.atleast_1d(np.asarray(values, dtype=float))


def _spin_names(model: BlochModel, spin: str, projector: str | None = None) -> dict[str, str | None]:
    """The arguments `spin` and `projector` of a response. Raises InputError with the names that the model has."""
    operators = dict(getattr(model, "operators", {}) or {})
    for kind, name, there in (
        ("spin operator", spin, {"model": 0, **operators}),
        ("projector", projector, model.projectors),
    ):
        if name is not None and name not in there:
            raise InputError(
                f"'{model.name}' has no {kind} '{name}'{nearest(name, there)}",
                where=kind.split()[0],
                fix="choose one of " + ", ".join(there) if there else "leave it out",
            )
    return {"spin": None if spin == "model" else spin, "projector": projector}


def components_of(job: schema.Job) -> tuple[str, ...]:
    """The tensor components that the job selects; empty for all."""
    table = job.spin_hall if job.response == "spin_hall" else job.anomalous_hall
    return table.components if table is not None else ()
