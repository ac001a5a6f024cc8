"""Arrays kept from one call to the next: in a hot loop, getting memory from the system costs more than the
arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Bytes, just below the largest block that glibc learns from (32 MiB).
_KEPT = 31 * 2**20


class Workspace:
    """Arrays by name. What is in them does not survive the next request of the same name; not for use by two
    threads."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array of this shape, its values undefined: a part of the one kept under the name, if that is large
        enough."""
        size = 1
        for n in shape:
            size *= n
        kept = self._kept.get(name)
        if kept is None or kept.size < size or kept.dtype != dtype:
            kept = self._kept[name] = np.empty(size, dtype)
        return kept[:size].reshape(shape)


def keep_freed_memory() -> None:
    """Makes the C library keep the memory of arrays that are freed, where that is glibc.

    It hands blocks back to the system at every step of a loop until it has seen a large one freed; then it keeps as
    much as that. Without this hint the temporaries of a batch are zeroed page by page every time, a third of the work
    of a zone integral. Nothing else depends on it.
    """
    np.empty(_KEPT, np.uint8)
