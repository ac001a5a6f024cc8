"""Sums over lattice vectors against the sum written out, on points and on rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.numerics.batches import GridRows
from crosscurrent.numerics.lattice_sum import LatticeSum


def random_sum(rng: np.random.Generator, dim: int, count: int, shape: tuple[int, ...] = (2, 3)) -> LatticeSum:
    every = np.stack(np.meshgrid(*[np.arange(-3, 4)] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    vectors = every[rng.permutation(len(every))[:count]]
    blocks = rng.normal(size=(count, *shape)) + 1j * rng.normal(size=(count, *shape))
    return LatticeSum(vectors, blocks)


def written_out(s: LatticeSum, reduced: np.ndarray) -> np.ndarray:
    values = [sum(np.exp(2j * np.pi * (k @ r)) * b for r, b in zip(s.vectors, s.blocks, strict=True)) for k in reduced]
    return np.array(values).reshape(len(reduced), *s.shape)


@given(
    seed=st.integers(0, 1000),
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=3),
    count=st.integers(1, 20),
    offset=st.sampled_from([0.0, 0.5, 0.13]),
)
def test_points_and_rows(seed: int, shape: list[int], count: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    s = random_sum(rng, len(shape), count)
    grid = GridRows(tuple(shape), range(int(np.prod(shape[:-1]))), offset)
    expected = written_out(s, grid.reduced())
    np.testing.assert_allclose(s.at(grid.reduced()), expected, atol=1e-12)
    np.testing.assert_allclose(s.on_rows(grid), expected, atol=1e-12)


@given(seed=st.integers(0, 1000), cuts=st.lists(st.integers(1, 39), max_size=5))
def test_rows_have_the_same_bits_in_any_cut(seed: int, cuts: list[int]) -> None:
    """Also in another order, and from another copy of the sum, as another process has it."""
    rng = np.random.default_rng(seed)
    s = random_sum(rng, 3, 12)
    shape = (8, 5, 6)
    whole = s.on_rows(GridRows(shape, range(40)))
    edges = sorted({0, 40, *cuts})
    ranges = [range(a, b) for a, b in itertools.pairwise(edges)]
    fresh = LatticeSum(s.vectors, s.blocks.reshape(-1, *s.shape))
    parts = {r: fresh.on_rows(GridRows(shape, r)) for r in reversed(ranges)}
    assert np.concatenate([parts[r] for r in ranges]).tobytes() == whole.tobytes()


def test_rows_of_another_grid_are_not_taken_for_the_kept_ones() -> None:
    s = random_sum(np.random.default_rng(0), 2, 9)
    for shape, offset in (((4, 6), 0.0), ((4, 6), 0.5), ((4, 7), 0.5), ((5, 7), 0.5)):
        grid = GridRows(shape, range(shape[0]), offset)
        np.testing.assert_allclose(s.on_rows(grid), s.at(grid.reduced()), atol=1e-12)


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("count", [1, 7, 20])
def test_composed_is_the_pointwise_product(dim: int, count: int) -> None:
    rng = np.random.default_rng(count)
    s = random_sum(rng, dim, count, (2, 2))

    def square_and_once(x: np.ndarray) -> np.ndarray:
        return np.stack([x @ x, x], axis=1)

    product = s.composed(square_and_once, order=2)
    k = rng.normal(size=(9, dim))
    np.testing.assert_allclose(product.at(k), square_and_once(s.at(k)), atol=1e-11)


def test_composed_of_too_low_an_order_is_wrong() -> None:
    """The range is what makes it exact: a cube is not a polynomial of order two."""
    s = random_sum(np.random.default_rng(1), 2, 12, (2, 2))
    k = np.random.default_rng(2).normal(size=(5, 2))
    cube = s.composed(lambda x: x @ x @ x, order=2)
    assert np.abs(cube.at(k) - np.linalg.matrix_power(s.at(k), 3)).max() > 1e-2


def test_one_vector_is_a_constant() -> None:
    block = np.array([[1.0, 2j], [-2j, 3.0]])
    s = LatticeSum(np.zeros((1, 2), dtype=int), block[None])
    np.testing.assert_array_equal(s.at(np.random.default_rng(0).normal(size=(3, 2))), np.repeat(block[None], 3, axis=0))
    np.testing.assert_allclose(s.on_rows(GridRows((2, 2), range(2))), np.repeat(block[None], 4, axis=0))
