"""Conversions on the command line: parameters of an effective Hamiltonian out of a file, and a record into one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from crosscurrent.disk import parse_toml
from crosscurrent.jobs.fields import Table
from crosscurrent.jobs.parse import job_text
from crosscurrent.jobs.validate import convert
from crosscurrent.models.effective_hamiltonian import EFFECTIVE_HAMILTONIANS, EffectiveHamiltonian
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import load_local_mode, local_mode, local_mode_names, to_json
from crosscurrent.results.files import write_whole
from crosscurrent.units import InputError


class Parameters(Table, frozen=True, kw_only=True):
    """kappa2 and j1 to j7: eV/angstrom^2. charge: Z*, e. dielectric: eps_inf. lattice_constant: angstrom.

    For dynamics also alpha and gamma: eV/angstrom^4, k1, k2, k3: eV/angstrom^6, k4: eV/angstrom^8, mass: amu.
    """

    kappa2: float
    j: tuple[float, float, float, float, float, float, float]
    charge: float
    dielectric: float
    lattice_constant: float
    name: str = "effective Hamiltonian"
    source: str = ""
    alpha: float = 0.0
    gamma: float = 0.0
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    mass: float | None = None


def effective_hamiltonian(name: str) -> EffectiveHamiltonian:
    """A published one by its name, or the parameters in a TOML file. Raises InputError."""
    if name in EFFECTIVE_HAMILTONIANS:
        return EFFECTIVE_HAMILTONIANS[name]()
    if not Path(name).exists():
        known = ", ".join(EFFECTIVE_HAMILTONIANS)
        raise InputError("neither a file nor a known model", where=name, fix=f"known: {known}; or a TOML file")
    raw = parse_toml(job_text(name), str(name))
    return EffectiveHamiltonian(**msgspec.structs.asdict(convert(raw, Parameters, name)))


def partner_record(name: str) -> LocalMode:
    """A record of the package by its name, or that of a file. Raises InputError."""
    return local_mode(name) if name in local_mode_names() or not Path(name).exists() else load_local_mode(name)


def write_record(record: LocalMode, path: Path, *, overwrite: bool = False) -> None:
    """Write a record, whole or not at all. Raises InputError for a file that is there, or cannot be written."""
    check_target(path, overwrite)
    write_whole(path, lambda temporary: temporary.write_text(to_json(record), encoding="utf-8"))


def check_target(path: Path, overwrite: bool) -> None:
    """Raises InputError for a file that is there already."""
    if path.exists() and not overwrite:
        raise InputError("this file exists", where=str(path), fix="choose another name, or add --force")
