"""Jobs: the words of a job file, how it becomes a model and a call, who does the pieces, and what is kept of them."""

from crosscurrent.jobs.dask_map import DaskMap
from crosscurrent.jobs.execute import ProcessMap, SerialMap, executor
from crosscurrent.jobs.parse import job_text, load_job, parse_job
from crosscurrent.jobs.pieces import PiecesError
from crosscurrent.jobs.run import run_job
from crosscurrent.jobs.schema import Job
from crosscurrent.jobs.store import Progress, Resumable, Store

__all__ = [
    "DaskMap",
    "Job",
    "PiecesError",
    "ProcessMap",
    "Progress",
    "Resumable",
    "SerialMap",
    "Store",
    "executor",
    "job_text",
    "load_job",
    "parse_job",
    "run_job",
]
