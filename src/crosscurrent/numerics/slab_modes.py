"""Eigenmodes of a driven slab at one (q_x, q_z), in a basis where its matrices are real.

A slab with inversion has D(y, y') = D(-y, -y')^*. In the basis (|y> + |-y>)/sqrt 2, i(|y> - |-y>)/sqrt 2 it is real,
and so are the modes in LAPACK's packed form: a real part and an imaginary part for each pair of conjugate eigenvalues.
All the work on pairs of wave vectors is then done in real matrix products. Degrees of freedom that never talk to each
other (at q_z = 0, or without a field) are solved apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Reals = NDArray[np.floating]

#: Elements below this fraction of the largest do not couple two degrees of freedom.
_SILENT = 1e-12


@dataclass(frozen=True)
class ParityBasis:
    """The even and odd combinations of `layers` layers, d components each; pairs of layers are counted by h.

    A full index is (h, parity, component), parity 0 for even; the odd partner of a middle layer does not exist.
    """

    layers: int
    d: int

    @property
    def halves(self) -> int:
        return (self.layers + 1) // 2

    @cached_property
    def vectors(self) -> Complexes:
        """(Ny, halves, 2): the basis as columns; zero for the combination that does not exist."""
        out = np.zeros((self.layers, self.halves, 2), dtype=complex)
        for h in range(self.halves):
            mirror = self.layers - 1 - h
            if mirror == h:
                out[h, h, 0] = 1.0
                continue
            out[[h, mirror], h, 0] = np.sqrt(0.5)
            out[[h, mirror], h, 1] = np.array([1j, -1j]) * np.sqrt(0.5)
        return out

    @cached_property
    def kept(self) -> NDArray[np.intp]:
        """Full indices that exist, (Ny d,)."""
        exists = np.abs(self.vectors).sum(axis=0) > 0
        return np.flatnonzero(np.repeat(exists.reshape(-1), self.d))

    def real(self, matrix: Complexes, parity: int = 1) -> Floats:
        """A matrix between layers, (Ny d, Ny d), in this basis, (kept, kept); divided by i where parity is -1."""
        u = self.vectors.reshape(self.layers, -1)
        n, d = self.layers, self.d
        turned = np.tensordot(u.conj(), matrix.reshape(n, d, n, d), axes=(0, 0))
        turned = np.tensordot(turned, u, axes=(2, 0)).transpose(0, 1, 3, 2)
        full = turned.reshape(2 * self.halves * d, -1)[np.ix_(self.kept, self.kept)]
        return np.ascontiguousarray(full.real if parity == 1 else full.imag)

    def signs(self, mirror: Sequence[float]) -> Floats:
        """What q_x -> -q_x multiplies the full indices with, (halves, 2, d): odd combinations, and the mirror z ->
        -z."""
        return np.broadcast_to(np.multiply.outer([1.0, -1.0], mirror), (self.halves, 2, self.d)).copy()

    def to_layers(self, local: NDArray[np.inexact]) -> Complexes:
        """(..., halves, 2, a, 2, b) between combinations to (..., Ny, a, b) between equal layers."""
        u = self.vectors
        out = np.zeros((*local.shape[:-5], self.layers, local.shape[-3], local.shape[-1]), dtype=complex)
        for y in range(self.layers):
            h = min(y, self.layers - 1 - y)
            out[..., y, :, :] = np.einsum("p,...paqb,q->...ab", u[y, h], local[..., h, :, :, :, :], u[y, h].conj())
        return out


@dataclass(frozen=True)
class Modes:
    """Packed modes of one set of degrees of freedom: columns 0..p-1 are real parts, p..2p-1 imaginary parts.

    eigenvalues: (p,) complex, with imaginary part >= 0. vectors: (halves * 2 * 2d, 2p), rows (h, parity, u or v,
    component). noise: (2p, mc), the noise in the modes. right: (halves, 2p, 2 * width), the same rows and those of the
    probes, transposed. dofs: the degrees of freedom that the noise acts on, full indices.
    """

    eigenvalues: NDArray[np.complexfloating]
    vectors: Reals
    noise: Reals
    right: Reals
    dofs: NDArray[np.intp]

    def single(self) -> Modes:
        """The same in single precision; the eigenvalues stay, because their differences are what counts."""
        vectors, noise, right = (np.asarray(x, dtype=np.float32) for x in (self.vectors, self.noise, self.right))
        return Modes(self.eigenvalues, vectors, noise, right, self.dofs)

    def amplification(self, discrete: bool) -> Floats:
        """Squares of g for each row of vectors: relative errors e of the noise and the states, if they are
        independent, put at most e g_i g'_j (standard deviation) into the correlation of the rows i and j of two wave
        vectors.

        g_i^2 = sum_a |V_ia|^2 |N_a|^2 / (2 Re lambda_a), or over 1 - |mu_a|^2 for the map of a step: a product bounds
        the denominator of a pair of modes from below. Modes that nearly coincide make it large.
        """
        p, lam = len(self.eigenvalues), self.eigenvalues
        decay = 1 - np.abs(lam) ** 2 if discrete else 2 * lam.real
        strength = np.sum(self.noise**2, axis=1)
        weight = (strength[:p] + strength[p:]) / decay
        return np.asarray((self.vectors[:, :p] ** 2 + self.vectors[:, p:] ** 2) @ weight)


def packed_eigen(matrix: Floats) -> tuple[Complexes, Floats, Floats]:
    """Eigenvalues (p,), columns (n, 2p) and rows of the inverse (2p, n) of a real matrix, conjugates counted once."""
    wr, wi, _, vectors, info = lapack.dgeev(matrix, compute_vl=0)
    if info != 0:
        raise ArithmeticError(f"LAPACK found no eigenvalues (info {info})")
    first = np.flatnonzero(wi >= 0)
    paired = wi[first] > 0
    second = np.where(paired, first + 1, first)
    inverse = np.linalg.inv(vectors)
    # a real eigenvalue has no imaginary part: a column and a row of zeros
    columns = np.concatenate([vectors[:, first], np.where(paired, vectors[:, second], 0.0)], axis=1)
    rows = np.concatenate([inverse[first], np.where(paired[:, None], inverse[second], 0.0)])
    return wr[first] + 1j * wi[first], columns, rows


def components(problem: DrivenSlab, basis: ParityBasis, matrices: Sequence[Floats]) -> list[NDArray[np.intp]]:
    """Sets of kept degrees of freedom that stay apart at every q_x. matrices: D in the basis, one a wave vector."""
    touch = np.max([np.abs(matrix) for matrix in matrices], axis=0)
    links = touch > _SILENT * touch.max()
    full = basis.kept
    turns = np.abs(problem.gyration)[np.ix_(full % basis.d, full % basis.d)] > 0
    links |= turns & (full[:, None] // basis.d == full // basis.d)
    count, label = connected_components(csr_matrix(links), directed=False)
    return [np.flatnonzero(label == i) for i in range(count)]


def modes_of(
    problem: DrivenSlab,
    basis: ParityBasis,
    stiffness: Floats,
    probes: Sequence[Floats],
    dofs: NDArray[np.intp],
) -> Modes:
    """Modes of one set of degrees of freedom. stiffness and probes: real, over all kept degrees of freedom.

    Raises InputError for a step that is too long, or a mode that grows.
    """
    d, full = basis.d, basis.kept[dofs]
    layer = np.minimum(full // (2 * d), basis.layers - 1)
    damping = problem.damping[layer]
    turn = np.where(full[:, None] // d == full // d, problem.turn()[np.ix_(full % d, full % d)], 0.0)
    part = stiffness[np.ix_(dofs, dofs)]
    matrix = problem.generator(part, damping, turn)
    eigenvalues, columns, rows = packed_eigen(np.asarray(matrix, dtype=float))
    _require_decay(problem, eigenvalues)
    noise = rows @ problem.noise_columns(part, problem.noise()[layer])
    m = len(dofs)
    state = np.zeros((basis.halves, 2, 2, d, columns.shape[1]))
    h, parity, component = np.unravel_index(full, (basis.halves, 2, d))
    state[h, parity, 0, component] = columns[:m]
    state[h, parity, 1, component] = columns[m:]
    width = 2 * d + d * len(probes)
    right = np.zeros((basis.halves, 2, width, columns.shape[1]))
    right[:, :, : 2 * d] = state.reshape(basis.halves, 2, 2 * d, -1)
    for i, probe in enumerate(probes):
        seen = np.zeros((basis.halves * 2 * d, columns.shape[1]))
        seen[basis.kept] = probe[:, dofs] @ columns[:m]
        right[:, :, (2 + i) * d : (3 + i) * d] = seen.reshape(basis.halves, 2, d, -1)
    return Modes(
        eigenvalues,
        np.ascontiguousarray(state.reshape(basis.halves * 4 * d, -1)),
        np.ascontiguousarray(noise),
        np.ascontiguousarray(right.reshape(basis.halves, 2 * width, -1).transpose(0, 2, 1)),
        full,
    )


def _require_decay(problem: DrivenSlab, eigenvalues: Complexes) -> None:
    if problem.step is None:
        if eigenvalues.real.min() > 0:
            return
        raise InputError("a mode grows: the lattice is not stable", where="stiffness", fix="check the couplings first")
    if np.abs(eigenvalues).max() < 1:
        return
    raise InputError(
        f"a step of {problem.step:g} ps is too long: a mode grows by {np.abs(eigenvalues).max():.4g} a step",
        where="step",
        fix="the step has to be below 2/omega of the fastest mode",
    )


def pair_covariance(a: Modes, b: Modes, flips: NDArray[Any] | None, discrete: bool) -> Reals:
    """Local correlations <s s'^T> of two wave vectors for unit noise, (halves, 4d, 2 width).

    Solves A X + X B^T = N N'^T, or X - A X B^T = N N'^T for the map of a step, in the packed modes of both. flips:
    signs of the degrees of freedom by which one of the two has yet to be turned to its -q_x, (mc,), or None.
    """
    left = a.noise if flips is None else a.noise * np.asarray(flips, dtype=a.noise.dtype)
    w = left @ b.noise.T
    p, q = len(a.eigenvalues), len(b.eigenvalues)
    lam, mu = a.eigenvalues.conj()[:, None], b.eigenvalues[None, :]
    # rows re + i im of a; columns re + i im (first) and re - i im (second) of b
    first = np.empty((p, q), dtype=np.result_type(w.dtype, np.complex64))
    second, rates = np.empty_like(first), np.empty_like(first)
    np.subtract(w[:p, :q], w[p:, q:], out=first.real)
    np.add(w[p:, :q], w[:p, q:], out=first.imag)
    np.add(w[:p, :q], w[p:, q:], out=second.real)
    np.subtract(w[p:, :q], w[:p, q:], out=second.imag)
    # the rates in double precision, rounded afterwards: two frequencies that nearly coincide cancel
    for part, partner in ((first, mu.conj()), (second, mu)):
        if discrete:
            np.subtract(1, lam * partner, out=rates, casting="same_kind")
        else:
            np.add(lam, partner, out=rates, casting="same_kind")
        part /= rates
    y = w
    np.add(first.real, second.real, out=y[:p, :q])
    np.subtract(second.real, first.real, out=y[p:, q:])
    np.add(first.imag, second.imag, out=y[p:, :q])
    np.subtract(first.imag, second.imag, out=y[:p, q:])
    y *= a.noise.dtype.type(0.5)
    z = a.vectors @ y
    return np.asarray(np.matmul(z.reshape(len(b.right), -1, 2 * q), b.right))
