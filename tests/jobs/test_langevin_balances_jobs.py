"""The balances of trajectories as a key of a job."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from crosscurrent.jobs import run_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.langevin import cost, memory
from crosscurrent.jobs.parse import job_hash, job_to_toml, parse_job
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
from crosscurrent.results import explain
from crosscurrent.units import InputError

JOB = """
[model]
local_mode = "batio3-b"

[ferron_hall_langevin]
grid = [4, 3, 2]
temperature = [50, 20, 5, 10]
damping = [3, 2, 3]
omega_B = 80
realizations = 2
zero_field = false
control_variate = false
duration = 0.2
settle = 0.05
block = 0.05
"""
WITH = JOB + "balances = true\n"


def test_a_job_gives_what_the_function_gives() -> None:
    words = parse_job(WITH)
    assert parse_job(job_to_toml(words)) == words and job_hash(words) != job_hash(parse_job(JOB))
    profiles = ([50.0, 20.0, 5.0, 10.0], [3.0, 2.0, 3.0], 80.0)
    sampling = Sampling(realizations=2, duration=0.2, settle=0.05, block=0.05)
    expected = ferron_hall_langevin(
        local_mode("batio3-b"), (4, 3, 2), *profiles, sampling, zero_field=False, control_variate=False, balances=True
    )
    found = run_job(words)
    xr.testing.assert_identical(found.drop_attrs(), expected.drop_attrs())
    assert found.power_dipole.attrs["units"] == "eV/ps" and found.torque_dipole.attrs["units"] == "hbar/ps"
    assert list(found.balance.values) == ["S29", "S38"]
    assert "power_dipole" in explain(found) and "energy_drift_relative_per_ps" in explain(found)
    assert "power_dipole" not in run_job(parse_job(JOB))


def test_what_it_costs() -> None:
    plain, more = (prepare(parse_job(text)).arguments for text in (JOB, WITH))
    # 4 x 3 x 400 cells in double precision, 512 realizations at a time: eight fields of the size of u for each copy of
    # the lattice, and sixteen more for those whose balances are kept; the noise-free maps take less
    many = {"grid": (4, 3, 400), "sampling": Sampling(realizations=512, batch=512)}
    field = 24.0 * 4 * 3 * 400 * 512
    assert memory({**plain, **many}) == 8 * field
    assert memory({**more, **many}) == (8 + 16) * field
    assert memory({**more, **many, "zero_field": True, "control_variate": True}) == (4 * 8 + 2 * 16) * field
    record = local_mode("batio3-b")
    # the fastest of some trials, for a machine that is busy with something else
    seconds = [min(cost(record, arguments)[1] for _ in range(5)) for arguments in (plain, more)]
    assert 1.5 < seconds[1] / seconds[0] < 4.0
    assert np.isfinite(seconds).all()


def test_the_key_is_a_boolean() -> None:
    with pytest.raises(InputError, match=r"ferron_hall_langevin\.balances"):
        parse_job(JOB + 'balances = "all"\n')
