"""What to know about a phonon-mediated spin conductivity: what the model drops, where a level is stretched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.responses.phonon_spin_question import Question
from crosscurrent.responses.phonon_spin_work import LEVELS

CAVEATS = (
    "RA one-loop model: only the retarded-advanced part of the vertex diagram is kept. What is dropped, over what is "
    "kept, for E_F = 3 eV and tau = 1e-14 s at (1 K, 1 meV), (1 K, no gap), (10 K, no gap): about -1e4, -2.4 and "
    "-0.05 to -0.1 by electrons near the Fermi level only, +9e4, +10 and +0.3 with phonons up to 10 k_F. It depends on "
    "the cutoff; level 'one_loop' computes it",
    "the momentum-dependent coupling implies a charge current of its own, which the model drops: level 'one_loop' "
    "finds that it changes the answer by numbers of order one, and makes a spin Hall current in a uniform field, too",
)
#: Where "much smaller" has ended.
_SMALL = 0.3


def warnings(question: Question, found: dict[str, NDArray[Any]]) -> list[str]:
    """found: numerical, model, level, all (temperature, gap, wavevector[, omega])."""
    metal = question.metal
    out = list(CAVEATS)
    if question.vanishes:
        out.append("an easy plane has no spin current: with q and all momenta in the plane the spin would leave it")
    out += _level_warnings(question, found)
    if metal.quality < 5.0:
        out.append(f"E_F tau/hbar = {metal.quality:.3g}: no quasiparticles, which the model assumes")
    hot = float(np.max(question.thermal)) / metal.fermi_energy
    if hot > 0.05:
        out.append(f"kT/E_F reaches {hot:.2g}; the integral over the electron energy is right to order (kT/E_F)^2 only")
    fast = 0.0 if question.axes.omega is None else float(np.max(question.axes.omega)) / metal.fermi_energy
    if fast > 0.05:
        out.append(f"the photon energy over E_F reaches {fast:.2g}; electrons are taken to be near the Fermi level")
    soft = (question.axes.gap < question.thermal[:, None]) & (
        question.axes.temperature[:, None] < question.critical_temperature
    )
    if question.dimension == 3 and np.any(soft):
        out.append(
            f"E_g < kT and T below T* = {question.critical_temperature:.3g} K (an estimate): phonons lose their "
            "coherence there, and free phonons are assumed"
        )
    if question.weight == "published":
        out.append("published phonon weight 1/sinh: it lacks phonons, 4/3 without a gap and E_g/2kT with a large one")
        if question.axes.omega is not None:
            out.append("the published weight does not depend on the frequency")
    if question.vertex == "published":
        out.append(
            "published charge vertex: the part with kappa is spurious, a spin conductivity of this metal is real"
        )
    return out


def _level_warnings(question: Question, found: dict[str, NDArray[Any]]) -> list[str]:
    shape = found["level"].shape
    lift = (..., None) if question.axes.omega is None else (..., None, None)
    ql = 2.0 * question.metal.quality * question.axes.lengths
    ql = np.broadcast_to(ql if question.axes.omega is None else ql[:, None], shape)
    reach = np.broadcast_to(question.reach[lift], shape)
    thermal = np.broadcast_to((question.kappa_t[:, None] / (4.0 * question.metal.quality))[lift], shape)
    cases = {
        "analytic": ("k l or q l is not small, as the analytic formula assumes", np.maximum(reach, ql) > _SMALL),
        "fermi_surface": (
            "k is not small against 2k_F, as the closed form at the Fermi surface assumes",
            thermal > 0.5 * _SMALL,
        ),
        "second_order": ("q l is not small, as the order q^2 assumes", ql > _SMALL),
    }
    out = []
    for name, (text, outside) in cases.items():
        bad = (found["level"] == LEVELS.index(name)) & outside
        if np.any(bad):
            worst = float(np.max(found["model"][bad]))
            out.append(
                f"level {name} out of its regime at {np.count_nonzero(bad)} of {bad.size} points: {text}; its relative "
                f"error there reaches {worst:.2g}"
            )
    missed = found["model"] > question.tolerance
    if question.level == "auto" and np.any(missed):
        out.append(
            f"no level meets the tolerance {question.tolerance:g} at {np.count_nonzero(missed)} of {missed.size} points"
        )
    return out
