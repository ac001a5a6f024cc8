"""Electrons at the Fermi surface: the analytic coefficient (level A) and the closed form for any k l, q l (level B).

Valid when k_th and q are small against k_F. With l = v_F tau: kappa = k l for a phonon of wave vector k, Q = q l,
w = omega_k tau/hbar, gamma = 1 - i omega tau + i Q mu with mu = cos(q, p). Starting from Kim-Chung, Eq. (15), the
integrals over the energies of the electrons are residues, and what is left is

    N(kappa, w, Q) = (15/128) int dmu (1 - mu^2)^2 int dnu (1 + nu^2) [1/(gamma^2 D) + 2/D^2],  D = (kappa nu - w)^2 +
    gamma^2,

with nu = cos(k, p). N -> 1 for kappa, w, Q -> 0, which is level A. In two dimensions (easy axis) the angles lie in the
plane,

    N = (8/9) <sin^4 phi <1/(gamma^2 D) + 2/D^2>_theta>_phi,  mu = cos phi, nu = cos theta, averages over full circles.

The coefficient of the charge vertex p - q/2 comes from the same integrals without the derivative along q,

    N_kappa = (9/32) int dmu (1 - mu^2) int dnu (1 + nu^2)/(gamma D),   2D: 2 <sin^2 phi <1/(gamma D)>_theta>_phi.

All zeros of gamma and D lie in the upper half plane of mu, so mu runs along a path below the real axis, where nothing
is sharp however large Q is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.phonon_spin.dynamic_weight import dynamic_weight
from crosscurrent.physics.phonon_spin.triangle import gauss
from crosscurrent.physics.phonon_spin.weights import Weight, phonon_weight

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: Gauss points over nu where all poles are outside the ellipse rho = 2: 2^-48 of the integrand is left
_NU = 24
#: |z - 1| + |z + 1| = rho + 1/rho on that ellipse
_ELLIPSE = 2.5
#: exp(-40) of the weight is left out at the end of the integral over k
_TAIL = 40.0
#: depth of the path in mu below the real axis
_DEPTH = 0.9
_CHUNK = 20000


@dataclass(frozen=True)
class Resolution:
    """Gauss points: `panel` on each panel in k, `polar` over mu (even)."""

    panel: int
    polar: int


#: Leaves 1e-9 and less of the result; the coarser one is there to tell.
FINE, COARSE = Resolution(14, 20), Resolution(10, 14)


def analytic(gamma: Any, t: Any, c: Any, integral: Any) -> Any:
    """Level A: chi_0 = (4/15 pi^4) (2 Gamma)^-4 t^2 c^-3 I, tilde units; Kim-Chung, Eq. (19), with I any phonon
    integral.

    gamma: hbar/(4 E_F tau). t: kT/2E_F. c: phonon over Fermi velocity. Multiply with g^2 e hbar^6/(m^2 M) k_F^10/(2
    E_F)^5/k_F^2 for C m; sigma = chi_0 (nu_ij + nu_ji).
    """
    return 4.0 / (15.0 * math.pi**4) * (2.0 * gamma) ** -4 * t**2 * c**-3 * integral


def analytic_kappa(gamma: Any, t: Any, c: Any, integral: Any) -> Any:
    """The coefficient kappa_0 that Kim-Chung, Eq. (20), find with the charge vertex p - q/2; with p + q/2 there is
    none."""
    return 2.0 / (9.0 * math.pi**4) * (2.0 * gamma) ** -3 * t**2 * c**-3 * integral


def analytic_2d(gamma: Any, t: Any, c: Any, integral: Any) -> Any:
    """Level A in two dimensions, easy axis: (3/2 pi^2) ... of Kim-Chung, Eq. (42), with 3/pi in place of 3/(2 pi).

    The paper averages 1 - k_a^2 to 1/2, but k lies in the plane and a is its normal. Tilde units; multiply with
    g^2 e hbar^6/(m^2 M) k_F^7/(2 E_F)^5 for C.
    """
    return 3.0 / (4.0 * math.pi**2) * (2.0 * gamma) ** -4 * t * c**-2 * integral


def analytic_kappa_2d(gamma: Any, t: Any, c: Any, integral: Any) -> Any:
    """The coefficient that goes with the charge vertex p - q/2 in two dimensions: 1/pi for the 1/(2 pi) of Kim-Chung,
    Eq. (43), for the reason given at `analytic_2d`."""
    return 1.0 / (2.0 * math.pi**2) * (2.0 * gamma) ** -3 * t * c**-2 * integral


@dataclass(frozen=True)
class Electrons:
    """What level B knows of a metal in a field.

    gap: E_g tau/hbar. velocity: c/v_F. q: q l. omega_tau: omega tau of the field. quality: E_F tau/hbar, for the
    estimate of what the level leaves out.
    """

    gap: float
    velocity: float
    q: float
    quality: float
    omega_tau: float = 0.0


@dataclass(frozen=True)
class Averages:
    """Of `phonon_averages`, all (n,). chi, kappa: in units of level A without its I. neglected: relative, of chi."""

    chi: NDArray[Any]
    kappa: NDArray[Any]
    neglected: Floats


def phonon_averages(
    thermal: ArrayLike, electrons: Electrons, weight: Weight, resolution: Resolution = FINE, dimension: int = 3
) -> Averages:
    """Level B over the prefactor of level A at many temperatures: int dx x^(dimension - 1) W(e)/(2 e) N, which is I(y)
    where N = 1.

    thermal: kT tau/hbar, (n,), all positive. N depends on the phonon alone, so that all temperatures share it; they
    should not be further apart than a few decades. In two dimensions the gap must be positive. Complex at finite
    frequency.
    """
    w_t = np.atleast_1d(np.asarray(thermal, dtype=float))
    a = electrons.velocity
    kappa, step = _k_rule(w_t, electrons, resolution.panel)
    w = np.hypot(a * kappa, electrons.gap)
    chi, spurious = _ratios(kappa, w, electrons.q, resolution.polar, electrons.omega_tau, dimension)
    energy = w / w_t[:, None]
    occupied = _weights(energy, weight, electrons.omega_tau / w_t[:, None])
    density = (a / w_t[:, None]) ** dimension * step * kappa ** (dimension - 1) * occupied / (2.0 * energy)
    total = density @ chi
    size = density @ np.abs(chi)
    missing = density @ (np.abs(chi) * neglected(kappa, w, electrons))
    return Averages(total, density @ spurious, missing / np.where(size > 0, size, 1.0))


def neglected(kappa: Any, w: Any, electrons: Electrons) -> Any:
    """Bound on what level B leaves out at each phonon, relative to level B.

    The leading terms are found to be (k/2k_F)^2 and -0.16/(E_F tau/hbar)^2 at any q l; no phonon of k > 2k_F connects
    two points of the Fermi surface. The factors leave a margin of two.
    """
    length, damping = kappa / (4.0 * electrons.quality), 1.0 / electrons.quality**2
    reach = 2.0 * length**2 + length * electrons.q / (4.0 * electrons.quality)
    rest = 0.3 * damping + 0.5 * (w / electrons.quality) ** 2
    return np.minimum(reach, 1.0) + rest


def _weights(energy: Floats, weight: Weight, omega: Floats) -> Floats:
    if weight == "thermal" and np.any(omega):
        return dynamic_weight(energy, omega)
    return np.asarray(phonon_weight(energy, weight), dtype=float)


def _k_rule(w_t: Floats, electrons: Electrons, n: int) -> tuple[Floats, Floats]:
    """Gauss panels in kappa, geometric from the smallest scale (k l = 1/2, E_g, kT) to where the weight has died, and
    graded where the phonon is as fast as an electron."""
    a, gap = electrons.velocity, electrons.gap
    # a field makes phonons up to its own energy
    top = max(gap, electrons.omega_tau) + _TAIL * float(w_t.max())
    end = math.sqrt((top - gap) * (top + gap)) / a
    thermal = 0.5 * float(w_t.min()) / a
    start = min(0.5, thermal)
    if gap > 0:
        # far below the other scales a gap matters in a negligible part of k space only
        start = min(start, max(0.5 * gap / a, 1e-4 * start))
    edges = set(_geometric(start, end))
    sharp = gap / math.sqrt(1.0 - a * a) if a < 1.0 else 0.0
    for centre in {sharp, electrons.q, electrons.q + sharp}:
        if centre > 2.0:
            steps = 2.0 ** np.arange(0, math.floor(math.log2(centre)))
            edges |= {centre, *(centre - steps), *(centre + steps)}
    if electrons.omega_tau > gap:
        # where the phonon takes all of the photon, on the scale of kT
        energies = electrons.omega_tau + float(w_t.min()) * np.array(
            [0.0, *(s * 2.0**j for s in (-1, 1) for j in range(-1, 12))]
        )
        edges |= set(np.sqrt(energies[energies > gap] ** 2 - gap**2) / a)
    inside = np.array([0.0, *sorted(edge for edge in edges if edge < (1.0 - 1e-9) * end), end])
    edge = inside[np.concatenate([[True], np.diff(inside) > 1e-9 * inside[1:]])]
    x, w = gauss(n)
    low, high = edge[:-1, None], edge[1:, None]
    return (0.5 * (low + high) + 0.5 * (high - low) * x).ravel(), (0.5 * (high - low) * w).ravel()


def _geometric(start: float, end: float, ratio: float = 2.5) -> Floats:
    count = max(1, math.ceil(math.log(end / start) / math.log(ratio)))
    return np.asarray(start * (end / start) ** (np.arange(count + 1) / count))


def vertex_ratio(kappa: Any, w: Any, q: float, polar: int, omega_tau: float = 0.0, dimension: int = 3) -> Any:
    """N at an array of phonons. kappa, w: same shape. q: q l. polar: points over mu, even. Complex at finite
    frequency."""
    kappa, w = np.broadcast_arrays(np.asarray(kappa, dtype=float), np.asarray(w, dtype=float))
    chi, _ = _ratios(kappa.ravel(), w.ravel(), q, polar, omega_tau, dimension)
    return chi.reshape(kappa.shape)


def _ratios(
    kappa: Floats, w: Floats, q: float, polar: int, omega_tau: float, dimension: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(N, N_kappa), each (n,)."""
    mu, chi_weight, kappa_weight = _angles(q, polar, dimension)
    if q != 0.0 and omega_tau == 0.0:
        # the other half of the path gives the complex conjugate
        keep = len(mu) // 2
        mu, chi_weight, kappa_weight = mu[keep:], 2.0 * chi_weight[keep:], 2.0 * kappa_weight[keep:]
    gamma: Complexes = 1.0 - 1j * omega_tau + 1j * q * mu
    chi, spurious = np.empty(len(kappa), dtype=complex), np.empty(len(kappa), dtype=complex)
    rows = max(1, _CHUNK // len(mu))
    for low in range(0, len(kappa), rows):
        part = slice(low, low + rows)
        first, second = _kernels(kappa[part, None], w[part, None], gamma[None], dimension)
        chi[part] = (first / gamma**2 + 2.0 * second) @ chi_weight
        spurious[part] = (first / gamma) @ kappa_weight
    norm, spurious_norm = (15.0 / 128.0, 9.0 / 32.0) if dimension == 3 else (1.0 / 3.0, 1.0)
    chi, spurious = norm * chi, spurious_norm * spurious
    return (chi, spurious) if omega_tau else (chi.real, spurious.real)


def _angles(q: float, n: int, dimension: int) -> tuple[Complexes, Complexes, Complexes]:
    """mu and the weights of N and N_kappa; one point where gamma is the same everywhere."""
    if q == 0.0:
        chi, kappa = (1.0, 1.0) if dimension == 2 else (16 / 15, 4 / 3)
        return np.zeros(1, dtype=complex), np.full(1, chi, dtype=complex), np.full(1, kappa, dtype=complex)
    mu, step = _polar_path(n) if dimension == 3 else _circle_path(n)
    across = 1 - mu**2
    if dimension == 2:
        return mu, 8.0 / 3.0 * step * across**2, 2.0 * step * across
    return mu, step * across**2, step * across


def _polar_path(n: int) -> tuple[Complexes, Complexes]:
    """mu and weights along mu = s - i depth (1 - s^2)."""
    s, w = gauss(n)
    return s - 1j * _DEPTH * (1 - s**2), w * (1 + 2j * _DEPTH * s)


def _circle_path(n: int) -> tuple[Complexes, Complexes]:
    """cos phi and weights that average over the circle, phi = t + i depth sin t at equal steps."""
    t = math.pi * (np.arange(n) + 0.5) / n
    return np.cos(t + 1j * _DEPTH * np.sin(t))[::-1], ((1 + 1j * _DEPTH * np.cos(t)) / n)[::-1]


def _kernels(kappa: Floats, w: Floats, gamma: Complexes, dimension: int) -> tuple[Complexes, Complexes]:
    """int dnu (1 + nu^2)/D and the same over D^2; in two dimensions the averages of 1/D and 1/D^2."""
    kappa, w, gamma = np.broadcast_arrays(kappa, w, gamma)
    if dimension == 2:
        return _circle_average(kappa, w, gamma)
    first, second = np.empty(kappa.shape, dtype=complex), np.empty(kappa.shape, dtype=complex)
    # where all poles are far from -1 < nu < 1 the closed form cancels, and Gauss points are exact
    up, down = (w + 1j * gamma), (w - 1j * gamma)
    near = np.abs(up - kappa) + np.abs(up + kappa) < _ELLIPSE * kappa
    near |= np.abs(down - kappa) + np.abs(down + kappa) < _ELLIPSE * kappa
    first[near], second[near] = _closed_form(kappa[near], w[near], gamma[near])
    far = ~near
    first[far], second[far] = _by_points(kappa[far], w[far], gamma[far])
    return first, second


def _circle_average(kappa: Any, w: Any, gamma: Any) -> tuple[Any, Any]:
    """From <1/(z - kappa cos theta)> = (z - kappa)^-1/2 (z + kappa)^-1/2."""
    above, below = w + 1j * gamma, w - 1j * gamma
    root_above = np.sqrt(above - kappa) * np.sqrt(above + kappa)
    root_below = np.sqrt(below - kappa) * np.sqrt(below + kappa)
    f = 1.0 / root_below - 1.0 / root_above
    slope = 1j * (above / root_above**3 + below / root_below**3)
    return f / (2j * gamma), (f / gamma - slope) / (4j * gamma**2)


def _by_points(kappa: Any, w: Any, gamma: Any) -> tuple[Any, Any]:
    x, weights = gauss(_NU)
    d = 1.0 / ((kappa[:, None] * x - w[:, None]) ** 2 + (gamma**2)[:, None])
    tilted = weights * (1 + x**2)
    return d @ tilted, (d * d) @ tilted


def _closed_form(kappa: Any, w: Any, gamma: Any) -> tuple[Any, Any]:
    """From the antiderivatives in u = kappa nu - w."""
    upper = _antiderivatives(kappa - w, kappa, w, gamma)
    lower = _antiderivatives(-kappa - w, kappa, w, gamma)
    return upper[0] - lower[0], upper[1] - lower[1]


def _antiderivatives(u: Any, kappa: Any, w: Any, gamma: Any) -> tuple[Any, Any]:
    """Of (1 + nu^2)/D and (1 + nu^2)/D^2 over nu, at nu = (u + w)/kappa."""
    # two logarithms: both arguments have a positive real part, their product may cross the cut
    plus, minus = np.log(gamma + 1j * u), np.log(gamma - 1j * u)
    a = (plus - minus) / (2j * gamma)
    log = plus + minus
    square = u**2 + gamma**2
    level, tilt = 1.0 + w**2 / kappa**2, 1.0 / kappa**2
    first = level * a + w * tilt * log + tilt * (u - gamma**2 * a)
    slope = -a / gamma - u / (gamma * square)
    second = level * slope + 2.0 * w * tilt * gamma / square - tilt * (gamma * a - gamma * u / square)
    return first / kappa, -second / (2.0 * gamma * kappa)
