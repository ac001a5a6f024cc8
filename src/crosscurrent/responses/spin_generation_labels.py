"""From the sums of `spin_generation` to a labelled result: units, spin densities, names, sources and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES, BlochModel
from crosscurrent.numerics.zone import Method, ZoneSums
from crosscurrent.physics import spin_generation as physics
from crosscurrent.responses import labelled
from crosscurrent.responses.direct_gap import DirectGap
from crosscurrent.responses.spin_generation_integrand import SpinGenerationIntegrand, SpinGenerationKernel
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import (
    ANGSTROM_M,
    PLANCK_EV_PER_THZ,
    InputError,
    spin_density_unit,
    spin_generation_unit,
)

Floats = NDArray[np.float64]

EQUATIONS = {
    "feng-2": "Feng et al., Intrinsic dynamic generation of spin polarization, Eq. (2): anomalous spin polarizability",
    "feng-7": "the same paper, Eq. (7): first-order dynamic anomalous spin polarizability",
    "feng-8": "the same paper, Eq. (8): second-order dynamic anomalous spin polarizability",
    "feng-6": "the same paper, Eqs. (6), (9): spin of a given field",
    "kubo-spin": "linear response of the density matrix, sum over pairs of (f_m - f_n) s_mn R_nm/(e_m - e_n + z)",
}
CONVENTION = (
    labelled.CONVENTION + "; S = Upsilon0.E + Upsilon1.dE/dt + Upsilon2.d2E/dt2 = Re[chi E exp(-i omega t)]; "
    "spin densities are g s/hbar in Bohr magnetons with g = 2 and the sign of the spin, not of the moment"
)
ABOUT = {
    "upsilon0": ("anomalous spin polarizability (spin per field)", "feng-2"),
    "upsilon1": ("first-order dynamic anomalous spin polarizability (spin per time derivative of the field)", "feng-7"),
    "upsilon2": ("second-order dynamic anomalous spin polarizability (spin per second time derivative)", "feng-8"),
    "chi": ("linear susceptibility of the spin at finite frequency", "kubo-spin"),
}
_DENSITIES = {
    "spin_density": "complex amplitude of the spin density, S(t) = Re[amplitude exp(-i omega t)]",
    "spin_density_0": "spin density from Upsilon0: amplitude of cos(omega t) for E cos(omega t)",
    "spin_density_1": "spin density from Upsilon1: amplitude of sin(omega t) for E cos(omega t)",
    "spin_density_2": "spin density from Upsilon2: amplitude of cos(omega t) for E cos(omega t)",
}


@dataclass(frozen=True)
class Density:
    """Per what a spin is counted. dim: 2 (area) or 3 (volume). thickness: angstrom, or None. system: of the units."""

    dim: int
    thickness: float | None
    system: str

    @classmethod
    def of(cls, dim: int, thickness: float | None, per: str | None, system: str) -> Density:
        """Checked against the dimension of the model. Raises InputError."""
        if system not in ("hbar", "SI"):
            raise InputError(f"unknown unit system '{system}'", where="unit", fix="use 'hbar' or 'SI'")
        if per not in (None, "area", "volume"):
            raise InputError(f"unknown density per '{per}'", where="per", fix="use 'area' or 'volume'")
        if thickness is not None and not (dim == 2 and np.isfinite(thickness) and thickness > 0):
            raise InputError(
                "a thickness is a positive length in angstrom, for two-dimensional models", where="thickness"
            )
        if dim == 3 and per == "area":
            raise InputError("a three-dimensional model has no spin per area", where="per", fix="leave it out")
        if dim == 2 and per == "volume" and thickness is None:
            raise InputError(
                "a two-dimensional model has no volume", where="thickness", fix="give the thickness in angstrom"
            )
        volume = dim == 3 or (thickness is not None and per != "area")
        return cls(3 if volume else 2, thickness if volume else None, system)

    @property
    def factor(self) -> float:
        """On anything per angstrom^dim of the model."""
        return 1.0 if self.thickness is None else 1.0 / self.thickness

    def tensor(self, order: int) -> tuple[float, str]:
        factor, name = spin_generation_unit(order, self.dim, self.system)
        return factor * self.factor, name

    def spin(self) -> tuple[float, str]:
        factor, name = spin_density_unit(self.dim)
        return factor * self.factor, name


def labelled_tensors(
    integrand: SpinGenerationIntegrand,
    levels: Floats,
    method: Method,
    sums: ZoneSums,
    density: Density,
    *,
    omega: Floats,
    eta: float,
    field: Floats | None,
    gap: DirectGap | None,
) -> xr.Dataset:
    """Name, scale and annotate what `spin_generation` has summed."""
    kernel = integrand.kernel
    first = "filling" if integrand.by_count else "mu"
    order = np.argsort(np.argsort(levels))
    found = {name: _ordered(sums.sums[name][:, order], kernel, name) for name in kernel.wanted}
    variables = {name: _tensor(name, found[name], sums, kernel, density, first) for name in kernel.wanted}
    if field is not None:
        variables |= _spin_densities(found, sums, kernel, density, field, first)
    coords = {first: _level_coordinate(first, levels), **coordinates(kernel, omega)}
    used = {key for item in variables.values() for key in item.equations}
    notes: dict[str, Any] = {} if gap is None else {"direct_gap_eV": gap.gap, "direct_gap_THz": gap.frequency}
    if field is not None:
        notes["field_V_per_m"] = ", ".join(f"{e:g}" for e in field)
    return dataset(
        variables,
        coords,
        quantity="spin generation",
        index_order="spin i, field j: S_i over E_j and its time derivatives",
        convention=CONVENTION,
        equations={key: text for key, text in EQUATIONS.items() if key in used},
        warnings=_warnings(integrand, sums, method, levels, omega, eta, gap),
        **labelled.provenance(integrand.model, method, sums),
        temperature_K=integrand.temperature,
        eta_eV=eta,
        degeneracy_eV=integrand.tolerance,
        **notes,
        **labelled.thickness_note(density.thickness),
    )


def coordinates(kernel: SpinGenerationKernel, omega: Floats) -> dict[str, Quantity]:
    """Coordinates spin, field, projection and, with frequencies, omega and frequency."""
    out = {
        "spin": Quantity(("spin",), np.array(kernel.operator.labels), "", "direction of the spin"),
        "field": Quantity(("field",), np.array(AXES[: kernel.model.dim]), "", "direction of the electric field"),
        "projection": Quantity(("projection",), np.array(kernel.projections.names), "", "part of the model"),
    }
    if omega.size:
        out["omega"] = Quantity(("omega",), omega, "eV", "photon energy")
        out["frequency"] = Quantity(("omega",), omega / PLANCK_EV_PER_THZ, "THz", "frequency")
    return out


def _level_coordinate(name: str, levels: Floats) -> Quantity:
    if name == "mu":
        return Quantity(("mu",), levels, "eV", "chemical potential")
    return Quantity(("filling",), np.ceil(levels).astype(int), "", "number of occupied bands")


def _ordered(values: Floats, kernel: SpinGenerationKernel, name: str) -> Floats:
    """(n_sub, n_mu, P, L, J[, omega][, 2]) to (n_sub, n_mu[, omega], L, J, P[, 2])."""
    if name == "upsilon0":
        return np.moveaxis(values, 2, 4)
    moved = np.moveaxis(values, 5, 2)
    return np.moveaxis(moved, 3, 5)


def _has_parts(kernel: SpinGenerationKernel, name: str) -> bool:
    return len(kernel.shape(name)) == 5


def _complex_estimate(sums: ZoneSums, values: Floats, parts: bool) -> tuple[Any, Any]:
    """(value, error); a last axis of real and imaginary parts becomes one complex number."""
    estimate = sums.estimate((1.0, values))
    if not parts:
        return estimate.value, estimate.error
    value = estimate.value[..., 0] + 1j * estimate.value[..., 1]
    return value, np.hypot(estimate.error[..., 0], estimate.error[..., 1])


def _tensor(
    name: str, values: Floats, sums: ZoneSums, kernel: SpinGenerationKernel, density: Density, first: str
) -> Quantity:
    long_name, key = ABOUT[name]
    factor, unit = density.tensor({"upsilon1": 1, "upsilon2": 2}.get(name, 0))
    value, error = _complex_estimate(sums, values, _has_parts(kernel, name))
    dims = (first, *(() if name == "upsilon0" else ("omega",)), "spin", "field", "projection")
    return Quantity(dims, value * factor, unit, long_name, error * factor, (key,))


def _spin_densities(
    found: dict[str, Floats],
    sums: ZoneSums,
    kernel: SpinGenerationKernel,
    density: Density,
    field: Floats,
    first: str,
) -> dict[str, Quantity]:
    """What E cos(omega t) brings: by mechanism when all is real, and the complex amplitude when all tensors are
    there."""
    factor, unit = density.spin()
    # V/m to V/angstrom: the tensors are in hbar angstrom/V
    e = field * ANGSTROM_M * factor
    z = kernel.z[:, None, None]
    out: dict[str, Quantity] = {}
    along: dict[str, Any] = {}
    for name, values in found.items():
        if name == "chi":
            continue
        parts = _has_parts(kernel, name)
        array = values[..., 0] + 1j * values[..., 1] if parts else values
        along[name] = np.einsum("...ijp,j->...ip", array, e)
        if np.iscomplexobj(kernel.z) and name != "upsilon0":
            continue
        factor_of_time = {"upsilon0": 1.0, "upsilon1": -z, "upsilon2": -(z**2)}[name]
        estimate = sums.estimate((1.0, factor_of_time * along[name]))
        dims = (first, *(() if name == "upsilon0" else ("omega",)), "spin", "projection")
        key = f"spin_density_{name[-1]}"
        out[key] = Quantity(dims, estimate.value, unit, _DENSITIES[key], estimate.error, ("feng-6",))
    if set(along) == set(physics.TENSORS):
        amplitude = physics.susceptibility(along["upsilon0"][:, :, None], along["upsilon1"], along["upsilon2"], z)
        value, error = _complex_estimate(sums, np.stack([amplitude.real, amplitude.imag], axis=-1), True)
        dims = (first, "omega", "spin", "projection")
        out["spin_density"] = Quantity(dims, value, unit, _DENSITIES["spin_density"], error, ("feng-6",))
    return out


def basis_warning(model: BlochModel) -> list[str]:
    """That empty states outside a Wannier model are missing from every sum over pairs of bands."""
    if getattr(model, "position_blocks", None) is None:
        return []
    return ["sums over empty states run over the Wannier functions, not over the states outside them"]


def _warnings(
    integrand: SpinGenerationIntegrand,
    sums: ZoneSums,
    method: Method,
    levels: Floats,
    omega: Floats,
    eta: float,
    gap: DirectGap | None,
) -> list[str]:
    out = labelled.common_warnings(integrand.model, sums, "covariant")
    if not integrand.by_count:
        out += labelled.step_warning(method, sums, levels, integrand.temperature)
    out += basis_warning(integrand.model)
    if gap is None and omega.size and eta > 0:
        out.append("metal: pairs of states resonate at any frequency, and the result depends on eta")
    elif gap is not None and omega.size and omega.max() >= gap.gap:
        out.append(f"the largest frequency is above the smallest direct gap, {gap}: fields are absorbed there")
    elif gap is not None and omega.size and omega.max() > 0.9 * gap.gap:
        out.append(f"the largest frequency is within 10 % of the smallest direct gap, {gap}: check the convergence")
    return out
