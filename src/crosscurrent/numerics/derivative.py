"""Derivatives of functions that are known by their values only, with a check of convergence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def richardson_derivative(
    function: Callable[[Array], Array], points: Array, step: float
) -> tuple[Array, NDArray[np.float64]]:
    """Gradient by central differences at steps h, h/2 and h/4, extrapolated to order h^6.

    function: (n, dim) -> (n, ...). points: (n, dim). Returns the gradient (n, dim, ...) and, for each point, the
    largest difference (n,) of the two fourth-order values on the way: for a smooth function it is an upper bound of
    the error; where it does not shrink with h the function has a kink, or h is too long.
    """
    dim = points.shape[1]
    gradients, disagreement = [], np.zeros(len(points))
    for axis in range(dim):
        shift = step * np.eye(dim)[axis]
        difference = [
            (function(points + s * shift) - function(points - s * shift)) / (2 * s * step) for s in (1.0, 0.5, 0.25)
        ]
        coarse = (4 * difference[1] - difference[0]) / 3
        fine = (4 * difference[2] - difference[1]) / 3
        gradients.append((16 * fine - coarse) / 15)
        gap = np.abs(fine - coarse).reshape(len(points), -1)
        disagreement = np.maximum(disagreement, gap.max(axis=1, initial=0.0))
    return np.stack(gradients, axis=1), disagreement
