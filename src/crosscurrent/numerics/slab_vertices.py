"""Weak forces on site in a driven slab, to first order: springs that vary along x, and cubic terms with their memory.

To v' of each cell is added -p [kappa s + (alpha/2) (s^2 - <s^2>)] with s = p.u, kappa and alpha functions of (x, y).
The covariance changes in the first order of kappa and in the second order of alpha (the first vanishes). Both have the
form A X + X A^+ = S + S^+, with S = <f (u, v)^+> the correlation of the added force f with the unperturbed state. For
the cubic terms S is a third cumulant: what s_i^2 has kept of earlier forces at the cells l,

<s_i s_i X_j> = -sum_l alpha_l int_0^inf dt [R_jl(t) C_il(t)^2 + 2 R_il(t) C_il(t) C_jl(t)],

with C_jl(t) = <X_j(t) s_l(0)> and R_jl the response to a force along p. What C_il and R_il say falls off in a cell or
two: l is the cell i or one that shares a face with it. Written for the modes, whose C and R are exponentials, the
integral is a Laplace transform of two functions of (x, y, t) for each l. For X = v_i the integrand is a total
derivative, so the forces do no work on average, whatever l is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.slab_correlations import Cell, Chain, LocalMemory, chunks_of, local_memory, shifted, span

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Vertices:
    """direction: p, (d,). spring: kappa(x, y). cubic: alpha(x, y), both (Nx, Ny), for v' = ... - p [kappa s + alpha/2
    s^2]."""

    direction: Floats
    spring: Floats
    cubic: Floats


@dataclass(frozen=True, eq=False)
class VertexCorrection:
    """covariance: the change of <s s^T> of the state (u, v), (Nx, Ny, 2d, 2d). third: <s^3> of s = p.u, (Nx, Ny)."""

    covariance: Floats
    third: Floats


def vertex_correction(
    problem: DrivenSlab,
    vertices: Vertices,
    theta: Floats,
    *,
    parts: int = 1,
    stage: str = "vertices",
    run: ChunkMap = serial,
) -> VertexCorrection:
    """The first-order change for baths of strength theta(x), (Nx,); in continuous time, for any slab.

    parts: into how many chunks each q_z is split. Raises InputError for damping so weak that the memory of the cubic
    terms is too long to follow.
    """
    memory = local_memory(problem, vertices.direction, theta, parts=parts, stage=f"{stage}-memory", run=run)
    work = _Change(problem, vertices, theta, _Functions.of(memory, vertices.cubic))
    d = problem.components
    change = np.zeros((problem.nx, problem.layers, 2 * d, 2 * d))
    for piece in run(f"{stage}-change", work, chunks_of(problem, parts)):
        change += piece["change"]
    return VertexCorrection(change, _third_cumulant(memory, vertices.cubic))


def _third_cumulant(memory: LocalMemory, cubic: Floats) -> Floats:
    """<s_i^3> = -3 sum_l alpha_l int dt R_il C_il^2, (Nx, Ny)."""
    total = np.zeros(cubic.shape)
    for i, cell in enumerate(memory.cells):
        total -= 3 * shifted(cubic, cell) * ((memory.correlation(i) ** 2 * memory.response(i)) @ memory.weights)
    return total


@dataclass(frozen=True, eq=False)
class _Functions:
    """alpha_i alpha_l/2 C_il^2 and alpha_i alpha_l R_il C_il: factors (2, cells, Nx, Ny, r) of a basis (r, t) with the
    weights of the integral over times in it. The functions are much alike, so that r is small."""

    cells: list[Cell]
    factors: Floats
    basis: Floats
    times: Floats

    @classmethod
    def of(cls, memory: LocalMemory, cubic: Floats) -> _Functions:
        def both(i: int, cell: Cell) -> Floats:
            c, strength = memory.correlation(i), (cubic * shifted(cubic, cell))[..., None]
            return np.stack([0.5 * strength * c**2, strength * c * memory.response(i)])

        squares = np.zeros((2, len(memory.times), len(memory.times)))
        for i, cell in enumerate(memory.cells):
            rows = both(i, cell).reshape(2, -1, len(memory.times))
            squares += rows.swapaxes(1, 2) @ rows
        # the two have different units, and different powers of theta
        size = squares.trace(axis1=1, axis2=2)
        basis = span((squares / np.where(size > 0, size, 1.0)[:, None, None]).sum(axis=0))
        factors = np.stack([both(i, cell) @ basis.T for i, cell in enumerate(memory.cells)], axis=1)
        return cls(memory.cells, factors, basis * memory.weights, memory.times)

    def laplace(self, rates: Complexes) -> Iterator[tuple[Cell, Complexes, Complexes]]:
        """int dt exp(-rate t) of both functions, (Nx, Ny, rates), by neighbour."""
        waves = self.basis @ np.exp(-np.outer(self.times, rates))
        for cell, first, second in zip(self.cells, *self.factors, strict=True):
            yield cell, _complex_product(first, waves), _complex_product(second, waves)


@dataclass(frozen=True)
class _Change:
    """One chunk of the change of the covariance."""

    problem: DrivenSlab
    vertices: Vertices
    theta: Floats
    kept: _Functions

    def __call__(self, chunk: tuple[int, int, int]) -> dict[str, NDArray[Any]]:
        qz, part, parts = chunk
        chain = Chain(self.problem, self.vertices.direction, self.theta, qz)
        nx, d = self.problem.nx, self.problem.components
        total = np.zeros((nx, self.problem.layers, 2 * d, 2 * d), dtype=complex)
        for q in range(part, nx, parts):
            for other, change in enumerate(self._of_pairs(chain, q)):
                total[other - q] += change
        local = np.fft.ifft(total, axis=0).real * (chain.weight / nx)
        return {"change": local + local.swapaxes(-1, -2)}

    def _source(self, chain: Chain, q: int) -> Complexes:
        """<f(x, y) xi_b^*> of the added force, transformed along x, (Nx, Ny, n)."""
        state, rates = chain.amplitudes(q), chain.rates[q].conj()
        kicked = chain.phases(q) * chain.drive[q].conj().T
        force = -self.vertices.spring[..., None] * state
        for cell, squared, mixed in self.kept.laplace(rates):
            hop = chain.hop(cell)
            force += hop * (squared * shifted(kicked, cell) + mixed * shifted(state, cell))
        return np.asarray(np.fft.fft(force, axis=0))

    def _of_pairs(self, chain: Chain, q: int) -> Iterator[Complexes]:
        """Half of the change between equal layers, (Ny, 2d, 2d), for each q' beside q."""
        n, d = self.problem.layers, self.problem.components
        back = chain.vectors[q].conj().T
        for other, source in enumerate(self._source(chain, q)):
            y = (chain.drive[other] @ source) / (chain.rates[other][:, None] + chain.rates[q].conj())
            columns = (y @ back).reshape(-1, 2, n, d).transpose(2, 0, 1, 3).reshape(n, -1, 2 * d)
            rows = chain.vectors[other].reshape(2, n, d, -1).transpose(1, 0, 2, 3).reshape(n, 2 * d, -1)
            yield rows @ columns


def _complex_product(left: Floats, right: Complexes) -> Complexes:
    """A real array (..., n) times a complex matrix."""
    return np.asarray((left @ right.real) + 1j * (left @ right.imag))
