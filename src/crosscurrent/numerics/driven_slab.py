"""A linear Langevin lattice in a slab, as matrices: what a steady-state solver has to know.

v' = -D u + G v - gamma(y) v + sqrt(2 gamma(y) theta(x)) xi in mass-weighted coordinates, for d components a cell. The
slab is periodic along x and z and open along y, so D is a matrix between layers for each pair (q_x, q_z). Only theta
depends on x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: A symmetry counts as present when it is broken by less than this fraction of the largest coupling.
_EXACT = 1e-11


@dataclass(frozen=True, eq=False)
class LayerOperator:
    """A linear function of the displacements, g(y) = sum_y' B(q_x, q_z, y - y') u(y') + b(y) u(y).

    coupling: (Nx, Nz//2 + 1, 2 Ny - 1, d, d) with the distance y - y' from 1 - Ny to Ny - 1, for q_z >= 0. on_site:
    (Ny, d, d) real. It is the transform of something real in real space.
    """

    coupling: Complexes
    on_site: Floats

    @property
    def layers(self) -> int:
        return len(self.on_site)

    def matrix(self, qx: int, qz: int) -> Complexes:
        """B(q_x, q_z), (Ny d, Ny d), for an index q_z from 0 to Nz//2, or minus that."""
        if qz < 0:
            return self.matrix(-qx % len(self.coupling), -qz).conj()
        n, d = self.on_site.shape[:2]
        y = np.arange(n)
        blocks = self.coupling[qx, qz][y[:, None] - y + n - 1]
        blocks[y, y] += self.on_site
        return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3)).reshape(n * d, n * d)

    def inversion(self) -> int:
        """+1 or -1 for an operator that is even or odd under y -> -y with q -> -q, 0 for neither."""
        flipped = self.coupling[:, :, ::-1].conj()
        scale = _EXACT * max(float(np.abs(self.coupling).max()), float(np.abs(self.on_site).max()))
        for sign in (1, -1):
            off = np.abs(flipped - sign * self.coupling).max(), np.abs(self.on_site[::-1] - sign * self.on_site).max()
            if max(off) <= scale:
                return sign
        return 0

    def mirror_y(self, signs: Floats) -> bool:
        """Whether B(y, y') = s B(-y, -y') s with the signs s of the components under y -> -y."""
        both = np.outer(signs, signs)
        off = np.abs(self.coupling[:, :, ::-1] - both * self.coupling).max()
        on = np.abs(self.on_site[::-1] - both * self.on_site).max()
        scale = max(float(np.abs(self.coupling).max()), float(np.abs(self.on_site).max()))
        return bool(max(off, on) <= _EXACT * scale)

    def mirror_z(self, signs: Floats) -> bool:
        """Whether B(-q_x, q_z) = s B(q_x, q_z)^* s with the signs s of the components under z -> -z."""
        nx = len(self.coupling)
        both = np.outer(signs, signs)
        off = np.abs(self.coupling[-np.arange(nx) % nx] - both * self.coupling.conj()).max()
        on = np.abs(self.on_site * (1 - both)).max()
        scale = max(float(np.abs(self.coupling).max()), float(np.abs(self.on_site).max()))
        return bool(max(off, on) <= _EXACT * scale)


@dataclass(frozen=True, eq=False)
class DrivenSlab:
    """stiffness: D, rad^2/ps^2, symmetric. damping: gamma(y), (Ny,) 1/ps. gyration: G, (d, d) antisymmetric rad/ps.

    nz: cells along z. step: None for continuous time; or the length h (ps) of a BAOAB step, which gives the exact
    covariance of that integrator, with u at the end of a step and v after the half kick that follows. probes: further
    functions of u whose correlations with u and v are wanted. mirror_signs: signs of the components under z -> -z.
    """

    stiffness: LayerOperator
    damping: Floats
    gyration: Floats
    nz: int
    step: float | None = None
    probes: Mapping[str, LayerOperator] = field(default_factory=dict)
    mirror_signs: tuple[float, ...] = (1.0, 1.0, -1.0)

    @property
    def nx(self) -> int:
        return len(self.stiffness.coupling)

    @property
    def layers(self) -> int:
        return len(self.damping)

    @property
    def components(self) -> int:
        return len(self.gyration)

    @cached_property
    def symmetric(self) -> bool:
        """Whether inversion of the slab and the mirror z -> -z hold, so that the fast solver applies."""
        signs = np.asarray(self.mirror_signs)
        even = np.array_equal(self.damping, self.damping[::-1])
        turn = np.array_equal(self.gyration, self.gyration * np.outer(signs, signs))
        if not (even and turn and self.stiffness.inversion() == 1 and self.stiffness.mirror_z(signs)):
            return False
        return all(probe.inversion() != 0 and probe.mirror_z(signs) for probe in self.probes.values())

    def noise(self) -> Floats:
        """Strength of the noise on v for theta = 1, (Ny,): 2 gamma, or 1 - exp(-2 gamma h) a step."""
        return 2 * self.damping if self.step is None else -np.expm1(-2 * self.damping * self.step)

    def generator(self, stiffness: NDArray[Any], damping: NDArray[Any], turn: NDArray[Any]) -> NDArray[Any]:
        """A of x' = -A x, or the map of one step, (2m, 2m), for any basis in which damping is diagonal.

        stiffness: (m, m). damping: (m,). turn: (m, m), G between the degrees of freedom of a layer.
        """
        m = len(damping)
        one, none = np.eye(m), np.zeros((m, m))
        if self.step is None:
            return np.block([[none, -one], [stiffness, np.diag(damping) - turn]])
        h = self.step
        drift = np.block([[one, h / 2 * one], [none, one]])
        kick = np.block([[one, none], [-h * stiffness, one]])
        damped = np.exp(-damping * h)[:, None] * turn
        bath = np.block([[one, none], [none, damped]])
        return np.asarray(kick @ drift @ bath @ drift)

    def noise_columns(self, stiffness: NDArray[Any], strength: NDArray[Any]) -> NDArray[Any]:
        """Where noise enters the state, (2m, m): N = columns columns^+ for theta = 1. strength: (m,)."""
        m = len(strength)
        one, root = np.eye(m), np.sqrt(strength)
        if self.step is None:
            return np.concatenate([np.zeros((m, m)), one * root])
        h = self.step
        return np.asarray(np.concatenate([h / 2 * one, one - h**2 / 2 * stiffness]) * root)

    def turn(self) -> Floats:
        """What `generator` needs of G for one layer, (d, d): G itself, or exp(G h)."""
        if self.step is None:
            return self.gyration
        values, vectors = np.linalg.eigh(1j * self.gyration)
        return np.asarray(((vectors * np.exp(-1j * values * self.step)) @ vectors.conj().T).real)

    def equilibrium(self, stiffness: NDArray[Any]) -> NDArray[Any]:
        """Covariance for theta = 1 everywhere, (2m, 2m): equipartition, exact at any step length and field."""
        m = len(stiffness)
        cross = np.zeros((m, m)) if self.step is None else -self.step / 2 * np.eye(m)
        return np.block([[np.linalg.inv(stiffness), cross], [cross, np.eye(m)]])
