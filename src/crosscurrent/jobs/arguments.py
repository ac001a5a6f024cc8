"""Values of a job that mean something only beside its model: energies from a reference, operators, points in k."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.jobs import schema
from crosscurrent.jobs.model import entry
from crosscurrent.jobs.quantities import nearest
from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.zone import Method
from crosscurrent.responses.projections import projections_of
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
#: What is added to the result of a question.
Finish = Callable[[xr.Dataset], xr.Dataset]


@dataclass(frozen=True)
class Asked:
    """A job, the table of its response, its model, and the method of [zone] when there is one.

    model: an electron model, or a metal with soft phonons, as the question needs it.
    """

    job: schema.Job
    table: Any
    model: Any
    method: Method | None

    def at(self, key: str) -> str:
        """Path of a key of the response's table."""
        return f"{self.job.response}.{key}"


def converted(asked: Asked, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The keys of the table as arguments of the same name; those that are absent stay with the function's defaults.

    without: keys that are handed on in another form, or not at all.
    """
    given = {key: v for key in asked.table.__struct_fields__ if (v := getattr(asked.table, key)) is not None}
    arguments = [key for key in given if key not in (*_ABOUT_THE_RESULT, *without)]
    return {key: _MADE[key](asked, given[key]) if key in _MADE else given[key] for key in arguments}


#: Keys that are no arguments: how the energies are meant, and which part of the result is kept.
_ABOUT_THE_RESULT = ("mu_from", "components")


def energies(values: schema.Energies) -> Floats:
    """A number, a list or a range as an array, eV."""
    if isinstance(values, schema.Range):
        return np.linspace(values.start, values.stop, values.num)
    return np.atleast_1d(np.asarray(values, dtype=float))


def temperatures(asked: Asked, key: str) -> Floats:
    """A number, a list or a range of temperatures as an array, K. Raises InputError for equal ratios that hold zero."""
    values = getattr(asked.table, key)
    if not isinstance(values, schema.TemperatureRange):
        return np.atleast_1d(np.asarray(values, dtype=float))
    if values.spacing == "linear":
        return np.linspace(values.start, values.stop, values.num)
    if min(values.start, values.stop) <= 0:
        raise InputError(
            "equal ratios need two positive temperatures", where=asked.at(key), fix='use spacing = "linear"'
        )
    return np.geomspace(values.start, values.stop, values.num)


def chemical_potentials(asked: Asked) -> tuple[Floats | None, Floats | None]:
    """(absolute, counted from the reference energy or None), eV; two times None when a filling or a band is given
    instead.

    Without `mu` the material's suggestions are taken, which count from its reference energy. Raises InputError.
    """
    table, model = asked.table, asked.model
    mu, mu_from = table.mu, table.mu_from
    for instead in ("filling", "band"):
        if getattr(table, instead, None) is not None:
            if mu is not None:
                raise InputError(f"give either mu or {instead}, not both", where=asked.at(instead))
            return None, None
    reference: float | None = getattr(model, "reference_energy", None)
    if mu is None:
        mu = entry(asked.job.model.material).suggested_mu if isinstance(asked.job.model, schema.Material) else ()
        mu_from = "zero" if reference is None else "reference"
        if not mu:
            raise InputError(
                "this key is required, for this model suggests none", where=asked.at("mu"), fix="add mu = <energy>"
            )
    levels = energies(mu)
    if mu_from == "zero":
        return levels, None
    if reference is None:
        raise InputError(f"'{model.name}' has no reference energy", where=asked.at("mu_from"), fix='use "zero"')
    return levels + reference, levels


def path_of(asked: Asked) -> list[tuple[str, Floats]]:
    """The labelled corners of [bands], Cartesian, 1/angstrom."""
    corners = asked.table.path
    return [(c.label, _wave_vector(asked.model, c.k, asked.at(f"path[{i}].k"))) for i, c in enumerate(corners)]


def where_of(asked: Asked) -> Method | Floats:
    """Points of the table, Cartesian, 1/angstrom, or else the mesh of [zone]. Raises InputError without either."""
    points = asked.table.points
    if points is not None:
        return np.array([_wave_vector(asked.model, k, asked.at(f"points[{i}]")) for i, k in enumerate(points)])
    if asked.method is None:
        raise InputError("this needs points, or a mesh", where=asked.job.response, fix="give points, or a table [zone]")
    return asked.method


def _wave_vector(model: BlochModel, k: tuple[float, ...], where: str) -> Floats:
    """Cartesian k, 1/angstrom, from reduced coordinates (model with a lattice) or Cartesian ones."""
    if len(k) != model.dim:
        raise InputError(f"the model has {model.dim} dimensions, this k has {len(k)}", where=where)
    return np.asarray(k, dtype=float) @ (model.reciprocal if model.lattice is not None else np.eye(model.dim))


def _energies(asked: Asked, values: schema.Energies) -> Floats | float:
    return values if isinstance(values, float) else energies(values)


def _times(asked: Asked, values: schema.TimeRange | tuple[float, ...]) -> Floats:
    if isinstance(values, schema.TimeRange):
        return np.linspace(values.start, values.stop, values.num)
    return np.array(values)


def _waveform(asked: Asked, table: schema.GaussianWaveform | schema.SampledWaveform) -> Any:
    if isinstance(table, schema.SampledWaveform):
        return import_module("crosscurrent.models.waveform_file").read_waveform(table.csv)
    values = {key: getattr(table, key) for key in table.__struct_fields__}
    return import_module("crosscurrent.numerics.waveforms").GaussianPulse(**values)


def _spin(asked: Asked, name: str) -> str | None:
    _found(asked, "spin", "spin operator", name, {"model": 0, **dict(getattr(asked.model, "operators", {}) or {})})
    return None if name == "model" else name


def _projector(asked: Asked, name: str) -> str:
    _found(asked, "projector", "projector", name, asked.model.projectors)
    return name


def _found(asked: Asked, where: str, kind: str, name: str, there: Any) -> None:
    if name not in there:
        raise InputError(
            f"'{asked.model.name}' has no {kind} '{name}'{nearest(name, there)}",
            where=asked.at(where),
            fix="choose one of " + ", ".join(there) if there else "leave it out",
        )


def _projections(asked: Asked, wanted: Any) -> Any:
    # the response looks them up too; here a wrong name is found before anything is computed
    projections_of(asked.model, wanted, getattr(asked.table, "complete", False))
    return wanted


#: Keys whose value is made into something else.
_MADE: dict[str, Callable[[Asked, Any], Any]] = {
    "omega": _energies,
    "spin": _spin,
    "projector": _projector,
    "projections": _projections,
    "times": _times,
    "waveform": _waveform,
}
