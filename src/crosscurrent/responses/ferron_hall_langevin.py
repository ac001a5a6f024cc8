"""The ferron Hall effect with noise: the whole anharmonic lattice, by Langevin dynamics, with errors.

Trajectories of a heated slab in a field, beside linear ones that the same noise drives and whose means are known
exactly: what both fluctuate in drops out. The noise-free maps of `ferron_hall` stand beside the result, and the
difference is what anharmonicity does beyond them. Bustamante Lopez, Brehm and Juraschek (2026), Eq. (4).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_stability import check_stability
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.profiles import Profile, realised
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_langevin import bath_strength, driven_slab, gyration
from crosscurrent.physics.lattice_time_step import check_step
from crosscurrent.physics.lattice_units import ACCELERATION, BOLTZMANN
from crosscurrent.responses.ferron_hall import check_grid_memory, ferron_hall_kernels
from crosscurrent.responses.ferron_hall_langevin_balances import check_balances
from crosscurrent.responses.ferron_hall_langevin_energy import EnergyConservation, energy_conservation
from crosscurrent.responses.ferron_hall_langevin_estimate import Samples
from crosscurrent.responses.ferron_hall_langevin_files import LangevinFiles
from crosscurrent.responses.ferron_hall_langevin_labels import Ran, labelled_trajectories
from crosscurrent.responses.ferron_hall_langevin_maps import Symmetry, symmetry_of
from crosscurrent.responses.ferron_hall_langevin_run import Arrays, Leg, RunLegs, Trajectories
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling, check_rounding, device_of
from crosscurrent.responses.ferron_hall_langevin_twin import closest_twin, twin_rows
from crosscurrent.responses.ferron_hall_maps import Maps
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_log = logging.getLogger(__name__)

#: A round of an adaptive run makes it at most this many times as long, and at least this many times.
_MOST, _LEAST = 4.0, 1.2


def ferron_hall_langevin(
    record: LocalMode,
    grid: Slab | tuple[int, int, int],
    temperature: Profile | Sequence[float] | Floats,
    damping: Profile | Sequence[float] | Floats,
    omega_B: float,
    sampling: Sampling = Sampling(),  # noqa: B008, a frozen value
    *,
    anharmonic: bool = True,
    control_variate: bool = True,
    zero_field: bool = True,
    common_noise: bool = False,
    precision: str = "double",
    route: str = "fastest",
    device: str = "cpu",
    balances: bool = False,
    memory: float | None = None,
    files: LangevinFiles = LangevinFiles(),  # noqa: B008, a frozen value
    run: ChunkMap = serial,
) -> xr.Dataset:
    """The maps of `ferron_hall` from trajectories of the whole lattice, with statistical errors.

    record, grid, temperature, damping, omega_B: as in `ferron_hall`. sampling: realizations, times, step, seed, and the
    error to reach. anharmonic: False for the harmonic well, to compare with the exact covariance of its trajectories.
    control_variate: a linear trajectory beside each, driven by the same noise. zero_field: also without a field.
    common_noise: also in the reversed field with the same noise; needed, and always done, where damping or record
    break the mirror y -> -y. precision: of the trajectories, "double" or "single". route: how the couplings are summed.
    device: "cpu", "gpu", or "gpu-or-cpu" to fall back. balances: also the terms of the local balances S29, S31 and S38,
    at every step of the trajectories; on the CPU only. memory: GiB a worker, of the noise-free maps. files: what is
    read and written on the way. run: where the batches run; no number depends on it, nor on interruptions.

    Returns the maps of `ferron_hall` with `_error` (one standard error), the exact covariance of the linear
    trajectories at this step (`..._noise_free`) and the difference (`..._difference`); temperatures of cells from
    their kinetic energy and from the virial; the power of the baths; and by observable and part: the slope against the
    noise-free map, the deviation in standard errors, the reduction of the variance, the autocorrelation time.

    Raises InputError as `ferron_hall` does, and for a step beyond the stability limit, single precision where rounding
    would heat the lattice, a GPU that is not there, and checkpoints or states that belong to something else.
    """
    slab = grid if isinstance(grid, Slab) else Slab(grid)
    heat, heat_words = realised(temperature, slab.shape[0], "temperature", positive=False)
    friction, _ = realised(damping, slab.shape[1], "damping", positive=True)
    machine = device_of(device)
    if balances:
        check_balances(machine)
    check_grid_memory(slab, memory)
    problem = _linear(record, slab, friction, sampling.step)
    symmetry = symmetry_of(record, problem, heat)
    fields = _fields(omega_B, zero_field, common_noise or not symmetry.mirror_y)
    trajectories = Trajectories(
        record=record,
        slab=slab,
        temperature=heat,
        damping=friction,
        omegas=tuple(fields.values()),
        anharmonic=anharmonic,
        twin=anharmonic and control_variate,
        step=sampling.step,
        settle=sampling.settle_steps(friction),
        block=sampling.block_steps,
        seed=sampling.seed,
        precision=precision,
        route=route,
        device=machine,
        balances=balances,
    )
    rounding = _rounding(trajectories)
    check_step(sampling.step, check_stability(record, slab, record.couplings(slab)).frequency)
    files.begin(trajectories, sampling.batches())  # for what it refuses, before the first work
    trajectories = closest_twin(trajectories, run)
    trajectories, starts = files.begin(trajectories, sampling.batches())
    # the first that takes long; all that can be refused is refused by now, or at the start of this
    solved = ferron_hall_kernels(record, slab, damping, omega_B, step=sampling.step, memory=memory, run=run)
    exact = twin_rows(trajectories, tuple(fields), run) if trajectories.twin else {}
    asked = _Asked(trajectories, problem, symmetry, tuple(fields), sampling, exact, solved.maps(heat))
    work = RunLegs(trajectories, files.folder(), files.output(sampling.step))
    ends, samples, met = _rounds(asked, work, starts, run)
    files.finish(trajectories, tuple(fields), ends)
    about = {"temperature_profile": heat_words, "damping_profile": solved.damping_profile}
    wanted = device.partition("-")[0]
    energy = _energy(trajectories, ends, solved.stability.frequency)
    return labelled_trajectories(
        Ran(trajectories, samples, sampling, ends, met, solved, rounding, omega_B, wanted, energy), about
    )


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is run, and what is known of it beforehand. fields: names of the trajectories' omegas. exact: rows of the
    twins by field; none when there is no twin. noise_free: maps by part."""

    trajectories: Trajectories
    problem: DrivenSlab
    symmetry: Symmetry
    fields: tuple[str, ...]
    sampling: Sampling
    exact: dict[str, Floats]
    noise_free: dict[str, Maps]

    def samples(self, ends: Sequence[Arrays]) -> Samples:
        """The blocks that the batches have left."""
        blocks = np.array([end["blocks"] for end in ends])
        kinds = [{name: blocks[:, :, k, i] for i, name in enumerate(self.fields)} for k in range(blocks.shape[2])]
        twin = kinds[1] if self.trajectories.twin else None
        run = self.trajectories
        known = (self.exact, self.noise_free, BOLTZMANN * run.temperature, not run.anharmonic)
        return Samples(run.record, self.problem, self.symmetry, kinds[0], twin, *known)


def _rounds(
    asked: _Asked, work: RunLegs, starts: Sequence[Arrays | None], run: ChunkMap
) -> tuple[list[Arrays], Samples, bool | None]:
    """What the batches leave, and whether the error that was asked for is met; None when none was."""
    sampling, batches = asked.sampling, asked.sampling.batches()
    goal, blocks, done = sampling.until_error, sampling.blocks(sampling.duration), 0
    ends: list[Arrays | None] = list(starts)
    while True:
        legs = [Leg(n, batch, blocks, end) for n, (batch, end) in enumerate(zip(batches, ends, strict=True))]
        arrays = [dict(piece) for piece in run("trajectories", work, legs, [float(blocks - done)] * len(legs))]
        samples = asked.samples(arrays)
        if goal is None:
            return arrays, samples, None
        error = samples.odd_polarization_error()
        _log.info("after %d blocks the error of the odd polarization is %.3g C/m^2", blocks, error)
        if error <= goal or blocks >= sampling.most_blocks:
            return arrays, samples, error <= goal
        growth = min(max(1.05 * (error / goal) ** 2, _LEAST), _MOST)
        ends, done, blocks = list(arrays), blocks, min(math.ceil(blocks * growth), sampling.most_blocks)


def _fields(omega: float, zero_field: bool, reverse: bool) -> dict[str, float]:
    """Name -> Omega_B of every copy that shares the noise."""
    if not math.isfinite(omega):
        raise InputError(f"omega_B is {omega}", where="omega_B", fix="give rad/ps")
    still = {"still": 0.0} if zero_field else {}
    return {**still, "turned": float(omega), **({"reversed": -float(omega)} if reverse else {})}


def _linear(record: LocalMode, slab: Slab, damping: Floats, step: float) -> DrivenSlab:
    """The linear problem without a field."""
    return driven_slab(record.couplings(slab), record.well.stiffness, record.mass, damping, gyration(0.0), step=step)


def _energy(trajectories: Trajectories, ends: Sequence[Arrays], frequency: float) -> EnergyConservation | None:
    """See `energy_conservation`."""
    each = trajectories.settle + int(ends[0]["done"]) * trajectories.block
    steps = each * trajectories.copies * sum(len(end["realizations"]) for end in ends)
    return energy_conservation(trajectories, ends[0], frequency, steps)


def _rounding(trajectories: Trajectories) -> float:
    """See `check_rounding`; nothing in double precision."""
    if trajectories.precision != "single":
        return 0.0
    record, heat = trajectories.record, trajectories.temperature
    mass = float(np.trace(record.mass)) / 3
    stiffness = float(np.linalg.eigvalsh(record.well.stiffness)[0])
    spread = np.sqrt(bath_strength(heat) / ACCELERATION / stiffness)
    warm = heat[heat > 0]
    if not len(warm):
        return 0.0
    double = replace(trajectories, precision="double")
    return check_rounding(trajectories.langevin, double.langevin, spread, mass, float(warm.min()))
