"""Jobs of protocols on lattices of polar modes: units, models, refusals in one line, first jobs, and their cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from crosscurrent.jobs import load_job, run_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.parse import job_hash, job_to_toml, parse_job
from crosscurrent.jobs.plan import plan
from crosscurrent.jobs.protocols import details
from crosscurrent.jobs.starter import starter_hamiltonian_job
from crosscurrent.models.effective_hamiltonian import batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.responses.lattice_protocols_loop import hysteresis_loop
from crosscurrent.responses.lattice_protocols_path import switching_path
from crosscurrent.units import InputError

A = '[model]\neffective_hamiltonian = "batio3-2010"\n'
B = '[model]\nlocal_mode = "batio3-b"\n'
LOOP = """
[hysteresis]
grid = [2, 2, 2]
temperature = "100 K"
field = "{field}"
period = "0.5 ps"
samples = 8
settle = "20 fs"
realizations = 2
"""
PARAMETERS = """
kappa2 = 8.53400622
j = [-2.08403, -1.12904, 0.68946, -0.61134, 0.0, 0.27690, 0.0]
charge = 10.33
dielectric = 6.86915
lattice_constant = 3.98597
"""


def loop(field: str = "300 kV/cm", model: str = A) -> str:
    return model + LOOP.format(field=field)


@pytest.mark.parametrize("field", ["300 kV/cm", "0.003 V/angstrom", "3e7 V/m"])
def test_a_field_has_the_units_of_the_field(field: str) -> None:
    assert prepare(parse_job(loop(field))).arguments["field"] == pytest.approx(3e7)


def test_a_job_gives_what_the_function_gives() -> None:
    asked = parse_job(loop())
    found = run_job(asked, workers=1)
    expected = hysteresis_loop(
        batio3_2010(), (2, 2, 2), temperature=100, field=3e7, period=0.5, samples=8, settle=0.02, realizations=2
    )
    for name in ("polarization", "loop_area", "polarization_error"):
        np.testing.assert_array_equal(found[name], expected[name])
    assert parse_job(job_to_toml(asked)) == asked


def test_records_and_hamiltonians_take_the_same_questions() -> None:
    found = run_job(parse_job(B + "[switching_path]\npoints = 11\n"))
    xr.testing.assert_equal(found, switching_path(local_mode("batio3-b"), points=11))
    assert run_job(parse_job(A + "[domain_wall]\ngrid = [12, 2, 2]\n")).attrs["walls"] == 2
    ramp = "[heating]\ngrid = [2, 2, 2]\ntemperatures = {}\nsettle = 0.1\naverage = 0.4\nrealizations = 2\n"
    text = ramp.format('{ start = 100, stop = "200 K", num = 2 }')
    assert run_job(parse_job(A + text)).temperature.values.tolist() == [100, 200]
    falling = prepare(parse_job(A + ramp.format("[300, 100]"))).arguments["temperatures"]
    assert falling.tolist() == [300, 100]
    ratios = prepare(parse_job(A + ramp.format('{ start = 400, stop = 100, num = 3, spacing = "log" }')))
    np.testing.assert_allclose(ratios.arguments["temperatures"], [400, 200, 100])


def test_parameters_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(PARAMETERS + "alpha = 79.0\ngamma = -115.0\nk4 = 500.0\nmass = 38.24\n")
    text = '[model]\nkind = "effective_hamiltonian"\nfile = "own.toml"\n[switching_path]\npoints = 5\n'
    (tmp_path / "job.toml").write_text(text)
    asked = load_job(tmp_path / "job.toml")
    assert float(run_job(asked).barrier_straight) > 0
    before = job_hash(asked)
    (tmp_path / "own.toml").write_text(PARAMETERS + "alpha = 79.0\ngamma = -115.0\nk4 = 501.0\nmass = 38.24\n")
    assert job_hash(asked) != before
    (tmp_path / "own.toml").write_text(PARAMETERS)
    with pytest.raises(InputError, match="without a mass has no dynamics"):
        prepare(asked)
    (tmp_path / "own.toml").unlink()
    with pytest.raises(InputError, match=r"model\.file: there is no file"):
        prepare(asked)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (loop("300 V"), "unknown unit 'V'"),
        (loop("-1 kV/cm"), "hysteresis.field: must be above 0"),
        (loop().replace("batio3-2010", "batio3-2011"), "unknown effective Hamiltonian 'batio3-2011' .did you mean"),
        (loop(model='[model]\nkind = "effective_hamiltonian"\n'), "one effective Hamiltonian is needed"),
        (loop(model='[model]\nmaterial = "bi2se3"\n'), "asked of a lattice of polar modes"),
        (loop() + "step = 1.0\n", "hysteresis.step: a step of 1 ps is not stable"),
        (loop() + "seed = -1\n", "hysteresis.seed: must be 0 or more"),
        (loop().replace("realizations = 2", "realizations = 1"), "hysteresis.realizations: must be 2 or more"),
        (loop().replace("samples = 8", "samples = 10"), "hysteresis.samples: 10 samples do not divide"),
        (loop().replace("grid = [2, 2, 2]", "grid = [2, 2]"), "expected 3 entries"),
        (loop() + '[zone]\nmethod = "uniform"\nmesh = [3]\n', "sums over no bands"),
        (A + "[ferron_hall]\ngrid = [6, 5, 3]\ntemperature = 5\nomega_B = 80\n", "this model is an effective Ham"),
        (A + '[domain_wall]\ngrid = [12, 2, 2]\nnormal = "z"\n', "domain_wall.normal: 'z' is not known"),
        (B + "[domain_wall]\ngrid = [12, 2, 2]\n", "domain_wall.normal: the polarization lies along x"),
        (A + "[heating]\ngrid = [2, 2, 2]\ntemperatures = [0.0]\n", "heating.temperatures: the temperature is 0 K"),
    ],
)
def test_refusals_name_the_key(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        check_limits(prepare(parse_job(text)))
    assert "\n" not in str(caught.value)


def test_what_a_run_costs() -> None:
    found = plan(prepare(parse_job(loop())))
    # 8 cells, 2 realizations, 10 steps and two cycles of 8 samples of 31 steps
    assert found.k_points == 8 * 2 * (10 + 2 * 8 * 31)
    assert found.seconds is not None and 0 < found.seconds < 30
    assert "cells times steps" in found.text()
    assert plan(prepare(parse_job(A + "[switching_path]\n"))).k_points == 0


@pytest.mark.parametrize("response", ["hysteresis", "heating", "domain_wall", "switching_path"])
def test_first_jobs_are_sound(response: str) -> None:
    job = starter_hamiltonian_job("batio3-2010", response)
    assert check_limits(prepare(job)) is None
    assert parse_job(job_to_toml(job)) == job


def test_what_is_known_of_a_hamiltonian() -> None:
    text = "\n".join(details("batio3-2010"))
    assert "15.71 meV" in text and "strain is left out" in text and "134106" in text
    with pytest.raises(InputError, match="no first job for 'bands'"):
        starter_hamiltonian_job("batio3-2010", "bands")
