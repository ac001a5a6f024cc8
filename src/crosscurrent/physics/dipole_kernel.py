"""Dipole-dipole interaction of point dipoles on a lattice of cells: kernels in reciprocal space.

A kernel K(q) is the stiffness in V_dip = (1/2N) sum_q u(-q).K(q).u(q), S10 of the supplement of Bustamante Lopez, Brehm
and Juraschek, "Ferron Hall effect" (2026); q is in radians a cell. The term of a uniform field, G + q = 0, is left out
(S12): no macroscopic depolarizing field is imposed. `bare` is S11 as printed and jumps at the zone boundary. `damped`
sums it over reciprocal vectors with a Gaussian, as in Ewald's method, is smooth there, and equals S11 for q -> 0.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.lattice_units import COULOMB

Floats = NDArray[np.float64]

KERNELS = ("damped", "bare")
#: Reciprocal vectors on each side in the damped kernel; with eta a = 1.2 the next shell is below 1e-12 of K.
_SHELLS = 2
#: |k|^2 below this is the uniform field, (radians a cell)^2.
_ZERO = 1e-20
#: Wave vectors summed together, so that they stay in the cache.
_AT_ONCE = 4096


def dipole_kernel(
    q: ArrayLike, charge: ArrayLike, eps_inf: ArrayLike, volume: float, kernel: str = "damped", eta: float = 1.2
) -> Floats:
    """K(q), (..., 3, 3) eV/angstrom^2.

    q: (..., 3) radians a cell of a simple cubic lattice. charge: Z, (3, 3) e. eps_inf: (3, 3). volume: of a cell,
    angstrom^3. kernel: "damped" with eta a = eta, or "bare". The bare kernel takes q in [-pi, pi); on the planes
    q_a = -pi, which stand for both signs, the terms odd in q_a are zero. Raises ValueError for another kernel.
    """
    points = np.asarray(q, dtype=float)
    z, eps = np.asarray(charge, dtype=float), np.asarray(eps_inf, dtype=float)
    scale = 4 * np.pi * COULOMB / volume
    if kernel == "bare":
        return scale * _without_odd_terms(_longitudinal(points, z, eps), points)
    if kernel != "damped":
        raise ValueError(f"unknown dipole kernel '{kernel}'")
    flat = points.reshape(-1, 3)
    total = np.concatenate([_damped(flat[i : i + _AT_ONCE], eps, eta) for i in range(0, max(len(flat), 1), _AT_ONCE)])
    return np.asarray(scale * (z.T @ total @ z)).reshape(*points.shape, 3)


def _damped(q: Floats, eps: Floats, eta: float) -> Floats:
    """sum_G k k^T/(k eps k) exp(-k^2/4 eta^2), k = q + G, (n, 3, 3): six components, summed one by one."""
    pairs = list(itertools.combinations_with_replacement(range(3), 2))
    sums = np.zeros((len(pairs), len(q)))
    for shell in itertools.product(range(-_SHELLS, _SHELLS + 1), repeat=3):
        k = [q[:, a] + 2 * np.pi * shell[a] for a in range(3)]
        products = [k[a] * k[b] for a, b in pairs]
        square = products[0] + products[3] + products[5]
        weights = [eps[a, b] if a == b else eps[a, b] + eps[b, a] for a, b in pairs]
        screened = sum(w * p for w, p in zip(weights, products, strict=True) if w)
        weight = np.exp(square * (-1 / (4 * eta**2)))
        np.divide(weight, screened, out=weight, where=square > _ZERO)
        weight[square <= _ZERO] = 0.0
        for total, product in zip(sums, products, strict=True):
            total += weight * product
    out = np.empty((len(q), 3, 3))
    for total, (a, b) in zip(sums, pairs, strict=True):
        out[:, a, b] = out[:, b, a] = total
    return out


def _longitudinal(k: Floats, charge: Floats, eps: Floats) -> Floats:
    """(Z^T k)(Z^T k)^T/(k eps k), S11; zero where k is."""
    screened = np.einsum("...a,ab,...b->...", k, eps, k)
    square = (k**2).sum(axis=-1)
    weight = np.divide(1.0, screened, out=np.zeros_like(screened), where=square > _ZERO)
    projected = k @ charge
    return np.asarray(weight[..., None, None] * projected[..., :, None] * projected[..., None, :])


def _without_odd_terms(kernel: Floats, q: Floats) -> Floats:
    """The mean over both signs of each component of q that lies on the zone boundary."""
    out = kernel.copy()
    edge = np.abs(np.abs(q) - np.pi) < 1e-9
    for a, b in itertools.permutations(range(3), 2):
        out[..., a, b] = np.where(edge[..., a] | edge[..., b], 0.0, kernel[..., a, b])
    return out
