"""What a run would refuse at its very start, for `check` to ask beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crosscurrent.jobs.build import Prepared
from crosscurrent.numerics.chunks import Partial, Work


@dataclass(frozen=True)
class FirstStage:
    """The pieces of work that a run begins with. weights: of the pieces, as in `ChunkMap`."""

    work: Work
    chunks: Sequence[Any]
    weights: Sequence[float]


class _ReachedError(Exception):
    """The run would begin to compute now."""

    def __init__(self, stage: FirstStage) -> None:
        self.stage = stage


def first_stage(prepared: Prepared) -> FirstStage | None:
    """How far a run comes without computing: its first pieces. None when it hands out none. Raises InputError."""

    def stop(
        stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        raise _ReachedError(FirstStage(work, chunks, weights or [1.0] * len(chunks)))

    try:
        prepared.compute(stop)
    except _ReachedError as reached:
        return reached.stage
    return None


def check_limits(prepared: Prepared) -> None:
    """Raises InputError for whatever the response refuses before its first piece of work, such as a frequency above the
    gap."""
    # what runs along a path is computed in one go: there is nothing before
    if prepared.job.response not in ("bands", "phonon_dispersion"):
        first_stage(prepared)
