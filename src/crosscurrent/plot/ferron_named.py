"""Any map of a heated slab by its name: without a field, in it and odd in it, beside its error and what is exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crosscurrent.plot import style
from crosscurrent.plot.ferron import slab_map, slab_title
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_PARTS = {"_0": "no field", "": "in the field", "_odd": "odd in the field"}
_EXACT, _BEYOND = "_noise_free", "_difference"
_COLUMNS = {"": "", ERROR_SUFFIX: ", error", _EXACT: ", noise-free"}
#: Dimension beside x and y -> which of its labels is drawn when none is asked for.
_FURTHER = {"component": "z", "partner": "z", "direction": "x"}
#: What a result of `ferron_hall` may be scanned over.
_SCANNED = ("omega_B", "temperature_hot", "size", "record")
_REST = "polarization_at_rest_C_per_m2"


def named_maps_figure(
    ds: xr.Dataset, names: Sequence[str], components: Sequence[str] = (), *, title: str | None = None
) -> Figure:
    """A row for every part of each variable: the map, and its error and its noise-free partner where there are.

    ds: a result of `ferron_hall` or `ferron_hall_langevin` in one field. names: "power_dipole" is drawn without a
    field, in it and odd in it; "power_dipole_odd" alone. components: of a vector ("z", the default) or of a covariance
    ("xy"). A map and its partner have one scale; of a polarization the shift from that at rest is drawn; an error that
    is the same everywhere stands in the title. Raises InputError for what is no map over (x, y), components that it has
    not, and a result of several fields.
    """
    rows = [(name, which) for given in names for name in _parts(ds, given) for which in tuple(components) or ("",)]
    columns = [ending for ending in _COLUMNS if any(_drawn(ds, f"{name}{ending}", which) for name, which in rows)]
    figure, grid = _panels(ds, len(rows), len(columns))
    for line, (name, component) in zip(grid, rows, strict=True):
        there = [ending for ending in columns if _drawn(ds, f"{name}{ending}", component)]
        maps = {ending: _plane(ds, f"{name}{ending}", component) for ending in there}
        scale = np.concatenate([found.ravel() for ending, found in maps.items() if ending != ERROR_SUFFIX])
        for ax, ending in zip(line, columns, strict=True):
            if ending not in maps:
                ax.set_axis_off()
                continue
            _one(figure, ax, maps[ending], _label(ds, name, component), None if ending == ERROR_SUFFIX else scale)
            ax.set_title(f"{_part(name)}{_COLUMNS[ending]}{_uniform(ds, name, component, ending)}", fontsize=9)
            ax.set_xlabel("$x$ (cells)")
            ax.set_ylabel("$y$ (layers)")
    figure.suptitle(title if title is not None else slab_title(ds), fontsize=11)
    style.note(figure, ds)
    return figure


def _parts(ds: xr.Dataset, name: str) -> list[str]:
    """The variables that a name stands for."""
    maps = [str(key) for key, found in ds.data_vars.items() if _is_map(found)]
    alone = name.endswith(("_0", "_odd", _EXACT, _BEYOND, ERROR_SUFFIX))
    named = [key for part in _PARTS if (key := f"{name}{part}") in ds and (part == "" or not alone)]
    scanned = [d for key in named for d in ds[key].dims if d in _SCANNED and ds.sizes[d] > 1]
    if scanned:
        raise InputError(
            f"the result has {ds.sizes[scanned[0]]} maps along {scanned[0]}",
            where="plot",
            fix="draw a run of one of them, or select it in Python first",
        )
    if found := [key for key in named if key in maps]:
        return found
    known = dict.fromkeys(_stem(key) for key in maps if not key.endswith((ERROR_SUFFIX, _EXACT, _BEYOND)))
    raise InputError(
        f"'{name}' is no map over x and y of this result" if name in ds else f"no variable '{name}'",
        where="plot",
        fix="choose from " + (", ".join(known) or "another result, this one has no maps"),
    )


def _panels(ds: xr.Dataset, rows: int, columns: int) -> tuple[Figure, NDArray[np.object_]]:
    """A figure with axes of shape (rows, columns); those of one column stand side by side, three at most."""
    height = float(np.clip(3.2 * ds.sizes["y"] / ds.sizes["x"], 1.5, 4.2))
    across = columns if columns > 1 else min(rows, 3)
    down = rows if columns > 1 else -(-rows // across)
    # wide enough for the title
    figure = style.new_figure(max(1.0 + 4.4 * across, 9.0), 1.1 + (0.7 + height) * down)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for spare in axes[rows * columns :]:
        spare.set_axis_off()
    return figure, axes[: rows * columns].reshape(rows, columns)


def _drawn(ds: xr.Dataset, name: str, component: str) -> bool:
    """Whether a variable is there, and is no error that is the same everywhere."""
    return name in ds and not (name.endswith(ERROR_SUFFIX) and _same_everywhere(_plane(ds, name, component)))


def _uniform(ds: xr.Dataset, name: str, component: str, ending: str) -> str:
    """', error 1e-15' of a map whose error is the same everywhere."""
    error = f"{name}{ERROR_SUFFIX}"
    if ending or error not in ds or _drawn(ds, error, component):
        return ""
    return f", error {_plane(ds, error, component).flat[0]:.1g}"


def _same_everywhere(values: Floats) -> bool:
    return bool(np.isfinite(values).all() and np.ptp(values) == 0)


def _is_map(found: xr.DataArray) -> bool:
    further = set(map(str, found.dims)) - {"x", "y"}
    return {"x", "y"} <= set(found.dims) and all(d in _FURTHER or found.sizes[d] == 1 for d in further)


def _stem(name: str) -> str:
    return name.removesuffix("_odd").removesuffix("_0")


def _part(name: str) -> str:
    for ending in (ERROR_SUFFIX, _EXACT, _BEYOND):
        name = name.removesuffix(ending)
    return _PARTS["_odd" if name.endswith("_odd") else "_0" if name.endswith("_0") else ""]


def _letters(found: xr.DataArray, component: str) -> dict[str, str]:
    """Dimension -> label. Raises InputError for a component that is not there."""
    dims = [str(d) for d in found.dims if d in _FURTHER]
    letters = tuple(component) or tuple(_FURTHER[d] for d in dims)
    if len(letters) != len(dims) or any(x not in found[d].values for d, x in zip(dims, letters, strict=True)):
        has = " and ".join("".join(map(str, found[d].values)) for d in dims)
        raise InputError(
            f"'{str(found.name).removesuffix(ERROR_SUFFIX)}' has no component '{component}'",
            where="plot",
            fix=f"give one letter of each of {has}" if dims else "leave the component out",
        )
    return dict(zip(dims, letters, strict=True))


def _plane(ds: xr.Dataset, name: str, component: str) -> Floats:
    """(Nx, Ny)."""
    found = ds[name]
    one = found.sel(_letters(found, component))
    plane = one.isel({d: 0 for d in one.dims if d not in ("x", "y")}).transpose("x", "y").values
    shifted = name.startswith("polarization") and _part(name) != _PARTS["_odd"]
    absolute = not name.endswith((ERROR_SUFFIX, _BEYOND))
    return np.asarray(plane - float(ds.attrs[_REST]) if shifted and absolute and _REST in ds.attrs else plane)


def _label(ds: xr.Dataset, name: str, component: str) -> str:
    """'power dipole (eV/ps)'."""
    words = _stem(name).replace("_", " ")
    if name.startswith("polarization") and _part(name) != _PARTS["_odd"]:
        words = f"shift of {words}"
    letters = "".join(_letters(ds[name], component).values())
    return style.with_unit(f"{words} {letters}".strip(), str(ds[name].attrs.get("units", "")))


def _one(figure: Figure, ax: Axes, values: Floats, label: str, scale: Floats | None) -> None:
    """One map, in the colours of `scale`, which is that of the values when None."""
    if not np.isfinite(values).any():
        ax.text(0.5, 0.5, "not known", transform=ax.transAxes, ha="center", va="center", color="0.4", fontsize=9)
        return
    slab_map(figure, ax, np.ma.masked_invalid(values), label, scale=scale)
