"""Spin density in real time, for a pulse of any shape: by the tensors, or by propagating the filled bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import AXES, BlochModel, Operator
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.waveforms import Waveform
from crosscurrent.numerics.zone import Adaptive, Method, ZoneSums, integrate
from crosscurrent.physics.spin_generation import TENSORS
from crosscurrent.responses import gaps, labelled
from crosscurrent.responses.eigenframe import tolerance_of
from crosscurrent.responses.irreducible import zone_sums
from crosscurrent.responses.projections import Projections
from crosscurrent.responses.pulse_tensors import Spectrum, filters, lost_spin, spectrum_below, spin_of
from crosscurrent.responses.spin_generation_integrand import SpinGenerationIntegrand, SpinGenerationKernel
from crosscurrent.responses.spin_generation_labels import CONVENTION, EQUATIONS, basis_warning
from crosscurrent.responses.spin_pulse_question import PulseQuestion, pulse_question
from crosscurrent.responses.von_neumann import HBAR_EV_PS, MOST_STATES, Drive, VonNeumannIntegrand, position_operator
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import ANGSTROM_M, InputError

Floats = NDArray[np.float64]

ROUTES = ("tensors", "von_neumann")
_EQUATIONS = EQUATIONS | {"von-neumann": "i hbar d rho/dt = [H(k(t)) + e E.r, rho] with hbar dk/dt = -e E"}
_MECHANISMS = {"spin_density_0": "feng-2", "spin_density_1": "feng-7", "spin_density_2": "feng-8"}
_NAMES = {
    "spin_density": "spin density",
    "spin_density_0": "spin density from Upsilon0, which follows the field",
    "spin_density_1": "spin density from Upsilon1, which follows its slope",
    "spin_density_2": "spin density from Upsilon2, which follows its second derivative",
}


@dataclass(frozen=True)
class _Answer:
    """Spin by name, (nt, L, P) hbar/angstrom^dim, and its error."""

    values: dict[str, tuple[Floats, Floats]]
    sums: ZoneSums
    notes: dict[str, Any]
    warnings: list[str]


def spin_pulse(
    model: BlochModel,
    mu: float | None,
    waveform: Waveform,
    *,
    method: Method,
    route: str = "tensors",
    filling: int | None = None,
    spin: Operator | NDArray[np.complex128] | str | None = None,
    projections: Sequence[str] | Mapping[str, Floats] | str = (),
    complete: bool = False,
    times: ArrayLike | None = None,
    thickness: float | None = None,
    degeneracy: float | None = None,
    linearity: bool = False,
    tolerance: float = 1e-5,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Spin density S(t) of an insulator in the field of a pulse.

    model: any electron model. mu: chemical potential in the gap, eV; or None and filling, the number of filled bands.
    waveform: a GaussianPulse or Sampled, in V/m. method: how the zone is summed. route: "tensors", linear in the field
    and split by mechanism, for pulses whose spectrum lies below the smallest direct gap; or "von_neumann", the exact
    motion of the filled bands for fields of any strength and frequency, for models of at most 16 states on a fixed
    grid of k. spin, projections, complete, degeneracy (tensors only): as in `spin_generation`. times: (nt,) ps, rising;
    over the pulse when None. thickness: angstrom, of a 2D model. linearity (von_neumann only): run half the field too
    and report `nonlinear_fraction`, which doubles the cost. tolerance (von_neumann only): error of the time step,
    relative to the size of the spin; the step is halved until it is met.

    Returns a dataset with dims (time, spin, projection): spin_density, for the tensors also spin_density_0, _1 and _2,
    an error beside each, all g s/hbar in mu_B/nm^3 (mu_B/nm^2 in two dimensions without a thickness) with g = 2; and
    electric_field (time, field), V/m. Errors hold the zone, and the time step or the cut of the spectrum.

    Raises InputError for a metal, for a pulse with more than 1e-6 of its energy at or above the gap (tensors), a model
    that is too large or an adaptive method (von_neumann), a field along z of a 2D model, and unsorted times.
    """
    if route not in ROUTES:
        raise InputError(f"unknown route '{route}'", where="route", fix=gaps.suggestion(route, ROUTES))
    asked = pulse_question(model, mu, waveform, filling, spin, projections, complete, times, thickness)
    if route == "tensors":
        if linearity:
            raise InputError("the tensors are linear in the field", where="linearity", fix="use route = 'von_neumann'")
        answer = _by_tensors(asked, method, tolerance_of("covariant", degeneracy), run)
    else:
        answer = _by_propagation(asked, method, linearity, tolerance, run)
    return _labelled(asked, answer, method, route)


def _by_tensors(asked: PulseQuestion, method: Method, tolerance: float, run: ChunkMap) -> _Answer:
    spectrum = spectrum_below(asked.waveform, asked.model.dim, asked.gap)
    drive = filters(spectrum, asked.gap, asked.times)
    kernel = SpinGenerationKernel(asked.model, asked.operator, asked.parts, drive.omega, TENSORS)
    integrand = SpinGenerationIntegrand(kernel, asked.level, 0.0, tolerance, asked.mu is None)
    sums = zone_sums(method, asked.model, integrand, run)
    _require_gap_on_the_mesh(asked, sums, spectrum)
    field = Drive(asked.waveform, asked.model.dim).field(asked.times)
    # hbar angstrom/V and powers of hbar/eV, with the field in V/angstrom and time in ps
    weights = {
        "spin_density_0": field * ANGSTROM_M,
        "spin_density_1": drive.first * ANGSTROM_M * HBAR_EV_PS,
        "spin_density_2": drive.second * ANGSTROM_M * HBAR_EV_PS**2,
    }
    # (n_sub, 1, P, L, J[, omega])
    tensors = [sums.sums[name][:, 0] for name in TENSORS]
    series = dict(zip(weights, zip(tensors, weights.values(), strict=True), strict=True))
    values = {name: spin_of(sums, [pair]) for name, pair in series.items()}
    value, error = spin_of(sums, list(series.values()))
    lost = lost_spin(tensors, spectrum)
    values = {name: (v, e + (lost[int(name[-1])] if name[-1] in "12" else 0.0)) for name, (v, e) in values.items()}
    notes = {"spectral_fraction_above_gap": spectrum.fraction, "spectral_cut_eV": spectrum.cut}
    return _Answer({"spin_density": (value, error + lost[1] + lost[2]), **values}, sums, notes, [])


def _require_gap_on_the_mesh(asked: PulseQuestion, sums: ZoneSums, spectrum: Spectrum) -> None:
    """The first look at the bands may have missed the smallest gap; the whole pass has seen more."""
    found = float(sums.extremes["min:direct_gap"][asked.filling - 1])
    bottom, top = sums.extremes["min:band"][asked.filling], sums.extremes["max:band"][asked.filling - 1]
    if asked.mu is not None and not top <= asked.mu < bottom:
        raise InputError(
            "a band is partly filled, so the model is a metal",
            where="mu",
            fix="move mu into the gap, or give a filling",
        )
    if found <= spectrum.cut:
        raise InputError(
            f"the spectrum of the pulse reaches {spectrum.cut:.4g} eV, and the gap on the mesh is {found:.4g} eV",
            where="waveform",
            fix="choose a lower frequency or a longer pulse",
        )


def _by_propagation(asked: PulseQuestion, method: Method, linearity: bool, tolerance: float, run: ChunkMap) -> _Answer:
    model = asked.model
    if model.n_states > MOST_STATES:
        raise InputError(
            f"direct propagation takes models of at most {MOST_STATES} states, this one has {model.n_states}",
            where="route",
            fix="use route = 'tensors'",
        )
    if isinstance(method, Adaptive):
        raise InputError(
            "direct propagation runs on a fixed grid of k", where="zone", fix="use a uniform mesh or a polar grid"
        )
    if not 0 < tolerance < 1:
        raise InputError(f"the tolerance lies between 0 and 1, got {tolerance:g}", where="tolerance")
    position_operator(model)
    # the motion begins before the pulse, whatever times are asked for
    begin = min(asked.waveform.support[0], asked.times[0] - asked.waveform.resolution)
    times = np.concatenate([[begin], asked.times])
    integrand = VonNeumannIntegrand(
        model=model,
        operators=_stacked(asked.operator, asked.parts),
        waveform=asked.waveform,
        times=times,
        filling=asked.filling,
        mu=asked.mu,
        tolerance=tolerance,
        scales=(1.0, 0.5) if linearity else (1.0,),
    )
    sums = integrate(method, model.domain, integrand, run)
    series = [_unstacked(sums.sums[f"spin_{index}"][:, 1:], asked) for index in range(len(integrand.scales))]
    estimate = sums.estimate((1.0, series[0]))
    refinement = int(sums.extremes["max:refinement"])
    notes: dict[str, Any] = {
        "time_step_fs": 1e3 * float((np.diff(times) / integrand.steps).max()) / refinement,
        "excursion_per_angstrom": float(np.abs(Drive(asked.waveform, model.dim).shift(times)).max()),
    }
    warnings = []
    if sums.extremes["max:unreached"]:
        warnings.append(
            f"the time step did not reach the tolerance {tolerance:g} everywhere; the error says what it is"
        )
    if linearity:
        notes["nonlinear_fraction"] = _nonlinear(estimate.value, series[1][0])
    error = estimate.error + sums.sums["time_step_0"][0, 1:, None, None]
    return _Answer({"spin_density": (estimate.value, error)}, sums, notes, warnings)


def _stacked(operator: Operator, parts: Projections) -> Operator:
    """The spin and its projections as one operator, components fastest."""
    every = [operator, *(operator.projected(w) for w in parts.weights)]
    labels = tuple(f"{name} {label}" for name in parts.names for label in operator.labels)
    return Operator(labels, operator.unit, operator.vectors, np.concatenate([o.blocks for o in every], axis=1))


def _unstacked(values: Floats, asked: PulseQuestion) -> Floats:
    """(n_sub, nt, P*L) to (n_sub, nt, L, P)."""
    shape = (*values.shape[:2], len(asked.parts.names), len(asked.operator.labels))
    return values.reshape(shape).swapaxes(2, 3)


def _nonlinear(whole: Floats, half: Floats) -> float:
    """The part of the largest spin that is not linear in the field: S(E) - 2 S(E/2) is half of a quadratic part."""
    largest = float(np.abs(whole).max())
    return 2 * float(np.abs(whole - 2 * half).max()) / largest if largest > 0 else 0.0


def _labelled(asked: PulseQuestion, answer: _Answer, method: Method, route: str) -> xr.Dataset:
    factor, unit = asked.density.spin()
    dims, whole = ("time", "spin", "projection"), "feng-6" if route == "tensors" else "von-neumann"
    variables = {
        name: Quantity(dims, value * factor, unit, _NAMES[name], error * factor, (_MECHANISMS.get(name, whole),))
        for name, (value, error) in answer.values.items()
    }
    used = {key for item in variables.values() for key in item.equations}
    field = Drive(asked.waveform, asked.model.dim).field(asked.times)
    variables["electric_field"] = Quantity(("time", "field"), field, "V/m", "electric field")
    coords = {
        "time": Quantity(("time",), asked.times, "ps", "time"),
        "spin": Quantity(("spin",), np.array(asked.operator.labels), "", "direction of the spin"),
        "field": Quantity(("field",), np.array(AXES[: asked.model.dim]), "", "direction of the electric field"),
        "projection": Quantity(("projection",), np.array(asked.parts.names), "", "part of the model"),
    }
    level: dict[str, Any] = {} if asked.mu is None else {"mu_eV": asked.mu}
    return dataset(
        variables,
        coords,
        quantity="spin of a pulse",
        index_order="spin i: S_i(t)",
        convention=CONVENTION,
        equations={key: text for key, text in _EQUATIONS.items() if key in used},
        warnings=[
            *labelled.common_warnings(asked.model, answer.sums, "covariant"),
            *basis_warning(asked.model),
            *answer.warnings,
        ],
        **labelled.provenance(asked.model, method, answer.sums),
        **labelled.thickness_note(asked.density.thickness),
        route=route,
        waveform=asked.waveform.description,
        field_peak_V_per_m=float(np.linalg.norm(field, axis=1).max()),
        filling=asked.filling,
        direct_gap_eV=asked.gap.gap,
        direct_gap_THz=asked.gap.frequency,
        **level,
        **answer.notes,
    )
