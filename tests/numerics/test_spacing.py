"""Distances between the points of a grid, against the points themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosscurrent.numerics.domains import Box, Cell, Cylinder, Disk, Plane, Sphere
from crosscurrent.numerics.grids import nodes
from crosscurrent.numerics.spacing import largest_step
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh


def test_mesh_of_a_cell() -> None:
    cell = Cell(np.array([[3.0, 0.0], [1.0, 1.0]]))
    assert largest_step(UniformMesh((30, 4)), cell) == pytest.approx(np.sqrt(2) / 4)
    assert largest_step(UniformMesh((6, 40), shifted=True), cell) == pytest.approx(0.5)
    # an axis of one point is not integrated over
    assert largest_step(UniformMesh((30, 1)), cell) == pytest.approx(0.1)
    assert largest_step(UniformMesh((1, 1)), cell) is None


def test_mesh_of_a_box() -> None:
    assert largest_step(UniformMesh((10, 10)), Box((0.2, 0.5))) == pytest.approx(0.1)


@pytest.mark.parametrize("domain", [Disk(0.3), Sphere(0.3), Cylinder(0.3, 1.0)])
@pytest.mark.parametrize("n", [12, 40, 100])
def test_polar_grid(domain: Any, n: int) -> None:
    grid = PolarGrid(n, 6) if domain.dim == 2 else PolarGrid(n, 6, 4)
    actual = 0.3 * np.diff(nodes("gauss", n)[0]).max()
    assert actual <= largest_step(grid, domain) <= 1.25 * actual


@pytest.mark.parametrize(("method", "domain"), [(Adaptive(), Disk(0.3)), (PolarGrid(9, 6), Plane(0.1))])
def test_no_fixed_distance(method: Any, domain: Any) -> None:
    assert largest_step(method, domain) is None
