"""What `phonon_spin` is asked, checked, and the numbers that tell where its levels hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.physics.phonon_spin import scales
from crosscurrent.responses.gaps import suggestion
from crosscurrent.units import ANGSTROM_M, BOLTZMANN_EV_PER_K, HBAR_EV_S, InputError

Floats = NDArray[np.float64]

Q_UNITS = ("1/angstrom", "k_F")

#: No component of q comes near this in any unit, and its square is still a number.
_LARGEST = 1e30


@dataclass(frozen=True)
class Axes:
    """Checked axes of a question. temperature: K. gap: eV. q: (n, dimension) in k_F. omega: eV, or None."""

    temperature: Floats
    gap: Floats
    q: Floats
    omega: Floats | None

    @property
    def lengths(self) -> Floats:
        """|q| in k_F, (n,)."""
        return np.asarray(np.sqrt(np.sum(self.q**2, axis=-1)))


@dataclass(frozen=True)
class Question:
    """What was asked, checked."""

    metal: ParaelectricMetal
    axes: Axes
    level: str
    weight: str
    vertex: str
    dimension: int
    axis: str
    tolerance: float

    @property
    def vanishes(self) -> bool:
        """An easy plane has no spin current: with q, p and k in the plane the spin would point out of it."""
        return self.dimension == 2 and self.axis == "easy_plane"

    @property
    def thermal(self) -> Floats:
        """kT, eV, (temperature,)."""
        return np.asarray(BOLTZMANN_EV_PER_K * self.axes.temperature)

    @property
    def kappa_t(self) -> Floats:
        """l kT/(hbar c), (temperature,)."""
        return np.asarray(self.thermal * self.metal.relaxation_time / HBAR_EV_S / self.metal.velocity_ratio)

    @property
    def reach(self) -> Floats:
        """k l of the phonons that count, (temperature, gap)."""
        return scales.thermal_reach(self.kappa_t[:, None], self.axes.gap / self.thermal[:, None])

    @property
    def critical_temperature(self) -> float:
        """T*, K."""
        metal = self.metal
        return float(
            scales.critical_temperature(
                metal.coupling_si(),
                metal.density(),
                metal.mass,
                metal.fermi_velocity,
                metal.phonon_velocity,
                metal.phonon_mass,
            )
        )


def checked_axes(
    metal: ParaelectricMetal,
    temperature: ArrayLike,
    gap: ArrayLike,
    q: ArrayLike,
    q_unit: str,
    dimension: int,
    omega: ArrayLike | None,
) -> Axes:
    """The axes of a question as arrays. Raises InputError for values out of range."""
    if not isinstance(metal, ParaelectricMetal):
        raise InputError(
            f"this is asked of a metal with soft phonons, got {type(metal).__name__}",
            where="phonon_spin.metal",
            fix="give one of paraelectric_metal(...), model_metal() or strontium_titanate()",
        )
    temperatures, gaps = _numbers(temperature, "temperature", "K"), _numbers(gap, "gap", "eV")
    if np.any(temperatures <= 0):
        raise InputError(
            f"the temperature must be positive, got {temperatures.min():g} K",
            where="phonon_spin.temperature",
            fix="without thermal phonons there is no spin current: it vanishes at zero temperature",
        )
    if np.any(gaps < 0):
        raise InputError(
            f"the phonon gap must not be negative, got {gaps.min():g} eV",
            where="phonon_spin.gap",
            fix="a negative gap would be the ordered phase, which this model does not describe",
        )
    if dimension == 2 and np.any(gaps == 0):
        raise InputError(
            "without a gap the number of phonons diverges in two dimensions",
            where="phonon_spin.gap",
            fix="give a positive gap",
        )
    energies = None if omega is None else _numbers(omega, "omega", "eV")
    if energies is not None and np.any(energies < 0):
        raise InputError(f"omega must not be negative, got {energies.min():g} eV", where="phonon_spin.omega")
    return Axes(temperatures, gaps, _wave_vectors(metal, q, q_unit, dimension), energies)


def _numbers(values: ArrayLike, name: str, unit: str) -> Floats:
    try:
        array = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"{name} is not a number or a list of numbers", where=f"phonon_spin.{name}") from None
    if array.ndim != 1 or not array.size or not np.all(np.isfinite(array)):
        raise InputError(f"{name} must be one finite number or a list of them, in {unit}", where=f"phonon_spin.{name}")
    return array


def _wave_vectors(metal: ParaelectricMetal, q: ArrayLike, q_unit: str, dimension: int) -> Floats:
    """(n, dimension) in k_F."""
    if q_unit not in Q_UNITS:
        raise InputError(f"unknown unit of q '{q_unit}'", where="phonon_spin.q", fix=suggestion(q_unit, Q_UNITS))
    try:
        vectors = np.atleast_2d(np.asarray(q, dtype=float))
    except (TypeError, ValueError):
        raise InputError("q is not a list of vectors", where="phonon_spin.q") from None
    if vectors.ndim != 2 or vectors.shape[1] != dimension or not vectors.size or not np.all(np.abs(vectors) < _LARGEST):
        raise InputError(
            f"q must hold vectors of {dimension} finite components, got shape {np.shape(q)}",
            where="phonon_spin.q",
            fix=f"give (n, {dimension}) numbers in {q_unit}",
        )
    unit = metal.fermi_wave_vector * ANGSTROM_M if q_unit == "1/angstrom" else 1.0
    vectors = vectors / unit
    longest = math.sqrt(float(np.max(np.sum(vectors**2, axis=-1))))
    if longest >= 2.0:
        raise InputError(
            f"|q| is {longest:.3g} k_F, but no two points of the Fermi surface are further apart than 2 k_F",
            where="phonon_spin.q",
            fix=f"check the unit of q: k_F is {metal.fermi_wave_vector * ANGSTROM_M:.4g}/angstrom",
        )
    return np.asarray(vectors)
