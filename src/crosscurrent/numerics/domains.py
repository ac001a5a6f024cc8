"""Where a zone integral runs: a periodic cell, a bounded region of momentum space (a cutoff), or the whole k plane.

Every domain carries its dimension, its measure (volume in the units of k^dim) and a one-line description that
results quote, because a k.p number means nothing without its cutoff.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.units import InputError

Floats = NDArray[np.float64]


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} must be positive, got {value}", where="cutoff", fix=f"give {name} in 1/angstrom")


@dataclass(frozen=True)
class Cell:
    """A periodic cell spanned by the rows of `vectors` (dim, dim), 1/angstrom."""

    vectors: Floats

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[0])

    @property
    def measure(self) -> float:
        return float(abs(np.linalg.det(self.vectors)))

    @property
    def description(self) -> str:
        return "whole Brillouin zone"


@dataclass(frozen=True)
class Box:
    """|k_i| <= half_widths[i], 1/angstrom; one, two or three dimensions."""

    half_widths: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.half_widths) not in (1, 2, 3):
            raise InputError(f"a box has 1, 2 or 3 half widths, got {len(self.half_widths)}", where="cutoff")
        _positive(**{f"half_widths[{i}]": w for i, w in enumerate(self.half_widths)})

    @property
    def dim(self) -> int:
        return len(self.half_widths)

    @property
    def measure(self) -> float:
        return float(np.prod([2 * w for w in self.half_widths]))

    @property
    def description(self) -> str:
        return "box cutoff, |k_i| <= (" + ", ".join(f"{w:g}" for w in self.half_widths) + ") 1/angstrom"


@dataclass(frozen=True)
class Disk:
    """|k| <= radius in two dimensions, 1/angstrom."""

    radius: float
    dim = 2

    def __post_init__(self) -> None:
        _positive(radius=self.radius)

    @property
    def measure(self) -> float:
        return math.pi * self.radius**2

    @property
    def description(self) -> str:
        return f"disk cutoff, |k| <= {self.radius:g} 1/angstrom"


@dataclass(frozen=True)
class Sphere:
    """|k| <= radius in three dimensions, 1/angstrom."""

    radius: float
    dim = 3

    def __post_init__(self) -> None:
        _positive(radius=self.radius)

    @property
    def measure(self) -> float:
        return 4 / 3 * math.pi * self.radius**3

    @property
    def description(self) -> str:
        return f"spherical cutoff, |k| <= {self.radius:g} 1/angstrom"


@dataclass(frozen=True)
class Cylinder:
    """k_x^2 + k_y^2 <= radius^2, |k_z| <= half_height, 1/angstrom."""

    radius: float
    half_height: float
    dim = 3

    def __post_init__(self) -> None:
        _positive(radius=self.radius, half_height=self.half_height)

    @property
    def measure(self) -> float:
        return 2 * math.pi * self.radius**2 * self.half_height

    @property
    def description(self) -> str:
        return f"cylindrical cutoff, k_par <= {self.radius:g}, |k_z| <= {self.half_height:g} 1/angstrom"


@dataclass(frozen=True)
class Plane:
    """All k in two dimensions, mapped from the unit interval by |k| = scale u/(1 - u).

    For integrands that fall off faster than 1/k^2. Those with an expansion in 1/k stay smooth up to u = 1, and Gauss
    points then converge as fast as on a disk. A part that falls off like 1/k^2 and cancels over the angle does no harm
    to a polar grid, which adds up the angle exactly, but an adaptive rule would refine it for ever. Anything slower has
    no integral: its estimate grows with the number of points. scale: the |k| inside which half the radial points lie,
    1/angstrom, of the size of the structure around k = 0, such as mass/velocity of Dirac electrons. It decides the
    accuracy and not the value.
    """

    scale: float
    dim = 2
    measure = math.inf

    def __post_init__(self) -> None:
        _positive(scale=self.scale)

    @property
    def description(self) -> str:
        return f"whole k plane without a cutoff, |k| = scale u/(1 - u) with scale {self.scale:g} 1/angstrom"


#: Where a model without a lattice ends; the plane is the one that does not.
Cutoff = Box | Disk | Sphere | Cylinder | Plane
Domain = Cell | Cutoff
