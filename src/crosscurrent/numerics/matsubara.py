"""Sums over Matsubara frequencies and averages over the Fermi edge, with few points.

A sum over n = 0, 1, 2, ... of something smooth in log n is cut into blocks that grow by a factor, and each block is
summed by the Gauss rule of the *discrete* measure (unit weights at the integers). The rule is exact for polynomials,
tends to Gauss-Legendre for long blocks, and is the sum itself for short ones, so nothing corrects a sum to an integral.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def discrete_gauss(count: int, order: int) -> tuple[Floats, Floats]:
    """Nodes and weights, (min(order, count),), for sum_{n=0}^{count-1} f(n); exact below degree 2 order."""
    if order >= count:
        return np.arange(float(count)), np.ones(count)
    n = np.arange(1.0, order)
    # recurrence of the discrete Chebyshev polynomials; in floats, because count^2 can leave the integers
    beta = n**2 * (float(count) ** 2 - n**2) / (4.0 * (4.0 * n**2 - 1.0))
    nodes, weights = _golub_welsch(beta)
    return nodes + 0.5 * (count - 1), weights * count


def matsubara_nodes(top: float, order: int, growth: int = 4) -> tuple[Floats, Floats]:
    """Nodes and weights for sum_{n=0}^{N} f(n) with N >= top; the first `order` terms are themselves."""
    nodes, weights = [np.arange(float(order))], [np.ones(order)]
    start = order
    while start < top:
        x, w = discrete_gauss((growth - 1) * start, order)
        nodes.append(x + start)
        weights.append(w)
        start *= growth
    return np.concatenate(nodes), np.concatenate(weights)


def fermi_edge_nodes(order: int) -> tuple[Floats, Floats]:
    """Gauss rule for int dx f(x)/(4 cosh^2(x/2)), the average over a Fermi edge; x in kT, weights add up to 1."""
    n = np.arange(1.0, order)
    return _golub_welsch(math.pi**2 * n**4 / (4.0 * n**2 - 1.0))


def _golub_welsch(beta: Floats) -> tuple[Floats, Floats]:
    """Rule of an even weight of integral 1 from the squares of its recurrence."""
    off = np.sqrt(beta)
    values, vectors = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    nodes: Floats = values.astype(np.float64)
    weights: Floats = (vectors[0] ** 2).astype(np.float64)
    return nodes, weights


def fermi_edge_trapezoid(step: float = 1.0) -> tuple[Floats, Floats]:
    """The same average by equal steps: error exp(-2 pi^2/step) also for functions that are singular at x = i pi."""
    last = math.ceil(40.0 / step)
    x: Floats = np.linspace(-step * last, step * last, 2 * last + 1)
    weights: Floats = 0.25 * step / np.cosh(0.5 * x) ** 2
    return x, weights
