"""A measured or designed pulse from a CSV file.

The first line names the columns and their units, `time (ps), E_x (V/m), E_y (V/m)[, E_z (V/m)]`, in any order; lines
that begin with # are left out. What is not a pulse is refused with the line it stands in.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.disk import read_bytes
from crosscurrent.models.table_text import FIELD_UNITS, cells, named_unit, number
from crosscurrent.numerics.waveform_checks import check_samples
from crosscurrent.numerics.waveforms import Sampled
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_TIME = {"s": 1e12, "ns": 1e3, "ps": 1.0, "fs": 1e-3}
#: No time and no field in any unit comes near this.
_LARGEST = 1e30
_EXAMPLE = "the first line reads, e.g.: time (ps), E_x (V/m), E_y (V/m)"


def read_waveform(path: str | Path) -> Sampled:
    """The pulse of a CSV file, in ps and V/m; a component that has no column is zero.

    Raises InputError, naming file and line, for columns or units that are unknown, missing or repeated, a row with too
    few or too many entries, entries that are not numbers, missing values, times that are unsorted or repeated, gaps,
    fewer than 8 points, and a field that does not begin and end near zero.
    """
    path = str(path)
    rows = _rows(path)
    columns = _columns(rows[0][1], f"{path}, line {rows[0][0]}")
    lines = [line for line, _ in rows[1:]]
    table = np.array([_numbers(row, len(columns), f"{path}, line {line}") for line, row in rows[1:]])
    table = table.reshape(len(lines), len(columns))
    if (np.abs(table) > _LARGEST).any():
        raise InputError("holds a number of a senseless size", where=path, fix="check times and fields")
    dim = 3 if any(name == "E_z" for name, _ in columns) else 2
    times, values = np.zeros(len(lines)), np.zeros((len(lines), dim))
    for (name, factor), column in zip(columns, table.T, strict=True):
        if name == "time":
            times = column * factor
        else:
            values[:, "xyz".index(name[-1])] = column * factor
    check_samples(times, values, path, lines)
    return Sampled(times, values, source=Path(path).name)


def _rows(path: str) -> list[tuple[int, list[str]]]:
    """(line number, cells) of the lines that hold something; the first is the header."""
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not a text file", where=path, fix=_EXAMPLE) from None
    if "\0" in text:
        raise InputError("is a binary file where text was expected", where=path, fix=_EXAMPLE)
    numbered = enumerate(text.splitlines(), start=1)
    kept = [(at, line) for at, line in numbered if line.strip() and not line.lstrip().startswith("#")]
    if not kept:
        raise InputError("holds no rows", where=path, fix=_EXAMPLE)
    return [(at, cells(line, f"{path}, line {at}")) for at, line in kept]


def _columns(header: list[str], where: str) -> list[tuple[str, float]]:
    """(name, factor to ps or V/m) of each column."""
    columns: list[tuple[str, float]] = []
    for cell in header:
        found = named_unit(cell)
        if found is None:
            raise InputError(f"column '{cell.strip()[:40]}' is not a name with a unit", where=where, fix=_EXAMPLE)
        name, unit = found
        if name not in ("time", "E_x", "E_y", "E_z"):
            raise InputError(f"unknown column '{name[:40]}'", where=where, fix="columns are time, E_x, E_y and E_z")
        units = _TIME if name == "time" else FIELD_UNITS
        if unit not in units:
            raise InputError(
                f"unknown unit '{unit[:40]}' of {name}", where=where, fix="choose from " + ", ".join(units)
            )
        columns.append((name, units[unit]))
    names = [name for name, _ in columns]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise InputError(f"column '{repeated[0]}' appears twice", where=where)
    if "time" not in names or len(names) < 2:
        missing = "time" if "time" not in names else "E_x, E_y or E_z"
        raise InputError(f"there is no column {missing}", where=where, fix=_EXAMPLE)
    return columns


def _numbers(row: list[str], count: int, where: str) -> list[float]:
    if len(row) != count:
        raise InputError(f"{len(row)} entries where the header names {count}", where=where, fix="complete the row")
    out = []
    for cell in row:
        try:
            out.append(number(cell) if cell.strip() else float("nan"))
        except ValueError:
            raise InputError(f"'{cell.strip()[:40]}' is not a number", where=where) from None
    return out
