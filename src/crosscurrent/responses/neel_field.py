"""The Neel torque of a spin density: the effective field on each magnetic sublattice, and its staggered part."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from crosscurrent.physics.neel_field import exchange_field, staggered
from crosscurrent.responses.gaps import suggestion
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import InputError

STAGGERED = "staggered"
_PREFIX = "spin_density"
_UNITS = "mu_B/nm^3"
_SOURCE = "neel: B_eff = (J_ex/mu_B) S/M_s; Feng et al., text after Fig. 3; Zelezny et al., PRB 95, 014403 (2017)"


def neel_field(
    density: xr.Dataset, exchange: float, saturation_magnetization: float, *, sublattices: Sequence[str]
) -> xr.Dataset:
    """B_eff = (J_ex/mu_B) S/M_s on two magnetic sublattices, and half its difference, which turns the Neel vector.

    density: a result of `spin_generation`, `edelstein` or `spin_pulse` with spin densities in mu_B/nm^3 and the
    sublattices among its projections. exchange: J_ex between the carriers and the moments, eV.
    saturation_magnetization: of one sublattice, mu_B/nm^3. sublattices: two names of the `projection`, A first.

    Returns a dataset with a variable `neel_field...` in tesla for every `spin_density...`, with the same dims, the
    projection being replaced by `sublattice`: the two names and "staggered", (B_A - B_B)/2. The field is along the spin
    for a positive exchange. Errors are carried; that of the staggered part is half the sum of the two. Raises
    InputError for a density per area, an unknown sublattice, or numbers that make no sense.
    """
    names = _checked(density, sublattices)
    _check_number(exchange, "exchange", "eV", signed=True)
    _check_number(saturation_magnetization, "saturation_magnetization", "mu_B/nm^3", signed=False)
    out: dict[str, xr.DataArray] = {}
    for name in names:
        key = "neel_field" + name.removeprefix(_PREFIX)
        first, second = (
            exchange_field(density[name].sel(projection=part, drop=True), exchange, saturation_magnetization)
            for part in sublattices
        )
        attrs = {
            "units": "T",
            "long_name": "effective field of the " + str(density[name].attrs["long_name"]),
            "equations": "neel",
        }
        out[key] = _stacked(first, second, staggered(first, second), sublattices).assign_attrs(attrs)
        error = name + ERROR_SUFFIX
        if error in density:
            first, second = (
                np.abs(
                    exchange_field(density[error].sel(projection=part, drop=True), exchange, saturation_magnetization)
                )
                for part in sublattices
            )
            about = {"units": "T", "long_name": f"estimated absolute error of {key}"}
            out[key + ERROR_SUFFIX] = _stacked(first, second, 0.5 * (first + second), sublattices).assign_attrs(about)
    result = xr.Dataset(out)
    result["sublattice"].attrs.update(units="", long_name="magnetic sublattice, and half the difference of the two")
    about = {"quantity": "effective field on magnetic sublattices", "index_order": "spin i: B_i along S_i"}
    equations = "\n".join(line for line in (str(density.attrs.get("equations", "")), _SOURCE) if line)
    numbers = {"exchange_eV": float(exchange), "saturation_magnetization_muB_per_nm3": float(saturation_magnetization)}
    return result.assign_attrs({**density.attrs, **about, "equations": equations, **numbers})


def _stacked(first: xr.DataArray, second: xr.DataArray, half: xr.DataArray, names: Sequence[str]) -> xr.DataArray:
    label = xr.Variable(("sublattice",), np.array([*names, STAGGERED]))
    joined = xr.concat([first, second, half], dim="sublattice").assign_coords(sublattice=label)
    return joined.transpose(..., "sublattice")


def _checked(density: xr.Dataset, sublattices: Sequence[str]) -> list[str]:
    """The spin densities of the result."""
    names = [
        str(name)
        for name in density.data_vars
        if str(name).startswith(_PREFIX) and not str(name).endswith(ERROR_SUFFIX)
    ]
    if not names:
        raise InputError("the result holds no spin density", where="density", fix="compute it with a field, in V/m")
    units = str(density[names[0]].attrs.get("units", ""))
    if units != _UNITS:
        raise InputError(
            f"the spin density is in {units or 'no unit'}, the magnetization in {_UNITS}",
            where="density",
            fix="compute it with a thickness, in angstrom",
        )
    parts = [str(p) for p in density["projection"].values] if "projection" in density.coords else []
    if isinstance(sublattices, str) or len(sublattices) != 2 or sublattices[0] == sublattices[1]:
        raise InputError("two different sublattices are needed", where="sublattices", fix=suggestion("", parts))
    for name in sublattices:
        if name not in parts:
            raise InputError(f"no projection '{name}' in the result", where="sublattices", fix=suggestion(name, parts))
    return names


def _check_number(value: float, name: str, unit: str, *, signed: bool) -> None:
    if not math.isfinite(value) or value == 0 or (value < 0 and not signed):
        raise InputError(
            f"{name} must be {'' if signed else 'positive and '}finite and not zero, got {value}",
            where=name,
            fix=f"give it in {unit}",
        )
