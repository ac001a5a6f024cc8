"""`run` and `check`."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

JOB = click.argument("job", type=click.Path(path_type=Path))


@click.command(epilog="Example:  crosscurrent run bi2se3.toml -o bi2se3.nc --workers 2")
@JOB
@click.option("-o", "--output", type=click.Path(path_type=Path), help="netCDF file to write [default: JOB.nc here].")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use.")
@click.option("--dry-run", is_flag=True, help="Only tell k-points, memory and time.")
@click.option("--quiet", is_flag=True, help="No progress.")
def run(job: Path, output: Path | None, workers: int, dry_run: bool, quiet: bool) -> None:
    """Run the JOB file and write its result.

    Stop it at any moment with Ctrl-C, or kill it: the same command goes on where it stopped, with the same numbers to
    the last bit, for any number of workers. Finished pieces lie in OUTPUT.parts until the result is written. An output
    that another job has written is never overwritten.
    """
    from crosscurrent.cli.progress import shown
    from crosscurrent.jobs import job_text, load_job, run_job

    target = output or Path(job.with_suffix(".nc").name)
    loaded = load_job(job)
    if dry_run:
        _estimate(job, target, workers)
        return
    start = time.monotonic()
    with terminated_like_interrupted(), shown(quiet) as progress:
        result = run_job(loaded, target, workers=workers, progress=progress, text=job_text(job))
    for warning in str(result.attrs.get("warnings", "")).splitlines():
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{target}: {result.attrs.get('quantity', 'result')}, {result.attrs.get('status', '')}")
    click.echo(f"{time.monotonic() - start:.1f} s; look at it with: crosscurrent explain {target}")


def _estimate(job: Path, target: Path, workers: int) -> None:
    from crosscurrent.jobs import load_job
    from crosscurrent.jobs.build import prepare
    from crosscurrent.jobs.plan import plan
    from crosscurrent.jobs.run import parts_folder

    prepared = prepare(load_job(job))
    click.echo(f"model: {prepared.described}")
    if prepared.method is not None:
        click.echo(f"method: {prepared.method.description}")
    click.echo(plan(prepared).text(workers))
    click.echo(f"output: {target}" + (" (exists)" if target.exists() else ""))
    if parts_folder(target).is_dir():
        click.echo(f"unfinished work of an earlier run: {parts_folder(target)}")


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
