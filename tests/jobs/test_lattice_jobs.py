"""Jobs to a lattice of polar modes: profiles, files, refusals in one line, scans, resuming, and what a run costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import xarray as xr

from crosscurrent.jobs import load_job, run_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.calls import QUESTIONS
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.parse import job_hash, job_to_toml, parse_job
from crosscurrent.jobs.plan import plan
from crosscurrent.jobs.starter import starter_lattice_job
from crosscurrent.models.local_mode_file import local_mode, local_mode_names, save_local_mode
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.numerics.profiles import HotBand, Ramp, Sponge, Step, Uniform
from crosscurrent.responses.ferron_hall import ferron_hall
from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
from crosscurrent.units import InputError

SMALL = """
[model]
local_mode = "batio3-b"

[ferron_hall]
grid = [6, 5, 3]
temperature = {temperature}
damping = {damping}
omega_B = {omega}
"""


def job(
    temperature: str = "{ hot = 50, cold = 0 }", damping: str = "{ layers = 2 }", omega: str = "80", **more: Any
) -> str:
    text = SMALL.format(temperature=temperature, damping=damping, omega=omega)
    return text + "".join(f"{key} = {value}\n" for key, value in more.items())


def test_a_job_gives_what_the_function_gives() -> None:
    found = run_job(parse_job(job(currents="true")))
    expected = ferron_hall(local_mode("batio3-b"), (6, 5, 3), HotBand(50.0, 0.0), Sponge(layers=2), 80.0, currents=True)
    for name in ("kinetic_energy", "polarization_odd", "angular_momentum_0", "energy_current"):
        np.testing.assert_array_equal(found[name], expected[name])
    assert "equivalent_bare_Lorentz_field_T" in found.attrs


@pytest.mark.parametrize(
    ("words", "profile"),
    [
        ('{ hot = "50 K", cold = 1, width = 0.2, smoothing = 0.1, shape = "tanh" }', HotBand(50, 1, 0.2, 0.1, "tanh")),
        ('{ kind = "step", left = 3, right = 8 }', Step(3, 8)),
        ('{ kind = "ramp", hot = 9, cold = 2 }', Ramp(9, 2)),
        ('"20 K"', Uniform(20)),
    ],
)
def test_named_profiles(words: str, profile: Any) -> None:
    asked = parse_job(job(temperature=words))
    assert prepare(asked).arguments["temperature"] == profile
    assert parse_job(job_to_toml(asked)) == asked


def test_profiles_given_value_by_value(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("temperature (mK)\n1000\n2000\n3000\n4000\n5000\n6000\n")
    (tmp_path / "job.toml").write_text(job(temperature='{ file = "t.txt" }', damping="[5, 3, 2, 3, 5]"))
    loaded = load_job(tmp_path / "job.toml")
    given = prepare(loaded).arguments
    np.testing.assert_allclose(given["temperature"], [1, 2, 3, 4, 5, 6])
    np.testing.assert_allclose(given["damping"], [5, 3, 2, 3, 5])
    before = job_hash(loaded)
    (tmp_path / "t.txt").write_text("temperature (K)\n1\n2\n3\n4\n5\n7\n")
    assert job_hash(loaded) != before


def test_a_record_of_ones_own(tmp_path: Path) -> None:
    save_local_mode(local_mode("batio3-b"), tmp_path / "own.json")
    text = job().replace('local_mode = "batio3-b"', 'kind = "local_mode"\nfile = "own.json"')
    (tmp_path / "job.toml").write_text(text)
    found = run_job(load_job(tmp_path / "job.toml"))
    xr.testing.assert_equal(found, run_job(parse_job(job())))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (job(temperature="{ hot = -3, cold = 0 }"), "ferron_hall.temperature.hot: must be 0 or more"),
        (job(temperature="[1, 2, 3]"), "ferron_hall.temperature: the temperature has 3 values, the grid 6"),
        (job(damping="{ layers = 3 }"), "ferron_hall.damping.layers: a sponge of 3 layers"),
        (job(damping="0"), "ferron_hall.damping: the damping is 0"),
        (job(temperature="{ hot = 5, cold = 0, width = 0.95 }"), "ferron_hall.temperature.width: a band of width"),
        (job(omega='"80 THz"'), "'THz' is not an angular frequency. Use one of rad/ps"),
        (job(omega="[80, 80]"), "ferron_hall.omega_B: a field is named twice"),
        (job(memory="1e-6"), "ferron_hall.grid: the grid needs .* GiB a worker"),
        (job(step="1.0"), "ferron_hall.step: a step of 1 ps is not stable"),
        (job().replace("batio3-b", "batio3-c"), "model.local_mode: unknown record 'batio3-c' .did you mean 'batio3-b'"),
        (job().replace('local_mode = "batio3-b"', 'material = "bi2se3"'), "asked of a lattice of polar modes"),
        (job().replace('local_mode = "batio3-b"', 'kind = "local_mode"'), "model: one record is needed"),
        (job() + '[zone]\nmethod = "uniform"\nmesh = [3]\n', "sums over no bands"),
    ],
)
def test_refusals_name_the_key(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        check_limits(prepare(parse_job(text)))
    assert "\n" not in str(caught.value)


def test_an_unstable_record_is_refused_before_the_work(tmp_path: Path) -> None:
    b = local_mode("batio3-b")
    save_local_mode(b.with_kernel({at: -block for at, block in b.blocks.items()}), tmp_path / "bad.json")
    text = job().replace('local_mode = "batio3-b"', f'kind = "local_mode"\nfile = "{tmp_path}/bad.json"')
    with pytest.raises(InputError, match=r"eigenvalue -.* eV/angstrom\^2 at \(q_x, q_z\)"):
        check_limits(prepare(parse_job(text)))


def test_a_scan_is_its_single_fields_side_by_side() -> None:
    scan = run_job(parse_job(job(omega="[20, -80]")))
    assert scan["omega_B"].values.tolist() == [20.0, -80.0]
    for omega in (20.0, -80.0):
        single, at = run_job(parse_job(job(omega=str(omega)))), scan.sel(omega_B=omega)
        for name in ("kinetic_energy", "kinetic_energy_0", "polarization_odd", "angular_momentum"):
            np.testing.assert_array_equal(at[name], single[name])
        assert float(at["largest_polarization_odd"]) == single.attrs["largest_polarization_odd_C_per_m2"] > 0
        assert float(at["equivalent_bare_Lorentz_field"]) == single.attrs["equivalent_bare_Lorentz_field_T"]
    assert "omega_B" not in scan["kinetic_energy_0"].dims
    assert "omega_B_rad_per_ps" not in scan.attrs


def test_a_scan_without_the_mirror_reverses_every_field() -> None:
    record, damping, heat = local_mode("batio3-b"), [5.0, 3.0, 2.0, 2.0, 2.0], [50.0, 40.0, 10.0, 1.0]
    scan = ferron_hall_scan(record, (4, 5, 2), heat, damping, [20.0, 80.0])
    single = ferron_hall(record, (4, 5, 2), heat, damping, 80.0)
    np.testing.assert_array_equal(scan.polarization_odd[1], single.polarization_odd)
    with pytest.raises(InputError, match="is empty"):
        ferron_hall_scan(record, (4, 5, 2), heat, damping, [])


def test_an_interrupted_scan_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from crosscurrent.jobs import execute

    asked, output = parse_job(job(omega="[20, 80]")), tmp_path / "out.nc"
    expected = run_job(asked)
    plain, done = execute.SerialMap.__call__, 0

    def failing(
        self: Any, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        nonlocal done
        for piece in plain(self, stage, work, chunks, weights):
            done += 1
            if done == 4:
                raise KeyboardInterrupt
            yield piece

    monkeypatch.setattr(execute.SerialMap, "__call__", failing)
    with pytest.raises(KeyboardInterrupt):
        run_job(asked, output)
    assert not output.exists() and len(list(tmp_path.rglob("*.npz"))) == 3
    done = 10
    xr.testing.assert_equal(run_job(asked, output), expected)
    # three stages of two pieces, three of which were there
    assert done == 13


def test_what_a_run_costs() -> None:
    few, many = (plan(prepare(parse_job(job(omega=omega)))) for omega in ("80", "[20, 40, 80]"))
    assert (few.k_points, many.k_points) == (24, 48)
    assert many.memory.process == pytest.approx(few.memory.process, rel=0.2)
    assert few.seconds is not None and 0 < few.seconds < 5
    assert "wave vectors: 24" in few.text()


FIRST = (
    "ferron_hall",
    "ferron_hall_langevin",
    "ferron_coefficients",
    "hysteresis",
    "heating",
    "domain_wall",
    "switching_path",
)


@pytest.mark.parametrize("response", FIRST)
def test_first_jobs_are_sound(response: str) -> None:
    """For everything that a record of polar modes can be asked, and none of more than a minute."""
    asked = {name for name, question in QUESTIONS.items() if question.of in ("lattice", "polar")}
    assert asked == set(FIRST)
    words = starter_lattice_job("batio3-b", response)
    assert parse_job(job_to_toml(words)) == words
    for name in local_mode_names() if response in ("domain_wall", "switching_path", "heating") else ("batio3-a",):
        assert check_limits(prepare(starter_lattice_job(name, response))) is None
    # evaluations in less than a minute of any machine that does 2e6 cells times steps, or 1e3 wave vectors, a second
    found = plan(prepare(words))
    assert found.k_points < 60 * (2e6 if found.points == "cells times steps" else 1e3)


def test_the_first_loop_of_a_record_switches() -> None:
    """In a smaller box."""
    words = starter_lattice_job("batio3-b", "hysteresis")
    assert words.hysteresis is not None
    table = msgspec.structs.replace(words.hysteresis, grid=(2, 2, 2), realizations=2)
    found = run_job(msgspec.structs.replace(words, hysteresis=table))
    assert 0 < float(found.coercive_field) < words.hysteresis.field


def test_no_first_job() -> None:
    with pytest.raises(InputError, match="no first job for 'bands'"):
        starter_lattice_job("batio3-b", "bands")
