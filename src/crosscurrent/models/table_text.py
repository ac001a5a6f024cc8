"""Cells of small tables: names with units in a header, and numbers, as spreadsheets and people write them."""

from __future__ import annotations

import csv
import re

from crosscurrent.units import InputError

#: V/m in every unit of an electric field that a header may name.
FIELD_UNITS = {"V/m": 1.0, "kV/m": 1e3, "MV/m": 1e6, "V/cm": 1e2, "kV/cm": 1e5, "MV/cm": 1e8, "V/angstrom": 1e10}

#: Each part takes what it can and gives nothing back: the time does not grow with the square of a row of blanks.
_NAMED_UNIT = re.compile(r"\s*+(?P<name>[A-Za-z]++(?:_[A-Za-z]++)?+)\s*+[(\[](?P<unit>[^)\]]*+)[)\]]\s*+")


def cells(line: str, where: str) -> list[str]:
    """The cells of a row of comma-separated values. Raises InputError."""
    try:
        return next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error as error:
        raise InputError(f"is no row of a table ({error})", where=where) from None


def named_unit(text: str) -> tuple[str, str] | None:
    """("E_x", "V/m") of "E_x (V/m)" or "E_x [V/m]"; None for anything else."""
    match = _NAMED_UNIT.fullmatch(text)
    return None if match is None else (match["name"], match["unit"].strip().replace("Å", "angstrom"))


def number(text: str) -> float:
    """A number, which may be infinite or none. Raises ValueError for what is not written as one."""
    if "_" in text:
        raise ValueError(f"'{text}' is not a number")  # Python reads 1_5 as 15
    return float(text)
