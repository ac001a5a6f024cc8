"""Spin currents of a field in real space: mode by mode, and as gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.phonon_spin.tensor import LEVI_CIVITA

Floats = NDArray[np.float64]


def mode_currents(products: ArrayLike, field: ArrayLike, chi: Any) -> NDArray[Any]:
    """J^l_i(q) = chi [(e_l x q)_i (q.E) + q_i e_l.(q x E)], (..., 3, 3): current i, spin l; Kim-Chung, Eq. (26).

    products: q_a q_b, (..., 3, 3). field: E(q), (..., 3). chi: (...).
    """
    qq, e = np.asarray(products, dtype=float), np.asarray(field)
    first = np.einsum("ilb,...bj,...j->...il", LEVI_CIVITA, qq, e)
    second = np.einsum("ljk,...ij,...k->...il", LEVI_CIVITA, qq, e)
    return np.asarray(np.asarray(chi)[..., None, None] * (first + second))


def gradient_currents(second_derivatives: ArrayLike, chi: float) -> Floats:
    """J^l = -chi [(e_l x grad)(div E) + grad(e_l.(curl E))], (..., 3, 3): current i, spin l; below Kim-Chung, Eq. (28).

    second_derivatives: d_a d_b E_c, (..., 3, 3, 3) with index order a, b, c. The limit of long waves, chi constant.
    """
    d2 = np.asarray(second_derivatives, dtype=float)
    first = np.einsum("ilb,...bjj->...il", LEVI_CIVITA, d2)
    second = np.einsum("ljk,...ijk->...il", LEVI_CIVITA, d2)
    return np.asarray(-chi * (first + second))
