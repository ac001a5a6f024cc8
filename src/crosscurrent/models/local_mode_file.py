"""Local-mode records as JSON: reading, checking and writing them, and the records that travel with the package."""

from __future__ import annotations

import difflib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from crosscurrent.disk import parse_json, read_text
from crosscurrent.models.local_mode import LocalMode, Vector
from crosscurrent.physics.well import Well
from crosscurrent.units import InputError

SCHEMA = "crosscurrent-local-mode/1"
_KEYS = (
    "schema",
    "name",
    "source",
    "charge_e",
    "mass_amu",
    "angular_amu",
    "volume_angstrom3",
    "eps_inf",
    "lattice_constant_angstrom",
    "well",
    "dipole",
    "short_range_eV_per_angstrom2",
)
_WELL = ("a2_eV_per_angstrom2", "b4_eV_per_angstrom4", "c6_eV_per_angstrom6", "kappa_eV_per_angstrom2", "axis")


def local_mode(name: str) -> LocalMode:
    """A record of the package: batio3-b, the default of the examples, or another of `local_mode_names`.

    Raises InputError for another name.
    """
    names = local_mode_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        raise InputError(
            f"no local-mode record '{name}'",
            where="record",
            fix=f"did you mean '{close[0]}'" if close else "choose from " + ", ".join(names),
        )
    text = (resources.files("crosscurrent.models") / "data" / "local_modes" / f"{name}.json").read_text("utf-8")
    return _from_text(text, f"{name}.json")


def local_mode_names() -> list[str]:
    """Names of the records of the package."""
    folder = resources.files("crosscurrent.models") / "data" / "local_modes"
    return sorted(item.name.removesuffix(".json") for item in folder.iterdir() if item.name.endswith(".json"))


def load_local_mode(path: str | Path) -> LocalMode:
    """The record of a JSON file.

    Raises InputError, naming file and key, for a file that cannot be read, is not JSON, has keys that are missing or
    unknown or a schema of another version, and for what `LocalMode` refuses.
    """
    return _from_text(read_text(path), str(path))


def save_local_mode(record: LocalMode, path: str | Path) -> None:
    """Write a record as JSON; reading it back gives the same numbers bit by bit."""
    Path(path).write_text(to_json(record), encoding="utf-8")


def to_json(record: LocalMode) -> str:
    """The text of a record's file."""
    well = record.well
    numbers = (well.a2, well.b4, well.c6, well.kappa, list(well.axis))
    content = {
        "schema": SCHEMA,
        "name": record.name,
        "source": record.source,
        "charge_e": record.charge.tolist(),
        "mass_amu": record.mass.tolist(),
        "angular_amu": record.angular.tolist(),
        "volume_angstrom3": record.volume,
        "eps_inf": record.eps_inf.tolist(),
        "lattice_constant_angstrom": record.lattice_constant,
        "well": dict(zip(_WELL, numbers, strict=True)),
        "dipole": {"kernel": record.dipole, "eta": record.eta},
        "short_range_eV_per_angstrom2": [{"R": list(r), "K": k.tolist()} for r, k in record.blocks.items()],
    }
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in content.items() if key != _KEYS[-1]]
    rows = ",\n".join("    " + json.dumps(row) for row in content[_KEYS[-1]])
    return "{\n" + ",\n".join(lines) + f',\n  "{_KEYS[-1]}": [\n{rows}\n  ]\n}}\n'


def _from_text(text: str, where: str) -> LocalMode:
    content = parse_json(text, where)
    _check_keys(content, _KEYS, where)
    if content["schema"] != SCHEMA:
        raise InputError(f"has the schema '{content['schema']}'", where=where, fix=f"this version reads '{SCHEMA}'")
    _check_keys(content["well"], _WELL, f"{where}, well")
    _check_keys(content["dipole"], ("kernel", "eta"), f"{where}, dipole")
    name = str(content["name"]) or where
    try:
        a2, b4, c6, kappa = (float(content["well"][key]) for key in _WELL[:4])
        return LocalMode(
            charge=np.array(content["charge_e"], dtype=float),
            mass=np.array(content["mass_amu"], dtype=float),
            angular=np.array(content["angular_amu"], dtype=float),
            volume=float(content["volume_angstrom3"]),
            eps_inf=np.array(content["eps_inf"], dtype=float),
            lattice_constant=float(content["lattice_constant_angstrom"]),
            well=Well(a2, b4, c6, kappa, _vector(content["well"]["axis"])),
            blocks=_blocks(content[_KEYS[-1]], where),
            dipole=str(content["dipole"]["kernel"]),
            eta=float(content["dipole"]["eta"]),
            name=name,
            source=str(content["source"]),
        )
    except InputError as error:
        raise InputError(error.what, where=where, fix=error.fix) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"holds a value of the wrong kind: {error}", where=where) from None


def _check_keys(content: Any, keys: tuple[str, ...], where: str) -> None:
    if not isinstance(content, dict):
        raise InputError("has to be an object with keys", where=where, fix="the keys are " + ", ".join(keys))
    missing = [key for key in keys if key not in content]
    unknown = [key for key in content if key not in keys]
    if missing or unknown:
        what = f"lacks the key '{missing[0]}'" if missing else f"has the unknown key '{unknown[0]}'"
        raise InputError(what, where=where, fix="the keys are " + ", ".join(keys))


def _vector(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _blocks(rows: Any, where: str) -> dict[Vector, Any]:
    out: dict[Vector, Any] = {}
    for row in rows:
        _check_keys(row, ("R", "K"), f"{where}, {_KEYS[-1]}")
        x, y, z = (int(n) for n in row["R"])
        if (x, y, z) in out:
            raise InputError(f"gives K({(x, y, z)}) twice", where=where)
        out[x, y, z] = np.array(row["K"], dtype=float)
    return out
