"""The spin polarization that a phonon gives an electron, over the directions of the phonon (Kim-Chung, Fig. 3)."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.phonon_spin import spin_trace
from crosscurrent.responses.phonon_spin_labels import SOURCE
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


def polarization_map(axis: ArrayLike, vector: ArrayLike, *, n_theta: int = 91, n_phi: int = 181) -> xr.Dataset:
    """e_l.P_perp over the directions of k, for P = q x (p + k/2) of unit length: dims (theta, phi), in degrees.

    axis: e_l, direction of the spin, (3,). vector: direction of P, (3,). It vanishes for k along e_l (Eq. (13)), two
    points of the sphere, and on the lines where P_perp is across e_l (Eq. (14)); `vanishes_trivially` marks the first.
    Raises InputError for vectors without direction.
    """
    e, p = _unit(axis, "axis"), _unit(vector, "vector")
    if n_theta < 3 or n_phi < 4:
        raise InputError("the map needs 3 angles theta and 4 angles phi, or more", where="polarization_map")
    theta, phi = np.linspace(0.0, 180.0, n_theta), np.linspace(0.0, 360.0, n_phi)
    values = spin_trace.polarization_map(e, p, np.radians(theta), np.radians(phi))
    t, f = np.meshgrid(np.radians(theta), np.radians(phi), indexing="ij")
    k = np.stack([np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), np.cos(t)], axis=-1)
    along = np.abs(k @ e) > 1.0 - 1e-9
    dims = ("theta", "phi")
    return dataset(
        {
            "polarization": Quantity(dims, values, "", "e.P_perp over |P|", None, ("kim-12",)),
            "vanishes_trivially": Quantity(dims, along, "", "k along the spin", None, ("kim-13",)),
        },
        {
            "theta": Quantity(("theta",), theta, "deg", "polar angle of k"),
            "phi": Quantity(("phi",), phi, "deg", "azimuth of k"),
        },
        quantity="phonon-mediated spin polarization",
        index_order="none",
        convention="the trace over spin is 2 i e.P_perp",
        equations={"kim-12": f"{SOURCE}, Eq. (12)", "kim-13": f"{SOURCE}, Eqs. (13), (14)"},
        model="spin trace of the vertex diagram",
        model_source=SOURCE,
        domain="all directions of k",
        method="closed form",
        status="exact",
        spin_axis=", ".join(f"{v:g}" for v in e),
        vector=", ".join(f"{v:g}" for v in p),
    )


def _unit(vector: ArrayLike, name: str) -> Floats:
    array = np.asarray(vector, dtype=float)
    size = float(np.linalg.norm(array)) if array.shape == (3,) else 0.0
    if not (np.isfinite(size) and size > 0):
        raise InputError(f"{name} must be a vector of three components and not zero", where=f"polarization_map.{name}")
    return np.asarray(array / size)
