"""The pair of rules, the choice of an axis, and the maps from the unit cube."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.chunks import serial
from crosscurrent.numerics.domains import Box
from crosscurrent.numerics.genz_malik import CellWork, genz_malik_rule, refine


def mean_of_monomial(powers: tuple[int, ...]) -> float:
    """Over [-1, 1]^dim."""
    return math.prod(0.0 if p % 2 else 1 / (p + 1) for p in powers)


@pytest.mark.parametrize(("dim", "count"), [(2, 17), (3, 33)])
def test_degrees_of_the_pair(dim: int, count: int) -> None:
    """Degree 7 and 5 exactly: every monomial up to the degree is right, and some of the next one is not."""
    rule = genz_malik_rule(dim)
    assert rule.points.shape == (count, dim)
    for row, degree in ((0, 7), (1, 5)):
        errors = {}
        for powers in itertools.product(range(degree + 2), repeat=dim):
            if sum(powers) <= degree + 1:
                value = rule.weights[row] @ np.prod(rule.points ** np.array(powers), axis=1)
                errors[powers] = abs(value - mean_of_monomial(powers))
        assert max(e for p, e in errors.items() if sum(p) <= degree) < 1e-14
        assert max(e for p, e in errors.items() if sum(p) == degree + 1) > 1e-3


@pytest.mark.parametrize("dim", [2, 3])
def test_fourth_difference(dim: int) -> None:
    """Blind to quadratics, to other axes and to odd functions; sees x^4 along its own axis."""
    rule = genz_malik_rule(dim)
    for axis in range(dim):
        row = rule.weights[2 + axis]
        x = rule.points[:, axis]
        others = np.delete(rule.points, axis, axis=1)
        for blind in (np.ones(len(x)), x, x**2, x**3, (others**2).sum(axis=1)):
            assert row @ blind == pytest.approx(0, abs=1e-14)
        assert row @ (others**4).sum(axis=1) == pytest.approx(0, abs=1e-14)
        assert abs(row @ x**4) > 1e-2


class Sharp:
    """A function of one coordinate only."""

    points_per_batch = 100

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        assert batch.k is not None
        values = 1 / (1 + 25 * (batch.k[:, self.axis] - 0.3) ** 2)
        out = np.zeros((batch.n_labels, len(batch.weights)))
        for rule, weight in enumerate(batch.weights):
            np.add.at(out[:, rule], batch.labels, weight * values)
        return {"f": out}

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return sums


@pytest.mark.parametrize(("dim", "axis"), [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)])
def test_cells_are_cut_along_the_axis_that_asks_for_it(dim: int, axis: int) -> None:
    domain = Box((1.0,) * dim)
    whole = np.array([[np.zeros(dim), np.ones(dim)]])
    retry = CellWork(Sharp(axis), domain, 1e-6, 0.0, {"f": 1.0}, False)(whole)["retry"]
    assert retry.shape == (2, 2, dim)
    edges = retry[:, 1] - retry[:, 0]
    assert np.all(edges[:, axis] == 0.5)
    assert np.all(np.delete(edges, axis, axis=1) == 1)
    exact = 2 ** (dim - 1) * (math.atan(5 * 0.7) + math.atan(5 * 1.3)) / 5 / (2 * math.pi) ** dim
    done = refine(1e-6, 0.0, 200_000, 1, domain, Sharp(axis), serial)
    assert done.sums["f"][0] == pytest.approx(exact, rel=1e-6)
    assert abs(done.sums["f"][0] - exact) <= done.sums["f"][1]
    # cutting along one axis only: a handful of cells, not a cube of them
    assert done.evaluations < 40 * 2 * 33


def test_the_cells_fill_the_domain_whatever_is_cut() -> None:
    class Random(Sharp):
        def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
            values = super().__call__(batch)
            values["volume"] = np.stack([np.bincount(batch.labels, w) for w in batch.weights], axis=1)
            return values

    domain = Box((1.3, 0.7))
    done = refine(1e-4, 0.0, 100_000, 3, domain, Random(0), serial)
    assert done.sums["volume"][0] * (2 * math.pi) ** 2 == pytest.approx(domain.measure, rel=1e-13)
