"""Protocols on a lattice of polar modes: hysteresis loops, heating curves, domain walls and switching paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.units import InputError

_AXES = ("x", "y", "z")
_P = r"$P$ (C/m$^2$)"
#: Of the components, which may lie upon each other.
_DASHES = ("-", "-", (0, (3, 3)))


def is_protocol(ds: xr.Dataset) -> bool:
    """Whether the result is one of a protocol on a lattice of polar modes."""
    return _kind(ds) is not None


def protocol_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """What suits the result. Raises InputError for a result of something else."""
    kind = _kind(ds)
    if kind is None:
        raise InputError("this result is of no protocol on a lattice", where="plot", fix="draw it with `draw`")
    figure = _FIGURES[kind](ds)
    figure.suptitle(title if title is not None else _title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def hysteresis_figure(ds: xr.Dataset) -> Figure:
    """Polarization along the field over the field, with its error and the coercive fields; components across it beside.

    Fields in kV/cm.
    """
    figure = style.new_figure(9.2, 4.2)
    loop, across = figure.subplots(1, 2, width_ratios=[1.5, 1.0])
    direction = str(ds.attrs["field_direction"])
    field = ds["field"].values / 1e5
    for ax, letters in ((loop, direction), (across, _AXES)):
        style.prepare(ax)
        for letter in letters:
            colour = style.COLOURS[_AXES.index(letter)]
            p, error = (ds[name].sel(component=letter).values for name in ("polarization", "polarization_error"))
            closed = np.append(np.arange(len(p)), 0)
            ax.fill_between(
                field[closed], (p - error)[closed], (p + error)[closed], color=colour, alpha=0.2, linewidth=0
            )
            ax.plot(field[closed], p[closed], color=colour, linewidth=1.4, label=f"$P_{letter}$")
        ax.set_xlabel(f"$E_{direction}$ (kV/cm)")
        ax.axhline(0, color="0.6", linewidth=0.7)
        ax.axvline(0, color="0.6", linewidth=0.7)
    loop.set_ylabel(f"$P_{direction}$ (C/m$^2$)")
    across.set_ylabel(_P)
    across.legend(fontsize=8, frameon=False)
    coercive, bias = float(ds["coercive_field"]) / 1e5, float(ds["bias_field"]) / 1e5
    if np.isfinite(coercive):
        ends = np.array([bias - coercive, bias + coercive])
        loop.errorbar(
            ends, [0, 0], xerr=float(ds["coercive_field_error"]) / 1e5, fmt="o", color="k", markersize=4, capsize=3
        )
    words = [
        f"$E_c$ = {_with_error(ds, 'coercive_field', 1e5)} kV/cm",
        f"$P_r$ = {_with_error(ds, 'remanence', 1)} C/m$^2$",
        f"area = {_with_error(ds, 'loop_area', 1e6)} MJ/m$^3$",
    ]
    loop.set_title("   ".join(words), fontsize=8)
    return figure


def heating_figure(ds: xr.Dataset) -> Figure:
    """Polarization by the size of its components, local displacements, and dielectric constant over temperature."""
    figure = style.new_figure(6.4, 7.6)
    axes = figure.subplots(3, 1, sharex=True)
    kelvin = ds["temperature"].values
    for rank in ds["rank"].values:
        _points(axes[0], kelvin, ds, "polarization_sorted", {"rank": rank}, f"component {rank} in size", int(rank) - 1)
    _points(axes[0], kelvin, ds, "polarization_size", {}, "length, mean over time", 3)
    axes[0].set_ylabel(_P)
    _points(axes[1], kelvin, ds, "displacement_length", {}, "mean length of the local displacements", 0)
    axes[1].set_ylabel(r"$\langle|u|\rangle$ ($\mathrm{\AA}$)")
    for place, letter in enumerate(_AXES):
        chosen = {"component": letter, "partner": letter}
        _points(axes[2], kelvin, ds, "dielectric_constant", chosen, rf"$\epsilon_{{{letter}{letter}}}$", place)
    axes[2].set_yscale("log")
    axes[2].set_ylabel("dielectric constant")
    axes[2].set_xlabel("$T$ (K)")
    for ax in axes:
        ax.legend(fontsize=8, frameon=False)
    axes[0].set_ylim(bottom=0)
    return figure


def wall_figure(ds: xr.Dataset) -> Figure:
    """Polarization of the layers across the walls: relaxed as lines, in a bath as points with their errors."""
    figure = style.new_figure(7.2, 4.2)
    ax = style.prepare(figure.subplots())
    cells = ds["cell"].values
    for place, letter in enumerate(_AXES):
        colour = style.COLOURS[place]
        ax.plot(
            cells,
            ds["polarization"].sel(component=letter),
            linestyle=_DASHES[place],
            color=colour,
            linewidth=1.4,
            label=f"$P_{letter}$",
        )
        if "polarization_thermal" in ds:
            values, error = (ds[f"polarization_thermal{end}"].sel(component=letter) for end in ("", "_error"))
            label = f"$P_{letter}$, {float(ds.attrs['temperature_K']):g} K"
            ax.errorbar(cells, values, yerr=error, fmt="o", color=colour, markersize=3.5, capsize=2, label=label)
    ax.axhline(0, color="0.6", linewidth=0.7)
    ax.set_xlabel(f"layer along ${ds.attrs['normal']}$ (cells)")
    ax.set_ylabel(_P)
    ax.legend(fontsize=8, frameon=False, ncols=2)
    words = [
        f"{1e3 * float(ds['wall_energy']):.4g} mJ/m$^2$",
        rf"$2\xi$ = {_with_error(ds, 'wall_width', 1)} $\mathrm{{\AA}}$",
    ]
    if "wall_width_thermal" in ds:
        words.append(rf"in the bath {_with_error(ds, 'wall_width_thermal', 1)} $\mathrm{{\AA}}$")
    ax.set_title("   ".join(words), fontsize=9)
    return figure


def path_figure(ds: xr.Dataset) -> Figure:
    """Energy of a cell over the displacement on the straight path, and over the angle of the rotation."""
    figure = style.new_figure(9.2, 4.0)
    left, right = figure.subplots(1, 2, sharey=True)
    straight = ds["displacement_straight"].values
    axis = straight[0] / np.linalg.norm(straight[0])
    drawn = (
        (left, straight @ axis, "straight", r"$u$ along the ordered direction ($\mathrm{\AA}$)"),
        (right, ds["angle"].values, "rotation", "angle turned (degrees)"),
    )
    for place, (ax, x, name, label) in enumerate(drawn):
        style.prepare(ax)
        ax.plot(x, 1e3 * ds[f"energy_{name}"], color=style.COLOURS[place], linewidth=1.4)
        ax.set_xlabel(label)
        ax.set_title(f"{name}: barrier {1e3 * float(ds[f'barrier_{name}']):.4g} meV", fontsize=9)
    left.axhline(
        1e3 * float(ds["barrier_of_model"]), color="k", linewidth=0.8, linestyle=":", label="stated by the model"
    )
    left.legend(fontsize=8, frameon=False)
    left.set_ylabel("energy of a cell (meV)")
    return figure


_FIGURES: dict[str, Callable[[xr.Dataset], Figure]] = {
    "coercive_field": hysteresis_figure,
    "polarization_sorted": heating_figure,
    "wall_energy": wall_figure,
    "energy_straight": path_figure,
}


def _kind(ds: xr.Dataset) -> str | None:
    return next((name for name in _FIGURES if name in ds.data_vars), None)


def _points(
    ax: Axes, x: np.ndarray, ds: xr.Dataset, name: str, chosen: Mapping[str, object], label: str, place: int
) -> None:
    """One quantity with its errors, in the order in which it was run."""
    if not ax.lines:
        style.prepare(ax)
    values, error = (ds[f"{name}{end}"].sel(chosen).values for end in ("", "_error"))
    ax.errorbar(
        x, values, yerr=error, fmt=f"{style.MARKERS[place]}-", color=style.COLOURS[place], markersize=4, linewidth=1.0,
        capsize=2, label=label,
    )  # fmt: skip


def _with_error(ds: xr.Dataset, name: str, unit: float) -> str:
    """'12.3 ± 0.4'."""
    value, error = float(ds[name]) / unit, float(ds[f"{name}_error"]) / unit
    if not np.isfinite(value):
        return "none"
    digits = max(0, 1 - int(np.floor(np.log10(error)))) if np.isfinite(error) and error > 0 else 3
    return f"{value:.{min(digits, 6)}f} ± {error:.{min(digits, 6)}f}"


def _title(ds: xr.Dataset) -> str:
    named = style.headline(ds)
    if "temperature_K" in ds.attrs and "field_direction" in ds.attrs:
        return f"{named}; {float(ds.attrs['temperature_K']):g} K, period {float(ds.attrs['period_ps']):g} ps"
    return named
