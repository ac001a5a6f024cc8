"""Figures of phonon-mediated spin transport: the drawn data are those of the result."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.contour import QuadContourSet
from matplotlib.quiver import Quiver

from crosscurrent.models.paraelectric_metal import model_metal
from crosscurrent.plot import phonon_spin as figures
from crosscurrent.plot.phonon_currents import arrows_figure
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.responses.phonon_spin_fields import field_currents
from crosscurrent.responses.phonon_spin_map import crossover_map
from crosscurrent.responses.phonon_spin_vertex import polarization_map
from crosscurrent.units import InputError

METAL = model_metal()
T = np.geomspace(0.5, 20.0, 6)
GAP = [0.0, 1e-3]


@pytest.fixture(scope="module")
def curves():
    settings = {"q_unit": "k_F", "level": "fermi_surface"}
    return [
        (phonon_spin(METAL, T, GAP, [1e-3, 0, 0], weight=weight, **settings), weight)
        for weight in ("thermal", "published")
    ]


def meshes(ax):
    return [c for c in ax.collections if isinstance(c, QuadMesh)]


def test_coefficient_over_temperature_with_ratios(curves):
    figure = figures.coefficient_figure(curves)
    top, bottom = figure.axes
    assert top.get_xscale() == top.get_yscale() == "log" and "C m" in top.get_ylabel()
    drawn = [line.get_ydata() for line in top.get_lines()]
    for i, (ds, _) in enumerate(curves):
        for j in range(2):
            np.testing.assert_array_equal(drawn[2 * i + j], ds["chi"].values[:, j, 0])
    ratio = curves[1][0]["chi"].values[:, 1, 0] / curves[0][0]["chi"].values[:, 1, 0]
    assert any(np.array_equal(line.get_ydata(), ratio) for line in bottom.get_lines())
    assert "meV" in top.get_legend().get_texts()[0].get_text()
    assert plt.get_fignums() == []


def test_coefficient_over_gap_and_q(curves):
    figure = figures.coefficient_figure(curves[:1], x="gap", log=False)
    (ax,) = figure.axes
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), curves[0][0]["chi"].values[0, :, 0])
    assert ax.get_yscale() == "linear" and len(ax.get_lines()) == len(T)
    with pytest.raises(InputError, match="no curves of 'chi' over 'spin'"):
        figures.coefficient_figure(curves, x="spin")
    with pytest.raises(InputError, match="no curves of 'kappa'"):
        figures.coefficient_figure(curves, variable="kappa")


def test_one_unnamed_curve_has_no_legend(curves):
    figure = figures.coefficient_figure([(curves[0][0].isel(gap=[0]), "")])
    assert len(figure.axes[0].get_lines()) == 1 and figure.axes[0].get_legend() is None


def test_phase_map(curves):
    ds = crossover_map(METAL, T, np.linspace(0, 2e-3, 5), level="fermi_surface")
    figure = figures.phase_map_figure(ds)
    left, right, scheme = figure.axes[:3]
    np.testing.assert_allclose(meshes(left)[0].get_array().compressed(), ds["chi"].values.ravel())
    np.testing.assert_allclose(np.asarray(meshes(right)[0].get_array()).ravel(), ds["exponent"].values.ravel())
    np.testing.assert_array_equal(np.asarray(meshes(scheme)[0].get_array()).ravel(), ds["region"].values.ravel())
    line = next(line for line in left.get_lines() if line.get_label() == "$kT = E_g$")
    np.testing.assert_allclose(line.get_xdata(), 1e3 * 8.617333262e-5 * line.get_ydata())
    star = next(line for line in left.get_lines() if line.get_label() == "$T^*$")
    assert star.get_ydata()[0] == ds.attrs["T_star_K"]
    assert any(isinstance(c, QuadContourSet) for c in left.collections)
    with pytest.raises(InputError, match="no 'exponent'"):
        figures.phase_map_figure(curves[0][0])


def test_quadrupole(curves):
    x, y = np.meshgrid(np.linspace(-0.004, 0.004, 5), np.linspace(-0.004, 0.004, 5))
    q = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=-1)
    ds = phonon_spin(METAL, 1.0, 1e-3, q, q_unit="k_F", level="fermi_surface")
    figure = figures.quadrupole_figure(ds)
    ax, cut = figure.axes[:2]
    expected = ds["conductivity"].sel(current="x", field="y", spin="z").values.reshape(5, 5)
    np.testing.assert_allclose(np.asarray(meshes(ax)[0].get_array()).reshape(5, 5), expected)
    np.testing.assert_allclose(cut.get_lines()[0].get_ydata(), expected[2])
    assert cut.xaxis.get_major_formatter()._scientific and cut.xaxis.get_major_formatter()._powerlimits == (-2, 2)
    # chi falls with q: the points lie below the initial slope
    points, slope = (line.get_ydata() for line in cut.get_lines())
    assert slope[0] > points[0] > 0
    assert expected[2, 0] > 0 > expected[0, 2]
    with pytest.raises(InputError, match="do not fill a rectangle"):
        figures.quadrupole_figure(ds.isel(wavevector=slice(0, 7)))
    with pytest.raises(InputError, match="no component 'xy'"):
        figures.quadrupole_figure(ds, component="xy")


def test_polarization_and_its_zero_lines():
    maps = [
        (polarization_map([0, 0, 1], p, n_theta=19, n_phi=25), name) for p, name in (([0, 0, 1], "b"), ([1, 0, 1], "c"))
    ]
    figure = figures.polarization_figure(maps)
    first, second = figure.axes[:2]
    np.testing.assert_allclose(np.asarray(meshes(first)[0].get_array()), maps[0][0]["polarization"].values)
    # for P along the spin only the poles vanish
    assert not any(isinstance(c, QuadContourSet) for c in first.collections)
    assert any(isinstance(c, QuadContourSet) for c in second.collections)
    assert set(first.get_lines()[0].get_ydata()) == {0.0, 180.0}


def arrows(figure):
    return [c for c in figure.axes[0].collections if isinstance(c, Quiver)]


def test_arrows_of_figure_5():
    n, step = 16, 60.0
    field = np.zeros((n, 3))
    field[:, 0] = np.sin(2 * np.pi * np.arange(n) / n)
    ds = field_currents(METAL, 1.0, 1e-3, field, step, level="fermi_surface")
    electric, spin = arrows(arrows_figure(ds, spin="z"))
    np.testing.assert_allclose(electric.U, field[:, 0], atol=1e-12)
    np.testing.assert_allclose(electric.V, 0, atol=1e-12)
    np.testing.assert_allclose(spin.V, field[:, 0], atol=1e-6)
    field = field[:, [1, 2, 0]]
    ds = field_currents(METAL, 1.0, 1e-3, field, step, level="fermi_surface")
    electric, spin = arrows(arrows_figure(ds, spin="y"))
    np.testing.assert_allclose(electric.V, field[:, 2], atol=1e-12)
    np.testing.assert_allclose(spin.U, -field[:, 2], atol=1e-6)


def test_arrows_on_a_plane(curves):
    field = np.zeros((8, 6, 3))
    field[..., 0] = np.sin(2 * np.pi * np.arange(8) / 8)[:, None]
    figure = arrows_figure(field_currents(METAL, 1.0, 1e-3, field, 100.0, level="fermi_surface"))
    assert len(arrows(figure)) == 2 and "y" in figure.axes[0].get_ylabel()
    with pytest.raises(InputError, match="no currents of a field"):
        arrows_figure(curves[0][0])
