"""Results of `ferron_hall` side by side: one dataset with an axis for what was changed between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from crosscurrent.results.schema import ERROR_SUFFIX, warnings_of

_SIZE = "largest {} in the slab, odd in the field"
_EDGE = "{} in the layer y = 0 where the temperature rises most, over the gradient"
#: Attributes of the single results that become variables: attribute -> (variable, units, in words).
_NUMBERS = {
    "equivalent_bare_Lorentz_field_T": (
        "equivalent_bare_Lorentz_field",
        "T",
        "field in which a bare Lorentz force would turn the mode as fast",
    ),
    "largest_kinetic_energy_odd_eV": ("largest_kinetic_energy_odd", "eV", _SIZE.format("kinetic energy")),
    "largest_polarization_odd_C_per_m2": ("largest_polarization_odd", "C/m^2", _SIZE.format("polarization")),
    "largest_angular_momentum_0_hbar": (
        "largest_angular_momentum_0",
        "hbar",
        "largest angular momentum in the slab without a field",
    ),
    "largest_angular_momentum_odd_hbar": ("largest_angular_momentum_odd", "hbar", _SIZE.format("angular momentum")),
    "steepest_gradient_K_per_nm": ("steepest_gradient", "K/nm", "steepest gradient of the baths' temperature"),
    "edge_angular_momentum_hbar_nm_per_K": (
        "edge_angular_momentum_0",
        "hbar nm/K",
        _EDGE.format("angular momentum without a field"),
    ),
    "edge_kinetic_energy_odd_eV_nm_ps_per_K_rad": (
        "edge_kinetic_energy_odd",
        "eV nm ps/(K rad)",
        _EDGE.format("odd kinetic energy") + " and the field",
    ),
    "edge_polarization_odd_C_nm_ps_per_m2_K_rad": (
        "edge_polarization_odd",
        "C nm ps/(m^2 K rad)",
        _EDGE.format("odd polarization") + " and the field",
    ),
}
#: How the attributes begin that say how large a correction is.
_SHARES = "anharmonic_share_of_"
#: Attributes that belong to one run among many.
_ONE_RUN = ("omega_B_rad_per_ps", "steepest_gradient_x")
#: Attributes in words that may differ between runs, and what stands between them.
_WORDS = {"model": "; ", "model_source": "; ", "domain": "; ", "temperature_profile": "; ", "damping_profile": "; "}
#: axis -> (units, in words)
_AXES = {
    "omega_B": ("rad/ps", "gyroscopic rate"),
    "temperature_hot": ("K", "hottest temperature of the profile"),
    "size": ("", "cells along x, y and z"),
    "record": ("", "record of the polar modes"),
}
#: What does not depend on an axis, beside what `_knows_no_field` says.
_CONSTANT = {
    "omega_B": ("temperature", "damping", "steepest_gradient"),
    "temperature_hot": ("damping", "equivalent_bare_Lorentz_field"),
    "size": (),
    "record": ("temperature", "damping"),
}


def numbers_as_variables(ds: xr.Dataset) -> xr.Dataset:
    """A single result with the numbers of its slab as variables, so that they can have axes."""
    found = {key: entry for key, entry in _NUMBERS.items() if key in ds.attrs}
    # an attribute of its own name: a pure number, what it says in words
    found |= {key: (key, "", key.replace("_", " ")) for key in map(str, ds.attrs) if key.startswith(_SHARES)}
    variables = {
        variable: xr.Variable((), float(ds.attrs[key]), {"units": units, "long_name": words})
        for key, (variable, units, words) in found.items()
    }
    out = ds.assign(variables)
    out.attrs = {key: value for key, value in ds.attrs.items() if key not in (*found, *_ONE_RUN)}
    return out


def joined(results: Sequence[xr.Dataset], axis: str, values: Sequence[Any]) -> xr.Dataset:
    """One result: what does not depend on the axis once, the rest along it.

    values: along omega_B (rad/ps) or temperature_hot (K), names along record, shapes along size. Maps over slabs of
    several sizes are left out.
    """
    if axis == "size":
        results = [ds.drop_vars([name for name in ds.variables if {"x", "y"} & set(ds[name].dims)]) for ds in results]
        values = [" x ".join(map(str, shape)) for shape in values]
    constant = [str(name) for name in results[0].data_vars if _constant(str(name), axis)]
    changing = [ds.drop_vars(constant) for ds in results]
    units, words = _AXES[axis]
    along = xr.Variable((axis,), np.array(values), {"units": units, "long_name": words})
    out = xr.concat(changing, dim=along, join="exact", combine_attrs="drop_conflicts", data_vars="all")
    # what is said of one run among several is said of all
    said = {key: dict.fromkeys(str(ds.attrs[key]) for ds in results if key in ds.attrs) for key in _WORDS}
    out.attrs |= {key: joint.join(said[key]) for key, joint in _WORDS.items() if said[key]}
    out.attrs["warnings"] = "\n".join(dict.fromkeys(line for ds in results for line in warnings_of(ds)))
    return out.assign({name: results[0][name] for name in constant})


def _constant(name: str, axis: str) -> bool:
    plain = name.removesuffix(ERROR_SUFFIX)
    return plain in _CONSTANT[axis] or (axis == "omega_B" and plain.endswith("_0"))
