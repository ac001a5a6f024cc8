"""Names, units and words of the maps from trajectories, and what is said of how they were sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.physics.lattice_langevin import equivalent_field
from crosscurrent.physics.lattice_units import BOLTZMANN
from crosscurrent.responses.ferron_hall import FerronHallKernels
from crosscurrent.responses.ferron_hall_labels import EQUATIONS
from crosscurrent.responses.ferron_hall_langevin_balances import EQUATIONS as BALANCES
from crosscurrent.responses.ferron_hall_langevin_balances import balance_coordinates, balance_variables
from crosscurrent.responses.ferron_hall_langevin_energy import EnergyConservation
from crosscurrent.responses.ferron_hall_langevin_estimate import Estimate, Samples
from crosscurrent.responses.ferron_hall_langevin_run import Arrays, Trajectories
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
from crosscurrent.responses.record_numbers import record_numbers
from crosscurrent.results import Quantity, dataset

Floats = NDArray[np.float64]

_WHEN = {"_0": "without a field", "": "in the field", "_odd": "odd in the field"}
_PARTS = {"_0": "zero_field", "": "field", "_odd": "odd"}
#: Observable -> units, words, further dims.
_MAPS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "kinetic_energy": ("eV", "kinetic energy of a cell", ()),
    "kinetic_energy_parallel": ("eV", "kinetic energy along the axis", ()),
    "polarization": ("C/m^2", "polarization along the polar axis", ()),
    "angular_momentum": ("hbar", "angular momentum of a cell", ("component",)),
    "displacement_covariance": ("angstrom^2", "covariance of the displacements", ("component", "partner")),
}
_CONVENTION = (
    "magnetic field along z: v' = omega_B z x v, so omega_B > 0 turns the velocity from x to y; omega_B is an angular "
    "frequency in rad/ps. Odd part: [X(+omega_B) - X(-omega_B)]/2. Errors are one standard error. Displacements are "
    "taken at the end of a step and velocities after the half kick that follows"
)
_SOURCES = {
    "eq-4": "Bustamante Lopez, Brehm and Juraschek (2026), Eq. (4): Langevin dynamics, here as it stands",
    "BAOAB": "Leimkuhler and Matthews, J. Chem. Phys. 138, 174102 (2013): the steps, with the rotation by the field "
    "beside the bath",
    "control": "a linear trajectory with the same noise, whose exact means come from the Stein equation of the step",
}
#: Fewer blocks than this do not tell their own scatter.
_FEW = 20
#: Longest damping times that a lattice at rest takes to come within a percent of its kinetic energy.
_RELAXED = 4.6


@dataclass(frozen=True, eq=False)
class Ran:
    """All that a run has found. ends: arrays that each batch has left. met: whether the error goal was, None without
    one. rounding: K, see `check_rounding`. asked: the device, with "gpu-or-cpu" as "gpu". energy: without baths, None
    without heat."""

    trajectories: Trajectories
    samples: Samples
    sampling: Sampling
    ends: Sequence[Arrays]
    met: bool | None
    solved: FerronHallKernels
    rounding: float
    omega: float
    asked: str
    energy: EnergyConservation | None = None


def labelled_trajectories(ran: Ran, words: Mapping[str, str]) -> xr.Dataset:
    """The result. words: further text attributes."""
    run = ran.trajectories
    estimates = ran.samples.estimates()
    parts = [part for part in _PARTS if ("kinetic_energy", part) in estimates]
    variables: dict[str, Quantity] = {
        "temperature": Quantity(("x",), run.temperature, "K", "temperature of the baths"),
        "damping": Quantity(("y",), run.damping, "1/ps", "damping rate"),
    }
    for part in parts:
        variables |= _maps(ran, estimates, part)
    variables |= _statistics(estimates, parts, _blocks(ran)[1])
    variables |= balance_variables(ran.ends, tuple(ran.samples.full), ran.samples.symmetry)
    nx, ny, nz = run.slab.shape
    return dataset(
        variables,
        _coordinates(nx, ny, parts) | (balance_coordinates() if run.balances else {}),
        quantity="steady state of polar modes in a heated slab, from trajectories",
        index_order="maps are (x, y), means over z; covariances <du_a du_b> by (component, partner)",
        convention=_CONVENTION,
        equations={**EQUATIONS, **_SOURCES, **(BALANCES if run.balances else {})},
        model=run.record.name,
        model_source=run.record.source,
        domain=f"{nx} x {ny} x {nz} cells, open along y, where the dipoles' transform has {run.slab.length_y}",
        method=_method(ran),
        status=_status(ran),
        warnings=_warnings(ran, estimates),
        **_numbers(ran, estimates),
        **words,
    )


def _coordinates(nx: int, ny: int, parts: Sequence[str]) -> dict[str, Quantity]:
    letters = np.array(["x", "y", "z"])
    return {
        "x": Quantity(("x",), np.arange(nx), "cell", "cell along the temperature gradient"),
        "y": Quantity(("y",), np.arange(ny), "cell", "layer between the open surfaces"),
        "component": Quantity(("component",), letters, "", "component"),
        "partner": Quantity(("partner",), letters, "", "second component"),
        "observable": Quantity(("observable",), np.array(_OBSERVED), "", "observable of a statistic"),
        "part": Quantity(
            ("part",), np.array([_PARTS[part] for part in parts]), "", "without a field, in it, odd in it"
        ),
    }


def _maps(ran: Ran, estimates: Mapping[tuple[str, str], Estimate], part: str) -> dict[str, Quantity]:
    out: dict[str, Quantity] = {}
    rest = float(ran.trajectories.record.polarization @ np.asarray(ran.trajectories.record.well.axis))
    for name, (units, words, dims) in _MAPS.items():
        found = estimates[name, part]
        shape = (*found.mean.value.shape[:2], *(3,) * len(dims))
        value, error = found.mean.value.reshape(shape), found.mean.error.reshape(shape)
        assert found.reference is not None
        reference = found.reference.reshape(shape)
        shift = rest if name == "polarization" and part != "_odd" else 0.0
        when, space = _WHEN[part], ("x", "y", *dims)
        keys = ("eq-4", "BAOAB", *(("S44",) if part == "_odd" else ()))
        out[f"{name}{part}"] = Quantity(space, shift + value, units, f"{words} {when}", error, keys)
        known = "S52" if name == "polarization" else "eq-4"
        out[f"{name}{part}_noise_free"] = Quantity(
            space, shift + reference, units, f"{words} {when}, linearised, exact at this step", None, (known,)
        )
        out[f"{name}{part}_difference"] = Quantity(
            space, value - reference, units, f"{words} {when}, beyond the linearised lattice", error, ("eq-4",)
        )
    if part != "_odd":
        out |= _temperatures(ran, estimates, part)
    return out


def _temperatures(ran: Ran, estimates: Mapping[tuple[str, str], Estimate], part: str) -> dict[str, Quantity]:
    kinetic, virial = (estimates[name, part].mean for name in ("kinetic_energy", "virial"))
    when, scale = _WHEN[part], 2 / (3 * BOLTZMANN)
    power = ran.samples.bath_power(part)
    plane = ("x", "y")
    return {
        f"kinetic_temperature{part}": Quantity(
            plane, scale * kinetic.value, "K", f"temperature of the velocities {when}", scale * kinetic.error, ("eq-4",)
        ),
        f"virial_temperature{part}": Quantity(
            plane,
            virial.value / BOLTZMANN,
            "K",
            f"-<du.F>/3k_B {when}, that of the bath where it is uniform",
            virial.error / BOLTZMANN,
            ("eq-4",),
        ),
        f"bath_power{part}": Quantity(
            plane, power.map, "eV/ps", f"what the bath gives to a cell {when}", power.map_error, ("eq-4",)
        ),
        f"bath_power_total{part}": Quantity(
            (), power.total, "eV/ps", f"sum of what the baths give {when}, zero in a steady state", power.error
        ),
    }


_OBSERVED = ("kinetic_energy", "kinetic_energy_parallel", "polarization", "angular_momentum_z", "displacement_variance")


def _statistics(
    estimates: Mapping[tuple[str, str], Estimate], parts: Sequence[str], block: float
) -> dict[str, Quantity]:
    """Numbers by observable and part. block: ps."""
    table = [[estimates[name, part] for part in parts] for name in _OBSERVED]
    dims = ("observable", "part")

    def numbers(value: str, of: str = "") -> Floats:
        rows = [[getattr(getattr(e, of, None) if of else e, value, np.nan) for e in row] for row in table]
        return np.array(rows, dtype=float)

    return {
        "slope": Quantity(
            dims,
            numbers("value", "slope"),
            "",
            "slope of the map against the noise-free one",
            numbers("error", "slope"),
        ),
        "rms_z": Quantity(dims, numbers("rms_z"), "", "deviation from the noise-free map in standard errors, r.m.s."),
        "variance_reduction": Quantity(
            dims, numbers("reduction"), "", "variance of the mean without the control variates over that with them"
        ),
        "autocorrelation_time": Quantity(
            dims,
            0.5 * block * numbers("inflation", "mean"),
            "ps",
            "integrated autocorrelation time of what is averaged; half a block where that is not resolved",
        ),
    }


def _method(ran: Ran) -> str:
    run, sampling = ran.trajectories, ran.sampling
    blocks, block = _blocks(ran)
    kind = "whole well" if run.anharmonic else "harmonic well"
    control = "; linear trajectories with the same noise as control variates" if run.twin else ""
    copies = "with the reversed field under the same noise" if len(run.omegas) > 1 and run.omegas[-1] < 0 else ""
    return (
        f"BAOAB, {kind}, steps of {run.step:g} ps; {sampling.realizations} realizations, seed {run.seed}, of "
        f"{_duration(ran):g} ps after {run.settle * run.step:g} ps, in {blocks} blocks of {block:g} ps in all{control}"
        f"{'; ' + copies if copies else ''}; couplings by the {run.langevin.route} route, {run.precision} precision, "
        f"{run.device}; symmetries used: {_symmetries(ran)}"
    )


def _symmetries(ran: Ran) -> str:
    symmetry = ran.samples.symmetry
    names = {
        "mirror y": symmetry.mirror_y,
        "rotation about the field": symmetry.rotation,
        "mirror z": symmetry.mirror_z,
    }
    return ", ".join(name for name, there in names.items() if there) or "none"


def _duration(ran: Ran) -> float:
    return float(int(ran.ends[0]["done"]) * ran.trajectories.block * ran.trajectories.step)


def _blocks(ran: Ran) -> tuple[int, float]:
    """How many blocks there are in all, and how many ps each."""
    length = int(ran.ends[0]["counts"][1]) * ran.trajectories.block * ran.trajectories.step
    return sum(len(end["blocks"]) for end in ran.ends), float(length)


def _status(ran: Ran) -> str:
    if ran.met is None:
        return "sampled for the time that was asked for"
    return "error goal met" if ran.met else "error goal not met in the longest time allowed"


def _warnings(ran: Ran, estimates: Mapping[tuple[str, str], Estimate]) -> tuple[str, ...]:
    out = []
    blocks, length = _blocks(ran)
    run, slowest = ran.trajectories, float(ran.trajectories.damping.min())
    settled = run.settle * run.step
    if not run.origin and settled * slowest < _RELAXED:
        out.append(
            f"began at rest and was measured after {settled:g} ps: it takes some {_RELAXED / slowest:.2g} ps to warm up"
        )
    if blocks < _FEW:
        out.append(f"{blocks} blocks of {length:g} ps are too few to trust the errors")
    if ran.met is False:
        out.append("the error of the odd polarization is above the goal")
    across = _across(ran)
    if across:
        out.append(f"{across:.2%} of the cells have crossed to the other well: maps about one well mean little")
    out += ran.energy.warnings() if ran.energy else ()
    if ran.asked != run.device:
        out.append("no GPU was found: the run fell back on the CPU")
    if run.precision == "single" and ran.rounding:
        out.append(f"single precision: rounding is a bath of {ran.rounding:.1e} K")
    out.append(
        "sign, layer structure and size of the odd polarization depend on the short-range kernel, the temperature "
        "profile and the sponge"
    )
    return tuple(out)


def _across(ran: Ran) -> float:
    """Share of the cells that end on the other side of the barrier."""
    run = ran.trajectories
    along = [end["u"][:, : len(run.omegas)] @ np.asarray(run.record.well.axis) for end in ran.ends]
    return float(np.mean(np.concatenate(along) < -run.record.well.minimum))


def _numbers(ran: Ran, estimates: Mapping[tuple[str, str], Estimate]) -> dict[str, float | int | str]:
    run, record = ran.trajectories, ran.trajectories.record
    axis = np.asarray(record.well.axis)
    charge, mass = float(axis @ record.charge @ axis), float(axis @ record.mass @ axis)
    blocks, length = _blocks(ran)
    odd = estimates["polarization", "_odd"].mean
    numbers: dict[str, float | int | str] = {
        "omega_B_rad_per_ps": ran.omega,
        "equivalent_bare_Lorentz_field_T": equivalent_field(ran.omega, charge, mass),
        "lowest_stiffness_eV_per_angstrom2": ran.solved.stability.lowest,
        "fastest_mode_rad_per_ps": ran.solved.stability.frequency,
        "polarization_at_rest_C_per_m2": float(record.polarization @ axis),
        "largest_polarization_odd_C_per_m2": float(np.abs(odd.value).max()),
        "error_polarization_odd_C_per_m2": float(np.sqrt((odd.error**2).mean())),
        "largest_kinetic_energy_odd_eV": float(np.abs(estimates["kinetic_energy", "_odd"].mean.value).max()),
        "step_ps": run.step,
        "seed": run.seed,
        "realizations": ran.sampling.realizations,
        **({"twin_stiffness_change_eV_per_angstrom2": run.twin_change} if run.twin else {}),
        "duration_ps": _duration(ran),
        "settle_ps": run.settle * run.step,
        "blocks": blocks,
        "block_ps": length,
        "route": run.langevin.route,
        "device": run.device,
        "precision": run.precision,
    }
    return numbers | (ran.energy.numbers() if ran.energy else {}) | dict(record_numbers(record))
