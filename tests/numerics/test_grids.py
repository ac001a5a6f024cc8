"""Points, weights and chunks: every point once, whoever asks for it, and maps whose Jacobian adds up to the domain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.numerics.batches import GridRows, add_sums
from crosscurrent.numerics.chunks import serial
from crosscurrent.numerics.domains import Box, Cell, Cylinder, Disk, Domain, Sphere
from crosscurrent.numerics.grids import PeriodicPlan, ProductPlan, nodes, polar_rules, unit_cells
from crosscurrent.numerics.mapping import to_k
from crosscurrent.units import InputError

DOMAINS: list[Domain] = [
    Cell(np.array([[1.2, 0.3], [-0.1, 0.8]])),
    Cell(np.array([[1.2, 0.3, 0], [-0.1, 0.8, 0.4], [0.2, 0, 1.0]])),
    Box((0.5, 0.8)),
    Box((0.5, 0.8, 1.1)),
    Disk(0.7),
    Sphere(0.9),
    Cylinder(0.6, 1.4),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda d: f"{type(d).__name__}{d.dim}")
def test_jacobian(domain: Domain) -> None:
    """It is |det dk/du|, by differences, and integrates to the measure."""
    rng = np.random.default_rng(4)
    u = rng.uniform(0.1, 0.9, size=(6, domain.dim))
    _, jacobian = to_k(domain, u)
    h = 1e-5
    columns = [(to_k(domain, u + h * e)[0] - to_k(domain, u - h * e)[0]) / (2 * h) for e in np.eye(domain.dim)]
    np.testing.assert_allclose(jacobian, np.abs(np.linalg.det(np.stack(columns, axis=-1))), rtol=1e-8)
    plan = ProductPlan((5,) * domain.dim, ("gauss",) * domain.dim, domain)
    total = sum(batch.weights.sum() for batch in plan.batches(range(plan.n_points), 7))
    assert total * (2 * math.pi) ** domain.dim == pytest.approx(domain.measure, rel=1e-13)


@pytest.mark.parametrize("domain", [d for d in DOMAINS if not isinstance(d, Cell)], ids=lambda d: type(d).__name__)
def test_points_lie_inside(domain: Domain) -> None:
    k, _ = to_k(domain, np.random.default_rng(1).random((200, domain.dim)))
    match domain:
        case Box():
            assert np.all(np.abs(k) <= domain.half_widths)
        case Cylinder():
            assert np.all(np.linalg.norm(k[:, :2], axis=1) <= domain.radius)
            assert np.all(np.abs(k[:, 2]) <= domain.half_height)
        case Disk() | Sphere():
            assert np.all(np.linalg.norm(k, axis=1) <= domain.radius)


@pytest.mark.parametrize("n", [1, 2, 5, 63, 64, 65, 130, 1000])
def test_gauss_rule_of_any_length(n: int) -> None:
    x, w = nodes("gauss", n)
    assert len(x) == len(w) == n
    assert np.all(np.diff(x) > 0) and x[0] > 0 and x[-1] < 1 and np.all(w > 0)
    degree = min(2 * n - 1, 9)
    assert w @ x**degree == pytest.approx(1 / (degree + 1), rel=1e-12)
    if n > 5:
        assert w @ np.cos(7 * x) == pytest.approx(math.sin(7) / 7, rel=1e-6 if n < 10 else 1e-12)


def test_periodic_rule_and_midpoints() -> None:
    x, w = nodes("trapezoid", 6)
    assert w @ np.exp(2j * np.pi * 5 * x) == pytest.approx(0, abs=1e-15)
    np.testing.assert_allclose(nodes("midpoint", 4)[0], [0.125, 0.375, 0.625, 0.875])


@given(
    shape=st.lists(st.integers(1, 7), min_size=2, max_size=3),
    per_batch=st.integers(1, 60),
    offset=st.sampled_from([0.0, 0.5]),
)
def test_every_mesh_point_once(shape: list[int], per_batch: int, offset: float) -> None:
    dim = len(shape)
    plan = PeriodicPlan(tuple(shape), Cell(np.eye(dim)), offset)
    seen, labels, weight = [], [], 0.0
    for chunk in plan.chunks(per_batch):
        for batch in plan.batches(chunk, per_batch):
            assert batch.grid is not None
            seen.append(batch.grid.reduced())
            assert batch.present is not None
            labels.append(batch.present[batch.labels])
            weight += batch.weights.sum()
    points = np.concatenate(seen)
    expected = np.stack(np.meshgrid(*[(np.arange(n) + offset) / n for n in shape], indexing="ij"), -1).reshape(-1, dim)
    np.testing.assert_allclose(points, expected)
    assert weight * (2 * math.pi) ** dim == pytest.approx(1)
    # sub-meshes are equally large, and each is one mesh of double spacing
    label = np.concatenate(labels)
    assert set(np.bincount(label)) == {plan.n_points // plan.n_labels}
    index = np.rint(points * shape - offset).astype(int)
    for value in range(plan.n_labels):
        parities = index[label == value] % 2
        even = np.array([n % 2 == 0 for n in shape]) & (plan.n_labels > 1)
        assert np.all(parities[:, even] == parities[0, even])


@given(n=st.integers(1, 300), per_batch=st.integers(1, 50))
def test_every_product_point_once(n: int, per_batch: int) -> None:
    plan = ProductPlan((n, 2), ("gauss", "trapezoid"), Disk(1.0))
    chunks = plan.chunks(per_batch)
    assert [i for chunk in chunks for i in chunk] == list(range(2 * n))
    assert sum(b.n_points for chunk in chunks for b in plan.batches(chunk, per_batch)) == 2 * n


def test_cells_tile_the_cube() -> None:
    cells = unit_cells(3, 4)
    assert cells.shape == (64, 2, 3)
    np.testing.assert_allclose(np.prod(cells[:, 1] - cells[:, 0], axis=1), 1 / 64)
    assert len(np.unique(cells[:, 0], axis=0)) == 64
    assert cells.min() == 0 and cells.max() == 1


def test_polar_rules_need_a_round_domain() -> None:
    assert polar_rules(Disk(1.0)) == ("gauss", "trapezoid")
    with pytest.raises(InputError, match="polar grid does not fit a box cutoff"):
        polar_rules(Box((1.0, 1.0)))


@pytest.mark.parametrize("make", [lambda: Disk(0.0), lambda: Sphere(-1.0), lambda: Cylinder(1.0, float("nan"))])
def test_cutoffs_of_no_size_are_refused(make: object) -> None:
    with pytest.raises(InputError, match=r"must be positive, got .*Give .* in 1/angstrom"):
        make()  # type: ignore[operator]


def test_partial_sums_keep_extremes_apart() -> None:
    parts = [
        {"f": np.array([[1.0], [2.0]]), "min:e": np.array([3.0]), "max:e": np.array([4.0])},
        {"f": np.array([[10.0], [20.0]]), "min:e": np.array([-3.0]), "max:e": np.array([-4.0])},
    ]
    sums, extremes = add_sums(parts)
    np.testing.assert_array_equal(sums["f"], [11, 22])
    assert extremes["min:e"] == [-3] and extremes["max:e"] == [4]
    np.testing.assert_array_equal(parts[0]["f"], [[1], [2]])  # what an executor kept is left alone


def test_serial_map_keeps_the_order() -> None:
    out = list(serial("stage", lambda c: {"x": np.array(c)}, [3, 1, 2]))
    assert [int(part["x"]) for part in out] == [3, 1, 2]


def test_grid_rows() -> None:
    rows = GridRows((2, 3, 4), range(2, 5), 0.5)
    whole = GridRows((2, 3, 4), range(6), 0.5).reduced().reshape(6, 4, 3)
    np.testing.assert_array_equal(rows.reduced().reshape(3, 4, 3), whole[2:5])
