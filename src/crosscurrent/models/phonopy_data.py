"""Phonopy calculations that travel with the package, each with its license beside it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

#: name -> where it comes from.
SOURCES = {
    "batio3-cubic": "cubic BaTiO3, PBEsol, 2 x 2 x 2 cells: the example of ALAMODE (T. Tadano, MIT license), with the "
    "Born charges that it gives"
}


def phonopy_names() -> list[str]:
    """Names of the calculations of the package."""
    return sorted(SOURCES)


def phonopy_file(name: str | Path) -> Path:
    """The file of a calculation of the package, or `name` itself when it is no such name."""
    if str(name) not in SOURCES:
        return Path(name)
    return Path(str(resources.files("crosscurrent.models"))) / "data" / "phonopy" / f"{name}.yaml"
