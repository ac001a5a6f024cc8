"""From the maps of `ferron_hall` to a labelled result: units, names, sources, coefficients and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_stability import Stability
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_langevin import equivalent_field
from crosscurrent.responses.ferron_hall_maps import Maps
from crosscurrent.responses.record_numbers import record_numbers
from crosscurrent.results import Quantity, dataset

Floats = NDArray[np.float64]

_PAPER = 'Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026)'
EQUATIONS = {
    "eq-1": f"{_PAPER}, Eq. (1): polarization, kinetic energy and angular momentum of a local mode",
    "eq-4": "the same paper, Eq. (4): Langevin dynamics, here linearised around the ordered state and solved exactly",
    "S44": "the same paper, S44: odd part in the field, by the mirror y -> -y, which is an exact symmetry",
    "S52": "the same paper, S52 with the whole stiffness: <du> = Phi^-1 [-(a_par/2) <du_par^2>]",
    "S53": "the same paper, S53: the shift in a well without neighbours",
    "S55": "the same paper, S55: a well without neighbours",
    "S58": "the same paper, S58: S55 with the variance from equipartition in the well",
    "S37": "the same paper, S37: torque of a neighbour on a cell with a minus sign, whose sum closes S38; not an "
    "antisymmetric current, its symmetric part is a source",
    "S38": "the same paper, S38: balance of the angular momentum of a cell",
    "S29": "the same paper, S29: balance of the kinetic energy of a cell; the on-site power S27 vanishes",
    "S30": "the same paper, S30: energy current of the short-range bonds, half of each at either end",
}
_CONVENTION = (
    "magnetic field along z: v' = omega_B z x v, so omega_B > 0 turns the velocity from x to y; omega_B is an angular "
    "frequency in rad/ps. Odd part: [X(+omega_B) - X(-omega_B)]/2"
)
_WARNINGS = (
    "linearised around the ordered state: anharmonic corrections beyond the mean shift are of order <du^2>/u_0^2",
    "sign, layer structure and size of the odd polarization depend on the short-range kernel, the temperature profile "
    "and the sponge",
)
#: A numerical error from which on the result carries a warning.
_LARGE = 1e-3
_MAPS = {"covariance": "covariance of the displacements", "kinetic": "kinetic energy", "angular": "angular momentum"}
_SUFFIXES = {"_0": "without a field", "": "in the field", "_odd": "odd in the field"}


@dataclass(frozen=True, eq=False)
class Lattice:
    """What was run. memory: bytes a worker."""

    record: LocalMode
    slab: Slab
    temperature: Floats
    damping: Floats
    omega: float
    step: float | None
    precision: str
    stability: Stability
    memory: int


@dataclass(frozen=True, eq=False)
class Addition:
    """What corrections beyond the linear lattice add to a result; warnings and status stand in the place of its own."""

    variables: Mapping[str, Quantity]
    numbers: Mapping[str, float]
    equations: Mapping[str, str]
    warnings: tuple[str, ...]
    status: str


def labelled(
    lattice: Lattice, maps: Mapping[str, Maps], words: Mapping[str, str | float], addition: Addition | None = None
) -> xr.Dataset:
    """maps: by suffix, "_0", "" and "_odd". words: further attributes."""
    variables: dict[str, Quantity] = {
        "temperature": Quantity(("x",), lattice.temperature, "K", "temperature of the baths"),
        "damping": Quantity(("y",), lattice.damping, "1/ps", "damping rate"),
    }
    for suffix, found in maps.items():
        # an odd part is a difference of maps in the field, and no better known than they are
        variables |= _variables(lattice.record, suffix, found, maps[""] if suffix == "_odd" else found)
    odd = maps["_odd"]
    for key, values in (("S55", odd.local), ("S58", odd.harmonic)):
        name = f"polarization_odd_{key.lower()}"
        variables[name] = Quantity(("x", "y"), values, "C/m^2", f"estimate {key} of the odd polarization", None, (key,))
    shift = Quantity(
        ("x", "y"),
        maps["_0"].local,
        "C/m^2",
        "estimate S53 of the shift of the polarization without a field",
        None,
        ("S53",),
    )
    variables["polarization_shift_0_s53"] = shift
    nx, ny, nz = lattice.slab.shape
    return dataset(
        variables | dict(addition.variables if addition else {}),
        _coordinates(nx, ny, maps["_0"].transport is not None),
        quantity="steady state of polar modes in a heated slab",
        index_order="maps are (x, y), means over z; covariances <du_a du_b> by (component, partner)",
        convention=_CONVENTION,
        equations=EQUATIONS | dict(addition.equations if addition else {}),
        model=lattice.record.name,
        model_source=lattice.record.source,
        domain=f"{nx} x {ny} x {nz} cells, open along y, where the dipoles' transform has {lattice.slab.length_y}",
        method=_method(lattice),
        status=addition.status if addition else "exact for the linearised lattice",
        warnings=_warnings(lattice, maps, addition),
        **_numbers(lattice, maps),
        **(addition.numbers if addition else {}),
        **words,
    )


def _warnings(lattice: Lattice, maps: Mapping[str, Maps], addition: Addition | None) -> tuple[str, ...]:
    """With a word on a numerical error that is large."""
    general = _WARNINGS if addition is None else (*addition.warnings, *_WARNINGS[1:])
    # the odd parts are small differences; without a gradient there is no angular momentum without a field
    names = ("covariance", "kinetic", *(("angular",) if np.ptp(lattice.temperature) > 0 else ()))
    sizes = {name: [float(np.abs(getattr(maps[at], name)).max()) for at in ("_0", "")] for name in names}
    worst = {
        name: max(maps[at].errors[name] / size for at, size in zip(("_0", ""), sizes[name], strict=True) if size > 0)
        for name in names
        if any(sizes[name])
    }
    name = max(worst, key=lambda key: worst[key], default="")
    if not name or worst[name] < _LARGE:
        return general
    lost = (
        f"numerical error up to {worst[name]:.1e} of the largest {_MAPS[name]}: two modes nearly coincide; double "
        "precision, or a slightly different damping, helps"
    )
    return (lost, *general)


def _coordinates(nx: int, ny: int, currents: bool) -> dict[str, Quantity]:
    letters = np.array(["x", "y", "z"])
    direction = {"direction": Quantity(("direction",), letters[:2], "", "direction of a current")}
    return {
        "x": Quantity(("x",), np.arange(nx), "cell", "cell along the temperature gradient"),
        "y": Quantity(("y",), np.arange(ny), "cell", "layer between the open surfaces"),
        "component": Quantity(("component",), letters, "", "component"),
        "partner": Quantity(("partner",), letters, "", "second component"),
        **(direction if currents else {}),
    }


def _variables(record: LocalMode, suffix: str, found: Maps, whole: Maps) -> dict[str, Quantity]:
    when, space = _SUFFIXES[suffix], ("x", "y")
    odd = ("S44",) if suffix == "_odd" else ()

    def estimate(field: str, units: str, name: str, *keys: str, dims: tuple[str, ...] = ()) -> Quantity:
        values = getattr(found, field)
        error = np.full(values.shape, found.errors[field])
        return Quantity((*space, *dims), values, units, f"{name} {when}", error, (*keys, *odd))

    rest = float(record.polarization @ np.asarray(record.well.axis)) if suffix != "_odd" else 0.0
    shift = estimate("shift", "C/m^2", "polarization along the polar axis", "eq-1", "S52")
    out = {
        "kinetic_energy": estimate("kinetic", "eV", "kinetic energy of a cell", "eq-1", "eq-4"),
        "kinetic_energy_parallel": estimate("longitudinal", "eV", "kinetic energy along the axis", "eq-4"),
        "polarization": replace(shift, values=rest + found.shift),
        "angular_momentum": estimate("angular", "hbar", "angular momentum of a cell", "eq-1", dims=("component",)),
        "displacement_covariance": estimate(
            "covariance", "angstrom^2", "covariance of the displacements", "eq-4", dims=("component", "partner")
        ),
    }
    out |= _transport(found, whole, when, odd)
    return {f"{name}{suffix}": quantity for name, quantity in out.items()}


def _transport(found: Maps, whole: Maps, when: str, odd: tuple[str, ...]) -> dict[str, Quantity]:
    flow, full = found.transport, whole.transport
    if flow is None or full is None:
        return {}

    def quantity(dims: tuple[str, ...], term: Floats, scale: Floats, units: str, name: str, key: str) -> Quantity:
        error = np.full(term.shape, found.error * float(np.abs(scale).max()))
        return Quantity(("x", "y", *dims), term, units, f"{name} {when}", error, (key, *odd))

    way = ("direction",)
    out = {
        "energy_current": quantity(way, flow.energy, full.energy, "eV/ps", "energy current through a cell", "S30"),
        "angular_current": quantity(way, flow.angular, full.angular, "hbar/ps", "flow of L_z through a cell", "S37"),
    }
    for key, term in flow.torques.items():
        name = f"torque on L_z, {key.replace('_', ' ')},"
        out[f"torque_{key}"] = quantity((), term, full.torques[key], "hbar/ps", name, "S38")
    for key, term in flow.powers.items():
        name = f"power on a cell, {key.replace('_', ' ')},"
        out[f"power_{key}"] = quantity((), term, full.powers[key], "eV/ps", name, "S29")
    return out


def _method(lattice: Lattice) -> str:
    time = "continuous time" if lattice.step is None else f"the map of a BAOAB step of {lattice.step:g} ps"
    return f"Sylvester equations between Bloch wave vectors, {time}, {lattice.precision} precision, all wave vectors"


def _numbers(lattice: Lattice, maps: Mapping[str, Maps]) -> dict[str, float]:
    record = lattice.record
    axis = np.asarray(record.well.axis)
    charge, mass = float(axis @ record.charge @ axis), float(axis @ record.mass @ axis)
    numbers = {
        "omega_B_rad_per_ps": lattice.omega,
        "equivalent_bare_Lorentz_field_T": equivalent_field(lattice.omega, charge, mass),
        "lowest_stiffness_eV_per_angstrom2": lattice.stability.lowest,
        "fastest_mode_rad_per_ps": lattice.stability.frequency,
        "memory_GiB_per_worker": lattice.memory / 2**30,
        "polarization_at_rest_C_per_m2": float(record.polarization @ axis),
        "largest_kinetic_energy_odd_eV": float(np.abs(maps["_odd"].kinetic).max()),
        "largest_polarization_odd_C_per_m2": float(np.abs(maps["_odd"].shift).max()),
        "largest_angular_momentum_0_hbar": float(np.abs(maps["_0"].angular[..., 2]).max()),
        "largest_angular_momentum_odd_hbar": float(np.abs(maps["_odd"].angular[..., 2]).max()),
    }
    for name, found in {"zero_field": maps["_0"], "field": maps[""]}.items():
        if found.transport is not None:
            numbers[f"energy_imbalance_{name}"] = found.transport.energy_imbalance
            numbers[f"angular_imbalance_{name}"] = found.transport.angular_imbalance
    return numbers | _coefficients(lattice, maps) | record_numbers(record)


def _coefficients(lattice: Lattice, maps: Mapping[str, Maps]) -> dict[str, float]:
    """Accumulation in the layer y = 0 where the gradient is steepest, per K/nm, and per rad/ps for the odd parts."""
    slope = np.gradient(lattice.temperature) / (lattice.record.lattice_constant / 10)
    at = int(np.argmax(slope))
    if slope[at] <= 0:
        return {}
    out = {"steepest_gradient_K_per_nm": float(slope[at]), "steepest_gradient_x": float(at)}
    out["edge_angular_momentum_hbar_nm_per_K"] = float(maps["_0"].angular[at, 0, 2] / slope[at])
    if lattice.omega != 0:
        scale = slope[at] * lattice.omega
        out["edge_kinetic_energy_odd_eV_nm_ps_per_K_rad"] = float(maps["_odd"].kinetic[at, 0] / scale)
        out["edge_polarization_odd_C_nm_ps_per_m2_K_rad"] = float(maps["_odd"].shift[at, 0] / scale)
    return out
