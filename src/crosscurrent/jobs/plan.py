"""What a job will cost, and a first job for a built-in material."""

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
from crosscurrent.models.materials.registry import Material
from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.models.polar_lattice import PolarLattice
from crosscurrent.numerics.chunks import Work
from crosscurrent.numerics.domains import Box, Cutoff, Cylinder, Disk, Plane, Sphere
from crosscurrent.numerics.zone import Adaptive, Method
from crosscurrent.responses.estimate import Cost, estimate, estimate_spin_generation
from crosscurrent.responses.phonon_spin_work import Column
from crosscurrent.units import PLANCK_EV_PER_THZ, InputError


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


def starter_job(material: Material, response: str = "spin_hall") -> schema.Job:
    """A first job for a built-in material: a cutoff to begin with, suggested chemical potentials and a modest mesh.

    response: "spin_hall", "anomalous_hall" or "spin_generation" (of the lower half of the bands in a field of 1e7 V/m
    at 1 THz). Raises InputError for another one.
    """
    cutoff: Cutoff | None = None
    if material.needs_cutoff:
        cutoff = material.default_cutoff or (Sphere(0.5) if material.dim == 3 else Disk(0.5))
    model = material.build(cutoff=cutoff)
    mu_from: schema.MuFrom = "reference" if getattr(model, "reference_energy", 0.0) else "zero"
    mu = tuple(sorted(material.suggested_mu)) or 0.0
    tables: dict[str, schema.Table] = {
        "spin_hall": schema.SpinHall(mu=mu, mu_from=mu_from),
        "anomalous_hall": schema.AnomalousHall(mu=mu, mu_from=mu_from),
        "spin_generation": schema.SpinGeneration(
            filling=max(model.n_states // 2, 1), omega=PLANCK_EV_PER_THZ, field=(1e7, *[0.0] * (material.dim - 1))
        ),
    }
    if response not in tables:
        raise InputError(f"no first job for '{response}'", where="--response", fix="choose one of " + ", ".join(tables))
    return schema.Job(
        response=response,  # type: ignore[arg-type]
        title=f"{material.title}: {_TITLES[response]}",
        model=schema.Material(material=material.key, cutoff=_cutoff_table(cutoff)),
        zone=_starter_zone(material, cutoff),
        **{response: tables[response]},  # type: ignore[arg-type]
    )


def starter_metal_job(metal: str, response: str = "phonon_spin") -> schema.Job:
    """A first job for a built-in metal.

    response: "phonon_spin", at a small q, or "crossover_map". Raises InputError for another one.
    """
    temperature = schema.TemperatureRange(start=0.5, stop=20.0, num=40, spacing="log")
    tables: dict[str, schema.Table] = {
        "phonon_spin": schema.PhononSpin(
            temperature=temperature, gap=(0.0, 5e-4, 1e-3), q=((1e-3, 0.0, 0.0),), q_unit="k_F"
        ),
        "crossover_map": schema.CrossoverMap(temperature=temperature, gap=schema.Range(start=0.0, stop=2e-3, num=41)),
    }
    if response not in tables:
        raise InputError(f"no first job for '{response}'", where="--response", fix="choose one of " + ", ".join(tables))
    return schema.Job(
        response=response,  # type: ignore[arg-type]
        title=f"{metal}: {_TITLES[response]}",
        model=schema.Metal(metal=metal),
        **{response: tables[response]},  # type: ignore[arg-type]
    )


def starter_lattice_job(record: str, response: str = "ferron_hall") -> schema.Job:
    """A first job for a lattice of polar modes: a small slab at 80 rad/ps. Raises InputError for another response."""
    if response != "ferron_hall":
        raise InputError(f"no first job for '{response}'", where="--response", fix="choose ferron_hall")
    return schema.Job(
        response="ferron_hall",
        title=f"{record}: ferron Hall effect",
        model=schema.LocalModeRecord(local_mode=record),
        ferron_hall=schema.FerronHall(
            grid=(41, 31, 9),
            temperature=schema.HotBandTable(hot=50.0, cold=0.0, width=0.25, smoothing=0.12),
            omega_B=80.0,
        ),
    )


_TITLES = {
    "phonon_spin": "phonon-mediated spin conductivity",
    "crossover_map": "scaling of the phonon-mediated spin conductivity",
    "spin_hall": "spin Hall conductivity",
    "anomalous_hall": "anomalous Hall conductivity",
    "spin_generation": "spin generation",
}


def _starter_zone(material: Material, cutoff: Cutoff | None) -> schema.Zone:
    if cutoff is None or isinstance(cutoff, Box):
        return schema.Uniform(mesh=(100, 100) if material.dim == 2 else (24, 24, 24))
    return schema.Polar(radial=100, angular=24, polar=None if material.dim == 2 else 24)


def _cutoff_table(cutoff: Cutoff | None) -> schema.CutoffTable | None:
    match cutoff:
        case Box():
            return schema.BoxCutoff(half_widths=tuple(cutoff.half_widths))
        case Disk():
            return schema.DiskCutoff(radius=cutoff.radius)
        case Sphere():
            return schema.SphereCutoff(radius=cutoff.radius)
        case Cylinder():
            return schema.CylinderCutoff(radius=cutoff.radius, half_height=cutoff.half_height)
        case Plane():
            return schema.PlaneCutoff(scale=cutoff.scale)
        case _:
            return None
