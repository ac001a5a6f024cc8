"""The decomposition of the proper spin current, against the kinetic equation solved step by step.

Source of the equations: Liu, Cullen and Culcer, PRB 108, 195434 (2023); of `shi2006`: PRL 96, 076604 (2006).
The reference solves for density matrices (reference.kinetic), uses projectors (reference.projector), a field of finite
wave vector (reference.finite_q) or a magnetic field (reference.hofstadter); it shares no formula with the package.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants

from crosscurrent.physics import bloch
from crosscurrent.units import BOLTZMANN_EV_PER_K
from reference import berry, finite_q, hofstadter, kinetic, kubo, projector, torus_models
from reference.bridge import Bands
from reference.projector import BANDS_4, DOUBLETS, Groups2D
from reference.torus_models import Torus
from reference.zone import Zone

MESH = 96
TOLERANCE = 1e-12  # the currents themselves are 1e-3 to 1e-1, in units of e

MODELS = {
    "square": (torus_models.random_torus(3), BANDS_4),
    "skew": (torus_models.random_torus(1, lattice=torus_models.SKEW), BANDS_4),
    "wide": (torus_models.random_torus(2, levels=(-5.0, -1.5, 1.0, 4.5), amplitude=0.4), BANDS_4),
    "doublets": (torus_models.inversion_doublets(), DOUBLETS),
}
#: (mu, kT) in eV: a warm metal, and a Fermi level in the lowest pair at another temperature.
OCCUPATIONS = ((0.1, 0.25), (-1.2, 0.4))


@cache
def sampled(name: str) -> tuple[Torus, Groups2D, Bands]:
    model, groups = MODELS[name]
    return model, Groups2D(model.h, Zone(model.lattice, MESH), groups), Bands.of(model, model.mesh(MESH))


@pytest.mark.parametrize("name", MODELS)
def test_the_models_exercise_every_term(name: str) -> None:
    """No current is small by accident, so that no identity below holds for the wrong reason."""
    model, g, _ = sampled(name)
    for mu, kt in OCCUPATIONS:
        c = kinetic.currents(g, model.spin, 1, 0, mu, kt)
        assert min(abs(v) for v in vars(c).values()) > 1e-5


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("mu", "kt"), OCCUPATIONS)
@pytest.mark.parametrize(("i", "j"), [(1, 0), (0, 1)])
def test_parts_agree_with_the_kinetic_equation(name: str, mu: float, kt: float, i: int, j: int) -> None:
    model, g, bands = sampled(name)
    reference = kinetic.currents(g, model.spin, i, j, mu, kt)
    found = bands.integrals(model.area, i, j, mu, kt)
    assert found["conventional"] == pytest.approx(reference.conventional, abs=TOLERANCE)
    assert found["topological"] == pytest.approx(reference.c6, abs=TOLERANCE)  # (C6)
    assert found["torque_dipole_1"] == pytest.approx(reference.torque_dipole_1, abs=TOLERANCE)  # (C10)
    assert found["torque_dipole_2"] == pytest.approx(reference.torque_dipole_2, abs=TOLERANCE)  # (C13)-(C18)
    total = reference.conventional + reference.torque_dipole_1 + reference.torque_dipole_2
    assert found["liu2023_corrected"] == pytest.approx(total, abs=TOLERANCE)
    misprinted = reference.conventional + reference.torque_dipole_1 + reference.torque_dipole_2_exchanged
    assert found["liu2023"] == pytest.approx(misprinted, abs=TOLERANCE)  # (C25): i and j exchanged in (C19)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("mu", "kt"), OCCUPATIONS)
def test_the_kinetic_equation_alone(name: str, mu: float, kt: float) -> None:
    """The identities within the reference: what the paper derives, and where its print differs from it."""
    model, g, _ = sampled(name)
    c = kinetic.currents(g, model.spin, 1, 0, mu, kt)
    assert c.c6 + c.c7 == pytest.approx(c.conventional, abs=TOLERANCE)
    assert c.torque_dipole_1 == pytest.approx(-c.c7, abs=TOLERANCE)
    f = projector.fermi(g, mu, kt)
    corrected, published = (
        projector.integrated(g, fields(g, model.spin, 1, 0), f) for fields in (projector.corrected, projector.published)
    )
    assert c.c6 == pytest.approx((corrected + published) / 2, abs=TOLERANCE)
    assert c.c6 + c.torque_dipole_2 == pytest.approx(corrected, abs=TOLERANCE)
    assert c.torque_dipole_2_exchanged == pytest.approx(-c.torque_dipole_2, abs=TOLERANCE)


def test_signs_in_the_words_of_the_paper() -> None:
    """J_y/E_x: published -sum f Sigma, corrected -sum f s Omega, Omega = Omega^z, hbar = e = 1."""
    model, _, bands = sampled("square")
    mu, kt = OCCUPATIONS[0]
    f = 1 / (np.exp((bands.energies - mu) / kt) + 1)
    r = bands.connection
    pair = 1j * (r[:, 0] * r[:, 1].swapaxes(1, 2) - r[:, 1] * r[:, 0].swapaxes(1, 2))
    s = np.einsum("kmm->km", bands.spin[:, 0]).real
    sigma, s_omega = np.einsum("kn,kmn->km", s, pair).real, s * pair.real.sum(axis=2)
    found = bands.integrals(model.area, 1, 0, mu, kt)
    assert found["liu2023"] == pytest.approx(-(f * sigma).sum(axis=1).mean() / model.area, abs=TOLERANCE)
    assert found["liu2023_corrected"] == pytest.approx(-(f * s_omega).sum(axis=1).mean() / model.area, abs=TOLERANCE)


@given(seed=st.integers(0, 10_000), mu=st.floats(-3, 3), kt=st.one_of(st.just(0.0), st.floats(1e-3, 1)))
def test_sums_of_the_parts(seed: int, mu: float, kt: float) -> None:
    """The names add up at any k, whatever the model, the level and the temperature."""
    bands = Bands.of(torus_models.random_torus(seed, amplitude=0.8), np.random.default_rng(seed).normal(size=(5, 2)))
    x = bands.integrals(1.0, 1, 0, mu, kt)
    scale = 1e-12 * (1 + max(abs(v) for v in x.values()))
    total = x["conventional"] + x["torque_dipole_1"] + x["torque_dipole_2"]
    assert total == pytest.approx(x["liu2023_corrected"], abs=scale)
    assert x["topological"] + x["torque_dipole_2"] == pytest.approx(x["liu2023_corrected"], abs=scale)
    assert x["topological"] - x["torque_dipole_2"] == pytest.approx(x["liu2023"], abs=scale)


@given(seed=st.integers(0, 10_000))
def test_currents_are_antisymmetric_except_the_conventional_one(seed: int) -> None:
    bands = Bands.of(torus_models.random_torus(seed), np.random.default_rng(seed).normal(size=(5, 2)))
    forward, backward = bands.x(0, 1), bands.x(1, 0)
    for name in ("liu2023", "liu2023_corrected", "topological", "torque_dipole_2"):
        np.testing.assert_allclose(forward[name], -backward[name], atol=1e-12)
    assert np.abs(forward["conventional"] + backward["conventional"]).max() > 1e-6


@given(seed=st.integers(0, 10_000), kt=st.floats(0.01, 1))
def test_charge_limit(seed: int, kt: float) -> None:
    """s -> 1 turns every definition into the Berry curvature: sigma_xy = -(e^2/hbar) sum f Omega after s -> -e."""
    bands = Bands.of(torus_models.random_torus(seed), np.random.default_rng(seed).normal(size=(5, 2)))
    omega = bloch.berry_curvature(bands.connection)[:, 0]
    charge = bands.with_spin(np.eye(4))
    for name, x in charge.x(0, 1).items():
        expected = 0 * omega if name.startswith("torque_dipole") else omega
        np.testing.assert_allclose(x, expected, atol=1e-10)


def test_charge_limit_is_the_textbook_kubo_formula() -> None:
    model, _, _ = sampled("skew")
    slow = kubo.conventional(model, np.eye(4), 0, 1, mu=0.1, kt=0.25)
    bands = Bands.of(model, model.mesh(12)).with_spin(np.eye(4))
    assert bands.integrals(model.area, 0, 1, 0.1, 0.25)["conventional"] == pytest.approx(slow, abs=1e-13)


@pytest.mark.parametrize("kt", [0.0, 0.3])
@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 0)])
def test_conventional_is_the_double_sum(kt: float, i: int, j: int) -> None:
    model, _, _ = sampled("square")
    slow = kubo.conventional(model, model.spin, i, j, mu=0.4, kt=kt)
    found = Bands.of(model, model.mesh(12)).integrals(model.area, i, j, 0.4, kt)
    assert found["conventional"] == pytest.approx(slow, abs=1e-13)


# ---- the total-derivative theorem ----


@pytest.mark.parametrize("name", ["doublets"])
def test_one_filled_and_one_empty_group_published_equals_corrected(name: str) -> None:
    """tr s [d_i P, d_j P] is a total derivative: with one group on each side of the gap torque dipole 2 integrates
    to zero, although its integrand does not vanish."""
    model, g, bands = sampled(name)
    x = bands.integrals(model.area, 1, 0, mu=0.2, kt=0.0)
    local = bands.x(1, 0)["torque_dipole_2"][:, :2].sum(axis=1)
    assert np.abs(local).max() > 1e-2
    assert abs(x["torque_dipole_2"]) < 1e-13
    assert abs(x["liu2023"]) > 1e-3
    reference = projector.integrated(g, projector.published(g, model.spin, 1, 0), projector.fermi(g, 0.2, 0.0))
    assert x["liu2023"] == pytest.approx(reference, abs=TOLERANCE)


@given(seed=st.integers(0, 200), trace=st.sampled_from([0.0, 0.7]))
def test_two_bands(seed: int, trace: float) -> None:
    """Published and corrected agree, and both are tr(s)/2 times the charge response: zero for a traceless spin."""
    rng = np.random.default_rng(seed)
    spin = sum(c * p for c, p in zip(rng.normal(size=3), torus_models.PAULI, strict=True)) + trace / 2 * np.eye(2)
    model = torus_models.qwz(mass=1.0, spin=spin)
    x = Bands.of(model, model.mesh(64)).integrals(model.area, 0, 1, mu=0.0, kt=0.0)
    chern = berry.chern_number(model.h, Zone(model.lattice, 24), 1)
    for name in ("liu2023", "liu2023_corrected", "topological"):
        assert x[name] == pytest.approx(trace / 2 * chern / (2 * np.pi), abs=1e-12)


def test_one_filled_band_below_several_empty_ones_is_not_covered_by_the_theorem() -> None:
    """The spin inside a group of three empty bands is not the sum over the bands: the two totals differ."""
    model = torus_models.random_torus(1, lattice=torus_models.SKEW)
    bands = Bands.of(model, model.mesh(MESH))
    x = bands.integrals(model.area, 1, 0, mu=-2.0, kt=0.0)
    assert bands.energies[:, 0].max() < -2.0 < bands.energies[:, 1].min()
    assert abs(x["torque_dipole_2"]) > 1e-4


@pytest.mark.parametrize("name", MODELS)
def test_a_completely_filled_model(name: str) -> None:
    """Every part vanishes except the second torque dipole, which survives unless there are only two groups: a known
    defect of that derivation, and the reason why its totals need a stated set of bands."""
    model, g, bands = sampled(name)
    x = bands.integrals(model.area, 1, 0, mu=50.0, kt=0.0)
    for part in ("conventional", "topological", "torque_dipole_1"):
        assert abs(x[part]) < TOLERANCE
    exact = kinetic.currents(g, model.spin, 1, 0, 50.0, 0.2).torque_dipole_2
    assert x["torque_dipole_2"] == pytest.approx(exact, abs=TOLERANCE)
    assert (abs(exact) < TOLERANCE) == (len(g.groups) == 2)


# ---- the exact conserved current ----

INSULATORS = {
    "doublets": (torus_models.inversion_doublets(), 2),
    "chern": (torus_models.chern_four(), 2),
    "skew": (torus_models.random_torus(1, lattice=torus_models.SKEW), 2),
    "one band": (torus_models.random_torus(1, lattice=torus_models.SKEW), 1),
}


@pytest.mark.parametrize("name", INSULATORS)
def test_shi_is_the_response_to_a_field_of_finite_wave_vector(name: str) -> None:
    model, filling = INSULATORS[name]
    exact = finite_q.spin_hall(model, filling, n=64)
    found = Bands.of(model, model.mesh(MESH)).shi(1, 0, filling).mean() / model.area
    assert abs(exact) > 1e-3
    assert found == pytest.approx(exact, abs=2e-9)


@pytest.mark.parametrize("name", ["doublets", "chern"])
def test_shi_is_the_streda_derivative(name: str) -> None:
    """The spin density that a magnetic field induces at a chemical potential in the gap."""
    model, filling = INSULATORS[name]
    bands = Bands.of(model, model.mesh(MESH))
    mu = (bands.energies[:, filling - 1].max() + bands.energies[:, filling].min()) / 2
    exact = hofstadter.spin_hall(model, mu)
    assert bands.shi(1, 0, filling).mean() / model.area == pytest.approx(exact, rel=1e-5)


def test_streda_derivative_of_the_charge_is_the_chern_number() -> None:
    """Fixes the sign of the field in the reference: J_y/E_x of unit charges is minus the Chern number."""
    model, filling = INSULATORS["chern"]
    chern = berry.chern_number(model.h, Zone(model.lattice, 24), filling)
    assert abs(chern) == pytest.approx(2, abs=1e-10)
    levels = np.linalg.eigvalsh(model.h(model.mesh(MESH)))
    mu = (levels[:, filling - 1].max() + levels[:, filling].min()) / 2
    streda = hofstadter.spin_hall(model, mu, spin=np.eye(4))
    assert streda == pytest.approx(-chern / (2 * np.pi), abs=1e-10)
    found = Bands.of(model, model.mesh(MESH)).with_spin(np.eye(4)).shi(1, 0, filling)
    assert found.mean() / model.area == pytest.approx(streda, abs=1e-10)


@given(seed=st.integers(0, 200))
def test_shi_vanishes_for_a_two_band_insulator(seed: int) -> None:
    spin = sum(c * p for c, p in zip(np.random.default_rng(seed).normal(size=3), torus_models.PAULI, strict=True))
    model = torus_models.qwz(mass=1.0, spin=spin)
    assert abs(Bands.of(model, model.mesh(64)).shi(0, 1, 1).mean()) < 1e-12


# ---- curvature and orbital moment ----


def test_curvature_and_orbital_moment_from_the_states() -> None:
    model, g, bands = sampled("skew")
    chosen = np.arange(0, MESH * MESH, 301)
    k = model.mesh(MESH)[chosen]
    connection = bands.connection[chosen]
    omega = bloch.berry_curvature(connection)[:, 0]
    # m = -(e/2 hbar) x, in Bohr magnetons e hbar/(2 m0): x over -2 (hbar^2/2 m0)
    magneton = 2 * 1e20 * constants.hbar**2 / (2 * constants.m_e * constants.e)
    moment = -magneton * bloch.orbital_moment(connection, bands.energies[chosen])[:, 0]
    for band in range(4):
        curvature, local_moment = berry.curvature_and_moment(model.h, k, band)
        np.testing.assert_allclose(omega[:, band], curvature, atol=1e-8)
        np.testing.assert_allclose(moment[:, band], local_moment, atol=1e-8)
        field = projector.orbital_moment(g, band, 0, 1).reshape(-1)[chosen]
        np.testing.assert_allclose(moment[:, band], field, atol=1e-9)


def test_components_of_the_curvature_are_cyclic() -> None:
    """A Weyl point H = k.sigma: the curvature of the lower band is k/(2 k^3), each component on its own axis."""
    k = np.random.default_rng(2).normal(size=(6, 3))
    sigma = np.array(torus_models.PAULI)
    energies, u = np.linalg.eigh(np.einsum("ki,iab->kab", k, sigma))
    velocity = u.conj().swapaxes(-1, -2)[:, None] @ sigma[None] @ u[:, None]
    gaps = energies[:, None, :] - energies[:, :, None]
    connection = bloch.berry_connection(velocity, bloch.inverse_gaps(gaps, gaps != 0))
    omega = bloch.berry_curvature(connection)
    expected = k / (2 * np.linalg.norm(k, axis=1)[:, None] ** 3)
    np.testing.assert_allclose(omega[..., 0], expected, atol=1e-12)
    np.testing.assert_allclose(omega[..., 1], -expected, atol=1e-12)


def test_occupations() -> None:
    energies = np.linspace(-1, 1, 7)[None]
    kelvin = 0.1 / BOLTZMANN_EV_PER_K
    expected = 1 / (np.exp((energies - 0.2) / 0.1) + 1)
    np.testing.assert_allclose(bloch.occupations(energies, np.array([0.2]), kelvin)[0], expected, rtol=1e-12)
