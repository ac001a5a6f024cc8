"""Pieces in several processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from crosscurrent.jobs.pieces import RETRIES, Failure, PieceMap, WorkerDiedError, call
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.units import InputError


@dataclass
class _Task:
    """A piece on its way. alone: it was under way when a worker died, and is tried again with no other beside it."""

    chunk: Any
    future: Future[dict[str, np.ndarray]] | None = None
    tries: int = 0
    alone: bool = False

    @property
    def finished(self) -> bool:
        """Whether it has a result."""
        done = self.future is not None and self.future.done() and not self.future.cancelled()
        return done and self.future is not None and self.future.exception() is None


class ProcessMap(PieceMap):
    """Pieces in `workers` processes, each with one BLAS thread; a context manager that owns the processes.

    At most `ahead` pieces a worker are under way or wait to be summed, so that memory stays bounded when the pieces
    come back faster than they are summed. A piece that fails, or whose worker dies, is tried again `retries` times; its
    error is raised in its place. Raises InputError when workers die before any of them has finished a piece.
    """

    def __init__(self, workers: int, *, ahead: int = 3, retries: int = RETRIES) -> None:
        if workers < 1:
            raise InputError(f"workers must be 1 or more, got {workers}", where="workers")
        self.workers, self.ahead, self.retries = workers, ahead, retries
        self._pool: ProcessPoolExecutor | None = None
        self._folder: Path | None = None
        self._count = 0
        self._works = False

    def _outcomes(self, stage: str, work: Work, chunks: Sequence[Any]) -> Iterator[Partial | Failure]:
        if not chunks:
            return
        shared = self._share(work)
        tasks: deque[_Task] = deque()
        remaining = iter(chunks)
        try:
            while True:
                tasks.extend(_Task(chunk) for _, chunk in zip(range(self._room(tasks)), remaining, strict=False))
                if not tasks:
                    return
                found = self._result(shared, tasks, stage)
                if found is not None:
                    tasks.popleft()
                    yield found
        finally:
            for task in tasks:
                if task.future is not None:
                    task.future.cancel()
            Path(shared).unlink(missing_ok=True)

    def _room(self, tasks: deque[_Task]) -> int:
        """How many more pieces may be on their way."""
        return max(0, self.ahead * self.workers - len(tasks))

    def _result(self, shared: str, tasks: deque[_Task], stage: str) -> Partial | Failure | None:
        """What becomes of the first task; None when it has to be tried again."""
        first = tasks[0]
        try:
            self._submit(shared, tasks)
            assert first.future is not None
            found = first.future.result()
        except BrokenProcessPool as error:
            return self._died(tasks, stage, error)
        except InputError:
            raise
        except Exception as error:
            first.tries += 1
            first.future = None
            return Failure(error) if first.tries > self.retries else None
        self._works = True
        return found

    def _submit(self, shared: str, tasks: deque[_Task]) -> None:
        # after a death nobody knows whose fault it was: those that were under way go one by one
        some = [tasks[0]] if any(task.alone for task in tasks) else tasks
        for task in some:
            if task.future is None:
                task.future = self._open().submit(_call_shared, shared, task.chunk)

    def _died(self, tasks: deque[_Task], stage: str, error: BrokenProcessPool) -> Failure | None:
        """A worker died, and with it the pool. Raises InputError when none has ever finished a piece."""
        self._stop()
        under_way = [task for task in tasks if task.future is not None and not task.finished]
        for task in under_way:
            task.future, task.alone = None, True
        first = tasks[0]
        if len(under_way) > 1 or not first.alone:
            return None
        first.tries += 1
        if first.tries <= self.retries:
            return None
        if self._works:
            return Failure(WorkerDiedError(first.tries))
        self.close()
        raise InputError(
            "a worker process died (killed, out of memory, or the calling script is not importable)",
            where=f"stage '{stage}'",
            fix="run again with fewer workers; in a script, call it under: if __name__ == '__main__'",
        ) from error

    def close(self) -> None:
        """Stop the workers, in the middle of a piece if need be: what they hold is computed again next time."""
        self._stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            # the pool offers no public way to stop a running piece before python 3.14
            processes = list((getattr(pool, "_processes", None) or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:
                process.join(timeout=10)

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # a forked child would inherit the threads of BLAS and HDF5 in whatever state they are
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_start_worker)
        return self._pool

    def _share(self, work: Work) -> str:
        """Put the work, which holds the model, where every worker reads it once instead of with every piece."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="crosscurrent-"))
        self._count += 1
        path = self._folder / f"work-{self._count}.pickle"
        path.write_bytes(packed(work))
        return str(path)


def packed(work: Work) -> bytes:
    """The work as bytes. Raises InputError for what cannot travel to another process."""
    try:
        return pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputError(
            f"this model cannot be sent to other processes ({error})",
            fix="define its functions at the top level of a module, or use one worker",
        ) from error


def _call_shared(path: str, chunk: Any) -> dict[str, np.ndarray]:
    work, threads = _load_work(path)
    return call(work, chunk, threads)


@lru_cache(maxsize=1)
def _load_work(path: str) -> tuple[Callable[[Any], dict[str, np.ndarray]], ThreadpoolController]:
    """Only in a worker; paths are never used twice, so the one in the cache is the one of this stage."""
    work: Callable[[Any], dict[str, np.ndarray]] = pickle.loads(Path(path).read_bytes())
    # after the work, which brings in the libraries it needs
    return work, ThreadpoolController()


def _start_worker() -> None:
    # Ctrl-C reaches the whole group of processes; the parent decides what it means
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A parent that was killed cannot stop its workers, and they would wait for ever for the next piece."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
