"""Runs that are killed and go on: the same bits. kill.py kills many more.

CROSSCURRENT_KILLS=50 makes this the long run. In a process of its own, because the runs are forks of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crosscurrent.jobs import run, run_job
from crosscurrent.jobs.parse import parse_job
from fuzz.formats import JOBS
from fuzz.kill import bits

KILLS = os.environ.get("CROSSCURRENT_KILLS", "")
SCRIPT = Path(__file__).with_name("kill.py")


@pytest.mark.parametrize("kind", ["spin_generation", "ferron_hall_langevin"] if not KILLS else ["all"])
def test_a_killed_run_goes_on_to_the_same_bits(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--kind", kind, "--kills", KILLS or "2"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 faults" in done.stdout and "0 results" not in done.stdout


def test_a_run_that_ends_between_its_trajectory_and_its_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment that kill.py has found: the frames were strung together and gone, and the next run missed them."""
    job = parse_job(JOBS[8])
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    run_job(job, tmp_path / "whole" / "out.nc")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(run, "save", stop)
        run_job(job, tmp_path / "stopped" / "out.nc")
    assert (tmp_path / "stopped" / "t.nc").exists() and not (tmp_path / "stopped" / "out.nc").exists()
    run_job(job, tmp_path / "stopped" / "out.nc")
    assert bits(tmp_path / "stopped") == bits(tmp_path / "whole")
    assert not (tmp_path / "stopped" / "out.nc.parts").exists()
