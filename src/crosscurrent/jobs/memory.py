"""How much memory a run takes, measured on its first piece, and how it is made to fit into what there is."""

from __future__ import annotations

import os
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from crosscurrent.jobs import langevin, lattice, protocols, schema
from crosscurrent.jobs.build import Prepared, prepare
from crosscurrent.jobs.calls import QUESTIONS
from crosscurrent.jobs.limits import FirstStage, first_stage
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.polar_lattice import PolarLattice
from crosscurrent.numerics.chunks import Partial, serial
from crosscurrent.responses.eigenframe import points_per_batch
from crosscurrent.responses.phonon_spin_work import Column
from crosscurrent.units import InputError

#: An interpreter with the libraries, where the system does not tell what this one has.
_INTERPRETER = 180e6
#: What allocators keep besides what is in use.
_SLACK = 1.1
#: Copies of results of single points: the pieces, all of them together, and the dataset.
_KEPT = 3
#: Points of a path that is computed in one go.
_FEW_POINTS = 9
#: Points of the smallest rule for a cell of an adaptive sum.
_RULE = 17

_UNITS = {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30}


@dataclass(frozen=True)
class Memory:
    """Bytes. process: of one that does pieces. parent: of the one that hands them out to others and sums."""

    process: float
    parent: float

    def total(self, workers: int) -> float:
        """Of a run; a single worker is the process itself."""
        return self.process if workers == 1 else workers * self.process + self.parent

    def workers(self, most: int, budget: float) -> int:
        """How many workers fit, 0 when not even one does."""
        return next((n for n in range(most, 0, -1) if self.total(n) <= budget), 0)


@dataclass(frozen=True)
class Fitted:
    """A job that fits. workers: how many may work at once. words: on what was changed, empty when nothing was."""

    job: schema.Job
    workers: int
    words: str = ""


def parse_memory(text: str) -> float:
    """Bytes of "4GB", "500 MB" or "2GiB". Raises InputError."""
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([A-Za-z]+)\s*", text)
    if match is None or match[2].upper() not in _UNITS or float(match[1]) <= 0:
        raise InputError(f"'{text}' is no size of memory", where="memory", fix="write 4GB, 500MB or 2GiB")
    return float(match[1]) * _UNITS[match[2].upper()]


def fit(job: schema.Job, budget: float, workers: int = 1) -> Fitted:
    """The job with as many of the workers as the budget (bytes) holds, and trajectories in smaller batches if need be.

    Raises InputError when one worker with its smallest piece does not fit.
    """
    prepared = prepare(job)
    need = memory_of(prepared)
    found = need.workers(workers, budget)
    if found == workers:
        return Fitted(job, workers)
    if found:
        return Fitted(job, found, f"{found} of {workers} workers, to stay within {budget / 1e9:.3g} GB")
    if job.ferron_hall_langevin is not None:
        table = job.ferron_hall_langevin
        for batch in (n for n in range(table.batch - 1, 0, -1) if table.realizations % n == 0):
            smaller = msgspec.structs.replace(job, ferron_hall_langevin=msgspec.structs.replace(table, batch=batch))
            need = memory_of(prepare(smaller))
            if found := need.workers(workers, budget):
                words = f"batch = {batch} and {found} of {workers} workers, to stay within {budget / 1e9:.3g} GB"
                return Fitted(smaller, found, words)
    raise InputError(
        f"one process takes {need.process / 1e9:.3g} GB at least, and {budget / 1e9:.3g} GB are given",
        where="memory",
        fix=_remedy(prepared),
    )


def _remedy(prepared: Prepared) -> str:
    if prepared.job.ferron_hall is not None:
        return 'give more, take precision = "single", or a smaller grid'
    if isinstance(prepared.model, LocalMode | PolarLattice):
        return "give more, or take a smaller grid"
    return "give more"


def memory_of(prepared: Prepared) -> Memory:
    """What a run takes: known for lattices, else measured on a first small piece.

    Raises InputError for what the run would refuse at its start.
    """
    start = _resident()
    known = _of_lattice(prepared)
    if known is not None:
        return Memory(start + known, start + known / 4)
    if not QUESTIONS[prepared.job.response].chunks:
        return _in_one_go(prepared, start)
    peak, (stage, piece, partial) = _traced(lambda: _first_piece(prepared))
    kept = 0.0
    if partial is not None:
        size = sum(float(np.asarray(value).nbytes) for value in partial.values())
        points = len(piece) if isinstance(piece, np.ndarray) else 0
        each_point = points and all(np.shape(value)[:1] == (points,) for value in partial.values())
        kept = _KEPT * size / points * sum(map(len, stage.chunks)) if each_point else _KEPT * size
    return Memory(_SLACK * (start + peak + kept), _SLACK * (start + peak / 4 + kept))


def _of_lattice(prepared: Prepared) -> float | None:
    """Bytes beside the interpreter, of questions to lattices that come in pieces."""
    response = prepared.job.response
    if isinstance(prepared.model, LocalMode) and response in ("ferron_hall", "ferron_coefficients"):
        first_stage(prepared)
        return lattice.memory(prepared.arguments)
    if response == "ferron_hall_langevin":
        return langevin.memory(prepared.arguments)
    if isinstance(prepared.model, PolarLattice) and QUESTIONS[response].chunks:
        stage = first_stage(prepared)
        return 0.0 if stage is None else protocols.memory(stage.work, stage.chunks)
    return None


def _first_piece(prepared: Prepared) -> tuple[Any, Any, Partial | None]:
    """(stage, piece, what it leaves); Nones when there are no pieces."""
    stage = first_stage(prepared)
    if stage is None or not len(stage.chunks):
        return stage, None, None
    piece = _smallest(prepared, stage)
    return stage, piece, stage.work(piece)


def _smallest(prepared: Prepared, stage: FirstStage) -> Any:
    """A part of the first chunk that fills one batch."""
    chunk = stage.chunks[0]
    if isinstance(chunk, list | tuple) and chunk and isinstance(chunk[0], Column):
        return [replace(chunk[0], temperatures=chunk[0].temperatures[:1])]
    states = int(getattr(prepared.model, "n_states", 1))
    integrand: Any = getattr(stage.work, "integrand", None)
    batch = integrand.points_per_batch if integrand is not None else points_per_batch(states, 1)
    if isinstance(chunk, range):
        plan: Any = getattr(stage.work, "plan", None)
        items = max(part.stop for part in stage.chunks)
        each = max(1, plan.n_points // items) if plan is not None else 1
        return chunk[: max(1, batch // each)]
    if isinstance(chunk, np.ndarray):
        return chunk[: max(1, batch // _RULE) if chunk.ndim == 3 else batch]
    return chunk[:1] if isinstance(chunk, list) else chunk


def _in_one_go(prepared: Prepared, start: float) -> Memory:
    """Of a question without pieces: of a few points of its path, and the whole result."""
    job = prepared.job
    table: Any = QUESTIONS[job.response].table_of(job)
    points = getattr(table, "points", None)
    share = 1.0
    if points is not None and points > _FEW_POINTS:
        share = points / _FEW_POINTS
        few = msgspec.structs.replace(table, points=_FEW_POINTS)
        prepared = prepare(msgspec.structs.replace(job, **{job.response: few}))
    peak, result = _traced(lambda: prepared.compute(serial))
    whole = _SLACK * (start + peak + _KEPT * share * float(result.nbytes))
    return Memory(whole, 0.0)


def _traced(work: Callable[[], Any]) -> tuple[float, Any]:
    """(bytes that it takes at most, what it gives)."""
    nested = tracemalloc.is_tracing()
    if not nested:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = work()
        return float(tracemalloc.get_traced_memory()[1] - before), result
    finally:
        if not nested:
            tracemalloc.stop()


def _resident() -> float:
    """Bytes that this process has now."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return _INTERPRETER
