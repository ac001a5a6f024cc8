"""Jobs of trajectories: the table, error goals, files beside the result, kill -9 and time limits."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from crosscurrent import cli
from crosscurrent.cli.time_limit import Time, TimeIsUp, time_limit
from crosscurrent.jobs import load_job, run_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.langevin import memory, placed, with_error_goal
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.parse import job_files, job_hash, job_to_toml, parse_job
from crosscurrent.jobs.plan import plan
from crosscurrent.jobs.store import Resumable
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.chunks import serial
from crosscurrent.numerics.langevin import Langevin, State
from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
from crosscurrent.responses.ferron_hall_langevin_files import LangevinFiles
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
from crosscurrent.results import load
from crosscurrent.results.trajectory import TrajectoryFile
from crosscurrent.units import InputError

SMALL = """
[model]
local_mode = "batio3-b"

[ferron_hall_langevin]
grid = [4, 3, 2]
temperature = [50, 20, 5, 10]
damping = [3, 2, 3]
omega_B = "80 rad/ps"
realizations = 2
zero_field = false
settle = "50 fs"
block = "50 fs"
"""


def job(duration: str = '"0.2 ps"', **more: Any) -> str:
    return SMALL + f"duration = {duration}\n" + "".join(f"{key} = {value}\n" for key, value in more.items())


def same_numbers(first: xr.Dataset, second: xr.Dataset) -> None:
    xr.testing.assert_identical(first.drop_attrs(), second.drop_attrs())


def test_a_job_gives_what_the_function_gives() -> None:
    found = run_job(parse_job(job()))
    profiles = ([50.0, 20.0, 5.0, 10.0], [3.0, 2.0, 3.0], 80.0)
    sampling = Sampling(realizations=2, duration=0.2, settle=0.05, block=0.05)
    expected = ferron_hall_langevin(local_mode("batio3-b"), (4, 3, 2), *profiles, sampling, zero_field=False)
    same_numbers(found, expected)
    assert found.attrs["duration_ps"] == pytest.approx(0.2)


def test_units_and_round_trip() -> None:
    words = parse_job(
        job(until_error='"0.5 uC/m^2"', longest='"2 ns"', trajectory='{ file = "t.nc", every = "50 fs" }')
    )
    table = words.ferron_hall_langevin
    assert table is not None and table.until_error == pytest.approx(5e-7) and table.longest == pytest.approx(2000)
    assert table.trajectory is not None and table.trajectory.every == pytest.approx(0.05)
    assert parse_job(job_to_toml(words)) == words
    arguments = prepare(words).arguments
    assert arguments["sampling"].until_error == pytest.approx(5e-7) and arguments["sampling"].settle == 0.05
    assert arguments["files"].trajectory == TrajectoryFile("t.nc", 0.05)


def test_where_files_go(tmp_path: Path) -> None:
    """Checkpoints among the pieces of the run, what is written beside its result; the state that is read is hashed."""
    folder = tmp_path / "sub"
    folder.mkdir()
    path = folder / "job.toml"
    extras = {"trajectory": '{ file = "t.nc", every = "50 fs" }', "final_state": '"end.npz"'}
    path.write_text(job(**extras))
    result = run_job(load_job(path), tmp_path / "out.nc")
    assert load(tmp_path / "t.nc").sizes["time"] == 4 and (tmp_path / "end.npz").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["end.npz", "out.nc", "sub", "t.nc"]
    (tmp_path / "end.npz").rename(folder / "begin.npz")
    path.write_text(job(start='"begin.npz"'))
    words = load_job(path)
    assert job_files(words) == {"ferron_hall_langevin.start": folder / "begin.npz"}
    before = job_hash(words)
    assert float(np.abs(run_job(words).kinetic_energy - result.kinetic_energy).max()) > 0
    (folder / "begin.npz").write_bytes(b"another")
    assert job_hash(words) != before
    with pytest.raises(InputError, match="not the state of a run"):
        check_limits(prepare(words))
    here = placed({"files": LangevinFiles(final_state="end.npz")}, serial)["files"]
    assert here == LangevinFiles(final_state=Path("end.npz"))


def saved(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


WRITES = {"trajectory": '{ file = "t.nc", every = "50 fs" }', "final_state": '"end.npz"'}


@pytest.mark.parametrize("name", ["t.nc", "end.npz"])
def test_what_a_job_has_not_written_is_left_alone(tmp_path: Path, name: str) -> None:
    """Neither a file of the user, nor one of another job, nor one that comes while the job runs."""
    words = load_job(saved(tmp_path / "job.toml", job(**WRITES)))
    key = {"t.nc": r"trajectory\.file", "end.npz": "final_state"}[name]
    message = rf"ferron_hall_langevin\.{key}: '.*{name}' exists and this job has not written it"
    precious = tmp_path / name
    precious.write_text("precious")

    class Watched:
        began = False

        def begin(self, stage: str, total: float, found: float) -> None:
            self.began = True

        def advance(self, stage: str, weight: float) -> None:
            return

        end = Resumable(serial, None).progress.end

    with pytest.raises(InputError, match=message):
        run_job(words, tmp_path / "out.nc", progress=(watched := Watched()))
    assert precious.read_text() == "precious" and not watched.began
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["job.toml", name])
    precious.unlink()
    other = load_job(saved(tmp_path / "other.toml", job(seed="1", **WRITES)))
    run_job(other, tmp_path / "other.nc")
    kept = precious.read_bytes()
    (tmp_path / ({"t.nc", "end.npz"} - {name}).pop()).unlink()
    with pytest.raises(InputError, match=message):
        run_job(words, tmp_path / "out.nc")
    assert precious.read_bytes() == kept
    precious.unlink()

    def late(stage: str, *rest: Any) -> Any:
        if stage == "trajectories":
            precious.write_text("late")
        return serial(stage, *rest)

    with pytest.raises(InputError, match=message):
        run_job(words, tmp_path / "out.nc", executor=nullcontext(late))
    assert precious.read_text() == "late"


def test_a_job_may_replace_its_own_files(tmp_path: Path) -> None:
    """A run that is repeated, one that was killed after its files and before its result, and one with no output."""
    words = load_job(saved(tmp_path / "job.toml", job(**WRITES)))
    first = run_job(words, tmp_path / "out.nc")
    (tmp_path / "out.nc").unlink()
    same_numbers(run_job(words, tmp_path / "out.nc"), first)
    same_numbers(run_job(words, tmp_path / "again.nc"), first)
    assert load(tmp_path / "t.nc").attrs["job_hash"] == job_hash(words) == first.attrs["job_hash"]


@pytest.mark.parametrize(
    ("extras", "message"),
    [
        ({"final_state": '"out.nc"'}, r"langevin\.final_state: 'out\.nc' is where the result itself goes"),
        ({"trajectory": '{ file = "out.nc", every = "50 fs" }'}, r"langevin\.trajectory\.file: 'out\.nc' is where the"),
        ({"final_state": '"out.nc.parts"'}, r"'out\.nc\.parts' is where the result itself goes"),
        ({**WRITES, "final_state": '"t.nc"'}, r"langevin\.final_state: 't\.nc' is the file of the trajectory as well"),
    ],
)
def test_one_name_for_two_things(tmp_path: Path, extras: dict[str, str], message: str) -> None:
    words = load_job(saved(tmp_path / "job.toml", job(**extras)))

    def work(stage: str, *rest: Any) -> Any:
        raise AssertionError(f"{stage} began")

    with pytest.raises(InputError, match=message):
        run_job(words, tmp_path / "out.nc", executor=nullcontext(work))
    assert [p.name for p in tmp_path.iterdir()] == ["job.toml"]


def test_a_check_looks_at_no_place_where_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not know the output, and so not the folder."""
    monkeypatch.chdir(tmp_path)
    Path("end.npz").write_text("precious")
    assert check_limits(prepare(parse_job(job(final_state='"end.npz"')))) is None
    with pytest.raises(InputError, match="exists and this job has not written it"):
        run_job(parse_job(job(final_state='"end.npz"')))
    assert Path("end.npz").read_text() == "precious"


def test_refusals_name_the_key() -> None:
    for text, message in (
        (job(device='"tpu"'), r"ferron_hall_langevin\.device"),
        (job(until_error='"1 eV"'), r"ferron_hall_langevin\.until_error: 'eV' is not a polarization"),
        (job("2", step="0.02").replace("50 fs", "200 fs"), r"ferron_hall_langevin\.step: a step of 0\.02 ps is not"),
        (job(step="0.02"), "A block has 10 steps or more"),
        (job(batch="3"), "2 realizations in batches of 3"),
        (job(route='"scenic"'), r"ferron_hall_langevin\.route: 'scenic' is not known"),
        (job(trajectory='{ file = "t.nc", every = "1 fs" }'), r"every 0\.001 ps do not fall on steps"),
    ):
        with pytest.raises(InputError, match=message):
            check_limits(prepare(parse_job(text)))


def test_what_a_run_costs() -> None:
    found = plan(prepare(parse_job(job('"10 ps"'))))
    # two copies of two realizations, 10 ps and 0.05 ps of settling in steps of 2.5 fs; three copies of the pilot, 3 ps
    assert found.k_points == 24 * (4 * 4020 + 3 * 1200) and found.points == "cells times steps"
    assert found.seconds is not None and 0.05 < found.seconds < 200


@pytest.mark.parametrize(
    ("damping", "extras", "fields", "kinds"),
    [
        ("[3, 2, 3]", {}, 1, 2),
        ("[3, 2, 4]", {}, 2, 2),
        ("[3, 2, 4]", {"common_noise": "true"}, 2, 2),
        ("[3, 2, 4]", {"anharmonic": "false"}, 2, 1),
        ("[3, 2, 3]", {"control_variate": "false"}, 1, 1),
    ],
)
def test_every_step_is_in_the_estimate(
    monkeypatch: pytest.MonkeyPatch, damping: str, extras: dict[str, str], fields: int, kinds: int
) -> None:
    """Against the steps that a run takes: the pilot of the twin and the reversed field are among them."""
    text = job('"0.2 ps"', **extras).replace("[3, 2, 3]", damping)
    expected = plan(prepare(parse_job(text))).k_points
    taken: list[int] = []
    advance = Langevin.advance

    def counted(self: Langevin, state: State, steps: int, sums: Any = None) -> State:
        taken.append(steps * math.prod(state.u.shape[:-1]))
        return advance(self, state, steps, sums)

    with monkeypatch.context() as patch:
        patch.setattr(Langevin, "advance", counted)
        # what the energy without baths takes is no part of the dynamics
        patch.setattr("crosscurrent.responses.ferron_hall_langevin.energy_conservation", lambda *_: None)
        run_job(parse_job(text))
    pilot = 3 * 1200 if kinds == 2 else 0
    assert expected == sum(taken) == 24 * (2 * fields * kinds * 100 + pilot)
    assert memory(prepare(parse_job(text)).arguments) > 0


def test_an_error_goal_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("job.toml").write_text(job(longest="0.3"))
    done = CliRunner().invoke(cli.app, ["run", "job.toml", "-o", "a.nc", "--quiet", "--until-error", "1e-9"])
    assert done.exit_code == 0, done.output
    ds = load("a.nc")
    assert ds.attrs["status"] == "error goal not met in the longest time allowed"
    assert "until_error = 1e-09" in ds.attrs["job"] and ds.attrs["duration_ps"] == pytest.approx(0.3)
    other = parse_job(
        '[model]\nlocal_mode = "batio3-b"\n[ferron_hall]\ngrid = [4, 3, 2]\ntemperature = 5\nomega_B = 8\n'
    )
    with pytest.raises(InputError, match="'ferron_hall' is not sampled until an error is reached"):
        with_error_goal(other, 1.0)


#: Seconds, for a machine that is busy with something else.
_PATIENCE = 300.0


def started(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "crosscurrent", "run", "job.toml", "-o", "out.nc", "--quiet", *options]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_kill_9_costs_no_bit(tmp_path: Path) -> None:
    """Killed in the middle of a trajectory, and run again."""
    (tmp_path / "job.toml").write_text(job('"4 ps"'))
    checkpoint = tmp_path / "out.nc.parts" / "checkpoints" / "trajectories-0000.npz"
    with started(tmp_path) as process:
        deadline = time.monotonic() + _PATIENCE
        while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()  # SIGKILL
    assert process.returncode == -signal.SIGKILL
    assert checkpoint.exists() and not (tmp_path / "out.nc").exists()
    found = run_job(load_job(tmp_path / "job.toml"), tmp_path / "out.nc")
    same_numbers(found, run_job(load_job(tmp_path / "job.toml")))
    assert not (tmp_path / "out.nc.parts").exists()


def test_a_time_limit_leaves_a_run_to_be_continued(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text(job('"3 ns"'))
    with started(tmp_path, "--max-time", "3") as process:
        assert process.wait(_PATIENCE) == 75
    assert not (tmp_path / "out.nc").exists()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90min", 5400.0), ("1.5 h", 5400.0), ("3600", 3600.0), ("01:30:00", 5400.0), ("1-00:00:10", 86410.0)],
)
def test_times(text: str, seconds: float) -> None:
    assert Time().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["soon", "0", "-3", "1:2", "5 weeks"])
def test_no_times(text: str) -> None:
    done = CliRunner().invoke(cli.app, ["run", "job.toml", "--max-time", text])
    assert done.exit_code == 2 and "is no time" in done.output


def test_the_limit_is_lifted_afterwards() -> None:
    with pytest.raises(TimeIsUp), time_limit(0.01):
        time.sleep(5)
    with time_limit(0.01), time_limit(None):
        pass
    time.sleep(0.05)
