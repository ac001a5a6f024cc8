"""`run` and `check`."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosscurrent.cli.time_limit import UNFINISHED, Time, TimeIsUp, time_limit

if TYPE_CHECKING:
    import xarray as xr

    from crosscurrent.jobs.cluster import Cluster
    from crosscurrent.jobs.execute import Executor
    from crosscurrent.jobs.schema import Job

JOB = click.argument("job", type=click.Path(path_type=Path))


@click.command(epilog="Example:  crosscurrent run bi2se3.toml -o bi2se3.nc --workers 2")
@JOB
@click.option("-o", "--output", type=click.Path(path_type=Path), help="netCDF file to write [default: JOB.nc here].")
@click.option("--workers", type=click.IntRange(min=1), help="Processes of this machine to use [default: 1].")
@click.option("--executor", type=click.Choice(["serial", "processes", "dask"]), help="Who does the work.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler to use, tcp://host:8786.")
@click.option("--retries", type=click.IntRange(min=0), help="Times to try a failed piece again [default: 2].")
@click.option("--chunk", metavar="I/N", help="Do one share of N, for `combine`: 3/64.")
@click.option("--wait", type=Time(), default=0.0, help="With --chunk: wait this long for the other shares.")
@click.option("--memory", metavar="SIZE", help="Memory for all workers together, 4GB: made to fit, or refused.")
@click.option("--dry-run", is_flag=True, help="Only tell k-points, memory and time.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--max-time", type=Time(), help="Stop by then, unfinished, with status 75: 90min, 1.5h, 3600, 01:30:00.")
@click.option("--until-error", type=float, help="Error of the odd polarization to reach, C/m^2 (ferron_hall_langevin).")
def run(
    job: Path,
    output: Path | None,
    workers: int | None,
    executor: Executor | None,
    scheduler: str | None,
    retries: int | None,
    chunk: str | None,
    wait: float,
    memory: str | None,
    dry_run: bool,
    quiet: bool,
    max_time: float | None,
    until_error: float | None,
) -> None:
    """Run the JOB file and write its result.

    Stop it at any moment with Ctrl-C, or kill it: the same command goes on where it stopped, with the same numbers to
    the last bit, for any number of workers. Finished pieces lie in OUTPUT.parts until the result is written. An output
    that another job has written is never overwritten. With --max-time it stops in time for a batch system; submit it
    again while the exit status is 75. A piece that fails does not stop the others: at the end it is named, with exit
    status 1. --memory takes fewer of the workers, and smaller batches of trajectories, when they would not fit. On a
    cluster: --executor dask with --scheduler or a [cluster] table in the job, or --chunk in a job array.
    """
    from crosscurrent.cli.progress import shown
    from crosscurrent.cli.share import do_share
    from crosscurrent.jobs import job_text, load_job, run_job
    from crosscurrent.jobs.execute import executor as choose

    target = output or Path(job.with_suffix(".nc").name)
    loaded, text = load_job(job), job_text(job)
    if until_error is not None:
        from crosscurrent.jobs.langevin import with_error_goal

        loaded = with_error_goal(loaded, until_error)
        text = loaded.to_toml()
    if memory is not None:
        if executor == "dask" or scheduler is not None:
            raise click.UsageError("--memory is for this machine; a cluster's stands in [cluster]")
        loaded, text, workers = _fitted(loaded, text, memory, workers)
    who = choose(workers, executor, scheduler=scheduler, cluster=loaded.cluster, retries=retries)
    if chunk is not None and (executor == "dask" or scheduler is not None):
        raise click.UsageError("--chunk is done by processes of this machine, not by dask")
    if dry_run:
        _estimate(loaded, target, workers, chunk, loaded.cluster if executor == "dask" and scheduler is None else None)
        return
    start = time.monotonic()
    try:
        with terminated_like_interrupted(), time_limit(max_time):
            if chunk is not None:
                do_share(loaded, target, chunk, workers or 1, wait, quiet)
                return
            with shown(quiet) as progress:
                result = run_job(loaded, target, executor=who, progress=progress, text=text)
    except TimeIsUp:
        click.echo("stopped, as the time given is over; run the same command again to resume", err=True)
        sys.exit(UNFINISHED)
    written(result, target)
    click.echo(f"{time.monotonic() - start:.1f} s; look at it with: crosscurrent explain {target}")


def written(result: xr.Dataset, target: Path) -> None:
    """Tell what was written."""
    for warning in str(result.attrs.get("warnings", "")).splitlines():
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{target}: {result.attrs.get('quantity', 'result')}, {result.attrs.get('status', '')}")


def _fitted(job: Job, text: str, memory: str, workers: int | None) -> tuple[Job, str, int | None]:
    """The job, its text and the number of workers, made to fit into the memory given."""
    from crosscurrent.jobs.memory import fit, parse_memory

    found = fit(job, parse_memory(memory), workers or 1)
    if found.words:
        click.echo(f"memory: {found.words}", err=True)
    # a job that is changed is told as what it is
    return found.job, text if found.job is job else found.job.to_toml(), found.workers if workers else None


def _estimate(job: Job, target: Path, workers: int | None, chunk: str | None, cluster: Cluster | None) -> None:
    from crosscurrent.cli.share import estimate_share
    from crosscurrent.jobs.build import prepare
    from crosscurrent.jobs.cluster import batch_script
    from crosscurrent.jobs.plan import plan
    from crosscurrent.jobs.run import parts_folder

    prepared = prepare(job)
    click.echo(f"model: {prepared.described}")
    if prepared.method is not None:
        click.echo(f"method: {prepared.method.description}")
    cost = plan(prepared)
    click.echo(cost.text(workers or (cluster.jobs * cluster.cores if cluster is not None else 1)))
    for line in estimate_share(chunk, cost.seconds) if chunk is not None else ():
        click.echo(line)
    click.echo(f"output: {target}" + (" (exists)" if target.exists() else ""))
    if parts_folder(target).is_dir():
        click.echo(f"unfinished work of an earlier run: {parts_folder(target)}")
    if cluster is not None:
        click.echo(f"would ask {cluster.jobs} times for this batch job:")
        click.echo(batch_script(cluster))


@click.command(epilog="Example:  crosscurrent check bi2se3.toml")
@JOB
def check(job: Path) -> None:
    """Check the JOB file: every key, unit and range, its model, and whatever a run would refuse at its start.

    Exit status 0 when `run` would accept it, 2 with one line that names the key otherwise.
    """
    from crosscurrent.jobs import load_job
    from crosscurrent.jobs.build import prepare
    from crosscurrent.jobs.limits import check_limits

    prepared = prepare(load_job(job))
    check_limits(prepared)
    click.echo(f"{job}: a sound {prepared.job.response} job for {prepared.subject}")


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """A batch system's SIGTERM stops a run as cleanly as Ctrl-C."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # signals belong to the main thread
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
