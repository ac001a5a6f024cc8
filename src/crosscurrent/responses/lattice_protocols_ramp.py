"""Heating and cooling: polarization, local displacements and dielectric constant of a lattice over temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import constants

from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.physics.lattice_dynamics import site_bath
from crosscurrent.responses.lattice_protocols import (
    Box,
    Grid,
    Model,
    box_of,
    checked_field_along_y,
    checked_realizations,
    checked_temperature,
    checked_times,
    standard_error,
)
from crosscurrent.responses.lattice_protocols_labels import component, protocol_dataset
from crosscurrent.results import Quantity
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_WARNINGS = (
    "a box without defects keeps its phase beyond the transition: heating and cooling bracket the transition "
    "temperature, and both depend on the rate and on the size of the box",
    "the dielectric constant comes from fluctuations within the averaging time at each temperature: slower ones, near "
    "a transition and between equivalent domains, are missed or counted in part",
)
#: Fewer samples than this at a temperature say little about fluctuations.
_FEW = 50
#: Deviation of the kinetic temperature from that of the bath, in standard errors and relative, that is told.
_HOT = (5.0, 0.02)


@dataclass(frozen=True, eq=False)
class _Ramp:
    """One temperature after the other. temperatures: (T,) K. settle, between: steps before, and from sample to sample.
    samples: at each temperature. start: (3,) angstrom. push: of a constant field, (3,) eV/angstrom."""

    box: Box
    temperatures: Floats
    settle: int
    between: int
    samples: int
    start: Floats
    push: Floats

    @property
    def steps_in_all(self) -> int:
        return len(self.temperatures) * (self.settle + self.samples * self.between)

    def __call__(self, realizations: tuple[int, ...]) -> dict[str, Floats]:
        """Over (R, T): mean of P (3), of its sorted absolute values (3), of |P|, covariance of P (3, 3), mean |u|, and
        kinetic temperature."""
        box, shape = self.box, (len(realizations), len(self.temperatures))
        lattice = box.dynamics(float(self.temperatures[0])).with_push(self.push)
        nx, ny, _ = box.slab.shape
        state = lattice.start(self.start, realizations=realizations)
        out = {
            name: np.empty((*shape, *of))
            for name, of in (
                ("p", (3,)), ("sorted", (3,)), ("size", ()), ("cov", (3, 3)), ("length", ()), ("kinetic", ())
            )
        }  # fmt: skip
        for i, temperature in enumerate(self.temperatures):
            lattice = lattice.with_bath(site_bath(temperature, nx, ny))
            state = lattice.advance(state, self.settle)
            p = np.empty((self.samples, len(realizations), 3))
            length = kinetic = np.zeros(len(realizations))
            sums = Sums(products=())
            for k in range(self.samples):
                state = lattice.advance(state, self.between, sums)
                u = np.asarray(state.u[:, 0], dtype=float)
                p[k] = box.polarization(u.mean(axis=(1, 2, 3)))
                length = length + np.sqrt((u**2).sum(axis=-1)).mean(axis=(1, 2, 3)) / self.samples
                kinetic = kinetic + box.kinetic_temperature(state) / self.samples
            out["p"][:, i] = box.polarization(sums.mean("u")[:, 0].mean(axis=(1, 2)))
            out["sorted"][:, i] = np.sort(np.abs(out["p"][:, i]), axis=-1)[:, ::-1]
            out["size"][:, i] = np.sqrt((p**2).sum(axis=-1)).mean(axis=0)
            about = p - p.mean(axis=0)
            out["cov"][:, i] = np.einsum("kra,krb->rab", about, about) / (self.samples - 1)
            out["length"][:, i], out["kinetic"][:, i] = length, kinetic
        return out


def heating_ramp(
    model: Model,
    grid: Grid,
    *,
    temperatures: float | Sequence[float] | Floats,
    settle: float = 10.0,
    average: float = 20.0,
    sample: float = 0.1,
    realizations: int = 4,
    start: str = "ordered",
    field: Sequence[float] | None = None,
    damping: float = 2.0,
    step: float = 0.002,
    surfaces: bool = False,
    seed: int = 0,
    precision: str = "double",
    run: ChunkMap = serial,
) -> xr.Dataset:
    """A lattice of polar modes that is heated, or cooled, from one temperature to the next.

    model: a record or an effective Hamiltonian. grid: cells along x, y, z, periodic; with surfaces = True, or a `Slab`,
    open along y. temperatures: K, in the order in which they are run. settle, average: ps at each temperature, before
    and during which averages are taken. sample: ps between samples of the fluctuations. start: "ordered", the uniform
    ground state, or "cubic". field: constant, V/m, (3,); none when absent. damping: 1/ps. step: ps. run: where the
    realizations run.

    Variables over temperature: mean polarization by component, and by the size of the components (1, 2 or 3 that are
    not zero tell the phase), |P| of the box, the mean length of the local displacements, susceptibility and dielectric
    constant eps_inf + chi from the fluctuations of the box, and the kinetic temperature. Errors are standard errors
    over the realizations. Raises InputError for temperatures that are not positive, fewer than two samples or
    realizations, a step that is too long and times that are not positive.
    """
    box, warnings = box_of(model, grid, surfaces, step=step, damping=damping, seed=seed, precision=precision)
    kelvin = np.atleast_1d(np.asarray(temperatures, dtype=float))
    if kelvin.ndim != 1 or not len(kelvin):
        raise InputError("temperatures have to be a list of numbers", where="temperatures", fix="give kelvin")
    for value in kelvin:
        checked_temperature(float(value), "temperatures")
    checked_times(settle=settle, average=average, sample=sample)
    checked_realizations(realizations)
    if start not in ("ordered", "cubic"):
        raise InputError(f"unknown start '{start}'", where="start", fix="choose ordered or cubic")
    between = box.steps(sample)
    samples = round(average / (between * step))
    if samples < 2:
        raise InputError(f"{average:g} ps hold fewer than two samples", where="average", fix="average for longer")
    push = box.push(_field(field, box))
    begin = box.lattice.ordered if start == "ordered" else np.zeros(3)
    ramp = _Ramp(box, kelvin, box.steps(settle), between, samples, begin, push)
    found = box.each(run, "ramp", ramp, realizations)
    return _labelled(ramp, found, realizations, start, warnings)


def _field(field: Sequence[float] | None, box: Box) -> Floats:
    values = np.zeros(3) if field is None else np.asarray(field, dtype=float)
    if values.shape != (3,) or not np.isfinite(values).all():
        raise InputError("the field needs three numbers", where="field", fix="give V/m along x, y and z")
    checked_field_along_y(values[1] != 0, box, "field")
    return values


def susceptibility(covariance: Floats, temperature: Floats, volume: float) -> Floats:
    """chi_ab = V cov(P_a, P_b)/(eps0 k_B T). covariance: (..., T, 3, 3) (C/m^2)^2. temperature: (T,) K. volume: of the
    box, angstrom^3."""
    scale = volume * 1e-30 / (constants.epsilon_0 * constants.k * temperature)
    return np.asarray(covariance * scale[:, None, None])


def _labelled(
    ramp: _Ramp, found: dict[str, Floats], realizations: int, start: str, warnings: Sequence[str]
) -> xr.Dataset:
    box, kelvin = ramp.box, ramp.temperatures
    lattice = box.lattice
    chi = susceptibility(found["cov"], kelvin, lattice.volume * box.slab.cells)

    def over(values: Floats, dims: tuple[str, ...], units: str, words: str, *keys: str) -> Quantity:
        return Quantity(("run", *dims), values.mean(axis=0), units, words, standard_error(values), keys)

    pair = ("component", "partner")
    mean = ("polarization", "dynamics", "energy")
    variables = {
        "polarization": over(found["p"], ("component",), "C/m^2", "polarization", *mean),
        "polarization_sorted": over(
            found["sorted"], ("rank",), "C/m^2", "absolute components of the polarization, largest first", *mean
        ),
        "polarization_size": over(found["size"], (), "C/m^2", "length of the polarization of the box", "polarization"),
        "displacement_length": over(
            found["length"], (), "angstrom", "mean length of the local displacements", "dynamics"
        ),
        "susceptibility": over(chi, pair, "", "susceptibility of the modes", "fluctuation"),
        "dielectric_constant": over(chi + lattice.eps_inf, pair, "", "dielectric constant", "fluctuation"),
        "kinetic_temperature": over(found["kinetic"], (), "K", "kinetic temperature", "equipartition"),
    }
    letters = component("partner")
    return protocol_dataset(
        lattice,
        box.slab,
        variables,
        {
            "temperature": Quantity(("run",), kelvin, "K", "temperature of the bath"),
            "run": Quantity(("run",), np.arange(len(kelvin)), "", "place in the order of the ramp"),
            "component": component(),
            "partner": letters,
            "rank": Quantity(("rank",), np.arange(1, 4), "", "place in the order of size"),
        },
        quantity="polarization and dielectric constant over temperature",
        index_order="over the temperatures in the order run; susceptibility by (component, partner)",
        method=f"Langevin dynamics, {realizations} realizations, {ramp.settle * box.step:g} ps and then "
        f"{ramp.samples} samples {ramp.between * box.step:g} ps apart at each temperature, from the {start} state, "
        f"step {box.step:g} ps",
        status="estimated over realizations",
        warnings=(*_doubts(ramp, variables["kinetic_temperature"]), *_WARNINGS, *warnings),
        realizations=realizations,
        **box.notes,
    )


def _doubts(ramp: _Ramp, kinetic: Quantity) -> list[str]:
    out = []
    if ramp.samples < _FEW:
        out.append(f"{ramp.samples} samples at a temperature are few for a dielectric constant; average for longer")
    off = np.asarray(kinetic.values) - ramp.temperatures
    error = np.asarray(kinetic.error)
    bad = (np.abs(off) > _HOT[0] * error) & (np.abs(off) > _HOT[1] * ramp.temperatures)
    if bad.any():
        out.append(
            f"the kinetic temperature is off by up to {np.abs(off[bad]).max():.3g} K: settle for longer or take a "
            "shorter step"
        )
    return out
