"""Domain walls: profile, width and energy of the wall between two domains, relaxed or in a bath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.physics.domain_wall import WallProfile, fit_profile, reversed_state
from crosscurrent.physics.lattice_units import SURFACE_ENERGY
from crosscurrent.responses.lattice_protocols import (
    Box,
    Grid,
    Model,
    box_of,
    checked_realizations,
    checked_temperature,
    checked_times,
    standard_error,
)
from crosscurrent.responses.lattice_protocols_labels import component, protocol_dataset
from crosscurrent.responses.lattice_protocols_relax import SHAKE, RelaxedWall, relaxed_wall, reversing
from crosscurrent.results import Quantity
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Thermal:
    """Walls in a bath. start: (Nx, Ny, Nz, 3) angstrom. settle, steps: before and during the average."""

    box: Box
    temperature: float
    start: Floats
    settle: int
    steps: int

    @property
    def steps_in_all(self) -> int:
        return self.settle + self.steps

    def __call__(self, realizations: tuple[int, ...]) -> dict[str, Floats]:
        """u: (R, Nx, Ny, 3) angstrom, mean over time and over z. temperature: (R,) K."""
        lattice = self.box.dynamics(self.temperature)
        state = lattice.advance(lattice.start(self.start, realizations=realizations), self.settle)
        sums = Sums(products=())
        state = lattice.advance(state, self.steps, sums)
        return {"u": sums.mean("u")[:, 0], "temperature": self.box.kinetic_temperature(state)}


def domain_wall(
    model: Model,
    grid: Grid,
    *,
    normal: str = "x",
    temperature: float = 0.0,
    settle: float = 5.0,
    average: float = 20.0,
    realizations: int = 4,
    damping: float = 2.0,
    step: float = 0.002,
    surfaces: bool = False,
    seed: int = 0,
    precision: str = "double",
    run: ChunkMap = serial,
) -> xr.Dataset:
    """A neutral wall between the ordered state and the one with its components across the normal reversed.

    model: a record or an effective Hamiltonian. grid: cells along x, y, z, periodic; with surfaces = True, or a `Slab`,
    open along y. normal: "x" or "y"; along a periodic direction there are two walls, along an open one there is one.
    temperature: K. At 0 the energy is minimised; above, the walls relaxed so are put in a bath and their mean profile
    over `average` ps, after `settle` ps, is given as well. damping: 1/ps. step: ps. run: where the realizations run.

    Variables over the cells along the normal: polarization by component, relaxed, and `polarization_thermal` in a bath;
    then the energy of the relaxed wall per area, J/m^2, and its width 2 xi, angstrom, from a fit of P_0 tanh(x/xi) to
    the largest component that reverses, with the error of the fit; in a bath that over realizations.

    Raises InputError for a polarization along the normal, walls too close together, walls that annihilate, and what
    `hysteresis_loop` refuses of a box.
    """
    box, warnings = box_of(model, grid, surfaces, step=step, damping=damping, seed=seed, precision=precision)
    checked_temperature(temperature, zero=True)
    axis = _normal(box, normal)
    periodic = not (box.slab.open_y and axis == 1)
    relaxed = relaxed_wall(box, axis, periodic)
    thermal = None
    if temperature > 0:
        checked_times(settle=settle, average=average)
        checked_realizations(realizations)
        work = _Thermal(box, temperature, relaxed.u, box.steps(settle), box.steps(average))
        found = box.each(run, "wall", work, realizations)
        thermal = _Bath(temperature, work.settle * step, work.steps * step, found)
    return _labelled(box, axis, periodic, relaxed, thermal, warnings)


@dataclass(frozen=True, eq=False)
class _Bath:
    """temperature: K. settle, average: ps. found: from `_Thermal`."""

    temperature: float
    settle: float
    average: float
    found: dict[str, Floats]


def _normal(box: Box, normal: str) -> int:
    if normal not in ("x", "y"):
        raise InputError(f"unknown normal '{normal}'", where="normal", fix="choose x or y")
    axis = AXES.index(normal)
    ordered = box.lattice.ordered
    if np.allclose(reversed_state(ordered, axis), ordered, atol=1e-9 * float(np.abs(ordered).max())):
        raise InputError(
            f"the polarization lies along {normal}, and nothing of it reverses across a neutral wall",
            where="normal",
            fix="choose the other normal",
        )
    if box.slab.shape[axis] < 8:
        raise InputError(
            f"{box.slab.shape[axis]} cells along {normal} leave no room for domains", where="grid", fix="give 8 or more"
        )
    return axis


def _labelled(
    box: Box, axis: int, periodic: bool, relaxed: RelaxedWall, thermal: _Bath | None, warnings: Sequence[str]
) -> xr.Dataset:
    lattice, shape = box.lattice, box.slab.shape
    along = reversing(lattice.ordered, axis)
    others = tuple(a for a in range(3) if a != axis)
    walls = 2 if periodic else 1
    area = math.prod(shape[a] for a in others) * lattice.lattice_constant**2
    scale = SURFACE_ENERGY / area / walls
    profile = box.polarization(relaxed.u.mean(axis=others))
    fit = fit_profile(profile[:, along], periodic)
    twice = 2 * lattice.lattice_constant
    variables = {
        "polarization": Quantity(
            ("cell", "component"), profile, "C/m^2", "polarization of a layer", None, ("polarization", "energy")
        ),
        "wall_energy": Quantity(
            (), relaxed.energy * scale, "J/m^2", "energy of a wall per area", relaxed.error * scale, ("energy",)
        ),
        "wall_width": Quantity(
            (), fit.half_width * twice, "angstrom", "width of the wall, 2 xi", fit.half_width_error * twice, ("wall",)
        ),
    }
    doubts = _doubts(fit)
    if thermal is not None:
        more, told = _in_bath(box, axis, periodic, along, thermal)
        variables |= more
        doubts += told
    bath = "" if thermal is None else (
        f"; then Langevin dynamics at {thermal.temperature:g} K, {len(thermal.found['u'])} realizations, "
        f"{thermal.settle:g} ps and an average over {thermal.average:g} ps, step {box.step:g} ps"
    )  # fmt: skip
    notes = {} if thermal is None else {"temperature_K": thermal.temperature, "realizations": len(thermal.found["u"])}
    return protocol_dataset(
        lattice,
        box.slab,
        variables,
        {
            "cell": Quantity(("cell",), np.arange(shape[axis]), "cell", f"layer along {AXES[axis]}"),
            "component": component(),
        },
        quantity="domain wall",
        index_order="profiles by component over the layers along the normal",
        method=f"energy minimised from sharp walls with random displacements of {SHAKE:g} u_0 (L-BFGS){bath}",
        status=f"relaxed to a force of {relaxed.force:.1g} eV/angstrom",
        warnings=(*doubts, *_static(walls), *warnings),
        normal=AXES[axis],
        walls=walls,
        reversing_component=AXES[along],
        **box.notes,
        **notes,
    )


def _in_bath(box: Box, axis: int, periodic: bool, along: int, thermal: _Bath) -> tuple[dict[str, Quantity], list[str]]:
    """Profile and width over the realizations."""
    # u is a mean over z already
    each = box.polarization(thermal.found["u"].mean(axis=2 if axis == 0 else 1))
    fits = [fit_profile(values[:, along], periodic) for values in each]
    widths = np.array([fit.half_width for fit in fits])
    good = np.isfinite(widths)
    length = 2 * box.lattice.lattice_constant
    told = ["walls wander in a bath: the mean profile, and its width, hold the wandering during the average"]
    if not good.all():
        told.append(f"{(~good).sum()} of {len(good)} realizations have no wall that a profile fits: they are left out")
    enough = good.sum() > 1
    width = float(widths[good].mean()) * length if enough else float("nan")
    error = float(standard_error(widths[good])) * length if enough else float("nan")
    heat = thermal.found["temperature"]
    return {
        "polarization_thermal": Quantity(
            ("cell", "component"),
            each.mean(axis=0),
            "C/m^2",
            "polarization of a layer in the bath",
            standard_error(each),
            ("polarization", "dynamics"),
        ),
        "wall_width_thermal": Quantity((), width, "angstrom", "width of the wall in the bath, 2 xi", error, ("wall",)),
        "kinetic_temperature": Quantity(
            (), heat.mean(), "K", "kinetic temperature at the end", standard_error(heat), ("equipartition",)
        ),
    }, told


def _doubts(fit: WallProfile) -> list[str]:
    if not math.isfinite(fit.half_width):
        return ["no profile P_0 tanh(x/xi) fits the wall: its width is NaN"]
    if fit.half_width < 1:
        return ["the wall is about as narrow as a cell: a width below the lattice constant is a number of the fit"]
    return []


def _static(walls: int) -> tuple[str, ...]:
    between = "the wall relaxes from a position between two cells; the one on a cell may lie at another energy"
    return (between, "the energy holds the interaction of the two walls in the box") if walls == 2 else (between,)
