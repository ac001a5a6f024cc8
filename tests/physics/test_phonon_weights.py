"""Phonon weights, their integrals and the Fermi-surface levels A and B, against closed forms and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants, integrate

from crosscurrent.physics.phonon_spin import fermi_surface as surface
from crosscurrent.physics.phonon_spin import tensor
from crosscurrent.physics.phonon_spin.weights import (
    paper_fit,
    phonon_integral,
    phonon_integral_2d,
    phonon_weight,
)

# 20 digits from a multiple-precision sum of Bessel functions
PUBLISHED = {
    1: 0.61617313537374,
    2: 0.28063525232213,
    5: 0.020223236259617,
    10: 1.8648773461051e-4,
    20: 1.1766115939114e-8,
}
THERMAL = {0: math.pi**2 / 6, 1: 0.98267351902528, 5: 0.066632073545314, 10: 1.0755224992032405e-3}
FINE = surface.Resolution(20, 24)


@pytest.mark.parametrize(("weight", "values"), [("published", PUBLISHED), ("thermal", THERMAL)])
def test_phonon_integral_has_its_digits(weight, values):
    for y, value in values.items():
        assert phonon_integral(y, weight) == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("weight", ["published", "thermal"])
def test_series_and_bessel_sum_meet(weight):
    """Both are right on either side of where one takes over from the other."""
    below, above = phonon_integral(np.array([1.5, 1.5 + 1e-15]), weight)
    assert below == pytest.approx(above, rel=2e-14)


@pytest.mark.parametrize("weight", ["published", "thermal"])
@pytest.mark.parametrize("y", [1e-3, 0.4, 3.0, 40.0, 700.0])
def test_phonon_integral_is_the_integral_of_the_weight(weight, y):
    def integrand(x, shift):
        e = math.hypot(x, y)
        return x * x * float(phonon_weight(e, weight)) * math.exp(shift) / (2 * e)

    end = math.sqrt((y + 45) ** 2 - y**2)
    # the factor exp(y) keeps the integrand of large y away from the smallest numbers
    total = sum(
        integrate.quad(integrand, a, b, args=(min(y, 600.0),), epsabs=0, epsrel=1e-12, limit=200)[0]
        for a, b in zip([0, min(y, 1e-2), 1, 6], [min(y, 1e-2), 1, 6, end], strict=True)
    )
    assert float(phonon_integral(y, weight)) * math.exp(min(y, 600.0)) == pytest.approx(total, rel=1e-11)


@pytest.mark.parametrize(("weight", "start"), [("published", math.pi**2 / 8), ("thermal", math.pi**2 / 6)])
def test_a_tiny_gap_takes_pi_y_over_four_away(weight, start):
    """The kink at y = 0 comes from x ~ y alone, where both weights are 1/x."""
    assert float(start - phonon_integral(1e-8, weight)) == pytest.approx(math.pi / 4 * 1e-8, rel=1e-6)


def test_integrals_in_two_dimensions():
    for y in (0.01, 1.0, 12.0):
        end = math.sqrt((y + 45) ** 2 - y**2)
        for weight in ("published", "thermal"):
            total = integrate.quad(
                lambda x, y=y, weight=weight: (
                    x * float(phonon_weight(math.hypot(x, y), weight)) / (2 * math.hypot(x, y))
                ),
                0,
                end,
                epsabs=0,
                epsrel=1e-11,
                limit=300,
            )[0]
            assert float(phonon_integral_2d(y, weight)) == pytest.approx(total, rel=1e-9)
    assert float(phonon_integral_2d(0.3, "published")) == pytest.approx(0.5 * math.log(1 / math.tanh(0.15)), rel=1e-13)


def test_the_weights_differ_as_their_derivation_says():
    """The published weight misses a factor 4/3 of phonons without a gap, and y/2 of those with a large one."""
    assert phonon_integral(0.0, "thermal") / phonon_integral(0.0, "published") == pytest.approx(4 / 3, rel=1e-13)
    ratio = phonon_integral(400.0, "thermal") / phonon_integral(400.0, "published")
    assert ratio == pytest.approx(200, rel=0.01)


def test_thermal_weight_is_the_integral_over_the_electron_energy():
    """int de (-dn_F/de) [n_B + n_F(e + x)/2 + ... ] of Eqs. (7)-(9), both signs of the phonon, by quadrature."""
    for x in (0.3, 2.0, 7.0):

        def integrand(e, x=x):
            slope = 0.25 / math.cosh(0.5 * e) ** 2
            bose, fermi = 1 / math.expm1(x), (lambda u: 1 / (math.exp(u) + 1))
            return slope * 0.5 * ((bose + fermi(e + x)) + (bose + 1 - fermi(e - x)))

        total = integrate.quad(integrand, -60, 60, epsrel=1e-12, limit=300)[0]
        assert float(phonon_weight(x, "thermal")) == pytest.approx(total, rel=1e-9)


def test_finite_frequency_weight_goes_over_into_the_static_one():
    x = np.array([0.2, 1.0, 5.0])
    np.testing.assert_allclose(phonon_weight(x, "thermal", 1e-3), phonon_weight(x, "thermal"), rtol=1e-6)


def test_the_fit_of_the_paper_is_not_good():
    assert paper_fit(10.0) / phonon_integral(10.0, "published") == pytest.approx(1.47, abs=0.01)
    assert paper_fit(20.0) / phonon_integral(20.0, "published") == pytest.approx(2.84, abs=0.01)


# ------------------------------------------------------------------------------------------------ levels A and B
def brute_force(kappa, w, q, dimension, omega_tau=0.0):
    """N straight from its definition, by products of fine rules."""
    if dimension == 3:
        mu, weights = np.polynomial.legendre.leggauss(800)
        gamma = 1 - 1j * omega_tau + 1j * q * mu[:, None]
        d = (kappa * mu[None] - w) ** 2 + gamma**2
        inner = ((1 + mu**2) * (1 / (gamma**2 * d) + 2 / d**2)) @ weights
        return 15 / 128 * np.sum(weights * (1 - mu**2) ** 2 * inner)
    angle = 2 * np.pi * (np.arange(1200) + 0.5) / 1200
    gamma = 1 - 1j * omega_tau + 1j * q * np.cos(angle)[:, None]
    d = (kappa * np.cos(angle)[None] - w) ** 2 + gamma**2
    inner = np.mean(1 / (gamma**2 * d) + 2 / d**2, axis=1)
    return 8 / 9 * np.mean(np.sin(angle) ** 4 * inner)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize(
    ("kappa", "w", "q", "omega_tau"),
    [(0.4, 0.1, 0.2, 0.0), (1.49, 2.0, 0.5, 0.0), (4.0, 0.7, 2.0, 0.0), (6.0, 1.0, 0.3, 0.4)],
)
def test_vertex_ratio_is_its_definition(kappa, w, q, omega_tau, dimension):
    found = surface.vertex_ratio(np.array(kappa), np.array(w), q, 48, omega_tau, dimension)
    expected = brute_force(kappa, w, q, dimension, omega_tau)
    assert abs(found - expected) < 1e-10 * abs(expected)


def test_limits_of_the_vertex_ratio():
    kappa = np.array([1e-6, 0.3, 1.49, 1.51, 20.0, 400.0])
    three = (np.arctan(kappa) / kappa + 1 / (1 + kappa**2)) / 2
    two = (3 + 2 * kappa**2) / (3 * (1 + kappa**2) ** 1.5)
    np.testing.assert_allclose(surface.vertex_ratio(kappa, 0 * kappa, 0.0, 6), three, rtol=1e-12)
    np.testing.assert_allclose(surface.vertex_ratio(kappa, 0 * kappa, 0.0, 6, dimension=2), two, rtol=1e-12)
    for q in (0.05, 0.5, 2.0):
        small = 5 * (2 * q**3 + 3 * q - 3 * (1 + q**2) * np.arctan(q)) / (2 * q**5 * (1 + q**2))
        found = float(surface.vertex_ratio(np.array(1e-9), np.array(0.0), q, 32))
        assert found == pytest.approx(small, rel=1e-7 if q < 0.1 else 1e-10)  # the closed form cancels at small q
    assert 5 * (2 * 0.125 + 1.5 - 3.75 * math.atan(0.5)) / (2 * 0.5**5 * 1.25) == pytest.approx(
        0.724573839807, rel=1e-9
    )


@pytest.mark.parametrize(
    ("temperature", "gap_mev", "analytic"),
    [
        (0.1, 0.0, 4.8102119207e-1),
        (1.0, 0.5, 3.7746450456e-1),
        (1.0, 1.0, 1.5668249741e-3),
        (10.0, 0.0, 4.8102119207e3),
    ],
)
def test_numbers_of_the_model_metal(temperature, gap_mev, analytic):
    """E_F = 3 eV, v_F = 1e6 m/s, tau = 1e-14 s, c = 1e4 m/s; the reference was made with hbar rounded to ten digits."""
    fermi, kt = 3 * constants.e, constants.k * temperature
    y = gap_mev * 1e-3 * constants.e / kt
    found = surface.analytic(
        constants.hbar / (4 * fermi * 1e-14), kt / (2 * fermi), 0.01, phonon_integral(y, "published")
    )
    assert found == pytest.approx(analytic, rel=1e-8)


def test_dynamic_factor_at_small_k_is_four():
    """(1 - i w tau)^-4, not 1 + 3/2 i w tau."""
    small = surface.vertex_ratio(np.array(1e-6), np.array(0.0), 1e-6, 8, 1e-4)
    assert (small.imag / 1e-4) == pytest.approx(4.0, rel=1e-6)


# ------------------------------------------------------------------------------------------------ tensor
vectors = st.lists(st.floats(-2, 2), min_size=3, max_size=3).map(np.array)


@given(vectors, vectors)
def test_current_is_the_conductivity_times_the_field(q, field):
    by_tensor = np.einsum("aij,j->ai", tensor.conductivity(q, 1.7), field)
    np.testing.assert_allclose(by_tensor, tensor.spin_current(q, field, 1.7), atol=1e-12)


@given(vectors)
def test_tensor_turns_with_the_crystal(q):
    rng = np.random.default_rng(3)
    r, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    r *= np.linalg.det(r)
    turned = np.einsum("ab,ij,kl,bjl->aik", r, r, r, tensor.conductivity(q, 1.0, 0.3))
    np.testing.assert_allclose(tensor.conductivity(r @ q, 1.0, 0.3), turned, atol=1e-12)


def test_quadrupole_of_the_paper():
    """Eqs. (23), (24): sigma^z_xy = chi (q_x^2 - q_y^2) + i kappa (q_x^2 + q_y^2), and its conjugate."""
    q = np.array([0.3, -0.7, 0.2])
    sigma = tensor.conductivity(q, 2.0, 0.5)
    expected = 2.0 * (q[0] ** 2 - q[1] ** 2) + 0.5j * (q[0] ** 2 + q[1] ** 2)
    assert sigma[2, 0, 1] == pytest.approx(expected)
    assert sigma[2, 1, 0] == pytest.approx(np.conj(expected))


@given(vectors, vectors, vectors)
def test_direction_factor_is_the_size_of_the_current(q, field, axis):
    if min(map(np.linalg.norm, (q, field, axis))) < 1e-3:
        return
    a = axis / np.linalg.norm(axis)
    current = np.einsum("a,ai->i", a, tensor.spin_current(q, field, 1.0))
    size = np.linalg.norm(current) / (q @ q * np.linalg.norm(field))
    assert tensor.direction_factor(q, field, axis) == pytest.approx(size, abs=1e-10)


def test_easy_axis_leaves_the_spin_along_z():
    q = np.array([0.4, 0.1])
    sigma = tensor.conductivity_2d(q, 1.5)
    full = tensor.conductivity([0.4, 0.1, 0.0], 1.5)
    assert sigma.shape == (3, 2, 2)
    np.testing.assert_array_equal(sigma[2], full[2, :2, :2])
    assert not sigma[:2].any()
