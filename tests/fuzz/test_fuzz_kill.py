"""Runs that are killed and go on: the same bits. kill.py kills many more.

CROSSCURRENT_KILLS=50 makes this the long run. In a process of its own, because the runs are forks of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = os.environ.get("CROSSCURRENT_KILLS", "")
SCRIPT = Path(__file__).with_name("kill.py")


@pytest.mark.parametrize("kind", ["spin_generation", "ferron_hall_langevin"] if not KILLS else ["all"])
def test_a_killed_run_goes_on_to_the_same_bits(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--kind", kind, "--kills", KILLS or "2"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 faults" in done.stdout and "0 results" not in done.stdout
