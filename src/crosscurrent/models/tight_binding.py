"""Tight-binding models: matrices on lattice vectors. Wannier90, PythTB and built-in lattices all end here.

Phase convention: H(k) = sum_R exp(i k.R) H(R), H(R)[a, b] = <0a|H|Rb>. The derivative is taken covariantly with
respect to the orbital positions, dH(R) = i (R + tau_b - tau_a) H(R), which is what the phases
exp(i k.(R + tau_b - tau_a)) would give after a k-dependent change of phases; no result depends on that choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel, Complexes, Floats, Matrices, Operator
from crosscurrent.numerics.batches import GridPoints, GridRows
from crosscurrent.numerics.domains import Cell
from crosscurrent.numerics.lattice_sum import LatticeSum
from crosscurrent.physics.bloch import PAIRS
from crosscurrent.physics.spin_current import interpolated_blocks
from crosscurrent.units import InputError

#: Products of lattice sums are kept as sums of their own up to this size, bytes. Twenty functions need a few hundred
#: MB at most; a hundred would need many GB, and multiplying their matrices costs little beside diagonalising them.
_LARGEST_PRODUCT = 400e6


class TightBinding(BlochModel):
    """Hoppings between orbitals at known positions.

    lattice: (3, 3), rows in angstrom (a (2, 2) array is completed with c along z). vectors: (nR, 3) integers.
    hamiltonian: (nR, n, n) eV, degeneracy weights divided in. positions: (n, 3) angstrom, Cartesian. dim: number of
    periodic directions (2 takes the first two lattice vectors, which must lie in the xy plane).
    spin: the spin operators in units of hbar, constant or on lattice vectors. position_blocks: (nR, 3, n, n)
    angstrom, <0a|r|Rb> with the orbital centres on the diagonal at R = 0. extra_blocks: further matrices on the same
    vectors (Qiao's and Ryoo's). notes: what a result must tell about how the model was made.

    Raises InputError for shapes that disagree, NaN, or an H(R) that is not Hermitian within `tolerance` (eV).
    """

    def __init__(
        self,
        *,
        lattice: Floats,
        vectors: NDArray[np.int64],
        hamiltonian: Complexes,
        positions: Floats,
        dim: int = 3,
        spin: Operator | None = None,
        position_blocks: Complexes | None = None,
        extra_blocks: Mapping[str, Complexes] | None = None,
        operators: Mapping[str, Operator] | None = None,
        name: str = "tight binding",
        source: str = "",
        projectors: Mapping[str, Floats] | None = None,
        notes: Sequence[str] = (),
        tolerance: float = 1e-6,
    ) -> None:
        self.name, self.source, self.dim = name, source, dim
        full = _full_lattice(np.asarray(lattice, dtype=float), dim)
        self.cell = full
        self.lattice = np.ascontiguousarray(full[:dim, :dim])
        self.vectors = _vectors(vectors)
        self.hamiltonian = np.asarray(hamiltonian, dtype=complex)
        self.n_states = int(self.hamiltonian.shape[-1])
        self.positions = np.asarray(positions, dtype=float)
        self.position_blocks = None if position_blocks is None else np.asarray(position_blocks, dtype=complex)
        self.extra_blocks = dict(extra_blocks or {})
        self.spin = spin
        self.operators = dict(operators or ({"spin": spin} if spin is not None else {}))
        self.projectors = dict(projectors or {})
        self.notes = tuple(notes)
        self._check(tolerance)
        self.domain = Cell(self.reciprocal)
        self._sums: dict[Any, LatticeSum] = {}
        self._last_operator: tuple[Operator, LatticeSum] | None = None

    def _check(self, tolerance: float) -> None:
        n, n_vectors = self.n_states, len(self.vectors)
        expected = {"hamiltonian": (n_vectors, n, n), "positions": (n, 3), "position_blocks": (n_vectors, 3, n, n)}
        for key, shape in expected.items():
            value = getattr(self, key)
            if value is None:
                continue
            if value.shape != shape:
                raise InputError(f"{key} has shape {value.shape}, expected {shape}", where=f"model '{self.name}'")
            if not np.isfinite(value).all():
                raise InputError(f"{key} holds NaN or infinity", where=f"model '{self.name}'")
        for key, operator in self.operators.items():
            if operator.n_states != n:
                raise InputError(
                    f"operator '{key}' acts on {operator.n_states} states, the model has {n}",
                    where=f"model '{self.name}'",
                )
        residual = hermiticity_residual(self.vectors, self.hamiltonian)
        if residual > tolerance:
            raise InputError(
                f"H(R) is not Hermitian: |H(R) - H(-R)^dagger| reaches {residual:.2e} eV (tolerance {tolerance:.0e})",
                where=f"model '{self.name}'",
                fix="check that the file is complete, or raise hermiticity_tolerance knowingly",
            )

    def __getstate__(self) -> dict[str, Any]:
        # the prepared sums are rebuilt in each process; they are several times larger than the model
        return {**self.__dict__, "_sums": {}, "_last_operator": None}

    def matrices(self, k: Floats, operator: Operator | None = None, parts: frozenset[str] = frozenset()) -> Matrices:
        reduced = k @ self.cell[: self.dim, : self.dim].T / (2 * np.pi)
        return self._evaluate(operator, parts, lambda s: s.at(reduced))

    def grid_matrices(
        self,
        grid: GridRows | GridPoints,
        operator: Operator | None = None,
        parts: frozenset[str] = frozenset(),
    ) -> Matrices:
        if isinstance(grid, GridPoints):
            return self._evaluate(operator, parts, lambda s: s.on_points(grid))
        return self._evaluate(operator, parts, lambda s: s.on_rows(grid))

    def _evaluate(
        self, operator: Operator | None, parts: frozenset[str], evaluate: Callable[[LatticeSum], Complexes]
    ) -> Matrices:
        dim = self.dim
        if self.position_blocks is None:
            stack = evaluate(self._sum("bare", self._bare_sum))
            h, dh, curvature = stack[:, 0], stack[:, 1 : 1 + dim], None
        else:
            h = evaluate(self._sum("hamiltonian", lambda: LatticeSum(self._periodic_vectors, self.hamiltonian)))
            external = self._external("curvature" in parts, evaluate)
            dh, curvature = external[:, :dim], external[:, dim:] if "curvature" in parts else None
        values = None
        if operator is not None:
            values = operator.blocks if operator.is_constant else evaluate(self._operator_sum(operator))
        extra = {}
        if "extra" in parts:
            extra["bare_dh"] = evaluate(self._sum("bare", self._bare_sum))[:, 1:]
            for kind in self.interpolations:
                extra[f"{kind}_product"], extra[f"{kind}_leak"] = self._interpolated(kind, evaluate)
        return Matrices(h, dh, values, curvature, extra)

    @property
    def _periodic_vectors(self) -> NDArray[np.int64]:
        return self.vectors[:, : self.dim]

    def _sum(self, key: Any, make: Callable[[], LatticeSum]) -> LatticeSum:
        if key not in self._sums:
            self._sums[key] = make()
        return self._sums[key]

    def _bare_sum(self) -> LatticeSum:
        """H and its derivative with respect to k at fixed orbital positions, (1 + dim, n, n)."""
        slopes = 1j * self._displacements() * self.hamiltonian[:, None]
        return LatticeSum(self._periodic_vectors, np.concatenate([self.hamiltonian[:, None], slopes], axis=1))

    def _external(self, curvature: bool, evaluate: Callable[[LatticeSum], Complexes]) -> Complexes:
        """dH + i [H, A], and the curvature of the Wannier space when asked for, (nk, dim[ + pairs], n, n).

        Products of finite sums are finite sums, over twice the range: sampled once on a grid that holds that range,
        they cost no matrix product per k point afterwards. Where that grid is too large they are multiplied at each k.
        """
        dim, pairs = self.dim, PAIRS[self.dim] if curvature else []

        def covariant(values: Complexes) -> Complexes:
            h, slopes, a = values[:, :1], values[:, 1 : 1 + dim], values[:, 1 + dim : 1 + 2 * dim]
            out = [slopes + 1j * (h @ a - a @ h)]
            if pairs:
                commutators = [a[:, i] @ a[:, j] - a[:, j] @ a[:, i] for i, j in pairs]
                out.append(values[:, 1 + 2 * dim :] - 1j * np.stack(commutators, axis=1))
            return np.concatenate(out, axis=1)

        if not self._composes(dim + len(pairs)):
            return covariant(evaluate(self._sum(("series", curvature), lambda: self._external_series(curvature))))
        return evaluate(
            self._sum(("external", curvature), lambda: self._external_series(curvature).composed(covariant, order=2))
        )

    def _external_series(self, curvature: bool) -> LatticeSum:
        """H, its slopes at fixed orbital positions, A beyond the centres, and the curl of A."""
        dim, pairs = self.dim, PAIRS[self.dim] if curvature else []
        # in place, because of a large model there is no room for two of each
        stack = np.empty((len(self.vectors), 1 + 2 * dim + len(pairs), *self.hamiltonian.shape[1:]), dtype=complex)
        stack[:, 0] = self.hamiltonian
        shifts, beyond = self._displacements(), self._beyond_centres()
        np.multiply(1j * shifts, self.hamiltonian[:, None], out=stack[:, 1 : 1 + dim])
        stack[:, 1 + dim : 1 + 2 * dim] = beyond
        for at, (i, j) in enumerate(pairs, 1 + 2 * dim):
            stack[:, at] = 1j * (shifts[:, i] * beyond[:, j] - shifts[:, j] * beyond[:, i])
        del shifts, beyond
        return LatticeSum(self._periodic_vectors, stack)

    def _composes(self, matrices: int) -> bool:
        """Whether so many (n, n) matrices, on a grid of twice the range of the vectors, are small enough to keep."""
        reach = np.abs(self._periodic_vectors).max(axis=0)
        return 16.0 * matrices * self.n_states**2 * float(np.prod(4 * reach + 1)) <= _LARGEST_PRODUCT

    def _displacements(self) -> Floats:
        """R + tau_b - tau_a, (nR, dim, n, n) angstrom."""
        translations = self.vectors @ self.cell
        between = self.positions[None, :, :] - self.positions[:, None, :]
        return np.asarray(translations[:, None, None, :] + between).transpose(0, 3, 1, 2)[:, : self.dim]

    def _beyond_centres(self) -> Complexes:
        """The position matrix without the orbital positions, which the covariant derivative already holds."""
        assert self.position_blocks is not None
        beyond = self.position_blocks[:, : self.dim].copy()
        home = int(np.flatnonzero(~self.vectors.any(axis=1))[0])
        index = np.arange(self.n_states)
        beyond[home][:, index, index] -= self.positions[:, : self.dim].T
        return beyond

    def _operator_sum(self, operator: Operator) -> LatticeSum:
        # the operator is kept with its sum: an address alone is soon that of another operator
        if self._last_operator is None or self._last_operator[0] is not operator:
            self._last_operator = (operator, LatticeSum(operator.vectors[:, : self.dim], operator.blocks))
        return self._last_operator[1]

    @property
    def interpolations(self) -> tuple[str, ...]:
        """Which of Qiao's and Ryoo's spin currents the extra blocks allow: "qiao", "ryoo"."""
        prefixes = {"qiao": "", "ryoo": "ryoo_"}
        return tuple(kind for kind, prefix in prefixes.items() if prefix + "spin_position" in self.extra_blocks)

    def _interpolated(self, kind: str, evaluate: Callable[[LatticeSum], Complexes]) -> tuple[Complexes, Complexes]:
        """Q ("product", (nk, n, 3, dim, n)) and X ("leak", (nk, n, 3, n)) of `spin_current.interpolated_blocks`."""
        if not self._composes(3 * self.dim + 3):
            return self._interpolated_blocks(evaluate(self._sum(kind, lambda: self._interpolated_series(kind))))
        if (kind, 0) not in self._sums:
            series = self._interpolated_series(kind)
            self._sums[kind, 0] = series.composed(lambda v: self._interpolated_blocks(v)[0], order=2)
            self._sums[kind, 1] = series.composed(lambda v: self._interpolated_blocks(v)[1], order=2)
        return evaluate(self._sums[kind, 0]), evaluate(self._sums[kind, 1])

    def _interpolated_series(self, kind: str) -> LatticeSum:
        prefix = "" if kind == "qiao" else "ryoo_"
        assert self.spin is not None
        spin, spin_h = self.spin.blocks, self.extra_blocks[prefix + "spin_hamiltonian"]
        # r is counted from the centre of the right-hand function, as in the covariant derivative of H
        tau = self.positions.T[:, None, :]
        k = self.extra_blocks[prefix + "spin_position"] - spin[:, :, None] * tau
        l = self.extra_blocks[prefix + "spin_hamiltonian_position"] - spin_h[:, :, None] * tau  # noqa: E741
        dim, n, count = self.dim, self.n_states, len(self.vectors)
        slopes = 1j * self._displacements() * self.hamiltonian[:, None]
        flat = [
            self.hamiltonian[:, None],
            slopes,
            spin,
            spin_h,
            *(b[:, :, :dim].reshape(count, -1, n, n) for b in (k, l)),
        ]
        return LatticeSum(self._periodic_vectors, np.concatenate(flat, axis=1))

    def _interpolated_blocks(self, values: Complexes) -> tuple[Complexes, Complexes]:
        dim, n = self.dim, self.n_states
        h, dh, s, sh, pos, hpos = np.split(values, np.cumsum([1, dim, 3, 3, 3 * dim]), axis=1)
        shape = (-1, 3, dim, n, n)
        product, leak = interpolated_blocks(h[:, 0], dh, s, sh, pos.reshape(shape), hpos.reshape(shape))
        # operator axes go between the matrix axes, which is how they are multiplied later
        return product.transpose(0, 3, 2, 1, 4), leak.swapaxes(1, 2)


def hermiticity_residual(vectors: NDArray[np.int64], blocks: Complexes) -> float:
    """Largest |B(R) - B(-R)^dagger|, infinity when some -R is missing and B(R) is not zero."""
    index = {tuple(v): i for i, v in enumerate(vectors.tolist())}
    partner = np.array([index.get(tuple(-x for x in v), -1) for v in vectors.tolist()])
    has = partner >= 0
    if np.abs(blocks[~has]).max(initial=0.0) > 1e-12:
        return float("inf")
    return float(np.abs(blocks[has] - blocks[partner[has]].conj().swapaxes(-1, -2)).max(initial=0.0))


def _vectors(vectors: NDArray[np.int64]) -> NDArray[np.int64]:
    v = np.asarray(vectors)
    if v.ndim != 2 or v.shape[1] not in (2, 3):
        raise InputError(f"lattice vectors need shape (nR, 3), got {v.shape}", where="vectors")
    if v.shape[1] == 2:
        v = np.concatenate([v, np.zeros((len(v), 1), dtype=v.dtype)], axis=1)
    if len(np.unique(v, axis=0)) != len(v):
        raise InputError("the same lattice vector appears twice", where="vectors", fix="add the blocks up first")
    return v.astype(np.int64)


def _full_lattice(lattice: Floats, dim: int) -> Floats:
    if dim not in (2, 3):
        raise InputError(f"dim must be 2 or 3, got {dim}", where="dim")
    if lattice.shape == (2, 2):
        lattice = np.block([[lattice, np.zeros((2, 1))], [np.zeros((1, 2)), np.ones((1, 1))]])
    if lattice.shape != (3, 3) or not np.isfinite(lattice).all() or abs(np.linalg.det(lattice)) < 1e-12:
        raise InputError("the lattice needs three independent rows in angstrom", where="lattice")
    if dim == 2 and np.abs(lattice[:2, 2]).max() > 1e-6:
        raise InputError(
            "a two-dimensional model needs its first two lattice vectors in the xy plane",
            where="lattice",
            fix="rotate the structure, or use dim = 3 with one k point along the third axis",
        )
    return lattice
