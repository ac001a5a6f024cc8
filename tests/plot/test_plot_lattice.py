"""Figures of phonons, of the nine channels, of scans over several axes, and of coefficients."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.models.phonopy_data import phonopy_file
from crosscurrent.numerics.profiles import HotBand, Sponge
from crosscurrent.plot import channels_figure, coefficients_figure, dispersion_figure, draw, maps_figure, panels
from crosscurrent.responses.ferron_coefficients import ferron_coefficients
from crosscurrent.responses.ferron_hall import ferron_hall
from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
from crosscurrent.responses.phonon_dispersion import phonon_dispersion
from crosscurrent.units import InputError

B, SPONGE, BAND = local_mode("batio3-b"), Sponge(layers=2), HotBand(50.0, 0.0, 0.3, 0.1)


@pytest.fixture(scope="module")
def single() -> xr.Dataset:
    return ferron_hall(B, (9, 6, 2), BAND, SPONGE, 80.0)


def test_dispersion() -> None:
    ds = phonon_dispersion(load_phonopy(phonopy_file("batio3-cubic")), points=30)
    (ax,) = draw(ds, title="t").axes
    lines = [line for line in ax.get_lines() if len(np.atleast_1d(line.get_xdata())) > 2]
    # 15 branches on each of six segments, not joined where the path jumps
    assert len(lines) == 90
    np.testing.assert_allclose(lines[0].get_ydata(), ds.frequency.values[ds.segment == 0, 0])  # type: ignore[arg-type]
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels == [r"$\Gamma$", "X", "M", r"$\Gamma$", "R", "X|M", "R"]
    assert ax.get_ylabel() == "frequency (THz)" and ax.get_ylim()[0] < -5.9
    low = ds.assign(frequency=ds.frequency / 2)
    low.attrs |= {key: ds.attrs[key] for key in ("corner_labels", "corner_distances")}
    first, second = panels("dispersion", [(ds, "frequency", {}, "a"), (low, "frequency", {}, "b")]).axes
    assert first.get_ylim() == second.get_ylim()
    with pytest.raises(InputError, match="no phonon dispersion"):
        dispersion_figure(ds.drop_vars("frequency"))


def test_nine_panels(single: xr.Dataset) -> None:
    figure = channels_figure(single, title="t")
    nine = figure.axes[:9]
    assert [ax.get_title(loc="left") for ax in nine] == [f"({letter})" for letter in "abcdefghi"]
    drawn = [next(c for c in ax.collections if isinstance(c, QuadMesh)) for ax in nine[:6]]
    values = [np.asarray(mesh.get_array()).reshape(6, 9).T for mesh in drawn]
    np.testing.assert_allclose(values[0], 1e3 * single.kinetic_energy_0)
    np.testing.assert_allclose(values[4], 1e6 * single.polarization_odd)
    np.testing.assert_allclose(values[5], 1e3 * single.angular_momentum_odd.sel(component="z"))
    # (g): one standard deviation; its widest point is the square root of the variance
    ellipse = np.asarray(nine[6].get_lines()[0].get_xdata())
    variance = single.displacement_covariance_0.sel(component="x", partner="x")[4, 3]
    assert ellipse.max() == pytest.approx(1e3 * float(variance) ** 0.5, rel=1e-3)
    # (i): the two surfaces turn opposite ways
    texts = [text.get_text() for text in nine[8].get_legend().get_texts()]  # type: ignore[union-attr]
    assert ("= -" in texts[0]) != ("= -" in texts[1])


def test_the_sense_of_turning(single: xr.Dataset) -> None:
    """The arrows run counterclockwise where L_z is positive."""
    ax = channels_figure(single).axes[8]
    spin = single.angular_momentum_0.sel(component="z")
    x = int(np.gradient(single.temperature.values).argmax())
    for number, y in enumerate((0, 5)):
        centre = np.array([np.mean(np.asarray(ax.get_lines()[number].get_xdata())), 0.0])
        for arrow in ax.texts[2 * number : 2 * number + 2]:
            start, end = np.array(arrow.xyann) - centre, np.array(arrow.xy) - centre  # type: ignore[attr-defined]
            assert np.sign(start[0] * end[1] - start[1] * end[0]) == np.sign(float(spin[x, y]))


def test_scans_with_a_line_for_each_combination() -> None:
    records = [B, local_mode("batio3-a")]
    ds = ferron_hall_scan(B, (7, 5, 2), BAND, SPONGE, [20.0, 80.0], hot=[10.0, 50.0], records=records)
    figure = draw(ds)
    assert all(len(ax.get_lines()) == 4 for ax in figure.axes)
    labels = [line.get_label() for line in figure.axes[0].get_lines()]
    assert labels == ["10 K, BaTiO3 B", "10 K, BaTiO3 A", "50 K, BaTiO3 B", "50 K, BaTiO3 A"]
    drawn = figure.axes[1].get_lines()[3].get_ydata()
    np.testing.assert_allclose(
        drawn,
        1e6 * ds.largest_polarization_odd.sel(record="BaTiO3 A", temperature_hot=50.0),  # type: ignore[arg-type]
    )
    assert figure.axes[-1].get_xlabel() == r"$\Omega_B$ (rad/ps)"
    with pytest.raises(InputError, match="2 maps along temperature_hot"):
        maps_figure(ds)
    sizes = ferron_hall_scan(B, (7, 5, 2), BAND, SPONGE, 80.0, grids=[(7, 5, 2), (9, 5, 2)])
    ticks = [text.get_text() for text in draw(sizes).axes[-1].get_xticklabels()]
    assert ticks == ["7 x 5 x 2", "9 x 5 x 2"]


def test_coefficients() -> None:
    ds = ferron_coefficients(B, (6, 5, 2), SPONGE, waves=2)
    figure = draw(ds)
    np.testing.assert_allclose(figure.axes[2].get_lines()[1].get_ydata(), 1e6 * ds.polarization_odd[1])  # type: ignore[arg-type]
    assert all(ax.get_xlabel() == "$y$ (layers)" for ax in figure.axes)
    assert coefficients_figure(ds, title="t").get_suptitle() == "t"
