"""From the arrays of `phonon_spin` to a labelled result: tensor, errors, regime numbers, warnings, sources."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES
from crosscurrent.physics.phonon_spin import tensor
from crosscurrent.responses.phonon_spin_question import Question
from crosscurrent.responses.phonon_spin_warnings import warnings
from crosscurrent.responses.phonon_spin_work import LEVELS
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import ANGSTROM_M

Floats = NDArray[np.float64]

SOURCE = 'K.-M. Kim and S. B. Chung, "Phonon-mediated spin transport in quantum paraelectric metals"'
EQUATIONS = {
    "kim-17": f"{SOURCE}, Eqs. (17), (18): sigma^l_ij = chi (nu_ij + nu_ji) + i kappa (nu_ji - nu_ij), nu^l_ij = "
    "q.(e_i x e_l) q_j",
    "kim-15": "the same paper, Eq. (15) with the charge vertex p + q/2",
    "kim-15-printed": "the same paper, Eq. (15) with the charge vertex p - q/2 as printed",
    "kim-19": "the same paper, Eqs. (19)-(21): closed coefficients for k l, q l << 1; in two dimensions (42)-(44)",
    "phonon-levels": "levels of evaluation of Eq. (15): analytic, electrons at the Fermi surface, order q^2, any q",
}
CONVENTION = (
    "spin counted as hbar per Pauli matrix, J in J/m^2 (2D: J/m); carriers of charge +e as in the paper: for electrons "
    "every conductivity has the opposite sign"
)


def labelled(question: Question, found: dict[str, NDArray[Any]]) -> xr.Dataset:
    """found: chi, kappa (C m; 2D: C m^2), numerical, model, level, all (temperature, gap, wavevector[, omega])."""
    variables = _coefficients(question, found) | regime(question)
    used = {key for item in variables.values() for key in item.equations}
    metal = question.metal
    return dataset(
        variables,
        coordinates(question),
        quantity="phonon-mediated spin conductivity",
        index_order="current i, field j, spin l: sigma^l_ij = J_i of spin l over E_j",
        convention=CONVENTION,
        equations={key: text for key, text in EQUATIONS.items() if key in used},
        model=f"{metal.name}, {question.dimension}D" + (f", {question.axis}" if question.dimension == 2 else ""),
        model_source=metal.source,
        domain="electrons and phonons of all wave vectors",
        method=_method(question, found),
        status=_status(question, found),
        warnings=warnings(question, found),
        **settings(question),
    )


def settings(question: Question) -> dict[str, Any]:
    """What was asked, as flat attributes."""
    metal = question.metal
    critical = {"T_star_K": question.critical_temperature} if question.dimension == 3 else {}
    return {
        "level_asked": question.level,
        "weight": question.weight,
        "vertex": question.vertex,
        "tolerance": question.tolerance,
        "fermi_energy_eV": metal.fermi_energy,
        "fermi_velocity_m_per_s": metal.fermi_velocity,
        "relaxation_time_s": metal.relaxation_time,
        "phonon_velocity_m_per_s": metal.phonon_velocity,
        "coupling": metal.coupling,
        "phonon_mass_kg": metal.phonon_mass,
        "fermi_wave_vector_per_angstrom": metal.fermi_wave_vector * ANGSTROM_M,
        "mean_free_path_angstrom": metal.mean_free_path / ANGSTROM_M,
        "EF_tau_over_hbar": metal.quality,
        "drude_conductivity": metal.drude_conductivity(question.dimension),
        **critical,
    }


def point_dims(question: Question) -> tuple[str, ...]:
    return ("temperature", "gap", "wavevector", *(() if question.axes.omega is None else ("omega",)))


def _coefficients(question: Question, found: dict[str, NDArray[Any]]) -> dict[str, Quantity]:
    dims = point_dims(question)
    three = question.dimension == 3
    unit, sigma_unit = ("C m", "C/m") if three else ("C m^2", "C")
    static = question.axes.omega is None
    chi = found["chi"].real if static else found["chi"]
    kappa = found["kappa"].real if static else found["kappa"]
    relative = found["numerical"] + found["model"]
    if question.vanishes:
        chi, kappa = 0.0 * chi, 0.0 * kappa
    error, kappa_error = relative * np.abs(chi), relative * np.abs(kappa)
    # a frozen phonon: nothing, known exactly
    error, kappa_error = np.where(chi == 0, 0.0, error), np.where(kappa == 0, 0.0, kappa_error)
    printed = question.vertex == "published"
    keys = ("kim-15-printed" if printed else "kim-15", "kim-19", "phonon-levels")
    sigma, sigma_error = _tensor(question, chi, kappa if printed else None, error, kappa_error)
    out = {
        "chi": Quantity(dims, chi, unit, "coefficient of nu_ij + nu_ji, chi of the spin conductivity", error, keys),
        "conductivity": Quantity(
            (*dims, "current", "field", "spin"), sigma, sigma_unit, "spin conductivity", sigma_error, ("kim-17", *keys)
        ),
        "level": Quantity(dims, np.array(LEVELS)[found["level"]], "", "level of evaluation that gave the number"),
        "model_error": Quantity(dims, found["model"], "", "relative error of the level within the model"),
        "numerical_error": Quantity(dims, found["numerical"], "", "relative error of the integration"),
    }
    if printed:
        out["kappa"] = Quantity(
            dims,
            kappa,
            unit,
            "coefficient of i (nu_ji - nu_ij), spurious: of the charge vertex p - q/2",
            kappa_error,
            keys,
        )
    return out


def _tensor(
    question: Question, chi: NDArray[Any], kappa: NDArray[Any] | None, error: Floats, kappa_error: Floats
) -> tuple[NDArray[Any], Floats]:
    """(value, error) of the tensor, (..., current, field, spin)."""
    axes = question.axes
    # 1/m
    q = axes.q * question.metal.fermi_wave_vector
    if question.dimension == 2:
        q = np.concatenate([q, np.zeros((len(q), 1))], axis=-1)
    forms = tensor.nu(q)
    # to current, field, spin, behind a possible frequency
    forms = np.moveaxis(forms, 1, 3) if axes.omega is None else np.moveaxis(forms, 1, 3)[:, None]
    if question.dimension == 2:
        forms = forms[..., :2, :2, :] * np.array([0.0, 0.0, 1.0])
    turned = np.swapaxes(forms, -3, -2)
    lift = (..., None, None, None)
    value: NDArray[Any] = chi[lift] * (forms + turned)
    bound: Floats = error[lift] * np.abs(forms + turned)
    if kappa is not None:
        value = value + 1j * kappa[lift] * (turned - forms)
        bound = bound + kappa_error[lift] * np.abs(turned - forms)
    return value, bound


def regime(question: Question) -> dict[str, Quantity]:
    metal, axes = question.metal, question.axes
    thermal = question.kappa_t / (2.0 * metal.quality)
    return {
        "kappa_T": Quantity(("temperature",), question.kappa_t, "", "k_th l with k_th = kT/(hbar c)"),
        "thermal_kl": Quantity(("temperature", "gap"), question.reach, "", "k l of the phonons that count"),
        "ql": Quantity(("wavevector",), 2.0 * metal.quality * axes.lengths, "", "q l"),
        "kT_over_EF": Quantity(("temperature",), question.thermal / metal.fermi_energy, "", "kT/E_F"),
        "k_th_over_2kF": Quantity(("temperature",), 0.5 * thermal, "", "k_th/2k_F"),
    }


def coordinates(question: Question) -> dict[str, Quantity]:
    axes = question.axes
    unit = question.metal.fermi_wave_vector * ANGSTROM_M
    out = {
        "temperature": Quantity(("temperature",), axes.temperature, "K", "temperature"),
        "gap": Quantity(("gap",), axes.gap, "eV", "phonon gap"),
        "wavevector": Quantity(("wavevector",), np.arange(len(axes.q)), "", "number of the wave vector"),
        "q": Quantity(("wavevector",), axes.lengths * unit, "1/angstrom", "length of the wave vector"),
    }
    for i in range(question.dimension):
        name = f"q_{AXES[i]}"
        out[name] = Quantity(("wavevector",), axes.q[:, i] * unit, "1/angstrom", f"wave vector along {AXES[i]}")
    out["q_over_kF"] = Quantity(("wavevector",), axes.lengths, "", "length of the wave vector over k_F")
    if axes.omega is not None:
        out["omega"] = Quantity(("omega",), axes.omega, "eV", "photon energy")
    labels = np.array(AXES[: question.dimension])
    out["current"] = Quantity(("current",), labels, "", "direction of the spin current")
    out["field"] = Quantity(("field",), labels, "", "direction of the electric field")
    out["spin"] = Quantity(("spin",), np.array(AXES), "", "direction of the spin")
    return out


def _counts(found: dict[str, NDArray[Any]]) -> dict[str, int]:
    return {name: int(np.count_nonzero(found["level"] == rank)) for rank, name in enumerate(LEVELS)}


def _method(question: Question, found: dict[str, NDArray[Any]]) -> str:
    used = ", ".join(f"{name} at {n}" for name, n in _counts(found).items() if n)
    asked = f"level {question.level}" if question.level != "auto" else "cheapest level within the tolerance"
    return f"{asked}; of {found['level'].size} points: {used}"


def _status(question: Question, found: dict[str, NDArray[Any]]) -> str:
    worst = float(np.max(found["model"] + found["numerical"], initial=0.0))
    missed = int(np.count_nonzero(found["model"] > question.tolerance))
    if not missed:
        return f"model error within {question.tolerance:g} at every point; largest relative error {worst:.1e}"
    return (
        f"model error above {question.tolerance:g} at {missed} of {found['model'].size} points; largest relative error "
        f"{worst:.1e}"
    )
