"""What a driven slab remembers of a force or a displacement at one cell: correlation and response near it, in time.

With s = p.u in each cell they are C_il(t) = <s_i(t) s_l(0)> and R_il(t), what s_i does after a kick along p at l. Both
are sums of exponentials over the modes, kept as factors of one basis of functions of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.slab_stability import lowest_mode
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Cell = tuple[int, int, int]

#: The time integral: points in a panel, periods of the fastest product of three modes in a panel, points in all.
_POINTS, _PERIODS, _MOST = 16, 4, 12000
#: Logarithm of what is left of the slowest product of two modes on site where the time integral ends; the third factor
#: can be a mode that hardly decays.
_DECAY = 6.5
#: Functions of time below this fraction of the largest are left out of the basis they are written in; that basis is
#: made for so many rates of decay, and frequencies in one over the time they last.
_SMALL, _RATES, _FREQUENCIES = 1e-6, 4, 3.0


@dataclass(frozen=True, eq=False)
class LocalMemory:
    """cells: the neighbours l - i. factors, answers: of C_il and R_il, (cells, Nx, Ny, r) and (cells, Ny, r), for the
    rows of basis (r, t) over times, (t,), with weights for an integral over them."""

    cells: list[Cell]
    factors: Floats
    answers: Floats
    basis: Floats
    times: Floats
    weights: Floats

    def correlation(self, i: int) -> Floats:
        """C_il(t) with the neighbour l of this number, (Nx, Ny, t)."""
        return np.asarray(self.factors[i] @ self.basis)

    def response(self, i: int) -> Floats:
        """R_il(t), (Ny, t)."""
        return np.asarray(self.answers[i] @ self.basis)


def local_memory(
    problem: DrivenSlab, direction: Floats, theta: Floats, *, parts: int, stage: str, run: ChunkMap
) -> LocalMemory:
    """Of s = direction.u in each cell and those that share a face with it, for baths of strength theta(x), (Nx,).

    Raises InputError as `memory_times` does.
    """
    times, weights = memory_times(problem)
    basis, cells = exponential_basis(problem, times), neighbours(problem)
    factors = np.zeros((len(cells), problem.nx, problem.layers, len(basis)))
    answers = np.zeros((len(cells), problem.layers, len(basis)))
    for piece in run(stage, _Memory(problem, direction, theta, times, basis), chunks_of(problem, parts)):
        factors += piece["correlation"]
        answers += piece["response"]
    return LocalMemory(cells, factors, answers, basis, times, weights)


def chunks_of(problem: DrivenSlab, parts: int) -> list[tuple[int, int, int]]:
    """(q_z, part, parts) for each q_z >= 0."""
    return [(qz, part, parts) for qz in range(problem.nz // 2 + 1) for part in range(parts)]


def memory_bytes(nx: int, layers: int, components: int, points: int = 1500) -> int:
    """About what a chunk and its answer hold at most, bytes; points: in time."""
    n, cells, rank = 2 * components * layers, 7, 300
    modes = nx * n * 16 * (2 * n + 2 * layers)
    work = nx * layers * (16 * n * 6 + 8 * (3 * cells * rank + 4 * points))
    return modes + work + 8 * 4 * points**2


def neighbours(problem: DrivenSlab) -> list[Cell]:
    """The cell itself and those that share a face with it, each once also where the slab is one or two cells wide."""
    nx, nz = problem.nx, problem.nz
    cells = {(0, 0, 0), (1 % nx, 0, 0), (-1 % nx, 0, 0), (0, 0, 1 % nz), (0, 0, -1 % nz)}
    return [*sorted(cells), (0, 1, 0), (0, -1, 0)]


def memory_times(problem: DrivenSlab) -> tuple[Floats, Floats]:
    """Times and weights of the integral over memory: Gauss-Legendre in panels of the fastest product's periods."""
    found = lowest_mode(problem.stiffness, problem.nz)
    fastest = 3 * _highest(problem)
    slowest = 2 * min(float(problem.damping.min()) / 2, found.value / float(problem.damping.max()))
    panel = _PERIODS * 2 * np.pi / fastest
    count = max(1, int(np.ceil(_DECAY / slowest / panel))) if slowest > 0 else _MOST
    if count * _POINTS > _MOST:
        raise InputError(
            f"the slowest motion dies out at {slowest / 2:.3g}/ps: the memory of the anharmonic forces is too long",
            where="damping",
            fix=f"give {_DECAY * _POINTS / (_MOST * panel):.2g}/ps or more, or leave the anharmonic part out",
        )
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    times = panel * (np.arange(count)[:, None] + (nodes + 1) / 2).reshape(-1)
    return times, np.tile(panel / 2 * weights, count)


def exponential_basis(problem: DrivenSlab, times: Floats) -> Floats:
    """Orthonormal rows (r, t) in which exp(-lambda t) of any mode can be written: far fewer than there are times."""
    highest = _highest(problem)
    count = int(np.ceil(_FREQUENCIES * highest * times[-1] / (2 * np.pi))) + 2
    phases = np.exp(1j * np.outer(np.linspace(0, highest, count), times))
    decays = np.exp(-np.outer(np.linspace(0, float(problem.damping.max()), _RATES), times))
    waves = (decays[:, None] * phases).reshape(-1, len(times))
    return span(waves.real.T @ waves.real + waves.imag.T @ waves.imag)


def _highest(problem: DrivenSlab) -> float:
    """A bound for the frequencies of the modes."""
    return float(np.sqrt(lowest_mode(problem.stiffness, problem.nz).highest)) + float(np.abs(problem.gyration).max())


def span(gram: Floats) -> Floats:
    """Orthonormal rows (r, t) that span the rows of a matrix, to `_SMALL` of the largest. gram: its square, (t, t)."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > _SMALL**2 * max(float(values[-1]), 0.0)
    return np.ascontiguousarray(vectors[:, kept].T)


class Chain:
    """The modes of one q_z at every q_x, and the correlations of s with them."""

    def __init__(self, problem: DrivenSlab, direction: Floats, theta: Floats, qz: int) -> None:
        self.problem = problem
        n, d, nx = problem.layers, problem.components, problem.nx
        self.theta, self.qz = np.fft.fft(theta), qz
        turn, damping = np.kron(np.eye(n), problem.turn()), np.repeat(problem.damping, d)
        along = np.kron(np.eye(n), direction[None, :])
        root = np.sqrt(np.repeat(problem.noise(), d))
        self.rates, self.vectors, self.noise, self.drive, self.seen = [], [], [], [], []
        for q in range(nx):
            values, vectors = np.linalg.eig(problem.generator(problem.stiffness.matrix(q, qz), damping, turn))
            inverse = np.linalg.inv(vectors)[:, n * d :]
            self.rates.append(values)
            self.vectors.append(vectors)
            self.noise.append(inverse * root)
            self.drive.append(inverse @ along.T)
            self.seen.append(along @ vectors[: n * d])
        #: of this q_z and its negative, whose sums are complex conjugates
        self.weight = (2.0 if 0 < 2 * qz != problem.nz else 1.0) / problem.nz

    def amplitudes(self, q: int) -> Complexes:
        """<s(x, y) xi_b^*> with the modes b of the wave vector q, (Nx, Ny, n)."""
        nx, right = self.problem.nx, self.noise[q].conj().T
        rows = []
        for other in range(nx):
            y = (self.noise[other] @ right) / (self.rates[other][:, None] + self.rates[q].conj())
            rows.append(self.theta[other - q] * (self.seen[other] @ y))
        return np.asarray(np.fft.ifft(np.array(rows), axis=0))

    def phases(self, q: int) -> Complexes:
        """exp(iqx), (Nx, 1, 1)."""
        nx = self.problem.nx
        return np.asarray(np.exp(2j * np.pi * q * np.arange(nx) / nx)[:, None, None])

    def hop(self, cell: Cell) -> complex:
        """exp(i q_z z) of a neighbour."""
        return complex(np.exp(2j * np.pi * self.qz * cell[2] / self.problem.nz))


@dataclass(frozen=True)
class _Memory:
    """One chunk of C_il(t), (cells, Nx, Ny, r), and of R_il(t), (cells, Ny, r), as factors of the basis (r, t)."""

    problem: DrivenSlab
    direction: Floats
    theta: Floats
    times: Floats
    basis: Floats

    def __call__(self, chunk: tuple[int, int, int]) -> dict[str, NDArray[Any]]:
        qz, part, parts = chunk
        chain = Chain(self.problem, self.direction, self.theta, qz)
        nx, n = self.problem.nx, self.problem.layers
        cells = neighbours(self.problem)
        correlation = np.zeros((len(cells), nx, n, len(self.basis)))
        response = np.zeros((len(cells), n, len(self.basis)))
        for q in range(part, nx, parts):
            decay = np.exp(-np.outer(chain.rates[q], self.times)) @ self.basis.T
            state, ahead = chain.amplitudes(q).conj(), chain.phases(q) * chain.seen[q]
            for i, cell in enumerate(cells):
                hop = np.conj(chain.hop(cell))
                correlation[i] += _real_product(ahead * hop * shifted(state, cell), decay)
                driven = shifted(chain.drive[q].T[None], (0, cell[1], 0))[0] * chain.phases(q)[cell[0]].conj()
                response[i] += _real_product(chain.seen[q] * hop * driven, decay)
        scale = chain.weight / nx
        return {"correlation": correlation * scale, "response": response * scale}


def shifted(field: NDArray[Any], cell: Cell) -> NDArray[Any]:
    """f(x + cell_x, y + cell_y) for (Nx, Ny, ...), zero beyond the surfaces."""
    out = np.roll(field, -cell[0], axis=0)
    if cell[1] == 0:
        return out
    out = np.roll(out, -cell[1], axis=1)
    out[:, -1 if cell[1] > 0 else 0] = 0
    return out


def _real_product(left: Complexes, right: NDArray[Any]) -> Floats:
    """Real part of a complex array (..., n) times a complex matrix."""
    return np.asarray(left.real @ right.real - left.imag @ right.imag)
