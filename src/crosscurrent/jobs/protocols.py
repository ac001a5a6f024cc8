"""Protocols on a lattice of polar modes: the model of a [model] table, the arguments, and what a run costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crosscurrent.jobs import schema
from crosscurrent.jobs.arguments import Asked, converted, temperatures
from crosscurrent.jobs.convert import effective_hamiltonian
from crosscurrent.jobs.lattice import build_record
from crosscurrent.jobs.quantities import nearest
from crosscurrent.models.effective_hamiltonian import EFFECTIVE_HAMILTONIANS
from crosscurrent.models.polar_lattice import PolarLattice, polar_lattice
from crosscurrent.units import InputError

#: Steps, and the time at most in seconds, that are run to learn what one costs.
_TRIAL, _PATIENCE = 5, 1.0
#: Fields of the size of u that a run holds at once.
_FIELDS = 12


def build_polar(table: schema.LocalModeRecord | schema.EffectiveHamiltonianModel) -> PolarLattice:
    """The lattice of a [model] table. Raises InputError for an unknown name, or a file that is unsound."""
    if isinstance(table, schema.LocalModeRecord):
        return polar_lattice(build_record(table))
    if (table.effective_hamiltonian is None) == (table.file is None):
        raise InputError(
            "one effective Hamiltonian is needed",
            where="model",
            fix='give effective_hamiltonian = "batio3-2010", or file = "parameters.toml"',
        )
    if table.file is not None:
        if not Path(table.file).exists():
            raise InputError(f"there is no file '{table.file}'", where="model.file", fix="give the path of a TOML file")
        return polar_lattice(effective_hamiltonian(table.file))
    name = str(table.effective_hamiltonian)
    if name not in EFFECTIVE_HAMILTONIANS:
        raise InputError(
            f"unknown effective Hamiltonian '{name}'{nearest(name, EFFECTIVE_HAMILTONIANS)}",
            where="model.effective_hamiltonian",
            fix="known: " + ", ".join(EFFECTIVE_HAMILTONIANS),
        )
    return polar_lattice(EFFECTIVE_HAMILTONIANS[name]())


def hysteresis_arguments(asked: Asked) -> dict[str, Any]:
    """The arguments of `hysteresis_loop`."""
    # a waveform is a table elsewhere
    return {"waveform": asked.table.waveform, **converted(asked, without=("waveform",))}


def heating_arguments(asked: Asked) -> dict[str, Any]:
    """The arguments of `heating_ramp`."""
    return {"temperatures": temperatures(asked, "temperatures"), **converted(asked, without=("temperatures",))}


def description(lattice: PolarLattice) -> str:
    """One line on a lattice."""
    p = lattice.polarization
    direction = ", ".join(f"{x:.3g}" for x in p / np.abs(p).max())
    return (
        f"{lattice.name}, P = {float(np.linalg.norm(p)):.4g} C/m^2 along [{direction}], M = "
        f"{float(np.trace(lattice.mass)) / 3:.5g} amu, Z = {float(np.trace(lattice.charge)) / 3:.5g} e, barrier "
        f"{1e3 * lattice.barrier:.4g} meV"
    )


def details(name: str) -> list[str]:
    """What to know about an effective Hamiltonian that comes with the package, line by line."""
    model = EFFECTIVE_HAMILTONIANS[name]()
    lattice = polar_lattice(model)
    return [
        description(lattice),
        f"source: {model.source}",
        f"kappa2 = {model.kappa2:.6g} eV/angstrom^2, j = " + ", ".join(f"{x:g}" for x in model.j) + " eV/angstrom^2",
        f"alpha = {model.alpha:.6g}, gamma = {model.gamma:.6g} eV/angstrom^4",
        f"k1 = {model.k1:.6g}, k2 = {model.k2:.6g}, k3 = {model.k3:.6g} eV/angstrom^6, k4 = {model.k4:.6g} "
        "eV/angstrom^8",
        f"Z* = {model.charge:g} e, eps_inf = {model.dielectric:g}, a_0 = {model.lattice_constant:g} angstrom",
        *(f"note: {warning}" for warning in lattice.warnings),
    ]


def cost(work: Any, chunks: Sequence[tuple[int, ...]]) -> tuple[int, float]:
    """(cells times steps, seconds) of a run with one process, from a few steps that are timed.

    work: of a protocol, with its box and its number of steps. chunks: the realizations, in pieces.
    """
    box, steps = work.box, work.steps_in_all
    chunk = chunks[0]
    lattice = box.dynamics(1.0)
    state = lattice.advance(lattice.start(box.lattice.ordered, realizations=chunk), 1)
    begun = time.process_time()
    taken = 0
    while taken < _TRIAL and time.process_time() - begun < _PATIENCE:
        state = lattice.advance(state, 1)
        taken += 1
    each = (time.process_time() - begun) / taken / len(chunk)
    realizations = sum(len(part) for part in chunks)
    cells = box.slab.cells
    return cells * steps * realizations, each * steps * realizations


def memory(work: Any, chunks: Sequence[tuple[int, ...]]) -> float:
    """Bytes of one process."""
    return float(_FIELDS * 24 * work.box.slab.cells * max(map(len, chunks)))
