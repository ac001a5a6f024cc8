"""Who does the pieces: this process, or several.

A response hands its work to a `ChunkMap` (see numerics.chunks) and sums what comes back in order. Another executor is
one more class with that call, and no response changes. For Dask, for instance:

    class DaskMap:
        def __init__(self, client): self.client = client
        def __call__(self, stage, work, chunks, weights=None):
            shared = self.client.scatter(work, broadcast=True)      # the model travels once
            futures = [self.client.submit(call, shared, chunk, pure=False) for chunk in chunks]
            for future in futures:                                  # in the order of the chunks, not of completion
                yield future.result()

with `call` from this module. Wrapped in `Resumable` it keeps its pieces like the others.
"""

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
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.units import InputError


class SerialMap:
    """One piece after the other in this process, BLAS on one thread so that the bits are those of any worker."""

    def __enter__(self) -> SerialMap:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def __call__(
        self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        threads = ThreadpoolController()
        for chunk in chunks:
            yield call(work, chunk, threads)


class ProcessMap:
    """Pieces in `workers` processes, each with one BLAS thread; a context manager that owns the processes.

    At most `ahead` pieces a worker are under way or wait to be summed, so that memory stays bounded when the pieces
    come back faster than they are summed. Raises InputError when a worker dies.
    """

    def __init__(self, workers: int, *, ahead: int = 3) -> None:
        if workers < 1:
            raise InputError(f"workers must be 1 or more, got {workers}", where="workers")
        self.workers, self.ahead = workers, ahead
        self._pool: ProcessPoolExecutor | None = None
        self._folder: Path | None = None
        self._count = 0

    def __enter__(self) -> ProcessMap:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(
        self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        if not chunks:
            return
        pool, shared = self._open(), self._share(work)
        waiting: deque[Future[dict[str, np.ndarray]]] = deque()
        remaining = iter(chunks)
        try:
            for chunk in remaining:
                waiting.append(pool.submit(_call_shared, shared, chunk))
                if len(waiting) >= self.ahead * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            self.close()
            raise InputError(
                "a worker process died (killed, out of memory, or the calling script is not importable)",
                where=f"stage '{stage}'",
                fix="run again with fewer workers; in a script, call it under: if __name__ == '__main__'",
            ) from error
        finally:
            for future in waiting:
                future.cancel()
            Path(shared).unlink(missing_ok=True)

    def close(self) -> None:
        """Stop the workers, in the middle of a piece if need be: what they hold is computed again next time."""
        pool, self._pool = self._pool, None
        if pool is not None:
            # the pool offers no public way to stop a running piece before python 3.14
            processes = list((getattr(pool, "_processes", None) or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:
                process.join(timeout=10)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

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
        try:
            path.write_bytes(pickle.dumps(work))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InputError(
                f"this model cannot be sent to other processes ({error})",
                fix="define its functions at the top level of a module, or use one worker",
            ) from error
        return str(path)


def executor(workers: int) -> SerialMap | ProcessMap:
    """The map for this number of processes, a context manager."""
    return SerialMap() if workers == 1 else ProcessMap(workers)


def call(work: Work, chunk: Any, threads: ThreadpoolController | None = None) -> dict[str, np.ndarray]:
    """One piece, BLAS on one thread: its bits then do not depend on where it runs.

    threads: what knows the libraries of this process; finding them takes milliseconds, as long as a small piece.
    """
    with (threads or ThreadpoolController()).limit(limits=1):
        return {name: np.asarray(value) for name, value in work(chunk).items()}


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
