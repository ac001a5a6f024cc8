"""Shares of one run for the arrays of a batch system: every task does some of the pieces, and `combine` sums them.

Piece p (from 0) of every stage belongs to share p mod n + 1 of n. All shares write into the folder of one output. A
task that has done its pieces of a stage goes on to the next one with any pieces in the place of those that others have
yet to do, as far as the work there says that it takes nothing from them (`independent`, see numerics.chunks).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import xarray as xr

from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.calls import QUESTIONS
from crosscurrent.jobs.execute import executor
from crosscurrent.jobs.parse import job_hash, run_key, validated
from crosscurrent.jobs.pieces import FailedPiece, PiecesError
from crosscurrent.jobs.run import parts_folder, run_job
from crosscurrent.jobs.schema import Job
from crosscurrent.jobs.store import Progress, Resumable, Store, piece_folder
from crosscurrent.numerics.chunks import ChunkMap, Partial, Work, serial
from crosscurrent.results import holds_result_of
from crosscurrent.results.files import refuse_other_job
from crosscurrent.units import InputError

#: Seconds between two looks for the pieces of the others.
_LOOK_S = 2.0
#: The file that says how many shares there are, and how many of them an error names.
_COUNT, _NAMED = "shares", 20


@dataclass(frozen=True)
class Share:
    """One of `of` shares, from 1. Raises InputError for one that is not there."""

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise InputError(f"there is no share {self.number} of {self.of}", where="chunk", fix="count from 1")

    def holds(self, index: int) -> bool:
        """Whether a piece, counted from 0, belongs to it."""
        return index % self.of == self.number - 1


def parse_share(text: str) -> Share:
    """ "3/64". Raises InputError."""
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
    if match is None:
        raise InputError(f"'{text}' is no share", where="chunk", fix="write the third of 64 as 3/64")
    return Share(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class ShareReport:
    """What a share has done. pieces: how many of its own there are now. missing: stage -> how many pieces of others are
    not there yet. waits: the stage that could not begin because it takes their results, None when there is none."""

    pieces: int
    missing: Mapping[str, int] = field(default_factory=dict)
    waits: str | None = None


class MissingPiecesError(InputError):
    """Pieces of shares that are not done, or of a stage that no share has come to."""


class SharedStore(Store):
    """The folder of a run that several tasks write to at once. What two of them do twice has the same bits."""

    def __enter__(self) -> SharedStore:
        if (self.folder / "lock").exists():
            with Store(self.folder, self.key):  # refuses a run that is at work there
                pass
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot keep unfinished work here ({error.strerror})",
                where=str(self.folder),
                fix="choose an output in a folder that exists and that you may write to",
            ) from error
        self._own()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def note(self, of: int) -> None:
        """Leave word of how many shares there are."""
        (self.folder / _COUNT).write_text(str(of))


class _WaitsError(Exception):
    """The stage takes results that are not there."""


class _SharedMap(Resumable):
    """Does the pieces of a share, and gives all of a stage: those of the others when they are there, or stand-ins.

    missing: stage -> pieces of others that were not there. waits: the stage that needs them. own: pieces done.
    """

    def __init__(self, inner: ChunkMap, store: Store, progress: Progress | None, share: Share, wait: float) -> None:
        super().__init__(inner, store, progress)
        self.share, self.wait, self.own = share, wait, 0
        self.missing: dict[str, int] = {}
        self.waits: str | None = None
        self.failed = False

    def __call__(
        self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        name = self.name_of(stage)
        if self.missing and not getattr(work, "independent", False):
            self.waits = name
            raise _WaitsError
        cost = [1.0] * len(chunks) if weights is None else list(weights)
        mine = [i for i in range(len(chunks)) if self.share.holds(i)]
        there = self._found(name, len(chunks))
        todo = [i for i in mine if i not in there or self._recall(name, i, chunks[i]) is None]
        self.progress.begin(stage, sum(cost[i] for i in mine), sum(cost[i] for i in mine if i not in todo))
        self._do(name, work, chunks, todo, cost)
        self.progress.end(stage)
        self.own += len(mine)
        self._await(name, len(chunks))
        if chunks and not self._found(name, len(chunks)):
            # nothing that could stand in for the rest: one piece of another share, done twice
            self._do(name, work, chunks, [0], cost)
        yield from self._all(name, chunks)

    def _all(self, name: str, chunks: Sequence[Any]) -> Iterator[Partial]:
        """Every piece of a stage; in the place of one that is missing any other, whose arrays have the same shapes."""
        there = {i: piece for i, chunk in enumerate(chunks) if (piece := self._recall(name, i, chunk)) is not None}
        if len(there) < len(chunks):
            self.missing[name] = len(chunks) - len(there)
        any_piece = next(iter(there.values()), {})
        yield from (there.get(i, any_piece) for i in range(len(chunks)))

    def _do(self, name: str, work: Work, chunks: Sequence[Any], todo: Sequence[int], cost: Sequence[float]) -> None:
        source = iter(self.inner(name, work, [chunks[i] for i in todo], [cost[i] for i in todo]))
        failures: list[FailedPiece] = []
        self.failed = True
        for i in todo:
            partial = self._next(source, failures, FailedPiece(name, i, len(chunks), RuntimeError("no piece came")))
            if partial is not None:
                self._keep(name, i, chunks[i], partial)
                self.progress.advance(name, cost[i])
        if failures:
            raise PiecesError(failures) from failures[-1].error
        self.failed = False

    def _await(self, name: str, n: int) -> None:
        deadline = time.monotonic() + self.wait
        while len(self._found(name, n)) < n and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(_LOOK_S, left))


def run_share(
    job: Job,
    output: str | os.PathLike[str],
    share: Share,
    *,
    workers: int = 1,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> ShareReport:
    """Do one share of a job. Its pieces lie in `<output>.parts`, for `combine_job`.

    workers: processes of this machine. wait: seconds to wait at the end of each stage for the pieces of other shares.

    Raises InputError as `run_job` does, for a run at work in that folder, and for bands on a path, which have no
    pieces; PiecesError for pieces that failed.
    """
    checked = validated(job)
    if not QUESTIONS[checked.response].chunks:
        raise InputError(f"'{checked.response}' has no pieces to share", where="chunk", fix="use run without it")
    target, key = Path(output), run_key(checked)
    refuse_other_job(target, job_hash(checked))
    if holds_result_of(target, key, "run_key"):
        return ShareReport(0)
    prepared = prepare(checked)
    with SharedStore(parts_folder(target), key) as store, executor(workers) as inner:
        store.note(share.of)
        run = _SharedMap(inner, store, progress, share, wait)
        try:
            prepared.compute(run)
        except _WaitsError:
            pass
        except Exception:
            # what is made of stand-ins need not make sense
            if run.failed or not run.missing:
                raise
    return ShareReport(run.own, run.missing, run.waits)


def combine_job(
    job: Job, output: str | os.PathLike[str], *, progress: Progress | None = None, text: str | None = None
) -> xr.Dataset:
    """Sum the pieces of all shares into the result of the job, and compute none. Arguments as for `run_job`.

    Raises MissingPiecesError that names the shares whose pieces are missing.
    """
    return run_job(job, output, executor=_Refusing(parts_folder(Path(output))), progress=progress, text=text)


class _Refusing:
    """A ChunkMap that has nothing and makes nothing. folder: of the pieces, to say whose are missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = Resumable(serial, None)

    def __enter__(self) -> _Refusing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def __call__(
        self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        return self._refuse(self._names.name_of(stage), len(chunks))

    def _refuse(self, name: str, missing: int) -> Iterator[Partial]:
        if missing:
            raise MissingPiecesError(
                f"{missing} pieces are missing{self._whose(name, missing)}",
                where=f"stage '{name}'",
                fix="submit these again, or let `crosscurrent run` compute what is missing",
            )
        yield from ()

    def _whose(self, name: str, missing: int) -> str:
        """The shares they belong to, when that is known."""
        try:
            of = int((self.folder / _COUNT).read_text())
        except (OSError, ValueError):
            return ""
        there = {int(path.stem) for path in piece_folder(self.folder, name).glob("[0-9]*.npz")}
        shares = sorted({i % of + 1 for i in set(range(missing + len(there))) - there})
        some = ", ".join(map(str, shares[:_NAMED])) + (" and others" if len(shares) > _NAMED else "")
        return f", of share{'s' if len(shares) > 1 else ''} {some} of {of}"
