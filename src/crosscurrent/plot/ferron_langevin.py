"""Maps of a heated slab from trajectories: beside the noise-free ones, and along two cuts with their error bars."""

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

#: What is smaller than this many standard errors is greyed out.
_SIGNIFICANT = 2.0
_OBSERVABLE = {"angular_momentum": "angular_momentum_z"}


def is_langevin(ds: xr.Dataset) -> bool:
    """Whether the result is one of a slab from trajectories."""
    return {"polarization_odd", "polarization_odd_noise_free", "slope"} <= {str(name) for name in ds.data_vars}


def langevin_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """What is odd in the field: from trajectories, where cells below two standard errors are pale; without noise; and
    both along the layer where the noise-free map is largest. Where that is zero, what was found sets scale and layer.

    ds: a result of `ferron_hall_langevin`. Raises InputError for another result.
    """
    if not is_langevin(ds):
        raise InputError("these maps have no errors", where="plot", fix="draw a result of ferron_hall_langevin")
    nx, ny = ds.sizes["x"], ds.sizes["y"]
    height = float(np.clip(3.6 * ny / nx, 1.6, 4.2))
    figure = style.new_figure(11.4, 2.6 + 2 * height + 2.6)
    grid = figure.subplots(3, 3, height_ratios=[height, height, 2.6])
    for column, name in enumerate(QUANTITIES):
        factor, unit = ODD_UNITS[name]
        label = f"$\\Delta_B {QUANTITIES[name][0]}$ [{UNIT_LABELS[unit]}]"
        found, error, exact = (factor * plane(ds, f"{name}_odd{ending}") for ending in ("", "_error", "_noise_free"))
        top, middle, cut = grid[:, column]
        # a harmonic well has no odd polarization: then there is no scale but that of the trajectories
        noise = np.nan_to_num(found)
        leading = exact if np.abs(exact).max() > 1e-9 * np.abs(noise).max() else noise
        _one_scale(figure, top, found, leading, label)
        _pale(top, np.abs(found) < _SIGNIFICANT * error)
        _one_scale(figure, middle, exact, leading, label)
        for ax in (top, middle):
            ax.set_xlabel("$x$ (cells)")
        _cut(cut, found, error, exact, label, layer=int(np.argmax(np.abs(leading).max(axis=0))))
        top.set_title(_headline(ds, name), fontsize=9)
    for row, words in enumerate(("trajectories\n(pale: below two errors)", "noise-free")):
        # no formula in a label of several lines
        grid[row, 0].set_ylabel(f"{words}\ny (layers)", fontsize=9)
    grid[2, 0].legend(fontsize=8, frameon=False)
    figure.suptitle(title if title is not None else slab_title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def _headline(ds: xr.Dataset, name: str) -> str:
    at = {"observable": _OBSERVABLE.get(name, name), "part": "odd"}
    slope, error, z = (float(ds[key].sel(at)) for key in ("slope", "slope_error", "rms_z"))
    # there is none against a map that is zero
    known = f"slope {slope:.3f} $\\pm$ {error:.3f}" if np.isfinite(slope) else ""
    return ", ".join(words for words in (known, f"{z:.2f} standard errors r.m.s." if np.isfinite(z) else "") if words)


def _one_scale(figure: Figure, ax: Axes, values: Floats, leading: Floats, label: str) -> None:
    """A map on the scale of the noise-free one, so that noise does not set it."""
    size = 1.15 * float(np.abs(leading).max()) or 1.0
    slab_map(figure, ax, np.clip(values, -size, size), label)
    ax.collections[0].set_cmap("RdBu_r")
    ax.collections[0].set_clim(-size, size)


def _pale(ax: Axes, hidden: NDArray[np.bool_]) -> None:
    """A veil over cells."""
    nx, ny = hidden.shape
    veil = np.zeros((ny, nx, 4))
    veil[..., :3], veil[..., 3] = 1.0, 0.6 * hidden.T
    ax.imshow(veil, origin="lower", extent=(-0.5, nx - 0.5, -0.5, ny - 0.5), aspect="auto", zorder=2)


def _cut(ax: Axes, found: Floats, error: Floats, exact: Floats, label: str, *, layer: int) -> None:
    """One layer along x."""
    style.prepare(ax)
    x = np.arange(len(exact))
    ax.axhline(0.0, color="0.8", linewidth=0.8)
    ax.plot(x, exact[:, layer], color=style.COLOURS[0], linewidth=1.4, label="noise-free")
    drawn = ax.errorbar(x, found[:, layer], error[:, layer], fmt="o", color=style.COLOURS[1], label="trajectories")
    drawn.lines[0].set_markersize(3.5)
    ax.set_title(f"layer $y$ = {layer}", fontsize=9)
    ax.set_xlabel("$x$ (cells)")
    ax.set_ylabel(label, fontsize=9)
