"""Polarization in a field that goes up and down: the field over a cycle, and what is read off a loop.

A loop is sampled at n phases (k + 1/2)/n of a cycle, n a multiple of four, so that the branches between the extremes
have equally many points. Arrays are (..., n).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Waveform = Literal["triangular", "sinusoidal"]


def field_over_cycle(phase: Floats, waveform: Waveform) -> Floats:
    """E/E_max at a phase in cycles: zero at 0, 1 at 1/4, -1 at 3/4."""
    turns = np.asarray(phase, dtype=float) % 1
    if waveform == "sinusoidal":
        return np.asarray(np.sin(2 * np.pi * turns))
    return np.asarray(1 - 4 * np.abs((turns + 0.25) % 1 - 0.5))


def loop_area(field: Floats, polarization: Floats) -> Floats:
    """The closed integral of E dP over a cycle, J/m^3 for V/m and C/m^2: the energy density that a cycle turns to heat.

    Trapezoids, with the last sample joined to the first.
    """
    following = np.roll(field, -1, axis=-1)
    steps = np.roll(polarization, -1, axis=-1) - polarization
    return np.asarray((0.5 * (following + field) * steps).sum(axis=-1))


def coercive_fields(field: Floats, polarization: Floats) -> tuple[Floats, Floats]:
    """(E_down, E_up), (...): where P crosses zero while the field falls and while it rises; NaN where it does not.

    field: (n,). Linear between the samples; of several crossings the last, after which P keeps its new sign.
    """
    down, up = _branches(field.shape[-1])
    return _crossing(field[down], polarization[..., down]), _crossing(field[up], polarization[..., up])


def remanence(polarization: Floats) -> tuple[Floats, Floats]:
    """(P_down, P_up), (...): P at zero field while the field falls and while it rises, from the samples around it."""
    n = polarization.shape[-1]
    falling = polarization[..., n // 2 - 1 : n // 2 + 1].mean(axis=-1)
    rising = 0.5 * (polarization[..., 0] + polarization[..., -1])
    return falling, rising


def _branches(n: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Samples while the field falls from its highest to its lowest, and while it rises."""
    quarter = n // 4
    return np.arange(quarter, 3 * quarter), np.arange(3 * quarter, n + quarter) % n


def _crossing(field: Floats, polarization: Floats) -> Floats:
    flat = polarization.reshape(-1, polarization.shape[-1])
    found = np.full(len(flat), np.nan)
    for row, values in enumerate(flat):
        changes = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) <= 0)
        if values[0] * values[-1] < 0 and len(changes):
            at = changes[-1]
            share = values[at] / (values[at] - values[at + 1])
            found[row] = field[at] + share * (field[at + 1] - field[at])
    return found.reshape(polarization.shape[:-1])
