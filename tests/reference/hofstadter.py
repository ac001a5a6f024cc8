"""The Streda derivative of the spin density: an insulator in a real magnetic field, one flux quantum in q cells.

A conserved current obeys d_t S = -div J and Faraday's law d_t B = -rot E, so S = (J_x/E_y) B = -(J_y/E_x) B for the
antisymmetric response. The field enters the hoppings as the phase of int A.dl; nothing else is assumed.
"""

from __future__ import annotations

import itertools

import numpy as np

from reference.torus_models import Torus
from reference.zone import Complexes


def spin_hall(model: Torus, mu: float, cells: tuple[int, ...] = (20, 40, 80), spin: Complexes | None = None) -> float:
    """J_y/E_x in the gap at mu, from S(B) - S(-B), extrapolated in 1/cells^2. spin: the model's own when None."""
    s = model.spin if spin is None else spin
    values = []
    for q in cells:
        field = 2 * np.pi / (q * model.area)
        values.append(-(_density(model, mu, q, s) - _density(model, mu, -q, s)) / (2 * field))
    while len(values) > 1:
        # the error is even in B; the table assumes that the numbers of cells double
        factor = 4.0 ** (len(cells) - len(values) + 1)
        values = [(factor * b - a) / (factor - 1) for a, b in itertools.pairwise(values)]
    return values[0]


def _density(model: Torus, mu: float, q: int, spin: Complexes) -> float:
    """<s> per area of the states below mu, flux 1/q a cell, averaged over a few k of the magnetic zone."""
    total, points = 0.0, [(a, b) for a in (0.25, 0.75) for b in (0.25, 0.75)]
    big = np.kron(np.eye(abs(q)), spin)
    for a, b in points:
        levels, states = np.linalg.eigh(_hamiltonian(model, q, 2 * np.pi * a, 2 * np.pi * b / abs(q)))
        filled = states[:, levels <= mu]
        total += float(np.einsum("am,ab,bm->", filled.conj(), big, filled).real)
    return total / (len(points) * abs(q) * model.area)


def _hamiltonian(model: Torus, q: int, theta_1: float, theta_2: float) -> Complexes:
    """H of |q| cells along a_1, Bloch phases theta_1 across them and theta_2 a cell along a_2.

    With r = x a_1 + y a_2 and A.dl = (2 pi / q) x dy the area form is dx dy, so the flux of a cell is 2 pi / q. A hop
    from (x, y) by (X, Y) gathers (2 pi / q) (x + X/2) Y along the straight line. Hopping over the edge of the cell row
    costs a gauge jump exp(-2 pi i y), which is one on the lattice.
    """
    n, size = model.n_states, abs(q)
    h = np.zeros((size, n, size, n), dtype=complex)
    for (hop_x, hop_y), block in zip(model.vectors, model.blocks, strict=True):
        for x in range(size):
            phase = 2 * np.pi / q * (x + hop_x / 2) * hop_y + theta_2 * hop_y
            wraps, to = divmod(x + int(hop_x), size)
            h[x, :, to, :] += np.exp(1j * (phase + theta_1 * wraps)) * block
    return h.reshape(size * n, size * n)
