"""How far apart the points of a fixed grid lie, to be compared with the width of what has to be resolved."""

from __future__ import annotations

import math

import numpy as np

from crosscurrent.numerics.domains import Box, Cell, Cylinder, Disk, Domain, Sphere
from crosscurrent.numerics.zone_methods import Method, PolarGrid, UniformMesh


def largest_step(method: Method, domain: Domain) -> float | None:
    """Largest distance of neighbouring points along one axis of the grid, 1/angstrom; None where it is not fixed.

    An axis of one point does not count. Of a polar grid it is the distance along the radius in the middle of a panel,
    where Gauss points are sparsest.
    """
    match method, domain:
        case UniformMesh(), Cell() | Box():
            lengths = (
                np.linalg.norm(domain.vectors, axis=1) if isinstance(domain, Cell) else 2 * np.array(domain.half_widths)
            )
            return max((float(b) / n for b, n in zip(lengths, method.shape, strict=True) if n > 1), default=None)
        case PolarGrid(), Disk() | Sphere() | Cylinder():
            return 0.5 * math.pi * domain.radius / method.radial
        case _:
            return None
