"""Phonon dispersions: frequencies along a path, unstable modes below zero."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.units import InputError


def is_dispersion(ds: xr.Dataset) -> bool:
    """Whether the result is a phonon dispersion."""
    return "frequency" in ds.data_vars and {"q", "mode"} <= set(ds.dims)


def dispersion(ds: xr.Dataset, ax: Axes, *, colour: str = style.COLOURS[0]) -> None:
    """The branches of a result of `phonon_dispersion`, segment by segment, with the corners of the path marked.

    Raises InputError for another result.
    """
    if not is_dispersion(ds):
        raise InputError("this result has no phonon dispersion", where="plot", fix="use a job with phonon_dispersion")
    frequency, distance = ds["frequency"].transpose("q", "mode").values, ds["distance"].values
    for segment in np.unique(ds["segment"].values):
        part = ds["segment"].values == segment
        ax.plot(distance[part], frequency[part], color=colour, linewidth=1.2)
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    corners = np.atleast_1d(np.asarray(ds.attrs["corner_distances"], dtype=float))
    labels = ["|".join(map(style.corner, label.split("|"))) for label in str(ds.attrs["corner_labels"]).splitlines()]
    ax.set_xticks(list(corners), labels)
    ax.grid(False, axis="x")
    for corner in corners:
        ax.axvline(corner, color="0.6", linewidth=0.8, zorder=0)
    ax.set_xlim(distance[0], distance[-1])
    ax.set_ylabel("frequency (THz)")


def dispersion_figure(ds: xr.Dataset, *, title: str | None = None) -> Figure:
    """One dispersion; below zero are the unstable modes."""
    figure = style.new_figure()
    ax = style.prepare(figure.subplots())
    dispersion(ds, ax)
    ax.set_title(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure
