"""An electric field in space from a file: a numpy archive, or a CSV table with a row a grid point.

The grid is periodic: the last point of a period is not written, because it is the first one again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.disk import read_arrays, read_bytes
from crosscurrent.models.table_text import FIELD_UNITS, cells, named_unit, number
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_LENGTH = {"m": 1e10, "um": 1e4, "nm": 10.0, "angstrom": 1.0}
#: Neither a field in V/m nor a coordinate comes near this.
LARGEST = 1e30
_EXAMPLE = "the first line reads, e.g.: x (angstrom), E_x (V/m), E_y (V/m), E_z (V/m)"


def read_field(path: str | Path, dimension: int = 3) -> tuple[NDArray[np.generic], Floats]:
    """(field (n_x[, n_y[, n_z]], components) in V/m, spacing in angstrom, one an axis of the grid).

    .npz: the arrays `field` and `spacing`. .csv: columns x[, y[, z]] and E_x, E_y, E_z with their units, rows in any
    order; of the components, `dimension` in number, one without a column is zero. Raises InputError, naming the file,
    for what is missing or is not a regular grid; whether the field fits the question is up to `field_currents`.
    """
    path = Path(path)
    if path.suffix.lower() == ".npz":
        return _archive(path)
    if path.suffix.lower() == ".csv":
        return _table(path, dimension)
    raise InputError("a field comes as .npz or .csv", where=str(path), fix="write it with numpy.savez")


def _archive(path: Path) -> tuple[NDArray[np.generic], Floats]:
    arrays = read_arrays(path)
    for name in ("field", "spacing"):
        if name not in arrays:
            raise InputError(
                f"the array '{name}' is missing", where=str(path), fix="it needs field, V/m, and spacing, angstrom"
            )
        if arrays[name].dtype.kind not in "fciu":
            raise InputError(f"the array '{name}' holds no numbers", where=str(path))
    return arrays["field"], np.atleast_1d(np.asarray(arrays["spacing"].real, dtype=float))


def _table(path: Path, dimension: int) -> tuple[Floats, Floats]:
    try:
        lines = read_bytes(str(path)).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError("is not a text file", where=str(path), fix=_EXAMPLE) from None
    kept = [(n, line) for n, line in enumerate(lines, start=1) if line.strip() and not line.lstrip().startswith("#")]
    if len(kept) < 2:
        raise InputError("holds no rows", where=str(path), fix=_EXAMPLE)
    factors = _columns(cells(kept[0][1], where := f"{path}, line {kept[0][0]}"), where)
    rows = [_numbers(line, len(factors), f"{path}, line {at}") for at, line in kept[1:]]
    columns = dict(zip(factors, (np.array(rows) * np.array(list(factors.values()))).T, strict=True))
    axes = [axis for axis in "xyz" if axis in columns]
    coordinates, at = zip(*(_steps(columns[axis], axis, path) for axis in axes), strict=True)
    shape = tuple(len(c) for c in coordinates)
    if int(np.prod(shape)) != len(rows) or len(np.unique(np.ravel_multi_index(at, shape))) != len(rows):
        raise InputError(
            f"{len(rows)} rows do not fill the grid of {' x '.join(map(str, shape))} points", where=str(path)
        )
    beyond = [name for name in columns if dimension == 2 and name.endswith("z")]
    if beyond:
        raise InputError(f"a metal in a plane knows no {beyond[0]}", where=str(path), fix="remove the column")
    field = np.zeros((*shape, dimension))
    for i, axis in enumerate("xyz"[:dimension]):
        if f"E_{axis}" in columns:
            field[(*at, i)] = columns[f"E_{axis}"]
    return field, np.array([c[1] - c[0] for c in coordinates])


def _columns(header: list[str], where: str) -> dict[str, float]:
    """Name -> factor to angstrom or V/m."""
    out: dict[str, float] = {}
    for cell in header:
        found = named_unit(cell)
        if found is None:
            raise InputError(f"column '{cell.strip()[:40]}' is not a name with a unit", where=where, fix=_EXAMPLE)
        name, unit = found
        if name not in ("x", "y", "z", "E_x", "E_y", "E_z") or name in out:
            raise InputError(f"column '{name[:40]}' is unknown or appears twice", where=where, fix=_EXAMPLE)
        units = _LENGTH if len(name) == 1 else FIELD_UNITS
        if unit not in units:
            raise InputError(
                f"unknown unit '{unit[:40]}' of {name}", where=where, fix="choose from " + ", ".join(units)
            )
        out[name] = units[unit]
    if not any(name in out for name in ("E_x", "E_y", "E_z")):
        raise InputError("there is no column of the field", where=where, fix=_EXAMPLE)
    axes = [axis for axis in "xyz" if axis in out]
    if axes != list("xyz")[: len(axes)] or not axes:
        raise InputError("the grid varies along x first, then y, then z", where=where, fix=_EXAMPLE)
    return out


def _numbers(line: str, count: int, where: str) -> list[float]:
    row = cells(line, where)
    if len(row) != count:
        raise InputError(f"{len(row)} entries where the header names {count}", where=where, fix="complete the row")
    try:
        numbers = [number(cell) for cell in row]
    except ValueError:
        raise InputError("an entry is not a number", where=where) from None
    if not (np.abs(numbers) < LARGEST).all():
        raise InputError("an entry is not a finite number of a sensible size", where=where)
    return numbers


def _steps(values: Floats, axis: str, path: Path) -> tuple[Floats, NDArray[np.int64]]:
    """(the coordinates along one axis, evenly spaced, place of each row among them)."""
    scale = float(np.ptp(values)) or 1.0
    rounded, at = np.unique(np.round(values / scale, 9), return_inverse=True)
    steps = np.diff(rounded)
    if len(steps) < 1 or np.ptp(steps) > 1e-6 * steps.mean():
        raise InputError(f"the points along {axis} are not evenly spaced", where=str(path))
    return np.linspace(values.min(), values.max(), len(rounded)), np.asarray(at)
