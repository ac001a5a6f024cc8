"""Pulses: a vector that depends on time and vanishes far from its middle, with its derivatives and its integral.

Times are in ps, frequencies (not angular) in THz, values in whatever unit the amplitude has: V/m for an electric field.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import BSpline, make_interp_spline
from scipy.special import wofz

from crosscurrent.numerics.waveform_checks import check_samples
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: Where the envelope of a Gaussian pulse is taken to end, relative to its peak: below the rounding of what it drives.
_END = 1e-11
#: The same for what is worth looking at.
_VISIBLE = 1e-4
#: Points per interval of a sampled waveform at which its Fourier integral is summed.
_OVERSAMPLING = 4
#: No amplitude, frequency or time of a pulse comes near this, and its square is still a number.
_LARGEST = 1e30
#: Distance of a pulse from time zero, in durations: times near it are told apart to 1e-7 of one.
_FARTHEST = 1e9


class Waveform(Protocol):
    """A pulse E(t) of `dim` components."""

    @property
    def dim(self) -> int: ...

    @property
    def support(self) -> tuple[float, float]:
        """(start, end), ps: zero before and after, up to rounding."""
        ...

    @property
    def window(self) -> tuple[float, float]:
        """(start, end), ps: what is worth looking at."""
        ...

    @property
    def resolution(self) -> float:
        """A time step, ps, in which the waveform changes little."""
        ...

    @property
    def bandwidth(self) -> float:
        """Frequency, THz, above which nothing is left."""
        ...

    @property
    def description(self) -> str: ...

    def __call__(self, t: ArrayLike) -> Floats:
        """t: (nt,) ps -> (nt, dim)."""
        ...

    def impulse(self, t: ArrayLike) -> Floats:
        """int_{-inf}^t E dt', (nt, dim), unit of E times ps; minus the vector potential of an electric field."""
        ...


@dataclass(frozen=True)
class GaussianPulse:
    """E_i(t) = amplitude_i exp(-4 ln 2 (t - centre)^2/duration^2) cos(2 pi frequency (t - centre) + phase_i).

    amplitude: (2,) or (3,), the peak of the envelope of each component. frequency: THz; 0 for a pulse without
    oscillation. duration: ps, full width at half maximum of the envelope of the *field*; that of the intensity is
    shorter by sqrt(2). phase: radian, one number, or one a component: (0, pi/2) and equal amplitudes turn.
    centre: ps.

    Raises InputError for numbers that are not finite, a duration that is not positive, a negative frequency.
    """

    amplitude: Sequence[float]
    frequency: float
    duration: float
    phase: float | Sequence[float] = 0.0
    centre: float = 0.0

    def __post_init__(self) -> None:
        amplitude = tuple(float(a) for a in self.amplitude)
        phase = self.phase if isinstance(self.phase, (int, float)) else tuple(float(p) for p in self.phase)
        object.__setattr__(self, "amplitude", amplitude)
        object.__setattr__(self, "phase", phase)
        if len(amplitude) not in (2, 3):
            raise InputError(
                f"a field has 2 or 3 components, got {len(amplitude)}",
                where="waveform.amplitude",
                fix="give V/m along x, y[, z]",
            )
        if isinstance(phase, tuple) and len(phase) != len(amplitude):
            raise InputError(
                f"{len(phase)} phases for {len(amplitude)} components",
                where="waveform.phase",
                fix="give one, or as many",
            )
        numbers = (*amplitude, *self._phases, self.frequency, self.duration, self.centre)
        if not all(abs(x) < _LARGEST for x in numbers):
            worst = next(x for x in numbers if not abs(x) < _LARGEST)
            raise InputError(
                f"{worst:g} is not a finite number, or far beyond any pulse",
                where="waveform",
                fix="give V/m, THz, ps and radian",
            )
        if not self.duration > 0:
            raise InputError(
                f"the duration must be positive, got {self.duration:g}", where="waveform.duration", fix="give ps"
            )
        if abs(self.centre) > _FARTHEST * self.duration:
            raise InputError(
                f"a centre of {self.centre:g} ps is so far from zero that rounding blurs the pulse",
                where="waveform.centre",
                fix="count times from a moment near the pulse",
            )
        if self.frequency < 0:
            raise InputError(
                f"the frequency must not be negative, got {self.frequency:g}",
                where="waveform.frequency",
                fix="give THz",
            )

    @property
    def dim(self) -> int:
        return len(self.amplitude)

    @property
    def support(self) -> tuple[float, float]:
        return self._where(_END)

    @property
    def window(self) -> tuple[float, float]:
        return self._where(_VISIBLE)

    @property
    def resolution(self) -> float:
        return min(self.duration / 8, 1 / (16 * self.frequency) if self.frequency > 0 else math.inf)

    @property
    def bandwidth(self) -> float:
        return self.frequency + math.sqrt(-self._rate * math.log(_END)) / math.pi

    @property
    def description(self) -> str:
        amplitude = ", ".join(f"{a:g}" for a in self.amplitude)
        phase = ", ".join(f"{p:g}" for p in dict.fromkeys(self._phases))
        return (
            f"Gaussian pulse, ({amplitude}) V/m, {self.frequency:g} THz, field envelope {self.duration:g} ps (FWHM), "
            f"phase {phase}, centre {self.centre:g} ps"
        )

    def __call__(self, t: ArrayLike) -> Floats:
        x = self._from_centre(t)
        return self._components(np.exp(-self._rate * x**2 + 1j * self._angular * x))

    def derivative(self, t: ArrayLike) -> Floats:
        """dE/dt, (nt, dim), 1/ps."""
        x = self._from_centre(t)
        slope = -2 * self._rate * x + 1j * self._angular
        return self._components(slope * np.exp(-self._rate * x**2 + 1j * self._angular * x))

    def second_derivative(self, t: ArrayLike) -> Floats:
        """d^2E/dt^2, (nt, dim), 1/ps^2."""
        x = self._from_centre(t)
        slope = -2 * self._rate * x + 1j * self._angular
        return self._components((slope**2 - 2 * self._rate) * np.exp(-self._rate * x**2 + 1j * self._angular * x))

    def impulse(self, t: ArrayLike) -> Floats:
        """int_{-inf}^t E dt', (nt, dim), ps; in closed form, by the complex error function."""
        x, a, w = self._from_centre(t), self._rate, self._angular
        # erfc of a complex argument over- and underflows where Faddeeva's function does not; each half of the time
        # axis takes the sign that keeps the argument in the upper half plane
        sign = np.where(x > 0, 1.0, -1.0)
        z = np.sqrt(a) * x - 0.5j * w / np.sqrt(a)
        tail = 0.5 * np.sqrt(np.pi / a) * np.exp(-a * x**2 + 1j * w * x) * wofz(1j * sign * z)
        whole = np.sqrt(np.pi / a) * np.exp(-(w**2) / (4 * a))
        return self._components(np.where(x > 0, whole - tail, tail))

    def spectrum(self, frequency: ArrayLike) -> Complexes:
        """int E exp(2 pi i nu t) dt at nu (nf,) THz, (nf, dim), ps."""
        omega = 2 * np.pi * np.atleast_1d(np.asarray(frequency, dtype=float))
        width = np.sqrt(np.pi / self._rate)
        minus = np.exp(-((omega - self._angular) ** 2) / (4 * self._rate))
        plus = np.exp(-((omega + self._angular) ** 2) / (4 * self._rate))
        phases = np.exp(1j * np.array(self._phases))
        both = plus[:, None] * phases + minus[:, None] * phases.conj()
        moved = np.exp(1j * omega * self.centre)[:, None]
        return np.asarray(0.5 * width * both * moved * np.array(self.amplitude))

    def _where(self, level: float) -> tuple[float, float]:
        """Where the envelope is above a level."""
        reach = math.sqrt(-math.log(level) / self._rate)
        return self.centre - reach, self.centre + reach

    @property
    def _phases(self) -> tuple[float, ...]:
        return self.phase if isinstance(self.phase, tuple) else (float(self.phase),) * len(self.amplitude)  # type: ignore[arg-type]

    @property
    def _rate(self) -> float:
        return 4 * math.log(2) / self.duration**2

    @property
    def _angular(self) -> float:
        return 2 * math.pi * self.frequency

    def _from_centre(self, t: ArrayLike) -> Floats:
        return np.atleast_1d(np.asarray(t, dtype=float)) - self.centre

    def _components(self, complex_pulse: NDArray[Any]) -> Floats:
        phases = np.exp(1j * np.array(self._phases))
        return np.asarray((complex_pulse[:, None] * phases).real * np.array(self.amplitude))


@dataclass(frozen=True)
class Sampled:
    """A waveform given at points: a spline of fifth degree through them (four continuous derivatives), zero outside.

    times: (nt,) ps, rising. values: (nt, dim). source: where they come from, for messages and results.

    Raises InputError for fewer than 8 points, times that do not rise, steps of which one is 10 times the median,
    numbers that are not finite, and a pulse that does not begin and end within 1 % of its peak: it would be cut off.
    """

    times: Floats
    values: Floats
    source: str = ""

    def __post_init__(self) -> None:
        times, values = np.asarray(self.times, dtype=float), np.asarray(self.values, dtype=float)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "values", values)
        check_samples(times, values, self.source or "waveform")

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sampled)
            and np.array_equal(self.times, other.times)
            and np.array_equal(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def dim(self) -> int:
        return int(self.values.shape[1])

    @property
    def support(self) -> tuple[float, float]:
        return float(self.times[0]), float(self.times[-1])

    @property
    def window(self) -> tuple[float, float]:
        return self.support

    @property
    def resolution(self) -> float:
        return float(np.diff(self.times).min())

    @property
    def bandwidth(self) -> float:
        # twice the Nyquist frequency: there is little of a smooth spline beyond
        return 1 / self.resolution

    @property
    def description(self) -> str:
        start, end = self.support
        origin = f" of {self.source}" if self.source else ""
        peak = np.abs(self.values).max()
        return f"{len(self.times)} samples{origin}, {start:g} to {end:g} ps, peak {peak:g} V/m"

    def __call__(self, t: ArrayLike) -> Floats:
        return self._inside(self._spline, t)

    def derivative(self, t: ArrayLike) -> Floats:
        """dE/dt of the spline, (nt, dim), 1/ps."""
        return self._inside(self._spline.derivative(1), t)

    def second_derivative(self, t: ArrayLike) -> Floats:
        """d^2E/dt^2 of the spline, (nt, dim), 1/ps^2."""
        return self._inside(self._spline.derivative(2), t)

    def impulse(self, t: ArrayLike) -> Floats:
        """int E dt' of the spline from its beginning, (nt, dim), ps."""
        antiderivative, (start, end) = self._antiderivative, self.support
        x = np.atleast_1d(np.asarray(t, dtype=float))
        return np.asarray(antiderivative(np.clip(x, start, end)) - antiderivative(start))

    def spectrum(self, frequency: ArrayLike) -> Complexes:
        """int E exp(2 pi i nu t) dt at nu (nf,) THz, (nf, dim), ps."""
        start, end = self.support
        n = _OVERSAMPLING * math.ceil((end - start) / self.resolution) + 1
        t = np.linspace(start, end, n)
        # the pulse vanishes at both ends, where the trapezoidal rule is as good as any
        weights = np.full(n, t[1] - t[0])
        weights[[0, -1]] *= 0.5
        nu = np.atleast_1d(np.asarray(frequency, dtype=float))
        return np.asarray(np.exp(2j * np.pi * np.outer(nu, t)) @ (weights[:, None] * self(t)))

    @cached_property
    def _spline(self) -> BSpline:
        return make_interp_spline(self.times, self.values, k=5)

    @cached_property
    def _antiderivative(self) -> BSpline:
        return self._spline.antiderivative()

    def _inside(self, spline: BSpline, t: ArrayLike) -> Floats:
        x = np.atleast_1d(np.asarray(t, dtype=float))
        start, end = self.support
        outside = (x < start) | (x > end)
        return np.where(outside[:, None], 0.0, spline(np.clip(x, start, end)))
