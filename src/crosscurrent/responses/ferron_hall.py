"""The ferron Hall effect without noise: maps of energy, polarization and phonon angular momentum in a heated slab.

The lattice is linearised around its ordered state, where the steady state of its Langevin dynamics is known exactly;
the polarization follows from the cubic anharmonicity of the well. Bustamante Lopez, Brehm and Juraschek (2026).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_stability import Stability, check_stability
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.profiles import Profile, realised
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.slab_correlations import memory_bytes as vertex_memory
from crosscurrent.numerics.steady_state import SteadyState, memory_bytes, slab_memory, steady_state
from crosscurrent.physics.lattice_energy import Couplings, couplings_memory
from crosscurrent.physics.lattice_langevin import (
    bond_probes,
    driven_slab,
    gyration,
)
from crosscurrent.physics.lattice_time_step import check_step
from crosscurrent.responses.ferron_hall_anharmonic import ANHARMONIC, Settings, addition, anharmonic_maps
from crosscurrent.responses.ferron_hall_bonds import equilibrium_bond
from crosscurrent.responses.ferron_hall_labels import Addition, Lattice, labelled
from crosscurrent.responses.ferron_hall_maps import MIRROR_Y, Maps, maps_of
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FerronHallKernels:
    """The slab solved once, for any temperature profile: `respond(temperature)` takes no time, unless it is asked for
    anharmonic corrections: these are no longer linear in the temperature and are found for each profile.

    still, turned, reversed: the response kernels without a field, with it, and with it reversed (None where the mirror
    y -> -y gives it). The rest is what was asked; see `ferron_hall`.
    """

    record: LocalMode
    slab: Slab
    damping: Floats
    damping_profile: str
    omega: float
    step: float | None
    precision: str
    stability: Stability
    memory: int
    problem: DrivenSlab
    still: SteadyState
    turned: SteadyState
    reversed: SteadyState | None
    anharmonic: str = "none"
    parts: int = 1
    run: ChunkMap = serial

    def respond(self, temperature: Profile | Sequence[float] | Floats) -> xr.Dataset:
        """The result of `ferron_hall` for one profile along x, K: a named one, or Nx values."""
        heat, words = realised(temperature, self.slab.shape[0], "temperature", positive=False)
        lattice = Lattice(
            self.record,
            self.slab,
            heat,
            self.damping,
            self.omega,
            self.step,
            self.precision,
            self.stability,
            self.memory,
        )
        about: dict[str, str | float] = {"temperature_profile": words, "damping_profile": self.damping_profile}
        about["anharmonic"] = self.anharmonic
        if self.still.probes:
            about |= equilibrium_bond(self.record, self.problem)
        if self.anharmonic == "none":
            return labelled(lattice, self.maps(heat), about)
        corrected, more = self._corrected(heat)
        return labelled(lattice, corrected, about, more)

    def _corrected(self, heat: Floats) -> tuple[dict[str, Maps], Addition]:
        """The maps with anharmonic corrections, and what is to be said of them."""
        settings = Settings(self.precision, self.parts, self.run)
        omegas = {"still": 0.0, "turned": self.omega, "reversed": -self.omega}
        found = {"still": self.still, "turned": self.turned, "reversed": self.reversed}
        states = {
            name: anharmonic_maps(self.record, self._at(omegas[name]), state, heat, name, settings)
            for name, state in found.items()
            if state is not None
        }
        still, turned = states["still"], states["turned"]
        odd = turned.odd_between(states["reversed"]) if "reversed" in states else turned.maps.odd_in_field()
        corrected = {"_0": still.maps, "": turned.maps, "_odd": odd}
        return corrected, addition(self.maps(heat), corrected, {"_0": still, "": turned})

    def maps(self, heat: Floats) -> dict[str, Maps]:
        """Without a field ("_0"), in it (""), and odd in it ("_odd"), for heat(x), (Nx,) K; linear in heat."""
        still = maps_of(self.record, self.problem, self.still, heat)
        turned = maps_of(self.record, self._at(self.omega), self.turned, heat)
        if self.reversed is None:
            odd = turned.odd_in_field()
        else:
            odd = turned.odd_between(maps_of(self.record, self._at(-self.omega), self.reversed, heat))
        return {"_0": still, "": turned, "_odd": odd}

    def _at(self, omega: float) -> DrivenSlab:
        return replace(self.problem, gyration=gyration(omega))


def ferron_hall(
    record: LocalMode,
    grid: Slab | tuple[int, int, int],
    temperature: Profile | Sequence[float] | Floats,
    damping: Profile | Sequence[float] | Floats,
    omega_B: float,
    *,
    step: float | None = None,
    precision: str = "double",
    currents: bool = False,
    anharmonic: str = "none",
    memory: float | None = None,
    parts: int = 1,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Steady state of a slab of local modes heated along x, without a field and with one along z.

    record: a `LocalMode`, polarized in the plane of the slab. grid: cells along x, y, z, or a `Slab`. temperature: of
    the baths along x, K, a profile or Nx values. damping: along y, 1/ps, a profile or Ny values. omega_B: the
    gyroscopic rate in rad/ps, an angular frequency. step: of a BAOAB integrator in ps, for the exact covariance of its
    trajectories; None for continuous time. precision: "double" or "single". currents: also the flow of energy and
    angular momentum in the short range, and the terms of the balance S38 (two to three times the time). anharmonic:
    "none", or "self-consistent" for the corrections of leading order in the temperature, with their size (forty to
    fifty times the time). memory: GiB that one worker may use; None for no limit. parts: chunks for each q_z, run:
    where they run.

    Returns a dataset over (x, y): kinetic energy, polarization, angular momentum and <du du> at zero field (`..._0`),
    at omega_B (no suffix), and odd in the field (`..._odd`), with the estimates S55 and S58 for the odd polarization,
    the realised temperature(x) and damping(y), and linear-response coefficients as attributes. `_error` is the
    numerical error; the linearisation itself is named among the warnings.

    Raises InputError for an unstable record, an ordered state that is no equilibrium of the slab, profiles of the wrong
    length or sign, a field that is not finite, a step that is too long, and a grid that needs more memory than given.
    """
    slab = _slab(grid)
    # before the work, not after it
    realised(temperature, slab.shape[0], "temperature", positive=False)
    solved = ferron_hall_kernels(
        record,
        slab,
        damping,
        omega_B,
        step=step,
        precision=precision,
        currents=currents,
        anharmonic=anharmonic,
        memory=memory,
        parts=parts,
        run=run,
    )
    return solved.respond(temperature)


def ferron_hall_kernels(
    record: LocalMode,
    grid: Slab | tuple[int, int, int],
    damping: Profile | Sequence[float] | Floats,
    omega_B: float,
    *,
    step: float | None = None,
    precision: str = "double",
    currents: bool = False,
    anharmonic: str = "none",
    memory: float | None = None,
    parts: int = 1,
    run: ChunkMap = serial,
) -> FerronHallKernels:
    """All of `ferron_hall` that does not know the temperature. Arguments and errors are those of `ferron_hall`."""
    slab = _slab(grid)
    if not math.isfinite(omega_B):
        raise InputError(f"omega_B is {omega_B}", where="omega_B", fix="give rad/ps")
    if currents and step is not None:
        raise InputError(
            "local balances close in continuous time only", where="currents", fix="leave out the step or the currents"
        )
    _check_anharmonic(anharmonic, step, currents)
    friction, words = realised(damping, slab.shape[1], "damping", positive=True)
    # before a slab that is too large is looked at
    least = check_grid_memory(slab, memory, precision=precision, currents=currents, anharmonic=anharmonic)
    ties = record.couplings(slab)
    stability = check_stability(record, slab, ties)
    if step is not None:
        check_step(step, stability.frequency)
    fields = {"still": 0.0, "turned": omega_B, "reversed": -omega_B}
    problems = {name: _problem(record, ties, friction, omega, step, currents) for name, omega in fields.items()}
    # without the mirrors of most slabs it is more
    need = max(memory_bytes(problems["turned"], precision), least)
    _check_memory(need, memory)
    symmetric = np.array_equal(friction, friction[::-1]) and problems["still"].stiffness.mirror_y(MIRROR_Y)
    solved = {
        name: steady_state(problem, precision=precision, parts=parts, stage=f"steady-state-{name}", run=run)
        for name, problem in problems.items()
        if not (name == "reversed" and symmetric)
    }
    return FerronHallKernels(
        record,
        slab,
        friction,
        words,
        float(omega_B),
        step,
        precision,
        stability,
        need,
        problems["still"],
        solved["still"],
        solved["turned"],
        solved.get("reversed"),
        anharmonic,
        parts,
        run,
    )


def ferron_hall_memory(
    grid: Slab | tuple[int, int, int], *, precision: str = "double", currents: bool = False, anharmonic: str = "none"
) -> float:
    """GiB that one worker of `ferron_hall` holds at most, in a slab with inversion and the mirror z -> -z."""
    slab = _slab(grid)
    nx, ny, _ = slab.shape
    linear = slab_memory(nx, 6 * ny, 4 if currents else 0, True, precision)
    held, meanwhile = couplings_memory(slab)
    solving = linear if anharmonic == "none" else max(linear, vertex_memory(nx, ny, 3))
    return max(meanwhile, held + solving) / 2**30


def check_grid_memory(slab: Slab, memory: float | None, **chosen: Any) -> int:
    """Bytes that `ferron_hall_memory` finds for what is chosen. Raises InputError when they are more than memory, GiB.

    To be asked before the couplings of a slab are made: of one that is too large they alone fill the memory.
    """
    need = int(ferron_hall_memory(slab, **chosen) * 2**30)
    _check_memory(need, memory)
    return need


def _slab(grid: Slab | tuple[int, int, int]) -> Slab:
    slab = grid if isinstance(grid, Slab) else Slab(grid)
    if not slab.open_y:
        raise InputError("the ferron Hall effect needs surfaces along y", where="grid", fix="use an open slab")
    if slab.shape[0] < 2:
        raise InputError("one cell along x has no gradient", where="grid", fix="give two or more")
    return slab


def _problem(
    record: LocalMode, ties: Couplings, damping: Floats, omega: float, step: float | None, currents: bool
) -> DrivenSlab:
    """The linear problem at one field."""
    probes = bond_probes(ties, record.blocks, record.mass) if currents else None
    well, turn = record.well.stiffness, gyration(omega)
    return driven_slab(ties, well, record.mass, damping, turn, step=step, probes=probes)


def _check_memory(need: int, allowed: float | None) -> None:
    if allowed is not None and need > allowed * 2**30:
        raise InputError(
            f"the grid needs {need / 2**30:.2g} GiB a worker and {allowed:.2g} are allowed",
            where="grid",
            fix="use fewer layers or cells along x, precision = 'single', or allow more",
        )


def _check_anharmonic(anharmonic: str, step: float | None, currents: bool) -> None:
    if anharmonic not in ANHARMONIC:
        raise InputError(
            f"unknown anharmonic correction '{anharmonic}'", where="anharmonic", fix="choose " + " or ".join(ANHARMONIC)
        )
    if anharmonic != "none" and (step is not None or currents):
        raise InputError(
            "anharmonic corrections are there in continuous time, and not for the currents",
            where="anharmonic",
            fix="leave out the step and the currents, or the correction",
        )
