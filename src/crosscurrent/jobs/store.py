"""Finished pieces on disk, so that an interrupted run goes on where it stopped and gives the same bits.

OUT.nc.parts/
  owner.json              run key of the job whose pieces these are
  lock                    the process that writes here now
  <stage>/<index>.npz     one finished piece, written whole or not at all, with a key of its own inside
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from crosscurrent.disk import new_file, parse_json, read_arrays, read_text, write_arrays
from crosscurrent.jobs.lock import Lock
from crosscurrent.jobs.pieces import FailedPiece, PiecesError
from crosscurrent.numerics.chunks import ChunkMap, Partial, Work
from crosscurrent.results.fingerprint import digest
from crosscurrent.units import InputError

_KEY = "__key__"
_PREFIX = "_"  # keeps array names apart from the key and from the arguments of numpy.savez
#: Files of a run beside its pieces.
_OWN = ("owner.json", "lock", "shares")


class Progress(Protocol):
    """Who is told how far a run is."""

    def begin(self, stage: str, total: float, found: float) -> None:
        """A stage of `total` weight starts; `found` of it lies finished on disk."""

    def advance(self, stage: str, weight: float) -> None:
        """A piece of this weight is done."""

    def end(self, stage: str) -> None:
        """The stage is complete."""


class Silent:
    """Progress that nobody watches."""

    def begin(self, stage: str, total: float, found: float) -> None:
        return

    def advance(self, stage: str, weight: float) -> None:
        return

    def end(self, stage: str) -> None:
        return


class Store:
    """The folder of finished pieces of one run; a context manager that holds its lock.

    folder: where. key: run key of the job (jobs.parse.run_key). Raises InputError on entry when another run is at work
    there, or when it holds pieces of another job.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self._lock = Lock(folder / "lock")

    def __enter__(self) -> Store:
        try:
            self.folder.mkdir(exist_ok=True)
            self._lock.take(self.folder)
        except OSError as error:
            raise InputError(
                f"cannot keep unfinished work here ({error.strerror})",
                where=str(self.folder),
                fix="choose an output in a folder that exists and that you may write to",
            ) from error
        try:
            self._own()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if self.folder.is_dir() and {p.name for p in self.folder.iterdir()} <= {"owner.json"}:
            self.discard()  # nothing was finished: leave no trace

    def _own(self) -> None:
        owner = self.folder / "owner.json"
        if owner.exists():
            try:
                found = parse_json(read_text(owner), str(owner)).get("run_key")
            except (InputError, AttributeError):
                found = "unreadable"
            if found != self.key:
                raise InputError(
                    "this folder holds unfinished work of another job, or of another version of the code",
                    where=str(self.folder),
                    fix="give another output name, or remove the folder to start anew",
                )
        else:
            _write_bytes(owner, json.dumps({"run_key": self.key}).encode())

    def discard(self) -> None:
        """Remove the folder, once the result is safe. Of a link to a folder elsewhere, only what a run puts there."""
        if not self.folder.is_symlink():
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        for entry in self.folder.iterdir():
            if entry.is_dir() and not entry.is_symlink() and (entry.name == "checkpoints" or _holds_pieces(entry)):
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name in _OWN:
                entry.unlink(missing_ok=True)

    def path(self, stage: str, index: int) -> Path:
        return piece_folder(self.folder, stage) / f"{index:06d}.npz"

    def piece_key(self, stage: str, index: int, chunk: Any) -> str:
        text = f"{self.key}\n{stage}\n{index}\n{digest(chunk)}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def write(self, path: Path, key: str, partial: Partial) -> None:
        temporary = _aside(path)
        arrays: dict[str, Any] = {_PREFIX + name: value for name, value in partial.items()}
        try:
            path.parent.mkdir(exist_ok=True)
            with new_file(temporary) as stream:
                write_arrays(stream, {_KEY: np.array(key), **arrays})
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise InputError(
                f"cannot keep a finished piece ({error.strerror or error}); those before it are safe",
                where=str(path),
                fix="make room and run the same again: it goes on from there",
            ) from error

    def read(self, path: Path, key: str) -> Partial | None:
        """The piece, or None when it is not there, damaged, or of something else."""
        try:
            arrays = read_arrays(path, listed=True)
        except InputError:
            return None
        found = arrays.pop(_KEY, None)
        if found is None or str(found) != key:
            return None
        return {name.removeprefix(_PREFIX): value for name, value in arrays.items()}


class Resumable:
    """A ChunkMap that keeps what another one finishes, skips what it finds, and tells how far it is.

    store: where, or None to keep nothing.
    """

    def __init__(self, inner: ChunkMap, store: Store | None, progress: Progress | None = None) -> None:
        self.inner, self.store = inner, store
        self.progress = progress or Silent()
        self._uses: Counter[str] = Counter()

    def __call__(
        self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        name = self.name_of(stage)
        cost = [1.0] * len(chunks) if weights is None else list(weights)
        found = self._found(name, len(chunks))
        missing = [i for i in range(len(chunks)) if i not in found]
        self.progress.begin(stage, sum(cost), sum(cost[i] for i in found))
        fresh = iter(self.inner(stage, work, [chunks[i] for i in missing], [cost[i] for i in missing]))
        failed: list[FailedPiece] = []
        for i, chunk in enumerate(chunks):
            place = FailedPiece(name, i, len(chunks), RuntimeError("no piece came"))
            partial: Partial | None = None
            if i not in found:
                partial = self._next(fresh, failed, place)
            elif not failed:
                # once a piece has failed there is nothing to sum, but what is missing can still be done
                partial = self._recall(name, i, chunk)
                if partial is not None:
                    yield partial
                    continue
                # on disk, but damaged
                partial = self._next(iter(self.inner(stage, work, [chunk], [cost[i]])), failed, place)
            if partial is None:
                continue
            self._keep(name, i, chunk, partial)
            if i not in found:
                self.progress.advance(stage, cost[i])
            if not failed:
                yield partial
        if failed:
            raise PiecesError(failed) from failed[-1].error
        self.progress.end(stage)

    def _next(self, source: Iterator[Partial], failed: list[FailedPiece], place: FailedPiece) -> Partial | None:
        """The next piece; None when it failed, after a note in `failed`. Raises what stops the whole map."""
        try:
            return next(source)
        except StopIteration:
            # a map that ended early, because of the error before
            raise (failed[-1] if failed else place).error from None
        except InputError:
            raise
        except Exception as error:
            if self.store is None:
                raise
            failed.append(dataclasses.replace(place, error=error))
            return None

    def name_of(self, stage: str) -> str:
        """The name under which this use of a stage is kept."""
        self._uses[stage] += 1
        # the stages of a job come in a fixed order, so a count makes a repeated name unique and the same next time
        return stage if self._uses[stage] == 1 else f"{stage}#{self._uses[stage]}"

    def _found(self, stage: str, n: int) -> set[int]:
        if self.store is None:
            return set()
        folder = self.store.path(stage, 0).parent
        there = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
        return {i for i in range(n) if self.store.path(stage, i).name in there}

    def _recall(self, stage: str, index: int, chunk: Any) -> Partial | None:
        assert self.store is not None
        return self.store.read(self.store.path(stage, index), self.store.piece_key(stage, index, chunk))

    def _keep(self, stage: str, index: int, chunk: Any, partial: Partial) -> None:
        if self.store is not None:
            self.store.write(self.store.path(stage, index), self.store.piece_key(stage, index, chunk), partial)


def piece_folder(folder: Path, stage: str) -> Path:
    """Where the pieces of a stage lie in the folder of a run."""
    return folder / "".join(c if c.isalnum() or c in "-_#" else "_" for c in stage)


def _holds_pieces(folder: Path) -> bool:
    names = [path.name for path in folder.iterdir()]
    return all(name.endswith((".npz", ".tmp")) and name[:6].isdigit() for name in names)


def _aside(path: Path) -> Path:
    """Where a file is written before it takes its place; the shares of a run may write the same one at once, also from
    threads of one process."""
    return path.with_name(f"{path.stem}.{socket.gethostname()}.{os.getpid()}-{threading.get_ident()}.tmp")


def _write_bytes(path: Path, content: bytes) -> None:
    temporary = _aside(path)
    with new_file(temporary) as stream:
        stream.write(content)
    temporary.replace(path)
