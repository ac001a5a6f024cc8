"""From a checked job to the model, the method and the call of the response."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.jobs import crystal, lattice, metal, protocols, schema
from crosscurrent.jobs.arguments import Asked, Finish, chemical_potentials
from crosscurrent.jobs.calls import QUESTIONS, Question
from crosscurrent.jobs.components import require_components
from crosscurrent.jobs.model import build_method, build_model
from crosscurrent.jobs.quantities import nearest
from crosscurrent.jobs.symmetry import group_of
from crosscurrent.models.bloch import BlochModel
from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.models.polar_lattice import PolarLattice
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.zone import Adaptive, Method
from crosscurrent.responses.projections import projections_of
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """A job whose model has been built and whose names have all been found.

    compute: takes the ChunkMap, gives the dataset. arguments: of the response. method: of the zone integral, None for
    bands on a path. relative_mu: chemical potentials counted from the reference energy of the model, eV; None when
    they count from zero. model: None for a question that needs none.
    """

    job: schema.Job
    model: BlochModel | ParaelectricMetal | LocalMode | PolarLattice | HarmonicCrystal | None
    method: Method | None
    compute: Callable[[ChunkMap], xr.Dataset]
    arguments: Mapping[str, Any]
    n_mu: int = 1
    relative_mu: Floats | None = None

    @property
    def described(self) -> str:
        """The model in one line."""
        if self.model is None:
            return "none"
        if isinstance(self.model, ParaelectricMetal):
            return metal.description(self.model)
        if isinstance(self.model, LocalMode):
            return lattice.description(self.model)
        if isinstance(self.model, PolarLattice):
            return protocols.description(self.model)
        if isinstance(self.model, HarmonicCrystal):
            return crystal.description(self.model)
        return f"{self.model.name}, {self.model.n_states} states, {self.model.domain.description}"

    @property
    def subject(self) -> str:
        """The model in a few words."""
        if self.model is None:
            return "no model"
        if isinstance(self.model, ParaelectricMetal | LocalMode | PolarLattice | HarmonicCrystal):
            return self.model.name
        return f"{self.model.name} ({self.model.n_states} states, {self.model.dim}D)"

    @property
    def k_points(self) -> int:
        """Points that the zone integral evaluates; the most it may take when it is adaptive."""
        if self.job.bands is not None:
            return self.job.bands.points
        if isinstance(self.model, HarmonicCrystal):
            return int(self.arguments.get("points", 0))
        if isinstance(self.method, Adaptive):
            return self.method.max_evaluations
        return math.prod(self.method.shape) if self.method is not None else 0


def prepare(job: schema.Job) -> Prepared:
    """Build the model, choose the method, look up every name. Raises InputError for what does not fit the model."""
    question = QUESTIONS[job.response]
    if question.of != "electrons":
        return _without_bands(question, job)
    model = build_model(_model_of(job, "electrons"))
    method = build_method(job.zone, model) if job.zone is not None else None
    asked = Asked(job, question.table_of(job), model, method)
    arguments = question.arguments(asked)
    n_mu, relative = 1, None
    if question.levels is not None:
        # the table's own mu gives way to absolute energies
        levels, relative = chemical_potentials(asked)
        arguments["mu"] = levels if question.levels == "many" else _only(levels, job.response)
        n_mu = 1 if levels is None else len(levels)
    require_components(job, model, arguments)
    used = method if "method" in arguments or arguments.get("where") is method else None
    check = _symmetry_check(job, model, arguments) if job.symmetry is not None else None
    compute = partial(_call, question, job.response, model, arguments, check)
    return Prepared(job, model, used, compute, arguments, n_mu, relative)


#: What a model is called, and what to give for it.
_KINDS = {
    "electrons": ("electrons in a crystal", "give a material, or files"),
    "metal": ("a metal with soft phonons", 'give metal = "model-metal", or its numbers'),
    "lattice": ("a lattice of polar modes", 'give local_mode = "batio3-b", or a record of your own'),
    "polar": (
        "a lattice of polar modes",
        'give local_mode = "batio3-b", or effective_hamiltonian = "batio3-2010", or a file of your own',
    ),
    "hamiltonian": ("an effective Hamiltonian", 'give effective_hamiltonian = "batio3-2010", or a file of your own'),
    "crystal": ("the crystal of a phonopy calculation", 'give phonopy = "batio3-cubic", or a file of your own'),
}


def _model_of(job: schema.Job, of: str) -> Any:
    """The [model] table. Raises InputError when it is missing, or of another kind than the question."""
    if job.model is None:
        raise InputError("this table is required", where="model", fix="add a table [model]")
    kinds: dict[type[schema.Table], str] = {
        schema.Metal: "metal",
        schema.LocalModeRecord: "lattice",
        schema.EffectiveHamiltonianModel: "hamiltonian",
        schema.PhonopyCrystal: "crystal",
    }
    given = kinds.get(type(job.model), "electrons")
    if given == of or (of == "polar" and given in ("lattice", "hamiltonian")):
        return job.model
    wanted, fix = _KINDS[of]
    another = "another" if given == "electrons" else _KINDS[given][0]
    raise InputError(f"'{job.response}' is asked of {wanted}, and this model is {another}", where="model", fix=fix)


def _without_bands(question: Question, job: schema.Job) -> Prepared:
    """A question to a metal with soft phonons, a lattice, or to no model at all: nothing is summed over bands."""
    if question.of is None and job.model is not None:
        raise InputError(f"'{job.response}' needs no model", where="model", fix="remove it")
    if job.zone is not None:
        raise InputError(f"'{job.response}' sums over no bands", where="zone", fix="remove it")
    if job.symmetry is not None:
        raise InputError(f"a result of '{job.response}' holds no tensor to check", where="symmetry", fix="remove it")
    build: dict[str | None, Callable[[Any], Any]] = {
        "metal": metal.build_metal,
        "lattice": lattice.build_record,
        "polar": protocols.build_polar,
        "crystal": crystal.build_crystal,
    }
    model = build[question.of](_model_of(job, str(question.of))) if question.of is not None else None
    asked = Asked(job, question.table_of(job), model, None)
    arguments = question.arguments(asked)
    finish = question.finish(asked) if question.finish is not None else None
    compute = partial(_call, question, job.response, model, arguments, finish)
    return Prepared(job, model, None, compute, arguments)


def _call(
    question: Question,
    name: str,
    model: Any,
    arguments: dict[str, Any],
    finish: Finish | None,
    run: ChunkMap,
) -> xr.Dataset:
    function = question.function or name
    respond = getattr(import_module(f"crosscurrent.responses.{question.home}"), function)
    first = () if model is None else (model,)
    # some of these call `phonon_spin` for their numbers
    keys = question.table.__struct_fields__ if question.of in ("lattice", "polar", "crystal") else ()
    with metal.pointing_at(name, function, "phonon_spin"), lattice.at_keys(name, tuple(keys)):
        given = arguments if question.place is None else question.place(arguments, run)
        result: xr.Dataset = respond(*first, **given, **({"run": run} if question.chunks else {}))
    return finish(result) if finish is not None else result


def _only(levels: Floats | None, response: str) -> float | None:
    if levels is None:
        return None
    if len(levels) != 1:
        raise InputError(f"one chemical potential is needed, got {len(levels)}", where=f"{response}.mu")
    return float(levels[0])


def _symmetry_check(
    job: schema.Job, model: BlochModel, arguments: Mapping[str, Any]
) -> Callable[[xr.Dataset], xr.Dataset]:
    """What puts the allowed forms into a result; everything is looked up now, so that a wrong name costs no run."""
    assert job.symmetry is not None
    if not QUESTIONS[job.response].tensor:
        raise InputError(f"a result of '{job.response}' holds no tensor to check", where="symmetry", fix="remove it")
    group = group_of(job.symmetry, model.dim)
    parts = projections_of(model, arguments.get("projections", ())).names
    for name, site in job.symmetry.sites.items():
        if name not in parts:
            raise InputError(
                f"no projection '{name}'{nearest(name, parts)}",
                where="symmetry.sites",
                fix=f"add it to {job.response}.projections",
            )
        group.site(site)
    check = import_module("crosscurrent.responses.symmetry").check_symmetry
    return partial(check, group=group, sites=job.symmetry.sites or None)
