"""Where which scaling law holds: the spin conductivity over temperature and phonon gap, its exponent, its regions."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.physics.phonon_spin import scales
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import BOLTZMANN_EV_PER_K, InputError

Floats = NDArray[np.float64]

#: Region names; the number in the result is the place in this list.
REGIONS = (
    "quantum critical (estimate): E_g < kT < kT*, free phonons are not enough",
    "gapless, T^2: E_g < kT, k l << 1",
    "gapless, T ln T: E_g < kT, k l >> 1",
    "thermally activated: E_g > kT",
)


def crossover_map(
    metal: ParaelectricMetal,
    temperature: ArrayLike,
    gap: ArrayLike,
    q: ArrayLike | None = None,
    *,
    q_unit: str = "1/angstrom",
    level: str = "auto",
    weight: Any = "thermal",
    tolerance: float = 1e-2,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """chi over (temperature, gap) in three dimensions, computed, with the scaling laws that hold where.

    temperature: K, three or more, rising. gap: eV. q: one vector, the limit q -> 0 when None. The rest is as in
    `phonon_spin`.

    Returns chi (temperature, gap), `exponent` = d ln chi/d ln T between neighbouring temperatures, `region` (an index
    into the attribute `regions`), `thermal_kl`, and in the attributes T* in kelvin and the value of its printed form,
    which is not a temperature. Raises InputError as `phonon_spin`, and for temperatures that do not rise.
    """
    temperatures = np.atleast_1d(np.asarray(temperature, dtype=float))
    if temperatures.ndim != 1 or len(temperatures) < 3 or not np.all(np.diff(temperatures) > 0):
        raise InputError("the map needs three or more rising temperatures", where="crossover_map.temperature")
    vector = np.zeros(3) if q is None else np.asarray(q, dtype=float)
    if vector.shape != (3,):
        raise InputError("the map takes one wave vector of three components", where="crossover_map.q")
    result = phonon_spin(
        metal, temperatures, gap, vector, q_unit=q_unit, level=level, weight=weight, tolerance=tolerance, run=run
    ).isel(wavevector=0)
    keep = ["chi", "chi" + ERROR_SUFFIX, "level", "model_error", "numerical_error", "thermal_kl"]
    out = result[keep]
    dims = ("temperature", "gap")
    out["exponent"] = xr.Variable(
        dims, _slope(temperatures, out["chi"].values), {"units": "", "long_name": "d ln chi/d ln T"}
    )
    out["region"] = xr.Variable(
        dims,
        _regions(temperatures, out["gap"].values, out["thermal_kl"].values, float(result.attrs["T_star_K"])),
        {"units": "", "long_name": "scaling region, numbered as in the attribute regions"},
    )
    return out.assign_attrs(
        quantity="scaling of the phonon-mediated spin conductivity",
        regions="\n".join(REGIONS),
        T_star_printed=_printed(metal),
        T_star_printed_unit="K (m/s)^(1/2)/m: the printed formula is no temperature",
    )


def _slope(temperature: Floats, chi: Floats) -> Floats:
    """d ln chi/d ln T by differences; NaN where the phonons are frozen."""
    logarithm = np.log(np.where(chi > 0, chi, np.nan))
    return np.asarray(np.gradient(logarithm, np.log(temperature), axis=0))


def _regions(temperature: Floats, gap: Floats, reach: Floats, critical: float) -> NDArray[np.int8]:
    thermal = BOLTZMANN_EV_PER_K * temperature[:, None]
    gapless = np.where(reach < 1.0, 1, 2)
    gapless = np.where(temperature[:, None] < critical, 0, gapless)
    return np.where(gap > thermal, 3, gapless).astype(np.int8)


def _printed(metal: ParaelectricMetal) -> float:
    arguments = (metal.density(), metal.mass, metal.fermi_velocity, metal.phonon_velocity, metal.phonon_mass)
    return float(scales.critical_temperature_printed(metal.coupling_si(), *arguments))
