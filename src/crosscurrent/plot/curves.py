"""Curves over the chemical potential, a frequency, or any other numeric axis of a result."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.results.schema import ERROR_SUFFIX, component_dims, convert_units, estimates
from crosscurrent.units import InputError

_LIMIT = 6  # panels on one figure
_INSIDE = 4  # curves up to which the legend stands inside the axes


def curve(
    ds: xr.Dataset,
    variable: str,
    ax: Axes,
    *,
    select: dict[str, object] | None = None,
    x: str | None = None,
    label: str | None = None,
    colour: str | None = None,
    dash: str | None = None,
) -> Axes:
    """One variable over one axis, with its error band; complex values as real (solid) and imaginary part (dashed).

    select: coordinate -> value, until one numeric axis is left. x: coordinate on the horizontal axis; that of the axis
    left when None. Raises InputError when more than one axis is left.
    """
    if x and x in ds.coords and not set(ds[x].dims) & set(ds[variable].dims if variable in ds else ()):
        # it does not depend on what is on the axis: the same number everywhere
        ds = ds.assign(
            {n: ds[n].expand_dims({ds[x].dims[0]: ds.sizes[ds[x].dims[0]]}) for n in _with_error(ds, variable)}
        )
    values = _chosen(ds, variable, select)
    if values.ndim != 1:
        raise InputError(
            f"'{variable}' has {values.ndim} axes left to draw over", where="plot", fix="select a value of all but one"
        )
    axis = ds[x] if x else _axis(ds, str(values.dims[0]))
    name, own, usual = style.definition(variable)
    colour, text = colour or own, label if label is not None else name
    error = _chosen(ds, variable + ERROR_SUFFIX, select).values if variable + ERROR_SUFFIX in ds else None
    parts = [("", values.values.real, dash or usual)]
    if np.iscomplexobj(values.values):
        parts = [(" (real)", values.values.real, "-"), (" (imaginary)", values.values.imag, "--")]
    for suffix, y, line in parts:
        # a single point, or one between gaps, would not show as a line
        marker = "o" if np.count_nonzero(np.isfinite(y)) <= 2 else None
        ax.plot(axis.values, y, line, color=colour, label=text + suffix, marker=marker, linewidth=1.6)
        if error is not None:
            band = np.abs(error)
            ax.fill_between(axis.values, y - band, y + band, color=colour, alpha=0.2, linewidth=0)
    ax.set_xlabel(style.axis_label(axis))
    return ax


def _with_error(ds: xr.Dataset, variable: str) -> list[str]:
    return [name for name in (variable, variable + ERROR_SUFFIX) if name in ds]


def _axis(ds: xr.Dataset, dim: str) -> xr.DataArray:
    if dim == "mu" and "mu_from_reference" in ds.coords:
        return ds["mu_from_reference"]
    return ds[dim]


def _chosen(ds: xr.Dataset, variable: str, select: dict[str, object] | None) -> xr.DataArray:
    if variable not in ds.data_vars:
        raise InputError(f"no variable '{variable}'", where="plot", fix="choose from " + ", ".join(estimates(ds)))
    return part(ds[variable], select or {})


def part(values: xr.DataArray, select: dict[str, object]) -> xr.DataArray:
    """What is left of a variable at labels (exact) and numbers (the nearest value) of its axes; other names are
    ignored.

    An axis may be named by any coordinate along it: `frequency` for `omega`. Raises InputError for an unknown label.
    """
    for key, wanted in select.items():
        if key not in values.coords or values[key].ndim != 1:
            continue
        coord = values[key]
        if isinstance(wanted, str):
            if wanted not in coord.values:
                have = ", ".join(str(v) for v in coord.values)
                raise InputError(f"no {key} '{wanted}'", where="plot", fix=f"choose from {have}")
            at = int(np.flatnonzero(coord.values == wanted)[0])
        else:
            at = int(np.argmin(np.abs(coord.values - float(wanted))))  # type: ignore[arg-type]
        values = values.isel({coord.dims[0]: at})
    return values


def components(ds: xr.Dataset, variables: Sequence[str], wanted: Sequence[str] = ()) -> list[dict[str, str]]:
    """Tensor components worth a panel: those asked for ("zxy"), or the largest ones, at most six.

    The antisymmetric partner of a component that is shown already is left out. Raises InputError for an unknown one.
    """
    dims = component_dims(ds, variables[0])
    every = [dict(zip(dims, labels, strict=True)) for labels in itertools.product(*(ds[d].values for d in dims))]
    if wanted:
        known = {"".join(c.values()): c for c in every}
        for name in wanted:
            if name not in known:
                raise InputError(f"no component '{name}'", where="plot", fix="the order is " + ", ".join(dims))
        return [known[name] for name in wanted]
    size = [max(float(np.nanmax(np.abs(ds[v].sel(c)), initial=0.0)) for v in variables) for c in every]
    largest = max(size, default=0.0)
    kept: list[dict[str, str]] = []
    # of two partners of one size the cyclic one (xy, yz, zx) comes first, as in the literature
    for i in sorted(range(len(every)), key=lambda i: (-float(f"{size[i]:.6e}"), not _cyclic(every[i]))):
        component = every[i]
        partner = component | {"current": component.get("field", ""), "field": component.get("current", "")}
        if len(kept) < _LIMIT and (size[i] > 1e-3 * largest or not kept) and partner not in kept:
            kept.append(component)
    return kept


def _cyclic(component: dict[str, str]) -> bool:
    return component.get("current", "") + component.get("field", "") in ("xy", "yz", "zx")


def hall_figure(
    ds: xr.Dataset,
    *,
    variables: Sequence[str] | None = None,
    wanted: Sequence[str] = (),
    unit: str | None = None,
    title: str | None = None,
) -> Figure:
    """Spin Hall or anomalous Hall conductivity: one panel a component, one curve a definition, errors as bands.

    variables: which definitions; all that share the unit of the first when None. wanted: components, e.g. ("zxy",).
    unit: to convert to. Over the chemical potential, or the frequency when there are more of them; a single point is
    drawn as one mark a definition.
    """
    ds = convert_units(ds, unit) if unit else ds
    names = list(variables) if variables else _alike(ds)
    for name in names:
        _chosen(ds, name, None)
    shown = components(ds, names, wanted)
    numeric = [str(d) for d in ds[names[0]].dims if d not in component_dims(ds, names[0])]
    along = max(numeric, key=lambda d: ds.sizes[d]) if numeric else ""
    fixed: dict[str, object] = {d: float(ds[d].values[0]) for d in numeric if d != along}
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    figure = style.new_figure(2.2 + 3.8 * columns, 1.2 + 3.0 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, component in zip(panels, shown, strict=False):
        style.prepare(ax)
        if along and ds.sizes[along] > 1:
            for name in names:
                curve(ds, name, ax, select={**fixed, **component})
            ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        else:
            marks(ds, names, ax, {**fixed, **({along: float(ds[along].values[0])} if along else {}), **component})
        ax.set_ylabel(style.with_unit(style.component_label(component), str(ds[names[0]].attrs.get("units", ""))))
    for ax in panels[len(shown) :]:
        ax.set_visible(False)
    if along and ds.sizes[along] > 1:
        _legend(figure, panels[0], len(names))
    figure.suptitle(title if title is not None else _title(ds, fixed), fontsize=11)
    style.note(figure, ds)
    return figure


def _legend(figure: Figure, ax: Axes, n: int) -> None:
    if n > _INSIDE:
        figure.legend(*ax.get_legend_handles_labels(), loc="outside right center", fontsize=8, frameon=False)
    else:
        ax.legend(fontsize=8, frameon=False)


def _alike(ds: xr.Dataset) -> list[str]:
    names = estimates(ds)
    first = ds[names[0]]
    return [n for n in names if ds[n].dims == first.dims and ds[n].attrs.get("units") == first.attrs.get("units")]


def _title(ds: xr.Dataset, fixed: dict[str, object]) -> str:
    text = style.headline(ds)
    at = ", ".join(style.point(ds[d], v) for d, v in fixed.items() if isinstance(v, float))
    return f"{text}, {at}" if at and ds.sizes else text


def marks(ds: xr.Dataset, names: Sequence[str], ax: Axes, select: dict[str, object]) -> Axes:
    """One mark with an error bar a definition, for results at a single point."""
    for i, name in enumerate(names):
        label, colour, _ = style.definition(name, i)
        value = _chosen(ds, name, select).values.real
        error = np.abs(_chosen(ds, name + ERROR_SUFFIX, select).values) if name + ERROR_SUFFIX in ds else None
        ax.errorbar(
            [i], [float(value)], yerr=None if error is None else [float(error)], fmt="o", color=colour, capsize=4
        )
        ax.get_lines()[-1].set_label(label)
    ax.set_xticks(range(len(names)), [style.definition(n)[0] for n in names], rotation=30, ha="right", fontsize=8)
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    return ax


def compare(
    lines: Sequence[tuple[xr.Dataset, str, dict[str, object], str]],
    *,
    unit: str | None = None,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    x: str | None = None,
    absolute: bool = False,
    log: bool = False,
) -> Figure:
    """Curves of several results on one pair of axes. lines: (result, variable, selection, label) each.

    x: coordinate on the horizontal axis, where an axis has several. absolute: magnitudes. log: magnitudes on two
    logarithmic axes.
    """
    figure = style.new_figure(6.0 if len(lines) <= _INSIDE else 8.0)
    ax = style.prepare(figure.subplots())
    for i, (ds, variable, select, label) in enumerate(lines):
        converted = convert_units(ds, unit) if unit else ds
        if absolute or log:
            drawn = converted[_with_error(converted, variable)].map(np.abs, keep_attrs=True)
            converted = drawn.assign_coords(converted.coords)
        colour = style.COLOURS[i % len(style.COLOURS)]
        curve(converted, variable, ax, select=select, x=x, label=label or variable, colour=colour)
        if not ylabel:
            symbol = style.symbol(variable, {k: str(v) for k, v in select.items() if isinstance(v, str)})
            ylabel = style.with_unit(symbol, str(converted[variable].attrs.get("units", "")))
    if log:
        ax.set_xscale("log")
        ax.set_yscale("log")
    low, high = ax.get_ylim()
    if low < 0 < high:
        # only then: curves far from zero would be pressed flat
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_ylabel(ylabel)
    if xlabel:
        ax.set_xlabel(xlabel)
    _legend(figure, ax, len(lines))
    ax.set_title(title, fontsize=11)
    style.note(figure, *(line[0] for line in lines))
    return figure
