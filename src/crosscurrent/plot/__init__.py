"""Ink from results: takes datasets only, gives figures and axes, touches no plotting session.

`draw` chooses what suits a result; `hall_figure`, `curve`, `compare`, `bands` and `k_map` are the pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xarray as xr
from matplotlib.figure import Figure

from crosscurrent.plot.curves import compare, curve, hall_figure
from crosscurrent.plot.momentum import bands, bands_figure, k_map, map_figure
from crosscurrent.units import InputError

__all__ = ["bands", "bands_figure", "compare", "curve", "draw", "hall_figure", "k_map", "map_figure", "save_figure"]

_FORMATS = (".png", ".pdf", ".svg")


def draw(
    ds: xr.Dataset,
    *,
    variables: Sequence[str] = (),
    components: Sequence[str] = (),
    unit: str | None = None,
    band: int = 0,
    title: str | None = None,
) -> Figure:
    """The figure that suits a result. components: tensor components ("zxy"), or the axis of a vector ("z").

    Raises InputError when the result holds nothing of the sort, or a name is not in it.
    """
    if "current" in ds.dims:
        return hall_figure(ds, variables=variables, wanted=components, unit=unit, title=title)
    if "band" not in ds.dims:
        raise InputError("this result has no conductivity and no bands to draw", where="plot")
    axis = components[0] if components else "z"
    if "distance" in ds.coords:
        return bands_figure(ds, variable=variables[0] if variables else None, axis=axis, title=title)
    return map_figure(ds, variable=variables[0] if variables else None, band=band, axis=axis, title=title)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure. Raises InputError for an unknown kind of file, and for a folder that cannot be written."""
    if path.suffix.lower() not in _FORMATS:
        raise InputError(
            f"cannot draw into a '{path.suffix}' file", where=str(path), fix="choose one of " + ", ".join(_FORMATS)
        )
    try:
        figure.savefig(path, dpi=200)
    except OSError as error:
        raise InputError(
            f"cannot write this file ({error.strerror or error})", where=str(path), fix="choose a folder that exists"
        ) from error
