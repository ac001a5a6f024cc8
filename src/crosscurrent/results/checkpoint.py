"""Where a trajectory stands, on disk: written whole or not at all, and known by the job and version it belongs to.

A checkpoint is a .npz file without pickled objects. The new one lies complete on the disk before it takes the place of
the old, so that a kill, a crash or a full disk loses what came after the old one and nothing else.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.disk import new_file, read_arrays, write_arrays
from crosscurrent.results.schema import package_version
from crosscurrent.units import InputError

Arrays = Mapping[str, NDArray[Any]]

FORMAT = "crosscurrent-trajectory/1"
_MARKS = ("__format__", "__version__", "__fingerprint__")


@dataclass
class Checkpoint:
    """A file that a long run writes now and then. None for `path`: nothing is kept.

    fingerprint: of all that the numbers depend on. interval: seconds between two writings, so that short blocks do not
    spend their time on the disk; the first is written at once, which shows early whether it can be. What is written,
    and when, changes no number.
    """

    path: Path | None
    fingerprint: str
    interval: float = 20.0
    _last: float = field(default=-math.inf, repr=False)

    def keep(self, arrays: Arrays, *, at_once: bool = False) -> None:
        """Write, when it is time. Raises InputError when the disk is full or cannot be written."""
        if self.path is None or not (at_once or time.monotonic() - self._last >= self.interval):
            return
        write_checkpoint(self.path, arrays, self.fingerprint)
        self._last = time.monotonic()

    def found(self) -> dict[str, NDArray[Any]] | None:
        """What was kept, None when there is nothing. Raises InputError for what another job or version has left."""
        return None if self.path is None else read_checkpoint(self.path, self.fingerprint)


def write_checkpoint(path: Path, arrays: Arrays, fingerprint: str) -> None:
    """Put a checkpoint in the place of the old one in a single step. Raises InputError when it cannot be written; the
    old one is then as it was."""
    marks = dict(zip(_MARKS, map(np.array, (FORMAT, package_version(), fingerprint)), strict=True))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with new_file(temporary) as stream:
            write_arrays(stream, {**marks, **{f"_{name}": value for name, value in arrays.items()}})
            stream.flush()
            # the content has to be on the disk before the name points to it
            os.fsync(stream.fileno())
        temporary.replace(path)
        _settle(path.parent)
    except OSError as error:
        raise InputError(
            f"cannot write the state of the run ({error.strerror or error}); what was kept before is untouched",
            where=str(path),
            fix="make room and run the same again: it goes on from the last state kept",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_checkpoint(path: Path, fingerprint: str | None = None) -> dict[str, NDArray[Any]] | None:
    """The arrays of a checkpoint, None when there is no file. fingerprint: that it has to have; None takes any job.

    Raises InputError for a checkpoint of another job or version, and for a file that is none.
    """
    if not path.exists():
        return None
    try:
        arrays = read_arrays(path, listed=True)
        marks = {name: str(arrays.pop(name)) for name in _MARKS}
    except (InputError, KeyError) as error:
        raise InputError(
            "this is not the state of a run, or it is damaged", where=str(path), fix="remove it to start anew"
        ) from error
    _check(path, marks, fingerprint)
    return {name.removeprefix("_"): value for name, value in arrays.items()}


def _check(path: Path, marks: Mapping[str, str], fingerprint: str | None) -> None:
    form, version, found = (marks[name] for name in _MARKS)
    here = package_version()
    if form != FORMAT or (fingerprint is not None and version != here):
        raise InputError(
            f"this state was written by version {version} of crosscurrent ({form}), and this is {here}",
            where=str(path),
            fix="go on with that version, or remove the file to start anew",
        )
    if fingerprint is not None and found != fingerprint:
        raise InputError(
            "this state belongs to another job: its lattice, its settings or its seed differ",
            where=str(path),
            fix="give another place for it, or remove the file to start anew",
        )


def _settle(folder: Path) -> None:
    """Make the new name survive a crash of the machine, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
