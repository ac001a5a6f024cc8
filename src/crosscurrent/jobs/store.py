"""Finished pieces on disk, so that an interrupted run goes on where it stopped and gives the same bits.

OUT.nc.parts/
  owner.json              run key of the job whose pieces these are
  lock                    the process that writes here now
  <stage>/<index>.npz     one finished piece, written whole or not at all, with a key of its own inside
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import socket
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from crosscurrent.numerics.chunks import ChunkMap, Partial, Work
from crosscurrent.units import InputError

_KEY = "__key__"
_PREFIX = "_"  # keeps array names apart from the key and from the arguments of numpy.savez


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

    def __enter__(self) -> Store:
        try:
            self.folder.mkdir(exist_ok=True)
            _lock(self.folder / "lock", self.folder)
        except OSError as error:
            raise InputError(
                f"cannot keep unfinished work here ({error.strerror})",
                where=str(self.folder),
                fix="choose an output in a folder that exists and that you may write to",
            ) from error
        try:
            self._own()
        except BaseException:
            (self.folder / "lock").unlink(missing_ok=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self.folder / "lock").unlink(missing_ok=True)
        if self.folder.is_dir() and {p.name for p in self.folder.iterdir()} <= {"owner.json"}:
            self.discard()  # nothing was finished: leave no trace

    def _own(self) -> None:
        owner = self.folder / "owner.json"
        if owner.exists():
            try:
                found = json.loads(owner.read_text()).get("run_key")
            except (ValueError, AttributeError):
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
        """Remove the folder, once the result is safe."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, stage: str, index: int) -> Path:
        safe = "".join(c if c.isalnum() or c in "-_#" else "_" for c in stage)
        return self.folder / safe / f"{index:06d}.npz"

    def piece_key(self, stage: str, index: int, chunk: Any) -> str:
        text = f"{self.key}\n{stage}\n{index}\n{digest(chunk)}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def write(self, path: Path, key: str, partial: Partial) -> None:
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_suffix(".tmp")
        arrays: dict[str, Any] = {_PREFIX + name: value for name, value in partial.items()}
        with temporary.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **{_KEY: np.array(key)}, **arrays)
        temporary.replace(path)

    def read(self, path: Path, key: str) -> Partial | None:
        """The piece, or None when it is not there, damaged, or of something else."""
        try:
            # opened here, because numpy leaves a damaged file open
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                if str(archive[_KEY]) != key:
                    return None
                return {n.removeprefix(_PREFIX): archive[n] for n in archive.files if n != _KEY}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


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
        self._uses[stage] += 1
        # the stages of a job come in a fixed order, so a count makes a repeated name unique and the same next time
        name = stage if self._uses[stage] == 1 else f"{stage}#{self._uses[stage]}"
        cost = [1.0] * len(chunks) if weights is None else list(weights)
        found = self._found(name, len(chunks))
        missing = [i for i in range(len(chunks)) if i not in found]
        self.progress.begin(stage, sum(cost), sum(cost[i] for i in found))
        fresh = self.inner(stage, work, [chunks[i] for i in missing], [cost[i] for i in missing])
        for i, chunk in enumerate(chunks):
            partial = self._recall(name, i, chunk) if i in found else next(iter(fresh))
            if partial is None:  # on disk, but damaged
                (partial,) = self.inner(stage, work, [chunk], [cost[i]])
                self._keep(name, i, chunk, partial)
            elif i not in found:
                self._keep(name, i, chunk, partial)
                self.progress.advance(stage, cost[i])
            yield partial
        self.progress.end(stage)

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


def digest(value: Any) -> str:
    """A text that is equal only for equal chunks, in any process: numbers, texts, arrays, containers, dataclasses.

    Raises TypeError for anything else, whose text could differ from run to run or leave out a part.
    """
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str}{value.shape}{hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return f"{type(value).__qualname__}({digest(fields)})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{digest(k)}:{digest(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}[" + ",".join(digest(v) for v in value) + "]"
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, range, slice, np.generic)):
        return repr(value)
    raise TypeError(f"a chunk cannot hold a {type(value).__name__}: it has no reproducible text")


# ------------------------------------------------------------------------------------------------ the lock
def _lock(path: Path, folder: Path) -> None:
    """Create the lock file, or take over that of a process that is gone. Raises InputError when it is alive."""
    mine = {"pid": os.getpid(), "host": socket.gethostname(), "started": _start_time(os.getpid())}
    prepared = path.with_name(f"lock.{os.getpid()}")
    prepared.write_text(json.dumps(mine))
    try:
        for _ in range(3):
            try:
                # a link appears with its content or not at all, so that an unreadable lock is never one being written
                path.hardlink_to(prepared)
                return
            except FileExistsError:
                text = _text(path)
                if _holder_is_alive(text):
                    break
                _remove_stale(path, text)
    finally:
        prepared.unlink(missing_ok=True)
    raise InputError(
        "another run is writing this output now",
        where=str(folder),
        fix=f"wait for it, or, if you are sure that none is running, remove {path}",
    )


def _remove_stale(path: Path, judged: str) -> None:
    """Remove the lock that was judged stale, and not one that a third run has put there since."""
    aside = path.with_name(f"lock.stale.{os.getpid()}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    if _text(aside) != judged:
        aside.rename(path)
    else:
        aside.unlink()


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _holder_is_alive(text: str) -> bool:
    try:
        holder = json.loads(text)
        pid, host, started = int(holder["pid"]), holder["host"], holder["started"]
    except (ValueError, KeyError, TypeError):
        return False
    if host != socket.gethostname() or os.name == "nt":  # no way to ask from here
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # the number may have been given to another process since
    return bool(started == _start_time(pid))


def _start_time(pid: int) -> str:
    """When the process started, in ticks since boot, where the system tells; else ''."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def _write_bytes(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
