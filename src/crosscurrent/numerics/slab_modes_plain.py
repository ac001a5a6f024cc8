"""The sums of a driven slab without any symmetry: every wave vector and every pair, in complex arithmetic.

For slabs without inversion (damping that differs at the two surfaces) or without the mirror z -> -z, and as a second
route.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.driven_slab import DrivenSlab

Complexes = NDArray[np.complex128]
#: Eigenvalues; rows of s = (u, v) by layer; noise in the modes; rows of s and the probes.
PlainModes = tuple[Any, Any, Any, Any]


def plain_sums(problem: DrivenSlab, qz: int, part: int, parts: int) -> dict[str, NDArray[Any]]:
    """The same sums for one q_z without any symmetry: every q_x and every pair, in complex arithmetic."""
    nx, n, d = problem.nx, problem.layers, problem.components
    signed = qz if qz <= problem.nz // 2 else qz - problem.nz
    stiffness = [problem.stiffness.matrix(q, signed) for q in range(nx)]
    probes = [[p.matrix(q, signed) for p in problem.probes.values()] for q in range(nx)]
    modes = [_plain_modes(problem, matrix, extra) for matrix, extra in zip(stiffness, probes, strict=True)]
    kernel = np.zeros((nx // 2 + 1, n, 2 * d, (2 + len(problem.probes)) * d), dtype=complex)
    for k in range(1, nx // 2 + 1):
        for q in range(part, nx, parts):
            kernel[k] += _plain_pair(modes[q], modes[(q - k) % nx], problem.step is not None)
    largest = np.zeros((n, 2 * d, 2 * d))
    for q in range(nx if part == 0 else 0):
        state = problem.equilibrium(stiffness[q]).astype(complex)
        width = kernel.shape[-1]
        columns = [state, *(state[:, : n * d] @ p.conj().T for p in probes[q])]
        full = np.concatenate(columns, axis=1).reshape(2, n, d, width // d, n, d)
        exact = np.einsum("iyajyb->yiajb", full).reshape(n, 2 * d, width)
        kernel[0] += exact
        largest += np.abs(_plain_pair(modes[q], modes[q], problem.step is not None) - exact)[..., : 2 * d]
    off = largest.reshape(n, 2, d, 2, d).max(axis=(0, 2, 4))
    return {"kernel": kernel, "off": np.tile(off, (len(kernel), 1, 1))}


def _plain_modes(problem: DrivenSlab, stiffness: Complexes, probes: list[Complexes]) -> PlainModes:
    """Eigenvalues, rows of s by layer (Ny, 2d, n), noise (n, m), and rows of s and the probes (Ny, width, n)."""
    n, d = problem.layers, problem.components
    turn = np.kron(np.eye(n), problem.turn())
    matrix = problem.generator(stiffness, np.repeat(problem.damping, d), turn)
    eigenvalues, vectors = np.linalg.eig(matrix)
    noise = np.linalg.solve(vectors, problem.noise_columns(stiffness, np.repeat(problem.noise(), d)))
    rows = vectors.reshape(2, n, d, -1).transpose(1, 0, 2, 3).reshape(n, 2 * d, -1)
    seen = [(p @ vectors[: n * d]).reshape(n, d, -1) for p in probes]
    return eigenvalues, rows, noise, np.concatenate([rows, *seen], axis=1)


def _plain_pair(a: PlainModes, b: PlainModes, discrete: bool) -> Complexes:
    left, right = a[0][:, None], b[0].conj()[None, :]
    y = (a[2] @ b[2].conj().T) / ((1 - left * right) if discrete else (left + right))
    return np.asarray(np.matmul(a[1] @ y, b[3].conj().transpose(0, 2, 1)))
