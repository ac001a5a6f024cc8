"""The ferron Hall effect from trajectories as a job: its arguments, where its files go, an error goal, its cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from crosscurrent.jobs import schema
from crosscurrent.jobs.arguments import Asked, converted
from crosscurrent.jobs.lattice import at_keys, profile_of
from crosscurrent.jobs.machine import available_memory
from crosscurrent.jobs.parse import job_hash
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.profiles import realised
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.expanded_well import expanded_well
from crosscurrent.physics.lattice_dynamics import lattice_dynamics
from crosscurrent.physics.lattice_langevin import driven_slab, gyration
from crosscurrent.responses.ferron_hall import ferron_hall_memory
from crosscurrent.responses.ferron_hall_langevin_files import LangevinFiles
from crosscurrent.responses.ferron_hall_langevin_maps import symmetry_of
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
from crosscurrent.results.trajectory import TrajectoryFile
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_PROFILES = ("temperature", "damping")
_FILES = ("trajectory", "start", "final_state")
_SAMPLING = tuple(field.name for field in fields(Sampling))
#: Steps that are timed to learn what one costs.
_TRIAL = 5
#: Fields of the size of u that a run holds at once.
_FIELDS = 8
#: What the balances of a copy cost beside its steps, and the fields they hold.
_BALANCES, _BALANCE_FIELDS = 1.5, 16
#: Copies of the run that chooses the twin, and its damping times; it has one realization.
_PILOT_COPIES, _PILOT_TIMES = 3, 6.0


def ferron_hall_langevin_arguments(asked: Asked) -> dict[str, Any]:
    """The arguments of `ferron_hall_langevin`."""
    table = asked.table
    profiles = {name: profile_of(getattr(table, name), name, asked.at(name)) for name in _PROFILES}
    rest = {"memory": available_memory(), **converted(asked, without=(*_PROFILES, *_FILES, *_SAMPLING))}
    kept = table.trajectory
    frames = None if kept is None else TrajectoryFile(kept.file, kept.every, kept.observables)
    writes = frames is not None or table.final_state is not None
    job = job_hash(asked.job) if writes else ""
    files = LangevinFiles(trajectory=frames, start=table.start, final_state=table.final_state, job=job)
    sampling = Sampling(**{name: getattr(table, name) for name in _SAMPLING})
    return {**profiles, "sampling": sampling, "files": files, **rest}


def placed(arguments: Mapping[str, Any], run: ChunkMap) -> dict[str, Any]:
    """The arguments with paths: checkpoints among the unfinished pieces of the run, what is written beside its result.

    Without an output, paths count from here and nothing is kept. Raises InputError for the name of the output itself.
    """
    files: LangevinFiles = arguments["files"]
    folder: Path | None = getattr(getattr(run, "store", None), "folder", None)
    beside = Path() if folder is None else folder.parent
    taken = () if folder is None else (folder.name, folder.name.removesuffix(".parts"))
    frames, state = files.trajectory, files.final_state
    files = replace(
        files,
        checkpoint=None if folder is None else folder / "checkpoints",
        trajectory=None
        if frames is None
        else replace(frames, file=beside / _within(frames.file, "trajectory.file", taken)),
        final_state=None if state is None else beside / _within(state, "final_state", taken),
        # what only asks, and writes nothing, does not know where the output will be
        job=files.job if hasattr(run, "store") else "",
    )
    return {**arguments, "files": files}


def _within(name: str | Path, key: str, taken: tuple[str, ...] = ()) -> Path:
    """A name in the folder of the output. Raises InputError for a job that would write elsewhere, or where something
    else goes."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) != 1:
        raise InputError(
            f"'{name}' is not a plain name; a job writes beside its output and nowhere else",
            where=f"ferron_hall_langevin.{key}",
            fix=f"give '{path.name or 'a name'}', and the folder with the output (-o)",
        )
    if path.name in taken:
        raise InputError(
            f"'{name}' is where the result itself goes",
            where=f"ferron_hall_langevin.{key}",
            fix="give another name",
        )
    return path


def with_error_goal(job: schema.Job, goal: float) -> schema.Job:
    """The job with another error goal. Raises InputError for a job that takes none."""
    if job.ferron_hall_langevin is None:
        raise InputError(
            f"'{job.response}' is not sampled until an error is reached",
            where="--until-error",
            fix="it is for jobs of ferron_hall_langevin",
        )
    table = msgspec.structs.replace(job.ferron_hall_langevin, until_error=goal)
    return msgspec.structs.replace(job, ferron_hall_langevin=table)


def cost(record: LocalMode, arguments: Mapping[str, Any]) -> tuple[int, float]:
    """(cells times steps, seconds) of a run with one process, from a few steps that are timed.

    With an error goal the time is that of the first round.
    """
    slab, sampling = Slab(arguments["grid"]), arguments["sampling"]
    heat, friction = _baths(arguments)
    ties = record.couplings(slab)
    lattice = lattice_dynamics(
        ties,
        [expanded_well(record.well)],
        record.mass,
        temperature=heat,
        damping=friction,
        step=sampling.step,
        precision=arguments.get("precision", "double"),
        route=arguments.get("route", "fastest"),
    )
    state = lattice.advance(lattice.start(0.0, 0.0), 1)
    begun = time.process_time()
    lattice.advance(state, _TRIAL)
    each = (time.process_time() - begun) / _TRIAL
    problem = driven_slab(ties, record.well.stiffness, record.mass, friction, gyration(0.0), step=sampling.step)
    fields = _fields(arguments, symmetry_of(record, problem, heat).mirror_y)
    once = _steps(sampling, friction) * sampling.realizations
    every = once * fields * _kinds(arguments) + _pilot_steps(arguments, friction)
    seconds = each * (every + (_BALANCES * once * fields if arguments.get("balances") else 0))
    return slab.cells * every, seconds


def memory(arguments: Mapping[str, Any]) -> float:
    """Bytes of one process: the fields of a batch of trajectories, or the noise-free maps before them."""
    slab, batch = Slab(arguments["grid"]), arguments["sampling"].batch
    friction = _baths(arguments)[1]
    # of records without the mirror the reversed field is not counted: to know them takes the couplings
    fields = _fields(arguments, np.array_equal(friction, friction[::-1]))
    moved = float(_FIELDS * 24 * slab.cells * fields * _kinds(arguments) * batch)
    kept = 24.0 * _BALANCE_FIELDS * slab.cells * fields * batch if arguments.get("balances") else 0.0
    return max(moved + kept, 2**30 * ferron_hall_memory(slab))


def _baths(arguments: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Temperature (Nx,) K and damping (Ny,) 1/ps. Raises InputError for profiles that are no such things."""
    nx, ny, _ = Slab(arguments["grid"]).shape
    with at_keys("ferron_hall_langevin", _PROFILES):
        heat, _ = realised(arguments["temperature"], nx, "temperature", positive=False)
        friction, _ = realised(arguments["damping"], ny, "damping", positive=True)
    return heat, friction


def _kinds(arguments: Mapping[str, Any]) -> int:
    """The whole lattice, and its twin where there is one."""
    return 2 if arguments.get("anharmonic", True) and arguments.get("control_variate", True) else 1


def _fields(arguments: Mapping[str, Any], mirror_y: bool) -> int:
    """Fields that share the noise. Where the mirror y -> -y is broken, the reversed one is always among them."""
    return int(1 + arguments.get("zero_field", True) + (arguments.get("common_noise", False) or not mirror_y))


def _pilot_steps(arguments: Mapping[str, Any], friction: Floats) -> int:
    """Steps of all copies of the run that chooses the twin."""
    if _kinds(arguments) == 1:
        return 0
    return _PILOT_COPIES * int(_PILOT_TIMES / float(friction.min()) / arguments["sampling"].step)


def _steps(sampling: Sampling, friction: Floats) -> int:
    """Of one trajectory."""
    return sampling.settle_steps(friction) + sampling.blocks(sampling.duration) * sampling.block_steps
