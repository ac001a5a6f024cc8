"""Linear-response coefficients of the ferron Hall effect: what gathers in each layer per gradient and per field.

For temperatures that vary slowly, X(x, y) = c(y) dT/dx for what needs no field, and X = c(y) Omega_B dT/dx for what is
odd in it. The kernels of `ferron_hall_kernels` answer to waves cos(k x) of the temperature exactly, so c(k, y) is the
part of the answer that follows the slope of a wave, over that slope, and c(y) its limit k -> 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.profiles import Profile
from crosscurrent.numerics.slab import Slab
from crosscurrent.responses.ferron_hall import FerronHallKernels, ferron_hall_kernels
from crosscurrent.responses.ferron_hall_labels import EQUATIONS
from crosscurrent.responses.ferron_hall_maps import Maps
from crosscurrent.responses.ferron_hall_scan import at_field
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_EQUATIONS = {key: EQUATIONS[key] for key in ("eq-1", "eq-4", "S44", "S52")}


@dataclass(frozen=True)
class _Coefficient:
    """part: which maps, without a field or odd in it. pick: the quantity, (Nx, Ny), of them. error: its name there."""

    part: str
    error: str
    pick: Callable[[Maps], Floats]
    units: str
    long_name: str
    equations: tuple[str, ...]


_COEFFICIENTS = {
    "angular_momentum": _Coefficient(
        "_0", "angular", lambda maps: maps.angular[..., 2], "hbar nm/K", "angular momentum over dT/dx", ("eq-1", "eq-4")
    ),
    "kinetic_energy_odd": _Coefficient(
        "_odd",
        "kinetic",
        lambda maps: maps.kinetic,
        "eV nm ps/(K rad)",
        "odd kinetic energy over Omega_B dT/dx",
        ("eq-1", "eq-4", "S44"),
    ),
    "polarization_odd": _Coefficient(
        "_odd",
        "shift",
        lambda maps: maps.shift,
        "C nm ps/(m^2 K rad)",
        "odd polarization over Omega_B dT/dx",
        ("eq-1", "S52", "S44"),
    ),
}


def ferron_coefficients(
    record: LocalMode,
    grid: Slab | tuple[int, int, int],
    damping: Profile | Sequence[float] | Floats,
    omega_B: float = 0.1,
    *,
    waves: int = 4,
    memory: float | None = None,
    parts: int = 1,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """What gathers in each layer per K/nm, and per rad/ps for what is odd in the field.

    record, grid, damping, memory, parts, run: as in `ferron_hall`. omega_B: a small field, rad/ps; the slab is solved
    in it and in twice of it, for the limit of no field and its error. waves: how many of the longest waves of the
    temperature that fit the length along x.

    Returns a dataset over (wave, y): `angular_momentum` (hbar nm/K), `kinetic_energy_odd` (eV nm ps/(K rad)) and
    `polarization_odd` (C nm ps/(m^2 K rad)), with the wave vector k. Where neighbouring waves differ, the answer is not
    local on that length; the first wave is the nearest to the limit of an even gradient. The errors are those of the
    limit of no field. Raises InputError as `ferron_hall` does, for a field that is 0, and more waves than there are.
    """
    nx = (grid.shape if isinstance(grid, Slab) else tuple(grid))[0]
    if not omega_B > 0:
        raise InputError(f"omega_B is {omega_B}", where="omega_B", fix="give a small one above 0, rad/ps")
    if not 1 <= waves <= (nx - 1) // 2:
        raise InputError(
            f"{waves} waves of the temperature along {nx} cells", where="waves", fix=f"give 1 to {(nx - 1) // 2}"
        )
    weak = ferron_hall_kernels(record, grid, damping, omega_B, memory=memory, parts=parts, run=run)
    twice = at_field(weak, 2 * omega_B, parts, run)
    k = 2 * np.pi * np.arange(1, waves + 1) / nx / (record.lattice_constant / 10)
    found = {name: (_slopes(weak, name, waves), _slopes(twice, name, waves)) for name in _COEFFICIENTS}
    variables = {}
    for name, ((first, rounding), (second, _)) in found.items():
        entry = _COEFFICIENTS[name]
        # odd in the field: the next term is of third order, and its size bounds what is left of it
        bend = (second - first) / 3
        limit, error = first - bend, np.abs(bend) + rounding
        variables[name] = Quantity(("wave", "y"), limit, entry.units, entry.long_name, error, entry.equations)
    coords = {
        "wave": Quantity(("wave",), np.arange(1, waves + 1), "", "waves of the temperature along x"),
        "k": Quantity(("wave",), k, "1/nm", "wave vector of the temperature"),
        "y": Quantity(("y",), np.arange(weak.slab.shape[1]), "cell", "layer between the open surfaces"),
    }
    return _labelled(weak, variables, coords)


def _slopes(solved: FerronHallKernels, name: str, waves: int) -> tuple[Floats, Floats]:
    """(waves, Ny): the part of the answer that follows dT/dx, over dT/dx, and over the field for what is odd in it.

    The second array, (waves, 1), is its numerical error.
    """
    nx = solved.slab.shape[0]
    entry = _COEFFICIENTS[name]
    per = solved.omega if entry.part == "_odd" else 1.0
    values, errors = [], []
    for n in range(1, waves + 1):
        angle = 2 * np.pi * n * np.arange(nx) / nx
        slope = -np.sin(angle) * 2 * np.pi * n / nx / (solved.record.lattice_constant / 10)
        maps = solved.maps(np.cos(angle))[entry.part]
        size = float(slope @ slope) * per
        values.append(slope @ entry.pick(maps) / size)
        errors.append([maps.errors[entry.error] * float(np.abs(slope).sum()) / size])
    return np.array(values), np.array(errors)


def _labelled(solved: FerronHallKernels, variables: dict[str, Quantity], coords: dict[str, Quantity]) -> xr.Dataset:
    nx, ny, nz = solved.slab.shape
    edges = {
        f"edge_{name}_{unit}": float(np.asarray(variables[name].values)[0, 0])
        for name, unit in (
            ("angular_momentum", "hbar_nm_per_K"),
            ("kinetic_energy_odd", "eV_nm_ps_per_K_rad"),
            ("polarization_odd", "C_nm_ps_per_m2_K_rad"),
        )
    }
    return dataset(
        variables,
        coords,
        quantity="linear-response coefficients of the ferron Hall effect",
        index_order="by wave of the temperature and layer",
        convention="X = c dT/dx, and X = c omega_B dT/dx for what is odd in a field along z; x along the gradient, "
        "omega_B in rad/ps",
        equations=_EQUATIONS,
        model=solved.record.name,
        model_source=solved.record.source,
        domain=f"{nx} x {ny} x {nz} cells, open along y, where the dipoles' transform has {solved.slab.length_y}",
        method=f"Sylvester equations between Bloch wave vectors, at {solved.omega:g} and {2 * solved.omega:g} rad/ps",
        status="exact for the linearised lattice, at the limit of no field",
        warnings=(
            "linearised around the ordered state",
            "sign and size of the odd polarization depend on the short-range kernel and the damping",
            "a gradient that varies over fewer cells than these waves is not answered locally",
        ),
        damping_profile=solved.damping_profile,
        **edges,
    )
