"""The lowest eigenvalue of a slab's stiffness over all its wave vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.driven_slab import LayerOperator
from crosscurrent.numerics.slab_modes import ParityBasis

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LowestMode:
    """value: the lowest eigenvalue, in units of the operator. wave_vector: (q_x, q_z), radians a cell, where it is.

    layers: its weight by layer, (Ny,), which sums to one. unstable, total: number of wave vectors with a negative
    eigenvalue, and of all. highest: the largest eigenvalue.
    """

    value: float
    wave_vector: tuple[float, float]
    layers: Floats
    unstable: int
    total: int
    highest: float


def lowest_mode(stiffness: LayerOperator, nz: int) -> LowestMode:
    """stiffness: symmetric, for q_z >= 0; nz: cells along z."""
    nx, top = len(stiffness.coupling), nz // 2
    n, d = stiffness.on_site.shape[:2]
    basis = ParityBasis(n, d) if stiffness.inversion() == 1 else None
    low, where, unstable, high = np.inf, (0, 0), 0, -np.inf
    for qz in range(top + 1):
        for qx in range(nx):
            # D(-q_x, -q_z) = D(q_x, q_z)^*
            if qz in (0, nz - qz) and qx > nx - qx:
                continue
            matrix = stiffness.matrix(qx, qz)
            values = np.linalg.eigvalsh(matrix if basis is None else basis.real(matrix))
            twice = 1 if (qz in (0, nz - qz) and qx in (0, nx - qx)) else 2
            unstable += twice * int(values[0] < 0)
            high = max(high, float(values[-1]))
            if values[0] < low:
                low, where = float(values[0]), (qx, qz)
    vector = np.linalg.eigh(stiffness.matrix(*where))[1][:, 0]
    weight = (np.abs(vector.reshape(n, d)) ** 2).sum(axis=1)
    q_x, q_z = (2 * np.pi * (i if 2 * i <= m else i - m) / m for i, m in zip(where, (nx, nz), strict=True))
    return LowestMode(low, (q_x, q_z), weight, unstable, nx * nz, high)
