"""Sums over Matsubara frequencies and averages over the Fermi edge."""

import math

import numpy as np
import pytest

from crosscurrent.numerics.matsubara import discrete_gauss, fermi_edge_nodes, fermi_edge_trapezoid, matsubara_nodes


def test_discrete_gauss_is_exact_for_polynomials():
    nodes, weights = discrete_gauss(37, 4)
    assert nodes.size == 4
    for power in range(8):
        assert weights @ nodes**power == pytest.approx(sum(n**power for n in range(37)), rel=1e-12)
    short, ones = discrete_gauss(3, 4)
    np.testing.assert_array_equal(short, [0, 1, 2])
    np.testing.assert_array_equal(ones, 1)


@pytest.mark.parametrize(("order", "error"), [(4, 2e-4), (6, 5e-6), (10, 1e-9)])
def test_infinite_sum(order, error):
    """sum 1/((n + 1/2)^2 + 1) = pi tanh(pi) (terms of both signs of n + 1/2, halved)."""
    nodes, weights = matsubara_nodes(1e12, order)
    assert weights @ (1 / ((nodes + 0.5) ** 2 + 1)) == pytest.approx(0.5 * math.pi * math.tanh(math.pi), rel=error)


def test_fermi_edge():
    """Moments of -f' are 1, pi^2/3, 7 pi^4/15; a function singular at i pi needs the equal steps."""
    for x, w in (fermi_edge_nodes(6), fermi_edge_trapezoid(0.5)):
        assert w.sum() == pytest.approx(1.0, rel=1e-12)
        assert w @ x**2 == pytest.approx(math.pi**2 / 3, rel=1e-9)
        assert w @ x**4 == pytest.approx(7 * math.pi**4 / 15, rel=1e-9)
    fine, coarse = ((w @ (1 / (3 + x**2))) for x, w in (fermi_edge_trapezoid(0.25), fermi_edge_trapezoid(1.0)))
    assert coarse == pytest.approx(fine, rel=1e-3)
    assert coarse != pytest.approx(fine, rel=1e-7)
