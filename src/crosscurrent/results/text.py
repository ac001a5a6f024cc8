"""Results in words and columns: `explain` and `to_dat`."""

from __future__ import annotations

import itertools
import os
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.results.files import write_whole
from crosscurrent.results.schema import (
    COMMON_ATTRIBUTES,
    ERROR_SUFFIX,
    component_dims,
    equations_of,
    estimates,
    relative_error,
    warnings_of,
)
from crosscurrent.units import InputError

_WIDTH = 100
#: Attributes that `explain` gives a place of their own; the others are settings of the response.
_SHOWN_APART = COMMON_ATTRIBUTES | frozenset(
    ["job", "job_title", "job_hash", "run_key", "corner_labels", "corner_distances", "symmetry_group", "symmetry"]
)


def explain(ds: xr.Dataset) -> str:
    """What is in a result: quantity, units, index order, convention, equations, warnings, errors, provenance."""
    attrs = ds.attrs
    lines = [str(attrs.get("quantity", "result")), ""]
    lines += _field("Model", f"{attrs.get('model', '?')} (source: {attrs.get('model_source') or 'not given'})")
    for label, key in (("Region", "domain"), ("Method", "method"), ("Status", "status")):
        lines += _field(label, str(attrs.get(key, "")))
    settings = {str(k): v for k, v in attrs.items() if k not in _SHOWN_APART and str(v)}
    lines += _field("Settings", ", ".join(f"{k} = {_short(v)}" for k, v in settings.items()))
    lines += _field("Index order", str(attrs.get("index_order", "")))
    lines += _field("Convention", str(attrs.get("convention", "")))
    lines += ["", "Variables"]
    for name in estimates(ds):
        lines += _describe_variable(ds, name)
    lines += ["", "Axes"]
    lines += [f"  {name}: {_describe_coord(ds[name])}" for name in ds.coords]
    lines += _symmetry(ds)
    if equations := equations_of(ds):
        lines += ["", "Equations"]
        for key, text in equations.items():
            lines += _field(key, text)
    warnings = warnings_of(ds)
    lines += ["", "Warnings" if warnings else "Warnings: none"]
    for warning in warnings:
        lines += textwrap.wrap(warning, _WIDTH, initial_indent="  ! ", subsequent_indent="    ")
    version, commit = attrs.get("crosscurrent_version", "?"), attrs.get("source_commit", "")
    lines += ["", "Provenance"]
    lines += _field("Written by", f"crosscurrent {version}" + (f", commit {commit}" if commit else ""))
    if job := str(attrs.get("job", "")):
        lines += ["  Job:", *("    " + line for line in job.strip().splitlines())]
    return "\n".join(lines) + "\n"


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else " ".join(str(value).split())


def _field(label: str, text: str) -> list[str]:
    first, rest = f"  {label}: ", "    "
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest) if text else []


def _describe_variable(ds: xr.Dataset, name: str) -> list[str]:
    variable = ds[name]
    shape = ", ".join(f"{d}: {n}" for d, n in variable.sizes.items())
    kind = "complex, " if variable.dtype.kind == "c" else ""
    units = variable.attrs.get("units") or "no unit"
    lines = [f"  {name} [{units}] ({kind}{shape})"]
    cites = variable.attrs.get("equations", "")
    lines += textwrap.wrap(
        f"{variable.attrs.get('long_name', '')}{f'; equations: {cites}' if cites else ''}",
        _WIDTH,
        initial_indent="      ",
        subsequent_indent="      ",
    )
    if variable.dtype.kind in "fc" and variable.size:
        known = np.abs(variable.values[~np.isnan(variable.values)])
        largest = float(known.max(initial=0.0))
        lines.append(f"      largest magnitude {largest:.6g}; error: {_describe_error(ds, name)}")
    return lines


def _describe_error(ds: xr.Dataset, name: str) -> str:
    if name + ERROR_SUFFIX not in ds:
        return "none kept (exact to rounding, or not estimated)"
    error = ds[name + ERROR_SUFFIX].values
    if not np.isfinite(error).any():
        return "unknown"
    relative = relative_error(ds[name].values, error)
    return f"at most {float(np.nanmax(np.abs(error))):.2g} ({relative:.1e} of the largest value)"


def _symmetry(ds: xr.Dataset) -> list[str]:
    """The form that each tensor was compared with, and the largest component that should vanish."""
    if "symmetry_group" not in ds.attrs:
        return []
    lines = ["", f"Symmetry: {ds.attrs['symmetry_group']}"]
    for name in estimates(ds):
        attrs = ds[name].attrs
        if "symmetry_form" not in attrs:
            continue
        units = str(attrs.get("units", ""))
        found = f"{attrs['symmetry_forbidden_value']:.2g} +- {attrs['symmetry_forbidden_error']:.1g} {units}".rstrip()
        lines += [f"  {name}", *("      " + line for line in str(attrs["symmetry_form"]).splitlines())]
        lines.append(f"      largest forbidden component {found}, {attrs['symmetry_forbidden']:.1e} of the largest one")
    return lines


def _describe_coord(coord: xr.DataArray) -> str:
    units, n = coord.attrs.get("units", ""), coord.size
    if coord.dtype.kind in "UOT":
        values = ", ".join(str(v) for v in coord.values.ravel())
    elif n <= 4:
        values = ", ".join(f"{v:g}" for v in coord.values.ravel())
    else:
        values = f"{n} values from {coord.values.min():g} to {coord.values.max():g}"
    text = f"{values} {units}".strip()
    return f"{text} ({coord.attrs.get('long_name', '')})"


def to_dat(ds: xr.Dataset, path: str | os.PathLike[str], variables: list[str] | None = None) -> Path:
    """Text columns with a header that gives units, index order, convention and provenance.

    One row for each point of the numeric axes (chemical potential, frequency, k, band), one column for each tensor
    component, its error beside it; complex variables take a column for each part. Read it with numpy.loadtxt.
    variables: names to write; all estimates that are numbers when None. Raises InputError when they do not share their
    numeric axes, and for one that holds words.
    """
    numeric = [name for name in estimates(ds) if ds[name].dtype.kind not in "UOT"]
    chosen = numeric if variables is None else variables
    for name in chosen:
        if name not in ds.data_vars:
            raise InputError(f"no variable '{name}'", fix="choose from " + ", ".join(estimates(ds)))
        if ds[name].dtype.kind in "UOT":
            raise InputError(
                f"'{name}' holds words, which are no column of numbers",
                where="to_dat",
                fix="choose from " + ", ".join(numeric),
            )
    rows = {name: [str(d) for d in ds[name].dims if d not in component_dims(ds, name)] for name in chosen}
    if not chosen or len({tuple(r) for r in rows.values()}) > 1:
        axes = "; ".join(f"{name}: {', '.join(r) or 'none'}" for name, r in rows.items())
        raise InputError(
            f"these variables do not share their rows ({axes})",
            where="to_dat",
            fix="write each group of variables to a file of its own",
        )
    columns = _axis_columns(ds, rows[chosen[0]])
    for name in chosen:
        columns += _component_columns(ds, name, rows[name])
    header = _dat_header(ds) + [f"column {i + 1}: {label}" for i, (label, _) in enumerate(columns)]
    words = [name for name in estimates(ds) if name not in numeric] if variables is None else []
    header += [f"left out, holds words: {name}" for name in words]
    table = np.column_stack([values for _, values in columns])
    target = Path(path)
    # 17 digits bring every double back to the same bits
    write_whole(target, lambda t: np.savetxt(t, table, fmt="%.17g", header="\n".join(header), encoding="utf-8"))
    return target


def _axis_columns(ds: xr.Dataset, dims: list[str]) -> list[tuple[str, NDArray[Any]]]:
    axes = [ds[d].values for d in dims]
    grids = np.meshgrid(*axes, indexing="ij")
    labels = [f"{d} [{ds[d].attrs.get('units', '') or '1'}]" for d in dims]
    columns = [(label, grid.ravel()) for label, grid in zip(labels, grids, strict=True)]
    # coordinates that belong to the rows without naming them, e.g. the k points of a path
    for name, coord in ds.coords.items():
        if name not in dims and coord.dims and coord.dtype.kind in "fi" and set(coord.dims) <= set(dims):
            shape = tuple(ds.sizes[d] for d in dims)
            spread = coord.expand_dims({d: ds.sizes[d] for d in dims if d not in coord.dims}).transpose(*dims)
            label = f"{name} [{coord.attrs.get('units', '') or '1'}]"
            columns.append((label, np.broadcast_to(spread.values, shape).ravel()))
    return columns


def _component_columns(ds: xr.Dataset, name: str, rows: list[str]) -> list[tuple[str, NDArray[Any]]]:
    """Each component of a variable, the error of each right after it."""
    dims = component_dims(ds, name)
    columns: list[tuple[str, NDArray[Any]]] = []
    for places in itertools.product(*(range(ds.sizes[d]) for d in dims)):
        at = dict(zip(dims, places, strict=True))
        suffix = "." + "".join(str(ds[d].values[i]) for d, i in at.items()) if dims else ""
        for each in (name, name + ERROR_SUFFIX):
            if each not in ds:
                continue
            values = ds[each].isel(at).transpose(*rows).values.ravel()
            units = ds[each].attrs.get("units", "") or "1"
            parts = {"": values} if values.dtype.kind != "c" else {" real": values.real, " imaginary": values.imag}
            columns += [(f"{each}{suffix}{part} [{units}]", v) for part, v in parts.items()]
    return columns


def _dat_header(ds: xr.Dataset) -> list[str]:
    keys = ["quantity", "model", "model_source", "domain", "method", "status", "index_order", "convention"]
    keys += ["equations", "warnings", "crosscurrent_version", "source_commit", "job"]
    lines = []
    for key in keys:
        text = str(ds.attrs.get(key, "")).strip()
        if text:
            first, *rest = text.splitlines()
            lines += [f"{key}: {first}", *("    " + line for line in rest)]
    return lines
