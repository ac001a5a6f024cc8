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
#: variable -> (symbol, factor, unit that is drawn).
_QUANTITIES: dict[str, tuple[str, float, str]] = {
    "kinetic_energy": ("E_{\\mathrm{kin}}", 1e3, "meV"),
    "polarization": ("P", 1e6, "uC/m^2"),
    "angular_momentum": ("L_z", 1e3, "10^-3 hbar"),
}
_UNIT = {"meV": "meV", "ueV": r"$\mu$eV", "uC/m^2": r"$\mu$C/m$^2$", "10^-3 hbar": r"$10^{-3}\,\hbar$"}
_ODD = {"kinetic_energy": (1e6, "ueV"), "polarization": (1e6, "uC/m^2"), "angular_momentum": (1e3, "10^-3 hbar")}


def is_ferron(ds: xr.Dataset) -> bool:
    """Whether the result is one of a heated slab of polar modes."""
    return {"kinetic_energy_0", "polarization_odd"} <= {str(name) for name in ds.data_vars}


def ferron_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """What suits the result: maps of one field, or the size of the odd parts over several."""
    if _AXIS in ds.dims and ds.sizes[_AXIS] > 1:
        return scan_figure(ds, title=title)
    return maps_figure(ds, title=title)


def maps_figure(ds: xr.Dataset, *, omega: float | None = None, title: str | None = None) -> Figure:
    """Kinetic energy, polarization and angular momentum of the cells: without a field above, odd in it below, under the
    temperature of the baths.

    ds: a result of `ferron_hall`. omega: which field of a scan, rad/ps. At zero field the shift of the polarization
    from that at rest is drawn. Raises InputError for a field that is not there.
    """
    if not is_ferron(ds):
        raise InputError("this result has no maps of a slab", where="plot", fix="draw a result of ferron_hall")
    ds = _one_field(ds, omega)
    nx, ny = ds.sizes["x"], ds.sizes["y"]
    height = float(np.clip(3.6 * ny / nx, 1.6, 4.2))
    figure = style.new_figure(11.4, 2.2 + 2 * height)
    grid = figure.subplots(3, 3, sharex="all", sharey="row", height_ratios=[0.28 * 2.4 / height, 1.0, 1.0])
    for column, name in enumerate(_QUANTITIES):
        symbol, factor, unit = _QUANTITIES[name]
        _strip(grid[0, column], ds)
        still = _map_of(ds, f"{name}_0")
        if name == "polarization":
            still, symbol_0 = still - float(ds.attrs["polarization_at_rest_C_per_m2"]), r"P - P_{\mathrm{rest}}"
        else:
            symbol_0 = symbol
        _map(figure, grid[1, column], factor * still, f"${symbol_0}(\\Omega_B = 0)$ [{_UNIT[unit]}]")
        factor, unit = _ODD[name]
        _map(figure, grid[2, column], factor * _map_of(ds, f"{name}_odd"), f"$\\Delta_B {symbol}$ [{_UNIT[unit]}]")
        grid[2, column].set_xlabel("$x$ (cells)")
    grid[0, 0].set_ylabel("$T$ (K)")
    for row in (1, 2):
        grid[row, 0].set_ylabel("$y$ (layers)")
    figure.suptitle(title if title is not None else _title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def scan_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """The largest odd kinetic energy, polarization and angular momentum of a slab over omega_B, rad/ps."""
    if _AXIS not in ds.dims:
        raise InputError("this result has one field", where="plot", fix="give a list of omega_B in the job")
    figure = style.new_figure(6.4, 6.6)
    axes = figure.subplots(3, 1, sharex=True)
    order = np.argsort(ds[_AXIS].values)
    omega = ds[_AXIS].values[order]
    for index, (ax, name) in enumerate(zip(axes, _QUANTITIES, strict=True)):
        style.prepare(ax)
        factor, unit = _ODD[name]
        values = ds[f"{name}_odd"]
        values = values.sel(component="z") if "component" in values.dims else values
        sizes = factor * abs(values).max(dim=("x", "y")).values[order]
        ax.plot(omega, sizes, "o-", color=style.COLOURS[index], markersize=4, linewidth=1.4)
        ax.set_ylabel(f"max $|\\Delta_B {_QUANTITIES[name][0]}|$ [{_UNIT[unit]}]", fontsize=9)
        ax.set_ylim(bottom=0)
    if np.all(omega > 0) and omega[-1] > 20 * omega[0]:
        axes[-1].set_xscale("log")
    axes[-1].set_xlabel(r"$\Omega_B$ (rad/ps)")
    figure.suptitle(title if title is not None else _title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def _one_field(ds: xr.Dataset, omega: float | None) -> xr.Dataset:
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


def _map_of(ds: xr.Dataset, name: str) -> Floats:
    """(Nx, Ny); the z component of a vector."""
    values = ds[name]
    return np.asarray((values.sel(component="z") if "component" in values.dims else values).values)


def _strip(ax: Axes, ds: xr.Dataset) -> None:
    """The temperature of the baths, above a map."""
    style.prepare(ax)
    ax.fill_between(ds["x"].values, ds["temperature"].values, color=style.COLOURS[1], alpha=0.25, linewidth=0)
    ax.plot(ds["x"].values, ds["temperature"].values, color=style.COLOURS[1], linewidth=1.3)
    ax.set_ylim(bottom=0)


def _map(figure: Figure, ax: Axes, values: Floats, label: str) -> None:
    """One map; what has both signs on a map that is white at zero."""
    top, low = float(values.max()), float(values.min())
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


def _title(ds: xr.Dataset) -> str:
    named = str(ds.attrs.get("job_title") or ds.attrs.get("quantity", ""))
    if "omega_B_rad_per_ps" not in ds.attrs:
        return named
    omega, field = ds.attrs["omega_B_rad_per_ps"], ds.attrs.get("equivalent_bare_Lorentz_field_T")
    text = rf"$\Omega_B$ = {float(omega):g} rad/ps"
    if field is not None:
        text += f" (as a bare Lorentz force in {float(field):.2g} T)"
    return f"{named}; {text}" if named else text
