"""Linear-response coefficients of the ferron Hall effect: what gathers in each layer, for waves of the temperature."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from crosscurrent.plot import style

#: variable -> (symbol, factor, unit that is drawn).
_DRAWN = {
    "angular_momentum": (r"L_z/\partial_xT", 1e3, r"$10^{-3}\,\hbar$ nm/K"),
    "kinetic_energy_odd": (
        r"\Delta_BE_{\mathrm{kin}}/(\Omega_B\partial_xT)",
        1e6,
        r"$\mu$eV nm ps/(K rad)",
    ),
    "polarization_odd": (r"\Delta_BP/(\Omega_B\partial_xT)", 1e6, r"$\mu$C/m$^2$ nm ps/(K rad)"),
}


def is_coefficients(ds: xr.Dataset) -> bool:
    """Whether the result holds coefficients by wave and layer."""
    return {"wave", "y"} <= set(ds.dims) and set(_DRAWN) <= set(map(str, ds.data_vars))


def coefficients_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """Angular momentum, odd kinetic energy and odd polarization over the layer, a line for each wavelength."""
    figure = style.new_figure(11.4, 4.0)
    for ax, (name, (symbol, factor, unit)) in zip(figure.subplots(1, 3), _DRAWN.items(), strict=True):
        style.prepare(ax)
        for at, k in enumerate(ds["k"].values):
            label = rf"$2\pi/k$ = {2 * np.pi / k:.3g} nm"
            values = ds[name].isel(wave=at).values
            ax.plot(ds["y"].values, factor * values, "o-", markersize=3, linewidth=1.2, label=label)
        ax.set_xlabel("$y$ (layers)")
        ax.set_ylabel(f"${symbol}$ [{unit}]")
    figure.axes[0].legend(fontsize=8, frameon=False)
    figure.suptitle(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure
