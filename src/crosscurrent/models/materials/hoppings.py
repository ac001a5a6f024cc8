"""From bonds to blocks: each hopping is written once, its Hermitian partner follows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import Complexes

#: Lattice vector R, two or three integers, and H(R).
Hopping = tuple[tuple[int, ...], Complexes]


def hermitian_blocks(onsite: Complexes, hoppings: Iterable[Hopping]) -> tuple[NDArray[np.int64], Complexes]:
    """Vectors (nR, 3) and blocks (nR, n, n) from the on-site matrix and H(R), each given once; adds H(-R).

    Hoppings of the same R add up.
    """
    home = np.array(onsite, dtype=complex)
    blocks: dict[tuple[int, ...], Complexes] = {(0, 0, 0): home}
    for r, block in hoppings:
        full = (*r, 0, 0)[:3]
        for vector, value in ((full, block), (tuple(-x for x in full), block.conj().T)):
            blocks[vector] = blocks.get(vector, np.zeros_like(home)) + value
    return np.array(list(blocks), dtype=np.int64), np.array(list(blocks.values()))
