"""Spin currents of Bloch electrons in an electric field, in every definition.

All functions give X_m of J_i = (e E_j / hbar) int sum_m f_m X_m, per band m, with spin in units of hbar, so X_m is in
angstrom^2. i is the direction of the current, j of the field, l of the spin. Sources: Liu, Cullen and Culcer, PRB 108,
195434 (2023), equations (1)-(C26); Shi, Zhang, Xiao and Niu, PRL 96, 076604 (2006).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from crosscurrent.physics.bloch import PAIRS, pair_weights


def anticommutator_current(velocity: Any, spin: Any, xp: Any = np) -> Any:
    """{s, hbar v}/2 in the eigenbasis, the simple spin-current operator.

    velocity: (nk, dim, n, n) eV angstrom. spin: (nk, L, n, n) hbar. Returns (nk, dim, L, n, n).
    """
    nk, dim, n, _ = velocity.shape
    n_spin = spin.shape[1]
    # one tall product for the spins of each velocity; its adjoint is the product in the other order
    product = xp.matmul(spin.reshape(nk, 1, n_spin * n, n), velocity).reshape(nk, dim, n_spin, n, n)
    return 0.5 * (product + xp.conj(xp.swapaxes(product, -1, -2)))


def interpolated_current(
    bare_velocity: Any,
    spin: Any,
    energies: Any,
    inverse: Any,
    spin_position: Any,
    spin_hamiltonian: Any,
    spin_hamiltonian_position: Any,
    xp: Any = np,
) -> Any:
    """{s, hbar v}/2 with the products taken before projection on the Wannier functions: Qiao or Ryoo.

    s v|n> = sum over n' of the group of s|n'> v_n'n + (e_n s - sH) |d n>, where the derivative of |n> has a part inside
    the Wannier space (D_pn = v_pn/(e_n - e_p)) and one that the functions carry, K = <s i d> and L = <s H i d>.
    All arguments in the eigenbasis: bare_velocity (nk, dim, n, n), spin (nk, L, n, n), spin_position K and
    spin_hamiltonian_position L (nk, L, dim, n, n), spin_hamiltonian sH (nk, L, n, n). Returns (nk, dim, L, n, n).
    Qiao et al., PRB 98, 214402, Eqs. (32)-(37); Ryoo, Park and Souza, PRB 99, 235113.
    """
    across = inverse[:, None] != 0
    inside = xp.where(across, 0.0, bare_velocity)
    turning = bare_velocity * inverse[:, None]
    level = energies[:, None, None, None, :]
    product = (
        xp.matmul(spin[:, None], (inside + turning * energies[:, None, None, :])[:, :, None])
        - xp.matmul(spin_hamiltonian[:, None], turning[:, :, None])
        - 1j * xp.swapaxes(spin_position, 1, 2) * level
        + 1j * xp.swapaxes(spin_hamiltonian_position, 1, 2)
    )
    return 0.5 * (product + xp.conj(xp.swapaxes(product, -1, -2)))


def conventional(current: Any, velocity: Any, kernel: Any, xp: Any = np) -> Any:
    """X_m = 2 sum_n Im[j^il_nm hbar v^j_mn] K_mn, K = 1/((e_m - e_n)^2 + eta^2) outside the group.

    current: j, (nk, dim, L, n, n). velocity: (nk, dim, n, n). kernel: (nk, n, n) real, or (n_omega, nk, n, n)
    complex for a frequency-dependent response. Returns (nk, dim_i, dim_j, L, n), or with n_omega in front.
    """
    # j and v are Hermitian, so Im[j_nm v_mn] = Im[conj(j_mn) v_mn]: both factors are read along the same row
    if kernel.ndim == 4:
        imag = xp.imag(xp.conj(current)[:, :, None] * velocity[:, None, :, None])
        return 2.0 * xp.einsum("kijlmn,wkmn->wkijlm", imag, kernel)
    weighted = velocity * (-2j * kernel[:, None])
    return _row_dots(current, weighted, xp)


def _row_dots(current: Any, weighted: Any, xp: Any) -> Any:
    """Re sum_n conj(j_mn) w_mn, (nk, dim_i, dim_j, L, n): real dot products of rows, so nothing complex is formed."""
    nk, dim, n_spin, n, _ = current.shape
    if xp is not np:
        return xp.real(xp.einsum("kilmn,kjmn->kijlm", xp.conj(current), weighted))
    out = np.empty((nk, dim, weighted.shape[1], n_spin, n))
    left, right = _as_reals(current), _as_reals(weighted)
    for i in range(dim):
        for spin in range(n_spin):
            for j in range(weighted.shape[1]):
                np.einsum("kmr,kmr->km", left[:, i, spin], right[:, j], out=out[:, i, j, spin])
    return out


def _as_reals(a: Any) -> Any:
    return np.ascontiguousarray(a).view(np.float64)


def kubo_kernel(energies: Any, labels: Any, eta: float = 0.0, omega: Any = None, xp: Any = np) -> Any:
    """K_mn of `conventional`: 1/((e_m - e_n)^2 - (omega + i eta)^2), zero inside a group.

    energies, labels: (nk, n). eta, omega: eV. Real (nk, n, n) without omega, complex (n_omega, nk, n, n) with it.
    """
    gaps2 = (energies[:, :, None] - energies[:, None, :]) ** 2
    apart = labels[:, :, None] != labels[:, None, :]
    if omega is None:
        return xp.where(apart, 1.0 / xp.where(apart, gaps2 + eta**2, 1.0), 0.0)
    z2 = (xp.asarray(omega) + 1j * eta)[:, None, None, None] ** 2
    return xp.where(apart, 1.0 / xp.where(apart, gaps2 - z2, 1.0), 0.0)


def liu2023(connection: Any, spin: Any, labels: Any, xp: Any = np) -> Any:
    """X_m = sum_n s_nn W_mn as published: Eqs. (1), (2), (C25). Covariant form for degenerate groups.

    i sum over other groups D' of [R^i s_D' R^j - R^j s_D' R^i]_mm with the full block s_D', so that the sum over the
    bands of a group does not depend on their basis. connection: (nk, dim, n, n). spin: (nk, L, n, n).
    labels: (nk, n). Returns (nk, P, L, n) for the pairs (i, j) of PAIRS.
    """
    if not _has_groups(labels, xp):
        return xp.einsum("kpmn,kln->kplm", pair_weights(connection, xp), _diagonal(spin, xp), optimize=True)
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
    if not _has_groups(labels, xp):
        curvature = xp.sum(pair_weights(connection, xp), axis=-1)
        return curvature[:, :, None] * _diagonal(spin, xp)[:, None]
    blocks = _group_blocks(spin, labels, xp)
    out = []
    for i, j in PAIRS[connection.shape[1]]:
        product = xp.matmul(connection[:, i], connection[:, j])
        curvature = 1j * (product - xp.conj(xp.swapaxes(product, -1, -2)))
        out.append(xp.real(xp.sum(blocks * xp.swapaxes(curvature, -1, -2)[:, None], axis=-1)))
    return xp.stack(out, axis=1)


def _has_groups(labels: Any, xp: Any) -> bool:
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
    inverse = xp.where(across, 1.0 / xp.where(across, gaps, 1.0), 0.0)
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
