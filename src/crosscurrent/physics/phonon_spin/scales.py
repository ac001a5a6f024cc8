"""Where the answers hold: thermal phonons against the mean free path and the Fermi sphere, and the quantum critical
region.

SI units. Kim-Chung = K.-M. Kim and S. B. Chung, "Phonon-mediated spin transport in quantum paraelectric metals".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants

Floats = NDArray[np.float64]

_HBAR, _KB = constants.hbar, constants.k


def thermal_reach(kappa_t: ArrayLike, y: ArrayLike) -> Floats:
    """k l of the phonons that count: kappa_T sqrt(pi^2/2 + 3 y), kappa_T = v_F tau kT/(hbar c), y = E_g/kT.

    The analytic formula, Kim-Chung, Eq. (19), needs it to be small against one, not k to be small against k_F.
    """
    return np.asarray(np.asarray(kappa_t) * np.sqrt(0.5 * math.pi**2 + 3.0 * np.asarray(y)))


def critical_temperature(coupling: Any, density: Any, mass: Any, velocity: Any, phonon_velocity: Any, ion: Any) -> Any:
    """T*, K, below which phonons without a gap lose their coherence: k_B T* = sqrt(3 pi g^2 n m c/(2 M v_F)).

    coupling: g, J m^(3/2). density: 1/m^3. mass: of the electron, kg. velocity, phonon_velocity: m/s. ion: M, kg. An
    order of magnitude. It is the consistent form of what Kim-Chung print below Eq. (36).
    """
    return np.sqrt(1.5 * math.pi * coupling**2 * density * mass * phonon_velocity / (ion * velocity)) / _KB


def critical_temperature_printed(
    coupling: Any, density: Any, mass: Any, velocity: Any, phonon_velocity: Any, ion: Any
) -> Any:
    """T* as printed, (E_F/k_B) sqrt(3 pi g^2 n/(2 E_F M v_F)) m c/hbar in SI units: no temperature, K (m/s)^(1/2)/m.

    Kept to show what the printed formula gives; arguments as in `critical_temperature`.
    """
    fermi = 0.5 * mass * velocity**2
    root = np.sqrt(1.5 * math.pi * coupling**2 * density / (fermi * ion * velocity))
    return fermi / _KB * root * mass * phonon_velocity / _HBAR
