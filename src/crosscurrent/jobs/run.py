"""Run a job: model, pieces, result, in a way that can be stopped at any moment."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

import xarray as xr

from crosscurrent.jobs.build import Prepared, prepare
from crosscurrent.jobs.components import components_of
from crosscurrent.jobs.execute import executor as choose
from crosscurrent.jobs.parse import job_hash, run_key, validated
from crosscurrent.jobs.schema import Job
from crosscurrent.jobs.store import Progress, Resumable, Store
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.results import holds_result_of, load, save, select_components
from crosscurrent.results.files import refuse_other_job


def run_job(
    job: Job,
    output: str | os.PathLike[str] | None = None,
    *,
    workers: int = 1,
    executor: AbstractContextManager[ChunkMap] | None = None,
    progress: Progress | None = None,
    text: str | None = None,
) -> xr.Dataset:
    """Answer a job.

    output: netCDF file to write; finished pieces lie in `<output>.parts` meanwhile, and the same call goes on from
    there after an interruption, with the same bits for any number of workers. Nothing is kept when it is None.
    workers: processes of this machine. executor: who does the pieces instead (`jobs.executor`); it is entered here.
    text: the job as the user wrote it, kept in the result; `job.to_toml()` when None.
    When the output already holds the answer of this very job and code it is read, not computed again.

    Raises InputError for a job that does not fit, an output of another job, and a folder that cannot be written;
    PiecesError for pieces that failed although they were tried again, after all others were done and kept.
    """
    checked = validated(job)
    words = text if text is not None else checked.to_toml()
    if output is None:
        prepared = prepare(checked)
        with executor or choose(workers) as inner:
            return _answer(prepared, Resumable(inner, None, progress), words)
    target = Path(output)
    key = run_key(checked)
    if holds_result_of(target, key, "run_key"):
        with Store(parts_folder(target), key) as store:  # left behind when the last run was killed at its very end
            store.discard()
        return load(target)
    refuse_other_job(target, job_hash(checked))
    prepared = prepare(checked)
    with Store(parts_folder(target), key) as store, executor or choose(workers) as inner:
        result = _answer(prepared, Resumable(inner, store, progress), words)
        save(result, target)
        store.discard()
    return result


def parts_folder(output: Path) -> Path:
    """Where the finished pieces of an unfinished run lie."""
    return output.with_name(output.name + ".parts")


def _answer(prepared: Prepared, run: Resumable, text: str) -> xr.Dataset:
    result = select_components(prepared.compute(run), components_of(prepared.job))
    if prepared.relative_mu is not None:
        attrs = {"units": "eV", "long_name": "chemical potential from the reference energy of the model"}
        result = result.assign_coords(mu_from_reference=("mu", prepared.relative_mu, attrs))
    return result.assign_attrs(
        job=text,
        job_title=prepared.job.title,
        job_hash=job_hash(prepared.job),
        run_key=run_key(prepared.job),
    )
