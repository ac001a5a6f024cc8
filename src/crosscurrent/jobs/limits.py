"""What a run would refuse at its very start, for `check` to ask beforehand: frequencies that reach the gap, and for
metals whatever the response refuses before its first piece of work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crosscurrent.jobs.build import Prepared
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.responses import gaps
from crosscurrent.responses.spin_generation import checked_frequencies, occupation, require_below_gap


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
    """Raises InputError for a frequency at or above the direct gap; for metals and lattices, as the response would."""
    given = prepared.arguments
    if prepared.model is None or isinstance(prepared.model, ParaelectricMetal | LocalMode):
        first_stage(prepared)
        return
    asks = prepared.job.response in ("spin_generation", "spin_generation_map") and given.get("omega") is not None
    if not asks or given.get("band") is not None:
        return
    model, filling, temperature = prepared.model, given.get("filling"), given.get("temperature", 0.0)
    if filling is None:
        levels = gaps.chemical_potentials(given["mu"])
    else:
        levels = gaps.checked_filling(model, None, filling, temperature)
    seen = occupation(model, np.sort(levels), temperature, filling)
    require_below_gap(seen, checked_frequencies(given["omega"]), given.get("eta", 0.0), temperature)
