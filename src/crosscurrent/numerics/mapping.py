"""From the unit cube to a domain of momentum space, with the Jacobian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.domains import Box, Cell, Cylinder, Disk, Domain, Sphere

Floats = NDArray[np.float64]


def to_k(domain: Domain, u: Floats) -> tuple[Floats, Floats]:
    """u: (nk, dim) in [0, 1]. Returns Cartesian k (nk, dim) and |dk/du| (nk,).

    Coordinates: cell and box, along their edges; disk, (radius, angle); sphere, (radius, azimuth, cos theta);
    cylinder, (radius, azimuth, k_z).
    """
    match domain:
        case Cell():
            return u @ domain.vectors, np.full(len(u), domain.measure)
        case Box():
            widths = np.asarray(domain.half_widths)
            return (2 * u - 1) * widths, np.full(len(u), domain.measure)
        case Disk():
            plane, radius = _plane(domain.radius, u)
            return plane, 2 * np.pi * domain.radius * radius
        case Cylinder():
            plane, radius = _plane(domain.radius, u)
            height = (2 * u[:, 2] - 1) * domain.half_height
            jacobian = 2 * np.pi * domain.radius * radius * 2 * domain.half_height
            return np.column_stack([plane, height]), jacobian
        case Sphere():
            radius, phi, cos = domain.radius * u[:, 0], 2 * np.pi * u[:, 1], 2 * u[:, 2] - 1
            across = radius * np.sqrt(1 - cos**2)
            k = np.column_stack([across * np.cos(phi), across * np.sin(phi), radius * cos])
            return k, 4 * np.pi * domain.radius * radius**2


def _plane(largest: float, u: Floats) -> tuple[Floats, Floats]:
    radius, phi = largest * u[:, 0], 2 * np.pi * u[:, 1]
    return np.column_stack([radius * np.cos(phi), radius * np.sin(phi)]), radius
