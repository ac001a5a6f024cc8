"""Levels C and D of the phonon-mediated spin conductivity: against each other, and against the raw integral."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import constants, stats

from crosscurrent.physics.phonon_spin.full import full
from crosscurrent.physics.phonon_spin.second_order import angular_averages, kappa_average, second_order
from crosscurrent.physics.phonon_spin.triangle import spread
from crosscurrent.physics.phonon_spin.weights import Weight, phonon_integral, phonon_weight

EPS = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    EPS[_i, _j, _k], EPS[_j, _i, _k] = 1.0, -1.0


def tilde(temperature: float, gap: float, tau: float = 1e-14, c: float = 1e4) -> tuple[float, float, float, float]:
    """gamma, c, t, y for E_F = 3 eV, v_F = 1e6 m/s; gap in meV."""
    fermi, thermal = 3.0 * constants.e, constants.k * temperature
    return constants.hbar / (4 * fermi * tau), c / 1e6, thermal / (2 * fermi), gap * 1e-3 * constants.e / thermal


def analytic(point: tuple[float, float, float, float], weight: Weight) -> float:
    """Kim-Chung, Eq. (19), written out again."""
    gamma, c, t, y = point
    return float(4 / (15 * math.pi**4) * (2 * gamma) ** -4 * t**2 * c**-3 * phonon_integral(y, weight))


def raw_tensor(p: Any, k: Any, q: Any, gain: Any, gamma: float, vertex: str) -> NDArray[np.complex128]:
    """The integrand of Kim-Chung, Eq. (15), without i/pi and the phonon weight: (..., a, i, j)."""

    def retarded(energy: Any, vector: Any) -> Any:
        return 1.0 / (energy - 0.5 * (np.sum(vector**2, axis=-1) - 1.0) + 1j * gamma)

    unit = k / np.linalg.norm(k, axis=-1, keepdims=True)
    turned = np.cross(q, p + 0.5 * k)
    turned = turned - unit * np.sum(unit * turned, axis=-1, keepdims=True)
    charge = p + 0.5 * q if vertex == "corrected" else p - 0.5 * q
    product = (
        retarded(0.0, p + q) * np.conj(retarded(0.0, p)) * retarded(gain, p + k + q) * np.conj(retarded(gain, p + k))
    )
    return np.asarray(np.einsum("...a,...i,...j,...->...aij", turned, p + k + 0.5 * q, charge, product))


def structure(q: NDArray[np.float64], first: complex, second: complex, axial: complex) -> NDArray[Any]:
    """first nu_ij + second nu_ji + axial q_a eps_ijb q_b, by loops-free but independent spelling; (a, i, j)."""
    nu = np.einsum("iab,b,j->aij", EPS, q, q)
    return first * nu + second * np.swapaxes(nu, 1, 2) + axial * np.einsum("a,ijb,b->aij", q, EPS, q)


# ---- numbers of the published parameters (E_F = 3 eV, v_F = 1e6 m/s, tau = 1e-14 s, c = 1e4 m/s) ----

TABLE = [
    (0.1, 0.0, 4.8102119207e-1, 0.999512813, 0.987768776, 0.99917653),
    (1.0, 0.0, 4.8102119207e1, 0.954803338, 0.944032241, 0.93282150),
    (1.0, 0.5, 3.7746450456e-1, 0.835055038, 0.826568583, 0.81675631),
    (1.0, 1.0, 1.5668249741e-3, 0.755978278, 0.748734960, 0.74379683),
    (10.0, 0.0, 4.8102119207e3, 0.4857259, 0.4813376, 0.4173492),
]


@pytest.mark.parametrize(("temperature", "gap", "level_a", "level_c", "level_d", "thermal"), TABLE)
def test_published_parameters(
    temperature: float, gap: float, level_a: float, level_c: float, level_d: float, thermal: float
) -> None:
    point = tilde(temperature, gap)
    assert analytic(point, "published") == pytest.approx(level_a, rel=3e-9)
    # as many digits as the reference has
    digits = 2e-7 if temperature == 10 else 2e-8
    c = second_order(*point, weight="published", tolerance=1e-8).chi
    assert c / analytic(point, "published") == pytest.approx(level_c, rel=digits)
    d = full(*point, 1e-3, weight="published", tolerance=1e-7).chi
    assert d / analytic(point, "published") == pytest.approx(level_d, rel=1e-6 if temperature == 10 else 2e-8)
    c_thermal = second_order(*point, tolerance=1e-8).chi
    assert c_thermal / analytic(point, "thermal") == pytest.approx(thermal, rel=2e-7 if temperature == 10 else 4e-8)


@pytest.mark.parametrize(("q", "ratio"), [(0.002, 0.96255706), (0.01, 0.46868823)])
def test_dependence_on_q(q: float, ratio: float) -> None:
    point = tilde(1.0, 1.0)
    c = second_order(*point, weight="published", tolerance=1e-8).chi
    assert full(*point, q, weight="published", tolerance=1e-7).chi / c == pytest.approx(ratio, rel=2e-8)


@pytest.mark.parametrize(
    ("temperature", "gap", "factor", "digits"),
    [(0.01, 0.0, 3.9998, 1e-4), (1.0, 1.0, 3.61, 5e-3), (10.0, 0.0, 3.47, 5e-3)],
)
def test_slope_in_frequency(temperature: float, gap: float, factor: float, digits: float) -> None:
    # the weight at zero frequency: of order omega^2 it does not enter the slope
    point = tilde(temperature, gap)
    omega = 1e-3 / (point[2] / (2 * point[0]))
    omega_tau = omega * point[2] / (2 * point[0])
    static = second_order(*point, weight="published").chi
    slope = (second_order(*point, omega=omega, weight="published").chi / static).imag / omega_tau
    assert slope == pytest.approx(factor, abs=digits)


@pytest.mark.parametrize("omega_tau", [0.3, 1.0, 3.0])
def test_few_phonons_follow_the_fourth_power_of_the_propagators(omega_tau: float) -> None:
    point = tilde(0.01, 0.0)
    omega = omega_tau * 2 * point[0] / point[2]
    ratio = second_order(*point, omega=omega, weight="published").chi / second_order(*point, weight="published").chi
    # what is left is of order (hbar omega/E_F)^2 and k l
    assert ratio * (1 - 1j * omega_tau) ** 4 == pytest.approx(1, abs=1e-3)


# ---- the derivation, step by step ----


def sphere(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions and weights that average polynomials of degree < 2n exactly."""
    x, w = np.polynomial.legendre.leggauss(n)
    phi = 2 * math.pi * np.arange(2 * n) / (2 * n)
    rho = np.sqrt(1 - x**2)[:, None]
    directions = np.stack([rho * np.cos(phi), rho * np.sin(phi), np.broadcast_to(x[:, None], (n, 2 * n))], axis=-1)
    return directions.reshape(-1, 3), np.repeat(w, 2 * n) / (4 * n)


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_angular_averages_of_level_c(seed: int) -> None:
    p1, p2 = np.random.default_rng(seed).normal(size=(2, 3))
    directions, w = sphere(5)
    k = p2 - p1
    unit = k / np.linalg.norm(k)
    turned = np.cross(directions, 0.5 * (p1 + p2))
    turned -= np.outer(turned @ unit, unit)
    # contractions with q_j eps_iab q_b, q_i eps_jab q_b and q_a eps_ijb q_b
    first = (directions @ p1) * np.sum(np.cross(directions, p2) * turned, axis=1)
    second = (directions @ p2) * np.sum(np.cross(directions, p1) * turned, axis=1)
    axial = (directions @ np.cross(p2, p1)) * np.sum(directions * turned, axis=1)
    squares = p1 @ p1, p2 @ p2, k @ k
    mean = [[0.5 * np.sum(w * form * (directions @ p)) for form in (first, second, axial)] for p in (p1, p2)]
    np.testing.assert_allclose(angular_averages(*squares), mean[0], rtol=1e-10, atol=1e-12)
    own, cross, turn = angular_averages(squares[1], squares[0], squares[2])
    np.testing.assert_allclose((cross, own, -turn), mean[1], rtol=1e-10, atol=1e-12)
    kappa = np.sum(w * np.sum(np.cross(directions, p2) * turned, axis=1))
    np.testing.assert_allclose(kappa_average(*squares), kappa, rtol=1e-10, atol=1e-12)


def rotations(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Euler angles on a product rule, (m, 3, 3), and weights: exact for degree < 2n in the matrix elements."""
    axes, w = sphere(n)
    angles = math.pi * np.arange(2 * n) / n
    cosine, sine = np.cos(angles), np.sin(angles)
    zero, one = np.zeros_like(angles), np.ones_like(angles)
    spin = np.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], axis=-1).reshape(-1, 3, 3)
    rho = np.hypot(axes[:, 0], axes[:, 1])
    across = np.stack([axes[:, 1] / rho, -axes[:, 0] / rho, 0 * rho], axis=-1)
    frame = np.stack([across, np.cross(axes, across), axes], axis=-1)
    return np.einsum("dij,sjk->dsik", frame, spin).reshape(-1, 3, 3), np.repeat(w, 2 * n) / (2 * n)


@given(st.integers(0, 2**31))
@settings(max_examples=5, deadline=None)
def test_three_coefficients_hold_all_27_components(seed: int) -> None:
    # any triangle, averaged over its rotations: nothing but nu_ij, nu_ji and q_a eps_ijb q_b is left
    rng = np.random.default_rng(seed)
    p1, p2, q = 0.5 * rng.normal(size=(3, 3))
    turns, w = rotations(8)
    a, b = turns @ p1, turns @ p2
    total = np.einsum("n,naij->aij", w, raw_tensor(a - 0.5 * q, b - a, q, 0.3, 4.0, "corrected"))
    size = 2 * (q @ q) ** 2
    first = np.einsum("aij,iab,b,j->", total, EPS, q, q) / size
    second = np.einsum("aij,jab,b,i->", total, EPS, q, q) / size
    axial = np.einsum("aij,a,ijb,b->", total, q, EPS, q) / size
    np.testing.assert_allclose(total, structure(q, first, second, axial), atol=1e-5 * np.max(np.abs(total)))


def test_crowded_points() -> None:
    width = 1e-4
    x, w = spread(
        np.array([-1.0]), np.array([1.0]), np.array([0.3]), np.array([width]), np.polynomial.legendre.leggauss(90)
    )
    value = np.sum(w * width / ((x - 0.3) ** 2 + width**2))
    assert value == pytest.approx(math.atan(0.7 / width) + math.atan(1.3 / width), rel=1e-9)


# ---- levels against each other ----


@pytest.mark.parametrize(
    ("temperature", "gap", "tau", "c"), [(1, 0, 1e-14, 1e4), (20, 3, 3e-14, 2e4), (150, 0, 2e-15, 1e4)]
)
def test_level_d_at_small_q_is_level_c(temperature: float, gap: float, tau: float, c: float) -> None:
    point = tilde(temperature, gap, tau, c)
    limit = second_order(*point, vertex="published", tolerance=1e-7)
    step = 0.01 * 2 * point[0]
    near, far = (full(*point, q, vertex="published", tolerance=1e-6) for q in (step, 2 * step))
    # the q^2 term removed
    assert (4 * near.chi - far.chi) / 3 == pytest.approx(limit.chi, rel=2e-6)
    assert (4 * near.kappa - far.kappa) / 3 == pytest.approx(limit.kappa, rel=1e-5)
    if temperature > 100:
        # warm enough to see what the integral over the electron's energy would remove
        split = [(r.first - r.second + 2j * r.kappa).real for r in (near, limit)]
        assert split[0] == pytest.approx(split[1], rel=0.02)
        assert near.axial == pytest.approx(limit.axial, rel=0.02)
    assert (far.chi - limit.chi).real == pytest.approx(4 * (near.chi - limit.chi).real, rel=1e-2)


@pytest.mark.parametrize("weight", ["thermal", "published"])
@pytest.mark.parametrize("gap", [0.0, 0.003])
def test_level_c_for_few_phonons_is_the_closed_form(weight: Weight, gap: float) -> None:
    # Kim-Chung, Eqs. (19) and (20), in the limit where k l and k_th/k_F vanish
    point = tilde(1e-3, gap * 0.1)
    result = second_order(*point, weight=weight, vertex="published", tolerance=1e-7)
    assert result.chi == pytest.approx(analytic(point, weight), rel=1e-3)
    assert (result.chi / result.kappa).real == pytest.approx(12 / 5 / (4 * point[0]), rel=1e-3)
    assert second_order(*point, weight=weight).kappa == 0


@given(st.floats(-5, math.log10(2.0)), st.floats(-1.3, 0.5), st.floats(0, 3))
@settings(max_examples=5, deadline=None)
def test_spin_conductivity_is_real_and_symmetric_at_any_q(log_q: float, log_t: float, gap: float) -> None:
    point = tilde(10**log_t, gap)
    result = full(*point, 10**log_q, tolerance=1e-2, budget=200_000)
    assert result.first.imag == result.second.imag == 0
    # the parts that the integral over the electron's energy removes are of order (omega_k/E_F)^2
    scale = (point[2] * (10 + point[3])) ** 2
    assert abs(result.first - result.second) <= scale * abs(result.chi) + 2 * result.error
    assert abs(result.axial) <= scale * abs(result.chi) + 2 * result.error


# ---- the independent route: Eq. (15) in its own variables, all 27 components ----


@pytest.mark.parametrize(
    ("temperature", "gap", "q", "weight"), [(1.0, 1.0, 0.006, "published"), (10.0, 2.0, 0.01, "thermal")]
)
def test_raw_integral(temperature: float, gap: float, q: float, weight: Weight) -> None:
    gamma, c, t, y = tilde(temperature, gap)
    direction = np.array([0.6, -0.48, 0.64])
    batches = [sobol_batch(gamma, c, t, y, q * direction, weight, seed) for seed in range(8)]
    mean = np.mean(batches, axis=0)
    error = (np.std(np.real(batches), axis=0, ddof=1) + 1j * np.std(np.imag(batches), axis=0, ddof=1)) / math.sqrt(8)
    d = full(gamma, c, t, y, q, weight=weight, vertex="published")
    expected = structure(q * direction, d.first, d.second, d.axial)
    size = abs(d.chi) * q * q
    assert np.max(error.real) < 0.02 * size and np.max(error.imag) < 0.03 * abs(d.kappa) * q * q
    # seven degrees of freedom, 54 numbers
    assert np.all(np.abs((mean - expected).real) < 6 * error.real + 1e-9 * size)
    assert np.all(np.abs((mean - expected).imag) < 6 * error.imag + 1e-9 * size)


def sobol_batch(
    gamma: float, c: float, t: float, y: float, q: NDArray[np.float64], weight: Weight, seed: int
) -> NDArray[np.complex128]:
    """sigma_ij^a(q) of Eq. (15) with the published vertex, (a, i, j): 6 raw variables, 2^14 points and their images."""
    u = stats.qmc.Sobol(6, rng=np.random.default_rng(seed)).random_base2(14)
    low = math.atan(-0.5 / gamma)
    psi = low + (0.5 * math.pi - low) * u[:, 0]
    square = 1 + 2 * gamma * np.tan(psi)
    length = np.sqrt(square)
    # p^2 dp = p dxi, dxi = Gamma/cos^2 dpsi
    jacobian = length * gamma / np.cos(psi) ** 2 * (0.5 * math.pi - low)
    scale = math.sqrt(1 + y)
    x = -2 * scale * np.log1p(-u[:, 1])
    k = x * t / c
    energy = np.hypot(x, y)
    jacobian *= k**2 * (2 * scale * t / c) / (1 - u[:, 1]) * phonon_weight(energy, weight).real / (2 * t * energy)
    jacobian *= (4 * math.pi) ** 2 / (2 * math.pi) ** 6

    def direction(cosine: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
        z, phi = 2 * cosine - 1, 2 * math.pi * angle
        rho = np.sqrt(1 - z**2)
        return np.stack([rho * np.cos(phi), rho * np.sin(phi), z], axis=-1)

    # p + q/2 is what the map in psi is about; the image reverses all but q
    middle = length[:, None] * direction(u[:, 2], u[:, 3])
    phonon = k[:, None] * direction(u[:, 4], u[:, 5])
    total = np.zeros((3, 3, 3), dtype=complex)
    for sign in (-1, 1):
        for image in (-1, 1):
            p = image * middle - 0.5 * q
            tensor = raw_tensor(p, image * phonon, q, sign * t * energy, gamma, "published")
            total += 0.5j / math.pi * np.einsum("n,naij->aij", jacobian, tensor) / len(u)
    return total


# ---- honest errors ----


def sample(rng: np.random.Generator) -> tuple[tuple[float, float, float, float], float]:
    temperature = 10 ** rng.uniform(math.log10(0.05), math.log10(300))
    point = tilde(temperature, 50 * rng.uniform() ** 3, 10 ** rng.uniform(-15, -11), 10 ** rng.uniform(3, 5))
    return point, 10 ** rng.uniform(-5, math.log10(2))


def honest(point: tuple[float, float, float, float], q: float) -> tuple[bool, bool]:
    """Does the error of C, and of D, cover the distance to a tighter evaluation?"""
    c, tight_c = second_order(*point, tolerance=1e-4), second_order(*point, tolerance=1e-8, budget=2_000_000)
    d, tight_d = full(*point, q, tolerance=1e-3, budget=300_000), full(*point, q, tolerance=1e-6, budget=1_000_000)
    c_covers, d_covers = (
        max(abs(a.first - b.first), abs(a.second - b.second)) <= a.error for a, b in ((c, tight_c), (d, tight_d))
    )
    return c_covers, d_covers


@pytest.mark.parametrize("seed", range(8))
def test_errors_are_honest(seed: int) -> None:
    assert honest(*sample(np.random.default_rng(1000 + seed))) == (True, True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_errors_are_honest_on_a_large_sample(seed: int) -> None:
    assert honest(*sample(np.random.default_rng(seed))) == (True, True)
