"""How work is handed out: a stage of pure pieces, mapped in order.

A method that sums many pieces asks for a `ChunkMap` and never knows whether the pieces run here, in processes,
on a cluster, or were found on disk from an interrupted run. The order of the results is the order of the chunks,
so a sum over them gives the same bits for any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: What one chunk leaves behind: named arrays.
Partial = Mapping[str, NDArray[Any]]
#: A picklable pure function (chunk) -> Partial. An attribute `independent = True` says that it holds nothing that comes
#: from the results of earlier stages, so that its pieces can be done before those are complete.
Work = Callable[[Any], dict[str, NDArray[Any]]]

#: Pieces that a list of points is cut into.
_PIECES = 64


class ChunkMap(Protocol):
    """Maps `work` over `chunks` and yields the partial results in the order of the chunks.

    stage: a short name, unique within one run, under which an implementation may keep finished pieces.
    weights: relative cost of each chunk (for progress), same length as chunks; equal when None.
    """

    def __call__(
        self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]: ...


def serial(stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None) -> Iterator[Partial]:
    """The simplest ChunkMap: one after the other, in this process, nothing kept."""
    for chunk in chunks:
        yield {name: np.asarray(value) for name, value in work(chunk).items()}


def joined(pieces: Iterable[Partial]) -> dict[str, NDArray[Any]]:
    """Partial results with an axis of items in front, one after the other. pieces: one at least."""
    held = list(pieces)
    return {name: np.concatenate([piece[name] for piece in held]) for name in held[0]}


def at_points(run: ChunkMap, work: Work, points: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """What a work gives at each of the points, (n, dim), handed out in _PIECES pieces."""
    size = max(1, -(-len(points) // _PIECES))
    return joined(run("points", work, [points[start : start + size] for start in range(0, len(points), size)]))
