"""Operators on the states of a model."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials.bi2se3 import bi2se3
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.numerics.batches import GridRows
from crosscurrent.numerics.domains import Sphere
from crosscurrent.units import InputError
from reference.torus_models import random_hermitian


def test_constant_operator() -> None:
    m = np.array([random_hermitian(np.random.default_rng(i), 3) for i in range(3)])
    operator = Operator.constant(m)
    assert operator.is_constant and operator.n_states == 3 and operator.labels == ("x", "y", "z")
    np.testing.assert_array_equal(operator.blocks[0], m)


@pytest.mark.parametrize(
    ("matrices", "labels", "message"),
    [
        (np.eye(3), ("x",), r"one square matrix for each of .*, got shape \(3, 3\)"),
        (np.zeros((3, 2, 3)), ("x", "y", "z"), "one square matrix"),
        (np.zeros((2, 3, 3)), ("x", "y", "z"), "one square matrix"),
        (np.full((1, 2, 2), np.nan), ("x",), "NaN"),
        (np.array([[[0, 1], [0, 0]]]), ("x",), r"not Hermitian \(residual 1\.0e\+00\)"),
        (np.array([[[1j, 0], [0, 0]]]), ("x",), "not Hermitian"),
    ],
)
def test_bad_operators(matrices: np.ndarray, labels: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Operator.constant(matrices, labels)


def test_operator_in_real_space_is_not_constant() -> None:
    vectors = np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0]])
    assert not Operator(("x",), "hbar", vectors, np.zeros((3, 1, 2, 2), complex)).is_constant
    assert not Operator(("x",), "hbar", vectors[1:2], np.zeros((1, 1, 2, 2), complex)).is_constant


def test_projections_stay_hermitian_and_add_up() -> None:
    rng = np.random.default_rng(3)
    operator = Operator.constant(random_hermitian(rng, 4)[None], labels=("x",))
    weights = rng.random(4)
    part, rest = operator.projected(weights), operator.projected(1 - weights)
    np.testing.assert_allclose(part.blocks + rest.blocks, operator.blocks)
    np.testing.assert_allclose(part.blocks[0, 0], part.blocks[0, 0].conj().T)
    assert part.labels == operator.labels and part.unit == operator.unit
    np.testing.assert_allclose(operator.projected(np.diag(weights)).blocks, part.blocks)
    with pytest.raises(InputError, match=r"projector has shape \(3, 3\), the model 4 states"):
        operator.projected(np.ones(3))


def test_grid_points_are_cartesian() -> None:
    model = haldane(lattice_constant=2.0)
    grid = GridRows((2, 2), range(2))
    points = model.grid_points(grid)
    # exp(i k.R) is periodic on the mesh: k . lattice is 2 pi times the reduced coordinates
    np.testing.assert_allclose(points @ model.lattice.T / (2 * np.pi), grid.reduced(), atol=1e-14)
    np.testing.assert_allclose(model.reciprocal @ model.lattice.T, 2 * np.pi * np.eye(2), atol=1e-14)


def test_model_without_lattice_has_no_grid() -> None:
    with pytest.raises(InputError, match="has no lattice, so no periodic grid"):
        bi2se3(cutoff=Sphere(0.3)).grid_matrices(GridRows((2, 2, 2), range(4)))
