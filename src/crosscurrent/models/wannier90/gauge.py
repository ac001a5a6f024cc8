"""Matrices in the Wannier gauge on the k-mesh, from checkpoint, energies, overlaps and spin matrices.

V (nb, n) are the columns of the checkpoint's gauge at k, M_b = <u_k|u_k+b> and s = sigma/2 the matrices between
Bloch states, E the energies, and w_b the weights of the finite-difference stencil. |u_b> below is the cell-periodic
sum over R of exp(-ik.(r - R)) |Rb>, and X(R) = (1/N) sum_k exp(-ik.R) X(k) gives the real-space element.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90.chk import Checkpoint
from crosscurrent.models.wannier90.files import Floats
from crosscurrent.models.wannier90.kmesh import Stencil
from crosscurrent.models.wannier90.overlaps import Overlaps

Complexes = NDArray[np.complex128]


def rotate(left: Complexes, matrices: Complexes, right: Complexes) -> Complexes:
    """left^dagger X right; left, right: (nk, nb, n); matrices: (nk, ..., nb, nb). Extra axes sit in the middle."""
    extra = [1] * (matrices.ndim - 3)
    bra = left.conj().swapaxes(1, 2).reshape(len(left), *extra, left.shape[2], left.shape[1])
    ket = right.reshape(len(right), *extra, *right.shape[1:])
    return np.asarray(bra @ matrices @ ket)


def hamiltonian(chk: Checkpoint, energies: Floats) -> Complexes:
    """V^dagger E V, (nk, n, n) eV. energies: (nk, nb)."""
    v = chk.gauge
    return v.conj().swapaxes(1, 2) @ (energies[:, :, None] * v)


def overlaps(chk: Checkpoint, mmn: Overlaps) -> Complexes:
    """V(k)^dagger M_b V(k+b), (nk, nntot, n, n)."""
    rotated = [rotate(chk.gauge, mmn.matrices[:, b], chk.gauge[mmn.neighbour[:, b]]) for b in range(chk.n_neighbours)]
    return np.stack(rotated, axis=1)


def position(rotated: Complexes, mesh: Stencil, translation_invariant_centres: bool) -> Complexes:
    """The Berry connection of the Wannier states A_i = i <u|d_i u>, (nk, 3, n, n) angstrom.

    rotated: the overlaps in the Wannier gauge. A = i sum_b w_b b M_b, Hermitian part (Wang, Yates, Souza and
    Vanderbilt, PRB 74, 195118 (2006), Eq. 44). With translation_invariant_centres the diagonal is
    -sum_b w_b b Im ln M_b instead (Marzari and Vanderbilt, Eq. 31), which moves rigidly with the crystal; both have
    an error of order b^2.
    """
    wb = mesh.weight[:, :, None] * mesh.b
    a = 1j * np.einsum("kbi,kbmn->kimn", wb, rotated)
    a = 0.5 * (a + a.conj().swapaxes(2, 3))
    if translation_invariant_centres:
        n = np.arange(a.shape[-1])
        a[:, :, n, n] = -np.einsum("kbi,kbn->kin", wb, np.angle(rotated[:, :, n, n]))
    return np.asarray(a)


def spin(chk: Checkpoint, pauli: Complexes) -> Complexes:
    """V^dagger s V, (nk, 3, n, n) in units of hbar. pauli: (nk, 3, nb, nb)."""
    return rotate(chk.gauge, 0.5 * pauli, chk.gauge)


def spin_hamiltonian(chk: Checkpoint, pauli: Complexes, energies: Floats) -> Complexes:
    """V^dagger s E V = <u|s H|u>, (nk, 3, n, n) in hbar eV."""
    return rotate(chk.gauge, 0.5 * pauli * energies[:, None, None, :], chk.gauge)


def spin_derivatives(
    chk: Checkpoint, mmn: Overlaps, mesh: Stencil, pauli: Complexes, energies: Floats
) -> tuple[Complexes, Complexes]:
    """<u|s_l|i d_i u> in hbar angstrom and <u|s_l H|i d_i u> in hbar eV angstrom, each (nk, 3 l, 3 i, n, n).

    K = i sum_b w_b b_i V(k)^dagger s_l M_b V(k+b) and L = i sum_b w_b b_i V(k)^dagger s_l E M_b V(k+b): the bands of
    the run stand for a complete set between s and the neighbouring state (Qiao, Zhou, Yuan and Zhao, PRB 98, 214402
    (2018), Eqs. 31, 32). The on-site terms that the derivative subtracts drop out because sum_b w_b b = 0.
    """
    s = 0.5 * pauli
    s_energy = s * energies[:, None, None, :]
    shape = (chk.n_k, 3, 3, chk.n_states, chk.n_states)
    k_blocks, l_blocks = np.zeros(shape, dtype=complex), np.zeros(shape, dtype=complex)
    bra = chk.gauge.conj().swapaxes(1, 2)[:, None]
    for b in range(chk.n_neighbours):
        ket = (mmn.matrices[:, b] @ chk.gauge[mesh.neighbour[:, b]])[:, None]
        factor = (1j * mesh.weight[:, b, None] * mesh.b[:, b])[:, None, :, None, None]
        k_blocks += factor * (bra @ s @ ket)[:, :, None]
        l_blocks += factor * (bra @ s_energy @ ket)[:, :, None]
    return k_blocks, l_blocks


def exact_derivatives(chk: Checkpoint, mesh: Stencil, matrices: Complexes) -> Complexes:
    """The same from a `.sIu` (K) or `.sHu` (L), (nk, 3 l, 3 i, n, n), without inserting a set of bands.

    matrices: (nk, nntot, 3, nb, nb), <u_mk|sigma_l (H_k)|u_n,k+b>. K = i sum_b w_b b_i V(k)^dagger (matrices/2)_b
    V(k+b) (Ryoo, Park and Souza, PRB 99, 235113 (2019), Eqs. 37-40).
    """
    blocks = np.zeros((chk.n_k, 3, 3, chk.n_states, chk.n_states), dtype=complex)
    for b in range(chk.n_neighbours):
        rotated = rotate(chk.gauge, 0.5 * matrices[:, b], chk.gauge[mesh.neighbour[:, b]])
        blocks += (1j * mesh.weight[:, b, None] * mesh.b[:, b])[:, None, :, None, None] * rotated[:, :, None]
    return blocks
