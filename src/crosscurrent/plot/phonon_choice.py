"""Which figure suits a result of a metal with soft phonons, alone or as a figure of a paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from crosscurrent.plot import style
from crosscurrent.plot.curves import hall_figure
from crosscurrent.plot.phonon_currents import arrows_figure
from crosscurrent.plot.phonon_one_loop import trust_figure
from crosscurrent.plot.phonon_spin import (
    coefficient_figure,
    phase_map_figure,
    polarization_figure,
    quadrupole_figure,
)
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import InputError

Kind = Literal["coefficient", "phase_map", "quadrupole", "polarization", "arrows", "trust"]
KINDS: tuple[str, ...] = ("coefficient", "phase_map", "quadrupole", "polarization", "arrows", "trust")
Line = tuple[xr.Dataset, str, dict[str, object], str]

_TENSOR = "conductivity"


def is_phonon(ds: xr.Dataset) -> bool:
    """Whether the result is one of a metal with soft phonons."""
    names = set(ds.data_vars)
    return bool(names & {"polarization", "thermal_kl", "chi_kept"}) or {"spin_current", "electric_field"} <= names


def phonon_figure(
    ds: xr.Dataset,
    *,
    variable: str | None = None,
    components: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """The figure of one result: its map, its arrows, or a coefficient over its longest axis.

    A result of order g^2 over three or more temperatures and gaps becomes the map of what its kept part lacks.

    components: of the conductivity ("xyz": current, field, spin), or the spin of a current in space ("z"). Raises
    InputError for names that are not in it.
    """
    if "polarization" in ds:
        return polarization_figure([(ds, "")], title=style.headline(ds, title))
    if "exponent" in ds:
        return phase_map_figure(ds, title=title)
    if "electric_field" in ds:
        return arrows_figure(ds, spin=components[0] if components else "z", title=title)
    if "chi_kept" in ds and variable is None and not components and min(ds.sizes["temperature"], ds.sizes["gap"]) > 2:
        return trust_figure(ds, title=title)
    if _fills_plane(ds) and variable in (None, _TENSOR):
        return quadrupole_figure(ds, component=components[0] if components else "xyz", title=title)
    if components or variable == _TENSOR:
        names = {_TENSOR: "spin_conductivity", _TENSOR + ERROR_SUFFIX: "spin_conductivity" + ERROR_SUFFIX}
        if ds.sizes["wavevector"] == 1:
            # its number says nothing
            ds = ds.isel(wavevector=0)
        return hall_figure(ds.rename(names), variables=("spin_conductivity",), wanted=components, title=title)
    results = [(ds, "")]
    if "chi_kept" in ds and variable is None:
        kept = ds.assign(chi=ds["chi_kept"], chi_error=ds["chi_kept_error"])
        results = [(kept, "kept by the model"), (ds, "all of order $g^2$")]
    return _coefficients(results, variable or "chi", None, title)


def phonon_panels(kind: str, lines: Sequence[Line], *, x: str | None = None, title: str = "") -> Figure:
    """A figure of a paper. lines: (result, variable, selection, label) each.

    kind: "coefficient", the variable of the first line over `x` from all results, and their ratio to the first;
    "polarization", a panel a line; the other kinds draw the first line's result. A selection keeps the nearest value
    of temperature, gap, ..., or names the component.
    """
    kept = [(_at(ds, select), label) for ds, _, select, label in lines]
    first, select = kept[0][0], lines[0][2]
    if kind == "coefficient":
        return _coefficients(kept, lines[0][1], x, title)
    if kind == "phase_map":
        return phase_map_figure(first, title=title)
    if kind == "quadrupole":
        component = "".join(str(select.get(name, default)) for name, default in zip(_INDICES, "xyz", strict=True))
        return quadrupole_figure(first, component=component, title=title)
    if kind == "polarization":
        return polarization_figure(kept, title=title)
    if kind == "arrows":
        return arrows_figure(lines[0][0], spin=str(select.get("spin", "z")), title=title)
    if kind == "trust":
        return trust_figure(first, title=title)
    raise InputError(f"no figure of kind '{kind}'", where="plot", fix="choose one of " + ", ".join(KINDS))


_INDICES = ("current", "field", "spin")


def _at(ds: xr.Dataset, select: dict[str, object]) -> xr.Dataset:
    """The result at the nearest values of its numeric axes, which stay axes of length one."""
    for name, wanted in select.items():
        if name in _INDICES or name not in ds.coords:
            continue
        at = int(np.argmin(np.abs(ds[name].values - float(wanted))))  # type: ignore[arg-type]
        ds = ds.isel({ds[name].dims[0]: [at]})
    return ds


def _coefficients(results: Sequence[tuple[xr.Dataset, str]], variable: str, x: str | None, title: str | None) -> Figure:
    ds = results[0][0]
    if variable not in ds:
        raise InputError(f"no variable '{variable}'", where="plot", fix="choose from " + ", ".join(map(str, ds)))
    axes = {"temperature": "temperature", "gap": "gap", "wavevector": "q"}
    along = x or max(axes.items(), key=lambda item: ds.sizes.get(item[0], 0))[1]
    positive = all(bool(np.all(result[variable].real > 0)) for result, _ in results)
    figure = coefficient_figure(results, variable=variable, x=along, log=positive, title=title)
    for ax in figure.axes:
        if along == "gap":
            # from zero on
            ax.set_xscale("linear")
        for line in ax.get_lines():
            if len(line.get_xdata()) == 1:  # type: ignore[arg-type]
                line.set_marker("o")
    return figure


def _fills_plane(ds: xr.Dataset) -> bool:
    """Whether the wave vectors are all pairs of some q_x and q_y."""
    if not {"q_x", "q_y"} <= set(ds.coords):
        return False
    qx, qy = (np.unique(np.round(ds[name].values, 12)) for name in ("q_x", "q_y"))
    return min(len(qx), len(qy)) > 1 and len(qx) * len(qy) == ds["q_x"].size
