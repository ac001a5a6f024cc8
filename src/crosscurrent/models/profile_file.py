"""A profile along one axis of a lattice from a text file: one value a cell or layer.

The first line names the quantity and its unit, `temperature (K)` or `damping (1/ps)`; each further line is one value.
Empty lines and lines that begin with # are left out.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.disk import read_text
from crosscurrent.models.table_text import named_unit, number
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_UNITS = {"temperature": {"K": 1.0, "mK": 1e-3}, "damping": {"1/ps": 1.0, "1/s": 1e-12}}


def read_profile(path: str | Path, quantity: str) -> Floats:
    """The values of a file, (n,), in K or 1/ps. quantity: "temperature" or "damping", which the header has to name.

    Raises InputError, naming file and line, for a file that cannot be read, another quantity, an unknown unit, and
    entries that are not numbers.
    """
    where = str(path)
    text = read_text(path)
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and line.lstrip()[0] != "#"]
    units = _UNITS[quantity]
    example = f"the first line reads, e.g.: {quantity} ({next(iter(units))})"
    name, unit = (named_unit(lines[0][1]) if lines else None) or ("", "")
    if name != quantity:
        raise InputError(f"does not begin with {quantity} and its unit", where=where, fix=example)
    if unit not in units:
        raise InputError(
            f"unknown unit '{unit[:40]}' of {quantity}", where=where, fix="choose from " + ", ".join(units)
        )
    values = [_number(line, f"{where}, line {i}") for i, line in lines[1:]]
    if not values:
        raise InputError("holds no values", where=where, fix=example)
    return np.array(values) * units[unit]


def _number(text: str, where: str) -> float:
    try:
        value = number(text)
    except ValueError:
        raise InputError(f"'{text.strip()[:40]}' is not a number", where=where, fix="give one value a line") from None
    if not math.isfinite(value):
        raise InputError(f"{value} is not a finite number", where=where)
    return value
