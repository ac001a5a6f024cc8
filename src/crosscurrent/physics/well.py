"""The on-site double well of a polar mode, and its expansion around the ordered state.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026): Eq. (3) and S4, S5, S46 to S50.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Well:
    """V_on = a2 u_par^2/2 + b4 u_par^4/4 + c6 u_par^6/6 + kappa |u_perp|^2/2.

    a2, kappa: eV/angstrom^2. b4: eV/angstrom^4. c6: eV/angstrom^6. axis: unit vector of the polarization, (3,).
    """

    a2: float
    b4: float
    c6: float
    kappa: float
    axis: tuple[float, float, float] = (1.0, 0.0, 0.0)

    def energy(self, u: ArrayLike) -> Floats:
        """V_on of each cell, eV, S4. u: (..., 3) angstrom."""
        field = np.asarray(u, dtype=float)
        along = field @ np.asarray(self.axis)
        across = (field**2).sum(axis=-1) - along**2
        square = along**2
        longitudinal = square * (self.a2 / 2 + square * (self.b4 / 4 + square * self.c6 / 6))
        return np.asarray(longitudinal + self.kappa / 2 * across)

    def force(self, u: ArrayLike) -> Floats:
        """-dV_on/du, (..., 3) eV/angstrom, S5."""
        field, axis = np.asarray(u, dtype=float), np.asarray(self.axis)
        along = field @ axis
        square = along**2
        slope = self.a2 + square * (self.b4 + square * self.c6) - self.kappa
        return np.asarray(-(slope * along)[..., None] * axis - self.kappa * field)

    @property
    def minimum(self) -> float:
        """u_0 > 0, angstrom, S47; 0 for a well with its minimum at the centre."""
        if self.a2 >= 0:
            return 0.0
        if self.c6 == 0:
            return math.sqrt(-self.a2 / self.b4)
        root = math.sqrt(self.b4**2 - 4 * self.a2 * self.c6)
        # the form without cancellation for small c6
        return math.sqrt(-2 * self.a2 / (self.b4 + root))

    @property
    def barrier(self) -> float:
        """V(0) - V(u_0), eV."""
        return -float(self.energy(self.minimum * np.asarray(self.axis)))

    @property
    def curvature(self) -> float:
        """k_par = V'' at the minimum, eV/angstrom^2, S49."""
        square = self.minimum**2
        return self.a2 + square * (3 * self.b4 + square * 5 * self.c6)

    @property
    def cubic(self) -> float:
        """a_par = V''' at the minimum, eV/angstrom^3, S50."""
        return self.minimum * (6 * self.b4 + 20 * self.c6 * self.minimum**2)

    @property
    def quartic(self) -> float:
        """V'''' at the minimum, eV/angstrom^4."""
        return 6 * self.b4 + 60 * self.c6 * self.minimum**2

    def averaged(self, order: int, shift: ArrayLike, variance: ArrayLike) -> Floats:
        """<d^n V/du_par^n> of a Gaussian around u_0 + shift, eV/angstrom^n; n is the order, 1 or more.

        shift: angstrom. variance: angstrom^2, of the same shape. It is sum_j (variance/2)^j/j! V^(n + 2j)(u_0 + shift),
        exact for a polynomial. n = 2 is the stiffness of self-consistent harmonic theory.
        """
        potential = Polynomial([0.0, 0.0, self.a2 / 2, 0.0, self.b4 / 4, 0.0, self.c6 / 6]).deriv(order)
        place, half = self.minimum + np.asarray(shift, dtype=float), np.asarray(variance, dtype=float) / 2
        terms = [
            potential.deriv(2 * j)(place) * half**j / math.factorial(j) for j in range(potential.degree() // 2 + 1)
        ]
        return np.asarray(sum(terms))

    @property
    def stiffness(self) -> Floats:
        """Second derivatives at the minimum, (3, 3) eV/angstrom^2."""
        along = np.outer(self.axis, self.axis)
        return self.curvature * along + self.kappa * (np.eye(3) - along)

    @property
    def ordered(self) -> Floats:
        """The minimum as a vector, (3,) angstrom."""
        return self.minimum * np.asarray(self.axis)


def quartic_well(
    barrier: float, minimum: float, kappa: float, axis: tuple[float, float, float] = (1.0, 0.0, 0.0)
) -> Well:
    """The quartic well of a given barrier (eV) and minimum (angstrom): a2 = -4 E_b/u_0^2, b4 = 4 E_b/u_0^4."""
    return Well(-4 * barrier / minimum**2, 4 * barrier / minimum**4, 0.0, kappa, axis)
