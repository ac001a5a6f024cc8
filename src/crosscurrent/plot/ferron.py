"""The ferron Hall effect: maps over a heated slab, without a field and odd in it, and their size over the field."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crosscurrent.plot import style
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_AXIS = "omega_B"
#: What may be scanned, in the order in which it takes the horizontal axis -> label of that axis.
_SCANNED = {
    _AXIS: r"$\Omega_B$ (rad/ps)",
    "temperature_hot": r"$T_\mathrm{hot}$ (K)",
    "size": "cells",
    "record": "record",
}
#: variable -> (symbol, factor, unit that is drawn).
QUANTITIES: dict[str, tuple[str, float, str]] = {
    "kinetic_energy": ("E_{\\mathrm{kin}}", 1e3, "meV"),
    "polarization": ("P", 1e6, "uC/m^2"),
    "angular_momentum": ("L_z", 1e3, "10^-3 hbar"),
}
#: unit -> how it is set on an axis.
UNIT_LABELS = {"meV": "meV", "ueV": r"$\mu$eV", "uC/m^2": r"$\mu$C/m$^2$", "10^-3 hbar": r"$10^{-3}\,\hbar$"}
#: variable -> (factor, unit) of what is odd in the field.
ODD_UNITS = {"kinetic_energy": (1e6, "ueV"), "polarization": (1e6, "uC/m^2"), "angular_momentum": (1e3, "10^-3 hbar")}


def is_ferron(ds: xr.Dataset) -> bool:
    """Whether the result is one of a heated slab of polar modes."""
    there = {str(name) for name in ds.data_vars}
    return {"kinetic_energy_0", "polarization_odd"} <= there or "largest_polarization_odd" in there


def ferron_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """What suits the result: maps of one run, or the size of the odd parts over several."""
    if any(ds.sizes.get(name, 1) > 1 for name in _SCANNED) or "polarization_odd" not in ds.data_vars:
        return scan_figure(ds, title=title)
    return maps_figure(ds, title=title)


def maps_figure(ds: xr.Dataset, *, omega: float | None = None, title: str | None = None) -> Figure:
    """Kinetic energy, polarization and angular momentum of the cells: without a field above, odd in it below, under the
    temperature of the baths.

    ds: a result of `ferron_hall`. omega: which field of a scan, rad/ps. At zero field the shift of the polarization
    from that at rest is drawn. Raises InputError for a field that is not there.
    """
    if "polarization_odd" not in ds.data_vars:
        raise InputError("this result has no maps of a slab", where="plot", fix="draw a result of ferron_hall")
    ds = _one_field(ds, omega)
    nx, ny = ds.sizes["x"], ds.sizes["y"]
    height = float(np.clip(3.6 * ny / nx, 1.6, 4.2))
    figure = style.new_figure(11.4, 2.2 + 2 * height)
    grid = figure.subplots(3, 3, sharex="all", sharey="row", height_ratios=[0.28 * 2.4 / height, 1.0, 1.0])
    for column, name in enumerate(QUANTITIES):
        symbol, factor, unit = QUANTITIES[name]
        _strip(grid[0, column], ds)
        still = plane(ds, f"{name}_0")
        if name == "polarization":
            still, symbol_0 = still - float(ds.attrs["polarization_at_rest_C_per_m2"]), r"P - P_{\mathrm{rest}}"
        else:
            symbol_0 = symbol
        slab_map(figure, grid[1, column], factor * still, f"${symbol_0}(\\Omega_B = 0)$ [{UNIT_LABELS[unit]}]")
        factor, unit = ODD_UNITS[name]
        slab_map(
            figure, grid[2, column], factor * plane(ds, f"{name}_odd"), f"$\\Delta_B {symbol}$ [{UNIT_LABELS[unit]}]"
        )
        grid[2, column].set_xlabel("$x$ (cells)")
    grid[0, 0].set_ylabel("$T$ (K)")
    for row in (1, 2):
        grid[row, 0].set_ylabel("$y$ (layers)")
    figure.suptitle(title if title is not None else slab_title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def scan_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """The largest odd kinetic energy, polarization and angular momentum of a slab over what was scanned.

    Fields, temperatures, sizes or records stand along the axis, the first of them that the result has; each
    combination of the others is a line. Raises InputError for a result of one run.
    """
    axes_there = [name for name in _SCANNED if name in ds.dims]
    if not axes_there:
        raise InputError("this result has one field", where="plot", fix="give a list of omega_B in the job, or a scan")
    along, others = axes_there[0], axes_there[1:]
    figure = style.new_figure(6.4, 6.6)
    axes = figure.subplots(3, 1, sharex=True)
    numbers = ds[along].dtype.kind in "if"
    order = np.argsort(ds[along].values) if numbers else np.arange(ds.sizes[along])
    x: Floats = ds[along].values[order] if numbers else np.arange(len(order), dtype=float)
    for index, (ax, name) in enumerate(zip(axes, QUANTITIES, strict=True)):
        style.prepare(ax)
        factor, unit = ODD_UNITS[name]
        lines = ds[f"largest_{name}_odd"].transpose(along, *others).isel({along: order})
        for at, place in enumerate(np.ndindex(*lines.shape[1:])):
            chosen = lines.isel(dict(zip(others, place, strict=True)))
            colour = style.COLOURS[(at if others else index) % len(style.COLOURS)]
            label = ", ".join(_place(chosen[other]) for other in others)
            ax.plot(x, factor * chosen.values, "o-", color=colour, markersize=4, linewidth=1.4, label=label)
        ax.set_ylabel(f"max $|\\Delta_B {QUANTITIES[name][0]}|$ [{UNIT_LABELS[unit]}]", fontsize=9)
        ax.set_ylim(bottom=0)
    _scanned_axis(axes[-1], ds[along], x, numbers)
    if others:
        axes[0].legend(fontsize=8, frameon=False)
    figure.suptitle(title if title is not None else slab_title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def _scanned_axis(ax: Axes, axis: xr.DataArray, x: Floats, numbers: bool) -> None:
    if not numbers:
        ax.set_xticks(x, [str(name) for name in axis.values])
        return
    if np.all(x > 0) and x[-1] > 20 * x[0]:
        ax.set_xscale("log")
    ax.set_xlabel(_SCANNED[str(axis.name)])


def _place(value: xr.DataArray) -> str:
    """'50 K', or a name."""
    if value.dtype.kind not in "if":
        return str(value.item())
    return f"{value.item():g} {value.attrs.get('units', '')}"


def _one_field(ds: xr.Dataset, omega: float | None) -> xr.Dataset:
    for name in _SCANNED:
        if name != _AXIS and name in ds.dims:
            if ds.sizes[name] > 1:
                raise InputError(
                    f"the result has {ds.sizes[name]} maps along {name}", where="plot", fix="select one of them first"
                )
            ds = ds.isel({name: 0})
    if _AXIS not in ds.dims:
        return ds
    at = 0
    if omega is not None:
        hits = np.flatnonzero(np.isclose(ds[_AXIS].values, omega))
        if len(hits) != 1:
            known = ", ".join(f"{value:g}" for value in ds[_AXIS].values)
            raise InputError(f"no field {omega:g} rad/ps", where="plot", fix=f"choose from {known}")
        at = int(hits[0])
    chosen = ds.isel({_AXIS: at})
    return chosen.assign_attrs(omega_B_rad_per_ps=float(ds[_AXIS].values[at]))


def plane(ds: xr.Dataset, name: str) -> Floats:
    """(Nx, Ny); the z component of a vector."""
    values = ds[name]
    return np.asarray((values.sel(component="z") if "component" in values.dims else values).values)


def _strip(ax: Axes, ds: xr.Dataset) -> None:
    """The temperature of the baths, above a map."""
    style.prepare(ax)
    ax.fill_between(ds["x"].values, ds["temperature"].values, color=style.COLOURS[1], alpha=0.25, linewidth=0)
    ax.plot(ds["x"].values, ds["temperature"].values, color=style.COLOURS[1], linewidth=1.3)
    ax.set_ylim(bottom=0)


def slab_map(figure: Figure, ax: Axes, values: Floats, label: str, *, scale: Floats | None = None) -> None:
    """One map; what has both signs on a map that is white at zero. scale: values that set the colours instead."""
    shown = np.ma.masked_invalid(values if scale is None else scale)
    top, low = float(shown.max()), float(shown.min())
    size = max(abs(top), abs(low)) or 1.0
    if low >= -1e-9 * size:
        look = {"cmap": "inferno", "vmin": 0.0, "vmax": size}
    elif top <= 1e-9 * size:
        look = {"cmap": "viridis", "vmin": -size, "vmax": top}
    else:
        look = {"cmap": "RdBu_r", "vmin": -size, "vmax": size}
    nx, ny = values.shape
    drawn = ax.pcolormesh(np.arange(nx), np.arange(ny), values.T, shading="nearest", rasterized=True, **look)  # type: ignore[arg-type]
    ax.tick_params(direction="in", labelsize=9)
    figure.colorbar(drawn, ax=ax, label=label)


def slab_title(ds: xr.Dataset) -> str:
    """The title of the job, and the field."""
    named = style.headline(ds)
    if "omega_B_rad_per_ps" not in ds.attrs:
        return named
    omega, field = ds.attrs["omega_B_rad_per_ps"], ds.attrs.get("equivalent_bare_Lorentz_field_T")
    text = rf"$\Omega_B$ = {float(omega):g} rad/ps"
    if field is not None:
        text += f" (as a bare Lorentz force in {float(field):.2g} T)"
    return f"{named}; {text}" if named else text
