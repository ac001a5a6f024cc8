"""Level B over many temperatures and at any q l, its two dimensional form, its bound; weights at finite frequency."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal, getcontext

import numpy as np
import pytest

from crosscurrent.physics.phonon_spin import fermi_surface as surface
from crosscurrent.physics.phonon_spin import scales
from crosscurrent.physics.phonon_spin.dynamic_weight import dynamic_weight
from crosscurrent.physics.phonon_spin.second_order import second_order
from crosscurrent.physics.phonon_spin.weights import phonon_integral, phonon_integral_2d, phonon_weight


@pytest.mark.parametrize("omega", ["0.00001", "0.1", "1", "10", "200"])
@pytest.mark.parametrize("x", ["0.001", "0.3", "5", "45", "205"])
def test_dynamic_weight_has_all_digits_where_its_definition_cancels(x, omega):
    getcontext().prec = 300
    e, o = Decimal(x), Decimal(omega)

    def f(z: Decimal) -> Decimal:
        return z / (1 - (-z).exp()) if z else Decimal(1)

    exact = 1 + 1 / (e.exp() - 1) - (f(e + o) - f(e - o)) / (2 * o)
    assert float(dynamic_weight(float(x), float(omega))) == pytest.approx(float(exact), rel=2e-13)


def test_dynamic_weight_at_resonance_and_without_a_frequency():
    assert float(dynamic_weight(1.3, 1.3)) == pytest.approx(float(dynamic_weight(1.3, 1.3000001)), rel=1e-6)
    x = np.array([0.1, 2.0, 30.0])
    np.testing.assert_allclose(dynamic_weight(x, 0.0), phonon_weight(x, "thermal"), rtol=1e-13)


@pytest.mark.parametrize("weight", ["thermal", "published"])
@pytest.mark.parametrize("dimension", [2, 3])
def test_short_mean_free_path_leaves_the_phonon_integral(weight, dimension):
    """k l and q l to zero: level A. Any end of the panels in k that is lost shows here."""
    rng = np.random.default_rng(5)
    integral = phonon_integral if dimension == 3 else phonon_integral_2d
    for _ in range(30):
        y, velocity, thermal = 10 ** rng.uniform(-3, 2), 10 ** rng.uniform(-4, 1), 1e-9
        electrons = surface.Electrons(y * thermal, velocity, 0.0, 1e3)
        # k l is of order thermal/velocity
        found = surface.phonon_averages(thermal * velocity, electrons, weight, dimension=dimension)
        y_here = electrons.gap / (thermal * velocity)
        if y_here < 600:
            assert found.chi[0] == pytest.approx(float(integral(y_here, weight)), rel=1e-7)
            assert found.kappa[0] == pytest.approx(float(integral(y_here, weight)), rel=1e-7)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize(("q", "omega_tau"), [(0.0, 0.0), (0.4, 0.0), (8.0, 0.0), (120.0, 0.0), (3.0, 0.7)])
def test_many_temperatures_at_once_are_each_alone(dimension, q, omega_tau):
    """Shared points in k, and two resolutions, agree; for large q l too."""
    thermal = np.geomspace(0.003, 3.0, 6)
    electrons = surface.Electrons(0.05, 0.02, q, 40.0, omega_tau)
    together = surface.phonon_averages(thermal, electrons, "thermal", dimension=dimension)
    for i, one in enumerate(thermal):
        alone = surface.phonon_averages(one, electrons, "thermal", surface.Resolution(40, 120), dimension)
        assert abs(together.chi[i] - alone.chi[0]) < 1e-6 * abs(alone.chi[0])
        assert abs(together.kappa[i] - alone.kappa[0]) < 1e-5 * abs(alone.kappa[0])


def test_a_phonon_faster_than_the_electrons_or_with_a_large_gap():
    """The resonance sits where the phonon is as slow as an electron, and moves or disappears."""
    for velocity, gap in ((2.0, 0.0), (0.01, 300.0), (0.3, 30.0)):
        electrons = surface.Electrons(gap, velocity, 0.0, 500.0)
        found = surface.phonon_averages(20.0, electrons, "thermal").chi[0]
        fine = surface.phonon_averages(20.0, electrons, "thermal", surface.Resolution(60, 20)).chi[0]
        assert found == pytest.approx(fine, rel=1e-9)


@pytest.mark.parametrize("weight", ["thermal", "published"])
def test_bound_of_what_is_left_out_covers_the_integral_at_order_q2(weight):
    rng = np.random.default_rng(11)
    for _ in range(12):
        quality, c, y = 10 ** rng.uniform(0.5, 2.5), 10 ** rng.uniform(-3.5, -1), rng.choice([0.0, 0.5, 5.0])
        reach = 10 ** rng.uniform(-2.5, 0.2)
        t = min(reach * c, 0.05)
        gamma = 1 / (4 * quality)
        exact = second_order(gamma, c, t, y, weight=weight, tolerance=1e-5)
        thermal = 2 * t * quality
        found = surface.phonon_averages(thermal, surface.Electrons(y * thermal, c, 0.0, quality), weight)
        value = surface.analytic(gamma, t, c, found.chi[0])
        missing = abs(exact.chi.real - value) / value
        assert missing <= found.neglected[0] + 2 * exact.error / value
        # and is no guess from far away
        assert found.neglected[0] < 30 * missing + 0.35 / quality**2


def brute_force_2d(gamma, c, t, y, q, weight, published):
    """sigma^z_yx(q along x)/q^2 from the four-dimensional integral of Eq. (15), tilde units."""
    x, w = np.polynomial.legendre.leggauss(36)
    low = math.atan(-0.5 / gamma)
    psi = low + (math.pi / 2 - low) * (x + 1) / 2
    measure = w * (math.pi / 2 - low) / 2 * gamma / np.cos(psi) ** 2
    length = np.sqrt(np.maximum(1 + 2 * gamma * np.tan(psi), 0))
    angle = 2 * np.pi * (np.arange(48) + 0.5) / 48
    px, py = (length[:, None] * np.cos(angle)).ravel(), (length[:, None] * np.sin(angle)).ravel()
    measure = np.repeat(measure, 48) * 2 * np.pi / 48
    end = math.sqrt(30 * (30 + 2 * y)) * t / c
    edges = end * np.array([0, 0.02, 0.06, 0.15, 0.4, 1.0])
    x, w = np.polynomial.legendre.leggauss(9)
    k = np.concatenate([(a + b) / 2 + (b - a) / 2 * x for a, b in itertools.pairwise(edges)])
    step = np.concatenate([(b - a) / 2 * w for a, b in itertools.pairwise(edges)])
    e = np.hypot(k * c / t, y)
    step = step * k * phonon_weight(e, weight) / (2 * t * e)

    def pair(x, y, energy):
        above, below = (((x + s * q / 2) ** 2 + y**2 - 1) / 2 for s in (1, -1))
        return 1 / ((energy - above + 1j * gamma) * (energy - below - 1j * gamma))

    first = pair(px, py, 0.0)
    total = 0.0
    for ki, energy, share in zip(k, t * e, step, strict=True):
        for phi in 2 * np.pi * (np.arange(48) + 0.5) / 48:
            kx, ky = ki * np.cos(phi), ki * np.sin(phi)
            vertices = (py + ky) * (px - (q if published else 0)) * q * (py + ky / 2)
            second = pair(px + kx, py + ky, energy) + pair(px + kx, py + ky, -energy)
            total += share * 2 * np.pi / 48 * np.sum(measure * vertices * first * second)
    return 1j / np.pi * total / (2 * np.pi) ** 4 / q**2


@pytest.mark.parametrize(
    ("quality", "c", "reach", "y", "q", "weight"),
    [(6, 0.02, 0.05, 1.0, 0.02, "thermal"), (6, 0.02, 0.15, 0.5, 0.1, "published")],
)
def test_two_dimensions_against_the_raw_integral(quality, c, reach, y, q, weight):
    """Prefactors, the easy axis, the q dependence and the bound; and that Eq. (15) as printed gives chi - 2 i kappa."""
    gamma, t = 1 / (4 * quality), reach * c
    raw = brute_force_2d(gamma, c, t, y, q, weight, False)
    thermal = 2 * t * quality
    electrons = surface.Electrons(y * thermal, c, 2 * quality * q, quality)
    found = surface.phonon_averages(thermal, electrons, weight, dimension=2)
    chi = surface.analytic_2d(gamma, t, c, found.chi[0])
    assert abs(raw.imag) < 1e-9 * raw.real
    assert abs(chi - raw.real) < found.neglected[0] * chi
    assert abs(chi - raw.real) < 5e-3 * chi
    printed = brute_force_2d(gamma, c, t, y, q, weight, True)
    kappa = surface.analytic_kappa_2d(gamma, t, c, found.kappa[0])
    assert printed.real == pytest.approx(raw.real, rel=1e-9)
    assert -printed.imag / 2 == pytest.approx(kappa, rel=1e-2)


def test_two_dimensional_reference():
    """T = 0.01 K, E_g = 0.005 meV, q = 2e-4 k_F: the closed form with 3/pi is reached to 5e-4."""
    kt = 8.617333262e-5 * 0.01
    tau = 1e-14 / 6.582119569e-16
    quality = 3.0 * tau
    electrons = surface.Electrons(0.005e-3 * tau, 0.01, 2 * quality * 2e-4, quality)
    ratio = surface.phonon_averages(kt * tau, electrons, "published", dimension=2).chi[0]
    assert ratio / float(phonon_integral_2d(0.005e-3 / kt, "published")) == pytest.approx(0.999467, abs=1.5e-4)


def test_reach_of_thermal_phonons_tells_when_the_analytic_form_fails():
    """To first order the closed form is 1 - (2/3) <k^2> l^2 with <k^2> = (kT/hbar c)^2 (pi^2/2 + 3 y) about."""
    for y in (0.0, 3.0, 12.0):
        electrons = surface.Electrons(y * 1e-6, 1e-4, 0.0, 1e4)
        lost = 1 - surface.phonon_averages(1e-6, electrons, "published").chi[0] / float(phonon_integral(y, "published"))
        reach = float(scales.thermal_reach(1e-2, y))
        assert lost / reach**2 == pytest.approx(2 / 3, rel=0.12)


def test_critical_temperature_has_the_dimension_of_one():
    """A change of units of length, mass and time leaves kT* an energy: it scales as such."""
    numbers = {"coupling": 3e-36, "density": 4e25, "mass": 1e-30, "velocity": 1e6, "phonon_velocity": 1e3, "ion": 4e-26}
    first = scales.critical_temperature(**numbers)
    # lengths in units of 1/2 m, masses in 1/3 kg, times in 1/5 s: energies times 3 * 4/25
    metre, kilogram, second = 2.0, 3.0, 5.0
    energy = kilogram * metre**2 / second**2
    other = scales.critical_temperature(
        coupling=numbers["coupling"] * energy * metre**1.5,
        density=numbers["density"] / metre**3,
        mass=numbers["mass"] * kilogram,
        velocity=numbers["velocity"] * metre / second,
        phonon_velocity=numbers["phonon_velocity"] * metre / second,
        ion=numbers["ion"] * kilogram,
    )
    assert other / first == pytest.approx(energy)
