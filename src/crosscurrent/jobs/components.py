"""The tensor components that a job selects, checked against the model before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from crosscurrent.jobs import schema
from crosscurrent.models.bloch import AXES, BlochModel
from crosscurrent.responses.gaps import spin_operator
from crosscurrent.results import select_components
from crosscurrent.units import InputError

#: Indices of a component; those of spin generation otherwise.
_INDICES = {"spin_hall": ("current", "field", "spin"), "anomalous_hall": ("current", "field")}


def components_of(job: schema.Job) -> tuple[str, ...]:
    """The tensor components that the job selects; empty for all."""
    return getattr(getattr(job, job.response), "components", ())


def require_components(job: schema.Job, model: BlochModel, arguments: Mapping[str, Any]) -> None:
    """Raises InputError now for a component that the result will not have, and not after the whole run."""
    if not components_of(job):
        return
    dims = _INDICES.get(job.response, ("spin", "field"))
    axes = AXES[: model.dim]
    labels = {dim: spin_operator(model, arguments.get("spin")).labels if dim == "spin" else axes for dim in dims}
    shape = tuple(len(labels[dim]) for dim in dims)
    alike = xr.Dataset({"tensor": (dims, np.zeros(shape))}, {dim: list(found) for dim, found in labels.items()})
    try:
        select_components(alike, components_of(job))
    except InputError as error:
        raise InputError(error.what, where=f"{job.response}.components", fix=error.fix) from error
