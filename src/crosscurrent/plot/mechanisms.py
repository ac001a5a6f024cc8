"""Which mechanism makes a uniform or a staggered spin: a table as bars."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.results.schema import ERROR_SUFFIX

_PARTS = ("uniform", "staggered")


def mechanisms_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """Bars of the largest uniform and staggered component of each mechanism, on a logarithmic scale, with their errors.

    ds: `uniform` and `staggered` over `mechanism`, as `spin_mechanisms` gives them. The verdict stands below each
    name; a component that is zero has no bar.
    """
    names = [str(n) for n in ds["mechanism"].values]
    kinds = [str(k) for k in ds["kind"].values] if "kind" in ds.coords else [""] * len(names)
    parts = [p for p in _PARTS if p in ds.data_vars]
    figure = style.new_figure(2.0 + 1.3 * len(names))
    ax = style.prepare(figure.subplots())
    width = 0.8 / len(parts)
    largest = max(float(np.nanmax(ds[p].values, initial=0.0)) for p in parts)
    for i, part in enumerate(parts):
        at = np.arange(len(names)) + (i - 0.5 * (len(parts) - 1)) * width
        error = ds[part + ERROR_SUFFIX].values if part + ERROR_SUFFIX in ds else None
        # the eye is to compare orders of magnitude; what is lower than rounding is nothing
        shown = np.where(ds[part].values > 1e-12 * largest, ds[part].values, np.nan)
        ax.bar(at, shown, width, yerr=error, color=style.COLOURS[i], label=part, capsize=3)
    ax.set_yscale("log")
    ax.set_xticks(range(len(names)), [f"{_words(n)}\n{k}" for n, k in zip(names, kinds, strict=True)], fontsize=8)
    ax.set_xlim(-0.6, len(names) - 0.4)
    units = str(ds[parts[0]].attrs.get("units", ""))
    ax.set_ylabel(style.with_unit("spin density per field", units))
    ax.legend(fontsize=8, frameon=False)
    ax.set_title(style.headline(ds, title))
    style.note(figure, ds)
    return figure


def _words(mechanism: str) -> str:
    symbol = style.spin_label(mechanism, {}).replace("_{}", "")
    return symbol if mechanism.startswith("upsilon") else mechanism.replace("_", " ").capitalize()
