"""Spin that a field makes: tensors and densities over frequency or chemical potential, maps in k, mechanisms."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.plot.curves import curve, part
from crosscurrent.plot.momentum import mesh_map
from crosscurrent.results.schema import ERROR_SUFFIX, convert_units, estimates
from crosscurrent.units import InputError

_INDICES = ("spin", "field")
_LIMIT = 6  # panels on one figure
_PER_VARIABLE = 2  # components of one variable, where none is asked for
_NOTHING = 1e-9  # of the largest curve
_DASHES = ("-", "-", "--", "-.", ":")  # layers of one size would hide each other
_PERIODIC = "whole Brillouin zone"

Panel = tuple[str, dict[str, str]]


def spin_figure(
    ds: xr.Dataset,
    *,
    variables: Sequence[str] = (),
    wanted: Sequence[str] = (),
    unit: str | None = None,
    log: bool = False,
    title: str | None = None,
) -> Figure:
    """Tensors or spin densities: one panel a component of a variable, one curve a projection, errors as bands.

    variables: the spin densities of a given field, or else the tensors, when empty. wanted: components, "yx" for spin
    y and field x of a tensor, "y" of a density; the largest when empty. unit: to convert to. log: magnitudes on two
    logarithmic axes. Over the frequency when there are several, else over the chemical potential; a single point is a
    mark.
    """
    ds = convert_units(ds, unit) if unit else ds
    panels = _panels(ds, list(variables) or _interesting(ds), wanted)
    along = _along(ds)
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = style.new_figure(2.2 + 3.8 * columns, 1.2 + 3.0 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (name, component) in zip(axes, panels, strict=False):
        style.prepare(ax)
        _draw_panel(ds, name, component, along, ax, log)
        ax.set_ylabel(style.with_unit(style.spin_label(name, component), str(ds[name].attrs.get("units", ""))))
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    if ds.sizes["projection"] > 1 and along is not None:
        fullest = max(axes[: len(panels)], key=lambda ax: len(ax.get_legend_handles_labels()[0]))
        fullest.legend(fontsize=8, frameon=False)
    figure.suptitle(title if title is not None else _title(ds, along), fontsize=11)
    style.note(figure, ds)
    return figure


def _draw_panel(ds: xr.Dataset, name: str, component: dict[str, str], along: str | None, ax: Axes, log: bool) -> None:
    shown = ds[[n for n in (name, name + ERROR_SUFFIX) if n in ds]]
    if along is not None and along not in ds[name].dims:
        # it does not depend on the frequency: the same number everywhere
        shown = shown.expand_dims({along: ds[along]}).assign_coords(ds[along].coords)
    fixed: dict[str, object] = {d: float(ds[d].values[0]) for d in _numeric(ds) if d != along}
    if along is None:
        _marks(shown, name, {**fixed, **component}, ax)
        return
    if log:
        shown = shown.map(np.abs, keep_attrs=True)
    size = _size_by_projection(shown[name].sel(component))
    for i, projection in enumerate(size):
        if log and size[projection] < _NOTHING * max(size.values()):
            continue  # rounding: on a logarithmic axis it would take all the room
        curve(
            shown,
            name,
            ax,
            select={**fixed, **component, "projection": projection},
            x="frequency" if along == "omega" and "frequency" in ds.coords else None,
            label=projection,
            colour=_colour(projection, i),
            dash=_DASHES[i % len(_DASHES)],
        )
    if log:
        lowest = min((float(np.nanmin(line.get_ydata())) for line in ax.get_lines()), default=0.0)
        ax.set_xscale("log")
        ax.set_yscale("log")
        if lowest > 0:
            # the bands reach to zero wherever the error is as large as the value
            ax.set_ylim(bottom=0.3 * lowest)
    else:
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)


def _colour(projection: str, index: int) -> str:
    return "#000000" if projection == "total" else style.COLOURS[(index - 1) % (len(style.COLOURS) - 1)]


def _marks(ds: xr.Dataset, name: str, select: dict[str, object], ax: Axes) -> None:
    """One mark with an error bar a projection, for results at a single point; complex values by their magnitude."""
    at = {d: v for d, v in select.items() if d in ds[name].dims}
    numbers = {d: v for d, v in at.items() if not isinstance(v, str)}
    labels = {d: v for d, v in at.items() if isinstance(v, str)}
    picked = ds.sel(labels).sel(numbers, method="nearest") if numbers else ds.sel(labels)
    values = picked[name].values
    y = np.abs(values) if np.iscomplexobj(values) else values
    names = [str(p) for p in ds["projection"].values]
    error = np.abs(picked[name + ERROR_SUFFIX].values) if name + ERROR_SUFFIX in picked else None
    ax.errorbar(range(len(names)), y, yerr=error, fmt="o", color=style.COLOURS[0], capsize=4)
    ax.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=8)
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)


def _interesting(ds: xr.Dataset) -> list[str]:
    names = [n for n in estimates(ds) if "spin" in ds[n].dims and "projection" in ds[n].dims]
    densities = [n for n in names if "field" not in ds[n].dims and not np.iscomplexobj(ds[n].values)]
    chosen = densities or [n for n in names if not np.iscomplexobj(ds[n].values)] or names
    if not chosen:
        raise InputError("this result has no spin to draw", where="plot")
    return chosen


def _numeric(ds: xr.Dataset) -> list[str]:
    return [d for d in ("mu", "filling", "omega") if d in ds.dims]


def _along(ds: xr.Dataset) -> str | None:
    """The axis that the curves run over: the frequency before the chemical potential."""
    return next((d for d in ("omega", "mu", "filling") if ds.sizes.get(d, 1) > 1), None)


def _panels(ds: xr.Dataset, variables: Sequence[str], wanted: Sequence[str]) -> list[Panel]:
    """(variable, component) of every panel. Raises InputError for a name that is not there."""
    panels: list[Panel] = []
    for name in variables:
        if name not in ds.data_vars:
            raise InputError(f"no variable '{name}'", where="plot", fix="choose from " + ", ".join(estimates(ds)))
        dims = [d for d in _INDICES if d in ds[name].dims]
        labels = itertools.product(*(ds[d].values for d in dims))
        every = {"".join(map(str, label)): dict(zip(dims, map(str, label), strict=True)) for label in labels}
        if wanted:
            panels += [(name, every[w]) for w in wanted if w in every]
        else:
            per = max(1, min(_PER_VARIABLE, _LIMIT // len(variables)))
            panels += [(name, every[c]) for c in _largest(ds[name], every, per)]
    if not panels:
        raise InputError(
            f"no component '{', '.join(wanted)}'",
            where="plot",
            fix='write spin and field of a tensor ("yx"), or the spin of a density ("y")',
        )
    return panels


def _largest(variable: xr.DataArray, every: dict[str, dict[str, str]], count: int) -> list[str]:
    """The components with the largest entries; those that are a thousand times smaller are not worth a panel."""
    size = {c: float(np.nanmax(np.abs(variable.sel(labels).values), initial=0.0)) for c, labels in every.items()}
    ordered = sorted(size, key=lambda c: -float(f"{size[c]:.6e}"))
    return [c for c in ordered[:count] if size[c] > 1e-3 * size[ordered[0]]] or ordered[:1]


def _title(ds: xr.Dataset, along: str | None, *more: str) -> str:
    text = style.headline(ds)
    fixed = [d for d in _numeric(ds) if d != along]
    axes = ["frequency" if d == "omega" and "frequency" in ds.coords else d for d in fixed]
    at = [*(style.point(ds[d], float(ds[d].values[0])) for d in axes), *more]
    return text + ("\n" + ", ".join(at) if at else "")


# ------------------------------------------------------------------------------------------------ momentum space
def spin_map_figure(
    ds: xr.Dataset,
    *,
    variable: str | None = None,
    component: str | None = None,
    projection: str | None = None,
    title: str | None = None,
) -> Figure:
    """A map in k of one component, at the first frequency: Upsilon1 and its largest one when nothing is asked for.

    projection: the total, or, where that vanishes by symmetry, the one with the largest entries when None.
    """
    names = estimates(ds)
    name = variable or ("upsilon1" if "upsilon1" in names else names[0])
    ((name, labels),) = _panels(ds, [name], [component] if component else [])[:1]
    shown = projection or _visible_projection(ds[name].sel(labels))
    figure = style.new_figure(5.4, 4.6)
    ax = style.prepare(figure.subplots())
    drawn = spin_map(ds, name, ax, {**labels, "projection": shown})
    symbol = style.with_unit(style.spin_label(name, labels), str(ds[name].attrs.get("units", "")))
    figure.colorbar(drawn, ax=ax, label=symbol)  # type: ignore[arg-type]
    figure.suptitle(title if title is not None else _title(ds, None, shown), fontsize=11)
    style.note(figure, ds)
    return figure


def _size_by_projection(values: xr.DataArray) -> dict[str, float]:
    return {str(p): float(np.nanmax(np.abs(values.sel(projection=p).values))) for p in values["projection"].values}


def _visible_projection(values: xr.DataArray) -> str:
    size = _size_by_projection(values)
    largest = max(size, key=lambda p: size[p])
    return "total" if size.get("total", 0.0) > _NOTHING * size[largest] else largest


def spin_map(ds: xr.Dataset, variable: str, ax: Axes, select: dict[str, object]) -> object:
    """What `select` leaves of a k-resolved variable, over its mesh. select: labels, and numbers (the nearest is taken).

    Other axes than those of the mesh are taken at their first entry. Returns what a colour bar needs.
    """
    if "kx" not in ds.coords:
        raise InputError("this result has no mesh in k", where="plot", fix="export it as text instead")
    if variable not in ds.data_vars:
        raise InputError(f"no variable '{variable}'", where="plot", fix="choose from " + ", ".join(estimates(ds)))
    values = part(ds[variable], select)
    values = values.isel({d: 0 for d in values.dims if d not in ds["kx"].dims})
    if np.iscomplexobj(values.values):
        values = values.real
    ax.grid(False)
    # hot spots are what such a map is drawn for: none is cut off
    return mesh_map(ds, values, ax, centred=str(ds.attrs.get("domain", "")) == _PERIODIC, percentile=100.0)
