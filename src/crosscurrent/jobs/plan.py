"""What a job will cost."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from crosscurrent.jobs import langevin, lattice, protocols, schema
from crosscurrent.jobs.build import Prepared
from crosscurrent.jobs.limits import first_stage
from crosscurrent.jobs.machine import available_memory
from crosscurrent.jobs.memory import Memory, memory_of
from crosscurrent.models.bloch import BlochModel
from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.models.polar_lattice import PolarLattice
from crosscurrent.numerics.chunks import Work
from crosscurrent.numerics.zone import Adaptive, Method
from crosscurrent.responses.estimate import Cost, estimate, estimate_spin_generation
from crosscurrent.responses.phonon_spin_work import Column


@dataclass(frozen=True)
class Plan:
    """What a run takes.

    k_points: evaluations, an upper bound when `at_most`. seconds: with one process, None when unknown. memory: of its
    processes. points: what the evaluations are.
    """

    k_points: int
    at_most: bool
    seconds: float | None
    memory: Memory
    points: str = "k-points"

    def text(self, workers: int = 1) -> str:
        """Lines for the user; time and memory for this number of workers."""
        most = "at most " if self.at_most else ""
        lines = [f"{self.points}: {most}{self.k_points:,}"]
        time = "no estimate" if self.seconds is None else f"about {most}{_duration(self.seconds / workers)}"
        memory = f"about {self.memory.total(workers) / 2**20:,.0f} MiB{self._of_free()}"
        lines += [f"time: {time} with {workers} worker{'s' if workers > 1 else ''}", f"memory: {memory}"]
        return "\n".join(lines)

    @staticmethod
    def _of_free() -> str:
        free = available_memory()
        return "" if free is None else f", of {1024 * free:,.0f} MiB that are free here"


def plan(prepared: Prepared) -> Plan:
    """Estimate the cost of a prepared job without running it. Raises InputError for what the run would refuse."""
    points, at_most, seconds, what = _time(prepared)
    return Plan(points, at_most, seconds, memory_of(prepared), what)


def _time(prepared: Prepared) -> tuple[int, bool, float | None, str]:
    """(evaluations, whether these are the most, seconds, what they are)."""
    if prepared.model is None or isinstance(prepared.model, ParaelectricMetal):
        return _metal(prepared)
    if isinstance(prepared.model, LocalMode):
        # refuses what the run would refuse
        first_stage(prepared)
        if prepared.job.response == "ferron_hall_langevin":
            return *_sure(langevin.cost(prepared.model, prepared.arguments)), "cells times steps"
        if prepared.job.response in ("ferron_hall", "ferron_coefficients"):
            return *_sure(lattice.cost(prepared.arguments)), "wave vectors"
    if isinstance(prepared.model, LocalMode | PolarLattice):
        stage = first_stage(prepared)
        cost = (0, None) if stage is None else protocols.cost(stage.work, stage.chunks)
        return *_sure(cost), "cells times steps"
    adaptive = isinstance(prepared.method, Adaptive)
    judge = _ESTIMATES.get(prepared.job.response)
    if judge is None or prepared.method is None:
        return prepared.k_points, adaptive, None, "k-points"
    found = judge(prepared, prepared.method)
    return int(found.k_points), adaptive, float(found.seconds), "k-points"


def _sure(cost: tuple[int, float | None]) -> tuple[int, bool, float | None]:
    return cost[0], False, cost[1]


#: Columns, and temperatures of each, that are timed.
_TRIALS, _FEW = 4, 3


def _metal(prepared: Prepared) -> tuple[int, bool, float | None, str]:
    """Temperatures, gaps and wave vectors; the time from a few of them. Raises InputError as the run would."""
    stage = first_stage(prepared)
    if stage is None:
        return 0, False, None, "points"
    columns = [column for chunk in stage.chunks for column in chunk]
    if not isinstance(columns[0], Column):
        # single points, as dear as one another
        return len(columns), False, len(columns) * _timed(stage.work, columns[:1]), "points"
    sample = columns[:: -(-len(columns) // _TRIALS)]
    one, few = (_timed(stage.work, [_cut(column, n) for column in sample]) for n in (1, _FEW))
    longest = max(len(column.temperatures) for column in columns)
    # a column has a cost of its own, and one for each of its temperatures
    more = max(0.0, few - one) / (_FEW - 1) if longest > 1 else 0.0
    seconds = sum(one + more * (len(column.temperatures) - 1) for column in columns) / len(sample)
    return round(sum(stage.weights)), False, seconds, "points"


def _cut(column: Column, n: int) -> Column:
    """The column at n of its temperatures, spread evenly."""
    t = column.temperatures
    return dataclasses.replace(column, temperatures=t[np.linspace(0, len(t) - 1, min(n, len(t))).astype(int)])


def _timed(work: Work, columns: list[Any]) -> float:
    start = time.perf_counter()
    work(columns)
    return time.perf_counter() - start


def _hall(prepared: Prepared, method: Method) -> Cost:
    hall = prepared.job.response == "anomalous_hall"
    definitions = ("anomalous_hall",) if hall else prepared.arguments.get("definitions")
    return estimate(_bands(prepared), method, definitions=definitions, n_mu=prepared.n_mu)


def _spin_generation(prepared: Prepared, method: Method) -> Cost:
    shared = ("omega", "projections", "tensors", "kubo", "eta")
    given = {key: prepared.arguments[key] for key in shared if key in prepared.arguments}
    return estimate_spin_generation(_bands(prepared), method, n_mu=prepared.n_mu, **given)


def _bands(prepared: Prepared) -> BlochModel:
    assert prepared.model is not None
    assert not isinstance(prepared.model, ParaelectricMetal | LocalMode | PolarLattice | HarmonicCrystal)
    return prepared.model


_ESTIMATES: dict[schema.ResponseName, Callable[[Prepared, Method], Cost]] = {
    "spin_hall": _hall,
    "anomalous_hall": _hall,
    "spin_generation": _spin_generation,
}


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "1 second"
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
