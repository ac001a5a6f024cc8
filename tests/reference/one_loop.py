"""Weak anharmonic forces in a driven slab by the matrices of the whole slab: no Fourier transform, no modes.

Second route to `numerics.slab_vertices`: the propagator is a matrix exponential applied step by step, the time integral
Simpson's rule, and the covariance comes from one Lyapunov equation between all cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm, solve_continuous_lyapunov

from crosscurrent.numerics.driven_slab import DrivenSlab


@dataclass(frozen=True)
class WholeSlab:
    """drift: A of x' = -A x, (2n, 2n) with n = cells * d, ordered (x, z, y, d). covariance: for theta(x)."""

    shape: tuple[int, int, int, int]
    drift: np.ndarray
    covariance: np.ndarray

    @property
    def n(self) -> int:
        return len(self.drift) // 2

    def local(self, matrix: np.ndarray) -> np.ndarray:
        """Blocks of each cell, mean over z, (Nx, Ny, 2d, 2d)."""
        nx, nz, ny, d = self.shape
        full = matrix.reshape(2, nx, nz, ny, d, 2, nx, nz, ny, d)
        blocks = np.einsum("ixzyajxzyb->xzyiajb", full).mean(axis=1)
        return blocks.reshape(nx, ny, 2 * d, 2 * d)

    def cells(self, field: np.ndarray) -> np.ndarray:
        """(Nx, Ny) on all cells, (Nx Nz Ny,)."""
        nx, nz, ny, _ = self.shape
        return np.broadcast_to(field[:, None, :], (nx, nz, ny)).reshape(-1)

    def apart(self) -> np.ndarray:
        """Steps along the axes between any two cells."""
        nx, nz, ny, _ = self.shape
        place = np.array(np.unravel_index(np.arange(nx * nz * ny), (nx, nz, ny))).T
        distance = np.abs(place[:, None] - place)
        for axis, length in ((0, nx), (1, nz)):
            distance[..., axis] = np.minimum(distance[..., axis], length - distance[..., axis])
        return np.asarray(distance.sum(axis=-1))


def whole_slab(problem: DrivenSlab, theta: np.ndarray) -> WholeSlab:
    nx, ny, nz, d = problem.nx, problem.layers, problem.nz, problem.components
    stiffness = np.zeros((nx, nz, ny * d, nx, nz, ny * d), dtype=complex)
    x, z = np.arange(nx), np.arange(nz)
    for qx in range(nx):
        for qz in range(nz):
            block = problem.stiffness.matrix(qx, qz if qz <= nz // 2 else qz - nz) / (nx * nz)
            along_x = np.exp(2j * np.pi * qx * np.subtract.outer(x, x) / nx)
            along_z = np.exp(2j * np.pi * qz * np.subtract.outer(z, z) / nz)
            stiffness += np.einsum("ij,kl,ab->ikajlb", along_x, along_z, block)
    n = nx * nz * ny * d
    matrix = stiffness.real.reshape(n, n)
    cells = np.zeros((nx, nz, ny, d))
    gamma, heat = ((cells + field).reshape(-1) for field in (problem.damping[:, None], theta[:, None, None, None]))
    turn = np.kron(np.eye(n // d), problem.gyration)
    drift = np.block([[np.zeros((n, n)), -np.eye(n)], [matrix, np.diag(gamma) - turn]])
    noise = np.diag(np.r_[np.zeros(n), 2 * gamma * heat])
    return WholeSlab((nx, nz, ny, d), drift, solve_continuous_lyapunov(drift, noise))


def spring_change(slab: WholeSlab, direction: np.ndarray, spring: np.ndarray) -> np.ndarray:
    """Change of the whole covariance for springs kappa(x, y) along a direction, in first order."""
    along = np.kron(np.eye(slab.n // len(direction)), direction[None])
    push = np.zeros_like(slab.drift)
    push[slab.n :, : slab.n] = along.T @ (slab.cells(spring)[:, None] * along)
    source = -push @ slab.covariance
    return np.asarray(solve_continuous_lyapunov(slab.drift, source + source.T))


def bubble(
    slab: WholeSlab, direction: np.ndarray, cubic: np.ndarray, reach: int | None, step: float, end: float
) -> tuple[np.ndarray, np.ndarray]:
    """Change of the whole covariance by cubic terms alpha(x, y), and <s^3> of each cell.

    reach: how many steps along the axes apart two cells may be that share a bubble; None for any.
    """
    n = slab.n
    along = np.kron(np.eye(n // len(direction)), direction[None])
    alpha = slab.cells(cubic)
    shared = np.ones_like(slab.apart()) if reach is None else slab.apart() <= reach
    answer = np.concatenate([np.zeros_like(along.T), along.T])
    memory = slab.covariance[:, :n] @ along.T
    forward = expm(-slab.drift * step)
    third = np.zeros((len(alpha), 2 * n))
    count = 2 * round(end / step / 2)
    for i in range(count + 1):
        weight = step / 3 * (1 if i in (0, count) else 4 if i % 2 else 2)
        c, r = along @ memory[:n], along @ answer[:n]
        third -= weight * ((c**2 * shared * alpha) @ answer.T + 2 * (r * c * shared * alpha) @ memory.T)
        answer, memory = forward @ answer, forward @ memory
    source = np.zeros_like(slab.drift)
    source[n:] = -along.T @ (0.5 * alpha[:, None] * third)
    local = np.einsum("ij,ij->i", along, third[:, :n])
    return np.asarray(solve_continuous_lyapunov(slab.drift, source + source.T)), local
