"""i d psi/dt = W(t) psi for batches of small, slowly changing Hermitian matrices: a Magnus integrator for fast phases.

Within a step W(t) = W_m + V(t), with W_m taken in the middle. In its eigenbasis the diagonal of V moves the levels and
belongs to the phases; the rest turns with the differences of the levels, and the first term of the Magnus expansion
integrates polynomial times phase in closed form (spherical Bessel functions), however many turns a step holds. What is
neglected are commutators of the rest with itself: the method is of fourth order in the step, its error goes with the
square of the change of W in a step, and the width of the spectrum does not enter. It is unitary up to rounding. The
idea is that of A. Iserles, BIT 42, 561 (2002).

Products of plain exponentials or of rational approximations need steps shorter than the fastest phase: states that
follow a slow W differ from its eigenstates by its rate of change over the square of the distance of the levels, which
an error of the phases would hide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.special import factorial, factorial2

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
#: (nt,) times -> (nt, nk, n, n) Hermitian, in radian per unit of time.
Generator = Callable[[Floats], Complexes]

#: Gauss-Lobatto points of a step on [-1, 1], whose polynomials join continuously: a jump of V at the end of a step
#: would be felt as a kick. The third point is the middle.
_NODES = np.array([-1.0, -np.sqrt(3 / 7), 0.0, np.sqrt(3 / 7), 1.0])
_MIDDLE = 2
#: From values at the nodes to coefficients of Legendre polynomials, (5, 5).
_TO_LEGENDRE = np.linalg.inv(legendre.legvander(_NODES, len(_NODES) - 1))
#: From values at the nodes to the integral of their polynomial from the middle to each node, (5, 5).
_FROM_MIDDLE = legendre.legval(_NODES, legendre.legint(np.eye(len(_NODES)), lbnd=0.0)).T @ _TO_LEGENDRE
#: Below this y^2 the Bessel functions are summed as power series, y^p sum_k c[p, k] y^(2k).
_SERIES = 6.0
_COEFFICIENTS = np.array(
    [[(-0.5) ** k / (factorial(k) * factorial2(2 * p + 2 * k + 1)) for k in range(13)] for p in range(len(_NODES))]
)
#: Steps whose propagators are made together.
_STEPS_AT_ONCE = 8


def propagate(generator: Generator, states: Complexes, times: Floats, steps: NDArray[np.int64]) -> Complexes:
    """States at `times`, (nt, nk, n, m), from `states` (nk, n, m) at times[0].

    steps: (nt - 1,), into how many equal steps each interval is cut.
    """
    out = np.empty((len(times), *states.shape), dtype=complex)
    out[0] = states
    lengths = np.repeat(np.diff(times) / steps, steps)
    within = np.arange(len(lengths)) - np.repeat(np.cumsum(steps) - steps, steps)
    starts = np.repeat(times[:-1], steps) + within * lengths
    last = within == np.repeat(steps, steps) - 1
    at, psi = 0, np.asarray(states, dtype=complex)
    for first in range(0, len(starts), _STEPS_AT_ONCE):
        block = slice(first, min(first + _STEPS_AT_ONCE, len(starts)))
        for propagator, ends in zip(_propagators(generator, starts[block], lengths[block]), last[block], strict=True):
            psi = propagator @ psi
            if ends:
                at += 1
                psi = out[at] = _orthonormal(psi)
    return out


def _orthonormal(psi: Complexes) -> Complexes:
    """The nearest orthonormal states to some that are so up to rounding: rounding has a bias, and norms would drift."""
    return np.asarray(1.5 * psi - 0.5 * psi @ (psi.conj().swapaxes(-1, -2) @ psi))


def _propagators(generator: Generator, starts: Floats, lengths: Floats) -> Complexes:
    """From the beginning to the end of each step, (nt, nk, n, n)."""
    half = 0.5 * lengths
    w = generator(((starts + half)[:, None] + half[:, None] * _NODES).ravel())
    w = w.reshape(len(starts), len(_NODES), *w.shape[1:])
    levels, u = np.linalg.eigh(w[:, _MIDDLE])
    adjoint = u.conj().swapaxes(-1, -2)
    v = adjoint[:, None] @ (w - w[:, _MIDDLE : _MIDDLE + 1]) @ u[:, None]
    index = np.arange(v.shape[-1])
    drift = _along_nodes(_FROM_MIDDLE, v[..., index, index].real) * half[:, None, None, None]
    v[..., index, index] = 0.0
    turned = np.exp(1j * drift)
    coefficients = _along_nodes(_TO_LEGENDRE, turned[..., :, None] * v * turned.conj()[..., None, :])
    h = half[:, None, None]
    phases = np.exp(-1j * h * levels)
    turns = h[..., None] * (levels[..., :, None] - levels[..., None, :])
    kick = (_integrals(turns, phases) * coefficients).sum(axis=1) * h[..., None]
    end, start = phases * turned[:, -1].conj(), phases * turned[:, 0]
    return np.asarray(u @ (end[..., :, None] * _exponential(kick) * start[..., None, :]) @ adjoint)


def _along_nodes(matrix: Floats, values: NDArray[Any]) -> NDArray[Any]:
    """A matrix (5, 5) applied to the second axis."""
    flat = values.reshape(*values.shape[:2], -1)
    return np.asarray((matrix @ flat).reshape(values.shape))


def _integrals(turns: Floats, phases: Complexes) -> Complexes:
    """int P_p(x) exp(i y x) dx over [-1, 1] for p = 0 .. 4: 2 i^p j_p(y), (nt, 5, ..., n, n).

    turns: y of every pair of levels, (nt, ..., n, n). phases: exp(-i y_a) of every level, which saves the sines.
    """
    waves = phases.conj()[..., :, None] * phases[..., None, :]
    small = turns**2 < _SERIES
    y = np.where(small, np.sqrt(_SERIES), turns)
    bessel = [waves.imag / y, waves.imag / y**2 - waves.real / y]
    # upwards the recursion is stable as long as y is not much smaller than p
    for p in range(1, len(_NODES) - 1):
        bessel.append((2 * p + 1) / y * bessel[p] - bessel[p - 1])
    square = np.where(small, turns, 0.0) ** 2
    power = np.ones_like(turns)
    out = np.empty((len(turns), len(_NODES), *turns.shape[1:]), dtype=complex)
    for p, upward in enumerate(bessel):
        series = np.full_like(turns, _COEFFICIENTS[p, -1])
        for coefficient in _COEFFICIENTS[p, -2::-1]:
            series = series * square + coefficient
        out[:, p] = 2 * 1j**p * np.where(small, power * series, upward)
        power = power * turns
    return out


def _exponential(kick: Complexes) -> Complexes:
    """exp(-i K) of small Hermitian K (..., n, n) by the Pade approximant [2/2], unitary for any K, error K^5/720."""
    one = np.eye(kick.shape[-1])
    square = kick @ kick / 12
    return np.asarray(np.linalg.solve(one + 0.5j * kick - square, one - 0.5j * kick - square))


@dataclass(frozen=True)
class Converged:
    """value at the last refinement tried, its difference from the one before, and whether that was small enough."""

    value: Floats
    difference: Floats
    refinement: int
    reached: bool


def halve_until(run: Callable[[int], Floats], enough: Callable[[Floats, Floats], bool], halvings: int = 7) -> Converged:
    """run(refinement) with 1, 2, 4, ... times the steps, until enough(value, difference)."""
    previous, refinement = run(1), 1
    value, difference = previous, np.full_like(previous, np.inf)
    for _ in range(halvings):
        refinement *= 2
        value = run(refinement)
        difference = np.abs(value - previous)
        if enough(value, difference):
            return Converged(value, difference, refinement, True)
        previous = value
    return Converged(value, difference, refinement, False)
