"""The tensor sigma^a_ij(q): how one or two scalar functions of |q| fill 27 components, and the currents that follow.

Rotation invariance leaves sigma^a_ij = A nu_ij + B nu_ji + D q_a eps_ijb q_b with nu^a_ij = q.(e_i x e_a) q_j
(Kim-Chung, Eq. (18)). With the charge vertex p + q/2 the spin conductivity is real and A = B = chi, D = 0. Eq. (17) is
printed with A = chi - i kappa and B = chi + i kappa. That is not what Eq. (15) gives with its charge vertex p - q/2,
which is A = chi - 2 i kappa and B = chi; half the difference of B and A is i kappa in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: eps_ijk
LEVI_CIVITA: Floats = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    LEVI_CIVITA[_i, _j, _k], LEVI_CIVITA[_j, _i, _k] = 1.0, -1.0


def nu(q: ArrayLike) -> Floats:
    """nu^a_ij = q.(e_i x e_a) q_j, (..., 3, 3, 3) with index order spin a, current i, field j, for q (..., 3)."""
    vector = np.asarray(q, dtype=float)
    # q_b eps_bia
    turned = np.einsum("...b,bia->...ai", vector, LEVI_CIVITA)
    return np.asarray(turned[..., None] * vector[..., None, None, :])


def conductivity(q: ArrayLike, chi: Any, kappa: Any = 0.0) -> NDArray[Any]:
    """sigma^a_ij(q) of Kim-Chung, Eq. (17), (..., 3, 3, 3): spin a, current i, field j. chi, kappa: (...)."""
    first = nu(q)
    second = np.swapaxes(first, -1, -2)
    chi, kappa = np.asarray(chi)[..., None, None, None], np.asarray(kappa)[..., None, None, None]
    symmetric = np.asarray(chi * (first + second))
    return symmetric if not np.any(kappa) else np.asarray(symmetric + 1j * kappa * (second - first))


def conductivity_2d(q: ArrayLike, chi: Any) -> NDArray[Any]:
    """The same for an easy axis along z and q, currents and fields in the plane, (..., 3, 2, 2): only the spin z is
    there.

    An easy plane has none: with p, k and q in the plane the polarization vertex points along z.
    """
    plane = np.asarray(q, dtype=float)
    out = conductivity(np.concatenate([plane, np.zeros((*plane.shape[:-1], 1))], axis=-1), chi)[..., :2, :2]
    out[..., :2, :, :] = 0.0
    return out


def spin_current(q: ArrayLike, field: ArrayLike, chi: Any) -> NDArray[Any]:
    """J^a(q) = chi [(e_a x q) (q.E) + q e_a.(q x E)], (..., 3, 3): spin a, current i; Kim-Chung, Eq. (26), kappa_0 =
    0."""
    vector, e = np.asarray(q, dtype=float), np.asarray(field)
    # (e_a x q)_i = eps_iab q_b
    first = np.einsum("iab,...b->...ai", LEVI_CIVITA, vector) * np.sum(vector * e, axis=-1)[..., None, None]
    second = np.cross(vector, e)[..., :, None] * vector[..., None, :]
    return np.asarray(np.asarray(chi)[..., None, None] * (first + second))


def direction_factor(q: ArrayLike, field: ArrayLike, axis: ArrayLike) -> Floats:
    """F_a = |J^a|/(chi q^2 |E|) of unit vectors: sqrt(|e_a x q|^2 (q.E)^2 + ((q x e_a).E)^2).

    Kim-Chung print it without |e_a x q|^2. axis: e_a.
    """
    arrays = [np.asarray(v, dtype=float) for v in (q, field, axis)]
    wave, e, a = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in arrays)
    across = np.cross(wave, a)
    along = np.sum(wave * e, axis=-1)
    return np.asarray(np.sqrt(np.sum(across**2, axis=-1) * along**2 + np.sum(across * e, axis=-1) ** 2))
