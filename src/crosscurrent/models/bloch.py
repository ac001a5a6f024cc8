"""The protocol every electron model obeys, and the operators that act on its states.

A model answers one question: which matrices does a Bloch electron with wave vector k see? Everything else (mesh,
bands, responses) is built from that answer. k is Cartesian, in 1/angstrom, shape (nk, dim).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.batches import GridPoints, GridRows
from crosscurrent.numerics.domains import Domain
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Operator:
    """A set of Hermitian operators on the states of a model, constant in k or given in real space.

    labels: one name an operator, e.g. ("x", "y", "z"). unit: "hbar" for spin, "" for a projector.
    vectors: (nR, 3) integer lattice vectors. blocks: (nR, L, n, n), O(k) = sum_R exp(i k.R) blocks[R].
    A constant operator has the single vector (0, 0, 0).
    """

    labels: tuple[str, ...]
    unit: str
    vectors: NDArray[np.int64]
    blocks: Complexes

    @classmethod
    def constant(cls, matrices: Complexes, labels: Sequence[str] = AXES, unit: str = "hbar") -> Operator:
        """matrices: (L, n, n). Raises InputError when they are not square, not Hermitian or miscounted."""
        m = np.asarray(matrices, dtype=complex)
        if m.ndim != 3 or m.shape[1] != m.shape[2] or m.shape[0] != len(labels):
            raise InputError(
                f"an operator needs one square matrix for each of {tuple(labels)}, got shape {m.shape}",
                where="spin operator",
                fix="give an array of shape (number of labels, n, n)",
            )
        if not np.all(np.isfinite(m)):
            raise InputError("the operator holds NaN or infinity", where="spin operator")
        residual = float(np.abs(m - m.conj().swapaxes(1, 2)).max(initial=0.0))
        if residual > 1e-9:
            raise InputError(f"the operator is not Hermitian (residual {residual:.1e})", where="spin operator")
        return cls(tuple(labels), unit, np.zeros((1, 3), dtype=np.int64), m[None])

    @property
    def n_states(self) -> int:
        return int(self.blocks.shape[-1])

    @property
    def is_constant(self) -> bool:
        return len(self.vectors) == 1 and not self.vectors.any()

    def projected(self, projector: Floats | Complexes) -> Operator:
        """Half the anticommutator with a projector: (n,) orbital weights or an (n, n) matrix."""
        p = np.asarray(projector)
        p = np.diag(p) if p.ndim == 1 else p
        if p.shape != self.blocks.shape[-2:]:
            raise InputError(f"the projector has shape {p.shape}, the model {self.n_states} states", where="projector")
        return replace(self, blocks=0.5 * (p @ self.blocks + self.blocks @ p))


@dataclass(frozen=True)
class Matrices:
    """Bloch matrices at a batch of k points, in the model's own basis.

    h: (nk, n, n) eV. dh: (nk, dim, n, n) eV angstrom, hbar times the velocity within the basis: the derivative of h
    that is covariant with respect to all that the basis carries, orbital positions and, for Wannier functions, the
    off-diagonal position matrix A too, dH + i [H, A] (Wang et al., PRB 74, 195118, Eq. (31)). operator: (nk or 1, L, n,
    n), the operator asked for. curvature: (nk, P, n, n) angstrom^2, the curvature of the space spanned by the basis,
    d_i A_j - d_j A_i - i [A_i, A_j] for the pairs of `physics.bloch.PAIRS`; None when the basis is complete (k.p, tight
    binding). extra: further matrices by name (those of Qiao and Ryoo, and "bare_dh", the derivative without A).
    """

    h: Complexes
    dh: Complexes
    operator: Complexes | None = None
    curvature: Complexes | None = None
    extra: Mapping[str, Complexes] = field(default_factory=dict)


class BlochModel(ABC):
    """An electron model.

    name: short name. source: where the parameters come from. dim: dimension of k, 2 or 3. n_states: basis states.
    domain: where k lives (a periodic Cell, or a cutoff of a k.p model). lattice: (dim, dim) rows in angstrom, or
    None for k.p. spin: the model's own spin operators in units of hbar, or None when it has none.
    projectors: named orbital weights (n,), e.g. {"layer 1": ..., "layer 2": ...}.
    """

    name: str
    source: str
    dim: int
    n_states: int
    domain: Domain
    lattice: Floats | None
    spin: Operator | None
    projectors: Mapping[str, Floats]

    @abstractmethod
    def matrices(self, k: Floats, operator: Operator | None = None, parts: frozenset[str] = frozenset()) -> Matrices:
        """Matrices at k (nk, dim) Cartesian 1/angstrom. parts: any of {"curvature", "extra"}."""

    def grid_matrices(
        self,
        grid: GridRows | GridPoints,
        operator: Operator | None = None,
        parts: frozenset[str] = frozenset(),
    ) -> Matrices:
        """The same on rows or points of a uniform grid; models with a real-space form override it, faster."""
        return self.matrices(self.grid_points(grid), operator, parts)

    def grid_points(self, grid: GridRows | GridPoints) -> Floats:
        """Cartesian k of the points, (nk, dim): of the rows, one row after the other."""
        if self.lattice is None:
            raise InputError(f"model '{self.name}' has no lattice, so no periodic grid", fix="use its cutoff domain")
        return np.asarray(grid.reduced() @ self.reciprocal)

    @property
    def reciprocal(self) -> Floats:
        """Rows are reciprocal vectors, 1/angstrom, (dim, dim)."""
        assert self.lattice is not None
        return np.asarray(2 * np.pi * np.linalg.inv(self.lattice).T)
