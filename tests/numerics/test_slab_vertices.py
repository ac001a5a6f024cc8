"""Weak springs and cubic terms in driven slabs: Boltzmann averages, matrices of the whole slab, what is conserved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crosscurrent.jobs.execute import ProcessMap
from crosscurrent.numerics.driven_slab import DrivenSlab, LayerOperator
from crosscurrent.numerics.slab_correlations import memory_times
from crosscurrent.numerics.slab_vertices import Vertices, vertex_correction
from crosscurrent.numerics.steady_state import steady_state
from crosscurrent.units import InputError
from reference.one_loop import bubble, spring_change, whole_slab

DIRECTION = np.array([1.0, 0.3])


def chain(shape: tuple[int, int, int], seed: int = 0) -> DrivenSlab:
    """A random slab of two components, with bonds to the six nearest cells, without any symmetry but stability."""
    nx, ny, nz = shape
    rng = np.random.default_rng(seed)
    coupling = np.zeros((nx, nz // 2 + 1, 2 * ny - 1, 2, 2), dtype=complex)
    q_x, q_z = 2 * np.pi * np.arange(nx) / nx, 2 * np.pi * np.arange(nz // 2 + 1) / nz
    for axis in range(3):
        block = 2.0 * rng.normal(size=(2, 2))
        if axis == 1 and ny > 1:
            coupling[:, :, ny] += block
            coupling[:, :, ny - 2] += block.T
        elif axis != 1:
            phase = np.exp(1j * (q_x[:, None] if axis == 0 else 0 * q_x[:, None] + q_z))[..., None, None]
            coupling[:, :, ny - 1] += phase * block + phase.conj() * block.T
    on_site = np.broadcast_to(np.diag([14.0, 16.0]), (ny, 2, 2)).copy()
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    damping = 1.5 + rng.uniform(size=ny)
    return DrivenSlab(LayerOperator(coupling, on_site), damping, turn, nz, mirror_signs=(1.0, 1.0))


def single(k: float) -> DrivenSlab:
    """Cells that do not know of each other, one component."""
    nothing = np.zeros((2, 1, 1, 1, 1), dtype=complex)
    return DrivenSlab(
        LayerOperator(nothing, np.full((1, 1, 1), k)), np.ones(1), np.zeros((1, 1)), 1, mirror_signs=(1.0,)
    )


def boltzmann(k: float, a: float, b: float, theta: float) -> tuple[float, float, float]:
    """Mean, variance and third cumulant of s in k s^2/2 + a s^3/6 + b s^4/24."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    s = nodes * np.sqrt(theta / k)
    weights = weights * np.exp(-(a * s**3 / 6 + b * s**4 / 24) / theta)
    weights /= weights.sum()
    mean = float(weights @ s)
    return mean, float(weights @ (s - mean) ** 2), float(weights @ (s - mean) ** 3)


def test_one_cell_in_equilibrium() -> None:
    """The order theta^2 of variance and third cumulant, from exact Boltzmann averages: shift, quartic and bubble."""
    k, a, b, theta = 4.0, 3.0, 2.0, 1e-4
    mean, variance, third = boltzmann(k, a, b, theta)
    # the spring of first-order theory: V''' <s> + V'''' <s^2>/2
    spring = -a * a * theta / (2 * k**2) + b * theta / (2 * k)
    flat = np.ones((2, 1))
    found = vertex_correction(single(k), Vertices(np.ones(1), spring * flat, a * flat), np.full(2, theta))
    assert found.covariance[0, 0, 0, 0] == pytest.approx(variance - theta / k, rel=2e-3)
    assert found.third[0, 0] == pytest.approx(third, rel=2e-3)
    assert mean == pytest.approx(-a * theta / (2 * k**2), rel=2e-3)
    # of the three parts none is small
    assert a * a / (2 * k**4) * theta**2 > 0.3 * (variance - theta / k)
    # equipartition of the velocity is exact at any anharmonicity
    np.testing.assert_allclose(found.covariance[..., 1, 1], 0, atol=1e-4 * theta**2 * a * a / k**4)
    np.testing.assert_allclose(found.covariance[..., 0, 1], 0, atol=1e-4 * theta**2 * a * a / k**4)


@pytest.mark.parametrize("shape", [(4, 3, 3), (3, 2, 2), (2, 3, 1)])
def test_against_matrices_of_the_whole_slab(shape: tuple[int, int, int]) -> None:
    """A gradient, a field, random couplings and damping; springs and cubic terms that differ from cell to cell."""
    problem = chain(shape)
    rng = np.random.default_rng(3)
    theta, spring, cubic = rng.uniform(0, 2, shape[0]), rng.normal(size=shape[:2]), rng.uniform(1, 2, shape[:2])
    slab = whole_slab(problem, theta)
    np.testing.assert_allclose(
        slab.local(slab.covariance), steady_state(problem).covariance(theta), atol=1e-12 * theta.max()
    )
    nothing = np.zeros(shape[:2])
    found = vertex_correction(problem, Vertices(DIRECTION, spring, nothing), theta).covariance
    expected = slab.local(spring_change(slab, DIRECTION, spring))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * np.abs(expected).max())
    both = vertex_correction(problem, Vertices(DIRECTION, spring, cubic), theta)
    whole, third = bubble(slab, DIRECTION, cubic, 1, 0.01, 12.0)
    expected = slab.local(whole)
    np.testing.assert_allclose(both.covariance - found, expected, rtol=0, atol=4e-5 * np.abs(expected).max())
    third = third.reshape(shape[0], shape[2], shape[1]).mean(axis=1)
    np.testing.assert_allclose(both.third, third, rtol=0, atol=4e-5 * np.abs(third).max())


def test_springs_are_the_derivative_of_the_exact_answer() -> None:
    problem, theta = chain((3, 3, 2)), np.array([1.0, 2.0, 0.5])
    flat = np.ones((3, 3))
    found = vertex_correction(problem, Vertices(DIRECTION, flat, 0 * flat), theta).covariance
    small = 1e-4
    moved = [
        replace(problem, stiffness=replace(problem.stiffness, on_site=problem.stiffness.on_site + x * part))
        for part in [np.outer(DIRECTION, DIRECTION)]
        for x in (small, -small)
    ]
    up, down = (steady_state(each).covariance(theta) for each in moved)
    np.testing.assert_allclose(found, (up - down) / (2 * small), rtol=0, atol=1e-6 * np.abs(found).max())


def test_forces_on_site_do_no_work() -> None:
    """What the baths give, gamma <v v>, does not change in sum; nor does <u v> along the direction, d<s^2>/dt."""
    problem, theta = chain((4, 4, 3)), np.array([2.0, 1.0, 0.0, 0.5])
    rng = np.random.default_rng(1)
    vertices = Vertices(DIRECTION, rng.normal(size=(4, 4)), rng.uniform(1, 2, (4, 4)))
    found = vertex_correction(problem, vertices, theta).covariance
    power = problem.damping * np.einsum("xyaa->xy", found[..., 2:, 2:])
    assert abs(power.sum()) < 1e-3 * np.abs(power).sum()
    cross = np.einsum("a,xyab,b->xy", DIRECTION, found[..., :2, 2:], DIRECTION)
    assert np.abs(cross).max() < 1e-3 * np.abs(found[..., :2, 2:]).max()


def test_orders() -> None:
    """Linear in the springs and theta, quadratic in the cubic terms and theta."""
    problem, theta = chain((3, 2, 2)), np.array([1.0, 3.0, 0.2])
    flat = np.ones((3, 2))
    springs, cubics = Vertices(DIRECTION, flat, 0 * flat), Vertices(DIRECTION, 0 * flat, flat)
    one, bend = (vertex_correction(problem, v, theta).covariance for v in (springs, cubics))
    twice = vertex_correction(problem, replace(springs, spring=2 * flat), 2 * theta).covariance
    np.testing.assert_allclose(twice, 4 * one, atol=1e-12)
    more = vertex_correction(problem, replace(cubics, cubic=-2 * flat), 3 * theta).covariance
    np.testing.assert_allclose(more, 36 * bend, atol=1e-4 * np.abs(36 * bend).max())
    np.testing.assert_array_equal(vertex_correction(problem, cubics, 0 * theta).covariance, 0)


def test_chunks_and_workers_change_nothing() -> None:
    problem, theta = chain((4, 3, 3)), np.array([1.0, 3.0, 0.2, 0.0])
    vertices = Vertices(DIRECTION, np.ones((4, 3)), np.ones((4, 3)))
    whole = vertex_correction(problem, vertices, theta)
    with ProcessMap(2) as workers:
        parts = vertex_correction(problem, vertices, theta, parts=3, run=workers)
    np.testing.assert_allclose(parts.covariance, whole.covariance, atol=1e-6 * np.abs(whole.covariance).max())
    np.testing.assert_allclose(parts.third, whole.third, atol=1e-6 * np.abs(whole.third).max())


def test_damping_too_weak_for_the_memory() -> None:
    weak = replace(chain((3, 2, 2)), damping=np.full(2, 1e-4))
    with pytest.raises(InputError, match="too long"):
        memory_times(weak)
