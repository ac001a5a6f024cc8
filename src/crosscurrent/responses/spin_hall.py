"""Spin Hall currents: every definition of the spin current, every component, over a range of chemical potentials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.zone import Estimate, Method, ZoneSums
from crosscurrent.physics.spin_current import DECOMPOSITION
from crosscurrent.responses import gaps, labelled
from crosscurrent.responses.eigenframe import tolerance_of
from crosscurrent.responses.irreducible import zone_sums
from crosscurrent.responses.spin_hall_integrand import SpinHallIntegrand
from crosscurrent.responses.tensors import antisymmetric
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Definitions of the spin current, and the parts they are made of.
DEFINITIONS = (*DECOMPOSITION, "shi2006")
#: What has to be summed over the zone for each of them.
_NEEDS: dict[str, frozenset[str]] = {
    **{name: frozenset(key for _, key in terms) for name, terms in DECOMPOSITION.items()},
    "shi2006": frozenset({"shi2006"}),
    "anomalous_hall": frozenset({"anomalous_hall"}),
}


def spin_hall(
    model: BlochModel,
    mu: ArrayLike | None = None,
    *,
    method: Method,
    filling: int | None = None,
    spin: Operator | NDArray[np.complex128] | str | None = None,
    projector: str | Floats | None = None,
    definitions: Sequence[str] | None = None,
    temperature: float = 0.0,
    grouping: str = "covariant",
    degeneracy: float | None = None,
    eta: float = 0.0,
    omega: ArrayLike | None = None,
    velocity: str = "simple",
    unit: str | None = None,
    thickness: float | None = None,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Spin Hall conductivity J_i/E_j carried by spin l, in every definition at once.

    model: any electron model. mu: chemical potentials, eV. filling: instead of mu, the lowest bands at every k (an
    insulator in the sense of a direct gap, whatever the bands do elsewhere). method: how the zone is summed. spin: the
    spin operator in units of hbar, (L, n, n) or an Operator or the name of one of the model's; the model's own when
    None. projector: orbital weights (n,) or the name of a projector of the model; multiplies the spin operator.
    definitions: out of DEFINITIONS and "anomalous_hall"; all of DEFINITIONS that apply when None. temperature: K.
    grouping: "covariant"
    (levels closer than `degeneracy` eV are one group) or "bands" (every band for itself, as in the paper). eta:
    Lorentzian width and omega: photon energies, both eV, of the conventional current (its Hall part; Qiao's Eq. (11)).
    velocity: "simple" {s, v}/2 within the model's states, "qiao", or "ryoo" (Wannier models that carry the matrices).
    unit: one of units.SPIN_HALL_UNITS_3D or _2D. thickness: angstrom, to quote a 2D model in a 3D unit.

    Returns a dataset with one variable a definition, dims (mu, current, field, spin) (and omega in front for a
    frequency-dependent conventional current), an error beside each, units and provenance. shi2006 exists only for a
    chemical potential in a gap and is NaN elsewhere. Raises InputError for settings that do not fit the model.
    """
    operator = gaps.projected(model, gaps.spin_operator(model, spin), projector)
    levels = gaps.chemical_potentials(mu) if filling is None else gaps.checked_filling(model, mu, filling, temperature)
    names = _chosen(definitions, omega)
    scale, unit = labelled.spin_hall_unit(unit, model.dim, thickness)
    fillings: tuple[int, ...] = () if filling is None or "shi2006" not in names else (filling,)
    if "shi2006" in names and filling is None:
        fillings = gaps.candidate_fillings(model, levels)
        if not fillings and definitions is None:
            names = tuple(name for name in names if name != "shi2006")
        elif not fillings:
            raise InputError(
                "'shi2006' is defined for insulators, and no chemical potential lies in a gap",
                where="spin_hall.mu",
                fix="leave 'shi2006' out of the definitions, or move mu into the gap",
            )
    integrand = SpinHallIntegrand(
        model=model,
        operator=operator,
        mu=np.sort(levels),
        temperature=gaps.checked_temperature(temperature),
        tolerance=tolerance_of(grouping, degeneracy),
        eta=gaps.checked_width(eta, "eta"),
        omega=None if omega is None else np.atleast_1d(np.asarray(omega, dtype=float)),
        velocity=gaps.checked_velocity(model, velocity, operator),
        wanted=base_quantities(names),
        fillings=fillings,
        by_count=filling is not None,
    )
    sums = zone_sums(method, model, integrand, run)
    if filling is not None:
        gaps.require_direct_gap(sums, filling, integrand.tolerance)
    estimates = _assemble(names, sums, integrand, levels)
    return labelled.spin_hall_dataset(estimates, integrand, levels, method, sums, (scale, unit), grouping, thickness)


def base_quantities(definitions: Sequence[str] | None) -> frozenset[str]:
    """What has to be summed over the zone for these definitions (all of DEFINITIONS when None)."""
    return frozenset().union(*(_NEEDS[name] for name in definitions or DEFINITIONS))


def _chosen(definitions: Sequence[str] | None, omega: Any) -> tuple[str, ...]:
    if definitions is None:
        return DEFINITIONS if omega is None else ("conventional",)
    unknown = [d for d in definitions if d not in _NEEDS]
    if unknown or not definitions:
        raise InputError(
            f"unknown definition '{unknown[0]}'" if unknown else "no definition asked for",
            where="spin_hall.definitions",
            fix=gaps.suggestion(unknown[0] if unknown else "", _NEEDS),
        )
    if omega is not None and tuple(definitions) != ("conventional",):
        raise InputError(
            "only the conventional current is defined at finite frequency",
            where="spin_hall.omega",
            fix='set definitions = ["conventional"]',
        )
    return tuple(definitions)


def _assemble(
    names: tuple[str, ...], sums: ZoneSums, integrand: SpinHallIntegrand, levels: Floats
) -> dict[str, Estimate]:
    """Expand tensors, restore the order of mu, and combine what was summed into the definitions."""
    dim, n_spin = integrand.model.dim, len(integrand.operator.labels)
    order = np.argsort(np.argsort(levels))
    full: dict[str, Floats] = {}
    for key, values in sums.sums.items():
        if key == "conventional":
            full[key] = values.reshape(*values.shape[:2], dim, dim, n_spin, *integrand.frequency_shape)[:, order]
        elif key == "anomalous_hall":
            # J_i = -(e^2/hbar) sum f W^ij E_j: the charge limit s -> -e
            full[key] = -antisymmetric(values[:, order], dim)
        elif key != "shi2006":
            full[key] = antisymmetric(values.reshape(*values.shape[:2], -1, n_spin)[:, order], dim)
    out: dict[str, Estimate] = {}
    for name in names:
        if name == "shi2006":
            expanded = antisymmetric(sums.sums[name], dim) if name in sums.sums else None
            out[name] = gaps.in_gaps(sums, expanded, integrand.fillings, None if integrand.by_count else levels)
        else:
            terms = DECOMPOSITION.get(name, ((1.0, name),))
            out[name] = sums.estimate(*((c, full[key]) for c, key in terms))
    return out
