"""Figures of a heated slab: maps with the right panels, colours centred at zero, and the scan over the field."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.profiles import HotBand, Sponge
from crosscurrent.plot import draw, maps_figure, scan_figure
from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
from crosscurrent.units import InputError


@pytest.fixture(scope="module")
def scan() -> xr.Dataset:
    return ferron_hall_scan(local_mode("batio3-b"), (7, 5, 2), HotBand(50, 0, 0.3, 0.1), Sponge(layers=2), [80.0, 20.0])


@pytest.fixture(scope="module")
def single() -> xr.Dataset:
    return ferron_hall_scan(local_mode("batio3-b"), (7, 5, 2), HotBand(50, 0, 0.3, 0.1), Sponge(layers=2), 80.0)


def test_maps(single: xr.Dataset) -> None:
    figure = draw(single, title="slab")
    strips, maps = figure.axes[:3], figure.axes[3:9]
    for ax in strips:
        np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), single.temperature)  # type: ignore[arg-type]
    drawn = [next(c for c in ax.collections if isinstance(c, QuadMesh)) for ax in maps]
    values = [np.asarray(mesh.get_array()).reshape(5, 7).T for mesh in drawn]
    np.testing.assert_allclose(values[0], 1e3 * single.kinetic_energy_0)
    shift = single.polarization_0 - single.attrs["polarization_at_rest_C_per_m2"]
    np.testing.assert_allclose(values[1], 1e6 * shift)
    np.testing.assert_allclose(values[2], 1e3 * single.angular_momentum_0.sel(component="z"))
    np.testing.assert_allclose(values[4], 1e6 * single.polarization_odd)
    for mesh in (drawn[2], *drawn[3:]):
        low, high = mesh.get_clim()
        assert low == -high and high > 0
    labels = [ax.get_ylabel() for ax in figure.axes[9:]]
    assert any("Delta_B P" in label and "C/m" in label for label in labels)
    assert figure.get_suptitle() == "slab"
    assert "4.3e+06 T" in draw(single).get_suptitle()


def test_scan(scan: xr.Dataset) -> None:
    figure = draw(scan)
    assert len(figure.axes) == 3
    (line,) = figure.axes[1].get_lines()
    np.testing.assert_array_equal(line.get_xdata(), [20, 80])
    np.testing.assert_allclose(line.get_ydata(), 1e6 * scan.largest_polarization_odd.values[::-1])  # type: ignore[arg-type]


def test_one_field_of_a_scan(scan: xr.Dataset, single: xr.Dataset) -> None:
    mesh = next(c for c in maps_figure(scan, omega=80.0).axes[7].collections if isinstance(c, QuadMesh))
    np.testing.assert_allclose(np.asarray(mesh.get_array()).reshape(5, 7).T, 1e6 * single.polarization_odd)
    with pytest.raises(InputError, match="no field 40 rad/ps"):
        maps_figure(scan, omega=40.0)
    with pytest.raises(InputError, match="one field"):
        scan_figure(single)
    with pytest.raises(InputError, match="no maps"):
        maps_figure(single.drop_vars("polarization_odd"))
