"""The table of the ferron Hall effect from trajectories.

The keys are those of the function and of its `Sampling` and `LangevinFiles`; see `fields` for the units of plain
numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from crosscurrent.jobs.fields import AngularFrequency, Count, Duration, Table, Time
from crosscurrent.jobs.lattice_questions import DampingProfile, SpongeTable, TemperatureProfile

ErrorGoal = Annotated[float, Meta(gt=0, extra={"quantity": "polarization"})]
Observable = Literal["polarization", "kinetic_energy", "angular_momentum", "displacement", "velocity"]


class TrajectoryTable(Table, frozen=True, kw_only=True):
    """What is kept of a trajectory, that of the first realization.

    file: netCDF, its path counts from the folder of the result. every: time between frames, a multiple of the step.
    observables: the first three are means over z, the last two whole fields, which `crosscurrent export` writes as
    extended XYZ.
    """

    file: str
    every: Duration
    observables: tuple[Observable, ...] = ("polarization", "kinetic_energy", "angular_momentum")


class FerronHallLangevin(Table, frozen=True, kw_only=True):
    """The maps of [ferron_hall] from trajectories of the whole anharmonic lattice, with statistical errors.

    grid: cells along x, y and z; the slab is open along y. temperature: along x, as in [ferron_hall]. damping: along y,
    likewise. omega_B: one field, rad/ps. realizations: independent trajectories. duration: of each. step: of the
    integrator. seed: of the noise. settle: time before anything is measured; twelve times the longest damping time when
    absent. block: time of one average. batch: how many realizations go together in one piece of work. until_error: go
    on until the error of the odd polarization, as root mean square over the cells, is below this, C/m^2. longest: time
    of each realization at most when there is such a goal; fifty durations when absent. anharmonic: false for the
    harmonic well, whose exact means are known. control_variate: a linear trajectory beside each, driven by the same
    noise. zero_field: also without a field. common_noise: also in the reversed field with the same noise. precision: of
    the trajectories. route: how the couplings are summed, "fourier" or "trigonometric". device: gpu-or-cpu falls back
    where there is no GPU. balances: also the terms of the local balances of kinetic energy, energy and angular
    momentum; on the CPU only. memory: GiB a worker, for the noise-free maps; what the machine has free when absent.
    trajectory: frames to keep. start: a state that another run has left, to begin with; path from the folder of the job
    file. final_state: file to leave one in, path from the folder of the result.
    """

    grid: tuple[Count, Count, Count]
    temperature: TemperatureProfile
    damping: DampingProfile = SpongeTable()
    omega_B: AngularFrequency
    realizations: Count = 8
    duration: Duration = 100.0
    step: Duration = 0.0025
    seed: Annotated[int, Meta(ge=0)] = 0
    settle: Annotated[Time, Meta(ge=0)] | None = None
    block: Duration = 1.0
    batch: Count = 1
    until_error: ErrorGoal | None = None
    longest: Duration | None = None
    anharmonic: bool = True
    control_variate: bool = True
    zero_field: bool = True
    common_noise: bool = False
    precision: Literal["double", "single"] = "double"
    route: Literal["fastest", "fourier", "trigonometric"] = "fastest"
    device: Literal["cpu", "gpu", "gpu-or-cpu"] = "cpu"
    balances: bool = False
    memory: Annotated[float, Meta(gt=0)] | None = None
    trajectory: TrajectoryTable | None = None
    start: str | None = None
    final_state: str | None = None
