"""Figures of the protocols: the drawn data are those of the results, axes have units."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from crosscurrent.models.effective_hamiltonian import batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.plot import draw, protocol_figure
from crosscurrent.responses.lattice_protocols_loop import hysteresis_loop
from crosscurrent.responses.lattice_protocols_path import switching_path
from crosscurrent.responses.lattice_protocols_ramp import heating_ramp
from crosscurrent.responses.lattice_protocols_wall import domain_wall
from crosscurrent.units import InputError

A = batio3_2010()


def test_loop() -> None:
    found = hysteresis_loop(
        A, (2, 2, 2), temperature=50, field=1e8, period=1.0, samples=16, settle=0.1, realizations=2, step=0.004
    )
    left, right = draw(found).axes
    line = max(left.get_lines(), key=lambda drawn: len(np.asarray(drawn.get_xdata())))
    np.testing.assert_allclose(np.asarray(line.get_xdata())[:-1], found.field / 1e5)
    np.testing.assert_allclose(np.asarray(line.get_ydata())[:-1], found.polarization.sel(component="z"))
    assert line.get_ydata()[0] == line.get_ydata()[-1]  # type: ignore[index]
    assert left.get_xlabel() == "$E_z$ (kV/cm)" and "C/m" in left.get_ylabel()
    assert "MJ/m" in left.get_title() and len(right.get_lines()) >= 3
    assert "50 K" in draw(found).get_suptitle()
    assert draw(found, title="mine").get_suptitle() == "mine"


def test_heating() -> None:
    found = heating_ramp(A, (2, 2, 2), temperatures=[50, 100], settle=0.1, average=0.4, realizations=2, step=0.004)
    axes = draw(found).axes
    assert len(axes) == 3 and axes[2].get_xlabel() == "$T$ (K)"
    np.testing.assert_allclose(axes[0].get_lines()[0].get_ydata(), found.polarization_sorted.sel(rank=1))  # type: ignore[arg-type]
    np.testing.assert_allclose(axes[1].get_lines()[0].get_ydata(), found.displacement_length)  # type: ignore[arg-type]
    assert axes[2].get_yscale() == "log"


@pytest.mark.parametrize("kelvin", [0.0, 20.0])
def test_wall(kelvin: float) -> None:
    found = domain_wall(A, (12, 2, 2), temperature=kelvin, settle=0.1, average=0.2, realizations=2, step=0.004)
    (ax,) = draw(found).axes
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), found.polarization.sel(component="x"))  # type: ignore[arg-type]
    assert "mJ/m" in ax.get_title() and ax.get_xlabel() == "layer along $x$ (cells)"
    assert ("bath" in ax.get_title()) == (kelvin > 0)


def test_path() -> None:
    found = switching_path(local_mode("batio3-b"), points=21)
    left, right = draw(found).axes
    np.testing.assert_allclose(left.get_lines()[0].get_ydata(), 1e3 * found.energy_straight)  # type: ignore[arg-type]
    np.testing.assert_allclose(right.get_lines()[0].get_xdata(), found.angle)  # type: ignore[arg-type]
    assert "meV" in left.get_ylabel()


def test_other_results_are_refused() -> None:
    with pytest.raises(InputError, match="no protocol"):
        protocol_figure(xr.Dataset())
