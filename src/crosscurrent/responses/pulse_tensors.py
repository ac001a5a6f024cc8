"""Spin of a pulse by the tensors: each frequency of the field with the Upsilon of that frequency.

S(t) = Upsilon0.E + Upsilon1.dE/dt + Upsilon2.d2E/dt2 holds for a single frequency; a pulse is a sum of them, so the
last two terms become convolutions, done here on the spectrum. Upsilon1 and Upsilon2 are sums of 1/(gap^2 - omega^2):
analytic functions of omega^2 below the smallest gap, which polynomials through Chebyshev points reproduce to an error
known beforehand. So they are evaluated at a handful of frequencies, however long the pulse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.waveforms import Waveform
from crosscurrent.numerics.zone import ZoneSums
from crosscurrent.responses.direct_gap import DirectGap
from crosscurrent.responses.von_neumann import HBAR_EV_PS, Drive
from crosscurrent.units import ANGSTROM_M, PLANCK_EV_PER_THZ, InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: Part of the pulse's energy that may lie at or above the gap.
LARGEST_FRACTION = 1e-6
#: Energy that may be left out of the spectrum without a word.
_NEGLIGIBLE = 1e-15
#: Frequencies are kept up to this part of the gap; the rest has to be negligible.
_UP_TO = 0.97
#: Relative error of the interpolation in omega^2.
_INTERPOLATION = 1e-10
#: Length of the periodic window in units of the pulse, so that its end does not reach its beginning.
_PADDING = 3
#: Samples of a pulse, 80 bytes each: beyond this it lasts longer than any that the tensors are for.
_LONGEST = 4e6


@dataclass(frozen=True)
class Spectrum:
    """A pulse by frequency: E(t) = Re sum_f amplitudes[f] exp(-2 pi i f t).

    frequencies: (nf,) THz, below the cut. amplitudes: (nf, dim) V/m. fraction: energy at or above the gap over the
    whole. lost: sums of |omega^p amplitude| over what was cut off, p = 1 and 2, with omega in 1/ps; V/m, (2, dim).
    """

    frequencies: NDArray[Any]
    amplitudes: Complexes
    fraction: float
    lost: Floats

    @property
    def cut(self) -> float:
        """hbar omega of the highest frequency, eV."""
        return float(self.frequencies[-1]) * PLANCK_EV_PER_THZ


def spectrum_below(waveform: Waveform, dim: int, gap: DirectGap) -> Spectrum:
    """The part of a pulse below a gap. Raises InputError when too much of it lies above."""
    start, end = waveform.support
    window = _PADDING * (end - start)
    # twice the band: the step also has to resolve the gap, to see what lies above it
    highest = max(waveform.bandwidth, 1.05 * gap.frequency)
    n = 2 * math.ceil(min(window * highest, _LONGEST) * 1.25)
    if n > _LONGEST:
        raise InputError(
            f"{window * highest:.2g} oscillations of {highest:.3g} THz stand in the window of the pulse",
            where="pulse",
            fix="make the pulse shorter, or its frequency lower",
        )
    t = start + np.arange(n) * window / n
    field = Drive(waveform, dim).field(t)
    frequencies = np.fft.rfftfreq(n, window / n)
    # numpy's phases are exp(-2 pi i f t) forward and counted from the first sample
    found = np.conj(np.fft.rfft(field, axis=0)) * (2 / n) * np.exp(2j * np.pi * frequencies * start)[:, None]
    found[0] /= 2
    energy = (np.abs(found) ** 2).sum(axis=1)
    beyond = np.concatenate([np.cumsum(energy[::-1])[::-1], [0.0]]) / energy.sum()
    # a point stands for the interval around it: the one that holds the gap counts as above
    at_gap = int(np.searchsorted(frequencies + 0.5 * frequencies[1], gap.frequency))
    fraction = float(beyond[at_gap])
    if fraction > LARGEST_FRACTION:
        raise InputError(
            f"{fraction:.2g} of the pulse's energy lies at or above the smallest direct gap, {gap}",
            where="waveform",
            fix=f"the tensors hold below it: choose a lower frequency or a longer pulse (at most {LARGEST_FRACTION:g} "
            "may lie above), smooth the samples, or use route = 'von_neumann'",
        )
    cut = int(np.searchsorted(-beyond, -_NEGLIGIBLE)) if energy.sum() > 0 else 1
    cut = max(min(cut, int(np.searchsorted(frequencies, _UP_TO * gap.frequency))), 2)
    omega, rest = 2 * np.pi * frequencies[cut:], np.abs(found[cut:])
    lost = np.array([omega @ rest, omega**2 @ rest], dtype=np.float64)
    return Spectrum(frequencies[:cut], found[:cut], fraction, lost)


@dataclass(frozen=True)
class Filters:
    """omega: (nq,) eV, where the tensors are wanted. first, second: (nt, nq, dim): S_1(t) = sum_q Upsilon1(omega_q).

    first[t, q], likewise S_2; V/m per ps and per ps^2.
    """

    omega: Floats
    first: Floats
    second: Floats


def filters(spectrum: Spectrum, gap: DirectGap, times: Floats) -> Filters:
    """What the waveform does with the tensors at each interpolation point."""
    nodes = _chebyshev(spectrum.cut**2, gap.gap**2)
    x = (spectrum.frequencies * PLANCK_EV_PER_THZ) ** 2
    cardinal = _lagrange(nodes, x)
    omega = 2 * np.pi * spectrum.frequencies
    waves = np.exp(-1j * np.outer(times, omega))

    def back(order: int) -> Floats:
        slopes = ((-1j * omega) ** order)[:, None] * spectrum.amplitudes
        combined = cardinal[:, :, None] * slopes[:, None, :]
        return np.asarray((waves @ combined.reshape(len(omega), -1)).real.reshape(len(times), *combined.shape[1:]))

    return Filters(np.sqrt(nodes), back(1), back(2))


def _chebyshev(x_max: float, pole: float) -> Floats:
    """Chebyshev points on [0, x_max], as many as the pole nearest to it asks for."""
    s = 2 * pole / x_max - 1
    rho = s + math.sqrt(s**2 - 1)
    n = max(math.ceil(math.log(4 / (_INTERPOLATION * (rho - 1))) / math.log(rho)), 3)
    return np.asarray(x_max * 0.5 * (1 - np.cos(np.pi * (np.arange(n) + 0.5) / n)))


def _lagrange(nodes: Floats, x: Floats) -> Floats:
    """The polynomials that are one at a node and zero at the others, at x: (nx, nq); barycentric, hence stable."""
    n = len(nodes)
    weights = (-1.0) ** np.arange(n) * np.sin(np.pi * (np.arange(n) + 0.5) / n)
    distance = x[:, None] - nodes
    exact = distance == 0
    terms = weights / np.where(exact, 1.0, distance)
    values = terms / terms.sum(axis=1, keepdims=True)
    return np.asarray(np.where(exact.any(axis=1, keepdims=True), exact.astype(float), values))


def spin_of(sums: ZoneSums, pairs: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """sum of tensors times weights, (nt, L, P), with its error. weights: (nt, J) or (nt, nq, J)."""

    def along(tensor: Floats, weight: Floats) -> Floats:
        letters = "splj,tj->stlp" if weight.ndim == 2 else "spljq,tqj->stlp"
        return np.asarray(np.einsum(letters, tensor, weight, optimize=True))

    # the errors of an adaptive integral do not cancel as deviations of grids do
    if sums.rule == "accumulated":
        value = np.asarray(sum(along(tensor[:1], weight)[0] for tensor, weight in pairs))
        error = np.asarray(sum(along(np.abs(tensor[1:2]), np.abs(weight))[0] for tensor, weight in pairs))
        return value, error
    estimate = sums.estimate(*((1.0, along(tensor, weight)) for tensor, weight in pairs))
    return estimate.value, estimate.error


def lost_spin(tensors: Sequence[Floats], spectrum: Spectrum) -> dict[int, Floats]:
    """Spin (L, P) that what was cut off the spectrum would bring, with the tensors of the highest frequency kept."""
    return {
        order: np.einsum("plj,j->lp", np.abs(tensors[order][0, ..., -1]), spectrum.lost[order - 1])
        * ANGSTROM_M
        * HBAR_EV_PS**order
        for order in (1, 2)
    }
