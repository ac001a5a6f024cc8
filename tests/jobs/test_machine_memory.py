"""How much memory is free: the system's word, limits of containers and batch jobs, and what a job does with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from crosscurrent.jobs import lattice
from crosscurrent.jobs import plan as plans
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.machine import available_memory
from crosscurrent.jobs.memory import Memory
from crosscurrent.jobs.parse import parse_job
from crosscurrent.units import InputError

GIB = 2**30
JOB = """
[model]
local_mode = "batio3-b"

[ferron_hall]
grid = [41, 31, 9]
temperature = { hot = 50, cold = 0 }
omega_B = 80
"""


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"proc/meminfo": f"MemTotal: 9 kB\nMemAvailable:   {8 * 2**20} kB\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_what_the_system_calls_available(tmp_path: Path) -> None:
    assert available_memory(system(tmp_path, {})) == pytest.approx(8.0)


def test_this_machine_tells() -> None:
    free = available_memory()
    assert free is None or free > 0.01


def test_a_system_without_proc_gives_all_it_has(tmp_path: Path) -> None:
    total = available_memory(tmp_path)
    assert total is None or total >= (available_memory() or 0.0)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # a batch job: the limit of the job is above the group of the step
        (
            {
                "proc/self/cgroup": "0::/slurm/job_7/step_0\n",
                "sys/fs/cgroup/slurm/job_7/memory.max": f"{4 * GIB}\n",
                "sys/fs/cgroup/slurm/job_7/memory.current": f"{3 * GIB}\n",
                "sys/fs/cgroup/slurm/job_7/memory.stat": f"anon 1\ninactive_file {GIB}\n",
                "sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n",
                "sys/fs/cgroup/slurm/job_7/step_0/memory.current": "1\n",
            },
            2.0,
        ),
        # a container, which sees its own group as the top
        (
            {
                "proc/self/cgroup": "0::/docker/abc\n",
                "sys/fs/cgroup/memory.max": f"{GIB}\n",
                "sys/fs/cgroup/memory.current": "0\n",
            },
            1.0,
        ),
        # version 1, beside other controllers
        (
            {
                "proc/self/cgroup": "5:devices:/\n4:cpu,memory:/batch\n0::/\n",
                "sys/fs/cgroup/memory/batch/memory.limit_in_bytes": f"{3 * GIB}\n",
                "sys/fs/cgroup/memory/batch/memory.usage_in_bytes": f"{2 * GIB}\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "5\n",
            },
            1.0,
        ),
        # more used than allowed, and nonsense
        (
            {
                "proc/self/cgroup": "0::/a\nnonsense\n",
                "sys/fs/cgroup/a/memory.max": "5\n",
                "sys/fs/cgroup/a/memory.current": "6\n",
                "sys/fs/cgroup/a/memory.stat": "\n",
            },
            0.0,
        ),
    ],
)
def test_limits_of_groups(tmp_path: Path, files: dict[str, str], expected: float) -> None:
    assert available_memory(system(tmp_path, files)) == pytest.approx(expected)


def test_a_grid_that_does_not_fit_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line that names the key, what is needed, what there is, and what to do."""
    monkeypatch.setattr(lattice, "available_memory", lambda: 0.01)
    with pytest.raises(InputError) as caught:
        check_limits(prepare(parse_job(JOB)))
    need = lattice.memory(prepare(parse_job(JOB)).arguments) / GIB
    assert str(caught.value) == (
        f"ferron_hall.grid: the grid needs {need:.2g} GiB a worker and 0.01 are allowed. Use fewer layers or cells "
        "along x, precision = 'single', or allow more."
    )
    # what the user allows counts
    check_limits(prepare(parse_job(JOB + "memory = 1\n")))
    monkeypatch.setattr(lattice, "available_memory", lambda: None)
    check_limits(prepare(parse_job(JOB)))


def test_a_plan_says_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, words in ((1.5, ", of 1,536 MiB that are free here"), (None, "")):
        monkeypatch.setattr(plans, "available_memory", lambda free=free: free)
        text = plans.Plan(1, False, 4.0, Memory(2.5 * 2**20, 2**20)).text(2)
        assert f"time: about 2 seconds with 2 workers\nmemory: about 6 MiB{words}" in text + "\n"
        assert text.endswith("6 MiB" + words)
