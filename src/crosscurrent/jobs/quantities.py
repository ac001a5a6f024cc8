"""Numbers with units in job files: `"10 meV"` becomes 0.01, and `"10 K"` is refused where an energy is asked for.

Default units, used for plain numbers: energy eV, temperature K, length angstrom, wave vector 1/angstrom.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable

from scipy import constants as _c

from crosscurrent.units import BOLTZMANN_EV_PER_K, InputError

_BOHR = _c.physical_constants["Bohr radius"][0] * 1e10
_HARTREE = _c.physical_constants["Hartree energy in eV"][0]
_ENERGY = {"eV": 1.0, "meV": 1e-3, "ueV": 1e-6, "Ry": _HARTREE / 2, "Ha": _HARTREE}
_LENGTH = {"angstrom": 1.0, "nm": 10.0, "bohr": _BOHR}

#: dimension -> unit -> factor to the default unit, which comes first. A temperature may be given as kT.
UNITS: dict[str, dict[str, float]] = {
    "energy": _ENERGY,
    "temperature": {"K": 1.0, "mK": 1e-3} | {unit: f / BOLTZMANN_EV_PER_K for unit, f in _ENERGY.items()},
    "length": _LENGTH,
    "wave vector": {f"1/{unit}": 1 / f for unit, f in _LENGTH.items()},
}
_ALIASES = {"Å": "angstrom", "A": "angstrom", "1/Å": "1/angstrom", "1/A": "1/angstrom", "hartree": "Ha", "µeV": "ueV"}
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


def parse_quantity(raw: object, dimension: str, where: str = "") -> float:
    """A number in the default unit of `dimension`, from a number or a text such as "0.5 1/nm".

    Raises InputError for anything else, for a unit of another dimension, and for NaN or infinity.
    """
    units = UNITS[dimension]
    default = next(iter(units))
    if isinstance(raw, str):
        match = _NUMBER.fullmatch(raw)
        if match is None:
            raise InputError(f"'{raw}' is not a number with a unit", where=where, fix=f'write e.g. "1.5 {default}"')
        value = float(match[1]) * _factor(raw, match[2], dimension, where)
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        value = float(raw)
    else:
        article = "an" if dimension[0] in "aeiou" else "a"
        raise InputError(
            f"expected {article} {dimension}, got {describe(raw)}", where=where, fix=f"give a number in {default}"
        )
    if not math.isfinite(value):
        raise InputError(f"{raw} is not a finite number", where=where, fix=f"give a number in {default}")
    return value


def _factor(raw: str, unit: str, dimension: str, where: str) -> float:
    units = UNITS[dimension]
    name = _ALIASES.get(unit, unit)
    if name in units:
        return units[name]
    choices = ", ".join(units)
    if not unit:
        raise InputError(f"'{raw}' has no unit", where=where, fix=f"add one of {choices}, or drop the quotes")
    article = "an" if dimension[0] in "aeiou" else "a"
    if any(name in table for table in UNITS.values()):
        raise InputError(f"'{unit}' is not {article} {dimension}", where=where, fix=f"use one of {choices}")
    raise InputError(f"unknown unit '{unit}'{nearest(unit, units)}", where=where, fix=f"use one of {choices}")


def nearest(word: str, choices: Iterable[str]) -> str:
    """' (did you mean ...?)' when one of the choices looks like the word, else ''."""
    known = list(choices)
    lower = {c.lower(): c for c in reversed(known)}
    close = difflib.get_close_matches(word.lower(), list(lower), n=1, cutoff=0.5)
    return f" (did you mean '{lower[close[0]]}'?)" if close else ""


def describe(raw: object) -> str:
    """A value as a user would name it: `true`, `'text'`, `a list`, `a table`."""
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, dict):
        return "a table"
    if isinstance(raw, (list, tuple)):
        return "a list"
    return repr(raw)
