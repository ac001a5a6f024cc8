"""How two-centre integrals depend on the distance of two atoms: small values that a Slater-Koster model is made of.

A law is called with a distance in angstrom and returns the integrals in eV; beyond its `reach` there is no hopping.
Any object with these two members will do, so a user's own dependence needs no subclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Protocol

import numpy as np

from crosscurrent.units import InputError


@dataclass(frozen=True)
class TwoCentre:
    """Two-centre integrals of one pair of atoms, eV: V_ss sigma, V_sp sigma, V_pp sigma, V_pp pi, V_ps sigma.

    sp: s on the first atom of the pair, p on the second; ps: the other way round, equal to sp when None (two atoms
    of one element).
    """

    ss: float = 0.0
    sp: float = 0.0
    pp_sigma: float = 0.0
    pp_pi: float = 0.0
    ps: float | None = None

    def __post_init__(self) -> None:
        if self.ps is None:
            object.__setattr__(self, "ps", self.sp)
        if not np.isfinite([float(v) for v in astuple(self)]).all():
            raise InputError("a two-centre integral is NaN or infinite", where="two-centre integrals")

    def scaled(self, factor: float) -> TwoCentre:
        """All integrals times the factor."""
        return TwoCentre(*(factor * v for v in astuple(self)))

    def reversed(self) -> TwoCentre:
        """The same bond seen from its other end."""
        return replace(self, sp=float(self.ps or 0.0), ps=self.sp)


class RadialLaw(Protocol):
    """Integrals as a function of the distance."""

    @property
    def reach(self) -> float:
        """Distance beyond which all integrals vanish, angstrom."""
        ...

    def __call__(self, distance: float) -> TwoCentre:
        """The integrals at a distance (angstrom) of at most `reach`."""
        ...


@dataclass(frozen=True)
class ExactShells:
    """The integrals of the nearest listed shell, when it lies within `tolerance` (angstrom), else none.

    shells: distance in angstrom -> integrals. Raises InputError when two shells overlap.
    """

    shells: Mapping[float, TwoCentre]
    tolerance: float = 0.05

    def __post_init__(self) -> None:
        _check_shells(self.shells)
        gaps = np.diff(sorted(self.shells))
        if self.tolerance <= 0 or (gaps <= 2 * self.tolerance).any():
            raise InputError(
                f"shells at {sorted(self.shells)} angstrom overlap within the tolerance of {self.tolerance}",
                where="ExactShells",
                fix="give a positive tolerance below half the smallest difference of two shells",
            )

    @property
    def reach(self) -> float:
        return max(self.shells) + self.tolerance

    def __call__(self, distance: float) -> TwoCentre:
        nearest = min(self.shells, key=lambda shell: abs(shell - distance))
        return self.shells[nearest] if abs(nearest - distance) <= self.tolerance else TwoCentre()


@dataclass(frozen=True)
class ExponentialShells:
    """Each integral an exponential of the distance between neighbouring shells, continued beyond the first and last.

    shells: distance in angstrom -> integrals, two or more. reach: angstrom. An integral that is zero at all shells
    stays zero. Raises InputError when one changes sign or vanishes at some shells only: no exponential does that.
    """

    shells: Mapping[float, TwoCentre]
    reach: float
    _distances: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _values: tuple[tuple[float, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_shells(self.shells, at_least=2)
        distances = tuple(sorted(self.shells))
        values = np.array([astuple(self.shells[d]) for d in distances], dtype=float)
        signs = np.sign(values)
        if (signs != signs[0]).any():
            raise InputError(
                "an integral changes sign, or vanishes, between two shells of an exponential interpolation",
                where="ExponentialShells",
                fix="give that shell a law of its own and join the two with Stepped",
            )
        object.__setattr__(self, "_distances", distances)
        object.__setattr__(self, "_values", tuple(map(tuple, values.tolist())))

    def __call__(self, distance: float) -> TwoCentre:
        d = np.array(self._distances)
        left = int(np.clip(np.searchsorted(d, distance) - 1, 0, len(d) - 2))
        part = (distance - d[left]) / (d[left + 1] - d[left])
        low, high = np.array(self._values[left]), np.array(self._values[left + 1])
        # the ratio is positive by the check above, and 1 stands in for the 0/0 of an absent integral
        ratio = np.divide(high, low, out=np.ones_like(low), where=low != 0)
        return TwoCentre(*(low * ratio**part).tolist())


@dataclass(frozen=True)
class PowerLaw:
    """Integrals that fall as (distance_0 / distance)^exponent; 2 is Harrison's law. Lengths in angstrom."""

    distance: float
    integrals: TwoCentre
    reach: float
    exponent: float = 2.0

    def __post_init__(self) -> None:
        if not (self.distance > 0 and self.reach > 0 and np.isfinite(self.exponent)):
            raise InputError("distance and reach must be positive, the exponent finite", where="PowerLaw")

    def __call__(self, distance: float) -> TwoCentre:
        return self.integrals.scaled((self.distance / distance) ** self.exponent)


@dataclass(frozen=True)
class Stepped:
    """Several laws one after the other: each holds from the reach of the one before to its own.

    Raises InputError unless the reaches grow.
    """

    laws: tuple[RadialLaw, ...]

    def __post_init__(self) -> None:
        reaches = [law.reach for law in self.laws]
        if not reaches or (np.diff(reaches) <= 0).any():
            raise InputError(
                f"the reaches of the laws must grow, got {reaches}", where="Stepped", fix="sort the laws by reach"
            )

    @property
    def reach(self) -> float:
        return self.laws[-1].reach

    def __call__(self, distance: float) -> TwoCentre:
        for law in self.laws:
            if distance <= law.reach:
                return law(distance)
        return TwoCentre()


def _check_shells(shells: Mapping[float, TwoCentre], at_least: int = 1) -> None:
    if len(shells) < at_least or any(not d > 0 for d in shells):
        raise InputError(
            f"{at_least} or more shells at positive distances are needed, got {sorted(shells)}",
            where="shells",
            fix="map each distance in angstrom to its TwoCentre integrals",
        )
