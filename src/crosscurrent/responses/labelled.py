"""From numbers to labelled results: units, names, conventions, source equations and warnings of Bloch responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES, BlochModel
from crosscurrent.numerics.domains import Plane
from crosscurrent.numerics.zone import FIXED_GRID, Adaptive, Estimate, Method, ZoneSums
from crosscurrent.responses.gaps import suggestion
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import (
    HALL_UNITS_2D,
    HALL_UNITS_3D,
    SPIN_HALL_UNITS_2D,
    SPIN_HALL_UNITS_3D,
    InputError,
)

Floats = NDArray[np.float64]

CONVENTION = (
    "e > 0, carrier charge -e, H_E = +e E.r; spin operators in units of hbar (sigma/2 for spin 1/2); "
    "energies absolute, in eV"
)
EQUATIONS = {
    "liu2023-1": "Liu, Cullen and Culcer, PRB 108, 195434 (2023), Eqs. (1), (2), (C25): sum_n s_nn W_mn",
    "liu2023-C13": "the same paper, Eqs. (C13)-(C18) without the exchanged indices of (C19): s_mm sum_n W_mn",
    "liu2023-C6": "the same paper, Eq. (C6): half the sum of the published and the corrected form",
    "liu2023-C10": "the same paper, Eq. (C10): torque dipole of the nonequilibrium density matrix, minus (C7)",
    "liu2023-C18": "the same paper, Eqs. (C13)-(C18): torque dipole of the equilibrium density matrix",
    "kubo": "intrinsic Kubo formula with the current {s, v}/2",
    "qiao2018": "Qiao, Zhou, Yuan and Zhao, PRB 98, 214402 (2018)",
    "ryoo2019": "Ryoo, Park and Souza, PRB 99, 235113 (2019)",
    "shi2006": "Shi, Zhang, Xiao and Niu, PRL 96, 076604 (2006): tr(s P1) of an insulator",
    "hall": "sigma_ij = -(e^2/hbar) epsilon_ijk int f Omega^k",
    "wang2006": "Wang, Yates, Souza and Vanderbilt, PRB 74, 195118 (2006)",
    "sundaram1999": "Sundaram and Niu, PRB 59, 14915 (1999)",
}
_LONG_NAMES = {
    "conventional": ("conventional spin Hall conductivity", "kubo"),
    "liu2023": ("proper spin Hall conductivity as published by Liu et al.", "liu2023-1"),
    "liu2023_corrected": ("proper spin Hall conductivity with the indices of torque dipole 2 corrected", "liu2023-C13"),
    "topological": ("topological part of the conventional current", "liu2023-C6"),
    "torque_dipole_1": ("torque dipole, nonequilibrium density matrix", "liu2023-C10"),
    "torque_dipole_2": ("torque dipole, equilibrium density matrix", "liu2023-C18"),
    "shi2006": ("conserved spin Hall conductivity of an insulator", "shi2006"),
    "anomalous_hall": ("anomalous Hall conductivity within the model's states", "hall"),
}


def spin_hall_unit(unit: str | None, dim: int, thickness: float | None) -> tuple[float, str]:
    """(factor on x, unit): x is 1/angstrom in 3D, a number in 2D, where a thickness (angstrom) opens the 3D units."""
    return _unit(unit, dim, thickness, SPIN_HALL_UNITS_3D, SPIN_HALL_UNITS_2D)


def hall_unit(unit: str | None, dim: int, thickness: float | None) -> tuple[float, str]:
    """The same for a conductivity in e^2/hbar."""
    return _unit(unit, dim, thickness, HALL_UNITS_3D, HALL_UNITS_2D)


def _unit(
    unit: str | None, dim: int, thickness: float | None, three: Mapping[str, float], two: Mapping[str, float]
) -> tuple[float, str]:
    if thickness is not None and not (dim == 2 and thickness > 0):
        raise InputError("a thickness is a positive length in angstrom, for two-dimensional models", where="thickness")
    if dim == 2 and thickness is None and unit in three:
        raise InputError(
            f"'{unit}' is a three-dimensional unit and the model is two-dimensional",
            where="unit",
            fix="give the thickness in angstrom, or choose from " + ", ".join(two),
        )
    table = three if dim == 3 or (thickness is not None and unit not in two) else two
    chosen = next(iter(table)) if unit is None else unit
    if chosen not in table:
        raise InputError(f"unknown unit '{chosen}'", where="unit", fix=suggestion(chosen, table))
    return table[chosen] / (thickness if thickness is not None and table is three else 1.0), chosen


def spin_hall_dataset(
    estimates: Mapping[str, Estimate],
    integrand: Any,
    levels: Floats,
    method: Method,
    sums: ZoneSums,
    unit: tuple[float, str],
    grouping: str,
    thickness: float | None,
) -> xr.Dataset:
    """Name, scale and annotate what `spin_hall` found. integrand: the SpinHallIntegrand that was summed."""
    model: BlochModel = integrand.model
    variables = {}
    for name, estimate in estimates.items():
        long_name, key = _LONG_NAMES[name]
        if name == "conventional" and integrand.velocity != "simple":
            key = {"qiao": "qiao2018", "ryoo": "ryoo2019"}[integrand.velocity]
        scale, unit_name = unit
        if name == "anomalous_hall":
            scale, unit_name = hall_unit(None, model.dim, thickness)
        first = "filling" if integrand.by_count else "mu"
        dims = (first, "current", "field") if name == "anomalous_hall" else (first, "current", "field", "spin")
        value, error = _complex(estimate) if integrand.omega is not None else (estimate.value, estimate.error)
        dims = (*dims, "omega") if integrand.omega is not None else dims
        variables[name] = Quantity(dims, value * scale, unit_name, long_name, error * scale, (key,))
    coords = energy_and_axes(model.dim, levels)
    if integrand.by_count:
        del coords["mu"]
        coords["filling"] = Quantity(("filling",), np.ceil(levels).astype(int), "", "number of occupied bands")
    coords["spin"] = Quantity(("spin",), np.array(integrand.operator.labels), "", "direction of the spin")
    if integrand.omega is not None:
        coords["omega"] = Quantity(("omega",), integrand.omega, "eV", "photon energy")
    used = {key for item in variables.values() for key in item.equations}
    return dataset(
        variables,
        coords,
        quantity="spin Hall conductivity",
        index_order="current i, field j, spin l: J_i of spin l over E_j",
        convention=CONVENTION,
        equations={key: text for key, text in EQUATIONS.items() if key in used},
        warnings=[
            *warnings(model, sums, grouping, estimates),
            *([] if integrand.by_count else step_warning(method, sums, levels, integrand.temperature)),
        ],
        **provenance(model, method, sums),
        temperature_K=integrand.temperature,
        eta_eV=integrand.eta,
        grouping=grouping,
        degeneracy_eV=integrand.tolerance,
        velocity=integrand.velocity,
        **thickness_note(thickness),
    )


def thickness_note(thickness: float | None) -> dict[str, Any]:
    """The attribute that a result quoted per thickness carries."""
    return {} if thickness is None else {"thickness_angstrom": thickness}


def _complex(estimate: Estimate) -> tuple[Any, Any]:
    # netCDF errors stay real: the modulus bounds both parts
    return estimate.value[..., 0] + 1j * estimate.value[..., 1], np.hypot(
        estimate.error[..., 0], estimate.error[..., 1]
    )


def energy_and_axes(dim: int, levels: Floats) -> dict[str, Quantity]:
    """Coordinates mu, current and field."""
    return {
        "mu": Quantity(("mu",), levels, "eV", "chemical potential"),
        "current": Quantity(("current",), np.array(AXES[:dim]), "", "direction of the current"),
        "field": Quantity(("field",), np.array(AXES[:dim]), "", "direction of the electric field"),
    }


def provenance(model: BlochModel, method: Method, sums: ZoneSums) -> dict[str, Any]:
    """Attributes every zone integral carries."""
    return {
        "model": model.name,
        "model_source": model.source,
        "domain": model.domain.description,
        "method": method.description,
        "status": sums.status,
        "evaluations": sums.evaluations,
        **({"irreducible": sums.reduction} if sums.reduction else {}),
    }


def common_warnings(model: BlochModel, sums: ZoneSums, grouping: str) -> list[str]:
    """Limits of validity that any zone integral of a Bloch model has."""
    out = list(getattr(model, "notes", ()))
    if model.lattice is None and not isinstance(model.domain, Plane):
        out.append(
            f"k.p model with a {model.domain.description}: a part that falls off like 1/cutoff is an artefact; "
            "repeat with a larger cutoff"
        )
    if grouping == "bands":
        out.append("every band counts for itself: inside nearly degenerate groups the numbers depend on the basis")
    if sums.status not in ("converged", FIXED_GRID):
        out.append(f"the zone integral did not reach the asked tolerance: {sums.status}")
    return out


def step_warning(method: Method, sums: ZoneSums, levels: Floats, temperature: float) -> list[str]:
    """A sharp Fermi surface and an adaptive rule do not go together: the rule may look past it."""
    bottom, top = sums.extremes.get("min:band"), sums.extremes.get("max:band")
    if not isinstance(method, Adaptive) or temperature > 0 or bottom is None or top is None:
        return []
    crossed = ((bottom[:, None] < levels) & (levels < top[:, None])).any()
    text = (
        "at zero temperature a Fermi surface can pass between the points of an adaptive rule, and the error estimate "
        "may then be too small: give a temperature, or use a uniform mesh or a polar grid"
    )
    return [text] if crossed else []


def warnings(model: BlochModel, sums: ZoneSums, grouping: str, estimates: Mapping[str, Estimate]) -> list[str]:
    """What limits the validity of a spin Hall result, in plain words."""
    out = common_warnings(model, sums, grouping)
    if "liu2023" in estimates:
        out.append("liu2023 is the published formula; its torque dipole 2 has the current and field indices exchanged")
    if getattr(model, "position_blocks", None) is not None:
        out.append("sums over intermediate states run over the Wannier functions, not over the states outside them")
    if "shi2006" not in estimates or np.isnan(estimates["shi2006"].value).any():
        out.append("shi2006 is left out, or NaN, where the chemical potential is not in a gap")
    return out
