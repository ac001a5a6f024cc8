"""Spin currents of a field E(r) on a periodic grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from crosscurrent.models.bloch import AXES
from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.numerics import periodic
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.physics.phonon_spin import real_space
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.responses.phonon_spin_currents import derived
from crosscurrent.results import Quantity
from crosscurrent.units import ANGSTROM_M, InputError

Floats = NDArray[np.float64]

#: Above this number of different |q| chi is interpolated.
_DIRECT = 300
_KNOTS = 160
#: Modes below this part of the largest one are rounding.
_NOISE = 1e-12


@dataclass(frozen=True)
class Grid:
    """A field on a periodic grid. values: (*shape, 3), V/m. spacing: angstrom, one an axis."""

    values: Floats
    spacing: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape[:-1]


def field_currents(
    metal: ParaelectricMetal,
    temperature: float,
    gap: float,
    field: ArrayLike,
    spacing: ArrayLike,
    *,
    dimension: int = 3,
    level: str = "auto",
    weight: Any = "thermal",
    axis: Any = "easy_axis",
    tolerance: float = 1e-2,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Spin current J(r) of a static field E(r) given on a periodic grid: J(q) = sigma(q) E(q) by FFT.

    temperature: K. gap: eV. field: real, V/m, (n_x[, n_y[, n_z]], 3), or components (.., 2) of a metal in two
    dimensions; it varies along the axes that the grid has. spacing: angstrom, one number or one an axis. The rest is
    as in `phonon_spin`.

    Returns `spin_current` (x[, y[, z]], current, spin) in J/m^2 (2D: J/m), with its error, and `electric_field`. Raises
    InputError for a complex field, a grid that does not close on itself, and waves of 2 k_F and more.
    """
    grid = checked_grid(field, spacing, dimension)
    n = len(grid.shape)
    modes = np.fft.fftn(grid.values, axes=range(n))
    q = periodic.lengths(grid.shape, grid.spacing)
    size = np.sqrt(np.sum(np.abs(modes) ** 2, axis=-1))
    heard = (size > _NOISE * size.max(initial=0.0)) & (q > 0)
    two_kf = 2.0 * metal.fermi_wave_vector * ANGSTROM_M
    if np.any(q[heard] >= two_kf):
        raise InputError(
            f"the field has waves of {q[heard].max():.3g}/angstrom, 2 k_F is {two_kf:.3g}/angstrom",
            where="field_currents.field",
            fix="use a coarser grid or a smoother field",
        )
    settings = {"dimension": dimension, "level": level, "weight": weight, "axis": axis, "tolerance": tolerance}
    unique, which = np.unique(np.where(heard, q, 0.0), return_inverse=True)
    chi, relative, result = _chi_of_lengths(metal, temperature, gap, unique, settings, run)
    chi, relative = chi[which.reshape(grid.shape)], relative[which.reshape(grid.shape)]
    products = periodic.wave_vector_products(grid.shape, grid.spacing) / ANGSTROM_M**2
    amplitude = real_space.mode_currents(products, np.where(heard[..., None], modes, 0.0), chi)
    current = np.fft.ifftn(amplitude, axes=range(n)).real
    # every mode may err in the same direction
    bound = np.sum(np.abs(amplitude) * relative[..., None, None], axis=tuple(range(n))) / q.size
    return _real_space_dataset(grid, current, np.broadcast_to(bound, current.shape), result, dimension)


def checked_grid(field: ArrayLike, spacing: ArrayLike, dimension: int) -> Grid:
    """A field on a grid as three components. Raises InputError when it is complex or does not close on itself."""
    where = "field_currents.field"
    array = np.asarray(field)
    if np.iscomplexobj(array):
        raise InputError("the field is complex, a field in real space is real", where=where, fix="take its real part")
    try:
        values = array.astype(float)
    except (TypeError, ValueError):
        raise InputError("the field is not an array of numbers", where=where) from None
    n = values.ndim - 1
    if not 1 <= n <= dimension or values.shape[-1] != dimension or not np.all(np.isfinite(values)):
        raise InputError(
            f"the field must have 1 to {dimension} axes in space and {dimension} finite components last, got shape "
            f"{values.shape}",
            where=where,
        )
    steps = np.asarray(spacing, dtype=float)
    if steps.ndim > 1 or steps.size not in (1, n) or not np.all(np.isfinite(steps) & (steps > 0)):
        raise InputError(
            "the spacing is a positive length for each axis", where="field_currents.spacing", fix="give angstrom"
        )
    for a in range(n):
        _check_closed(values, a, where)
    padded = np.concatenate([values, np.zeros((*values.shape[:-1], 3 - dimension))], axis=-1)
    return Grid(padded, tuple(float(s) for s in np.broadcast_to(steps, (n,))))


def _check_closed(values: Floats, axis: int, where: str) -> None:
    """Whether the last point along an axis leads to the first as any other to its neighbour."""
    points = values.shape[axis]
    if points < 3:
        raise InputError(f"axis {AXES[axis]} of the grid has {points} points", where=where, fix="give three or more")
    first, last = np.take(values, 0, axis), np.take(values, -1, axis)
    steps = float(np.max(np.abs(np.diff(values, axis=axis))))
    jump = float(np.max(np.abs(last - first)))
    if steps > 0 and jump < 1e-9 * steps:
        raise InputError(
            f"the grid repeats its first point at the end of axis {AXES[axis]}",
            where=where,
            fix="leave out the last point: the period is the number of points times the spacing",
        )
    if jump > 2.0 * steps:
        raise InputError(
            f"the field is not periodic along {AXES[axis]}: it jumps by {jump:.3g} V/m from the last point to the "
            f"first, elsewhere by {steps:.3g} V/m at most",
            where=where,
            fix="let the grid hold a full period",
        )


def _chi_of_lengths(
    metal: ParaelectricMetal, temperature: float, gap: float, q: Floats, settings: dict[str, Any], run: ChunkMap
) -> tuple[Floats, Floats, xr.Dataset]:
    """(chi, its relative error, the result behind it) at lengths of q, 1/angstrom; interpolated when there are many."""
    dimension = int(settings["dimension"])
    knots = q
    scale = metal.mean_free_path / ANGSTROM_M
    if len(q) > _DIRECT:
        # chi varies on the scale of 1/l
        knots = np.sinh(np.linspace(0.0, np.arcsinh(scale * q[-1]), 2 * _KNOTS + 1)) / scale
    vectors = np.zeros((len(knots), dimension))
    vectors[:, 0] = knots
    result = phonon_spin(metal, temperature, gap, vectors, run=run, **settings)
    chi = result["chi"].values[0, 0]
    relative = np.divide(result["chi_error"].values[0, 0], np.abs(chi), out=np.zeros(len(chi)), where=chi != 0)
    if len(q) <= _DIRECT or not np.all(chi > 0):
        return (chi, relative, result) if len(q) <= _DIRECT else (np.zeros(len(q)), np.zeros(len(q)), result)
    s, at = np.arcsinh(scale * knots), np.arcsinh(scale * q)
    curve, coarse = CubicSpline(s, np.log(chi)), CubicSpline(s[::2], np.log(chi[::2]))
    missed = float(np.max(np.abs(curve(s) - coarse(s))))
    return np.exp(curve(at)), np.interp(at, s, relative) + missed, result


def _real_space_dataset(grid: Grid, current: Floats, error: Floats, result: xr.Dataset, dimension: int) -> xr.Dataset:
    space = AXES[: len(grid.shape)]
    kept = AXES[:dimension]
    current, error = current[..., :dimension, :], error[..., :dimension, :]
    if dimension == 2:
        # the spin stands along the easy axis
        current, error = current * np.array([0.0, 0.0, 1.0]), error * np.array([0.0, 0.0, 1.0])
    unit = "J/m^2" if dimension == 3 else "J/m"
    variables = {
        "spin_current": Quantity((*space, "current", "spin"), current, unit, "spin current", error, ("kim-26",)),
        "electric_field": Quantity((*space, "field"), grid.values[..., :dimension], "V/m", "electric field"),
    }
    out = derived(result, variables, "spin current of a field in space")
    for a, n, step in zip(space, grid.shape, grid.spacing, strict=True):
        out = out.assign_coords({a: xr.Variable((a,), step * np.arange(n), {"units": "angstrom", "long_name": a})})
    for name, labels in (("current", kept), ("field", kept), ("spin", AXES)):
        if name not in out.coords:
            out = out.assign_coords({name: xr.Variable((name,), np.array(labels), {"units": "", "long_name": name})})
    point = {"temperature_K": float(result["temperature"][0]), "gap_eV": float(result["gap"][0])}
    return out.assign_attrs(point | {"axes": ", ".join(space)})
