"""The figure of a slab from trajectories: maps on the scale of the noise-free ones, pale cells, and error bars."""

from __future__ import annotations

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
