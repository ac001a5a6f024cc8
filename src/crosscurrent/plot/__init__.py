"""Ink from results: takes datasets only, gives figures and axes, touches no plotting session.

`draw` chooses what suits a result; the others are the pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xarray as xr
from matplotlib.figure import Figure

from crosscurrent.plot.curves import compare, curve, hall_figure
from crosscurrent.plot.ferron import ferron_figure, is_ferron, maps_figure, scan_figure
from crosscurrent.plot.ferron_channels import channels_figure
from crosscurrent.plot.ferron_coefficients import coefficients_figure, is_coefficients
from crosscurrent.plot.ferron_langevin import is_langevin, langevin_figure
from crosscurrent.plot.ferron_named import named_maps_figure
from crosscurrent.plot.lattice_protocols import is_protocol, protocol_figure
from crosscurrent.plot.mechanisms import mechanisms_figure
from crosscurrent.plot.momentum import bands, bands_figure, k_map, map_figure
from crosscurrent.plot.page import report_page
from crosscurrent.plot.panels import panels
from crosscurrent.plot.phonon_choice import is_phonon, phonon_figure, phonon_panels
from crosscurrent.plot.phonon_currents import arrows_figure
from crosscurrent.plot.phonon_one_loop import trust_figure
from crosscurrent.plot.phonon_spin import (
    coefficient_figure,
    phase_map_figure,
    polarization_figure,
    quadrupole_figure,
)
from crosscurrent.plot.phonons import dispersion, dispersion_figure, is_dispersion
from crosscurrent.plot.pulse import pulse_figure
from crosscurrent.plot.spin import spin_figure, spin_map, spin_map_figure
from crosscurrent.results.trajectory import is_trajectory
from crosscurrent.units import InputError

__all__ = [
    "arrows_figure",
    "bands",
    "bands_figure",
    "channels_figure",
    "coefficient_figure",
    "coefficients_figure",
    "compare",
    "curve",
    "dispersion",
    "dispersion_figure",
    "draw",
    "ferron_figure",
    "hall_figure",
    "k_map",
    "langevin_figure",
    "map_figure",
    "maps_figure",
    "mechanisms_figure",
    "named_maps_figure",
    "panels",
    "phase_map_figure",
    "phonon_figure",
    "phonon_panels",
    "polarization_figure",
    "protocol_figure",
    "pulse_figure",
    "quadrupole_figure",
    "report_page",
    "save_figure",
    "scan_figure",
    "spin_figure",
    "spin_map",
    "spin_map_figure",
    "trust_figure",
]

_FORMATS = (".png", ".pdf", ".svg")


def draw(
    ds: xr.Dataset,
    *,
    variables: Sequence[str] = (),
    components: Sequence[str] = (),
    projection: str | None = None,
    unit: str | None = None,
    band: int = 0,
    log: bool = False,
    title: str | None = None,
) -> Figure:
    """The figure that suits a result.

    components: tensor components ("zxy" of a spin current, "yx" of a spin generation), the spin of a density or a
    pulse ("y"), or the axis of a vector ("z"). projection: of a map or a pulse. log: spin generation on logarithmic
    axes. Raises InputError when the result holds nothing of the sort, or a name is not in it.
    """
    if is_trajectory(ds):
        raise InputError(
            "these are frames of a trajectory, of which there is no figure",
            where="plot",
            fix="write them out with `crosscurrent export`, as text columns or as extended XYZ, and draw its result",
        )
    first, component = (names[0] if names else None for names in (variables, components))
    if is_coefficients(ds):
        return coefficients_figure(ds, title=title)
    if is_protocol(ds):
        return protocol_figure(ds, title=title)
    if variables and (is_langevin(ds) or is_ferron(ds)):
        return named_maps_figure(ds, variables, components, title=title)
    if is_langevin(ds):
        return langevin_figure(ds, title=title)
    if is_ferron(ds):
        return ferron_figure(ds, title=title)
    if is_dispersion(ds):
        return dispersion_figure(ds, title=title)
    if is_phonon(ds):
        return phonon_figure(ds, variable=first, components=components, title=title)
    if "current" in ds.dims:
        return hall_figure(ds, variables=variables, wanted=components, unit=unit, title=title)
    if "time" in ds.dims:
        return pulse_figure(ds, spin=component, projection=projection, title=title)
    if "mechanism" in ds.dims:
        return mechanisms_figure(ds, title=title)
    if "projection" in ds.dims:
        if "kx" in ds.coords:
            return spin_map_figure(ds, variable=first, component=component, projection=projection, title=title)
        return spin_figure(ds, variables=variables, wanted=components, unit=unit, log=log, title=title)
    if "band" not in ds.dims:
        raise InputError("this result has no conductivity, no spin and no bands to draw", where="plot")
    if "distance" in ds.coords:
        return bands_figure(ds, variable=first, axis=component or "z", title=title)
    return map_figure(ds, variable=first, band=band, axis=component or "z", title=title)


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
