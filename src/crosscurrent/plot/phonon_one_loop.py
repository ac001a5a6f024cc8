"""Where the retarded-advanced answer for a metal with soft phonons is to be trusted, over temperature and gap."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from crosscurrent.plot import style
from crosscurrent.units import BOLTZMANN_EV_PER_K, InputError

Floats = NDArray[np.float64]

#: Linear below the first, colours end at the second.
_LINEAR, _MOST = 0.1, 1e3
_TITLES = {
    "vertex": "vertex diagram alone: what it drops",
    "a": r"everything, $a$",
    "b": r"everything, $b$",
    "d": r"everything, $d$",
}


def trust_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """What the retarded-advanced answer lacks, over what it is: of the vertex diagram alone, and of a, b and d.

    ds: result of `one_loop_conductivity` over two or more temperatures and gaps. White: the answer holds. Solid lines:
    as much is missing as is kept; thin ones: a tenth of it. Dotted, for the two that need a cutoff: above it, twice the
    cutoff changes them by less than what is kept. Dashed: kT = E_g. Raises InputError for another result, or a single
    temperature or gap.
    """
    if "missing" not in ds or "chi_kept" not in ds:
        raise InputError("nothing is known of what the model drops", where="plot", fix='ask with level = "one_loop"')
    if min(ds.sizes["temperature"], ds.sizes["gap"]) < 2:
        raise InputError("a map needs two or more temperatures and gaps", where="plot", fix="give ranges")
    figure = style.new_figure(13.0, 3.9)
    axes = figure.subplots(1, 4, sharex=True, sharey=True)
    drawn = []
    for ax, (name, text) in zip(axes, _TITLES.items(), strict=True):
        drawn.append(_panel(ax, ds, _lacking(ds, name), cutoff=name in ("vertex", "a")))
        ax.set_title(text, fontsize=9)
        ax.set_xlabel(r"$E_g$ (meV)")
    axes[0].set_ylabel(r"$T$ (K)")
    figure.colorbar(drawn[0], ax=axes, label=r"missing, over $\chi$ that is kept", extend="both")
    handles = [
        Line2D([], [], color="k", linestyle="-", label="missing = kept"),
        Line2D([], [], color="k", linestyle="-", linewidth=0.6, label="missing = kept/10"),
        Line2D([], [], color="k", linestyle=":", label=r"cutoff $\times$ 2 moves it by $\chi$"),
        Line2D([], [], color="k", linestyle="--", label="$kT = E_g$"),
    ]
    axes[0].legend(handles=handles, fontsize=7, loc="upper left")
    figure.suptitle(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure


def _lacking(ds: xr.Dataset, name: str) -> Floats:
    """(temperature, gap)"""
    if name != "vertex":
        return np.asarray(ds["missing"].sel(coefficient=name).transpose("temperature", "gap").values)
    parts = ds["coefficients"].sel(diagram="vertex", coefficient=["a", "b"]).sum("sector").mean("coefficient")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((parts / ds["chi_kept"]).transpose("temperature", "gap").values) - 1.0


def _panel(ax: Axes, ds: xr.Dataset, values: Floats, *, cutoff: bool) -> QuadMesh:
    gap, temperature = 1e3 * ds["gap"].values, ds["temperature"].values
    # a frozen phonon is infinitely far from what is missing
    clean = np.nan_to_num(np.clip(values, -1e300, 1e300), nan=_MOST)
    norm = SymLogNorm(_LINEAR, vmin=-_MOST, vmax=_MOST, base=10)
    drawn = ax.pcolormesh(gap, temperature, clean, norm=norm, cmap="RdBu_r", shading="nearest", rasterized=True)
    size = np.log(np.maximum(np.abs(clean), 1e-30))
    _line(ax, gap, temperature, size, "-")
    _line(ax, gap, temperature, size - np.log(0.1), "-", width=0.6)
    if size.min() > 0.0:
        ax.text(0.5, 0.94, "missing > kept everywhere", transform=ax.transAxes, ha="center", fontsize=7)
    if cutoff:
        with np.errstate(divide="ignore"):
            moved = np.log(np.log(2.0) * ds["cutoff_slope"].values / np.maximum(ds["chi_kept"].values, 1e-300))
        _line(ax, gap, temperature, moved, ":")
    ax.plot(1e3 * BOLTZMANN_EV_PER_K * temperature, temperature, "--", color="k", linewidth=0.9)
    ax.set_yscale("log")
    ax.set_xlim(gap[0], gap[-1])
    ax.set_ylim(temperature[0], temperature[-1])
    return drawn


def _line(ax: Axes, gap: Floats, temperature: Floats, values: Floats, dash: str, width: float = 1.1) -> None:
    """Where the values are zero."""
    if values.min() < 0.0 < values.max():
        ax.contour(gap, temperature, values, levels=[0.0], colors="k", linestyles=dash, linewidths=width)
