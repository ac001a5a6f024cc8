"""Questions to a harmonic crystal: the crystal of a [model] table, and the arguments of its responses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crosscurrent.jobs import schema
from crosscurrent.jobs.arguments import Asked, converted
from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.models.phonopy_data import SOURCES


def build_crystal(table: schema.PhonopyCrystal) -> HarmonicCrystal:
    """The crystal of a [model] table. Raises InputError as `load_phonopy` does."""
    files = {key: getattr(table, key) for key in ("force_constants", "force_sets", "born")}
    crystal = load_phonopy(table.phonopy, **files)
    source = SOURCES.get(table.phonopy)
    return crystal if source is None else replace(crystal, source=source)


def dispersion_arguments(asked: Asked) -> dict[str, Any]:
    """The arguments of `phonon_dispersion`."""
    path = asked.table.path
    corners = path if path is None or isinstance(path, str) else [(corner.label, corner.k) for corner in path]
    return {"points": asked.table.points, **converted(asked, without=("path", "points")), "path": corners}


def description(crystal: HarmonicCrystal) -> str:
    """One line on a crystal."""
    polar = "with" if crystal.born is not None else "without"
    return f"{crystal.name}, {len(crystal.symbols)} atoms, {len(crystal.site)} in the supercell, {polar} Born charges"


def details(name: str) -> list[str]:
    """What to know about a crystal that comes with the package, line by line."""
    crystal = build_crystal(schema.PhonopyCrystal(phonopy=name))
    return [description(crystal), f"source: {crystal.source}"]
