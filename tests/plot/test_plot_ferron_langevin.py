"""The figure of a slab from trajectories: maps on the scale of the noise-free ones, pale cells, and error bars."""

from __future__ import annotations

import io

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, QuadMesh

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.plot import draw, langevin_figure
from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
from crosscurrent.units import InputError


@pytest.fixture(scope="module")
def slab() -> xr.Dataset:
    sampling = Sampling(realizations=2, duration=0.4, settle=0.1, block=0.05)
    profiles = ([50.0, 20.0, 5.0, 10.0], [3.0, 2.0, 3.0], 80.0)
    return ferron_hall_langevin(local_mode("batio3-b"), (4, 3, 2), *profiles, sampling, zero_field=False)


def test_drawn_data(slab: xr.Dataset) -> None:
    figure = draw(slab)
    top, middle, cuts = figure.axes[:3], figure.axes[3:6], figure.axes[6:9]
    names = ("kinetic_energy_odd", "polarization_odd", "angular_momentum_odd")
    for name, factor, above, below, cut in zip(names, (1e6, 1e6, 1e3), top, middle, cuts, strict=True):
        found, error, exact = (slab[name + end] for end in ("", "_error", "_noise_free"))
        if "component" in found.dims:
            found, error, exact = (values.sel(component="z") for values in (found, error, exact))
        meshes = [next(c for c in ax.collections if isinstance(c, QuadMesh)) for ax in (above, below)]
        np.testing.assert_allclose(np.asarray(meshes[1].get_array()).reshape(3, 4).T, factor * exact, atol=1e-12)
        size = 1.15 * factor * float(np.abs(exact).max())
        for mesh in meshes:
            assert mesh.get_clim() == pytest.approx((-size, size))
        veil = np.asarray(above.images[0].get_array())[..., 3].T
        np.testing.assert_array_equal(veil > 0, np.abs(found) < 2 * error)
        layer = int(np.argmax(np.abs(exact.values).max(axis=0)))
        lines = {line.get_label(): line for line in cut.get_lines()}
        np.testing.assert_allclose(lines["noise-free"].get_ydata(), factor * exact[:, layer])  # type: ignore[arg-type]
        bars = next(c for c in cut.collections if isinstance(c, LineCollection)).get_segments()
        np.testing.assert_allclose([bar[1, 1] - bar[0, 1] for bar in bars], 2 * factor * error[:, layer])
        assert "standard errors" in above.get_title()


def test_other_results_are_refused(slab: xr.Dataset) -> None:
    with pytest.raises(InputError, match="these maps have no errors"):
        langevin_figure(slab.drop_vars("slope"))


def test_a_harmonic_well_has_its_own_scale(caplog: pytest.LogCaptureFixture) -> None:
    """Its noise-free odd polarization is zero: there is no slope against it, and the trajectories set the scale."""
    sampling = Sampling(realizations=2, duration=0.4, settle=0.1, block=0.05)
    profiles = ([50.0, 20.0, 5.0, 10.0], [3.0, 2.0, 3.0], 80.0)
    ds = ferron_hall_langevin(
        local_mode("batio3-b"), (4, 3, 2), *profiles, sampling, anharmonic=False, zero_field=False
    )
    assert not np.any(ds.polarization_odd_noise_free)
    figure = draw(ds)
    figure.savefig(io.BytesIO())
    assert not caplog.records  # of glyphs that a formula does not know
    top, cut = figure.axes[1], figure.axes[7]
    size = 1.15e6 * float(np.abs(ds.polarization_odd).max())
    for ax in (top, figure.axes[4]):
        mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
        assert mesh.get_clim() == pytest.approx((-size, size))
    layer = int(np.argmax(np.abs(ds.polarization_odd.values).max(axis=0)))
    assert cut.get_title() == f"layer $y$ = {layer}"
    titles = [ax.get_title() for ax in figure.axes[:3]]
    assert not any("nan" in title for title in titles)
    assert [title.startswith("slope") for title in titles] == [True, False, True]
    assert titles[1].endswith("standard errors r.m.s.")
