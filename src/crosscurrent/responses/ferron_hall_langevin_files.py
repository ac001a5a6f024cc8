"""What a run of trajectories reads and writes beside its result: checkpoints, frames, and states to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crosscurrent.responses.ferron_hall_langevin_run import Arrays, Trajectories, record_identity
from crosscurrent.results.checkpoint import read_checkpoint, write_checkpoint
from crosscurrent.results.files import holds_result_of
from crosscurrent.results.fingerprint import fingerprint
from crosscurrent.results.schema import Quantity
from crosscurrent.results.trajectory import TrajectoryFile, TrajectoryOutput, join_frames
from crosscurrent.units import InputError


@dataclass(frozen=True)
class LangevinFiles:
    """Paths, all optional.

    checkpoint: a folder where the trajectories are kept while they run, so that the same call goes on where it was
    stopped; with a longer duration it goes on where it ended. trajectory: frames over time, of the first realization.
    start: a state that another run has left, to begin with. final_state: where to leave one. job: the hash of the job
    that writes, which its files keep; with one, a file that does not carry it is never overwritten.
    """

    checkpoint: str | Path | None = None
    trajectory: TrajectoryFile | None = None
    start: str | Path | None = None
    final_state: str | Path | None = None
    job: str = ""

    def folder(self) -> Path | None:
        """The folder of the checkpoints. Raises InputError when it cannot be made."""
        return None if self.checkpoint is None else _folder(Path(self.checkpoint), "checkpoint")

    def output(self, step: float) -> TrajectoryOutput | None:
        """Where frames go while the run lasts."""
        if self.trajectory is None:
            return None
        stride = _stride(self.trajectory, step)
        target = Path(self.trajectory.file)
        beside = target.with_name(target.name + ".frames")
        place = beside if self.checkpoint is None else Path(self.checkpoint) / "frames"
        return TrajectoryOutput(_folder(place, "trajectory"), stride, self.trajectory.observables)

    def begin(
        self, trajectories: Trajectories, batches: Sequence[tuple[int, ...]]
    ) -> tuple[Trajectories, list[Arrays | None]]:
        """Where each batch starts, None for the ordered state at rest. Raises InputError for a state of another
        lattice, or of other copies, for frames that fall between steps, and for files that may not be written."""
        self._check_targets()
        if self.trajectory is not None:
            _stride(self.trajectory, trajectories.step)
        if self.start is None:
            return trajectories, [None] * len(batches)
        found = read_checkpoint(Path(self.start))
        if found is None:
            raise InputError("no such state", where=str(self.start), fix="give the file that final_state has written")
        _check_state(found, trajectories, batches, str(self.start))
        # the checkpoints of this run then belong to this beginning
        begun = replace(trajectories, origin=fingerprint([found["u"], found["v"], int(found["step"])]))
        return begun, [_begun(begun, batch, found) for batch in batches]

    def finish(self, trajectories: Trajectories, fields: tuple[str, ...], ends: Sequence[Arrays]) -> None:
        """Write the final state and put the frames together. Raises InputError for what another job has written there
        meanwhile."""
        self._check_targets()
        if self.final_state is not None:
            Path(self.final_state).parent.mkdir(parents=True, exist_ok=True)
            mark = {"job": np.array(self.job)} if self.job else {}
            write_checkpoint(Path(self.final_state), {**_final(trajectories, ends), **mark}, "state")
        output = self.output(trajectories.step)
        if output is None or self.trajectory is None:
            return
        variables, coords = frame_variables(trajectories, fields, output.observables)
        record, h = trajectories.record, trajectories.step
        attrs: dict[str, str | float] = {
            "quantity": "trajectory of polar modes in a heated slab, the first realization",
            "model": record.name,
            "model_source": record.source,
            "lattice_constant_angstrom": record.lattice_constant,
            "periodic": "T F T",
            "method": f"BAOAB, steps of {h:g} ps, seed {trajectories.seed}; velocities half a step after the frame",
            **({"job_hash": self.job} if self.job else {}),
        }
        done, kept = int(ends[0]["done"]), self.checkpoint is not None
        join_frames(output, done, Path(self.trajectory.file), variables, coords, attrs, keep=kept)

    def _check_targets(self) -> None:
        """Raises InputError for two files of one name, and for one that the job has not written itself."""
        state = None if self.final_state is None else Path(self.final_state)
        frames = None if self.trajectory is None else Path(self.trajectory.file)
        if state is not None and frames is not None and state.resolve() == frames.resolve():
            raise InputError(
                f"'{state.name}' is the file of the trajectory as well",
                where="final_state",
                fix="give the two different names",
            )
        if not self.job:
            return
        if state is not None and state.exists() and _job_of_state(state) != self.job:
            raise _not_ours(state, "final_state")
        if frames is not None and frames.exists() and not holds_result_of(frames, self.job):
            raise _not_ours(frames, "trajectory.file")


def frame_variables(
    trajectories: Trajectories, fields: tuple[str, ...], observables: tuple[str, ...]
) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    """Dims, units and names of the observables of a frame, and their coordinates."""
    plane, cells = ("field", "x", "y"), ("field", "x", "y", "z", "component")
    known = {
        "polarization": Quantity(plane, 0, "C/m^2", "polarization along the polar axis"),
        "kinetic_energy": Quantity(plane, 0, "eV", "kinetic energy of a cell"),
        "angular_momentum": Quantity((*plane, "component"), 0, "hbar", "angular momentum of a cell"),
        "displacement": Quantity(cells, 0, "angstrom", "displacement of the mode"),
        "velocity": Quantity(cells, 0, "angstrom/ps", "velocity of the mode"),
    }
    axes = {letter: np.arange(n) for letter, n in zip("xyz", trajectories.slab.shape, strict=True)}
    coords = {letter: Quantity((letter,), values, "cell", f"cell along {letter}") for letter, values in axes.items()}
    coords["field"] = Quantity(("field",), np.array(fields), "", "magnetic field: none, along z, or reversed")
    coords["component"] = Quantity(("component",), np.array(["x", "y", "z"]), "", "component")
    used = {dim for name in observables for dim in known[name].dims}
    return {name: known[name] for name in observables}, {dim: coords[dim] for dim in coords if dim in used}


def _final(trajectories: Trajectories, ends: Sequence[Arrays]) -> Arrays:
    """The state of all realizations, u and v at one time, for a run with any step."""
    langevin = trajectories.langevin
    velocities = [langevin.full_step_velocity(trajectories.state(end)) for end in ends]
    return {
        "u": np.concatenate([end["u"] for end in ends]),
        "v": np.concatenate(velocities),
        "step": ends[0]["step"],
        "lattice": np.array(_lattice(trajectories)),
    }


def _job_of_state(path: Path) -> str:
    """The job that has left a state; "" for what is no state, or of no job."""
    try:
        found = read_checkpoint(path) or {}
    except (InputError, OSError):
        return ""
    return str(found.get("job", ""))


def _not_ours(path: Path, key: str) -> InputError:
    return InputError(
        f"'{path}' exists and this job has not written it; it is never overwritten",
        where=key,
        fix="give another name, or remove the file",
    )


def _lattice(trajectories: Trajectories) -> str:
    return fingerprint([record_identity(trajectories.record), trajectories.slab])


def _check_state(found: Arrays, trajectories: Trajectories, batches: Sequence[tuple[int, ...]], where: str) -> None:
    if str(found.get("lattice", "")) != _lattice(trajectories):
        raise InputError(
            "this is the state of another lattice: its record or its grid differ",
            where=where,
            fix="start from a state of the same record on the same grid",
        )
    count, copies = sum(map(len, batches)), trajectories.copies
    if int(found["step"]) < 0 or found["v"].shape != found["u"].shape:
        raise InputError("this is not the state of a run, or it is damaged", where=where)
    if found["u"].shape[:2] != (count, copies):
        raise InputError(
            f"this state has {found['u'].shape[0]} realizations of {found['u'].shape[1]} copies, the run {count} of "
            f"{copies}",
            where=where,
            fix="ask for the same realizations, fields and control variate",
        )


def _begun(trajectories: Trajectories, batch: tuple[int, ...], found: Arrays) -> Arrays:
    at, step = list(batch), int(found["step"])
    state = trajectories.langevin.start(found["u"][at], found["v"][at], batch, step)
    moving = {"u": state.u, "v": state.v, "force": state.force, "step": np.array(step)}
    return {**moving, "first": np.array(step), "done": np.array(0)}


def _stride(wanted: TrajectoryFile, step: float) -> int:
    """Steps from frame to frame."""
    stride = round(wanted.every / step)
    if stride < 1 or abs(stride * step - wanted.every) > 1e-6 * wanted.every:
        raise InputError(
            f"frames every {wanted.every:g} ps do not fall on steps of {step:g} ps",
            where="trajectory.every",
            fix="give a multiple of the step",
        )
    return stride


def _folder(path: Path, where: str) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {path} ({error.strerror})", where=where, fix="choose a place you may write to"
        ) from error
    return path
