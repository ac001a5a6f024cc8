"""Wannier functions made on purpose: a known tight-binding model seen in a basis that turns smoothly with k.

U(k) is a product of 1 + P (exp(i k.R) - 1) with projectors P: unitary at every k, and a finite sum over lattice
vectors. So H' = U^dagger H U, the spin, and the position matrix A' = U^dagger tau U + i U^dagger dU are finite sums
too, and every response of the dressed model must be that of the plain one. Keeping the first columns of U alone gives
an exact model of some of the bands, with states outside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES, Operator
from crosscurrent.models.tight_binding import TightBinding

Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class Series:
    """sum_R exp(i k.R) blocks[R] with matrices of any shape; `@` convolves."""

    blocks: dict[tuple[int, int], Complexes]

    def __matmul__(self, other: Series) -> Series:
        out: dict[tuple[int, int], Complexes] = {}
        for (a, b), x in self.blocks.items():
            for (c, d), y in other.blocks.items():
                out[a + c, b + d] = out.get((a + c, b + d), 0) + x @ y
        return Series(out)

    def __add__(self, other: Series) -> Series:
        keys = self.blocks.keys() | other.blocks.keys()
        return Series({r: self.blocks.get(r, 0) + other.blocks.get(r, 0) for r in keys})  # type: ignore[misc]

    def adjoint(self) -> Series:
        return Series({(-a, -b): x.conj().T for (a, b), x in self.blocks.items()})

    def times(self, factor: complex) -> Series:
        return Series({r: factor * x for r, x in self.blocks.items()})

    def slope(self, lattice: NDArray[np.float64], axis: int) -> Series:
        """d/dk_axis with k Cartesian."""
        return Series({r: 1j * (np.array(r) @ lattice)[axis] * x for r, x in self.blocks.items()})

    def columns(self, count: int) -> Series:
        return Series({r: x[:, :count] for r, x in self.blocks.items()})

    def at(self, k: NDArray[np.float64], lattice: NDArray[np.float64]) -> Complexes:
        return np.asarray(
            sum(np.exp(1j * k @ (np.array(r) @ lattice))[:, None, None] * x for r, x in self.blocks.items())
        )


def constant(matrix: Complexes) -> Series:
    return Series({(0, 0): np.asarray(matrix, dtype=complex)})


def smooth_unitary(seed: int, n: int) -> Series:
    rng = np.random.default_rng(seed)
    out = constant(np.eye(n))
    for r in ((1, 0), (0, 1), (1, -1)):
        v = rng.normal(size=n) + 1j * rng.normal(size=n)
        p = np.outer(v, v.conj()) / (v.conj() @ v)
        out = out @ Series({(0, 0): np.eye(n) - p, r: p})
    return out


@dataclass(frozen=True)
class Plain:
    """A complete model: orbitals with positions (n, 2), hermitian series H, spins (3, n, n)."""

    lattice: NDArray[np.float64]
    h: Series
    positions: NDArray[np.float64]
    spins: Complexes

    def model(self) -> TightBinding:
        return _built(self.lattice, self.h, self.positions, [constant(s) for s in self.spins], None)

    def dressed(self, u: Series, keep: int | None = None, extra: bool = False) -> TightBinding:
        """In the basis of the columns of u (the first `keep`), with Qiao's matrices when `extra`."""
        n = len(self.positions)
        u = u if keep is None else u.columns(keep)
        turn = u.adjoint()

        def moved(axis: int) -> Series:
            """tau U + i dU: the position operator on the new functions."""
            return constant(np.diag(self.positions[:, axis])) @ u + u.slope(self.lattice, axis).times(1j)

        spins = [constant(s) for s in self.spins]
        a = [turn @ moved(axis) for axis in range(2)]
        centres = np.stack([np.diagonal(series.blocks[0, 0]).real for series in a], axis=1)
        more = {}
        if extra:
            more = {
                "spin_position": [[turn @ s @ moved(axis) for axis in range(2)] for s in spins],
                "spin_hamiltonian": [turn @ s @ self.h @ u for s in spins],
                "spin_hamiltonian_position": [[turn @ s @ self.h @ moved(axis) for axis in range(2)] for s in spins],
            }
        assert n >= (keep or n)
        return _built(self.lattice, turn @ self.h @ u, centres, [turn @ s @ u for s in spins], a, more)


def _built(
    lattice: NDArray[np.float64],
    h: Series,
    centres: NDArray[np.float64],
    spins: list[Series],
    position: list[Series] | None,
    more: dict | None = None,
) -> TightBinding:
    more = more or {}
    n = h.blocks[0, 0].shape[0]

    def leaves(item: object) -> list[Series]:
        if isinstance(item, Series):
            return [item]
        return [leaf for part in item for leaf in leaves(part)]  # type: ignore[attr-defined]

    used = leaves([h, spins, position or [], *more.values()])
    vectors = sorted(set().union(*(series.blocks for series in used)))

    def stacked(item: object) -> Complexes:
        """(nR, ..., n, n)."""
        if isinstance(item, Series):
            zero = np.zeros((n, n), dtype=complex)
            return np.array([item.blocks.get(r, zero) for r in vectors])
        return np.stack([stacked(part) for part in item], axis=1)  # type: ignore[attr-defined]

    def in_space(x: Complexes, axis: int) -> Complexes:
        return np.concatenate([x, np.zeros_like(x[:, :1] if axis == 1 else x[:, :, :1])], axis=axis)

    full = [(*r, 0) for r in vectors]
    constant_spin = all(set(s.blocks) == {(0, 0)} for s in spins)
    spin = (
        Operator.constant(np.array([s.blocks[0, 0] for s in spins]))
        if constant_spin and position is None
        else Operator(AXES, "hbar", np.array(full), stacked(spins))
    )
    blocks = {}
    for key, item in more.items():
        x = stacked(item)
        blocks[key] = in_space(x, 2) if key.endswith("position") else x
    return TightBinding(
        lattice=lattice,
        vectors=np.array(full),
        hamiltonian=stacked(h),
        positions=np.column_stack([centres, np.zeros(n)]),
        dim=2,
        spin=spin,
        position_blocks=None if position is None else in_space(stacked(position), 1),
        extra_blocks=blocks,
        name="dressed" if position is not None else "plain",
        tolerance=1e-9,
    )
