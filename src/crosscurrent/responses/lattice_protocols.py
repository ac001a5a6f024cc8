"""What the protocols on a lattice of polar modes share: the box, its checks, its dynamics, and how runs are shared out.

The protocols stand in `lattice_protocols_loop` (hysteresis), `_ramp` (heating), `_wall` (domain walls) and `_path`
(switching). All of them take a record or an effective Hamiltonian.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.effective_hamiltonian import EffectiveHamiltonian
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_stability import check_stability
from crosscurrent.models.polar_lattice import PolarLattice, polar_lattice
from crosscurrent.numerics.chunks import ChunkMap, Work, joined
from crosscurrent.numerics.langevin import Langevin, State
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.slab_stability import lowest_mode
from crosscurrent.physics.lattice_dynamics import field_force, lattice_dynamics
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_langevin import stiffness
from crosscurrent.physics.lattice_time_step import check_step
from crosscurrent.physics.lattice_units import ACCELERATION, BOLTZMANN
from crosscurrent.physics.periodic_couplings import mode_frequencies
from crosscurrent.units import ANGSTROM_M, InputError

Floats = NDArray[np.float64]
Model = LocalMode | EffectiveHamiltonian | PolarLattice
Grid = Slab | tuple[int, int, int]

#: Displacement, in units of the ordered one, at which the on-site potential is looked at for the longest time step.
_REACH = 1.5
#: Force on the ordered state, relative to its stiffness times its displacement, that still counts as none.
_AT_REST = 1e-5
#: Cells that one chunk of realizations holds, roughly.
_CELLS_AT_ONCE = 8192
#: A lattice of one cell takes days for so many.
_MOST_STEPS = 1e12


@dataclass(frozen=True, eq=False)
class Box:
    """A lattice on a box or a slab, in contact with a bath of one damping. step: ps. damping: 1/ps."""

    lattice: PolarLattice
    slab: Slab
    step: float
    damping: float
    seed: int
    precision: str

    def couplings(self) -> Couplings:
        return self.lattice.couplings(self.slab)

    def dynamics(self, temperature: float) -> Langevin:
        """At rest in a bath of this temperature, K, without a field."""
        return lattice_dynamics(
            self.couplings(),
            [self.lattice.on_site],
            self.lattice.mass,
            temperature=temperature,
            damping=self.damping,
            step=self.step,
            seed=self.seed,
            precision=self.precision,
        )

    def push(self, field: Floats) -> Floats:
        """Force of a field (3,) V/m on a mode, eV/angstrom."""
        return field_force(self.lattice.charge, np.asarray(field) * ANGSTROM_M)

    def polarization(self, u: Floats) -> Floats:
        """C/m^2 of displacements (..., 3)."""
        return np.asarray(u @ self.lattice.polarization_per_displacement.T)

    def kinetic_temperature(self, state: State) -> Floats:
        """(R,) K, from <v M v>/3; a harmonic lattice has no error of the step in it."""
        v = np.asarray(state.v, dtype=float)
        energy = np.einsum("rcxyza,ab,rcxyzb->r", v, self.lattice.mass, v, optimize=True) / v[0].size
        return np.asarray(energy / (BOLTZMANN * ACCELERATION))

    def chunks(self, realizations: int) -> list[tuple[int, ...]]:
        """Realizations in pieces of work; the numbers do not depend on how they are cut."""
        size = max(1, _CELLS_AT_ONCE // self.slab.cells)
        return [tuple(range(i, min(i + size, realizations))) for i in range(0, realizations, size)]

    def each(self, run: ChunkMap, stage: str, work: Work, realizations: int) -> dict[str, Floats]:
        """What the work gives, its pieces joined along their first axis, the realizations."""
        return joined(run(stage, work, self.chunks(realizations)))

    def steps(self, time: float) -> int:
        """Whole steps in a time, ps; at least one. Raises InputError for more than any run takes."""
        if not time / self.step < _MOST_STEPS:
            what = f"{time:.3g} ps take more than {_MOST_STEPS:.0e} steps of {self.step:g} ps"
            raise InputError(what, where="step", fix="give ps")
        return max(1, round(time / self.step))

    @property
    def notes(self) -> dict[str, float | str]:
        """What a result says of the dynamics in a box."""
        return {
            "damping_per_ps": self.damping,
            "step_ps": self.step,
            "seed": self.seed,
            "precision": self.precision,
        }


def box_of(
    model: Model, grid: Grid, surfaces: bool, *, step: float, damping: float, seed: int, precision: str
) -> tuple[Box, tuple[str, ...]]:
    """A box whose step is stable, and warnings. Raises InputError for what cannot be run."""
    lattice, slab = polar_lattice(model), slab_of(grid, surfaces)
    for name, value in (("step", step), ("damping", damping)):
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} is {value:g}", where=name, fix="give a positive number")
    if precision not in ("double", "single"):
        raise InputError(f"unknown precision '{precision}'", where="precision", fix="choose double or single")
    frequency, warnings = _fastest_mode(lattice, slab)
    check_step(step, frequency)
    return Box(lattice, slab, step, damping, seed, precision), (*lattice.warnings, *warnings)


def slab_of(grid: Grid, surfaces: bool) -> Slab:
    """A `Slab` as it is; cells along x, y, z as a periodic box, or with surfaces along y."""
    return grid if isinstance(grid, Slab) else Slab(grid, open_y=surfaces)


def _fastest_mode(lattice: PolarLattice, slab: Slab) -> tuple[float, tuple[str, ...]]:
    """rad/ps, with on-site potentials as stiff as they become in large displacements; what is unstable is told."""
    ties = lattice.couplings(slab)
    if slab.open_y and isinstance(lattice.origin, LocalMode):
        check_stability(lattice.origin, slab, ties)
    ordered = lattice.on_site.hessian(lattice.ordered)
    steep = lattice.on_site.hessian(_REACH * lattice.ordered)
    extra = max(0.0, float(np.linalg.eigvalsh(steep)[-1] - np.linalg.eigvalsh(ordered)[-1]))
    lightest = float(np.linalg.eigvalsh(lattice.mass)[0])
    if slab.open_y:
        found = lowest_mode(stiffness(ties, ordered, lattice.mass), slab.shape[2])
        lowest, highest, where = found.value, found.highest, "inside the slab or at its surfaces"
    else:
        lowest, highest, q = mode_frequencies(ties, ordered, lattice.mass)
        where = "at q = (" + ", ".join(f"{x / (2 * np.pi):.3g}" for x in q) + ") 2 pi/a"
    told = [_unstable(lattice, lowest, where)] if lowest < -1e-9 * highest else []
    if _pulled(lattice, ties):
        told.append(
            "the uniform ground state is not at rest in this slab, whose surfaces screen it or lack bonds: it relaxes "
            "first, and the polarization turns into the plane of the slab"
        )
    return math.sqrt(highest + extra * ACCELERATION / lightest), tuple(told)


def _pulled(lattice: PolarLattice, ties: Couplings) -> bool:
    """Whether a force acts on the uniform ground state."""
    ordered = np.ascontiguousarray(np.broadcast_to(lattice.ordered, (*ties.slab.shape, 3)))
    own = lattice.on_site.force(lattice.ordered)
    force = float(np.abs(ties.force(ordered) + own).max())
    size = float(np.linalg.norm(lattice.ordered)) * float(np.abs(lattice.on_site.hessian(lattice.ordered)).max())
    return force > _AT_REST * size


def _unstable(lattice: PolarLattice, lowest: float, where: str) -> str:
    size = lowest * float(np.trace(lattice.mass)) / 3 / ACCELERATION
    return (
        f"the uniform ground state is not stable in this box: a stiffness of {size:.3g} eV/angstrom^2 {where}; the "
        "lattice orders in another way"
    )


def checked_times(**times: float) -> None:
    """Raises InputError for a time that is not positive."""
    for name, value in times.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} is {value:g} ps", where=name, fix="give a positive time")


def checked_realizations(realizations: int) -> None:
    """Raises InputError for fewer than two: their scatter is the error of every result."""
    if realizations < 2:
        raise InputError(
            f"{realizations} realization has no scatter to take an error from",
            where="realizations",
            fix="give two or more, better four",
        )


def checked_temperature(temperature: float, where: str = "temperature", zero: bool = False) -> None:
    """Raises InputError for a temperature that is negative, not finite, or zero where that is not meant."""
    if not math.isfinite(temperature) or temperature < 0 or (temperature == 0 and not zero):
        raise InputError(f"the temperature is {temperature:g} K", where=where, fix="give kelvin above zero")


def checked_field_along_y(along_y: bool, box: Box, where: str) -> None:
    """Raises InputError for a field along y where y is open."""
    if box.slab.open_y and along_y:
        raise InputError(
            "a field along y meets the surfaces of the slab, which screen it",
            where=where,
            fix="give one along x or z, or a periodic box",
        )


def standard_error(values: Floats) -> Floats:
    """Of the mean over the first axis."""
    return np.asarray(values.std(axis=0, ddof=1) / math.sqrt(len(values)))
