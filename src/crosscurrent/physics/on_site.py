"""On-site potentials of local modes as the dynamics needs them: energy, force and second derivatives of one cell.

Three kinds; a fourth, the well about its minimum, is in `expanded_well`. `WellOnSite`: the double well along an axis of
`well`, Eq. (3) of Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026). `AnisotropicOnSite`: the cubic
polynomial of effective Hamiltonians, to fourth order as in Sec. II of Zhong, Vanderbilt and Rabe, Phys. Rev. B 52, 6301
(1995), and to eighth as in Nishimatsu et al., Phys. Rev. B 82, 134106 (2010). `LinearOnSite`: any of them to first
order about a state. Fields are arrays of numpy or jax.numpy; the formulas use arithmetic only, so they are written
once.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from crosscurrent.physics.well import Well

Floats = NDArray[np.float64]
Components = tuple[Any, Any, Any]


class OnSite(ABC):
    """What the dynamics asks of an on-site potential."""

    @property
    @abstractmethod
    def isotropic_stiffness(self) -> float:
        """eV/angstrom^2: the k of a part k u^2/2 that may as well be among the couplings."""

    @abstractmethod
    def without(self, stiffness: float) -> OnSite:
        """The potential less stiffness u^2/2, eV/angstrom^2, when something else takes care of that."""

    @abstractmethod
    def energy(self, u: Any, xp: Any = np) -> Any:
        """V of each cell, (...) eV. u: (..., 3) angstrom, of numpy or jax.numpy (xp)."""

    @abstractmethod
    def force_components(self, ux: Any, uy: Any, uz: Any) -> Components:
        """-dV/du, eV/angstrom, of three arrays of one shape, numpy or jax, in their precision; a component that
        vanishes everywhere may come as the number 0.0."""

    @abstractmethod
    def hessian(self, u: ArrayLike) -> Floats:
        """Second derivatives, (..., 3, 3) eV/angstrom^2 in double precision; u: (..., 3) angstrom."""

    def force(self, u: Any, xp: Any = np) -> Any:
        """-dV/du, (..., 3) eV/angstrom. u: (..., 3) angstrom, of numpy or jax.numpy (xp)."""
        parts = self.force_components(*_components(u))
        return xp.stack([xp.zeros_like(u[..., 0]) + part for part in parts], axis=-1)


@dataclass(frozen=True)
class WellOnSite(OnSite):
    """A2 u_par^2/2 + B4 u_par^4/4 + C6 u_par^6/6 + kappa |u_perp|^2/2: the well of a record."""

    well: Well

    @property
    def isotropic_stiffness(self) -> float:
        """kappa, eV/angstrom^2."""
        return self.well.kappa

    def without(self, stiffness: float) -> WellOnSite:
        """The well less stiffness u^2/2, eV/angstrom^2."""
        well = self.well
        return WellOnSite(replace(well, a2=well.a2 - stiffness, kappa=well.kappa - stiffness))

    def energy(self, u: Any, xp: Any = np) -> Any:
        """V_on of each cell, eV. u: (..., 3) angstrom."""
        well, (x, y, z) = self.well, _components(u)
        along = self._along(x, y, z)
        square = along * along
        longitudinal = square * (well.a2 / 2 + square * (well.b4 / 4 + square * (well.c6 / 6)))
        return longitudinal + (well.kappa / 2) * (x * x + y * y + z * z - square)

    def force_components(self, ux: Any, uy: Any, uz: Any) -> Components:
        """-dV_on/du, eV/angstrom, S5, of three arrays."""
        well, (x, y, z) = self.well, (ux, uy, uz)
        along = self._along(x, y, z)
        square = along * along
        quartic = well.b4 + well.c6 * square if well.c6 else well.b4
        # what the axis has beyond the isotropic -kappa u
        slope = (square * quartic + (well.a2 - well.kappa)) * along
        first, second, third = (
            _sum([-well.kappa * part] if well.kappa else [], [-axis * slope] if axis else [])
            for part, axis in zip((x, y, z), well.axis, strict=True)
        )
        return first, second, third

    def hessian(self, u: ArrayLike) -> Floats:
        """Second derivatives, (..., 3, 3) eV/angstrom^2; u: (..., 3) angstrom."""
        well, axis = self.well, np.asarray(self.well.axis)
        square = (np.asarray(u, dtype=float) @ axis) ** 2
        curvature = well.a2 + square * (3 * well.b4 + 5 * well.c6 * square) - well.kappa
        return np.asarray(well.kappa * np.eye(3) + curvature[..., None, None] * np.outer(axis, axis))

    def _along(self, x: Any, y: Any, z: Any) -> Any:
        """u.axis; an axis of the lattice costs no arithmetic."""
        terms = [
            part if axis == 1 else axis * part for part, axis in zip((x, y, z), self.well.axis, strict=True) if axis
        ]
        return sum(terms[1:], terms[0])


@dataclass(frozen=True)
class AnisotropicOnSite(OnSite):
    """kappa2 u^2 + alpha u^4 + gamma (ux^2 uy^2 + uy^2 uz^2 + uz^2 ux^2) + k1 u^6 + k2 [ux^4 (uy^2 + uz^2) + cyclic]
    + k3 ux^2 uy^2 uz^2 + k4 u^8.

    kappa2: eV/angstrom^2. alpha, gamma: eV/angstrom^4. k1, k2, k3: eV/angstrom^6. k4: eV/angstrom^8.
    """

    kappa2: float
    alpha: float
    gamma: float = 0.0
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0

    @property
    def isotropic_stiffness(self) -> float:
        """2 kappa2, eV/angstrom^2."""
        return 2 * self.kappa2

    def without(self, stiffness: float) -> AnisotropicOnSite:
        """The potential less stiffness u^2/2, eV/angstrom^2."""
        return self.with_stiffness(-stiffness)

    def energy(self, u: Any, xp: Any = np) -> Any:
        """V of each cell, eV. u: (..., 3) angstrom."""
        x, y, z = (part * part for part in _components(u))
        s = x + y + z
        pairs = x * y + y * z + z * x
        triple = x * y * z
        isotropic = s * (self.kappa2 + s * (self.alpha + s * (self.k1 + s * self.k4)))
        # x^2 (y + z) + y^2 (z + x) + z^2 (x + y) = s pairs - 3 triple
        return isotropic + pairs * (self.gamma + self.k2 * s) + (self.k3 - 3 * self.k2) * triple

    def force_components(self, ux: Any, uy: Any, uz: Any) -> Components:
        """-dV/du, eV/angstrom, of three arrays: V is a function of the squares, so F_a = -2 u_a dV/d(u_a^2)."""
        parts = (ux, uy, uz)
        x, y, z = squares = tuple(part * part for part in parts)
        s = x + y + z
        # -2 dV/ds of what depends on the length alone, with the parts of the pair terms that all components share
        slope = -4 * self.alpha - 2 * self.gamma
        if self.k1 or self.k2 or self.k4:
            slope = slope - s * (6 * self.k1 + 2 * self.k2 + 8 * self.k4 * s)
        shared = s * slope - 2 * self.kappa2 if self.kappa2 else s * slope
        # the derivative of the k2 term by x = ux^2 is s^2 - x^2 - 2 y z
        own = [(2 * self.gamma + 2 * self.k2 * square if self.k2 else 2 * self.gamma) * square for square in squares]
        slopes = [shared + term for term in own]
        mixed = 4 * self.k2 - 2 * self.k3
        if mixed:
            slopes = [a + mixed * b for a, b in zip(slopes, (y * z, z * x, x * y), strict=True)]
        first, second, third = (a * part for a, part in zip(slopes, parts, strict=True))
        return first, second, third

    def hessian(self, u: ArrayLike) -> Floats:
        """Second derivatives, (..., 3, 3) eV/angstrom^2; u: (..., 3) angstrom: 2 delta_ab V_a + 4 u_a u_b V_ab, with
        V_a and V_ab the derivatives by the squares."""
        field = np.asarray(u, dtype=float)
        squares = field**2
        s = squares.sum(axis=-1)[..., None]
        others = np.stack([squares[..., [1, 2]], squares[..., [2, 0]], squares[..., [0, 1]]], axis=-2)
        products = others[..., 0] * others[..., 1]
        first = self.kappa2 + s * (2 * self.alpha + s * (3 * self.k1 + 4 * self.k4 * s)) + self.gamma * (s - squares)
        first = first + self.k2 * (2 * squares * (s - squares) + (others**2).sum(axis=-1)) + self.k3 * products
        both = squares[..., :, None] + squares[..., None, :]
        one = np.eye(3)
        mixed = self.gamma + 2 * self.k2 * both + self.k3 * (s[..., None] - both)
        own = 2 * self.k2 * (s - squares)[..., None]
        second = (2 * self.alpha + s * (6 * self.k1 + 12 * self.k4 * s))[..., None] + np.where(one > 0, own, mixed)
        return np.asarray(2 * one * first[..., None] + 4 * field[..., :, None] * field[..., None, :] * second)

    def with_stiffness(self, stiffness: float) -> AnisotropicOnSite:
        """The potential of a uniform state: with the couplings' K(q = 0) = stiffness (eV/angstrom^2) in kappa2."""
        return replace(self, kappa2=self.kappa2 + stiffness / 2)

    def along(self, direction: ArrayLike) -> tuple[float, float, float, float]:
        """(a, b, c, d) of V = a s + b s^2 + c s^3 + d s^4 at s = u^2 along a direction, (3,)."""
        n = np.asarray(direction, dtype=float)
        x, y, z = n**2 / (n @ n)
        pairs, triple = x * y + y * z + z * x, x * y * z
        return (
            self.kappa2,
            self.alpha + self.gamma * pairs,
            self.k1 + self.k2 * (pairs - 3 * triple) + self.k3 * triple,
            self.k4,
        )


@dataclass(frozen=True)
class LinearOnSite(OnSite):
    """F = offset - stiffness (u - state): an on-site potential to first order about a state.

    state, offset: (3,) angstrom and eV/angstrom. stiffness: (3, 3) eV/angstrom^2.
    """

    state: tuple[float, float, float]
    offset: tuple[float, float, float]
    stiffness: tuple[tuple[float, float, float], ...]

    @property
    def isotropic_stiffness(self) -> float:
        """The smallest diagonal element of the stiffness, eV/angstrom^2."""
        return min(self.stiffness[a][a] for a in range(3))

    def without(self, stiffness: float) -> LinearOnSite:
        """The potential less stiffness u^2/2, eV/angstrom^2, about the same state."""
        matrix = np.array(self.stiffness) - stiffness * np.eye(3)
        x, y, z = (float(f + stiffness * at) for f, at in zip(self.offset, self.state, strict=True))
        rows = tuple((float(a), float(b), float(c)) for a, b, c in matrix)
        return LinearOnSite(self.state, (x, y, z), rows)

    def energy(self, u: Any, xp: Any = np) -> Any:
        """(u - state).stiffness.(u - state)/2 - offset.(u - state), eV: zero at the state."""
        parts = [part - at for part, at in zip(_components(u), self.state, strict=True)]
        total: Any = 0.0
        for a, row in enumerate(self.stiffness):
            total = total + parts[a] * (
                _sum([k * part for k, part in zip(row, parts, strict=True)]) / 2 - self.offset[a]
            )
        return total

    def force_components(self, ux: Any, uy: Any, uz: Any) -> Components:
        """-dV/du, eV/angstrom, of three arrays."""
        parts = (ux, uy, uz)
        forces = []
        for row, force in zip(self.stiffness, self.offset, strict=True):
            constant = force + sum(k * at for k, at in zip(row, self.state, strict=True))
            pull = _sum([-k * part for k, part in zip(row, parts, strict=True) if k])
            # a force that is the same everywhere is still an array
            forces.append(pull + constant if any(row) else 0.0 * parts[0] + constant if constant else 0.0)
        return forces[0], forces[1], forces[2]

    def hessian(self, u: ArrayLike) -> Floats:
        """The stiffness, for every u."""
        shape = np.shape(np.asarray(u))[:-1]
        return np.broadcast_to(np.array(self.stiffness, dtype=float), (*shape, 3, 3)).copy()


def linearised(potential: OnSite, state: ArrayLike) -> LinearOnSite:
    """A potential to first order about a uniform state, (3,) angstrom: the on-site part of the linear twin."""
    at = np.asarray(state, dtype=float)
    rows = tuple((float(x), float(y), float(z)) for x, y, z in potential.hessian(at))
    x, y, z = (float(v) for v in at)
    fx, fy, fz = (float(v) for v in potential.force(at))
    return LinearOnSite((x, y, z), (fx, fy, fz), rows)


def ground_state(potential: AnisotropicOnSite) -> tuple[Floats, float]:
    """(u, V): the displacement of lowest energy, (3,) angstrom with 0 <= u_x <= u_y <= u_z, and the energy, eV.

    V is invariant under the cube's symmetry, so one displacement stands for all that are equivalent. Descents start
    from the three directions of high symmetry and from between them. The potential has to be bounded from below.
    """
    best, lowest = np.zeros(3), 0.0
    for start in ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.1, 0.3, 1.0), (0.5, 0.8, 1.0)):
        length = _shortest_minimum(potential.along(start))
        if length == 0:
            continue
        begin = length * np.asarray(start) / np.linalg.norm(start)
        found = minimize(
            lambda u: (float(potential.energy(u)), -np.asarray(potential.force(u))), begin, jac=True, tol=1e-12
        )
        # a ridge is a minimum within the plane of symmetry that the descent started in; another start leaves it
        if found.fun < lowest - 1e-9 * abs(lowest):
            best, lowest = np.sort(np.abs(found.x)), float(found.fun)
    best[best < 1e-6 * best.max()] = 0.0
    return best, lowest


def _shortest_minimum(coefficients: tuple[float, float, float, float]) -> float:
    """|u| > 0 at the first minimum of a s + b s^2 + c s^3 + d s^4, s = u^2; 0 without one."""
    a, b, c, d = coefficients
    roots = np.roots(np.trim_zeros(np.array([4 * d, 3 * c, 2 * b, a]), "f"))
    squares = [float(s.real) for s in roots if abs(s.imag) < 1e-12 and s.real > 0]
    rising = [s for s in squares if 2 * b + 6 * c * s + 12 * d * s**2 > 0]
    return math.sqrt(min(rising)) if rising else 0.0


def _components(u: Any) -> Components:
    return u[..., 0], u[..., 1], u[..., 2]


def _sum(*terms: list[Any]) -> Any:
    """The sum of the terms there are, 0.0 of none."""
    found = [term for group in terms for term in group]
    return sum(found[1:], found[0]) if found else 0.0
