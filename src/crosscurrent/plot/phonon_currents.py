"""The spin currents of a field in space, as arrows."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.units import InputError


def arrows_figure(ds: xr.Dataset, *, spin: str = "z", plane: str | None = None, title: str | None = None) -> Figure:
    """The field (black) and the current of one spin (red) as arrows, each scaled to its largest.

    ds: as `field_currents` gives it. plane: the two directions that are drawn, "xy" or "xz"; the one with the larger
    arrows when None. A field that varies along one axis is drawn along a line, others on the plane of their first two
    axes.
    """
    if "spin_current" not in ds or "electric_field" not in ds or spin not in "xyz":
        raise InputError("no currents of a field to draw", where="plot", fix="draw a result of field_currents")
    space = str(ds.attrs["axes"]).split(", ")
    current, field = ds["spin_current"].sel(spin=spin), ds["electric_field"]
    if len(space) == 3:
        current, field = current.isel({space[2]: 0}), field.isel({space[2]: 0})
    directions = plane or _plane(ds, current, field, len(space))
    figure = style.new_figure(7.4, 3.4 if len(space) == 1 else 6.2)
    ax = style.prepare(figure.subplots())
    x = ds[space[0]].values
    step = max(1, len(x) // (40 if len(space) == 1 else 24))
    if len(space) == 1:
        places = [(x, np.zeros_like(x)), (x, np.zeros_like(x))]
    else:
        places = [tuple(np.meshgrid(x, ds[space[1]].values, indexing="ij"))] * 2
    cut = (slice(None, None, step),) * min(len(space), 2)
    for (arrows, dim, colour, label), where in zip(
        ((field, "field", "k", "field"), (current, "current", "#c0392b", f"current of spin {spin}")),
        places,
        strict=True,
    ):
        parts = [arrows.sel({dim: d}).values.real for d in directions]
        largest = float(np.max(np.hypot(*parts), initial=0.0))
        u, v = ((p / largest if largest > 0 else p)[cut] for p in parts)
        ax.quiver(
            where[0][cut],
            where[1][cut],
            u,
            v,
            color=colour,
            label=label,
            scale=24.0 if len(space) > 1 else 18.0,
            width=0.003,
        )
    ax.set_xlabel(style.with_unit(f"${space[0]}$", "angstrom"))
    if len(space) == 1:
        ax.set_yticks([])
        ax.set_ylim(-1.0, 1.0)
        ax.set_ylabel(f"arrows in the {directions} plane", fontsize=8)
    else:
        ax.set_ylabel(style.with_unit(f"${space[1]}$", "angstrom"))
        ax.set_aspect("equal")
    ax.legend(fontsize=8, frameon=False, loc="upper right")
    figure.suptitle(style.headline(ds, title), fontsize=11)
    style.note(figure, ds)
    return figure


def _plane(ds: xr.Dataset, current: xr.DataArray, field: xr.DataArray, dims: int) -> str:
    """ "xy" or "xz", whichever holds the larger arrows."""
    if dims > 1 or "z" not in ds["field"].values:
        return "xy"

    def size(direction: str) -> float:
        parts = (current.sel(current=direction), field.sel(field=direction))
        whole = (current, field)
        return sum(
            float(np.abs(p.values).max()) / max(float(np.abs(w.values).max()), 1e-300)
            for p, w in zip(parts, whole, strict=True)
        )

    return "xz" if size("z") > size("y") else "xy"
