"""Profiles along one axis of a lattice: a band, a step or a ramp along x, and absorbing edges along y."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.units import InputError

Floats = NDArray[np.float64]

SHAPES = ("cosine", "tanh")


@dataclass(frozen=True)
class HotBand:
    """A hot band in the middle of a periodic length: cold + (hot - cold) f(x).

    width, smoothing: fractions of the length. d is the distance from the middle, w half the width. With "cosine", f is
    1 for d up to w and falls as a raised cosine over the smoothing s; with "tanh", f = [tanh((d + w)/s) - tanh((d -
    w)/s)]/2, which stays below 1.
    """

    hot: float
    cold: float
    width: float = 0.10
    smoothing: float = 0.05
    shape: str = "cosine"

    def __post_init__(self) -> None:
        _check_values({"hot": self.hot, "cold": self.cold})
        if self.shape not in SHAPES:
            raise InputError(f"unknown shape '{self.shape}'", where="shape", fix="choose from " + ", ".join(SHAPES))
        if not (0 <= self.width < 1 and 0 <= self.smoothing < 1 and self.width + 2 * self.smoothing <= 1):
            raise InputError(
                f"a band of width {self.width:g} with edges of {self.smoothing:g} does not fit the length",
                where="width",
                fix="both are fractions of the length; width + 2 smoothing is at most 1",
            )

    def values(self, n: int) -> Floats:
        """(n,)."""
        distance = np.abs(np.arange(n) - (n - 1) / 2)
        flat, soft = self.width / 2 * n, self.smoothing * n
        if soft == 0:
            f = np.where(distance <= flat, 1.0, 0.0)
        elif self.shape == "tanh":
            f = 0.5 * (np.tanh((distance + flat) / soft) - np.tanh((distance - flat) / soft))
        else:
            f = 0.5 * (1 + np.cos(np.pi * np.clip((distance - flat) / soft, 0, 1)))
        return np.asarray(self.cold + (self.hot - self.cold) * f)

    def describe(self) -> str:
        return (
            f"hot band {self.hot:g} on {self.cold:g}, width {self.width:g}, smoothing {self.smoothing:g} of the "
            f"length, {self.shape}"
        )


@dataclass(frozen=True)
class Step:
    """One half of a periodic length at `left`, the other at `right`, with sharp edges."""

    left: float
    right: float

    def __post_init__(self) -> None:
        _check_values({"left": self.left, "right": self.right})

    def values(self, n: int) -> Floats:
        """(n,); the middle cell of an odd number has the mean."""
        side = np.sign(np.arange(n) - (n - 1) / 2)
        return np.asarray((self.left + self.right) / 2 + (self.right - self.left) / 2 * side)

    def describe(self) -> str:
        return f"step from {self.left:g} to {self.right:g}"


@dataclass(frozen=True)
class Ramp:
    """Linear from `cold` at the ends of a periodic length to `hot` in its middle, and back."""

    hot: float
    cold: float

    def __post_init__(self) -> None:
        _check_values({"hot": self.hot, "cold": self.cold})

    def values(self, n: int) -> Floats:
        """(n,)."""
        if n == 1:
            return np.array([self.hot])
        distance = np.abs(np.arange(n) - (n - 1) / 2) / ((n - 1) / 2)
        return np.asarray(self.hot + (self.cold - self.hot) * distance)

    def describe(self) -> str:
        return f"linear from {self.cold:g} at the ends to {self.hot:g} in the middle"


@dataclass(frozen=True)
class Uniform:
    """The same value everywhere."""

    value: float

    def __post_init__(self) -> None:
        _check_values({"value": self.value})

    def values(self, n: int) -> Floats:
        """(n,)."""
        return np.full(n, float(self.value))

    def describe(self) -> str:
        return f"uniform, {self.value:g}"


@dataclass(frozen=True)
class Sponge:
    """Damping that rises towards both open surfaces: bulk + (edge - bulk) ((layers - d)/layers)^power, d = 0
    outermost."""

    bulk: float = 2.0
    edge: float = 5.0
    layers: int = 10
    power: float = 2.0

    def __post_init__(self) -> None:
        _check_values({"bulk": self.bulk, "edge": self.edge, "power": self.power}, positive=True)
        if self.layers < 0:
            raise InputError(f"a sponge of {self.layers} layers", where="layers", fix="give 0 or more")

    def values(self, n: int) -> Floats:
        """(n,). Raises InputError when the two sides do not fit in n layers."""
        if 2 * self.layers > n:
            raise InputError(
                f"a sponge of {self.layers} layers on each side does not fit in {n} layers",
                where="damping.layers",
                fix=f"give at most {n // 2}",
            )
        y = np.arange(n)
        depth = np.minimum(y, n - 1 - y)
        share = np.clip((self.layers - depth) / max(self.layers, 1), 0, None)
        return np.asarray(self.bulk + (self.edge - self.bulk) * share**self.power)

    def describe(self) -> str:
        return f"{self.bulk:g}, rising to {self.edge:g} over {self.layers} layers with power {self.power:g}"


Profile = HotBand | Step | Ramp | Uniform | Sponge


def realised(profile: Profile | Sequence[float] | Floats, n: int, name: str, *, positive: bool) -> tuple[Floats, str]:
    """The values of a profile, or an array taken as it is, and what it is in words.

    name: what the profile is called, for errors. positive: whether zero is refused as well as what is below. Raises
    InputError for an array of another length than n, or with values that are negative or not finite.
    """
    if isinstance(profile, HotBand | Step | Ramp | Uniform | Sponge):
        values, words = profile.values(n), profile.describe()
    else:
        values, words = np.asarray(profile, dtype=float), "given value by value"
        if values.shape != (n,):
            raise InputError(
                f"the {name} has {values.size if values.ndim == 1 else values.shape} values, the grid {n}",
                where=name,
                fix=f"give {n} values, or a named profile",
            )
    low = float(values.min()) if np.isfinite(values).all() else math.nan
    if not (low > 0 if positive else low >= 0):
        bad = int(np.flatnonzero(~np.isfinite(values) | ((values <= 0) if positive else (values < 0)))[0])
        need = "positive" if positive else "zero or more"
        raise InputError(f"the {name} is {values[bad]:g} at index {bad}", where=name, fix=f"it has to be {need}")
    return values, words


def _check_values(values: dict[str, float], positive: bool = False) -> None:
    for name, value in values.items():
        if not math.isfinite(value) or value < 0 or (positive and value == 0):
            raise InputError(
                f"{name} is {value:g}", where=name, fix=f"give {'a positive number' if positive else 'zero or more'}"
            )
