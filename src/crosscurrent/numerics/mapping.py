"""From the unit cube to a domain of momentum space, with the Jacobian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.domains import Box, Cell, Cylinder, Disk, Domain, Plane, Sphere

Floats = NDArray[np.float64]


def to_k(domain: Domain, u: Floats) -> tuple[Floats, Floats]:
    """u: (nk, dim) in [0, 1]. Returns Cartesian k (nk, dim) and |dk/du| (nk,).

    Coordinates: cell and box, along their edges; disk and plane, (radius, angle); sphere, (radius, azimuth, cos
    theta); cylinder, (radius, azimuth, k_z). On a plane u[:, 0] = 1 is infinity and must not be asked for.
    """
    match domain:
        case Cell():
            return u @ domain.vectors, np.full(len(u), domain.measure)
        case Box():
            widths = np.asarray(domain.half_widths)
            return (2 * u - 1) * widths, np.full(len(u), domain.measure)
        case Disk():
            plane, radius = _polar(domain.radius * u[:, 0], u[:, 1])
            return plane, 2 * np.pi * domain.radius * radius
        case Plane():
            rest = 1 - u[:, 0]
            plane, radius = _polar(domain.scale * u[:, 0] / rest, u[:, 1])
            return plane, 2 * np.pi * radius * domain.scale / rest**2
        case Cylinder():
            plane, radius = _polar(domain.radius * u[:, 0], u[:, 1])
            height = (2 * u[:, 2] - 1) * domain.half_height
            jacobian = 2 * np.pi * domain.radius * radius * 2 * domain.half_height
            return np.column_stack([plane, height]), jacobian
        case Sphere():
            radius, phi, cos = domain.radius * u[:, 0], 2 * np.pi * u[:, 1], 2 * u[:, 2] - 1
            across = radius * np.sqrt(1 - cos**2)
            k = np.column_stack([across * np.cos(phi), across * np.sin(phi), radius * cos])
            return k, 4 * np.pi * domain.radius * radius**2


def _polar(radius: Floats, turn: Floats) -> tuple[Floats, Floats]:
    """Points (nk, 2) at a radius and an angle in units of a full turn, with the radius."""
    phi = 2 * np.pi * turn
    return np.column_stack([radius * np.cos(phi), radius * np.sin(phi)]), radius
