"""Trajectories that grow without bound, settle too short, or have no slope: said in words, not in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
from crosscurrent.responses.ferron_hall_langevin_sampling import APART, Sampling
from crosscurrent.responses.lattice_protocols_ramp import heating_ramp
from crosscurrent.units import InputError

GROWN = r"a trajectory has grown without bound by step \d+"


@pytest.mark.parametrize("control", [True, False])
def test_a_hot_lattice_in_long_steps(control: bool) -> None:
    """Stable for the harmonic well, not for the whole one."""
    sampling = Sampling(realizations=1, duration=2.0, settle=1.0, step=0.0145)
    asked = ((4, 3, 2), [600.0] * 4, [2.0] * 3, 80.0, sampling)
    with pytest.raises(InputError, match=GROWN):
        ferron_hall_langevin(local_mode("batio3-b"), *asked, control_variate=control)


def test_a_protocol_in_long_steps() -> None:
    with pytest.raises(InputError, match=GROWN):
        heating_ramp(local_mode("batio3-b"), (4, 4, 4), temperatures=600.0, settle=2.0, average=1.0, step=0.012)


def test_a_lattice_that_has_not_warmed_up_is_named() -> None:
    def warnings(settle: float) -> str:
        sampling = Sampling(realizations=1, duration=0.1, settle=settle, block=0.05)
        ds = ferron_hall_langevin(local_mode("batio3-b"), (4, 3, 2), [50.0] * 4, [30.0, 20.0, 30.0], 80.0, sampling)
        return str(ds.attrs["warnings"])

    assert "began at rest and was measured after 0.2 ps: it takes some 0.23 ps to warm up" in warnings(0.2)
    assert "began at rest" not in warnings(0.24)


def test_a_map_that_symmetry_forbids_has_no_slope() -> None:
    """Two cells along x are each other's neighbours on both sides: nothing is odd."""
    sampling = Sampling(realizations=1, duration=0.4, settle=0.2, block=0.05)
    ds = ferron_hall_langevin(local_mode("batio3-b"), (2, 2, 2), [50.0, 20.0], [20.0, 20.0], 80.0, sampling)
    assert float(np.abs(ds.polarization_odd_noise_free).max()) < 1e-15 < float(ds.polarization_odd_error.max())
    assert np.isnan(float(ds.slope.sel(observable="polarization", part="odd")))
    assert np.isfinite(float(ds.slope.sel(observable="kinetic_energy", part="field")))


def test_numbers_of_realizations_that_no_run_has() -> None:
    with pytest.raises(InputError, match="Give fewer than 2147483647"):
        Sampling(realizations=APART)
    with pytest.raises(InputError, match=r"duration is more than 1e\+12 steps"):
        Sampling(duration=1e308)
