"""The exact steady covariance of a linear Langevin lattice whose bath temperature varies along x.

Only theta(x) breaks translation, so the covariance of the wave vectors (q, q') answers to the Fourier component k = q -
q' of theta alone: A X + X A'^+ = theta(k) N (continuous time, a Sylvester equation of size 2 d Ny) or X - A X A'^+ =
theta(k) N (the map of one time step, Stein). In the eigenbases of A(q) and A(q') both are elementwise divisions. Summed
over q and q_z the local covariance is a response kernel r(k, y), after which any theta(x) costs a Fourier transform.

Symmetries of a slab with inversion and the mirror z -> -z are used: real arithmetic, (q, q') ~ (-q', -q), q_z >= 0, and
modes for q_x >= 0 only. k = 0 is equipartition, in closed form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.slab_modes import Modes, ParityBasis, components, modes_of, pair_covariance
from crosscurrent.numerics.slab_modes_plain import plain_sums
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

PRECISIONS = ("double", "single")
#: Bound of the rounding errors over what `Modes.amplification` says of them.
_MARGIN = 3.0


@dataclass(frozen=True, eq=False)
class SteadyState:
    """Response of the local covariance to theta(x).

    kernel: r(k, y), (Nx//2 + 1, Ny, 2d, 2d): <s s^T> of s = (u, v) is (1/Nx) sum_k exp(ikx) theta(k) r(k, y). probes:
    the same for <s g^T>, (Nx//2 + 1, Ny, 2d, d). nx: cells along x. rounding: how far off an element of the kernel can
    be, (Nx//2 + 1, 2, 2) for uu, uv, vu and vv: how far the pairs q = q' are from the equipartition they have to give,
    and what rounding does to the others, summed without letting their signs cancel. error: its largest, relative to the
    largest covariance of the same kind in a uniform bath.
    """

    kernel: Complexes
    probes: dict[str, Complexes]
    nx: int
    rounding: Floats
    error: float

    def errors(self, theta: Floats) -> Floats:
        """How far off an element of <u u>, <u v>, <v u> and <v v> can be for theta(x), (2, 2)."""
        weight = np.abs(self._spectrum(theta))
        weight[1 : (self.nx + 1) // 2] *= 2  # and -k
        return np.asarray(np.tensordot(weight, self.rounding, axes=1) / self.nx)

    def covariance(self, theta: Floats) -> Floats:
        """<s s^T>, (Nx, Ny, 2d, 2d), for theta(x), (Nx,)."""
        return self._answer(self.kernel, theta)

    def probe(self, name: str, theta: Floats) -> Floats:
        """<s g^T>, (Nx, Ny, 2d, d)."""
        return self._answer(self.probes[name], theta)

    def real_space(self) -> Floats:
        """O(x, y), (Nx, Ny, 2d, 2d): the covariance at x for theta = 1 at the cell x = 0 and zero elsewhere."""
        return np.asarray(np.fft.irfft(self.kernel, n=self.nx, axis=0))

    def _answer(self, kernel: Complexes, theta: Floats) -> Floats:
        spectrum = self._spectrum(theta).reshape(-1, *(1,) * (kernel.ndim - 1))
        return np.asarray(np.fft.irfft(spectrum * kernel, n=self.nx, axis=0))

    def _spectrum(self, theta: Floats) -> Complexes:
        if theta.shape != (self.nx,):
            raise ValueError(f"theta has shape {theta.shape}, the slab {self.nx} cells along x")
        return np.asarray(np.fft.rfft(theta))


@dataclass(frozen=True)
class _Work:
    """One chunk: an index q_z >= 0, and which share of the pairs of wave vectors."""

    problem: DrivenSlab
    precision: str
    independent: ClassVar[bool] = True

    def __call__(self, chunk: tuple[int, int, int]) -> dict[str, NDArray[Any]]:
        qz, part, parts = chunk
        if self.problem.symmetric:
            return _Symmetric(self.problem, qz, self.precision).sums(part, parts)
        return plain_sums(self.problem, qz, part, parts)


def steady_state(
    problem: DrivenSlab,
    *,
    precision: str = "double",
    parts: int = 1,
    stage: str = "steady-state",
    run: ChunkMap = serial,
) -> SteadyState:
    """The response kernels of a slab.

    precision: "double", or "single" for the products over pairs of wave vectors in a slab with inversion; the modes are
    always found in double, and what rounding can do stands in the errors. parts: into how many chunks each q_z is
    split, for more workers than there are q_z; each finds the modes again. stage, run: where the chunks run, and under
    which name.

    Raises InputError for a lattice that is not stable, or a time step that is too long.
    """
    if precision not in PRECISIONS:
        raise InputError(f"unknown precision '{precision}'", where="precision", fix="choose double or single")
    if parts < 1:
        raise InputError(f"{parts} parts", where="parts", fix="give 1 or more")
    top = problem.nz // 2 if problem.symmetric else problem.nz - 1
    chunks = [(qz, part, parts) for qz in range(top + 1) for part in range(parts)]
    shape = (problem.nx // 2 + 1, problem.layers, 2 * problem.components)
    kernel: Complexes = np.zeros((*shape, (2 + len(problem.probes)) * problem.components), dtype=complex)
    rounding = np.zeros((problem.nx // 2 + 1, 2, 2))
    for piece in run(stage, _Work(problem, precision), chunks):
        kernel += piece["kernel"]
        rounding += piece["off"]
    kernel /= problem.nx * problem.nz
    rounding /= problem.nx * problem.nz
    d = problem.components
    diagonal = np.abs(np.einsum("yaa->ya", kernel[0, :, :, : 2 * d]))
    size = np.sqrt(diagonal.reshape(-1, 2, d).max(axis=(0, 2)))
    error = float(np.max(rounding / np.outer(size, size)))
    names = list(problem.probes)
    probes = {name: kernel[..., (2 + i) * d : (3 + i) * d] for i, name in enumerate(names)}
    return SteadyState(kernel[..., : 2 * d], probes, problem.nx, rounding, error)


def memory_bytes(problem: DrivenSlab, precision: str = "double") -> int:
    """What one chunk holds at most, bytes: the modes of all q_x at one q_z, and the work on one pair."""
    n = 2 * problem.components * problem.layers
    return slab_memory(problem.nx, n, len(problem.probes), problem.symmetric, precision)


def slab_memory(nx: int, n: int, probes: int, symmetric: bool, precision: str = "double") -> int:
    """The same from the sizes. n: twice the degrees of freedom of a column of cells through the slab."""
    size = 8 if precision == "double" else 4
    modes = nx // 2 + 1
    if not symmetric:
        return nx * n * n * 16 * (3 + probes // 2) + 6 * n * n * 16
    # vectors, noise (half as many columns) and the transposed rows with the probes; stiffness and probes of each q_x
    held = modes * n * n * (size * (2.5 + probes / 2) + 8 * (1 + probes) / 4)
    return int(held + 8 * n * n * 8)


class _Symmetric:
    """The sums of one q_z, with every symmetry used."""

    def __init__(self, problem: DrivenSlab, qz: int, precision: str) -> None:
        self.problem, self.qz = problem, qz
        self.single = precision == "single"
        self.basis = ParityBasis(problem.layers, problem.components)
        half = range(problem.nx // 2 + 1)
        self.stiffness = [self.basis.real(problem.stiffness.matrix(q, qz)) for q in half]
        self.parities = [probe.inversion() for probe in problem.probes.values()]
        self.probes = [
            [self.basis.real(p.matrix(q, qz), s) for p, s in zip(problem.probes.values(), self.parities, strict=True)]
            for q in half
        ]
        self.signs = self.basis.signs(problem.mirror_signs)
        d = problem.components
        self.left_signs = np.tile(self.signs[:, :, None, :], (1, 1, 2, 1)).reshape(self.basis.halves, -1)
        probe_signs = [self.signs[:, :, None, :] * s for s in self.parities]
        both = [np.tile(self.signs[:, :, None, :], (1, 1, 2, 1)), *probe_signs]
        self.right_signs = np.concatenate(both, axis=2).reshape(self.basis.halves, -1)
        self.shape = (self.basis.halves, 2, 2 * d, 2, 2 * d + d * len(self.parities))
        self.uniform: Floats = np.zeros((self.basis.halves, 4 * d, 2 * self.shape[-1]))
        self.off = np.zeros_like(self.uniform)
        #: largest amplification of rounding errors among the rows of u and of v, by q_x >= 0
        self.gains = np.zeros((problem.nx // 2 + 1, 2))
        self.modes = list(self._found_modes())

    def _found_modes(self) -> Iterator[list[Modes]]:
        """The modes of each q_x >= 0; on the way the sum of the equipartition covariances, and what errors need."""
        problem, nx = self.problem, self.problem.nx
        sets = components(problem, self.basis, self.stiffness)
        for q, (stiffness, probes) in enumerate(zip(self.stiffness, self.probes, strict=True)):
            modes = [modes_of(problem, self.basis, stiffness, probes, dofs) for dofs in sets]
            exact = self._equilibrium(q)
            self.uniform += exact
            if 0 < q != nx - q:
                self.uniform += exact * self.left_signs[:, :, None] * self.right_signs[:, None, :]
            self.off += np.abs(self._sum(modes, modes, None) - exact) * (2 if 0 < q != nx - q else 1)
            gain = sum(m.amplification(problem.step is not None) for m in modes)
            self.gains[q] = np.sqrt(np.reshape(gain, (-1, 2, problem.components)).max(axis=(0, 2)))
            yield [m.single() for m in modes] if self.single else modes

    def sums(self, part: int, parts: int) -> dict[str, NDArray[Any]]:
        """kernel: (Nx//2 + 1, Ny, 2d, width), summed over q_x and over q_z and -q_z.

        off: (Nx//2 + 1, 2, 2), how large the numerical errors summed in the same way can be, for uu, uv, vu and vv.
        """
        nx, problem = self.problem.nx, self.problem
        kernel = np.zeros((nx // 2 + 1, problem.layers, 2 * problem.components, self.shape[-1]), dtype=complex)
        for k in range(1, nx // 2 + 1):
            kernel[k] = self._layers(sum(self._pairs(k, part, parts), np.zeros_like(self.uniform)))
            if not self.parities:
                # what the pairs (-q', -q) give
                both = np.outer(*(np.tile(problem.mirror_signs, 2),) * 2)
                kernel[k] += both * kernel[k].swapaxes(-1, -2)
        if part == 0:
            kernel[0] = self._layers(self.uniform)
        twice = 2 if 0 < 2 * self.qz != problem.nz else 1
        right = np.tile(problem.mirror_signs, 2 + len(self.parities))
        even = np.multiply.outer(np.tile(problem.mirror_signs, 2), right) > 0
        off = self._largest(self.off) + self._rounded() if part == 0 else np.zeros((len(kernel), 2, 2))
        return {"kernel": np.where(even, kernel, 0.0) * twice, "off": off * twice}

    def _rounded(self) -> Floats:
        """What rounding can put into the sums over pairs, (Nx//2 + 1, 2, 2); k = 0 is not summed over pairs."""
        nx = self.problem.nx
        q = np.arange(nx)
        gain = self.gains[np.minimum(q, nx - q)]
        pairs = [np.einsum("qa,qb->ab", gain, np.roll(gain, k, axis=0)) for k in range(nx // 2 + 1)]
        unit = np.finfo(np.float32 if self.single else float).epsneg
        rounded = _MARGIN * float(unit) * np.array(pairs)
        rounded[0] = 0.0
        return rounded

    def _pairs(self, k: int, part: int, parts: int) -> Iterator[Floats]:
        """The pairs (q, q - k) in the parity basis; one of each two that are the same up to symmetry."""
        nx = self.problem.nx
        for q in range(part, nx, parts):
            partner = (k - q) % nx
            if self.parities:
                yield self._pair(q, (q - k) % nx)
            elif q <= partner:
                yield self._pair(q, (q - k) % nx) * (0.5 if q == partner else 1.0)

    def _pair(self, q: int, other: int) -> Floats:
        """Local correlations of two wave vectors, (halves, 4d, 2 width), for unit noise."""
        i, left = self._index(q)
        j, right = self._index(other)
        total = self._sum(self.modes[i], self.modes[j], self.signs.reshape(-1) if left != right else None)
        if left:
            total *= self.left_signs[:, :, None]
        if right:
            total *= self.right_signs[:, None, :]
        return total

    def _sum(self, first: list[Modes], second: list[Modes], flips: Floats | None) -> Floats:
        """Over the sets of degrees of freedom that stay apart. flips: signs by full index, for one of two at -q_x."""
        total: Floats = np.zeros_like(self.uniform)
        for a, b in zip(first, second, strict=True):
            total += pair_covariance(a, b, None if flips is None else flips[a.dofs], self.problem.step is not None)
        return total

    def _index(self, q: int) -> tuple[int, bool]:
        """Which modes a wave vector has, and whether they have to be turned to -q_x."""
        nx = self.problem.nx
        return (q, False) if q <= nx // 2 else (nx - q, True)

    def _layers(self, local: Floats) -> Complexes:
        """(halves, 4d, 2 width) in the parity basis to (Ny, 2d, width) in layers."""
        out = self.basis.to_layers(local.reshape(self.shape))
        d = self.basis.d
        for i, parity in enumerate(self.parities):
            if parity == -1:
                out[..., (2 + i) * d : (3 + i) * d] *= -1j
        return out

    def _equilibrium(self, q: int) -> Floats:
        """Local part of the equipartition covariance in the parity basis, (halves, 4d, 2 width)."""
        basis, d = self.basis, self.basis.d
        stiffness = self.stiffness[q]
        m, size = len(stiffness), 2 * basis.halves * d
        state = self.problem.equilibrium(stiffness)
        seen = [state, *(state[:, :m] @ probe.T for probe in self.probes[q])]
        columns = [state[:, :m], state[:, m:], *seen[1:]]
        out = np.zeros((basis.halves, 2, 2, d, 2, 2 + len(self.parities), d))
        for kind in range(2):
            for i, column in enumerate(columns):
                full = np.zeros((size, size))
                full[np.ix_(basis.kept, basis.kept)] = column[kind * m : (kind + 1) * m]
                blocks = full.reshape(basis.halves, 2, d, basis.halves, 2, d)
                out[:, :, kind, :, :, i] = np.einsum("hpahqb->hpaqb", blocks)
        return out.reshape(basis.halves, 4 * d, -1)

    def _largest(self, off: Floats) -> Floats:
        """Largest element, (2, 2), of the correlations among u and v."""
        d = self.basis.d
        shape = (self.basis.halves, 2, 2, d, 2, 2 + len(self.parities), d)
        return np.asarray(off.reshape(shape)[..., :2, :].max(axis=(0, 1, 3, 4, 6)))
