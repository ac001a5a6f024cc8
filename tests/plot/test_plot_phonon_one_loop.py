"""The map of where the retarded-advanced answer holds: its colours are what the result says is missing."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh

from crosscurrent import plot
from crosscurrent.models.paraelectric_metal import model_metal
from crosscurrent.responses.phonon_one_loop import one_loop_conductivity
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.units import InputError

METAL = model_metal()


@pytest.fixture(scope="module")
def result() -> xr.Dataset:
    return one_loop_conductivity(METAL, [1.0, 30.0], [0.0, 1e-3], [1e-3, 0, 0], q_unit="k_F", order=4)


def test_panels_show_what_is_missing(result: xr.Dataset) -> None:
    figure = plot.trust_figure(result)
    shown = [
        np.asarray(next(c for c in ax.collections if isinstance(c, QuadMesh)).get_array()) for ax in figure.axes[:4]
    ]
    for values, name in zip(shown[1:], "abd", strict=True):
        np.testing.assert_allclose(values.reshape(2, 2), result["missing"].sel(coefficient=name).values)
    parts = result["coefficients"].sel(diagram="vertex").values
    mean = parts[..., :2].sum(axis=(-2, -1)) / 2
    np.testing.assert_allclose(shown[0].reshape(2, 2), mean / result["chi_kept"].values - 1)
    # virtual phonons rule in the cold, real ones at 30 K; b is turned round by the other diagram everywhere
    assert shown[0].ravel()[0] > 5 and abs(shown[0].ravel()[2]) < 0.1
    texts = [[t.get_text() for t in ax.texts] for ax in figure.axes[:4]]
    assert texts[2] == ["missing > kept everywhere"] and not texts[0]


def test_it_is_what_draw_chooses_for_a_map(result: xr.Dataset) -> None:
    grown = result.isel(temperature=[0, 1, 1], gap=[0, 1, 1])
    grown = grown.assign_coords(temperature=[1.0, 30.0, 40.0], gap=[0.0, 1e-3, 2e-3])
    assert "vertex diagram alone" in plot.draw(grown).axes[0].get_title()
    assert "vertex diagram" not in plot.draw(result).axes[0].get_title()
    panel = plot.phonon_panels("trust", [(grown, "missing", {}, "")], title="t")
    assert len(panel.axes) == 5


def test_what_is_no_map(result: xr.Dataset) -> None:
    with pytest.raises(InputError, match="two or more temperatures"):
        plot.trust_figure(result.isel(gap=[0]))
    with pytest.raises(InputError, match="nothing is known"):
        plot.trust_figure(phonon_spin(METAL, [1.0, 2.0], [0.0, 1e-3], [1e-3, 0, 0], q_unit="k_F"))


def test_a_frozen_phonon_leaves_no_hole(result: xr.Dataset) -> None:
    frozen = result.copy(deep=True)
    frozen["missing"].values[0, 1] = np.inf, -np.inf, np.nan
    frozen["chi_kept"].values[0, 1] = 0.0
    figure = plot.trust_figure(frozen)
    for ax in figure.axes[:4]:
        mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
        assert np.isfinite(np.asarray(mesh.get_array())).all()
