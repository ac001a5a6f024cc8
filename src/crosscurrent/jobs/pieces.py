"""One piece of work, done here; and what becomes of pieces that fail.

An error of a piece does not end a map: it is raised in the place of the piece, and the next call goes on with the piece
after it. `Resumable` keeps the others and says at the end which ones failed. What is wrong with the job (InputError) is
no error of a piece: it stops a run at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.units import InputError

#: How often a piece that failed, or whose worker died, is tried again.
RETRIES = 2


@dataclass(frozen=True)
class Failure:
    """What stands in the place of a piece that could not be done."""

    error: Exception


class WorkerDiedError(RuntimeError):
    """The process that did a piece is gone: killed, or out of memory."""

    def __init__(self, tries: int) -> None:
        super().__init__(f"the worker of this piece died {tries} times (killed, or out of memory)")


class Pieces(Iterator[Partial]):
    """Pieces in their order. One that failed raises its error, and the next call goes on with the one after it."""

    def __init__(self, outcomes: Iterator[Partial | Failure]) -> None:
        self._outcomes = outcomes

    def __next__(self) -> Partial:
        found = next(self._outcomes)
        if isinstance(found, Failure):
            raise found.error
        return found

    def close(self) -> None:
        """End the map; pieces under way are dropped."""
        close = getattr(self._outcomes, "close", None)
        if close is not None:
            close()


@dataclass(frozen=True)
class FailedPiece:
    """stage: name. index: of the piece in it, from 0. of: how many the stage has. error: its last one."""

    stage: str
    index: int
    of: int
    error: Exception

    def __str__(self) -> str:
        words = " ".join(f"{type(self.error).__name__}: {self.error}".split())
        return f"stage '{self.stage}', piece {self.index + 1} of {self.of}: {words}"


class PiecesError(RuntimeError):
    """Some pieces failed. The others are done, and kept where the same run finds them."""

    def __init__(self, failures: Sequence[FailedPiece]) -> None:
        self.failures = tuple(failures)
        many = len(failures)
        head = f"{many} piece{'s' if many > 1 else ''} of {failures[0].of} failed; the others are done and kept"
        super().__init__("\n".join((head, *(f"  {failure}" for failure in failures))))


class PieceMap(ABC):
    """A `ChunkMap` that owns what does the pieces, as a context manager; each kind says how their outcomes come."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None) -> Pieces:
        return Pieces(self._outcomes(stage, work, chunks))

    @abstractmethod
    def _outcomes(self, stage: str, work: Work, chunks: Sequence[Any]) -> Iterator[Partial | Failure]:
        """What becomes of each chunk, in their order."""

    @abstractmethod
    def close(self) -> None:
        """End what does the pieces."""


def call(work: Work, chunk: Any, threads: ThreadpoolController | None = None) -> dict[str, np.ndarray]:
    """One piece, BLAS on one thread: its bits then do not depend on where it runs.

    threads: what knows the libraries of this process; finding them takes milliseconds, as long as a small piece.
    """
    with (threads or ThreadpoolController()).limit(limits=1):
        return {name: np.asarray(value) for name, value in work(chunk).items()}


def attempt(work: Work, chunk: Any, threads: ThreadpoolController, retries: int) -> Partial | Failure:
    """One piece here, tried again when it fails. Raises InputError, which another try would raise again."""
    for left in range(retries, -1, -1):
        try:
            return call(work, chunk, threads)
        except InputError:
            raise
        except Exception as error:
            if left == 0:
                return Failure(error)
    raise ValueError(f"retries is {retries}, and must be 0 or more")
