"""The magnetic group that a [symmetry] table names, and a file that holds nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crosscurrent.disk import parse_toml
from crosscurrent.jobs.fields import Table
from crosscurrent.jobs.parse import job_text
from crosscurrent.jobs.questions import Moment, SymmetryTable
from crosscurrent.jobs.validate import convert
from crosscurrent.units import InputError

if TYPE_CHECKING:
    from crosscurrent.physics.magnetic_groups import MagneticGroup

_BY_NAME = ("axis", "rotation", "unique_axis")
_STRUCTURE = ("lattice", "positions", "species")
_BY_STRUCTURE = (*_STRUCTURE, "moments", "dim", "symprec", "moment_tolerance")


class _Part(Table, frozen=True, kw_only=True):
    symmetry: SymmetryTable


def group_of(table: SymmetryTable, dim: int | None = None) -> MagneticGroup:
    """The group of a [symmetry] table. dim: of the model, where the table says none. Raises InputError."""
    given = {key: value for key in table.__struct_fields__ if (value := getattr(table, key)) is not None}
    structural = [key for key in _BY_STRUCTURE if key in given]
    if table.group is not None:
        if structural:
            raise InputError(
                "the group has a name already, so this key would be ignored",
                where=f"symmetry.{structural[0]}",
                fix="give either group or a structure",
            )
        options = {key: given[key] for key in _BY_NAME if key in given}
        named: MagneticGroup = import_module("crosscurrent.physics.magnetic_groups").point_group(table.group, **options)
        return named
    for key in _BY_NAME:
        if key in given:
            raise InputError("this belongs to a group by name", where=f"symmetry.{key}", fix="give group too")
    for key in _STRUCTURE:
        if key not in given:
            raise InputError(
                "give the name of a group, or a structure with lattice, positions and species",
                where=f"symmetry.{key if structural else 'group'}",
            )
    options = {key: given[key] for key in ("symprec", "moment_tolerance") if key in given}
    if (dimension := table.dim or dim) is not None:
        options["dim"] = dimension
    moments = None if table.moments is None else moment_vectors(table.moments)
    structure = import_module("crosscurrent.physics.structure_group").structure_group
    found: MagneticGroup = structure(table.lattice, table.positions, table.species, moments, **options)
    return found


def moment_vectors(moments: Sequence[Moment]) -> np.ndarray:
    """(n, 3), mu_B. A mixture is no mistake: plain numbers are along z."""
    return np.array([m if isinstance(m, tuple) else (0.0, 0.0, m) for m in moments])


def load_symmetry(path: Path) -> SymmetryTable:
    """The [symmetry] table of a job file, or a file whose keys are those of that table. Raises InputError."""
    raw = parse_toml(job_text(path), str(path))
    if "symmetry" in raw:
        return convert({"symmetry": raw["symmetry"]}, _Part, str(path)).symmetry
    if "model" in raw:
        raise InputError(
            "this job has no table [symmetry]", where=str(path), fix="add one, with a group or a structure"
        )
    return convert(raw, SymmetryTable, str(path))
