"""The double well as a function of the displacement from its minimum: the same potential without cancellation.

Dynamics around the ordered state then never subtracts the large forces that hold that state, which is what lets single
precision resolve displacements far smaller than u_0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.on_site import OnSite
from crosscurrent.physics.well import Well

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExpandedWell(OnSite):
    """V_on(u_0 + d) - V_on(u_0) as a polynomial in d: S46 to S50 of Bustamante Lopez, Brehm and Juraschek, "Ferron Hall
    effect" (2026), to the last order. Fields are d, (..., 3) angstrom.

    coefficients: of the restoring force along the axis over d, lowest order first, eV/angstrom^2 and on. kappa: across
    it, eV/angstrom^2. axis: unit vector.
    """

    coefficients: tuple[float, ...]
    kappa: float
    axis: tuple[float, float, float]

    @property
    def isotropic_stiffness(self) -> float:
        """kappa, eV/angstrom^2."""
        return self.kappa

    def without(self, stiffness: float) -> ExpandedWell:
        """The potential less stiffness |d|^2/2, eV/angstrom^2, when something else takes care of that."""
        first, *rest = self.coefficients
        return ExpandedWell((first - stiffness, *rest), self.kappa - stiffness, self.axis)

    def force_components(self, ux: Any, uy: Any, uz: Any) -> tuple[Any, Any, Any]:
        """-dV/dd, eV/angstrom, of three arrays; the number 0 for a component that vanishes."""
        parts = (ux, uy, uz)
        terms = [part if n == 1 else n * part for part, n in zip(parts, self.axis, strict=True) if n]
        along = sum(terms[1:], terms[0])
        *rest, slope = self.coefficients
        for coefficient in reversed(rest):
            slope = coefficient + along * slope
        # what the axis has beyond the isotropic -kappa d
        beyond = (slope - self.kappa) * along
        across = [-self.kappa * part if self.kappa else 0.0 for part in parts]
        first, second, third = (
            (rest - beyond if n == 1 else rest - n * beyond) if n else rest
            for rest, n in zip(across, self.axis, strict=True)
        )
        return first, second, third

    def energy(self, u: Any, xp: Any = np) -> Any:
        """V, eV: zero in the ordered state."""
        along = sum(n * u[..., a] for a, n in enumerate(self.axis) if n)
        total: Any = 0.0
        for order, coefficient in reversed(list(enumerate(self.coefficients))):
            total = coefficient / (order + 2) + along * total
        square = u[..., 0] * u[..., 0] + u[..., 1] * u[..., 1] + u[..., 2] * u[..., 2]
        return along * along * (total - self.kappa / 2) + self.kappa / 2 * square

    def hessian(self, u: ArrayLike) -> Floats:
        """Second derivatives, (..., 3, 3) eV/angstrom^2; u: (..., 3) angstrom."""
        axis = np.asarray(self.axis)
        along = np.asarray(u, dtype=float) @ axis
        second = np.asarray(sum((n + 1) * c * along**n for n, c in enumerate(self.coefficients)))
        return np.asarray(self.kappa * np.eye(3) + (second - self.kappa)[..., None, None] * np.outer(axis, axis))


def expanded_well(well: Well) -> ExpandedWell:
    """The well around its minimum u_0."""
    u0 = well.minimum
    found = (well.curvature, well.cubic / 2, well.b4 + 10 * well.c6 * u0**2, 5 * well.c6 * u0, well.c6)
    return ExpandedWell(found if well.c6 else found[:3], well.kappa, well.axis)
