"""Bloch electrons: Berry connection, curvature, orbital moment and occupations in the eigenbasis.

Convention: R_mn = i <u_m|d_k u_n> = i hbar v_mn / (e_n - e_m) between different groups, zero inside a group;
the electron carries -e. All functions are batch-first and take the array namespace xp (numpy or jax.numpy).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from crosscurrent.units import BOLTZMANN_EV_PER_K, HBAR2_OVER_2M0

#: (i, j) of the independent components of an antisymmetric tensor, and thus of Omega^k with (i, j, k) cyclic.
PAIRS: dict[int, tuple[tuple[int, int], ...]] = {2: ((0, 1),), 3: ((1, 2), (2, 0), (0, 1))}


def inverse_gaps(gaps: Any, apart: Any, xp: Any = np) -> Any:
    """1 / (e_n - e_m) at [m, n], zero inside a degenerate group.

    gaps: e_n - e_m, (nk, M, N). apart: whether m and n belong to different groups, same shape.
    """
    return xp.where(apart, 1.0 / xp.where(apart, gaps, 1.0), 0.0)


def berry_connection(velocity: Any, inverse: Any) -> Any:
    """R_mn = i hbar v_mn / (e_n - e_m) between groups, (nk, dim, M, N) angstrom.

    velocity: hbar v_mn, covariant with respect to what the basis carries; Wang et al., PRB 74, 195118, Eqs. (25), (31).
    inverse: `inverse_gaps`.
    """
    return velocity * (1j * inverse)[:, None]


def pair_weights(connection: Any, xp: Any = np) -> Any:
    """W_mn = i (R^i_mn R^j_nm - R^j_mn R^i_nm) for each pair (i, j), (nk, P, M, N) angstrom^2.

    Since R is Hermitian this is -2 Im(R^i_mn conj(R^j_mn)); its sum over n is the Berry curvature Omega^k_m.
    """
    pairs = PAIRS[connection.shape[1]]
    out = [-2.0 * xp.imag(connection[:, i] * xp.conj(connection[:, j])) for i, j in pairs]
    return xp.stack(out, axis=1)


def berry_curvature(connection: Any, xp: Any = np) -> Any:
    """Omega^k of every band, (nk, P, n) angstrom^2: the sum over n of `pair_weights`."""
    return xp.sum(pair_weights(connection, xp), axis=-1)


def orbital_moment(connection: Any, energies: Any, xp: Any = np) -> Any:
    """Orbital magnetic moment m^k of every band in Bohr magnetons, (nk, P, n).

    m^k = -(e/2 hbar) sum_n (e_n - e_m) W_mn, which is -i (e/2 hbar) <d u| x (H - e) |d u> of Sundaram and Niu,
    PRB 59, 14915. connection: (nk, dim, n, n). energies: (nk, n).
    """
    gaps = energies[:, None, None, :] - energies[:, None, :, None]
    return -xp.sum(pair_weights(connection, xp) * gaps, axis=-1) / (2 * HBAR2_OVER_2M0)


def occupations(energies: Any, mu: Any, temperature: float, xp: Any = np) -> Any:
    """Fermi-Dirac f, shape (n_mu, *energies.shape); a step with f = 1 at e <= mu when the temperature is zero."""
    shifted = energies[None] - xp.reshape(mu, (-1,) + (1,) * energies.ndim)
    if temperature == 0.0:
        return xp.where(shifted <= 0.0, 1.0, 0.0)
    return 0.5 * (1.0 - xp.tanh(0.5 * shifted / (BOLTZMANN_EV_PER_K * temperature)))
