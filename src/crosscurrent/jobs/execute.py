"""Who does the pieces: this process, several, or a cluster.

A response hands its work to a `ChunkMap` (see numerics.chunks) and sums what comes back in order. Another executor is
one more class with that call, and no response changes. Wrapped in `Resumable` it keeps its pieces like the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from crosscurrent.jobs.cluster import Cluster, batch_cluster, local_cluster
from crosscurrent.jobs.dask_map import DaskMap
from crosscurrent.jobs.pieces import RETRIES, Failure, PieceMap, attempt
from crosscurrent.jobs.pieces import call as call
from crosscurrent.jobs.processes import ProcessMap as ProcessMap
from crosscurrent.numerics.chunks import ChunkMap, Partial, Work
from crosscurrent.units import InputError

#: Seconds for workers of this machine to come back.
_PATIENCE_S = 300.0

Executor = Literal["serial", "processes", "dask"]


class SerialMap(PieceMap):
    """One piece after the other in this process, BLAS on one thread so that the bits are those of any worker.

    A piece that fails is tried again `retries` times; its error is raised in its place.
    """

    def __init__(self, *, retries: int = RETRIES) -> None:
        self.retries = retries

    def _outcomes(self, stage: str, work: Work, chunks: Sequence[Any]) -> Iterator[Partial | Failure]:
        threads = ThreadpoolController()
        for chunk in chunks:
            yield attempt(work, chunk, threads, self.retries)

    def close(self) -> None:
        """Nothing is held."""


def executor(
    workers: int | None = None,
    kind: Executor | None = None,
    *,
    scheduler: str | None = None,
    cluster: Cluster | None = None,
    retries: int | None = None,
) -> AbstractContextManager[ChunkMap]:
    """Who does the pieces: a context manager that starts when it is entered.

    workers: processes of this machine, 1 when None. kind: "serial", "processes" or "dask"; by default what the rest
    says. scheduler: address of a Dask scheduler. cluster: batch jobs to start workers in, when workers is None. Dask
    without either starts workers on this machine. retries: how often a piece that failed is tried again, 2 when None.

    Raises InputError for settings that exclude one another.
    """
    again = RETRIES if retries is None else retries
    if again < 0:
        raise InputError(f"retries must be 0 or more, got {again}", where="retries")
    if kind is None:
        kind = "dask" if scheduler is not None else "serial" if workers in (None, 1) else "processes"
    if kind != "dask" and scheduler is not None:
        raise InputError(f"the {kind} executor has no scheduler", where="scheduler", fix="use executor = dask")
    if kind == "serial" and workers not in (None, 1):
        raise InputError(f"serial, and {workers} workers", where="executor", fix="use executor = processes")
    count = 1 if workers is None else workers
    if kind == "serial":
        return SerialMap(retries=again)
    if kind == "processes":
        return ProcessMap(count, retries=again)
    if scheduler is not None:
        return DaskMap(scheduler, retries=again)
    if cluster is not None and workers is None:
        return DaskMap(batch_cluster(cluster), retries=again)
    return DaskMap(local_cluster(count), retries=again, patience=_PATIENCE_S)
