"""Memory that is given: what a run says it needs is what it takes, it is made to fit, or refused in one line."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.memory import Memory, fit, memory_of, parse_memory
from crosscurrent.jobs.parse import parse_job
from crosscurrent.units import InputError

GB = 1e9
HEAD = '[model]\nmaterial = "rashba-antiferromagnet"\n[zone]\nmethod = "uniform"\nmesh = [8, 8]\n'
RECORD = '[model]\nlocal_mode = "batio3-b"\n'
SLAB = "grid = [6, 5, 6]\ntemperature = { hot = 50, cold = 1 }\ndamping = { layers = 2 }\nomega_B = 80\n"
#: A job of every kind.
JOBS = {
    "spin_hall": f"{HEAD}[spin_hall]\nmu = 1.0\n",
    "spin_generation": f"{HEAD}[spin_generation]\nfilling = 2\n",
    "spin_generation_map": f"{HEAD}[spin_generation_map]\nfilling = 2\n",
    "spin_pulse": f"{HEAD}[spin_pulse]\nfilling = 2\nwaveform = {{ amplitude = [1e6, 0], frequency = 10, "
    "duration = 0.1 }\ntimes = { start = -0.2, stop = 0.4, num = 21 }\n",
    "edelstein": f'{HEAD}[edelstein]\nmu = 1.0\ntemperature = 3000\nrelaxation_time = "0.1 ps"\n',
    "spin_mechanisms": f'{HEAD}[spin_mechanisms]\nfilling = 2\nmu_doped = 1.0\nomega = "5 THz"\ntemperature = 3000\n'
    'relaxation_time = 100\nsublattices = ["A", "B"]\n',
    "band_geometry": f"{HEAD}[band_geometry]\n",
    "crossover_map": '[model]\nmetal = "model-metal"\n[crossover_map]\ntemperature = [1, 2, 4]\ngap = [0, 5e-4, 1e-3]\n'
    'q = [0.001, 0, 0]\nq_unit = "k_F"\n',
    "polarization_map": "[polarization_map]\naxis = [0, 0, 1]\nvector = [1, 0, 0]\n",
    "ferron_hall": f"{RECORD}[ferron_hall]\n{SLAB}",
    "ferron_hall_langevin": f"{RECORD}[ferron_hall_langevin]\n{SLAB}duration = 4.0\nrealizations = 8\nbatch = 4\n",
    "switching_path": f"{RECORD}[switching_path]\npoints = 31\n",
}


def job(name: str) -> Any:
    return parse_job(JOBS[name])


@pytest.mark.parametrize("name", JOBS)
def test_every_response_says_what_it_takes(name: str) -> None:
    need = memory_of(prepare(job(name)))
    assert 5e7 < need.process < 20 * GB
    assert need.total(1) == need.process
    assert need.total(3) == 3 * need.process + need.parent


def test_workers_are_as_many_as_fit() -> None:
    need = Memory(process=1.0 * GB, parent=0.5 * GB)
    assert [need.workers(4, budget * GB) for budget in (0.9, 1.0, 2.4, 2.5, 4.5, 99.0)] == [0, 1, 1, 2, 4, 4]


def test_a_job_that_fits_stays_what_it_is() -> None:
    asked = job("edelstein")
    found = fit(asked, 1e12, 2)
    assert (found.job, found.workers, found.words) == (asked, 2, "")


def test_fewer_workers_fit() -> None:
    asked = job("edelstein")
    need = memory_of(prepare(asked))
    found = fit(asked, 2.2 * need.process + need.parent, 4)
    assert found.job is asked
    assert found.workers == 2
    assert found.words.startswith("2 of 4 workers")


def test_batches_of_trajectories_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a divisor of the realizations, so that the job stays sound."""
    monkeypatch.setattr("crosscurrent.jobs.memory.langevin.memory", lambda a: 10 * GB * a["sampling"].batch)
    found = fit(job("ferron_hall_langevin"), 25 * GB)
    assert found.job.ferron_hall_langevin is not None
    assert found.job.ferron_hall_langevin.batch == 2
    assert found.words == "batch = 2 and 1 of 1 workers, to stay within 25 GB"


def test_what_does_not_fit_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"^memory: one process takes [\d.]+ GB at least, and 0.001 GB are given\. "):
        fit(job("ferron_hall"), 1e6)


@pytest.mark.parametrize(
    ("text", "size"), [("4GB", 4e9), (" 500 MB ", 5e8), ("2GiB", 2**31), (".5 gb", 5e8), ("100B", 100.0)]
)
def test_sizes(text: str, size: float) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "4", "4 GBs", "0GB", "-1GB", "many", "4 THz"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InputError, match="is no size of memory"):
        parse_memory(text)


@pytest.mark.slow
def test_a_hundred_functions_stay_below_four_gigabytes(repository: Path, tmp_path: Path) -> None:
    """A slice of benchmarks/large_model.py, with vectors to the second neighbours and few points: the memory does not
    depend on how many there are. Measured from outside, and no more than was foretold."""
    path = repository / "benchmarks/large_model.py"
    spec = importlib.util.spec_from_file_location("large_model", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    np.savez(tmp_path / "large.npz", **script.synthetic(100, 2))
    (tmp_path / "large.toml").write_text(script.JOB.format(mesh="1, 1, 8").replace("num = 21", "num = 2"))
    code = """
import resource
from crosscurrent.jobs import load_job, run_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.memory import memory_of
asked = load_job("large.toml")
said = memory_of(prepare(asked)).process
run_job(asked)
print(said, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    said, peak = map(float, done.stdout.split())
    assert peak < 4e9
    assert 0.5 * peak < said < 2.5 * peak
