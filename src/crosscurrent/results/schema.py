"""The shape of every result: named dimensions, units on every variable, an error beside every estimate.

Provenance is kept in flat text attributes, so that any netCDF reader can show it. Attribute names:
quantity, index_order, convention, model, model_source, domain, method, status, equations, warnings,
crosscurrent_version, source_commit, and (for a job) job, job_hash, run_key.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.units import (
    HALL_UNITS_2D,
    HALL_UNITS_3D,
    SPIN_HALL_UNITS_2D,
    SPIN_HALL_UNITS_3D,
    InputError,
    spin_generation_unit,
)

ERROR_SUFFIX = "_error"
#: Attributes that every result has; the others are settings of its response.
COMMON_ATTRIBUTES = frozenset(
    [
        "quantity",
        "index_order",
        "convention",
        "equations",
        "model",
        "model_source",
        "domain",
        "method",
        "status",
        "warnings",
        "crosscurrent_version",
        "source_commit",
    ]
)


def _spin_generation_table(order: int, dim: int) -> dict[str, float]:
    units = (spin_generation_unit(order, dim, system) for system in ("hbar", "SI"))
    return {name: factor for factor, name in units}


#: unit -> factor, for each kind of quantity: units of one table convert into each other.
_UNIT_TABLES = (
    SPIN_HALL_UNITS_3D,
    SPIN_HALL_UNITS_2D,
    HALL_UNITS_3D,
    HALL_UNITS_2D,
    *(_spin_generation_table(order, dim) for order in (0, 1, 2) for dim in (2, 3)),
)
#: Names of the axes that stand for the indices of a tensor.
_INDICES = ("current", "field", "spin")


@dataclass(frozen=True)
class Quantity:
    """One variable of a result.

    dims: name of each axis of `values`. units: "" for a pure number or a label. error: estimated absolute error, same
    shape and units, or None for a quantity that is not an estimate. equations: keys into the result's equations.
    """

    dims: tuple[str, ...]
    values: ArrayLike
    units: str
    long_name: str
    error: ArrayLike | None = None
    equations: tuple[str, ...] = ()


def dataset(
    variables: Mapping[str, Quantity],
    coords: Mapping[str, Quantity],
    *,
    quantity: str,
    index_order: str,
    convention: str,
    equations: Mapping[str, str],
    model: str,
    model_source: str,
    domain: str,
    method: str,
    status: str,
    warnings: Sequence[str] = (),
    **notes: str | int | float,
) -> xr.Dataset:
    """Build a result.

    quantity: what was asked, in words. index_order: one sentence on the order of tensor indices. convention: signs and
    carrier charge. equations: key -> the source and what the equation gives. domain: where k ran, with any cutoff.
    method: how it was summed. status: whether the error goal was met. warnings: limits of validity that the user should
    read. notes: further flat attributes. Raises ValueError when shapes, keys or names do not fit together.
    """
    data: dict[str, xr.Variable] = {}
    for name, item in variables.items():
        unknown = [key for key in item.equations if key not in equations]
        if unknown:
            raise ValueError(f"variable '{name}' cites unknown equations {unknown}")
        data[name] = _variable(name, item, item.values, item.long_name)
        if item.error is None:
            continue
        error = _variable(name + ERROR_SUFFIX, item, item.error, f"estimated absolute error of {name}")
        if error.shape != data[name].shape:
            raise ValueError(f"the error of '{name}' has shape {error.shape}, its value {data[name].shape}")
        data[name + ERROR_SUFFIX] = error
    attrs: dict[str, Any] = {
        "quantity": quantity,
        "index_order": index_order,
        "convention": convention,
        "equations": "\n".join(f"{key}: {text}" for key, text in equations.items()),
        "model": model,
        "model_source": model_source,
        "domain": domain,
        "method": method,
        "status": status,
        "warnings": "\n".join(warnings),
        **_package_provenance(),
        **notes,
    }
    return xr.Dataset(data, {n: _variable(n, c, c.values, c.long_name) for n, c in coords.items()}, attrs)


def _variable(name: str, item: Quantity, values: ArrayLike, long_name: str) -> xr.Variable:
    array = np.asarray(values)
    if array.ndim != len(item.dims):
        raise ValueError(f"variable '{name}' has {array.ndim} axes but dims {item.dims}")
    attrs = {"units": item.units, "long_name": long_name}
    if item.equations:
        attrs["equations"] = ", ".join(item.equations)
    return xr.Variable(item.dims, array, attrs)


def estimates(ds: xr.Dataset) -> list[str]:
    """Names of the variables that are results themselves, not the errors of others."""
    names = [str(n) for n in ds.data_vars]
    return [n for n in names if not (n.endswith(ERROR_SUFFIX) and n.removesuffix(ERROR_SUFFIX) in names)]


def equations_of(ds: xr.Dataset) -> dict[str, str]:
    """Equation key -> what it is, as kept on the dataset."""
    lines = [line.split(": ", 1) for line in str(ds.attrs.get("equations", "")).splitlines()]
    return {line[0]: line[-1] for line in lines}


def warnings_of(ds: xr.Dataset) -> tuple[str, ...]:
    return tuple(str(ds.attrs.get("warnings", "")).splitlines())


def check_schema(ds: xr.Dataset) -> None:
    """Raises ValueError when a variable lacks units or a name in words: such a file would not explain itself."""
    for name, variable in {**ds.data_vars, **ds.coords}.items():
        for key in ("units", "long_name"):
            if key not in variable.attrs:
                raise ValueError(f"variable '{name}' has no '{key}' attribute")


def component_dims(ds: xr.Dataset, name: str) -> list[str]:
    """Dimensions labelled by text (current, field, spin), in the order of the variable."""
    return [str(d) for d in ds[name].dims if d in ds.coords and ds.coords[d].dtype.kind in "UOT"]


def select_components(ds: xr.Dataset, components: Sequence[str]) -> xr.Dataset:
    """The smallest block of the tensor that holds every component asked for.

    components: one letter an index, in the order of the variable that has most of them: "zxy" for current z, field x,
    spin y of a spin Hall conductivity, "yx" for spin y and field x of a spin generation. Raises InputError for a
    component that is not there.
    """
    dims = max(([str(d) for d in v.dims if d in _INDICES] for v in ds.data_vars.values()), key=len, default=[])
    keep: dict[str, list[str]] = {d: [] for d in dims}
    for component in components:
        if len(component) != len(dims):
            raise InputError(
                f"component '{component}' needs {len(dims)} letters", fix="the order is " + ", ".join(dims)
            )
        for dim, letter in zip(dims, component, strict=True):
            if letter not in ds[dim].values:
                have = ", ".join(str(v) for v in ds[dim].values)
                raise InputError(f"component '{component}' asks for {dim} '{letter}'", fix=f"{dim} can be {have}")
            keep[dim].append(letter)
    ordered = {d: [str(v) for v in ds[d].values if v in keep[d]] for d in dims}
    return ds.sel(ordered) if components else ds


def convert_units(ds: xr.Dataset, units: str) -> xr.Dataset:
    """Every convertible variable of the result in another unit of the same kind; the rest stays as it is.

    Raises InputError when no variable can be given in that unit.
    """
    out = ds.copy()
    for name in ds.data_vars:
        factor = _factor(str(ds[name].attrs["units"]), units)
        if factor is not None:
            out[name] = (ds[name] * factor).assign_attrs(ds[name].attrs | {"units": units})
    if any(v.attrs["units"] == units for v in out.data_vars.values()):
        return out
    have = sorted({str(v.attrs["units"]) for v in ds.data_vars.values()})
    choices = sorted({u for t in _UNIT_TABLES for u in t if any(_factor(h, u) is not None for h in have)})
    raise InputError(
        f"nothing in this result, which is in {', '.join(have)}, can be given in '{units}'",
        where="unit",
        fix="choose one of " + ", ".join(choices) if choices else "",
    )


def _factor(old: str, new: str) -> float | None:
    for table in _UNIT_TABLES:
        if old in table and new in table:
            return table[new] / table[old]
    return None


def relative_error(value: NDArray[Any], error: NDArray[Any]) -> float:
    """Largest error over the largest magnitude; 0 when everything is zero."""
    scale = float(np.nanmax(np.abs(value), initial=0.0))
    largest = float(np.nanmax(np.abs(error), initial=0.0))
    return largest / scale if scale > 0 else (0.0 if largest == 0 else float("inf"))


@functools.cache
def _package_provenance() -> dict[str, str]:
    return {"crosscurrent_version": package_version(), "source_commit": source_commit()}


def package_version() -> str:
    """Version of the package that runs."""
    # not a plain import: the package's front page names every room, and a room must not see those above it
    return str(import_module("crosscurrent").__version__)


def source_commit() -> str:
    """Commit of the checkout that the package runs from, "-dirty" when it has changes; "" outside a checkout."""
    here = Path(__file__).resolve()
    root = here.parents[3]
    # a package installed below somebody else's repository must not report that repository's commit
    if here.parents[2] != root / "src" or not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
