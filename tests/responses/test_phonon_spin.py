"""The spin conductivity of a metal with soft phonons: numbers, honest errors, levels, refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants

from crosscurrent.models.paraelectric_metal import model_metal, strontium_titanate
from crosscurrent.physics.phonon_spin.spin_trace import polarization_vertex
from crosscurrent.physics.phonon_spin.weights import phonon_integral
from crosscurrent.responses import phonon_spin as module
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.results import explain, load, save, select_components, warnings_of
from crosscurrent.units import InputError

METAL = model_metal()
#: T (K), E_g (meV), and, of the published weight: order q^2 over analytic, any q at 1e-3 k_F over analytic
REFERENCE = [
    (0.1, 0.0, 0.999512813, 0.987768776),
    (1.0, 0.0, 0.954803338, 0.944032241),
    (1.0, 0.5, 0.835055038, 0.826568583),
    (1.0, 1.0, 0.755978278, 0.748734960),
    (10.0, 0.0, 0.4857259, 0.4813376),
]


def chi(temperature, gap, q, metal=METAL, **settings):
    ds = phonon_spin(metal, temperature, gap, [q, 0, 0], q_unit="k_F", **settings)
    return ds["chi"].item(), ds["chi_error"].item(), str(ds["level"].item())


@pytest.mark.parametrize(("temperature", "gap", "second", "full"), REFERENCE)
def test_levels_have_the_digits_of_the_reference(temperature, gap, second, full):
    gap *= 1e-3
    a, *_ = chi(temperature, gap, 1e-3, level="analytic", weight="published")
    c, *_ = chi(temperature, gap, 1e-3, level="second_order", weight="published", tolerance=1e-3)
    assert c / a == pytest.approx(second, rel=2e-7)
    if temperature == 1.0:
        d, *_ = chi(temperature, gap, 1e-3, level="full", weight="published", tolerance=1e-3)
        assert d / a == pytest.approx(full, rel=2e-6)
    b, *_ = chi(temperature, gap, 1e-3, level="fermi_surface", weight="published")
    assert b / a == pytest.approx(full, rel=2e-4)


def test_thermal_weight_and_si_numbers():
    a, *_ = chi(1.0, 1e-3, 0.0, level="analytic", weight="published")
    assert a == pytest.approx(2.10795211e-39, rel=1e-7)
    thermal, *_ = chi(1.0, 1e-3, 0.0, level="analytic")
    assert thermal / a == pytest.approx(6.56720130, rel=1e-8)
    c, *_ = chi(1.0, 1e-3, 0.0, level="second_order", tolerance=1e-3)
    assert c / thermal == pytest.approx(0.74379683, rel=1e-6)
    # Eq. (19), in SI units and from scratch
    tau, kt, density = 1e-14, constants.k, METAL.density()
    factor = density * constants.e * constants.hbar * tau / METAL.mass
    factor *= (
        (METAL.coupling * constants.e * 1e-15) ** 2 / (constants.hbar * 4e-26 * 1e12) * (kt * tau / constants.hbar) ** 2
    )
    i = float(phonon_integral(1e-3 * constants.e / kt, "published"))
    assert a == pytest.approx(factor * METAL.quality * 8 / (5 * np.pi**2) * i, rel=1e-12)


def test_q_dependence_of_the_reference():
    c, *_ = chi(1.0, 1e-3, 0.0, level="second_order", weight="published", tolerance=1e-3)
    for q, expected in ((0.002, 0.96255706), (0.01, 0.46868823)):
        d, *_ = chi(1.0, 1e-3, q, level="full", weight="published", tolerance=1e-3)
        b, error, _ = chi(1.0, 1e-3, q, level="fermi_surface", weight="published")
        assert d / c == pytest.approx(expected, rel=2e-6)
        assert abs(b - d) < error < 1e-3 * b


@pytest.mark.parametrize(
    ("temperature", "gap", "expected"), [(1e-3, 0.0, 3.9998), (1.0, 1e-3, 3.61), (10.0, 0.0, 3.47)]
)
def test_slope_in_frequency(temperature, gap, expected):
    """chi(w) = chi (1 + s i w tau): s is 4 for phonons at rest, not 3/2 (Eq. (31))."""
    hbar_over_tau = constants.hbar / 1e-14 / constants.e
    ds = phonon_spin(
        METAL, temperature, gap, [0, 0, 0], level="fermi_surface", weight="published", omega=[0.0, 1e-4 * hbar_over_tau]
    )
    low, high = ds["chi"].values.ravel()
    assert ((high / low).imag / 1e-4) == pytest.approx(expected, rel=2e-3)
    assert low.imag == 0


def test_frequency_of_both_levels_and_of_phonons_that_a_field_makes():
    omega = [0.0, 2e-3, 0.02]
    settings = {"omega": omega, "tolerance": 1e-3}
    b = phonon_spin(METAL, 5.0, 1e-4, [1e-3, 0, 0], q_unit="k_F", level="fermi_surface", **settings)
    d = phonon_spin(METAL, 5.0, 1e-4, [1e-3, 0, 0], q_unit="k_F", level="full", **settings)
    assert b["conductivity"].dims[3] == "omega" and np.iscomplexobj(b["conductivity"])
    # the last is 46 kT, far beyond the thermal phonons
    for at in range(3):
        value = b["chi"].values.ravel()[at]
        assert (
            abs(value - d["chi"].values.ravel()[at])
            < b["chi_error"].values.ravel()[at] + d["chi_error"].values.ravel()[at]
        )
    # at a frequency far above kT phonons are emitted although none is thermal
    cold, exact = (
        phonon_spin(METAL, [0.01, 0.02], 1e-3, [0, 0, 0], level=level, omega=[5e-3], tolerance=1e-3)
        for level in ("fermi_surface", "second_order")
    )
    values = np.abs(cold["chi"].values.ravel())
    assert values[0] == pytest.approx(values[1], rel=1e-3) and values[0] > 0
    assert exact["chi_error"].values.max() < 1e-5 * values[0]
    difference = np.abs((cold["chi"] - exact["chi"]).values)
    assert (difference <= cold["chi_error"].values + exact["chi_error"].values).all()


# ------------------------------------------------------------------------------------------------ honest errors
def random_points(seed: int, count: int) -> Iterator[tuple[float, float, float, Any, str]]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        temperature, gap = 10 ** rng.uniform(-1.3, 1.7), rng.choice([0.0, 10 ** rng.uniform(-5, -2.5)])
        if gap > 40 * 8.6e-5 * temperature:
            gap = 0.0
        metal = replace(METAL, relaxation_time=10 ** rng.uniform(-15, -12.5), phonon_velocity=10 ** rng.uniform(3, 4.5))
        yield temperature, gap, 10 ** rng.uniform(-5, 0), metal, str(rng.choice(["thermal", "published"]))


def check_honest(seed: int, count: int, levels: Sequence[str]) -> None:
    for temperature, gap, q, metal, weight in random_points(seed, count):
        exact, rest, _ = chi(temperature, gap, q, metal, level="full", weight=weight, tolerance=1e-3)
        for level in levels:
            value, error, used = chi(temperature, gap, q, metal, level=level, weight=weight, tolerance=3e-2)
            point = f"{level} ({used}) at T={temperature}, E_g={gap}, q={q}, {metal}, {weight}"
            assert abs(value - exact) <= error + rest, point
            if level == "auto":
                assert error <= 4e-2 * abs(value), point


@pytest.mark.parametrize("seed", [11, 14])
def test_errors_cover_the_difference_to_the_full_level(seed):
    check_honest(seed, 6, ("analytic", "fermi_surface", "second_order", "auto", "full"))


@pytest.mark.slow
def test_errors_cover_the_difference_at_200_points():
    check_honest(2, 200, ("analytic", "fermi_surface", "second_order", "auto"))


def raw_integrand(p, k, q, energy, damping, printed=False):
    """Eq. (15) at one (P, k), P = p + q/2, tilde units: all current, field and spin components (3, 3, 3)."""
    vertex = (polarization_vertex(p - q / 2, k, q) / 2j).real
    charge = p - q if printed else p
    propagators = 0.0
    for sign in (1, -1):
        product = 1.0
        for momentum, shift in ((p, 0.0), (p + k, sign * energy)):
            ahead, behind = (0.5 * (np.sum((momentum + s * q / 2) ** 2) - 1) for s in (1, -1))
            product *= 1 / ((shift - ahead + 1j * damping) * (shift - behind - 1j * damping))
        propagators = propagators + product
    return 1j / np.pi * np.einsum("i,j,a->ija", p + k, charge, vertex) * propagators


@given(seed=st.integers(0, 2**32 - 1), length=st.floats(1e-3, 1.9), damping=st.floats(1e-3, 0.3))
def test_the_corrected_vertex_makes_a_real_conductivity(seed, length, damping):
    """At any q: two points of the integral that inversion exchanges add up to a real number, and with p - q/2 they do
    not."""
    rng = np.random.default_rng(seed)
    p, k, q = rng.normal(size=(3, 3))
    q *= length / np.linalg.norm(q)
    pair, printed = (
        raw_integrand(p, k, q, 0.1, damping, p_minus) + raw_integrand(-p, -k, q, 0.1, damping, p_minus)
        for p_minus in (False, True)
    )
    size = np.abs(raw_integrand(p, k, q, 0.1, damping)).max()
    assert np.abs(pair.imag).max() < 1e-12 * size
    assert np.abs(printed.imag).max() > 1e-6 * size


# ------------------------------------------------------------------------------------------------ levels
def test_automatic_level_takes_the_cheapest_that_will_do():
    cases = [
        (0.02, 0.0, 1e-5, 1e-2, "analytic"),
        (1.0, 0.0, 1e-3, 1e-2, "fermi_surface"),
        (20.0, 0.0, 1e-5, 1e-4, "second_order"),
    ]
    for temperature, gap, q, tolerance, expected in cases:
        assert chi(temperature, gap, q, tolerance=tolerance)[2] == expected
    assert chi(3.0, 0.0, 5e-3, tolerance=1e-5)[2] == "full"
    mixed = phonon_spin(METAL, [0.02, 5.0], [0.0], [[1e-5, 0, 0], [3e-3, 0, 0]], q_unit="k_F")
    assert mixed["level"].values[0, 0, 0] == "analytic" and mixed["level"].values[1, 0, 1] == "fermi_surface"
    assert "analytic at 1" in mixed.attrs["method"]


def test_a_level_out_of_its_regime_says_so():
    ds = phonon_spin(strontium_titanate(), 10.0, 2e-3, [3.3e-4, 0, 0], level="analytic", weight="published")
    text = "\n".join(warnings_of(ds))
    assert "level analytic out of its regime at 1 of 1 points" in text
    assert "RA one-loop model" in text and "published phonon weight" in text and "T*" not in text
    assert ds["kappa_T"].item() == pytest.approx(376, rel=0.01)
    assert 2 * ds["k_th_over_2kF"].item() == pytest.approx(1.24, abs=0.01)
    assert ds["ql"].item() == pytest.approx(0.957, abs=0.01)
    # the error says that the number is worthless
    assert ds["model_error"].item() > 0.99
    exact = phonon_spin(strontium_titanate(), 10.0, 2e-3, [0, 0, 0], level="second_order", weight="published")
    assert exact["chi"].item() / ds["chi"].item() == pytest.approx(2.25e-4, rel=0.02)


def test_warnings_of_the_other_limits():
    dirty = replace(METAL, relaxation_time=3e-16)
    text = "\n".join(warnings_of(phonon_spin(dirty, 1.0, 0.0, [0, 0, 0])))
    assert "no quasiparticles" in text
    text = "\n".join(warnings_of(phonon_spin(METAL, 0.5, 0.0, [0, 0, 0])))
    assert "below T* = 0.769 K" in text
    text = "\n".join(warnings_of(phonon_spin(METAL, 0.5, 1e-3, [0, 0, 0], vertex="published")))
    assert "spurious" in text and "T*" not in text
    text = "\n".join(warnings_of(phonon_spin(METAL, 3000.0, 0.0, [0, 0, 0], level="fermi_surface")))
    assert "kT/E_F" in text and "fermi_surface out of its regime" in text


def test_published_vertex_adds_the_spurious_coefficient():
    ds = phonon_spin(
        METAL, 1.0, 1e-3, [1e-3, 0, 0], q_unit="k_F", level="analytic", weight="published", vertex="published"
    )
    assert ds["chi"].item() / ds["kappa"].item() == pytest.approx(12 / 5 * METAL.quality, rel=1e-12)
    sigma = ds["conductivity"].squeeze().sel(spin="z")
    xy, yx = (complex(sigma.sel(current=a, field=b)) for a, b in ("xy", "yx"))
    # Eqs. (23), (24)
    assert xy == pytest.approx(yx.conjugate()) and xy.imag > 0
    levels = [
        phonon_spin(METAL, 1.0, 1e-3, [1e-3, 0, 0], q_unit="k_F", level=level, weight="published", vertex="published")
        for level in ("fermi_surface", "full")
    ]
    kappas = [level["kappa"].item() for level in levels]
    assert kappas[0] == pytest.approx(kappas[1], rel=1e-3)
    assert kappas[0] < ds["kappa"].item()


def test_two_dimensions():
    q = [[1e-3, 0.0], [1e-3, 2e-3]]
    ds = phonon_spin(METAL, [0.5, 1.0], 1e-4, q, q_unit="k_F", dimension=2)
    assert ds["conductivity"].dims[-3:] == ("current", "field", "spin")
    assert ds["conductivity"].shape == (2, 1, 2, 2, 2, 3)
    assert not ds["conductivity"].sel(spin=["x", "y"]).values.any()
    qx, qy = (ds[f"q_{a}"].values * 1e10 for a in "xy")
    found = ds["conductivity"].sel(current="x", field="y", spin="z").values
    np.testing.assert_allclose(found, ds["chi"].values * (qx**2 - qy**2), rtol=1e-12)
    # Eq. (42) with 3/pi, SI units
    tau, kt = 1e-14, constants.k
    g = METAL.coupling * constants.e * 1e-10
    factor = METAL.density(2) * constants.e * constants.hbar * tau / METAL.mass
    factor *= g**2 * tau / (constants.hbar * 4e-26 * 1e8) * (kt * tau / constants.hbar) * METAL.quality
    y = 1e-4 * constants.e / kt
    expected = factor * 3 / np.pi * 0.5 * np.log(1 / np.tanh(y / 2))
    a = phonon_spin(METAL, 1.0, 1e-4, [0, 0], dimension=2, level="analytic", weight="published")
    assert a["chi"].item() == pytest.approx(expected, rel=1e-12)
    plane = phonon_spin(METAL, 1.0, 1e-4, q, q_unit="k_F", dimension=2, axis="easy_plane")
    assert not plane["conductivity"].values.any() and "easy plane" in "\n".join(warnings_of(plane))


# ------------------------------------------------------------------------------------------------ work and results
def test_chunks_do_not_change_the_numbers(monkeypatch):
    temperature, gap, q = np.geomspace(0.5, 5, 5), [0.0, 5e-4], [[0.01, 0, 0], [0, 0.02, 0], [0.01, 0, 0]]
    stages: list[tuple[str, int]] = []

    def backwards(stage: str, work: Any, chunks: Sequence[Any], weights: Any = None) -> Iterator[Any]:
        stages.append((stage, len(chunks)))
        assert sum(weights) == 5 * 2 * 2  # two lengths of q, not three vectors
        done = {i: work(chunks[i]) for i in reversed(range(len(chunks)))}
        return iter([done[i] for i in range(len(chunks))])

    whole = phonon_spin(METAL, temperature, gap, q, level="fermi_surface")
    monkeypatch.setattr(module, "_CHEAP", 3)
    pieces = phonon_spin(METAL, temperature, gap, q, level="fermi_surface", run=backwards)
    assert stages == [("phonon_spin", 8)]
    np.testing.assert_allclose(pieces["conductivity"].values, whole["conductivity"].values, rtol=1e-7)
    assert pieces["chi"].dims == ("temperature", "gap", "wavevector")
    assert (pieces["chi"].values[:, :, 0] == pieces["chi"].values[:, :, 2]).all()


def test_result_explains_itself_and_survives_a_file(tmp_path):
    ds = phonon_spin(METAL, [1.0, 2.0], [0.0, 1e-3], [[0.01, 0, 0]], vertex="published")
    text = explain(ds)
    assert "RA one-loop model" in text and "level of evaluation" in text
    back = load(save(ds, tmp_path / "a.nc"))
    assert (back["level"].values == ds["level"].values).all()
    np.testing.assert_array_equal(back["conductivity"].values, ds["conductivity"].values)
    # index order of the house: current, field, spin
    one = select_components(ds, ["xyz"])["conductivity"]
    assert one.values.ravel()[0] == ds["conductivity"].values[0, 0, 0, 0, 1, 2]
    np.testing.assert_allclose(
        ds["conductivity_error"].sel(current="y", field="x", spin="z").values.ravel(),
        ((ds["chi_error"] + ds["kappa_error"]) * (ds["q"] * 1e10) ** 2).values.ravel(),
    )


def test_frozen_phonons_are_zero_without_an_error():
    ds = phonon_spin(METAL, 1e-3, 0.1, [1e-3, 0, 0], q_unit="k_F")
    assert ds["chi"].item() == 0 and ds["chi_error"].item() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"temperature": 0.0}, "temperature must be positive"),
        ({"temperature": [1.0, -2.0]}, "got -2 K"),
        ({"temperature": np.nan}, "finite"),
        ({"temperature": "warm"}, "not a number"),
        ({"gap": -1e-3}, "must not be negative"),
        ({"gap": [[0.0]]}, "one finite number or a list"),
        ({"q": [2.1, 0, 0], "q_unit": "k_F"}, "2 k_F"),
        ({"q": [1.9, 0, 0]}, "2.08 k_F"),
        ({"q": [0.1, 0.2]}, "vectors of 3"),
        ({"q": [0, 0, np.inf]}, "finite"),
        ({"q": [0, 1e300, 0]}, "finite"),
        ({"q_unit": "1/m"}, "unknown unit of q"),
        ({"level": "fermi_surfaces"}, "Did you mean 'fermi_surface'"),
        ({"weight": "bose"}, "unknown weight"),
        ({"vertex": "p"}, "unknown vertex"),
        ({"axis": "z"}, "unknown axis"),
        ({"dimension": 1}, "2 or 3"),
        ({"tolerance": 0.0}, "between 0 and 1"),
        ({"dimension": 2, "q": [0.01, 0], "gap": 0.0}, "diverges in two dimensions"),
        ({"dimension": 2, "q": [0.01, 0], "level": "full"}, "three dimensions only"),
        ({"level": "analytic", "omega": 1e-3}, "static"),
        ({"omega": -1.0}, "must not be negative"),
        ({"metal": "srtio3"}, "of a metal with soft phonons, got str"),
    ],
)
def test_bad_input_is_refused(change, words):
    question: dict[str, Any] = {"metal": METAL, "temperature": 1.0, "gap": 1e-3, "q": [0.01, 0, 0]} | change
    with pytest.raises(InputError, match=words):
        phonon_spin(**question)
