"""Sums over the steps of a trajectory, from which a block's averages are made."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass
class Sums:
    """u at every step, products at the steps that `every` divides, both summed over z; over steps in double precision.

    every: steps from one product to the next, counted from step 0 of the trajectory, so that it does not matter how the
    trajectory is cut. products: pairs of the letters u, v, f: "vv" is v v^T, "uf" is u f^T with the whole force f. All
    are taken at the end of a step: u and f there, v after the half kick that opens the next one, where its distribution
    is exact.
    """

    every: int = 10
    products: tuple[str, ...] = ("vv", "uv", "uu")
    steps: int = 0
    samples: int = 0
    layers: int = 0
    totals: dict[str, Floats] = field(default_factory=dict)

    def prepare(self, fields: tuple[int, ...]) -> None:
        """Make room for fields (R, C, 3, Nz, Nx, Ny), if there is none yet."""
        if self.totals:
            return
        first, (nz, nx, ny) = fields[:2], fields[-3:]
        self.layers = nz
        self.totals["u"] = np.zeros((*first, 3, nx, ny))
        for name in self.products:
            self.totals[name] = np.zeros((*first, 3, 3, nx, ny))

    def sampled(self, step: int) -> bool:
        """Whether products are taken at this step."""
        return bool(self.products) and step % self.every == 0

    def add(self, at: tuple[int, ...], u: Any, v: Any, f: Any, sampled: bool) -> None:
        """Some planes of one step: u, v, f are three components (planes, Nx, Ny) each of the field `at` of (R, C)."""
        total = self.totals["u"][at]
        for a in range(3):
            total[a] += u[a].sum(axis=0)
        if sampled:
            for name, more in product_sums({"u": u, "v": v, "f": f}, self.products, np).items():
                self.totals[name][at] += more

    def counted(self, first: int, last: int) -> None:
        """The steps first + 1 to last have been added."""
        self.steps += last - first
        self.samples += last // self.every - first // self.every if self.products else 0

    def mean(self, name: str) -> Floats:
        """Mean over the steps and over z: of "u" (R, C, Nx, Ny, 3), of a product (R, C, Nx, Ny, 3, 3)."""
        total = self.totals[name]
        if name == "u":
            return np.ascontiguousarray(np.moveaxis(total, 2, -1)) / (self.steps * self.layers)
        return np.ascontiguousarray(np.moveaxis(total, (2, 3), (-2, -1))) / (self.samples * self.layers)

    def reset(self) -> None:
        """Begin a new block."""
        self.steps = self.samples = 0
        for total in self.totals.values():
            total[...] = 0.0


def product_sums(fields: dict[str, Any], products: tuple[str, ...], xp: Any) -> dict[str, Any]:
    """Sums over z of the products of components, (..., 3, 3, Nx, Ny) each; fields: three components (..., Nz, Nx,
    Ny)."""
    out = {}
    for name in products:
        left, right = fields[name[0]], fields[name[1]]
        rows: dict[tuple[int, int], Any] = {}
        for a, b in itertools.product(range(3), repeat=2):
            if name[0] == name[1] and b < a:
                rows[a, b] = rows[b, a]
            else:
                rows[a, b] = (left[a] * right[b]).sum(axis=-3)
        out[name] = xp.stack([xp.stack([rows[a, b] for b in range(3)], axis=-3) for a in range(3)], axis=-4)
    return out
