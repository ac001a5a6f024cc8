"""Orbits of meshes, and sums and error estimates got back from one point of each, against the whole mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crosscurrent.numerics.batches import Batch, GridPoints
from crosscurrent.numerics.chunks import Partial, Work, serial
from crosscurrent.numerics.domains import Box, Cell
from crosscurrent.numerics.grids import PeriodicPlan
from crosscurrent.numerics.irreducible import IrreduciblePlan, Reduction, carried, index_map, orbits, unfolded
from crosscurrent.numerics.lattice_sum import LatticeSum
from crosscurrent.numerics.zone import UniformMesh, integrate
from crosscurrent.units import InputError

HEX = np.array([[1.0, 1 / np.sqrt(3)], [0.0, 2 / np.sqrt(3)]])
CUBE = np.eye(3)


def _generated(*generators: NDArray[np.int64]) -> NDArray[np.int64]:
    """All products of integer matrices."""
    dim = len(generators[0])
    found = {np.eye(dim, dtype=np.int64).tobytes(): np.eye(dim, dtype=np.int64)}
    new = list(found.values())
    while new:
        products = [g @ r for r in new for g in generators]
        new = []
        for p in products:
            if p.tobytes() not in found:
                found[p.tobytes()] = p
                new.append(p)
    return np.array(list(found.values()))


C6 = _generated(np.array([[0, -1], [1, 1]]))
C4V = _generated(np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]]))
CUBIC = _generated(
    np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), -np.eye(3, dtype=int)
)


def _reduction(whole: NDArray[np.int64], vectors: NDArray[np.float64]) -> Reduction:
    """For a vector-valued integrand: k' = u W^T B = k (B^-1 W^T B)."""
    turns = np.linalg.inv(vectors) @ whole.swapaxes(1, 2) @ vectors

    def turn(name: str, number: int, values: NDArray[Any]) -> NDArray[Any]:
        return values if name == "scalar" else values @ turns[number]

    return Reduction(whole, tuple(range(len(whole))), turn, "test")


@dataclass(frozen=True)
class Field:
    """A scalar and a vector field that the whole group leaves alone.

    vectors: rows of the reciprocal lattice. stars: integer lattice vectors, closed under the group.
    """

    vectors: NDArray[np.float64]
    stars: NDArray[np.int64]
    points_per_batch: int = 7

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        k = batch.k if batch.k is not None else batch.grid.reduced() @ self.vectors  # type: ignore[union-attr]
        phase = 2 * np.pi * (k @ np.linalg.inv(self.vectors)) @ self.stars.T
        real = self.stars @ np.linalg.inv(self.vectors).T
        weight = np.exp(-0.3 * np.sum(real**2, axis=1))
        scalar = (np.cos(phase) @ weight + 0.1) ** 3
        vector = (np.sin(phase) * weight) @ real * np.exp(np.cos(phase) @ weight)[:, None]
        out = {"scalar": scalar[:, None], "vector": vector}
        sums: dict[str, NDArray[Any]] = {}
        for name in ("scalar", "vector"):
            value = out[name]
            sums[name] = np.zeros((batch.n_labels, 1, value.shape[1]))
            np.add.at(sums[name][:, 0], batch.labels, batch.weights[0][:, None] * value)
        sums["max:scalar"] = scalar.max()
        return sums

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums


def _stars(whole: NDArray[np.int64], *seeds: Sequence[int]) -> NDArray[np.int64]:
    """Lattice vectors go with the inverse transpose of what reciprocal coordinates go with."""
    contra = np.rint(np.linalg.inv(whole).swapaxes(1, 2)).astype(np.int64)
    return np.unique(np.concatenate([contra @ np.array(seed) for seed in seeds]), axis=0)


CASES = {
    "six-fold": (HEX, C6, ((1, 0), (2, 1), (3, 1))),
    "square": (np.eye(2), C4V, ((1, 0), (2, 1))),
    "cube": (CUBE, CUBIC, ((1, 0, 0), (2, 1, 0))),
}


@pytest.mark.parametrize(
    ("case", "shape", "shifted"),
    [
        ("six-fold", (12, 12), False),
        ("six-fold", (9, 9), False),
        ("six-fold", (6, 6), True),
        ("square", (8, 8), False),
        ("square", (8, 8), True),
        ("square", (8, 12), False),
        ("square", (7, 7), True),
        ("square", (6, 1), False),
        ("cube", (6, 6, 6), False),
        ("cube", (4, 4, 4), True),
        ("cube", (4, 4, 6), False),
    ],
)
def test_values_and_errors_are_those_of_the_whole_mesh(case: str, shape: tuple[int, ...], shifted: bool) -> None:
    vectors, whole, seeds = CASES[case]
    field = Field(vectors, np.concatenate([_stars(whole, *seeds), np.zeros((1, len(vectors)), dtype=int)]))
    full = integrate(UniformMesh(shape, shifted), Cell(vectors), field)
    reduction = _reduction(whole, vectors)
    reduced = integrate(UniformMesh(shape, shifted, irreducible=True), Cell(vectors), field, reduction=reduction)
    assert reduced.evaluations < full.evaluations
    for name, sums in full.sums.items():
        np.testing.assert_allclose(reduced.sums[name], sums, rtol=0, atol=1e-13 * np.abs(full.sums["scalar"]).max())
    np.testing.assert_allclose(reduced.extremes["max:scalar"], full.extremes["max:scalar"], rtol=1e-13)


@dataclass(frozen=True)
class AlongX:
    """A vector field with the mirror y -> -y alone: its mean lies along x."""

    points_per_batch: int = 7

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        assert batch.grid is not None
        x, y = 2 * np.pi * batch.grid.reduced().T
        value = np.stack([np.exp(np.cos(x - 1) + np.cos(y)), np.exp(np.cos(x)) * np.sin(y)], axis=1)
        sums = np.zeros((batch.n_labels, 1, 2))
        np.add.at(sums[:, 0], batch.labels, batch.weights[0][:, None] * value)
        return {"vector": sums}

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums


def test_a_vector_that_the_group_does_not_kill_comes_back() -> None:
    reduction = _reduction(np.array([[[1, 0], [0, 1]], [[1, 0], [0, -1]]]), np.eye(2))
    full = integrate(UniformMesh((6, 8)), Cell(np.eye(2)), AlongX())
    reduced = integrate(UniformMesh((6, 8), irreducible=True), Cell(np.eye(2)), AlongX(), reduction=reduction)
    # the sub-meshes that make the error differ from one another
    assert np.ptp(full.sums["vector"][:, 0]) > 1e-4 and abs(full.sums["vector"][0, 0]) > 0.01
    np.testing.assert_allclose(reduced.sums["vector"], full.sums["vector"], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("shape", "offset"), [((6, 6), 0.0), ((6, 6), 0.5), ((5, 5), 0.0), ((4, 8), 0.5), ((3, 1), 0.0)]
)
def test_orbits_are_those_of_brute_force(shape: tuple[int, ...], offset: float) -> None:
    reduction = _reduction(C4V, np.eye(2)).on_mesh(shape, offset)
    points, sizes = orbits(reduction, shape, offset)
    u = (np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 2) + offset) / np.array(shape)
    seen: dict[tuple[int, ...], int] = {}
    for start in u:
        images = np.rint((start @ reduction.whole.swapaxes(1, 2) % 1.0) * 1e6).astype(int) % 1_000_000
        key = min(map(tuple, images.tolist()))
        seen[key] = seen.get(key, 0) + 1
    assert sorted(sizes.tolist()) == sorted(seen.values())
    assert sizes.sum() == len(u) and (np.diff(points) > 0).all()


def test_points_far_apart_in_memory_have_the_same_orbits(monkeypatch: pytest.MonkeyPatch) -> None:
    reduction = _reduction(CUBIC, CUBE)
    whole = orbits(reduction, (8, 8, 8), 0.0)
    monkeypatch.setattr("crosscurrent.numerics.irreducible._SLAB", 37)
    for a, b in zip(whole, orbits(reduction, (8, 8, 8), 0.0), strict=True):
        np.testing.assert_array_equal(a, b)
    # the number of points of a cubic mesh up to its 48 operations is known: n = 4 has 10, n = 8 has 35
    assert len(whole[0]) == 35


def test_which_operations_carry_a_mesh() -> None:
    turn = np.array([[0, -1], [1, 0]])
    assert index_map(turn, (4, 4), 0.0) is not None
    assert index_map(turn, (4, 6), 0.0) is None
    assert index_map(turn, (4, 4), 0.5) is not None
    # a sheared mirror of a hexagonal lattice moves a mesh that is shifted along both axes
    assert index_map(np.array([[1, -1], [0, -1]]), (4, 4), 0.5) is None
    assert len(_reduction(C6, HEX).on_mesh((6, 6), 0.5)) == 2
    assert len(_reduction(C6, HEX).on_mesh((6, 6), 0.0)) == 6


def test_labels_of_points_are_those_of_rows() -> None:
    plan = PeriodicPlan((4, 1, 6), Cell(CUBE))
    labels = np.concatenate([b.present[b.labels] for b in plan.batches(range(4), 6)])  # type: ignore[index]
    np.testing.assert_array_equal(plan.labels_of(np.arange(24)), labels)
    np.testing.assert_array_equal(plan.labels_of(plan.corners()), np.arange(plan.n_labels))


def test_maps_unfold() -> None:
    reduction = _reduction(C6, HEX)
    shape = (6, 6)
    field = Field(HEX, _stars(C6, (1, 0), (2, 1)))
    u = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 2) / 6
    every = Batch(np.arange(36), 36, np.ones((1, 36)), k=u @ HEX)
    values = {name: value[:, 0] for name, value in field(every).items() if ":" not in name}
    points, _ = orbits(reduction, shape, 0.0)
    back = unfolded(reduction, shape, 0.0, points, {name: value[points] for name, value in values.items()})
    for name, value in values.items():
        np.testing.assert_allclose(back[name], value, atol=1e-12)
    assert np.abs(values["vector"]).max() > 0.1


def test_images_of_some_points_are_those_of_all() -> None:
    u = np.stack(np.meshgrid(np.arange(5), np.arange(5), indexing="ij"), -1).reshape(-1, 2)
    for whole in C4V:
        expected = np.ravel_multi_index(tuple((u @ whole.T % 5).T), (5, 5))
        np.testing.assert_array_equal(carried(whole, (5, 5), 0.0, np.arange(25)), expected)


def _backwards(
    stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
) -> Iterator[Partial]:
    """Another executor: pieces computed in another order, yielded in theirs."""
    done = {n: work(chunks[n]) for n in reversed(range(len(chunks)))}
    yield from (done[n] for n in range(len(chunks)))


def test_bits_do_not_depend_on_who_computes() -> None:
    vectors, whole, seeds = CASES["cube"]
    field = Field(vectors, _stars(whole, *seeds))
    runs: list[Callable[..., Any]] = [serial, _backwards]
    first, second = (
        integrate(UniformMesh((10,) * 3, irreducible=True), Cell(vectors), field, run, _reduction(whole, vectors))
        for run in runs
    )
    for name in first.sums:
        assert first.sums[name].tobytes() == second.sums[name].tobytes()


def test_chunks_hold_every_point_once() -> None:
    mesh = PeriodicPlan((10, 10), Cell(np.eye(2)))
    plan = IrreduciblePlan.of(mesh, _reduction(C4V, np.eye(2)))
    grids = [batch.grid for chunk in plan.chunks(4) for batch in plan.batches(chunk, 4)]
    flat = np.concatenate([g.flat for g in grids if isinstance(g, GridPoints)])
    np.testing.assert_array_equal(flat, plan.points)


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_lattice_sums_at_points_of_a_grid(offset: float) -> None:
    rng = np.random.default_rng(3)
    vectors = np.unique(rng.integers(-3, 4, (40, 3)), axis=0)
    values = rng.normal(size=(len(vectors), 2, 3)) + 1j * rng.normal(size=(len(vectors), 2, 3))
    lattice = LatticeSum(vectors, values)
    # rows with many, few and no points, more rows than are summed together
    flat = np.sort(rng.choice(30 * 4 * 5, 150, replace=False))
    rows = np.unique(flat // 5)
    blocks = tuple(rows[n : n + 16] for n in range(0, len(rows), 16))
    points = GridPoints((30, 4, 5), flat, blocks, offset)
    whole = lattice.on_points(points)
    np.testing.assert_allclose(whole, lattice.at(points.reduced()), atol=1e-12)
    # what was asked for before changes no bit
    for start, stop in ((140, 150), (0, 60), (60, 140)):
        part = flat[start:stop]
        grid = GridPoints((30, 4, 5), part, tuple(b for b in blocks if np.isin(part // 5, b).any()), offset)
        fresh = LatticeSum(vectors, values).on_points(grid)
        assert lattice.on_points(grid).tobytes() == fresh.tobytes()
        np.testing.assert_allclose(fresh, whole[start:stop], atol=1e-12)


def test_an_irreducible_mesh_needs_a_known_symmetry_and_a_cell() -> None:
    field = Field(np.eye(2), _stars(C4V, (1, 0)))
    mesh = UniformMesh((4, 4), irreducible=True)
    with pytest.raises(InputError, match="no irreducible mesh"):
        integrate(mesh, Cell(np.eye(2)), field)
    with pytest.raises(InputError, match="no irreducible mesh"):
        integrate(mesh, Box((1.0, 1.0)), field, reduction=_reduction(C4V, np.eye(2)))
    assert "irreducible" in mesh.description and "irreducible" not in UniformMesh((4, 4)).description
