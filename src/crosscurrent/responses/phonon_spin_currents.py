"""What follows from a spin conductivity: the spin Hall angle and the spin currents of plane waves."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import AXES
from crosscurrent.physics.phonon_spin import tensor
from crosscurrent.results import COMMON_ATTRIBUTES, Quantity, dataset, warnings_of
from crosscurrent.results.schema import equations_of
from crosscurrent.units import E2_OVER_HBAR_S, ELEMENTARY_CHARGE_C, InputError

Floats = NDArray[np.float64]

EQUATIONS = {
    "kim-26": "Kim and Chung, Eq. (26): J^l = chi [(e_l x q)(q.E) + q e_l.(q x E)]",
    "kim-34": "the same paper, above Eq. (34), for hbar per Pauli matrix: theta = (e/hbar) J_spin/J_c",
}


def spin_hall_angle(result: xr.Dataset, field: ArrayLike, spin: str = "z") -> xr.Dataset:
    """theta = (e/hbar) |J^l|/(sigma_c |E|) at every point of a result of `phonon_spin`, with the Drude conductivity.

    field: direction of E, (3,) or in two dimensions (2,). spin: l. The current runs in any direction: theta = (e/hbar)
    (chi/sigma_c) q^2 F_l, and `direction_factor` is F_l = sqrt(|e_l x q|^2 (q.E)^2 + ((q x e_l).E)^2) of unit vectors.
    Raises InputError for a field of no direction and for a result of another kind.
    """
    sigma, error, unit = _tensor_of(result, field)
    if spin not in AXES:
        raise InputError(f"no spin '{spin}'", where="spin_hall_angle.spin", fix="choose from x, y, z")
    at = AXES.index(spin)
    current = np.linalg.norm(sigma[..., at] @ unit, axis=-1)
    spread = np.linalg.norm(error[..., at] @ np.abs(unit), axis=-1)
    # (C/m)/(S/m) times e/hbar
    scale = E2_OVER_HBAR_S / ELEMENTARY_CHARGE_C / float(result.attrs["drude_conductivity"])
    dims = tuple(str(d) for d in result["chi"].dims)
    q = np.stack([result[f"q_{a}"].values if f"q_{a}" in result else 0 * result["q"].values for a in AXES], axis=-1)
    direction = np.broadcast_to(np.pad(unit, (0, 3 - len(unit))), q.shape)
    with np.errstate(invalid="ignore"):
        # without a direction of q there is none of the current
        factor = tensor.direction_factor(q, direction, np.eye(3)[at])
    variables = {
        "spin_hall_angle": Quantity(dims, current * scale, "", "spin Hall angle", spread * scale, ("kim-34",)),
        "direction_factor": Quantity(("wavevector",), factor, "", "direction factor F of q and E", None, ("kim-34",)),
    }
    return derived(result, variables, "spin Hall angle", field=", ".join(f"{e:g}" for e in unit), spin=spin)


def wave_currents(result: xr.Dataset, field: ArrayLike) -> xr.Dataset:
    """Spin current amplitudes of waves E sin(q.r) at every point of a result of `phonon_spin`: J(r) = J sin(q.r).

    field: E, V/m. Variables, J/m^2 (2D: J/m), dims (..., current, spin): `spin_current`, and its parts that the field
    along q and the field across q make. Raises InputError as `spin_hall_angle`.
    """
    sigma, error, unit = _tensor_of(result, field)
    size = float(np.linalg.norm(np.asarray(field, dtype=float)))
    components = [a for a in AXES if f"q_{a}" in result.coords]
    q = np.stack([result[f"q_{a}"].values for a in components], axis=-1)
    length = np.linalg.norm(q, axis=-1, keepdims=True)
    direction = np.divide(q, length, out=np.zeros_like(q), where=length > 0)
    along = size * (direction @ unit)[:, None] * direction
    parts = {"spin_current": size * np.broadcast_to(unit, q.shape), "longitudinal_field": along}
    parts["transverse_field"] = parts["spin_current"] - along
    names = {
        "spin_current": "spin current",
        "longitudinal_field": "spin current of the field along q",
        "transverse_field": "spin current of the field across q",
    }
    units = "J/m^2" if len(components) == 3 else "J/m"
    variables: dict[str, Quantity] = {}
    dims = (*(str(d) for d in result["chi"].dims), "current", "spin")
    # a frequency stands between the wave vector and the components
    spread = (slice(None), None) if "omega" in result.dims else (slice(None),)
    for name, vectors in parts.items():
        value = np.einsum("...ijl,...j->...il", sigma, vectors[spread])
        bound = np.einsum("...ijl,...j->...il", error, np.abs(vectors[spread]))
        variables[name] = Quantity(dims, value, units, names[name], bound, ("kim-26",))
    amplitude = ", ".join(f"{size * e:g}" for e in unit)
    return derived(result, variables, "spin current of plane waves", field_V_per_m=amplitude)


def _tensor_of(result: xr.Dataset, field: ArrayLike) -> tuple[NDArray[Any], Floats, Floats]:
    """(conductivity, its error, both (..., current, field, spin), unit vector of the field)."""
    if "conductivity" not in result or "drude_conductivity" not in result.attrs:
        raise InputError("this is not a result of phonon_spin", where="result")
    e = np.asarray(field, dtype=float)
    n = result.sizes["field"]
    size = float(np.linalg.norm(e)) if e.shape == (n,) else 0.0
    if not (np.isfinite(size) and size > 0):
        raise InputError(f"the field must be a vector of {n} components and not zero", where="field")
    return result["conductivity"].values, result["conductivity_error"].values, e / size


def derived(result: xr.Dataset, variables: dict[str, Quantity], quantity: str, **notes: str) -> xr.Dataset:
    """A dataset on the axes of the result that it comes from, with its provenance and its warnings."""
    dims = {dim for item in variables.values() for dim in item.dims}
    coords = {
        str(name): Quantity(
            tuple(str(d) for d in coord.dims), coord.values, str(coord.attrs["units"]), str(coord.attrs["long_name"])
        )
        for name, coord in result.coords.items()
        if set(coord.dims) <= dims
    }
    used = {key for item in variables.values() for key in item.equations}
    known = equations_of(result) | EQUATIONS
    rest = {str(k): v for k, v in result.attrs.items() if k not in COMMON_ATTRIBUTES}
    return dataset(
        variables,
        coords,
        quantity=quantity,
        index_order="current i, spin l",
        convention=str(result.attrs["convention"]),
        equations={key: text for key, text in known.items() if key in used},
        model=str(result.attrs["model"]),
        model_source=str(result.attrs["model_source"]),
        domain=str(result.attrs["domain"]),
        method=str(result.attrs["method"]),
        status=str(result.attrs["status"]),
        warnings=warnings_of(result),
        **{**rest, **notes},
    )
