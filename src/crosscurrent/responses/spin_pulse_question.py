"""What is asked of the spin in the field of a pulse: its arguments, checked, and the times it is given at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.waveforms import Waveform
from crosscurrent.responses import gaps
from crosscurrent.responses.direct_gap import DirectGap
from crosscurrent.responses.projections import Projections, projections_of
from crosscurrent.responses.spin_generation import occupation
from crosscurrent.responses.spin_generation_labels import Density
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Output times of a pulse when none are given.
_FEWEST_TIMES, _MOST_TIMES = 201, 2001
#: No time in ps comes near this, and its phase is still a number.
_LATEST = 1e15


@dataclass(frozen=True)
class PulseQuestion:
    """What was asked, checked. level: the chemical potential, or filling - 1/2."""

    model: BlochModel
    waveform: Waveform
    operator: Operator
    parts: Projections
    times: Floats
    filling: int
    mu: float | None
    level: Floats
    gap: DirectGap
    density: Density


def pulse_question(
    model: BlochModel,
    mu: float | None,
    waveform: Waveform,
    filling: int | None,
    spin: Operator | NDArray[np.complex128] | str | None,
    projections: Sequence[str] | Mapping[str, Floats] | str,
    complete: bool,
    times: ArrayLike | None,
    thickness: float | None,
) -> PulseQuestion:
    """The arguments of `spin_pulse`, checked. Raises InputError for a metal, a field along z of a 2D model, no field,
    and times that do not rise."""
    level = gaps.chemical_potentials(mu) if filling is None else gaps.checked_filling(model, mu, filling, 0.0)
    if len(level) != 1:
        raise InputError("a pulse takes one chemical potential", where="mu", fix="run once for each")
    operator = gaps.spin_operator(model, spin)
    parts = projections_of(model, projections, complete)
    density = Density.of(model.dim, thickness, None, "hbar")
    if not hasattr(waveform, "impulse"):
        raise InputError(
            "this is not a pulse", where="waveform", fix="give a GaussianPulse, a Sampled, or read_waveform(file)"
        )
    sample = np.abs(waveform(_default_times(waveform)))
    if sample.max() == 0:
        raise InputError("the field is zero", where="waveform", fix="give an amplitude in V/m")
    if waveform.dim == 3 and model.dim == 2 and sample[:, 2].max() > 0:
        raise InputError(
            "a two-dimensional model has no response to a field along z", where="waveform", fix="set E_z to 0"
        )
    seen = occupation(model, level, 0.0, filling)
    if seen.gap is None:
        empty = seen.filling is not None
        what = "no band is filled, or none is empty" if empty else "a band is partly filled, so the model is a metal"
        raise InputError(what, where="mu", fix="move mu into the gap, or give a filling")
    assert seen.filling is not None
    chosen = _checked_times(times) if times is not None else _default_times(waveform)
    single = float(level[0]) if filling is None else None
    return PulseQuestion(model, waveform, operator, parts, chosen, seen.filling, single, level, seen.gap, density)


def _default_times(waveform: Waveform) -> Floats:
    start, end = waveform.window
    count = int(np.clip(np.ceil((end - start) / waveform.resolution) + 1, _FEWEST_TIMES, _MOST_TIMES))
    return np.linspace(start, end, count)


def _checked_times(times: ArrayLike) -> Floats:
    t = np.atleast_1d(np.asarray(times, dtype=float))
    if t.ndim != 1 or not t.size or not (np.abs(t) < _LATEST).all() or (np.diff(t) <= 0).any():
        raise InputError("times must be one or more finite numbers that rise", where="times", fix="give ps, sorted")
    return t
