"""The [cluster] table: what it asks the batch system for, and what it is not part of."""

from __future__ import annotations

import pytest

from crosscurrent.jobs.cluster import Cluster, batch_cluster, batch_script
from crosscurrent.jobs.parse import job_hash, job_to_toml, parse_job, run_key
from crosscurrent.units import InputError

JOB = """
response = "anomalous_hall"
[model]
material = "qwz"
[anomalous_hall]
mu = 0.0
[zone]
method = "uniform"
mesh = [24, 24]
"""
TABLE = """
[cluster]
kind = "{kind}"
jobs = 4
cores = 8
memory = "16GB"
walltime = "{walltime}"
queue = "short"
account = "physics"
options = ["--constraint=rome"]
setup = ["module load python/3.12"]
python = "/opt/env/bin/python"
"""


def asked(kind: str = "slurm", walltime: str = "01:00:00") -> str:
    return JOB + TABLE.format(kind=kind, walltime=walltime)


@pytest.mark.parametrize("kind", ["slurm", "pbs"])
def test_a_table_is_read_and_written(kind: str) -> None:
    job = parse_job(asked(kind))
    assert parse_job(job_to_toml(job)) == job
    assert job.cluster is not None and job.cluster.jobs == 4


def test_who_does_the_work_is_no_part_of_the_job() -> None:
    """Pieces done on a cluster are found by a run without one."""
    plain, there = parse_job(JOB), parse_job(asked())
    assert job_hash(plain) == job_hash(there)
    assert run_key(plain) == run_key(there)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (asked("lsf"), "cluster.kind"),
        (asked().replace('memory = "16GB"\n', ""), "cluster.memory: this key is required"),
        (asked().replace("jobs = 4", "jobs = 0"), "cluster.jobs"),
        (asked().replace("queue", "queues"), "did you mean 'queue'"),
    ],
)
def test_tables_that_say_nothing_sound(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_job(text)


@pytest.mark.parametrize(
    ("time", "words"), [("an hour", "is not a time"), ("00:05:00", "too short"), ("1:70:00", "is not")]
)
def test_walltime(time: str, words: str) -> None:
    with pytest.raises(InputError, match=f"cluster.walltime: .*{words}"):
        batch_cluster(Cluster(kind="slurm", memory="1GB", walltime=time))


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("slurm", ("#SBATCH -p short", "#SBATCH -A physics", "#SBATCH -t 01:00:00", "#SBATCH --constraint=rome")),
        ("pbs", ("#PBS -q short", "#PBS -A physics", "walltime=01:00:00", "#PBS --constraint=rome")),
    ],
)
def test_script_of_a_batch_job(kind: str, lines: tuple[str, ...]) -> None:
    pytest.importorskip("dask_jobqueue", reason="needs the extra [hpc]")
    table = parse_job(asked(kind)).cluster
    assert table is not None
    script = batch_script(table)
    for line in (*lines, "module load python/3.12", "/opt/env/bin/python -m distributed.cli.dask_worker"):
        assert line in script, script
    # one worker a core, which leaves five minutes before the job does
    assert "--nthreads 1 " in script and "--nworkers 8 " in script
    assert "--lifetime 3300s --lifetime-stagger 120s" in script
    assert table.jobs == 4 and "\n\n\n" not in script
