"""Phonon-mediated spin transport: coefficients over temperature or gap, and maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, CenteredNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crosscurrent.plot import style
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import BOLTZMANN_EV_PER_K, InputError

Floats = NDArray[np.float64]

_DASHES = ("-", "--", ":", "-.")
_CURVES = 8  # of one result
_AXES = {"temperature": "T", "gap": "E_g", "q": "q"}
_REGIONS = ("quantum critical", r"gapless, $T^2$", r"gapless, $T\,\ln T$", "activated")
_REGION_COLOURS = ("#9ec9e6", "#f5b7a0", "#f2d29b", "#f3efc0")


def coefficient_figure(
    results: Sequence[tuple[xr.Dataset, str]],
    *,
    variable: str = "chi",
    x: str = "temperature",
    log: bool = True,
    title: str | None = None,
) -> Figure:
    """A coefficient over temperature, gap or q: one colour a value of the other axis, one dash a result; and the ratio
    to the first result below when there are several.

    results: (result of `phonon_spin`, label). x: "temperature", "gap" or "q". Raises InputError for other axes.
    """
    rows = 2 if len(results) > 1 else 1
    figure = style.new_figure(6.4, 3.2 + 1.8 * rows)
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=[2.2, 1.0][:rows])
    axes = [style.prepare(ax) for ax in grid[:, 0]]
    first: list[Floats] = []
    for i, (ds, label) in enumerate(results):
        at, curves, names = _curves(ds, variable, x)
        for j, (values, error) in enumerate(curves):
            colour = style.COLOURS[j % len(style.COLOURS)]
            text = ", ".join(part for part in (names[j], label) if part)
            axes[0].plot(at, values, _DASHES[i % len(_DASHES)], color=colour, label=text, linewidth=1.5)
            if error is not None:
                low = np.maximum(values - error, 1e-3 * values) if log else values - error
                axes[0].fill_between(at, low, values + error, color=colour, alpha=0.15, linewidth=0)
            if rows > 1 and i == 0:
                first.append(values)
            elif rows > 1 and j < len(first) and first[j].shape == values.shape:
                axes[1].plot(at, values / first[j], _DASHES[i % len(_DASHES)], color=colour, linewidth=1.3)
    if log:
        for ax in axes:
            ax.set_xscale("log")
        axes[0].set_yscale("log")
    ds = results[0][0]
    axes[0].set_ylabel(style.with_unit(_symbol(variable), str(ds[variable].attrs.get("units", ""))))
    if rows > 1:
        axes[1].axhline(1.0, color="0.6", linewidth=0.8, zorder=0)
        axes[1].set_ylabel(f"over {results[0][1]}", fontsize=8)
    axes[-1].set_xlabel(style.with_unit(f"${_AXES[x]}$", str(ds[x].attrs.get("units", ""))))
    if axes[0].get_legend_handles_labels()[1]:
        axes[0].legend(fontsize=7, frameon=False)
    figure.suptitle(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure


def _curves(ds: xr.Dataset, variable: str, x: str) -> tuple[Floats, list[tuple[Floats, Floats | None]], list[str]]:
    """Positions on the axis, (values, error) of each curve, and the name of each."""
    if variable not in ds.data_vars or x not in ("temperature", "gap", "q"):
        raise InputError(
            f"no curves of '{variable}' over '{x}'", where="plot", fix="draw chi or kappa over temperature, gap or q"
        )
    along = "wavevector" if x == "q" else x
    values = ds[variable]
    keep = [str(d) for d in values.dims if d != along]
    other = max(keep, key=lambda d: ds.sizes[d])
    values = values.isel({d: 0 for d in keep if d != other}).transpose(along, other).real
    error = None
    if variable + ERROR_SUFFIX in ds:
        error = ds[variable + ERROR_SUFFIX].isel({d: 0 for d in keep if d != other}).transpose(along, other)
    shown = range(min(_CURVES, ds.sizes[other]))
    curves = [(values.values[:, j], None if error is None else error.values[:, j]) for j in shown]
    return ds[x].values, curves, [_name(ds, other, j) for j in shown] if ds.sizes[other] > 1 else [""]


def _name(ds: xr.Dataset, dim: str, index: int) -> str:
    if dim == "gap":
        return rf"$E_g$ = {1e3 * float(ds['gap'][index]):g} meV"
    if dim == "temperature":
        return f"$T$ = {float(ds['temperature'][index]):g} K"
    if dim == "omega":
        return rf"$\hbar\omega$ = {float(ds['omega'][index]):g} eV"
    return f"$q$ = {float(ds['q_over_kF'][index]):.3g} $k_F$"


def _symbol(variable: str) -> str:
    return {"chi": r"$\chi$", "kappa": r"$\kappa$"}.get(variable, variable.replace("_", " "))


def phase_map_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """chi over (gap, temperature) and its exponent in T, with the lines between the scaling regions.

    ds: as `crossover_map` gives it. Lines: kT = E_g (solid), k l = 1 (dashed), T* (dotted, an estimate).
    """
    for name in ("chi", "exponent", "region"):
        if name not in ds.data_vars:
            raise InputError(f"this result has no '{name}'", where="plot", fix="draw a result of crossover_map")
    figure = style.new_figure(11.0, 4.4)
    left, right, scheme = figure.subplots(1, 3, sharey=True)
    gap, temperature = 1e3 * ds["gap"].values, ds["temperature"].values
    chi = np.where(ds["chi"].values > 0, ds["chi"].values, np.nan)
    top = float(np.nanmax(chi))
    drawn = left.pcolormesh(gap, temperature, chi, norm=LogNorm(top * 1e-8, top), shading="nearest", rasterized=True)
    figure.colorbar(drawn, ax=left, label=style.with_unit(r"$\chi$", str(ds["chi"].attrs["units"])))
    exponent = np.ma.masked_invalid(ds["exponent"].values)
    drawn = right.pcolormesh(
        gap, temperature, exponent, vmin=1, vmax=4, cmap="magma", shading="nearest", rasterized=True
    )
    figure.colorbar(drawn, ax=right, label=r"$d\,\ln\chi/d\,\ln T$", extend="max")
    colours = ListedColormap(list(_REGION_COLOURS))
    norm = BoundaryNorm(np.arange(-0.5, 4.5), 4)
    drawn = scheme.pcolormesh(
        gap, temperature, ds["region"].values, cmap=colours, norm=norm, shading="nearest", rasterized=True
    )
    figure.colorbar(drawn, ax=scheme, ticks=range(4)).ax.set_yticklabels(_REGIONS, fontsize=8)
    for ax in (left, right, scheme):
        _regime_lines(ds, ax)
        ax.set_yscale("log")
        ax.set_ylim(temperature[0], temperature[-1])
        ax.set_xlim(gap[0], gap[-1])
        ax.set_xlabel(r"$E_g$ (meV)")
    left.set_ylabel(r"$T$ (K)")
    scheme.legend(fontsize=7, loc="lower right")
    figure.suptitle(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure


def _regime_lines(ds: xr.Dataset, ax: Axes) -> None:
    gap, temperature = ds["gap"].values, ds["temperature"].values
    ax.plot(1e3 * BOLTZMANN_EV_PER_K * temperature, temperature, "-", color="k", linewidth=1.0, label="$kT = E_g$")
    reach = ds["thermal_kl"].values
    if reach.shape[1] > 1 and reach.min() < 1.0 < reach.max():
        ax.contour(1e3 * gap, temperature, reach, levels=[1.0], colors="k", linestyles="--", linewidths=1.0)
        ax.plot([], [], "--", color="k", linewidth=1.0, label="$kl = 1$")
    critical = float(ds.attrs.get("T_star_K", 0.0))
    if critical > 0:
        # a phonon that is not thermal is not critical
        ax.plot(
            [0.0, 1e3 * BOLTZMANN_EV_PER_K * critical], [critical] * 2, ":", color="k", linewidth=1.2, label="$T^*$"
        )


def quadrupole_figure(ds: xr.Dataset, *, component: str = "xyz", title: str | None = None) -> Figure:
    """One component over the plane (q_x, q_y), and along q_y = 0 over q_x^2 with its initial slope.

    ds: result of `phonon_spin` for all pairs of some q_x and q_y, drawn at its first temperature and gap. component:
    current, field, spin: "xyz" is sigma^z_xy. Raises InputError when the wave vectors fill no rectangle.
    """
    if "conductivity" not in ds or len(component) != 3 or not set(component) <= set("xyz"):
        raise InputError(f"no component '{component}' to draw", where="plot", fix='write e.g. "xyz"')
    first = {d: 0 for d in ("temperature", "gap", "omega") if d in ds.dims}
    labels = dict(zip(("current", "field", "spin"), component, strict=True))
    values = ds["conductivity"].isel(first).sel(labels).values.real
    kf = float(ds.attrs["fermi_wave_vector_per_angstrom"])
    qx, at_x = np.unique(np.round(ds["q_x"].values / kf, 12), return_inverse=True)
    qy, at_y = np.unique(np.round(ds["q_y"].values / kf, 12), return_inverse=True)
    if len(qx) * len(qy) != len(values) or min(len(qx), len(qy)) < 2:
        raise InputError("the wave vectors do not fill a rectangle of the plane", where="plot")
    plane = np.empty((len(qy), len(qx)))
    plane[at_y, at_x] = values
    figure = style.new_figure(9.4, 4.2)
    ax, cut = figure.subplots(1, 2)
    drawn = ax.pcolormesh(qx, qy, plane, cmap="RdBu_r", norm=CenteredNorm(), shading="nearest", rasterized=True)
    unit = str(ds["conductivity"].attrs["units"])
    symbol = style.with_unit(style.component_label(labels), unit)
    figure.colorbar(drawn, ax=ax, label=symbol)
    ax.contour(qx, qy, plane, levels=[0.0], colors="k", linewidths=0.8, linestyles="--")
    ax.set_xlabel("$q_x/k_F$")
    ax.set_ylabel("$q_y/k_F$")
    ax.set_aspect("equal")
    style.prepare(cut)
    row = plane[int(np.argmin(np.abs(qy)))]
    cut.plot(qx**2, row, ".", color=style.COLOURS[0], label="computed")
    small = np.argsort(np.abs(qx))[1:3]
    slope = float(np.sum(row[small] * qx[small] ** 2) / np.sum(qx[small] ** 4))
    cut.plot(qx**2, slope * qx**2, "-", color="0.5", linewidth=1.0, label="slope at small q")
    cut.set_xlabel("$(q_x/k_F)^2$, at the smallest $|q_y|$")
    cut.set_ylabel(symbol)
    # squares of small numbers would run into one another
    cut.ticklabel_format(axis="x", style="sci", scilimits=(-2, 2))
    cut.legend(fontsize=8, frameon=False)
    figure.suptitle(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure


def polarization_figure(maps: Sequence[tuple[xr.Dataset, str]], *, title: str = "") -> Figure:
    """Spin polarization over the directions of the phonon, one panel a map, with the lines on which it vanishes.

    maps: (result of `polarization_map`, label). Magenta: P_perp across the spin. Cyan: k along the spin.
    """
    figure = style.new_figure(1.0 + 4.0 * len(maps), 3.6)
    for ax, (ds, label) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps, strict=True):
        if "polarization" not in ds:
            raise InputError("this result has no polarization", where="plot", fix="draw a result of polarization_map")
        theta, phi, values = ds["theta"].values, ds["phi"].values, ds["polarization"].values
        drawn = ax.pcolormesh(
            phi, theta, values, cmap="RdBu_r", norm=CenteredNorm(), shading="nearest", rasterized=True
        )
        # rounding would make lines of its own
        clean = np.where(np.abs(values) < 1e-12, 0.0, values)
        if clean.min() < 0.0 < clean.max():
            ax.contour(phi, theta, clean, levels=[0.0], colors="magenta", linewidths=1.4)
        rows, columns = np.nonzero(ds["vanishes_trivially"].values)
        ax.plot(phi[columns], theta[rows], "s", color="cyan", markersize=2.5, clip_on=False)
        ax.set_xlabel(r"$\phi_k$ (deg)")
        ax.set_ylabel(r"$\theta_k$ (deg)")
        ax.set_ylim(180.0, 0.0)
        ax.set_title(label, fontsize=10)
        figure.colorbar(drawn, ax=ax, label=r"$\mathbf{e}\cdot\mathbf{P}_\perp/|\mathbf{P}|$")
    figure.suptitle(title, fontsize=11)
    return figure
