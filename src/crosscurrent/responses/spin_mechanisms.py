"""Which mechanism gives a uniform or a staggered spin in a model: Table I of Feng et al., computed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.zone import Method, ZoneSums
from crosscurrent.physics.edelstein import time_over_hbar
from crosscurrent.physics.spin_generation import TENSORS
from crosscurrent.responses import gaps, labelled
from crosscurrent.responses import spin_generation_labels as labels
from crosscurrent.responses.direct_gap import DirectGap, direct_gap
from crosscurrent.responses.edelstein import checked_time, surface_warnings, thermal_width
from crosscurrent.responses.eigenframe import tolerance_of
from crosscurrent.responses.irreducible import zone_sums
from crosscurrent.responses.projections import TOTAL, Projections, projections_of
from crosscurrent.responses.spin_generation import Occupation, occupation, require_below_gap
from crosscurrent.responses.spin_generation_integrand import SpinGenerationKernel
from crosscurrent.responses.spin_mechanisms_integrand import SpinMechanismsIntegrand
from crosscurrent.responses.spin_mechanisms_labels import Components, labelled_mechanisms
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Sublattice = str | Sequence[str]


def spin_mechanisms(
    model: BlochModel,
    *,
    mu: float | None = None,
    filling: int | None = None,
    mu_doped: float,
    omega: float,
    method: Method,
    temperature: float,
    relaxation_time: float,
    sublattices: tuple[Sublattice, Sublattice] | None = None,
    spin: Operator | NDArray[np.complex128] | str | None = None,
    degeneracy: float | None = None,
    thickness: float | None = None,
    per: str | None = None,
    unit: str = "hbar",
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Uniform and staggered spin by each mechanism: in the insulator, and the Edelstein effect also when it is doped.

    model: an insulator. mu: a chemical potential in its gap, eV, or filling: the number of full bands. mu_doped: one in
    a band, eV. omega: one photon energy below the smallest direct gap, eV. method: how the zone is summed; it should
    keep the symmetry of the model, or zeros are only as good as its errors. temperature: K, of the Fermi surface, low
    enough that no carriers cross the gap. relaxation_time: fs. sublattices: two names of the model's projectors, or two
    sequences of names; without them everything is uniform. spin, degeneracy, thickness, per, unit: as in
    `spin_generation`.

    Returns a dataset with dims (mechanism), out of MECHANISMS: `uniform` (both sublattices together) and `staggered`
    (their difference), the magnitude of the largest component; `uniform_relative`, `staggered_relative`, the same over
    the larger of the two; `uniform_tensor` and `staggered_tensor`, dims (mechanism, spin, field). The coordinate `kind`
    says which of them is not zero: "uniform", "staggered", "both", "none", or "unresolved" when the errors are too
    large to tell. A component is zero when it is within its error, or within 1e-10 of what it would be if nothing
    cancelled. Raises InputError when mu is not in a gap, mu_doped not in a band, omega not below the gap, and for
    settings that do not fit the model.
    """
    operator = gaps.spin_operator(model, spin)
    density = labels.Density.of(model.dim, thickness, per, unit)
    level, look = _insulator(model, mu, filling)
    doped = float(gaps.chemical_potentials(mu_doped)[0])
    photon = _frequency(omega)
    require_below_gap(look, photon, 0.0)
    assert look.filling is not None
    kernel = SpinGenerationKernel(model, operator, _projections(model, sublattices), photon, TENSORS)
    integrand = SpinMechanismsIntegrand(
        kernel=kernel,
        filling=look.filling,
        mu=np.sort([level, doped]),
        temperature=thermal_width(temperature),
        tolerance=tolerance_of("covariant", degeneracy),
        time=time_over_hbar(checked_time(relaxation_time)),
    )
    sums = zone_sums(method, model, integrand, run)
    _check_levels(sums, look.filling, level, doped)
    seen = DirectGap(float(sums.extremes["min:direct_gap"][look.filling - 1]), np.empty(0))
    assert look.gap is not None
    gap = seen.gap if seen.gap < look.gap.gap else look.gap.gap
    factor, unit_name = density.tensor(0)
    doubts = [
        w
        for w in surface_warnings(method, model.domain, sums, integrand.mu, integrand.temperature)
        if f"mu = {level:g} eV" not in w
    ]
    return labelled_mechanisms(
        Components.of(sums, integrand, level, factor),
        integrand,
        unit_name,
        (level, doped),
        [*labelled.common_warnings(model, sums, "covariant"), *labels.basis_warning(model), *doubts],
        **labelled.provenance(model, method, sums),
        direct_gap_eV=gap,
        relaxation_time_fs=float(relaxation_time),
        sublattices="none" if sublattices is None else " | ".join(map(_name, sublattices)),
        **labelled.thickness_note(density.thickness),
    )


def _name(sublattice: Sublattice) -> str:
    return sublattice if isinstance(sublattice, str) else " + ".join(sublattice)


def _insulator(model: BlochModel, mu: float | None, filling: int | None) -> tuple[float, Occupation]:
    """The level in the gap and the bands below it. Raises InputError when there is no gap there."""
    if filling is not None:
        gaps.checked_filling(model, mu, filling, 0.0)
        energies = np.linalg.eigvalsh(model.matrices(gaps.sample_points(model, 8)).h)
        top, bottom = float(energies[:, filling - 1].max()), float(energies[:, filling].min())
        if top >= bottom:
            raise InputError(
                f"bands {filling - 1} and {filling} overlap in energy: no chemical potential lies in a gap",
                where="filling",
                fix="choose another filling or another model",
            )
        return 0.5 * (top + bottom), Occupation(filling, direct_gap(model, filling))
    levels = gaps.chemical_potentials(mu)
    look = occupation(model, levels, 0.0) if len(levels) == 1 else Occupation(None, None)
    if look.filling is None or look.gap is None:
        raise InputError("one chemical potential in a gap is needed", where="mu", fix="give mu in eV, or a filling")
    return float(levels[0]), look


def _frequency(omega: float) -> Floats:
    if np.ndim(omega) or not (math.isfinite(omega) and omega > 0):
        raise InputError(f"omega must be one photon energy above zero, got {omega}", where="omega", fix="give it in eV")
    return np.array([float(omega)])


def _projections(model: BlochModel, sublattices: tuple[Sublattice, Sublattice] | None) -> Projections:
    """The sum and the difference of the sublattices as parts of the model."""
    if sublattices is None:
        return Projections((TOTAL,), np.empty((0, model.n_states)))
    if isinstance(sublattices, str) or len(sublattices) != 2:
        raise InputError(
            "there are two sublattices", where="sublattices", fix='give two names of projectors, e.g. ("A", "B")'
        )
    first, second = (
        projections_of(model, (part,) if isinstance(part, str) else tuple(part)).weights.sum(axis=0)
        for part in sublattices
    )
    if np.any(np.minimum(np.abs(first), np.abs(second)) > 1e-9):
        raise InputError(
            "the sublattices share states", where="sublattices", fix="name parts of the model that do not overlap"
        )
    return Projections((TOTAL, "uniform", "staggered"), np.array([first + second, first - second]))


def _check_levels(sums: ZoneSums, filling: int, level: float, doped: float) -> None:
    bottom, top = sums.extremes["min:band"], sums.extremes["max:band"]
    if not top[filling - 1] < level < bottom[filling]:
        raise InputError(
            f"mu = {level:g} eV is not in the gap, from {top[filling - 1]:.6g} to {bottom[filling]:.6g} eV",
            where="mu",
            fix="move mu into the gap",
        )
    if not ((bottom < doped) & (doped < top)).any():
        raise InputError(
            f"no band crosses mu_doped = {doped:g} eV",
            where="mu_doped",
            fix=f"the gap reaches from {top[filling - 1]:.6g} to {bottom[filling]:.6g} eV: move it beyond",
        )
