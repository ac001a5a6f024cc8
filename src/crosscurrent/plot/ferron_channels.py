"""The channels of the ferron Hall effect side by side: maps without a field and odd in it, and what the modes do."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crosscurrent.plot import style
from crosscurrent.plot.ferron import ODD_UNITS, QUANTITIES, UNIT_LABELS, plane, slab_map, slab_title
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Displacements are drawn in thousandths of an angstrom.
_MILLI = 1e3
_AROUND = np.linspace(0.0, 2 * np.pi, 181)


def channels_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """Nine panels: (a) to (c) kinetic energy, polarization and angular momentum without a field, (d) to (f) odd in the
    field, (g) to (i) the motion behind each, from the same result.

    (g) one standard deviation of the displacements in the hot band and beside it; (h) the well to third order, and the
    mean that its asymmetry shifts; (i) the sense in which the modes turn at the two surfaces. ds: a result of
    `ferron_hall` in one field. The dashed line is the hottest cell. Raises InputError for another result.
    """
    if "polarization_odd" not in ds.data_vars or set(ds["polarization_odd"].dims) != {"x", "y"}:
        raise InputError("this draws the maps of one field", where="plot", fix="draw a result of ferron_hall")
    figure = style.new_figure(12.0, 10.0)
    grid = figure.subplots(3, 3)
    heat = ds["temperature"].values
    # the middle of the band, where several cells are as hot
    hottest = round(float(np.flatnonzero(heat >= heat.max() * (1 - 1e-9)).mean()))
    for row, suffix in enumerate(("_0", "_odd")):
        for column, name in enumerate(QUANTITIES):
            ax = grid[row, column]
            slab_map(figure, ax, *_scaled(ds, name, suffix))
            ax.axvline(hottest, color="0.4", linewidth=0.9, linestyle="--")
            ax.set_xlabel("$x$ (cells)")
            ax.set_ylabel("$y$ (layers)")
    for ax, draw in zip(grid[2], (_spread, _shift, _turning), strict=True):
        style.prepare(ax)
        draw(ds, ax, hottest)
    for letter, ax in zip("abcdefghi", grid.ravel(), strict=True):
        ax.set_title(f"({letter})", loc="left", fontsize=10)
    figure.suptitle(title if title is not None else slab_title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def _scaled(ds: xr.Dataset, name: str, suffix: str) -> tuple[Floats, str]:
    """The map in the unit that is drawn, and its label."""
    symbol, factor, unit = QUANTITIES[name]
    values = plane(ds, f"{name}{suffix}")
    if suffix == "_odd":
        factor, unit = ODD_UNITS[name]
        return factor * values, rf"$\Delta_B {symbol}$ [{UNIT_LABELS[unit]}]"
    if name == "polarization":
        rest = float(ds.attrs["polarization_at_rest_C_per_m2"])
        return factor * (values - rest), rf"$P - P_{{\mathrm{{rest}}}}$ [{UNIT_LABELS[unit]}]"
    return factor * values, rf"${symbol}$ [{UNIT_LABELS[unit]}]"


def _steepest(ds: xr.Dataset) -> int:
    """Where the temperature rises most."""
    return int(np.gradient(ds["temperature"].values).argmax())


def _ellipse(ds: xr.Dataset, x: int, y: int) -> Floats:
    """(2, n): one standard deviation of (u_x, u_y) of a cell without a field, in thousandths of an angstrom."""
    covariance = ds["displacement_covariance_0"].isel(x=x, y=y).sel(component=["x", "y"], partner=["x", "y"]).values
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return np.asarray(_MILLI * root @ np.array([np.cos(_AROUND), np.sin(_AROUND)]))


def _spread(ds: xr.Dataset, ax: Axes, hottest: int) -> None:
    middle, steep = ds.sizes["y"] // 2, _steepest(ds)
    cold = int(ds["temperature"].values.argmin())
    kinetic = plane(ds, "kinetic_energy_0")
    for x, name, colour in (
        (hottest, "hot", style.COLOURS[1]),
        (steep, "gradient", style.COLOURS[4]),
        (cold, "cold", style.COLOURS[0]),
    ):
        label = f"{name}, $x$ = {x}: {1e3 * kinetic[x, middle]:.2f} meV"
        ax.plot(*_ellipse(ds, x, middle), color=colour, linewidth=1.4, label=label)
    _displacements(ax)
    _legend(ax)


def _shift(ds: xr.Dataset, ax: Axes, hottest: int) -> None:
    """V = k u^2/2 + a u^3/6 and the distribution in the hot band."""
    stiffness, cubic = (float(ds.attrs[key]) for key in ("k_parallel_eV_per_angstrom2", "a_parallel_eV_per_angstrom3"))
    slope, rest = (
        float(ds.attrs[key]) for key in ("polarization_slope_C_per_m2_angstrom", "polarization_at_rest_C_per_m2")
    )
    middle = ds.sizes["y"] // 2
    width = float(np.ptp(_ellipse(ds, hottest, middle)[0])) / 2 / _MILLI
    mean = (float(plane(ds, "polarization_0")[hottest, middle]) - rest) / slope
    u = np.linspace(-3.2, 3.2, 201) * width
    ax.plot(_MILLI * u, 1e3 * (stiffness / 2 * u**2 + cubic / 6 * u**3), color=style.COLOURS[0], label="well")
    ax.plot(_MILLI * u, 1e3 * stiffness / 2 * u**2, color="0.5", linestyle="--", linewidth=1.0, label="harmonic part")
    ax.axvspan(
        _MILLI * (mean - width), _MILLI * (mean + width), color=style.COLOURS[1], alpha=0.18, label="hot, one deviation"
    )
    ax.axvline(
        _MILLI * mean,
        color=style.COLOURS[1],
        linewidth=1.4,
        label=f"hot, mean {_MILLI * mean:.2f}" + r"$\cdot10^{-3}$ $\mathrm{\AA}$",
    )
    ax.set_xlabel(r"$\delta u_\parallel$ ($10^{-3}$ $\mathrm{\AA}$)")
    ax.set_ylabel("$V$ (meV)")
    _legend(ax)


def _turning(ds: xr.Dataset, ax: Axes, hottest: int) -> None:
    """Ellipses at the two surfaces, with the sense of L_z and its size."""
    x = _steepest(ds)
    spin = plane(ds, "angular_momentum_0")
    ellipses = [_ellipse(ds, x, y) for y in (0, ds.sizes["y"] - 1)]
    apart = 1.5 * max(float(np.abs(e[0]).max()) for e in ellipses)
    for side, y, ellipse, colour in zip((-1, 1), (0, ds.sizes["y"] - 1), ellipses, style.COLOURS, strict=False):
        place = ellipse + np.array([[side * apart], [0.0]])
        label = f"$x$ = {x}, $y$ = {y}: $L_z$ = {1e3 * spin[x, y]:+.2f}" + r"$\cdot10^{-3}\,\hbar$"
        ax.plot(*place, color=colour, linewidth=1.4, label=label)
        sense = 1 if spin[x, y] > 0 else -1
        for at in (20, 110):
            start, end = place[:, at], place[:, at + 4 * sense]
            ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "mutation_scale": 18})
    _displacements(ax)
    _legend(ax)


def _displacements(ax: Axes) -> None:
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel(r"$\delta u_x$ ($10^{-3}$ $\mathrm{\AA}$)")
    ax.set_ylabel(r"$\delta u_y$ ($10^{-3}$ $\mathrm{\AA}$)")


def _legend(ax: Axes) -> None:
    """Below the axis, where it hides nothing."""
    ax.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2))
