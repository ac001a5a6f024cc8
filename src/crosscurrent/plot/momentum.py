"""Bands along a path, and maps over momentum space."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import CenteredNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from crosscurrent.plot import style
from crosscurrent.results.schema import component_dims
from crosscurrent.units import InputError

ENERGY = "energy"


def bands(ds: xr.Dataset, ax: Axes, *, variable: str | None = None, axis: str = "z") -> LineCollection:
    """Bands along a path, coloured by a variable (its `axis` component when it is a vector).

    ds: `energy` over (a path dimension, band), a coordinate `distance` along the path, and its corners in the
    attributes `corner_labels` (lines) and `corner_distances`. variable: None for plain bands. Returns the
    coloured lines.
    """
    energy = _named(ds, ENERGY)
    path = str(ds["distance"].dims[0])
    x, y = ds["distance"].values, energy.transpose(path, "band").values
    segments = np.stack([np.broadcast_to(x[:, None], y.shape), y], axis=-1).transpose(1, 0, 2)
    pieces = np.stack([segments[:, :-1], segments[:, 1:]], axis=2).reshape(-1, 2, 2)
    # a colour given here would win over the colour map
    lines = LineCollection(list(pieces), linewidths=1.4, colors=style.COLOURS[0] if variable is None else None)
    if variable is not None:
        values = _vector(ds, variable, axis).transpose(path, "band").values
        # each piece takes the mean of its ends
        lines.set_array((0.5 * (values[:-1] + values[1:])).T.ravel())
        lines.set_cmap("coolwarm")
        lines.set_norm(_symmetric(values))
    ax.add_collection(lines)
    ax.set_xlim(float(x[0]), float(x[-1]))
    margin = 0.04 * float(np.ptp(y)) or 0.1
    ax.set_ylim(float(y.min()) - margin, float(y.max()) + margin)
    labels = str(ds.attrs.get("corner_labels", "")).splitlines()
    corners = np.atleast_1d(np.asarray(ds.attrs.get("corner_distances", []), dtype=float))
    if labels:
        ax.set_xticks(list(corners), [style.corner(label) for label in labels])
        for corner in corners:
            ax.axvline(corner, color="0.6", linewidth=0.8, zorder=0)
    ax.set_ylabel(style.with_unit("energy", str(energy.attrs.get("units", ""))))
    return lines


def bands_figure(ds: xr.Dataset, *, variable: str | None = None, axis: str = "z", title: str | None = None) -> Figure:
    """Bands with a colour bar; coloured by spin when the result has it and nothing else is asked for."""
    spin = next((str(name) for name in ds.data_vars if str(name).startswith("spin")), None)
    chosen = variable if variable not in (None, ENERGY) else spin
    figure = style.new_figure()
    ax = style.prepare(figure.subplots())
    lines = bands(ds, ax, variable=chosen, axis=axis)
    if chosen is not None:
        figure.colorbar(lines, ax=ax, label=_colour_label(ds, chosen, axis))
    ax.set_title(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure


def k_map(ds: xr.Dataset, ax: Axes, variable: str, *, band: int = 0, axis: str = "z") -> object:
    """One variable of one band over a two-dimensional mesh: coordinates `kx` and `ky` on the mesh dimensions.

    In three dimensions the plane nearest to k_z = 0 is drawn. Returns what a colour bar needs.
    """
    values = _vector(ds, variable, axis)
    if not 0 <= band < ds.sizes["band"]:
        raise InputError(f"no band {band}", where="plot", fix=f"bands count from 0 to {ds.sizes['band'] - 1}")
    return mesh_map(ds, values.isel(band=band), ax, signed=variable != ENERGY)


def mesh_map(
    ds: xr.Dataset,
    values: xr.DataArray,
    ax: Axes,
    *,
    signed: bool = True,
    centred: bool = False,
    percentile: float = 99.0,
) -> object:
    """Numbers over a mesh in k: coordinates `kx` and `ky` of `ds` on the dimensions of `values`.

    signed: colours that are pale at zero. centred: a periodic zone drawn with Gamma in its middle. percentile:
    of the magnitudes, where the colours end. In three
    dimensions the plane nearest to k_z = 0 is drawn. Returns what a colour bar needs. Raises InputError for points
    that are no mesh.
    """
    mesh = [str(d) for d in ds["kx"].dims]
    kx, ky = ds["kx"], ds["ky"]
    if len(mesh) == 3:
        plane = {mesh[2]: int(np.argmin(np.abs(ds["kz"].values[0, 0])))} if "kz" in ds.coords else {mesh[2]: 0}
        values, kx, ky = values.isel(plane), kx.isel(plane), ky.isel(plane)
        mesh = mesh[:2]
    if len(mesh) != 2:
        raise InputError(
            "this result lies on single points, not on a mesh", where="plot", fix="export it as text instead"
        )
    grid, x, y = values.transpose(*mesh).values, kx.values, ky.values
    if centred:
        grid, x, y = _around_gamma(grid, x, y)
    drawn = ax.pcolormesh(
        x,
        y,
        grid,
        shading="nearest",
        cmap="coolwarm" if signed else "viridis",
        norm=_symmetric(grid, percentile) if signed else Normalize(float(grid.min()), float(grid.max())),
    )
    ax.set_aspect("equal")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    units = str(ds["kx"].attrs.get("units", ""))
    ax.set_xlabel(style.with_unit("$k_x$", units))
    ax.set_ylabel(style.with_unit("$k_y$", units))
    return drawn


def _around_gamma(grid: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A mesh over one cell, reduced coordinates 0 to 1, as one from -1/2 to 1/2: the upper half moves by a period."""
    for axis, n in enumerate(grid.shape):
        half = n // 2
        last, first = (np.take(np.stack([x, y]), at, axis + 1) for at in (n - 1, 0))
        period = np.expand_dims((last - first) * n / (n - 1), axis + 1) if n > 1 else 0.0
        moved = np.roll(np.stack([x, y]), half, axis + 1)
        lower = [slice(None)] * 3
        lower[axis + 1] = slice(0, half)
        moved[tuple(lower)] -= period
        (x, y), grid = moved, np.roll(grid, half, axis)
    return grid, x, y


def map_figure(
    ds: xr.Dataset, *, variable: str | None = None, band: int = 0, axis: str = "z", title: str | None = None
) -> Figure:
    """A map with its colour bar; the Berry curvature when nothing is asked for and the result has it."""
    chosen = variable or ("berry_curvature" if "berry_curvature" in ds.data_vars else ENERGY)
    if "kx" not in ds.coords:
        raise InputError("this result has no mesh in k", where="plot", fix="export it as text instead")
    figure = style.new_figure(5.4, 4.4)
    ax = style.prepare(figure.subplots())
    ax.grid(False)
    drawn = k_map(ds, ax, chosen, band=band, axis=axis)
    figure.colorbar(drawn, ax=ax, label=_colour_label(ds, chosen, axis))  # type: ignore[arg-type]
    ax.set_title(title if title is not None else f"band {band}", fontsize=11)
    style.note(figure, ds)
    return figure


def _named(ds: xr.Dataset, name: str) -> xr.DataArray:
    if name not in ds.data_vars:
        raise InputError(f"no variable '{name}'", where="plot", fix="choose from " + ", ".join(map(str, ds.data_vars)))
    return ds[name]


def _vector(ds: xr.Dataset, variable: str, axis: str) -> xr.DataArray:
    values = _named(ds, variable)
    for dim in component_dims(ds, variable):
        if axis in ds[dim].values:
            values = values.sel({dim: axis})
        elif ds.sizes[dim] == 1:
            values = values.isel({dim: 0})
        else:
            have = ", ".join(str(v) for v in ds[dim].values)
            raise InputError(f"'{variable}' has no component '{axis}'", where="plot", fix=f"choose from {have}")
    return values


def _symmetric(values: np.ndarray, percentile: float = 99.0) -> Normalize:
    """Zero is the pale middle; cut at the percentile, or a spike would leave everything else pale."""
    size = np.abs(values[np.isfinite(values)])
    reach = float(np.percentile(size, percentile)) if size.size else 1.0
    return CenteredNorm(0.0, reach if reach > 0 else 1.0)


def _colour_label(ds: xr.Dataset, variable: str, axis: str) -> str:
    name = variable.replace("_", " ") + (f" {axis}" if component_dims(ds, variable) else "")
    return style.with_unit(name, str(ds[variable].attrs.get("units", "")))
