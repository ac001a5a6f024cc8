"""Numbers with units in job files: `"10 meV"` becomes 0.01, and `"10 K"` is refused where an energy is asked for.

Default units, used for plain numbers: energy eV, temperature K, length angstrom, wave vector 1/angstrom, time ps,
frequency THz, angular frequency rad/ps, rate 1/ps, electric field V/m, polarization C/m^2, velocity m/s, mass kg,
density 1/m^3, coupling to phonons eV angstrom^1.5 (in a plane eV angstrom). An energy may be given as the frequency of
a photon, "17 THz": that is h nu, not hbar nu.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable

from scipy import constants as _c

from crosscurrent.units import BOHR_ANGSTROM, BOLTZMANN_EV_PER_K, HARTREE_EV, PLANCK_EV_PER_THZ, InputError

_ENERGY = {"eV": 1.0, "meV": 1e-3, "ueV": 1e-6, "Ry": HARTREE_EV / 2, "Ha": HARTREE_EV}
_FREQUENCY = {"THz": 1.0, "GHz": 1e-3}
_LENGTH = {"angstrom": 1.0, "nm": 10.0, "bohr": BOHR_ANGSTROM}

#: dimension -> unit -> factor to the default unit, which comes first. A temperature may be given as kT.
UNITS: dict[str, dict[str, float]] = {
    "energy": _ENERGY | {unit: f * PLANCK_EV_PER_THZ for unit, f in _FREQUENCY.items()},
    "temperature": {"K": 1.0, "mK": 1e-3} | {unit: f / BOLTZMANN_EV_PER_K for unit, f in _ENERGY.items()},
    "length": _LENGTH,
    "wave vector": {f"1/{unit}": 1 / f for unit, f in _LENGTH.items()},
    "time": {"ps": 1.0, "fs": 1e-3, "ns": 1e3},
    "frequency": _FREQUENCY,
    "angular frequency": {"rad/ps": 1.0, "rad/fs": 1e3, "rad/s": 1e-12},
    "rate": {"1/ps": 1.0, "1/fs": 1e3, "1/s": 1e-12},
    "velocity": {"m/s": 1.0, "km/s": 1e3, "cm/s": 1e-2},
    "mass": {"kg": 1.0, "amu": _c.atomic_mass, "m_e": _c.m_e},
    "density": {"1/m^3": 1.0, "1/cm^3": 1e6, "1/nm^3": 1e27, "1/angstrom^3": 1e30},
    "coupling": {f"{unit} {length}^1.5": f * a**1.5 for unit, f in _ENERGY.items() for length, a in _LENGTH.items()},
    "coupling in a plane": {f"{unit} {length}": f * a for unit, f in _ENERGY.items() for length, a in _LENGTH.items()},
    "polarization": {"C/m^2": 1.0, "mC/m^2": 1e-3, "uC/m^2": 1e-6, "uC/cm^2": 1e-2},
    "electric field": {"V/m": 1.0, "kV/cm": 1e5, "MV/cm": 1e8, "MV/m": 1e6, "V/nm": 1e9, "V/angstrom": 1e10},
}
_ALIASES = {
    "Å": "angstrom",
    "A": "angstrom",
    "1/Å": "1/angstrom",
    "1/A": "1/angstrom",
    "hartree": "Ha",
    "µeV": "ueV",
    "V/Å": "V/angstrom",
    "u": "amu",
}
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


def parse_quantity(raw: object, dimension: str, where: str = "", unit: str | None = None) -> float:
    """A number in `unit`, from a number in that unit or a text such as "0.5 1/nm".

    unit: the default unit of `dimension` when None. Raises InputError for anything else, for a unit of another
    dimension, and for NaN or infinity.
    """
    units = UNITS[dimension]
    default = unit or next(iter(units))
    if isinstance(raw, str):
        match = _NUMBER.fullmatch(raw)
        if match is None:
            raise InputError(f"'{raw}' is not a number with a unit", where=where, fix=f'write e.g. "1.5 {default}"')
        value = float(match[1]) * _factor(raw, match[2], dimension, where) / units[default]
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
    name = _ALIASES.get(unit) or unit.replace("Å", "angstrom").replace("^(3/2)", "^1.5")
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
