"""Figures of several panels from several results: maps, bands, and the direction of the spin that a field makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.plot.curves import part
from crosscurrent.plot.momentum import ENERGY, bands
from crosscurrent.plot.phonons import dispersion
from crosscurrent.plot.spin import spin_map
from crosscurrent.results.schema import convert_units
from crosscurrent.units import InputError

Kind = Literal["map", "bands", "direction", "dispersion"]
Line = tuple[xr.Dataset, str, dict[str, object], str]

_ANGLES = 16  # directions of the field around the circle


def panels(kind: Kind, lines: Sequence[Line], *, unit: str | None = None, title: str = "") -> Figure:
    """One panel a line. lines: (result, variable, selection, label) each; the label is the panel's title.

    kind: "map", a component over momentum; "bands", along a path, coloured by the variable unless it is the energy;
    "direction", the spin that a field of every direction in the plane makes; "dispersion", phonons along a path, all
    panels on one scale. unit: maps are converted to it.
    """
    columns = min(len(lines), 3)
    rows = -(-len(lines) // columns)
    figure = style.new_figure(1.0 + 4.2 * columns, 0.6 + 3.6 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (ds, variable, select, label) in zip(axes, lines, strict=False):
        style.prepare(ax)
        _DRAW[kind](figure, ax, convert_units(ds, unit) if unit else ds, variable, select)
        ax.set_title(label, fontsize=10)
    if kind == "dispersion":
        limits = [limit for ax in axes[: len(lines)] for limit in ax.get_ylim()]
        for ax in axes[: len(lines)]:
            ax.set_ylim(min(limits), max(limits))
    for ax in axes[len(lines) :]:
        ax.set_visible(False)
    figure.suptitle(title, fontsize=11)
    style.note(figure, *(line[0] for line in lines))
    return figure


def _map(figure: Figure, ax: Axes, ds: xr.Dataset, variable: str, select: dict[str, object]) -> None:
    drawn = spin_map(ds, variable, ax, select)
    symbol = style.symbol(variable, _labels(select))
    label = style.with_unit(symbol, str(ds[variable].attrs.get("units", "")))
    figure.colorbar(drawn, ax=ax, label=label)  # type: ignore[arg-type]


def _bands(figure: Figure, ax: Axes, ds: xr.Dataset, variable: str, select: dict[str, object]) -> None:
    if "distance" not in ds.coords:
        raise InputError("this result has no bands along a path", where="plot", fix='use a job with response = "bands"')
    coloured = None if variable == ENERGY else variable
    axis = next(iter(_labels(select).values()), "z")
    lines = bands(ds, ax, variable=coloured, axis=axis)
    if coloured is not None:
        name = f"{variable.replace('_', ' ')} {axis}"
        figure.colorbar(lines, ax=ax, label=style.with_unit(name, str(ds[variable].attrs.get("units", ""))))


def _direction(figure: Figure, ax: Axes, ds: xr.Dataset, variable: str, select: dict[str, object]) -> None:
    direction(ds, variable, ax, select)


def _dispersion(figure: Figure, ax: Axes, ds: xr.Dataset, variable: str, select: dict[str, object]) -> None:
    dispersion(ds, ax)


def direction(ds: xr.Dataset, variable: str, ax: Axes, select: dict[str, object]) -> None:
    """Around a circle, the field along the radius (grey) and the direction of the spin in the plane that it makes.

    variable: a tensor over (spin, field), at what `select` leaves of its other axes. The longest spin arrow is as
    long as those of the field.
    """
    tensor = part(ds[variable], select)
    if not {"spin", "field"} <= set(tensor.dims):
        raise InputError(f"'{variable}' is no tensor of spin and field", where="plot", fix="choose e.g. upsilon1")
    tensor = tensor.isel({d: 0 for d in tensor.dims if d not in ("spin", "field")})
    plane = tensor.sel(spin=["x", "y"], field=["x", "y"]).transpose("spin", "field").values.real
    angle = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    field = np.stack([np.cos(angle), np.sin(angle)])
    spin = plane @ field
    size = float(np.linalg.norm(spin, axis=0).max())
    spin = spin / size if size > 0 else spin
    for arrows, colour, name in ((field, "0.7", "field"), (spin, style.COLOURS[1], "spin")):
        ax.quiver(
            *(2.5 * field),
            *arrows,
            color=colour,
            label=name,
            angles="xy",
            scale_units="xy",
            scale=1.4,
            width=0.008,
        )
    ax.set_xlim(-3.6, 3.6)
    ax.set_ylim(-3.6, 3.6)
    ax.set_aspect("equal")
    ax.set_xlabel("x")
    ax.set_ylabel("y")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.legend(fontsize=8, frameon=False, loc="center")


def _labels(select: dict[str, object]) -> dict[str, str]:
    return {key: value for key, value in select.items() if isinstance(value, str)}


_DRAW: dict[Kind, Callable[[Figure, Axes, xr.Dataset, str, dict[str, object]], None]] = {
    "map": _map,
    "bands": _bands,
    "direction": _direction,
    "dispersion": _dispersion,
}
