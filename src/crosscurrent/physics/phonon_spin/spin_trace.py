"""Spin algebra of the one-loop diagrams: which traces vanish, and the polarization vertex of the one that does not.

A phonon polarized along e couples like e.(sigma x p) with p halfway between the momenta of the electron. The diagrams
of Kim-Chung, Fig. 2: the bare bubble has tr sigma_a; the two self-energy diagrams have the same momentum in both
vertices, whose product summed over transverse polarizations is a number; only the vertex correction, with two momenta
that differ by q, keeps a spin.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

_PAULI: Complexes = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)


def transverse_projector(k: ArrayLike) -> Floats:
    """delta_ij - k_i k_j/k^2, (..., 3, 3); Kim-Chung, Eq. (2)."""
    vector = np.asarray(k, dtype=float)
    unit = vector / np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.asarray(np.eye(3) - unit[..., :, None] * unit[..., None, :])


def coupling_matrices(p: ArrayLike) -> Complexes:
    """e_l.(sigma x p) for the three directions l, (..., 3, 2, 2)."""
    vector = np.asarray(p, dtype=float)
    # (sigma x p)_l = eps_lab sigma_a p_b
    x, y, z = (vector[..., i, None, None] for i in range(3))
    sx, sy, sz = _PAULI
    return np.stack([sy * z - sz * y, sz * x - sx * z, sx * y - sy * x], axis=-3)


def vertex_pair(first: ArrayLike, second: ArrayLike, k: ArrayLike) -> Complexes:
    """sum_kl P_kl(k) e_k.(sigma x first) e_l.(sigma x second), (..., 2, 2): one phonon emitted and absorbed."""
    left, right = coupling_matrices(first), coupling_matrices(second)
    return np.asarray(np.einsum("...kl,...kab,...lbc->...ac", transverse_projector(k), left, right))


def polarization_vertex_by_trace(p: ArrayLike, k: ArrayLike, q: ArrayLike) -> Complexes:
    """tr[sigma_a (vertex pair)] for the three a, (..., 3); Kim-Chung, Eq. (10), with 2 x 2 matrices."""
    p, k, q = (np.asarray(v, dtype=float) for v in (p, k, q))
    pair = vertex_pair(p + q + k / 2, p + k / 2, k)
    return np.asarray(np.einsum("aij,...ji->...a", _PAULI, pair))


def polarization_vertex(p: ArrayLike, k: ArrayLike, q: ArrayLike) -> Complexes:
    """2 i P_perp, the part of 2 i q x (p + k/2) across k, (..., 3); Kim-Chung, Eq. (12)."""
    p, k, q = (np.asarray(v, dtype=float) for v in (p, k, q))
    turned = np.cross(q, p + k / 2)
    return np.asarray(2j * np.einsum("...ij,...j->...i", transverse_projector(k), turned))


def polarization_map(axis: ArrayLike, vector: ArrayLike, theta: ArrayLike, phi: ArrayLike) -> Floats:
    """e_a.P_perp over the directions of k, (n_theta, n_phi), for P = q x (p + k/2) held fixed; Kim-Chung, Fig. 3.

    axis: e_a. vector: P. It vanishes for k along e_a (Eq. (13)) and on the lines where P_perp is across e_a (Eq. (14)).
    """
    t, f = np.meshgrid(np.asarray(theta, dtype=float), np.asarray(phi, dtype=float), indexing="ij")
    k = np.stack([np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), np.cos(t)], axis=-1)
    across = np.einsum("...ij,j->...i", transverse_projector(k), np.asarray(vector, dtype=float))
    return np.asarray(across @ np.asarray(axis, dtype=float))
