"""Trajectories of a heated slab, piece by piece, so that they can be stopped anywhere and go on with the same bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.block_averages import BlockSeries
from crosscurrent.numerics.langevin import Langevin, State
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics import lattice_observables as observables
from crosscurrent.physics.expanded_well import expanded_well
from crosscurrent.physics.lattice_dynamics import lattice_dynamics
from crosscurrent.physics.lattice_step_balances import TERMS, CellForces, StepBalances
from crosscurrent.physics.lattice_units import BOLTZMANN
from crosscurrent.physics.on_site import LinearOnSite, OnSite
from crosscurrent.responses.ferron_hall_langevin_maps import WIDTH, row_of
from crosscurrent.results.checkpoint import Checkpoint
from crosscurrent.results.fingerprint import fingerprint
from crosscurrent.results.trajectory import Frames, TrajectoryOutput

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

#: Steps from one product of fields to the next; the energy of a mode changes slowly beside its oscillation.
EVERY = 10
#: What the names of the arrays of the balances begin with.
BALANCES = "balance_"


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Everything the numbers of the trajectories depend on, but which realizations and how long.

    temperature: (Nx,) K. damping: (Ny,) 1/ps. omegas: Omega_B of each field, rad/ps. anharmonic: whether the well is
    the whole one, or its harmonic part. twin: whether each copy has a linear one beside it. step: h, ps. settle, block:
    steps before anything is measured, and in a block. device: "cpu" or "gpu". origin: of which state they start; "" for
    the ordered one at rest. twin_change: what the twin has more of stiffness along the axis, eV/angstrom^2.
    balances: whether the terms of the local balances are kept, of all fields without twins.
    """

    record: LocalMode
    slab: Slab
    temperature: Floats
    damping: Floats
    omegas: tuple[float, ...]
    anharmonic: bool
    twin: bool
    step: float
    settle: int
    block: int
    seed: int
    precision: str
    route: str
    device: str
    origin: str = ""
    twin_change: float = 0.0
    balances: bool = False

    @property
    def copies(self) -> int:
        return len(self.omegas) * (2 if self.twin else 1)

    @cached_property
    def langevin(self) -> Langevin:
        """The lattice in displacements from the ordered state. Copies: all fields, then their twins."""
        kinds = (self.site(), self.harmonic(self.twin_change)) if self.twin else (self.site(),)
        return self.dynamics([kind for kind in kinds for _ in self.omegas], self.omegas * len(kinds))

    def dynamics(self, wells: Sequence[OnSite], omegas: Sequence[float]) -> Langevin:
        """Copies of the lattice, each with its well and Omega_B, that the same noise drives."""
        return lattice_dynamics(
            self.record.couplings(self.slab),
            wells,
            self.record.mass,
            temperature=self.temperature,
            damping=self.damping,
            omega=omegas,
            step=self.step,
            seed=self.seed,
            precision=self.precision,
            route=self.route,
            device="numpy" if self.device == "cpu" else self.device,
        )

    @cached_property
    def cell_forces(self) -> CellForces:
        """The forces on the cells, apart, for all fields without twins."""
        record, ties = self.record, self.record.couplings(self.slab)
        spin, thermal = record.angular[2], BOLTZMANN * self.temperature
        return CellForces(self.langevin, ties, record.blocks, self.site(), len(self.omegas), record.mass, spin, thermal)

    def site(self) -> OnSite:
        """The well that is followed, about the ordered state."""
        return self.well() if self.anharmonic else self.harmonic(0.0)

    def well(self) -> OnSite:
        """The whole well, about the ordered state."""
        return expanded_well(self.record.well)

    def harmonic(self, change: float) -> OnSite:
        """Its harmonic part, with this much more stiffness along the axis, eV/angstrom^2."""
        return LinearOnSite((0.0,) * 3, (0.0,) * 3, tuple(map(tuple, self.twin_well(change).tolist())))

    def twin_well(self, change: float) -> Floats:
        """The stiffness of `harmonic`, (3, 3) eV/angstrom^2."""
        axis = np.asarray(self.record.well.axis)
        return np.asarray(self.record.well.stiffness + change * np.outer(axis, axis))

    @property
    def row(self) -> tuple[int, ...]:
        """Shape of the means over one block: (kinds, fields, Nx, Ny, WIDTH)."""
        return (2 if self.twin else 1, len(self.omegas), *self.slab.shape[:2], WIDTH)

    def sums(self, state: State) -> Sums:
        """What is kept of a block that begins with this state."""
        products = ("vv", "uv", "uu", "uf")
        if not self.balances:
            return Sums(EVERY, products)
        return StepBalances(EVERY, products, cells=self.cell_forces).begin(state)

    def state(self, arrays: Arrays) -> State:
        """The state in the arrays that a leg has left."""
        realizations = tuple(int(n) for n in arrays["realizations"])
        return State(arrays["u"], arrays["v"], arrays["force"], int(arrays["step"]), realizations)

    def identity(self) -> dict[str, Any]:
        """What a checkpoint has to agree with."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("record", "slab")}
        return {**fields, "record": record_identity(self.record), "slab": self.slab}


@dataclass(frozen=True)
class Leg:
    """One piece of work: realizations that go together from where `start` left them until `blocks` are there.

    start: arrays of the leg before; None for the ordered state at rest. index: of the batch.
    """

    index: int
    realizations: tuple[int, ...]
    blocks: int
    start: Arrays | None = None


@dataclass(frozen=True, eq=False)
class RunLegs:
    """The work of a stage: a leg to the arrays that it leaves. folder: of the checkpoints, None for none. output: what
    is written of the trajectory of the first batch, None for nothing."""

    trajectories: Trajectories
    folder: Path | None = None
    output: TrajectoryOutput | None = None

    def __call__(self, leg: Leg) -> Arrays:
        here = Checkpoint(self._path(leg), fingerprint([self.trajectories.identity(), leg.realizations]))
        progress = _Progress.found(self.trajectories, leg, here.found())
        output = self.output if leg.index == 0 else None
        while progress.settling > 0:
            progress.settle()
            here.keep(progress.arrays())
        while progress.blocks < leg.blocks:
            progress.measure(output)
            here.keep(progress.arrays())
        arrays = progress.arrays()
        here.keep(arrays, at_once=True)
        return arrays

    def _path(self, leg: Leg) -> Path | None:
        return None if self.folder is None else self.folder / f"trajectories-{leg.index:04d}.npz"


@dataclass
class _Progress:
    """Where a leg stands. first: the step at which the trajectory began. balances: their terms, None where they are
    not kept."""

    trajectories: Trajectories
    state: State
    first: int
    series: BlockSeries
    blocks: int
    balances: BlockSeries | None

    @classmethod
    def found(cls, trajectories: Trajectories, leg: Leg, kept: Arrays | None) -> _Progress:
        """From the furthest of what is there: the ordered state, the leg before, or a checkpoint of this one."""
        here = [arrays for arrays in (leg.start, kept) if arrays is not None and int(arrays["done"]) <= leg.blocks]
        if here:
            return cls.from_arrays(trajectories, leg, max(here, key=lambda arrays: int(arrays["step"])))
        state = trajectories.langevin.start(0.0, 0.0, leg.realizations)
        return cls(trajectories, state, 0, BlockSeries(trajectories.row), 0, _balances(trajectories, {}))

    @classmethod
    def from_arrays(cls, trajectories: Trajectories, leg: Leg, arrays: Arrays) -> _Progress:
        state = trajectories.state({**arrays, "realizations": np.array(leg.realizations)})
        series = BlockSeries.from_arrays(arrays) if "blocks" in arrays else BlockSeries(trajectories.row)
        balances = _balances(trajectories, arrays)
        return cls(trajectories, state, int(arrays["first"]), series, int(arrays["done"]), balances)

    def arrays(self) -> Arrays:
        state = self.state
        moving = {"u": state.u, "v": state.v, "force": state.force, "step": np.array(state.step)}
        counts = {"first": np.array(self.first), "done": np.array(self.blocks)}
        kept = {} if self.balances is None else {BALANCES + name: of for name, of in self.balances.arrays().items()}
        return {**moving, **counts, "realizations": np.array(state.realizations), **self.series.arrays(), **kept}

    @property
    def settling(self) -> int:
        """Steps that are left before the first block."""
        return max(0, self.first + self.trajectories.settle - self.state.step)

    def settle(self) -> None:
        steps = min(self.settling, self.trajectories.block)
        self.state = self.trajectories.langevin.advance(self.state, steps)

    def measure(self, output: TrajectoryOutput | None) -> None:
        """One block."""
        run = self.trajectories
        sums = run.sums(self.state)
        frames = None if output is None else Frames(output, self.blocks)
        stride = run.block if output is None else math.gcd(run.block, output.stride)
        for _ in range(run.block // stride):
            self.state = run.langevin.advance(self.state, stride, sums)
            if frames is not None and (self.state.step - self.first - run.settle) % output.stride == 0:  # type: ignore[union-attr]
                frames.add(run.step * self.state.step, _observed(run, output, self.state))  # type: ignore[arg-type]
        if frames is not None:
            frames.write()
        self.series.append(self._row(sums))
        if self.balances is not None and isinstance(sums, StepBalances):
            self.balances.append(sums.terms())
        self.blocks += 1

    def _row(self, sums: Sums) -> Floats:
        """Mean over the block, z and the realizations of the batch."""
        u, uu, uv, vv, uf = (sums.mean(name).mean(axis=0) for name in ("u", "uu", "uv", "vv", "uf"))
        virial = -np.einsum("...aa->...", uf) / 3
        return row_of(self.trajectories.record, u, uu, uv, vv, virial).reshape(self.trajectories.row)


def _balances(trajectories: Trajectories, arrays: Arrays) -> BlockSeries | None:
    """The terms of the balances that a leg has left, (fields, Nx, Ny, terms) each block; None where they are not
    kept."""
    if not trajectories.balances:
        return None
    kept = {name.removeprefix(BALANCES): of for name, of in arrays.items() if name.startswith(BALANCES)}
    if kept:
        return BlockSeries.from_arrays(kept)
    return BlockSeries((len(trajectories.omegas), *trajectories.slab.shape[:2], len(TERMS)))


def _observed(run: Trajectories, output: TrajectoryOutput, state: State) -> Arrays:
    """One frame: of the first realization, in every field, without the twins."""
    record, fields = run.record, len(run.omegas)
    u = np.asarray(state.u[0, :fields], dtype=float)
    v = np.asarray(state.v[0, :fields], dtype=float)
    axis = np.asarray(record.well.axis)
    whole: dict[str, Callable[[], Floats]] = {
        "polarization": lambda: observables.polarization(record.well.ordered + u, record.charge, record.volume) @ axis,
        "kinetic_energy": lambda: observables.kinetic_energy(v, record.mass),
        "angular_momentum": lambda: observables.angular_momentum(u, v, record.angular),
        "displacement": lambda: record.well.ordered + u,
        "velocity": lambda: v,
    }
    kept = {name: whole[name]() for name in output.observables}
    # (fields, Nx, Ny, Nz, ...): all but the last two are means over z
    return {name: value if name in ("displacement", "velocity") else value.mean(axis=3) for name, value in kept.items()}


def record_identity(record: LocalMode) -> dict[str, Any]:
    """The record in what a fingerprint is made of."""
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__ if name != "blocks"}
    return {**fields, "blocks": [[list(vector), block] for vector, block in record.blocks.items()]}
