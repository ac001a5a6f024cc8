"""`run --chunk` and `combine`: one job in the tasks of a batch array."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from crosscurrent.jobs.schema import Job
    from crosscurrent.jobs.share import ShareReport


def do_share(job: Job, target: Path, words: str, workers: int, wait: float, quiet: bool) -> None:
    """One share of a job, "3/64". wait: seconds, for the others."""
    from crosscurrent.cli.progress import shown
    from crosscurrent.jobs.share import parse_share, run_share

    share = parse_share(words)
    with shown(quiet) as progress:
        report = run_share(job, target, share, workers=workers, wait=wait, progress=progress)
    for line in told(report, f"{share.number}/{share.of}", target):
        click.echo(line)


def told(report: ShareReport, share: str, target: Path) -> list[str]:
    """Lines on what a share has done."""
    lines = [f"share {share}: {report.pieces} pieces are done"]
    lines += [f"stage '{stage}': {missing} pieces of other shares are not" for stage, missing in report.missing.items()]
    if report.waits is not None:
        lines.append(f"stage '{report.waits}' needs them first: submit the whole array again when they are done")
    elif not report.missing:
        lines.append(f"all shares are done; sum them with: crosscurrent combine JOB -o {target}")
    return lines


def estimate_share(words: str, seconds: float | None) -> list[str]:
    """Lines on what one share takes. seconds: of the whole job."""
    from crosscurrent.jobs.share import parse_share

    share = parse_share(words)
    time = "" if seconds is None else f", about {max(1.0, seconds / share.of):,.0f} seconds with one worker"
    return [f"share: {share.number} of {share.of}{time}"]


@click.command(epilog="Example:  crosscurrent combine bi2se3.toml -o bi2se3.nc")
@click.argument("job", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="netCDF file to write [default: JOB.nc here].")
@click.option("--quiet", is_flag=True, help="No progress.")
def combine(job: Path, output: Path | None, quiet: bool) -> None:
    """Sum the shares of a JOB that `run --chunk` has done, and write its result.

    Computes nothing. When shares are missing it names them, with exit status 75: submit these again.
    """
    from crosscurrent.cli.progress import shown
    from crosscurrent.cli.run import terminated_like_interrupted, written
    from crosscurrent.cli.time_limit import UNFINISHED
    from crosscurrent.jobs import job_text, load_job
    from crosscurrent.jobs.share import MissingPiecesError, combine_job

    target = output or Path(job.with_suffix(".nc").name)
    try:
        with terminated_like_interrupted(), shown(quiet) as progress:
            result = combine_job(load_job(job), target, progress=progress, text=job_text(job))
    except MissingPiecesError as error:
        click.echo(f"not complete: {error}", err=True)
        click.get_current_context().exit(UNFINISHED)
    written(result, target)
