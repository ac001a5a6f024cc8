"""Shapes of response tensors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.bloch import PAIRS


def antisymmetric(pairs: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """(n_sub, n_mu, P, ...) for the pairs (i, j) of PAIRS to the full tensor (n_sub, n_mu, dim, dim, ...)."""
    full = np.zeros((*pairs.shape[:2], dim, dim, *pairs.shape[3:]))
    for p, (i, j) in enumerate(PAIRS[dim]):
        full[:, :, i, j] = pairs[:, :, p]
        full[:, :, j, i] = -pairs[:, :, p]
    return full
