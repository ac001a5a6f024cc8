"""Where Dask workers come from: this machine, or the batch system of a cluster.

The [cluster] table says how to ask for batch jobs. It says nothing of the question, so it is in no hash of a job.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, Literal

from msgspec import Meta

from crosscurrent.jobs.fields import Count, Table
from crosscurrent.units import InputError, MissingExtraError

#: Seconds before the end of a batch job at which its workers stop, and over which these ends are spread, so that not
#: all of them hand over their work at once.
_MARGIN_S, _SPREAD_S = 300, 120


class Cluster(Table, frozen=True, kw_only=True):
    """Batch jobs in which `run --executor dask` starts workers. Needs the extra [hpc].

    kind: the batch system. jobs: how many batch jobs. cores: of each, with one worker a core. memory: of each, e.g.
    "16GB". walltime: of each, hours:minutes:seconds; workers stop five minutes before, hand over their work, and new
    jobs take their place. queue: or partition. account: the one to charge. options: further options of sbatch or qsub,
    one text each. setup: lines of shell before a worker starts, e.g. "module load python". python: the interpreter
    there; this one when absent.
    """

    kind: Literal["slurm", "pbs"]
    jobs: Count = 1
    cores: Count = 1
    memory: Annotated[str, Meta(min_length=1)]
    walltime: str
    queue: str | None = None
    account: str | None = None
    options: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    python: str | None = None


_CLASSES = {"slurm": "SLURMCluster", "pbs": "PBSCluster"}


def batch_cluster(table: Cluster) -> Callable[[], Any]:
    """What asks for the batch jobs when it is called. Raises InputError for a walltime that is none or too short."""
    _lifetime(table)

    def start() -> Any:
        cluster = _described(table)
        # jobs that ended are replaced
        cluster.adapt(minimum_jobs=table.jobs, maximum_jobs=table.jobs)
        return cluster

    return start


def batch_script(table: Cluster) -> str:
    """The script of one batch job, without asking for any. Raises InputError when dask-jobqueue is missing."""
    cluster = _described(table, scheduler_options={"dashboard_address": None}, interface=None)
    try:
        return str(cluster.job_script())
    finally:
        cluster.close()


def local_cluster(workers: int) -> Callable[[], Any]:
    """What starts workers on this machine, one thread each, when it is called. Raises InputError for no workers."""
    if workers < 1:
        raise InputError(f"workers must be 1 or more, got {workers}", where="workers")

    def start() -> Any:
        cluster = imported("distributed").LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        )
        # one that could not be started again is replaced
        cluster.adapt(minimum=workers, maximum=workers)
        return cluster

    return start


def imported(module: str) -> Any:
    """A module of the extra [hpc]. Raises InputError when it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(module.replace("_", "-"), "hpc") from error


def _described(table: Cluster, **more: Any) -> Any:
    lifetime = _lifetime(table)
    ends = ["--lifetime", f"{lifetime}s", "--lifetime-stagger", f"{min(_SPREAD_S, lifetime // 4)}s"]
    return getattr(imported("dask_jobqueue"), _CLASSES[table.kind])(
        cores=table.cores,
        processes=table.cores,
        memory=table.memory,
        walltime=table.walltime,
        queue=table.queue,
        account=table.account,
        job_extra_directives=list(table.options),
        job_script_prologue=list(table.setup),
        worker_extra_args=ends,
        **({"python": table.python} if table.python is not None else {}),
        **more,
    )


def _lifetime(table: Cluster) -> int:
    """Seconds after which a worker stops by itself."""
    match = re.fullmatch(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)", table.walltime)
    if match is None:
        raise InputError(
            f"'{table.walltime}' is not a time", where="cluster.walltime", fix='give hours:minutes:seconds, "04:00:00"'
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((24 * days + hours) * 60 + minutes) * 60 + seconds
    if total < 2 * _MARGIN_S:
        raise InputError(
            f"{table.walltime} is too short", where="cluster.walltime", fix="give ten minutes or more, better an hour"
        )
    return total - _MARGIN_S
