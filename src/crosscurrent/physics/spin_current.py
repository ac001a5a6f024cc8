"""Spin currents of Bloch electrons in an electric field, in every definition.

All functions give X_m of J_i = (e E_j / hbar) int sum_m f_m X_m, per band m, with spin in units of hbar, so X_m is in
angstrom^2. i is the direction of the current, j of the field, l of the spin. Sources: Liu, Cullen and Culcer, PRB 108,
195434 (2023), equations (1)-(C26); Shi, Zhang, Xiao and Niu, PRL 96, 076604 (2006).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from crosscurrent.physics.bloch import PAIRS, pair_weights


def anticommutator_current(
    left_velocity: Any, left_spin: Any, right_velocity: Any, right_spin: Any, xp: Any = np
) -> Any:
    """{s, hbar v}/2 between the states m and n, the simple spin-current operator, (nk, dim, L, M, N).

    The arguments are operators applied to states, s|m> and so on: velocities (nk, dim, n, M or N) in eV angstrom, spins
    (nk, L, n, M or N) in hbar, in whatever basis. So s v needs no product of full matrices:
    <m|s v|n> = (s|m>)^dagger (v|n>). In the eigenbasis itself the arguments are the matrices v, s, v, s.
    """
    there = _overlaps(0.5 * left_velocity, right_spin, xp)
    back = _overlaps(0.5 * left_spin, right_velocity, xp)
    return xp.moveaxis(there + xp.swapaxes(back, 2, 3), 1, -2)


def _overlaps(left: Any, right: Any, xp: Any) -> Any:
    """<a m|b n> for stacks of vectors: left (nk, A, n, M), right (nk, B, n, N) -> (nk, M, A, B, N).

    One matrix product a point, and rows m outermost: that is how `conventional` reads the result.
    """
    nk, n_left, n, m = left.shape
    # reshape before conj: conj keeps the strides of a transposed view, and the reshape would copy once more
    adjoint = xp.conj(xp.transpose(left, (0, 3, 1, 2)).reshape(nk, m * n_left, n))
    n_right, n_columns = right.shape[1], right.shape[-1]
    columns = xp.transpose(right, (0, 2, 1, 3)).reshape(nk, n, n_right * n_columns)
    return xp.matmul(adjoint, columns).reshape(nk, m, n_left, n_right, n_columns)


def interpolated_blocks(h: Any, dh: Any, spin: Any, spin_h: Any, position: Any, h_position: Any) -> tuple[Any, Any]:
    """s hbar v in the Wannier gauge with products taken before projection: Q and X of `interpolated_product`.

    Q = s dH - i (K H - L), (nk, dim, L, n, n), and X = s H - (s H)_projected, (nk, L, n, n). h: (nk, n, n).
    dh: the derivative of H at fixed positions, (nk, dim, n, n). spin, spin_h: <s> and <s H>, (nk, L, n, n). position,
    h_position: K = <s i d> and L = <s H i d>, (nk, L, dim, n, n). Qiao et al., PRB 98, 214402, Eqs. (32)-(37), and
    Ryoo, Park and Souza, PRB 99, 235113 (same algebra, other matrices): s v|n> = d(e_n) s|n> + e_n s|dn> - s H|dn>,
    regrouped so that one matrix multiplies |n> and one the part of |dn> inside the Wannier space.
    """
    product = spin[:, None] @ dh[:, :, None] - 1j * (position @ h[:, None, None] - h_position).swapaxes(1, 2)
    return product, spin @ h[:, None] - spin_h


def interpolated_product(product: Any, leak: Any, derivative: Any, states: Any, xp: Any = np) -> Any:
    """s hbar v applied to eigenstates, Q U + X D, (nk, n, L, dim, m), first index n in the Wannier gauge.

    product: Q with its operator axes inside, (nk, n, L, dim, n). leak: X, (nk, n, L, n). derivative: D, what of |d n>
    lies inside the Wannier space, (nk, dim, n, m). states: U, (nk, n, m).
    """
    nk, n, m = states.shape
    dim = derivative.shape[1]
    first = xp.matmul(product.reshape(nk, -1, n), states).reshape(nk, n, -1, dim, m)
    columns = xp.transpose(derivative, (0, 2, 1, 3)).reshape(nk, n, -1)
    second = xp.matmul(leak.reshape(nk, -1, n), columns).reshape(nk, n, -1, dim, m)
    return first + second


def interpolated_current(rows: Any, columns: Any, left: Any, right: Any, xp: Any = np) -> Any:
    """{s, hbar v}/2 between states m and n from s v applied to both: (nk, dim, L, M, N).

    rows, columns: eigenstates m and n, (nk, n, M) and (nk, n, N). left, right: `interpolated_product` of them.
    """
    there = _between(0.5 * rows, right, xp)
    back = xp.conj(_between(0.5 * columns, left, xp)).transpose(0, 4, 2, 3, 1)
    return xp.transpose(there + back, (0, 3, 2, 1, 4))


def _between(states: Any, applied: Any, xp: Any) -> Any:
    """<m|..: states (nk, n, M), applied (nk, n, L, dim, N) -> (nk, M, L, dim, N)."""
    nk, n, m = states.shape
    adjoint = xp.conj(xp.swapaxes(states, -1, -2))
    flat = applied.reshape(nk, n, math.prod(applied.shape[2:]))
    return xp.matmul(adjoint, flat).reshape(nk, m, *applied.shape[2:])


def conventional(current: Any, velocity: Any, kernel: Any, xp: Any = np) -> Any:
    """X_m = 2 sum_n Im[j^il_nm hbar v^j_mn] K_mn, K = 1/((e_m - e_n)^2 + eta^2) outside the group.

    current: j_mn, (nk, dim, L, M, N). velocity: hbar v_mn, (nk, dim, M, N). kernel: (nk, M, N) real, or
    (n_omega, nk, M, N) complex for a frequency-dependent response. m and n may run over different ranges of states.
    Returns (nk, dim_i, dim_j, L, M), or with n_omega in front.
    """
    # j is Hermitian, so Im[j_nm v_mn] = Im[conj(j_mn) v_mn]: both factors are read along the same row
    if kernel.ndim == 4:
        imag = xp.imag(xp.conj(current)[:, :, None] * velocity[:, None, :, None])
        return 2.0 * xp.einsum("kijlmn,wkmn->wkijlm", imag, kernel)
    weighted = velocity * (-2j * kernel[:, None])
    if xp is not np:
        return xp.real(xp.einsum("kilmn,kjmn->kijlm", xp.conj(current), weighted))
    # real dot products of rows, as one small matrix product for every m: nothing complex is formed
    nk, dim, n_spin, m, n = current.shape
    left = _as_reals(np.moveaxis(current, -2, 1)).reshape(nk, m, dim * n_spin, 2 * n)
    right = _as_reals(np.moveaxis(weighted, -2, 1))
    products = np.matmul(left, right.swapaxes(-1, -2)).reshape(nk, m, dim, n_spin, right.shape[2])
    return products.transpose(0, 2, 4, 3, 1)


def _as_reals(a: Any) -> Any:
    return np.ascontiguousarray(a).view(np.float64)


def kubo_kernel(gaps: Any, apart: Any, eta: float = 0.0, omega: Any = None, xp: Any = np) -> Any:
    """K_mn of `conventional`: 1/((e_m - e_n)^2 - (omega + i eta)^2), zero inside a group.

    gaps: e_n - e_m, (nk, M, N) eV; apart: whether m and n belong to different groups. eta, omega: eV. Real (nk, M, N)
    without omega, complex (n_omega, nk, M, N) with it.
    """
    if omega is None:
        return xp.where(apart, 1.0 / xp.where(apart, gaps**2 + eta**2, 1.0), 0.0)
    z2 = (xp.asarray(omega) + 1j * eta)[:, None, None, None] ** 2
    return xp.where(apart, 1.0 / xp.where(apart, gaps**2 - z2, 1.0), 0.0)


def liu2023(connection: Any, spin: Any, labels: Any, xp: Any = np) -> Any:
    """X_m = sum_n s_nn W_mn as published: Eqs. (1), (2), (C25). Covariant form for degenerate groups.

    i sum over other groups D' of [R^i s_D' R^j - R^j s_D' R^i]_mm with the full block s_D', so that the sum over the
    bands of a group does not depend on their basis. connection: (nk, dim, n, n). spin: (nk, L, n, n).
    labels: (nk, n). Returns (nk, P, L, n) for the pairs (i, j) of PAIRS.
    """
    if not has_groups(labels, xp):
        return liu2023_of_bands(pair_weights(connection, xp), _diagonal(spin, xp), xp)
    blocks = _group_blocks(spin, labels, xp)
    out = []
    for i, j in PAIRS[connection.shape[1]]:
        inner = xp.matmul(blocks, connection[:, None, j])
        # (R^j s R^i)_mm is the conjugate of (R^i s R^j)_mm
        out.append(-2.0 * xp.imag(xp.sum(connection[:, None, i] * xp.swapaxes(inner, -1, -2), axis=-1)))
    return xp.stack(out, axis=1)


def liu2023_corrected(connection: Any, spin: Any, labels: Any, xp: Any = np) -> Any:
    """X_m = s_mm sum_n W_mn, what Liu's own Eqs. (C13)-(C18) give. Covariant form for degenerate groups.

    X_D = tr_D(s F_D), F_D = i [R^i, R^j] inside the group D with intermediate states outside it.
    Shapes as in `liu2023`.
    """
    if not has_groups(labels, xp):
        return liu2023_corrected_of_bands(pair_weights(connection, xp), _diagonal(spin, xp), xp)
    blocks = _group_blocks(spin, labels, xp)
    out = []
    for i, j in PAIRS[connection.shape[1]]:
        product = xp.matmul(connection[:, i], connection[:, j])
        curvature = 1j * (product - xp.conj(xp.swapaxes(product, -1, -2)))
        out.append(xp.real(xp.sum(blocks * xp.swapaxes(curvature, -1, -2)[:, None], axis=-1)))
    return xp.stack(out, axis=1)


def liu2023_of_bands(weights: Any, spin_diagonal: Any, xp: Any = np) -> Any:
    """`liu2023` where no bands are degenerate: W (nk, P, M, n) for any range of m and all n, s_nn (nk, L, n)."""
    return xp.swapaxes(xp.matmul(weights, xp.swapaxes(spin_diagonal, -1, -2)[:, None]), -1, -2)


def liu2023_corrected_of_bands(weights: Any, spin_diagonal: Any, xp: Any = np) -> Any:
    """`liu2023_corrected` where no bands are degenerate: W (nk, P, M, n) for the first M bands m and all n."""
    curvature = xp.sum(weights, axis=-1)
    return curvature[:, :, None] * spin_diagonal[:, None, :, : curvature.shape[-1]]


def has_groups(labels: Any, xp: Any = np) -> bool:
    """Whether any two levels of any k point share a group."""
    return bool(xp.any(labels[:, -1] != labels.shape[-1] - 1))


def _group_blocks(spin: Any, labels: Any, xp: Any) -> Any:
    return xp.where((labels[:, :, None] == labels[:, None, :])[:, None], spin, 0.0)


def _diagonal(spin: Any, xp: Any) -> Any:
    return xp.real(xp.diagonal(spin, axis1=-2, axis2=-1))


#: Parts of the spin current as linear combinations of what is summed over the zone.
#:
#: topological, C6: the s_mm part of the conventional current, -(e E_x / 2 hbar) sum f (s Omega + Sigma) for J_y.
#: torque_dipole_1, C10: from the Q-dependent nonequilibrium density matrix; minus C7, the rest of the conventional one.
#: torque_dipole_2, C13-C18: from the Q-dependent equilibrium density matrix, -(e E_x / 2 hbar) sum f (s Omega - Sigma)
#: for J_y. The published C19 exchanges i and j, which flips this sign (docs/theory/spin_currents).
DECOMPOSITION: dict[str, tuple[tuple[float, str], ...]] = {
    "conventional": ((1.0, "conventional"),),
    "liu2023": ((1.0, "liu2023"),),
    "liu2023_corrected": ((1.0, "liu2023_corrected"),),
    "topological": ((0.5, "liu2023_corrected"), (0.5, "liu2023")),
    "torque_dipole_1": ((0.5, "liu2023_corrected"), (0.5, "liu2023"), (-1.0, "conventional")),
    "torque_dipole_2": ((0.5, "liu2023_corrected"), (-0.5, "liu2023")),
}


def shi2006(velocity: Any, energies: Any, spin: Any, filling: int, xp: Any = np) -> Any:
    """tr(s P1) of the exact conserved spin current of an insulator, (nk, P, L) angstrom^2.

    P1 is the first-order change of the occupied projector P for the pair (i, j):
    occupied and empty blocks -+(i/2) [d_j P, d_i P], and between them -M_ml/(e_m - e_l) with
    M = (i/2) ({d_j H, d_i P} - {d_i H, d_j P}). velocity: dH/dk in the eigenbasis. filling: number of occupied bands.
    """
    n = energies.shape[-1]
    occupied = xp.arange(n) < filling
    across = occupied[:, None] != occupied[None, :]
    gaps = energies[:, :, None] - energies[:, None, :]
    # where bands touch there is no gap and no answer, but the caller learns of it only after the whole zone
    regular = across & (gaps != 0.0)
    inverse = xp.where(regular, 1.0 / xp.where(regular, gaps, 1.0), 0.0)
    # |d o> = sum_e |e> v_eo/(e_o - e_e), so dP is v over minus the gap, with the sign of the side it is read from
    sign = xp.where(occupied, 1.0, -1.0)[None, None, None, :]
    d_projector = -velocity * inverse[:, None] * sign
    out = []
    for i, j in PAIRS[velocity.shape[1]]:
        commutator = _commutator(d_projector[:, j], d_projector[:, i], xp)
        half = xp.where(occupied, -0.5j, 0.5j)[:, None]
        diagonal_blocks = half * commutator
        m = 0.5j * (
            _anticommutator(velocity[:, j], d_projector[:, i], xp)
            - _anticommutator(velocity[:, i], d_projector[:, j], xp)
        )
        p1 = xp.where(across, -m * inverse, diagonal_blocks)
        out.append(xp.real(xp.sum(spin * xp.swapaxes(p1, -1, -2)[:, None], axis=(-1, -2))))
    return xp.stack(out, axis=1)


def _commutator(a: Any, b: Any, xp: Any) -> Any:
    return xp.matmul(a, b) - xp.matmul(b, a)


def _anticommutator(a: Any, b: Any, xp: Any) -> Any:
    return xp.matmul(a, b) + xp.matmul(b, a)
