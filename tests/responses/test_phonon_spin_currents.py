"""Spin Hall angle, currents of waves and of fields in space, the scaling map and the polarization map."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import constants

from crosscurrent.models.paraelectric_metal import METALS, model_metal, strontium_titanate
from crosscurrent.numerics import periodic
from crosscurrent.physics.phonon_spin import real_space
from crosscurrent.responses import phonon_spin_fields as fields
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.responses.phonon_spin_currents import spin_hall_angle, wave_currents
from crosscurrent.responses.phonon_spin_fields import field_currents
from crosscurrent.responses.phonon_spin_map import REGIONS, crossover_map
from crosscurrent.responses.phonon_spin_vertex import polarization_map
from crosscurrent.results import explain, load, save, warnings_of
from crosscurrent.units import InputError

METAL = model_metal()
#: 1/angstrom: (3e-7 m)^-1 of the paper's estimate
Q_SRTIO3 = 1 / 3000.0


# ------------------------------------------------------------------------------------------------ spin Hall angle
def srtio3(**settings):
    return phonon_spin(strontium_titanate(), 10.0, 2e-3, [Q_SRTIO3, 0, 0], weight="published", **settings)


def test_spin_hall_angle_of_the_estimate_and_of_the_integral():
    """8.36294e-16 m^2 q^2 and 0.009292 as in the paper; a thousand times less when k l is not taken as small."""
    printed = spin_hall_angle(srtio3(level="analytic", vertex="published"), [1, 0, 0])
    angle = printed["spin_hall_angle"].item()
    assert angle / (Q_SRTIO3 * 1e10) ** 2 == pytest.approx(8.36294e-16, rel=1e-6)
    assert angle == pytest.approx(0.009292, rel=1e-4)
    assert printed["spin_hall_angle_error"].item() > 0.99 * angle
    assert printed["direction_factor"].item() == 1.0
    exact = spin_hall_angle(srtio3(level="full"), [1, 0, 0])["spin_hall_angle"].item()
    assert 5e-7 < exact < 3e-6
    limit = spin_hall_angle(srtio3(level="second_order"), [1, 0, 0])["spin_hall_angle"].item()
    assert limit == pytest.approx(2.25e-4 * angle, rel=0.02)


@pytest.mark.parametrize("spin", ["x", "y", "z"])
def test_spin_hall_angle_is_the_coefficient_times_the_direction_factor(spin):
    ds = phonon_spin(METAL, [1.0, 4.0], 5e-4, [[1e-3, 2e-3, -1e-3], [0, 0, 3e-3]], q_unit="k_F")
    out = spin_hall_angle(ds, [3.0, 0.0, 4.0], spin)
    q2 = (ds["q"].values * 1e10) ** 2
    scale = constants.e / constants.hbar / METAL.drude_conductivity()
    expected = ds["chi"].values * q2 * scale * out["direction_factor"].values
    np.testing.assert_allclose(out["spin_hall_angle"].values, expected, rtol=1e-12)
    assert (
        out["spin_hall_angle_error"].values
        >= ds["chi_error"].values * q2 * scale * out["direction_factor"].values * (1 - 1e-9)
    ).all()
    assert warnings_of(out) == warnings_of(ds) and "kim-34" in out["spin_hall_angle"].attrs["equations"]


def test_two_dimensional_angle():
    ds = phonon_spin(METAL, 1.0, 1e-4, [1e-3, 0], q_unit="k_F", dimension=2)
    out = spin_hall_angle(ds, [1, 0])
    scale = constants.e / constants.hbar / METAL.drude_conductivity(2)
    assert out["spin_hall_angle"].item() == pytest.approx(ds["chi"].item() * (ds["q"].item() * 1e10) ** 2 * scale)


# ------------------------------------------------------------------------------------------------ waves
def test_waves_of_figure_5():
    """(29) a longitudinal field along x makes a current along y of spin z; (30) one along z with q along x, -x of spin
    y."""
    ds = phonon_spin(METAL, 1.0, 5e-4, [2e-3, 0, 0], q_unit="k_F")
    size = ds["chi"].item() * (ds["q"].item() * 1e10) ** 2
    along = wave_currents(ds, [50.0, 0, 0])
    z = along["spin_current"].squeeze().sel(spin="z").values
    np.testing.assert_allclose(z, [0, 50 * size, 0], atol=1e-12 * size)
    assert not along["transverse_field"].values.any()
    across = wave_currents(ds, [0, 0, 50.0])
    y = across["spin_current"].squeeze().sel(spin="y").values
    np.testing.assert_allclose(y, [-50 * size, 0, 0], atol=1e-12 * size)
    assert not across["longitudinal_field"].values.any()
    mixed = wave_currents(ds, [30.0, 10.0, -20.0])
    total = mixed["longitudinal_field"] + mixed["transverse_field"]
    np.testing.assert_allclose(mixed["spin_current"].values, total.values, rtol=1e-12)
    assert mixed["spin_current"].attrs["units"] == "J/m^2" and mixed["spin_current_error"].values.max() > 0


def test_waves_of_a_frequency():
    ds = phonon_spin(METAL, 1.0, 5e-4, [[2e-3, 0, 0], [0, 1e-3, 0]], q_unit="k_F", omega=[0.0, 1e-3])
    out = wave_currents(ds, [1.0, 0, 0])["spin_current"]
    assert out.dims == ("temperature", "gap", "wavevector", "omega", "current", "spin")
    at = {"temperature": 0, "gap": 0, "wavevector": 1, "omega": 1}
    expected = ds["conductivity"].isel(at).sel(field="x").values
    np.testing.assert_allclose(out.isel(at).values, expected)


@pytest.mark.parametrize("field", [[0, 0, 0], [1, 0], [np.inf, 0, 0]])
def test_field_without_direction_is_refused(field):
    ds = phonon_spin(METAL, 1.0, 5e-4, [2e-3, 0, 0], q_unit="k_F")
    for call in (spin_hall_angle, wave_currents):
        with pytest.raises(InputError, match="vector of 3 components"):
            call(ds, field)
    with pytest.raises(InputError, match="not a result of phonon_spin"):
        spin_hall_angle(polarization_map([0, 0, 1], [0, 0, 1]), [1, 0, 0])
    with pytest.raises(InputError, match="no spin 'w'"):
        spin_hall_angle(ds, [1, 0, 0], "w")


# ------------------------------------------------------------------------------------------------ fields in space
def waves(shape, spacing, seed=0, count=5):
    """A real field of a few plane waves below Nyquist, and its second derivatives d_a d_b E_c, both exact."""
    rng = np.random.default_rng(seed)
    r = np.stack(np.meshgrid(*(d * np.arange(n) for n, d in zip(shape, spacing, strict=True)), indexing="ij"), axis=-1)
    field, second = np.zeros((*shape, 3)), np.zeros((*shape, 3, 3, 3))
    for _ in range(count):
        order = [rng.integers(-(n // 2) + 1, (n - 1) // 2) for n in shape]
        q = np.zeros(3)
        q[: len(shape)] = [2 * np.pi * m / (n * d) for m, n, d in zip(order, shape, spacing, strict=True)]
        wave = np.cos(r @ q[: len(shape)] + rng.uniform(0, 6))
        amplitude = rng.normal(size=3)
        field += wave[..., None] * amplitude
        second -= wave[..., None, None, None] * np.einsum("a,b,c->abc", q, q, amplitude)
    return field, second


@pytest.mark.parametrize(("shape", "spacing"), [((12,), (3.0,)), ((11, 8), (2.0, 3.0)), ((6, 7, 8), (2.0, 2.5, 1.5))])
def test_modes_and_gradients_give_the_same_current(shape, spacing):
    """J(q) = sigma(q) E(q) by FFT against -chi [(e x grad) div E + grad (e.curl E)], for chi that does not depend on
    q."""
    field, second = waves(shape, spacing)
    n = len(shape)
    modes = np.fft.fftn(field, axes=range(n))
    products = periodic.wave_vector_products(shape, spacing)
    by_modes = np.fft.ifftn(real_space.mode_currents(products, modes, 1.7), axes=range(n))
    by_gradients = real_space.gradient_currents(second, 1.7)
    assert np.abs(by_modes - by_gradients).max() < 5e-13 * np.abs(by_gradients).max()


def test_gradient_form_term_by_term():
    """The gradient form from nothing but derivatives of the components, for spin z."""
    field, second = waves((9, 8, 7), (1.0, 1.0, 1.0), seed=4)
    spacing = (1.0, 1.0, 1.0)

    def d(a, values):
        return periodic.derivative(values, a, spacing[a])

    divergence = sum(d(a, field[..., a]) for a in range(3))
    curl_z = d(0, field[..., 1]) - d(1, field[..., 0])
    # e_z x grad = (-d_y, d_x, 0)
    expected = -np.stack([-d(1, divergence) + d(0, curl_z), d(0, divergence) + d(1, curl_z), d(2, curl_z)], axis=-1)
    np.testing.assert_allclose(real_space.gradient_currents(second, 1.0)[..., 2], expected, atol=1e-11)


@pytest.mark.parametrize(("shape", "dimension"), [((10,), 3), ((8, 6), 3), ((4, 6, 5), 3), ((8, 6), 2)])
def test_long_waves_in_space_follow_the_gradient_form(shape, dimension):
    """All of `field_currents`, on a grid so coarse that q l << 1."""
    step = 3e5
    field, second = waves(shape, (step,) * len(shape), seed=2)
    if dimension == 2:
        field[..., 2], second[..., 2] = 0, 0
    out = field_currents(METAL, 1.0, 5e-4, field[..., :dimension], step, dimension=dimension, level="fermi_surface")
    vector = np.zeros(dimension)
    chi = phonon_spin(METAL, 1.0, 5e-4, vector, dimension=dimension, level="fermi_surface")["chi"].item()
    expected = real_space.gradient_currents(second * 1e20, chi)[..., :dimension, :]
    if dimension == 2:
        expected[..., :2] = 0
    found = out["spin_current"].values
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    assert (np.abs(found - expected) <= out["spin_current_error"].values + 1e-4 * np.abs(expected).max()).all()
    np.testing.assert_array_equal(out["electric_field"].values, field[..., :dimension])


def test_nyquist_modes_make_real_currents():
    """A field that alternates from point to point along x and y has q_x^2 but no q_x q_y."""
    n, step = 8, 3e5
    sign = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    field = np.zeros((n, n, 3))
    field[..., 0] = sign
    out = field_currents(METAL, 1.0, 5e-4, field, step, level="fermi_surface")["spin_current"]
    q = np.pi / (step * 1e-10)
    chi = phonon_spin(METAL, 1.0, 5e-4, [np.sqrt(2) * np.pi / step, 0, 0], level="fermi_surface")["chi"].item()
    # spin z: J_x = chi (-2 q_x q_y) E_x, J_y = chi (q_x^2 - q_y^2) E_x
    assert np.abs(out.sel(spin="z").values).max() < 1e-10 * chi * q**2
    # spin y: J_z = -chi q_x q_x E_x
    np.testing.assert_allclose(out.sel(spin="y", current="z").values, -chi * q**2 * sign, rtol=1e-9)


def test_many_lengths_of_q_are_interpolated(monkeypatch):
    rng = np.random.default_rng(1)
    field = rng.normal(size=(14, 15, 3))
    exact = field_currents(METAL, 1.0, 5e-4, field, [30.0, 41.0], level="fermi_surface")
    monkeypatch.setattr(fields, "_DIRECT", 20)
    quick = field_currents(METAL, 1.0, 5e-4, field, [30.0, 41.0], level="fermi_surface")
    difference = np.abs(exact["spin_current"] - quick["spin_current"]).values
    assert 0 < difference.max() < 1e-6 * np.abs(exact["spin_current"].values).max()
    assert (difference <= quick["spin_current_error"].values).all()


def test_result_in_space_explains_itself(tmp_path):
    field = np.zeros((16, 3))
    field[:, 0] = np.sin(2 * np.pi * np.arange(16) / 16)
    out = field_currents(METAL, 1.0, 5e-4, field, 100.0)
    assert out["spin_current"].dims == ("x", "current", "spin") and out["x"].attrs["units"] == "angstrom"
    assert "RA one-loop model" in explain(out)
    back = load(save(out, tmp_path / "j.nc"))
    np.testing.assert_array_equal(back["spin_current"].values, out["spin_current"].values)


WAVE = np.sin(2 * np.pi * np.arange(12) / 12)[:, None] * np.ones(3)


@pytest.mark.parametrize(
    ("field", "spacing", "words"),
    [
        (WAVE + 0j, 10.0, "complex"),
        (np.concatenate([WAVE, WAVE[:1]]), 10.0, "repeats its first point"),
        (np.arange(12.0)[:, None] * np.ones(3), 10.0, "not periodic along x"),
        (WAVE[:2], 10.0, "three or more"),
        (WAVE[:, :2], 10.0, "3 finite components"),
        (WAVE[:, 0], 10.0, "axes in space"),
        (WAVE * np.nan, 10.0, "finite"),
        ("wave", 10.0, "not an array of numbers"),
        (WAVE, 0.0, "positive length"),
        (WAVE, [1.0, 2.0], "positive length"),
        (WAVE, 0.2, "2 k_F"),
    ],
)
def test_bad_fields_are_refused(field, spacing, words):
    with pytest.raises(InputError, match=words):
        field_currents(METAL, 1.0, 5e-4, field, spacing)


# ------------------------------------------------------------------------------------------------ maps
def test_scaling_regions_and_exponents():
    temperature = np.geomspace(0.05, 200.0, 40)
    out = crossover_map(METAL, temperature, [0.0, 1e-3], level="fermi_surface")
    gapless, activated = out["exponent"].values.T
    names = [REGIONS[i].split(":")[0] for i in out["region"].values[:, 0]]
    assert names[0].startswith("quantum critical") and "gapless, T^2" in names and names[-1] == "gapless, T ln T"
    assert REGIONS[out["region"].values[10, 1]].startswith("thermally activated")
    # T^2 at k l << 1; T ln T once k l >> 1
    assert gapless[1] == pytest.approx(2.0, abs=0.01)
    assert 1.05 < gapless[-2] < 1.35
    # chi ~ exp(-E_g/kT): d ln chi/d ln T = E_g/kT + ...
    y = 1e-3 / (8.617333e-5 * temperature)
    assert activated[5] == pytest.approx(y[5], rel=0.1)
    assert out.attrs["T_star_K"] == pytest.approx(0.7685, rel=1e-3)
    assert "no temperature" in out.attrs["T_star_printed_unit"]
    for bad in ([1.0, 2.0], [1.0, 3.0, 2.0]):
        with pytest.raises(InputError, match="rising temperatures"):
            crossover_map(METAL, bad, 0.0)
    with pytest.raises(InputError, match="one wave vector"):
        crossover_map(METAL, temperature, 0.0, [[1, 0, 0]])


def test_polarization_map_and_its_zeros():
    out = polarization_map([0, 0, 2.0], [1.0, 0, 1.0], n_theta=19, n_phi=37)
    assert out["polarization"].shape == (19, 37) and out["vanishes_trivially"].values.sum() == 2 * 37
    assert not np.abs(out["polarization"].values[out["vanishes_trivially"].values]).max() > 1e-12
    # at theta = 90 degrees k is across the spin: e.P_perp = e.P
    np.testing.assert_allclose(out["polarization"].sel(theta=90.0).values, 2**-0.5, atol=1e-12)
    for bad in ([0, 0, 0], [1, 0]):
        with pytest.raises(InputError, match="vector must be"):
            polarization_map([0, 0, 1], bad)


def test_every_metal_answers():
    for make in METALS.values():
        assert phonon_spin(make(), 10.0, 1e-3, [0, 0, 0], level="fermi_surface")["chi"].item() > 0
