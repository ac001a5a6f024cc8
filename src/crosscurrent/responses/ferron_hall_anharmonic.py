"""Anharmonic corrections to the steady state of a heated slab, to the leading order in the temperature.

Around the ordered state the well has a cubic and a quartic term. The mean of the stiffness that fluctuations and the
shifted mean leave in the well, <V''>, is taken into the reference state and iterated until it stays (self-consistent
harmonic theory). What varies with (x, y), and the bubble of two cubic terms with its memory, are added in first order.
Each of the three changes <du du> by the same order of k_B T, so none may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.driven_slab import DrivenSlab, LayerOperator
from crosscurrent.numerics.slab_stability import lowest_mode
from crosscurrent.numerics.slab_vertices import Vertices, vertex_correction
from crosscurrent.numerics.steady_state import SteadyState, steady_state
from crosscurrent.physics.lattice_langevin import bath_strength, inverse_root
from crosscurrent.physics.lattice_observables import mean_displacement
from crosscurrent.physics.lattice_units import ACCELERATION
from crosscurrent.responses.ferron_hall_labels import Addition
from crosscurrent.responses.ferron_hall_maps import Maps, means_of
from crosscurrent.results import Quantity
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

ANHARMONIC = ("none", "self-consistent")
#: When the mean stiffness has settled, relative to k_par, and after how many solutions it has to. What is left over is
#: added in first order, so nothing depends on it.
_SETTLED, _ATTEMPTS = 1e-5, 20
#: A relative change from which on higher orders are not small.
_LARGE = 0.2
#: A map this many times larger than its numerical error has a relative change worth stating.
_SEEN = 1e3
_EQUATION = (
    "self-consistent harmonic reference, <V''> by its mean over the slab; its variation and the bubble of two cubic "
    "terms, with memory, in first order; <V'> = coupling force for the mean"
)
_PARTS = {
    "kinetic": ("kinetic_energy", "eV", "kinetic energy of a cell"),
    "shift": ("polarization", "C/m^2", "polarization along the polar axis"),
    "angular": ("angular_momentum", "hbar", "angular momentum of a cell"),
}
_WHEN = {"_0": "without a field", "": "in the field", "_odd": "odd in the field"}


@dataclass(frozen=True, eq=False)
class Anharmonic:
    """maps: local means with the corrections. stiffness: <V''> - k_par, (Nx, Ny) eV/angstrom^2. mean: its part in the
    reference state. solutions: how many steady states it took to find it."""

    maps: Maps
    stiffness: Floats
    mean: float
    solutions: int

    def odd_between(self, reverse: Anharmonic) -> Maps:
        """[X(+Omega) - X(-Omega)]/2 of the maps."""
        return self.maps.odd_between(reverse.maps)


@dataclass(frozen=True, eq=False)
class Settings:
    """How the slab is solved; see `steady_state`."""

    precision: str
    parts: int
    run: ChunkMap


def anharmonic_maps(
    record: LocalMode, problem: DrivenSlab, found: SteadyState, temperature: Floats, name: str, settings: Settings
) -> Anharmonic:
    """The local means for one temperature profile, (Nx,) K. found: of the linear problem. name: of the work.

    Raises InputError where the ordered state does not survive the fluctuations, or the stiffness does not settle.
    """
    theta, well = bath_strength(temperature), record.well
    root = inverse_root(record.mass)
    along = root @ np.asarray(well.axis)
    reference, state, stiffness, cubic, mean, solutions = _settled(record, problem, found, theta, name, settings)
    spring = (stiffness - mean) * ACCELERATION
    change = vertex_correction(
        reference,
        Vertices(along, spring, cubic * ACCELERATION),
        theta,
        parts=settings.parts,
        stage=f"anharmonic-{name}",
        run=settings.run,
    )
    weighted = state.covariance(theta) + change.covariance
    variance = np.einsum("a,xyab,b->xy", along, weighted[..., :3, :3], along)
    shift = mean_displacement(variance, change.third, well, problem.stiffness, root)
    return Anharmonic(means_of(record, state, theta, weighted, shift), stiffness, mean, solutions)


def _settled(
    record: LocalMode, problem: DrivenSlab, found: SteadyState, theta: Floats, name: str, settings: Settings
) -> tuple[DrivenSlab, SteadyState, Floats, Floats, float, int]:
    """The reference state: problem and solution; <V''> - k_par and <V'''> in it, (Nx, Ny); the mean of the former."""
    well, root = record.well, inverse_root(record.mass)
    along = root @ np.asarray(well.axis)
    reference, state, mean = problem, found, 0.0
    for attempt in range(1, _ATTEMPTS + 1):
        variance = np.einsum("a,xyab,b->xy", along, state.covariance(theta)[..., :3, :3], along)
        place = mean_displacement(variance, np.zeros_like(variance), well, problem.stiffness, root) @ well.axis
        stiffness = well.averaged(2, place, variance) - well.curvature
        new = float(stiffness.mean())
        if abs(new - mean) <= _SETTLED * well.curvature:
            return reference, state, stiffness, well.averaged(3, place, variance), mean, attempt
        mean = new
        reference = _stiffened(problem, along, mean)
        if lowest_mode(reference.stiffness, problem.nz).value <= 0:
            break
        state = steady_state(
            reference,
            precision=settings.precision,
            parts=settings.parts,
            stage=f"anharmonic-{name}-reference-{attempt}",
            run=settings.run,
        )
    raise InputError(
        f"the stiffness of the well changes by {mean:.3g} eV/angstrom^2 of {well.curvature:.3g} and the ordered state "
        "does not stay stable: anharmonic terms are no correction at this temperature",
        where="temperature",
        fix="use a lower temperature, or molecular dynamics",
    )


def _stiffened(problem: DrivenSlab, along: Floats, change: float) -> DrivenSlab:
    """The slab with this much more stiffness on site along the axis, eV/angstrom^2."""
    on_site = problem.stiffness.on_site + change * ACCELERATION * np.outer(along, along)
    return replace(problem, stiffness=LayerOperator(problem.stiffness.coupling, on_site), probes={})


def addition(linear: Mapping[str, Maps], corrected: Mapping[str, Maps], states: Mapping[str, Anharmonic]) -> Addition:
    """What the corrections add to a result: their own maps, how large they are, and what to read about them.

    linear, corrected: by suffix, "_0", "" and "_odd". states: "_0" and "".
    """
    variables = {
        f"stiffness_change{suffix}": Quantity(
            ("x", "y"), state.stiffness, "eV/angstrom^2", f"<V''> - k_par {_WHEN[suffix]}", None, ("anharmonic",)
        )
        for suffix, state in states.items()
    }
    numbers: dict[str, float] = {}
    for suffix, whole in corrected.items():
        for field, (name, units, words) in _PARTS.items():
            change = getattr(whole, field) - getattr(linear[suffix], field)
            dims = ("x", "y", "component") if field == "angular" else ("x", "y")
            title = f"anharmonic part of the {words} {_WHEN[suffix]}"
            variables[f"anharmonic_{name}{suffix}"] = Quantity(dims, change, units, title, None, ("anharmonic",))
            size = float(np.abs(getattr(linear[suffix], field)).max())
            if size > _SEEN * linear[suffix].errors[field]:
                numbers[f"anharmonic_share_of_{name}{suffix}"] = float(np.abs(change).max()) / size
    for suffix, when in (("_0", "zero_field"), ("", "field")):
        numbers[f"anharmonic_mean_stiffness_{when}_eV_per_angstrom2"] = states[suffix].mean
        numbers[f"anharmonic_solutions_{when}"] = float(states[suffix].solutions)
    return Addition(
        variables,
        numbers,
        {"anharmonic": _EQUATION},
        _warnings(numbers),
        "anharmonic terms to the leading order in the temperature, around a self-consistent harmonic reference",
    )


def _warnings(numbers: Mapping[str, float]) -> tuple[str, ...]:
    """What the corrections leave out, and whether they are still small."""
    left_out = (
        "anharmonic terms in leading order: of the bubble, the part between cells that share no face is left out (a "
        "tenth of the bubble), and so is everything of higher order in the temperature"
    )
    shares = {name: share for name, share in numbers.items() if name.startswith("anharmonic_share")}
    worst = max(shares, key=lambda name: shares[name], default="")
    if not worst or shares[worst] < _LARGE:
        return (left_out,)
    what = worst.removeprefix("anharmonic_share_of_").replace("_", " ")
    large = (
        f"anharmonic terms change {what} by up to {100 * shares[worst]:.0f} % of its largest value: higher orders are "
        "not small there"
    )
    return (large, left_out)
