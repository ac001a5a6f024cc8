"""The spin Hall effect of a uniform field that the current of the coupling makes, near the Fermi surface.

The part `ra` of the coefficient s (see `one_loop`) for k << k_F and Gamma << E_F, one phonon at a time. Two routes give
it: the diagram, and the Boltzmann equation of electrons in the SU(2) gauge field g phi x sigma, whose field strength
bends spins (docs/theory/phonon_spin_one_loop.md). The second knows what the first leaves out, the impurity ladder.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.phonon_spin.weights import phonon_weight

Floats = NDArray[np.float64]


def uniform_kernel(kl: ArrayLike, *, ladder: bool) -> Floats:
    """I + M without and I - M with the impurity ladder; I = atan(kl)/kl, M = (1 - I)/(kl)^2.

    kl: phonon wave vector times mean free path, above zero. The ladder halves the effect for kl << 1, not for kl >> 1.
    """
    x = np.asarray(kl, dtype=float)
    isotropic = np.arctan(x) / x
    # the series where 1 - atan(x)/x cancels
    transverse = np.where(x < 1e-2, 1.0 / 3.0 - x**2 / 5.0 + x**4 / 7.0, (1.0 - isotropic) / x**2)
    return np.asarray(isotropic - transverse if ladder else isotropic + transverse)


def uniform_fermi_surface(gamma: float, c: float, t: float, y: float, *, ladder: bool, panels: int = 40) -> float:
    """s of the real phonons, the unit of `one_loop`; sum over k of W/(2 omega_k) times `uniform_kernel`.

    gamma: hbar/(4 E_F tau). c: phonon over Fermi velocity. t: kT/2E_F. y: E_g/kT. panels: Gauss panels in log k.
    """
    last = t * math.sqrt(45.0 * (45.0 + 2.0 * y)) / c
    edges = np.concatenate([[0.0], last * 2.0 ** np.arange(1.0 - panels, 1.0)])
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(edges)[:, None]
    k = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel()
    omega = np.hypot(y * t, c * k)
    phonons = (half * weights).ravel() * k**2 * phonon_weight(omega / t, "thermal").real / (2.0 * omega)
    kernel = uniform_kernel(k / (2.0 * gamma), ladder=ladder)
    return float(phonons @ kernel / (12.0 * math.pi**4 * gamma**2))
