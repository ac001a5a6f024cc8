"""The Edelstein effect of a model, and beside it the intrinsic static term: the two spins of a constant field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.domains import Domain
from crosscurrent.numerics.spacing import largest_step
from crosscurrent.numerics.zone import Method, ZoneSums
from crosscurrent.physics.edelstein import time_over_hbar
from crosscurrent.responses import gaps, labelled
from crosscurrent.responses import spin_generation_labels as labels
from crosscurrent.responses.edelstein_integrand import TERMS, EdelsteinIntegrand
from crosscurrent.responses.eigenframe import tolerance_of
from crosscurrent.responses.irreducible import zone_sums
from crosscurrent.responses.projections import projections_of
from crosscurrent.responses.spin_generation import checked_field
from crosscurrent.responses.spin_generation_integrand import SpinGenerationKernel
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import ANGSTROM_M, BOLTZMANN_EV_PER_K, InputError

Floats = NDArray[np.float64]

EQUATIONS = {
    "edelstein": "Edelstein, Solid State Commun. 73, 233 (1990); S_i = e tau int sum_n s_nn v_n f0'(e_n) . E",
    "feng-2": labels.EQUATIONS["feng-2"],
}
CONVENTION = labelled.CONVENTION + (
    "; S = chi.E of a static field; spin densities are g s/hbar in Bohr magnetons with g = 2 and the sign of the spin, "
    "not of the moment"
)
_ABOUT = {
    "edelstein": ("spin of the displaced Fermi sea per field, proportional to the relaxation time", "edelstein"),
    "upsilon0": labels.ABOUT["upsilon0"],
}
_DENSITIES = {
    "edelstein": ("spin_density_edelstein", "spin density of the displaced Fermi sea"),
    "upsilon0": ("spin_density_0", "spin density from Upsilon0"),
}
#: Steps of more than this many kT across the Fermi surface spoil a mesh sum by more than about a percent.
_COARSE = 3.0
#: -4 kT f0' is one at the Fermi energy and a tenth at 3.6 kT from it.
_NEAR = 0.1


def edelstein(
    model: BlochModel,
    mu: ArrayLike,
    *,
    method: Method,
    temperature: float,
    relaxation_time: float,
    spin: Operator | NDArray[np.complex128] | str | None = None,
    projections: Sequence[str] | Mapping[str, Floats] | str = (),
    complete: bool = False,
    degeneracy: float | None = None,
    field: ArrayLike | None = None,
    thickness: float | None = None,
    per: str | None = None,
    unit: str = "hbar",
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Spin per static field: the extrinsic part of the Fermi surface and the intrinsic Upsilon0.

    model: any electron model. mu: chemical potentials, eV. temperature: K, above zero: it is the width that the mesh
    has to resolve. relaxation_time: fs, one for all states (Boltzmann equation); it is not computed, and `edelstein` is
    proportional to it. field: in V/m, (dim,) or (3,), for the spin densities. spin, projections, complete, degeneracy,
    thickness, per, unit: as in `spin_generation`. A group of degenerate levels counts with its trace.

    Returns a dataset with `edelstein` and `upsilon0`, dims (mu, spin, field, projection), and with a field
    `spin_density_edelstein` and `spin_density_0`, dims (mu, spin, projection); an error beside each. Raises InputError
    for a temperature of zero and for settings that do not fit the model.
    """
    operator = gaps.spin_operator(model, spin)
    levels = gaps.chemical_potentials(mu)
    density = labels.Density.of(model.dim, thickness, per, unit)
    amplitude = checked_field(model, field)
    kernel = SpinGenerationKernel(
        model, operator, projections_of(model, projections, complete), np.empty(0), ("upsilon0",)
    )
    integrand = EdelsteinIntegrand(
        kernel=kernel,
        mu=np.sort(levels),
        temperature=thermal_width(temperature),
        tolerance=tolerance_of("covariant", degeneracy),
        time=time_over_hbar(checked_time(relaxation_time)),
    )
    sums = zone_sums(method, model, integrand, run)
    variables = _tensors(sums, levels, density)
    if amplitude is not None:
        variables |= _spin_densities(sums, levels, density, amplitude)
    notes = {} if amplitude is None else {"field_V_per_m": ", ".join(f"{e:g}" for e in amplitude)}
    return dataset(
        variables,
        {"mu": Quantity(("mu",), levels, "eV", "chemical potential"), **labels.coordinates(kernel, np.empty(0))},
        quantity="spin of a static field: Edelstein effect and intrinsic term",
        index_order="spin i, field j: S_i over E_j",
        convention=CONVENTION,
        equations=EQUATIONS,
        warnings=[
            *labelled.common_warnings(model, sums, "covariant"),
            *labels.basis_warning(model),
            *surface_warnings(method, model.domain, sums, integrand.mu, integrand.temperature),
        ],
        **labelled.provenance(model, method, sums),
        temperature_K=integrand.temperature,
        relaxation_time_fs=float(relaxation_time),
        degeneracy_eV=integrand.tolerance,
        **notes,
        **labelled.thickness_note(density.thickness),
    )


def thermal_width(temperature: float) -> float:
    """The temperature, checked: a sum over a sharp Fermi surface needs a method of its own."""
    if not (math.isfinite(temperature) and temperature > 0):
        raise InputError(
            f"the Edelstein effect lives on the Fermi surface, which is sharp at {temperature:g} K",
            where="temperature",
            fix="give a temperature above zero, in K, that the mesh can resolve",
        )
    return float(temperature)


def checked_time(relaxation_time: float) -> float:
    if not (math.isfinite(relaxation_time) and relaxation_time > 0):
        raise InputError(
            f"the relaxation time must be positive, got {relaxation_time}", where="relaxation_time", fix="give it in fs"
        )
    return float(relaxation_time)


def _terms(sums: ZoneSums, levels: Floats) -> dict[str, Floats]:
    """(n_sub, n_mu, L, J, P) of each term, in the order of the user's mu."""
    order = np.argsort(np.argsort(levels))
    response = np.moveaxis(sums.sums["response"][:, order], 3, 5)
    return {name: response[:, :, index] for index, name in enumerate(TERMS)}


def _tensors(sums: ZoneSums, levels: Floats, density: labels.Density) -> dict[str, Quantity]:
    factor, unit = density.tensor(0)
    out = {}
    for name, values in _terms(sums, levels).items():
        long_name, key = _ABOUT[name]
        found = sums.estimate((factor, values))
        dims = ("mu", "spin", "field", "projection")
        out[name] = Quantity(dims, found.value, unit, long_name, found.error, (key,))
    return out


def _spin_densities(sums: ZoneSums, levels: Floats, density: labels.Density, field: Floats) -> dict[str, Quantity]:
    factor, unit = density.spin()
    out = {}
    for name, values in _terms(sums, levels).items():
        key, long_name = _DENSITIES[name]
        # V/m to V/angstrom: the tensors are in hbar angstrom/V
        found = sums.estimate((factor, np.einsum("...ijp,j->...ip", values, field * ANGSTROM_M)))
        dims = ("mu", "spin", "projection")
        out[key] = Quantity(dims, found.value, unit, long_name, found.error, (_ABOUT[name][1],))
    return out


def surface_warnings(method: Method, domain: Domain, sums: ZoneSums, mu: Floats, temperature: float) -> list[str]:
    """Whether the points see the Fermi surface: the energy between neighbours against kT. mu: ascending, eV."""
    kt = BOLTZMANN_EV_PER_K * temperature
    states, speed = np.moveaxis(sums.sums["surface"][0], -1, 0)
    bottom, top, near = (sums.extremes[name] for name in ("min:band", "max:band", "max:near"))
    step = largest_step(method, domain)
    out = []
    for level, number, squared, seen in zip(mu, states, speed, near, strict=True):
        across = 0.0 if step is None or number <= 0 else step * math.sqrt(squared / number)
        if not ((bottom < level) & (level < top)).any():
            out.append(f"no band crosses mu = {level:g} eV: `edelstein` has thermally excited carriers only")
        elif seen < _NEAR:
            out.append(f"no point lies within a few kT of the Fermi surface at mu = {level:g} eV: use more points")
        elif across > _COARSE * kt:
            out.append(
                f"at mu = {level:g} eV neighbouring points are {across:.2g} eV apart at the Fermi surface, "
                f"{across / kt:.1f} kT: use more points, or a higher temperature"
            )
    return out
