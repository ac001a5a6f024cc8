"""A pulse and the spin that it makes, over time."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import InputError

#: variable -> (legend, colour, dash) of the mechanisms.
_MECHANISMS = {
    "spin_density_0": (r"$\Upsilon_0\,E$", style.COLOURS[0], "-"),
    "spin_density_1": (r"$\Upsilon_1\,\dot E$", style.COLOURS[1], "-"),
    "spin_density_2": (r"$\Upsilon_2\,\ddot E$", style.COLOURS[2], "-"),
    "spin_density": ("sum", style.COLOURS[7], "--"),
}
_NOTHING = 1e-9  # of the largest curve


def pulse_figure(
    ds: xr.Dataset, *, spin: str | None = None, projection: str | None = None, title: str | None = None
) -> Figure:
    """The field above, the spin of every projection below it and, from the tensors, the three mechanisms of one.

    ds: a result of `spin_pulse`. spin: the component; the largest when None. projection: whose mechanisms are shown;
    the total, or the largest part where the total vanishes, when None. Raises InputError for a name that is not there.
    """
    if "electric_field" not in ds or "spin_density" not in ds:
        raise InputError("this result has no pulse to draw", where="plot")
    component = _checked(ds, "spin", spin) or _largest(ds["spin_density"], "spin")
    chosen = _checked(ds, "projection", projection) or _visible(ds["spin_density"].sel(spin=component))
    mechanisms = "spin_density_1" in ds
    heights = [1.0, 1.6, 1.6] if mechanisms else [1.0, 1.6]
    figure = style.new_figure(6.4, 2.2 + 1.6 * sum(heights))
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    for ax in axes:
        style.prepare(ax)
    field(ds, axes[0])
    parts = [str(p) for p in ds["projection"].values]
    for index, part in enumerate(parts):
        colour = style.COLOURS[7] if part == "total" else style.COLOURS[(index - 1) % 7]
        time_curve(ds, "spin_density", axes[1], component, part, label=part, colour=colour)
    _finish(ds, axes[1], component, "" if len(parts) > 1 else chosen)
    if mechanisms:
        for name, (label, colour, dash) in _MECHANISMS.items():
            time_curve(ds, name, axes[2], component, chosen, label=label, colour=colour, dash=dash)
        _finish(ds, axes[2], component, chosen)
    axes[-1].set_xlabel(style.axis_label(ds["time"]))
    figure.suptitle(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure


def field(ds: xr.Dataset, ax: Axes) -> Axes:
    """The components of the field over time; those that are zero are left out."""
    values = ds["electric_field"]
    largest = float(np.abs(values).max())
    for index, name in enumerate(values["field"].values):
        component = values.sel(field=name)
        if float(np.abs(component).max()) > _NOTHING * largest:
            ax.plot(ds["time"], component, color=style.COLOURS[index], label=rf"$E_{name}$", linewidth=1.6)
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_ylabel(style.with_unit("$E$", str(values.attrs.get("units", ""))))
    ax.legend(fontsize=8, frameon=False)
    return ax


def time_curve(
    ds: xr.Dataset,
    variable: str,
    ax: Axes,
    spin: str,
    projection: str,
    *,
    label: str | None = None,
    colour: str | None = None,
    dash: str = "-",
) -> Axes:
    """One component of one part over time, with its error as a band."""
    where = {"spin": spin, "projection": projection}
    values = ds[variable].sel(where)
    (line,) = ax.plot(ds["time"], values, dash, color=colour, label=label, linewidth=1.6)
    if variable + ERROR_SUFFIX in ds:
        error = np.abs(ds[variable + ERROR_SUFFIX].sel(where))
        ax.fill_between(ds["time"], values - error, values + error, color=line.get_color(), alpha=0.2, linewidth=0)
    return ax


def _finish(ds: xr.Dataset, ax: Axes, spin: str, projection: str) -> None:
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    name = f"$S_{{{spin}}}$" + (f" of {projection}" if projection and projection != "total" else "")
    ax.set_ylabel(style.with_unit(name, str(ds["spin_density"].attrs.get("units", ""))))
    ax.legend(fontsize=8, frameon=False)


def _checked(ds: xr.Dataset, dim: str, wanted: str | None) -> str | None:
    have = [str(v) for v in ds[dim].values]
    if wanted is not None and wanted not in have:
        raise InputError(f"no {dim} '{wanted}'", where="plot", fix="choose from " + ", ".join(have))
    return wanted


def _largest(values: xr.DataArray, dim: str) -> str:
    size = {str(v): float(np.abs(values.sel({dim: v})).max()) for v in values[dim].values}
    return max(size, key=lambda v: size[v])


def _visible(values: xr.DataArray) -> str:
    largest = _largest(values, "projection")
    total = float(np.abs(values.sel(projection="total")).max())
    return "total" if total > _NOTHING * float(np.abs(values).max()) else largest
