"""Pieces on the workers of a Dask scheduler."""

from __future__ import annotations

import logging
import pickle
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self
from uuid import uuid4

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from crosscurrent.jobs.cluster import imported
from crosscurrent.jobs.parse import code_key
from crosscurrent.jobs.pieces import RETRIES, Failure, PieceMap, WorkerDiedError, call
from crosscurrent.jobs.processes import packed
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.units import InputError

#: Seconds to wait for the scheduler, between two looks at how many workers there are, and between two words on it.
_CONNECT_S, _LOOK_S, _WORD_S = 30, 2.0, 60.0
_log = logging.getLogger(__name__)


@dataclass
class _Task:
    """A piece on its way."""

    chunk: Any
    future: Any = None
    tries: int = 0


class DaskMap(PieceMap):
    """Pieces on Dask workers, a context manager.

    scheduler: its address, or what starts a cluster when it is called (and then belongs to this map). At most `ahead`
    pieces for each thread of the workers are on their way. A piece whose worker dies or reaches its lifetime goes to
    another one; a piece that fails is tried again `retries` times, and its error is raised in its place. patience:
    seconds to wait when there is no worker at all; None to wait as long as it takes, because a batch system may.

    Raises InputError when no scheduler answers, when it goes away, when no worker comes, when a worker runs other code
    than this process, and when Dask is not installed.
    """

    def __init__(
        self,
        scheduler: str | Callable[[], Any],
        *,
        ahead: int = 3,
        retries: int = RETRIES,
        patience: float | None = None,
    ) -> None:
        self.scheduler, self.ahead, self.retries, self.patience = scheduler, ahead, retries, patience
        self._client: Any = None
        self._cluster: Any = None
        self._looked, self._threads = -_LOOK_S, 0
        self._alone = self._told = 0.0

    def __enter__(self) -> Self:
        distributed = imported("distributed")
        self._cluster = self.scheduler() if callable(self.scheduler) else None
        try:
            self._client = distributed.Client(
                self._cluster or self.scheduler, timeout=_CONNECT_S, set_as_default=False, name="crosscurrent"
            )
        except (OSError, ValueError, TimeoutError) as error:
            self.close()
            raise InputError(
                f"no Dask scheduler answers at {self.scheduler}",
                where="scheduler",
                fix="give the address that `dask scheduler` prints, tcp://host:8786",
            ) from error
        return self

    def close(self) -> None:
        """Leave the scheduler, and end the cluster that was started here."""
        for owned in (self._client, self._cluster):
            if owned is not None:
                owned.close()
        self._client = self._cluster = None

    def _outcomes(self, stage: str, work: Work, chunks: Sequence[Any]) -> Iterator[Partial | Failure]:
        if not chunks:
            return
        # a task of its own, and no data on the workers: what dies with a worker is then made again
        with imported("dask").config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            shared = self._client.submit(_unpacked, packed(work), key=f"crosscurrent-work-{uuid4().hex}", pure=False)
        tasks: deque[_Task] = deque()
        remaining, code = iter(chunks), code_key()
        self._alone = self._told = time.monotonic()
        try:
            while True:
                room = max(0, self.ahead * max(1, self._workers(stage)) - len(tasks))
                tasks.extend(_Task(chunk) for _, chunk in zip(range(room), remaining, strict=False))
                if not tasks:
                    return
                for task in tasks:
                    if task.future is None:
                        key = f"{stage}-{uuid4().hex}"
                        task.future = self._client.submit(_remote, shared, task.chunk, code, key=key, pure=False)
                found = self._result(tasks[0], stage)
                if found is not None:
                    tasks.popleft()
                    yield found
        finally:
            if self._client is not None and self._client.status == "running":
                self._client.cancel([shared, *(task.future for task in tasks if task.future is not None)], force=True)

    def _workers(self, stage: str) -> int:
        """Threads of all workers now. Raises InputError for a scheduler that is gone."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_S:
            try:
                self._threads = sum(self._client.nthreads().values())
            except (OSError, TimeoutError) as error:
                raise _gone(stage) from error
            self._looked = now
            if self._threads:
                self._alone = self._told = now
        return self._threads

    def _fetched(self, future: Any, stage: str) -> Partial:
        """A piece when it is done. Raises its error, and InputError when there has been no worker for too long."""
        while True:
            try:
                found: Partial = future.result(timeout=_LOOK_S)
                return found
            except TimeoutError:
                if future.done():
                    raise  # one of the piece itself
                if self._client.status != "running" or self._workers(stage):
                    continue
            now = time.monotonic()
            if self.patience is not None and now - self._alone > self.patience:
                raise InputError(
                    f"no Dask worker for {now - self._alone:.0f} seconds",
                    where=f"stage '{stage}'",
                    fix="start workers, and run the same command: finished pieces are kept",
                )
            if now - self._told > _WORD_S:
                _log.warning("no Dask worker is there; waiting")
                self._told = now

    def _result(self, task: _Task, stage: str) -> Partial | Failure | None:
        """What becomes of a task; None to try again. Raises InputError for a scheduler that is gone."""
        distributed = imported("distributed")
        try:
            found = self._fetched(task.future, stage)
        except InputError:
            raise
        except distributed.scheduler.KilledWorker as error:
            # the scheduler has tried it with several workers
            return Failure(WorkerDiedError(int(getattr(error, "allowed_failures", 0)) + 1))
        except Exception as error:
            if self._client.status != "running":
                raise _gone(stage) from error
            task.tries += 1
            task.future = None
            return Failure(error) if task.tries > self.retries else None
        return found


def _gone(stage: str) -> InputError:
    return InputError(
        "the Dask scheduler is gone",
        where=f"stage '{stage}'",
        fix="start it again, and run the same command: finished pieces are kept",
    )


def _unpacked(content: bytes) -> Work:
    """The work, once on each worker."""
    work: Work = pickle.loads(content)
    return work


def _remote(work: Work, chunk: Any, code: str) -> dict[str, np.ndarray]:
    """One piece on a worker. Raises InputError when it runs other code."""
    if code != code_key():
        raise InputError(
            f"the worker on {socket.gethostname()} has another version of crosscurrent, numpy or scipy",
            where="scheduler",
            fix="start the workers in the environment of this command",
        )
    return call(work, chunk, _pinned())


@lru_cache(maxsize=1)
def _pinned() -> ThreadpoolController:
    """BLAS on one thread from now on: a limit that ends with a piece would end for the neighbour thread too."""
    threads = ThreadpoolController()
    threads.limit(limits=1)
    return threads
