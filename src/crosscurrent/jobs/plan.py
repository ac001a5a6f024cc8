"""What a job will cost, and a first job for a built-in material."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from crosscurrent.jobs import schema
from crosscurrent.jobs.build import Prepared
from crosscurrent.models.materials.registry import Material
from crosscurrent.numerics.domains import Box, Cutoff, Cylinder, Disk, Sphere
from crosscurrent.numerics.zone import Adaptive


@dataclass(frozen=True)
class Plan:
    """What a run takes.

    k_points: evaluations, an upper bound when `at_most`. seconds: with one process. bytes: peak of one process. None
    when unknown.
    """

    k_points: int
    at_most: bool
    seconds: float | None
    bytes: float | None

    def text(self, workers: int = 1) -> str:
        """Lines for the user; time and memory for this number of workers."""
        most = "at most " if self.at_most else ""
        lines = [f"k-points: {most}{self.k_points:,}"]
        time = "no estimate" if self.seconds is None else f"about {most}{_duration(self.seconds / workers)}"
        memory = "no estimate" if self.bytes is None else f"about {self.bytes * workers / 2**20:,.0f} MiB"
        lines += [f"time: {time} with {workers} worker{'s' if workers > 1 else ''}", f"memory: {memory}"]
        return "\n".join(lines)


def plan(prepared: Prepared) -> Plan:
    """Estimate the cost of a prepared job without running it."""
    adaptive = isinstance(prepared.method, Adaptive)
    cost: Any = None
    if prepared.job.response in ("spin_hall", "anomalous_hall") and prepared.method is not None:
        try:
            estimate = import_module("crosscurrent.responses.estimate").estimate
        except ModuleNotFoundError:
            estimate = None
        table = prepared.job.spin_hall
        definitions: tuple[str, ...] | None = ("anomalous_hall",) if prepared.job.response == "anomalous_hall" else None
        if table is not None:
            definitions = table.definitions
        if estimate is not None:
            cost = estimate(prepared.model, prepared.method, definitions=definitions, n_mu=prepared.n_mu)
    if cost is None:
        return Plan(prepared.k_points, adaptive, None, None)
    return Plan(int(cost.k_points), adaptive, float(cost.seconds), float(cost.bytes))


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "1 second"
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"


def starter_job(material: Material) -> schema.Job:
    """A first job for a built-in material: a cutoff to begin with, suggested chemical potentials and a modest mesh."""
    cutoff: Cutoff | None = None
    if material.needs_cutoff:
        cutoff = material.default_cutoff or (Sphere(0.5) if material.dim == 3 else Disk(0.5))
    reference = getattr(material.build(cutoff=cutoff), "reference_energy", 0.0)
    mu = tuple(sorted(material.suggested_mu)) or 0.0
    table = schema.SpinHall(mu=mu, mu_from="reference" if reference else "zero")
    return schema.Job(
        response="spin_hall",
        title=f"{material.title}: spin Hall conductivity",
        model=schema.Material(material=material.key, cutoff=_cutoff_table(cutoff)),
        spin_hall=table,
        zone=_starter_zone(material, cutoff),
    )


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
        case _:
            return None
