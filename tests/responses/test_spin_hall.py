"""`spin_hall` as a whole: charge limit, windows of chemical potentials, temperature, frequency, operators, units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials.bi2se3 import bi2se3_lattice
from crosscurrent.models.materials.bismuth import FERMI_ENERGY, bismuth_wannier
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.qwz import qwz
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.zone import FIXED_GRID, Adaptive, UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.spin_hall import DEFINITIONS, spin_hall
from crosscurrent.units import BOLTZMANN_EV_PER_K, E2_OVER_HBAR_S
from reference import torus_models
from reference.bridge import package_model
from reference.torus_models import random_unitary

BAND_SUMS = tuple(name for name in DEFINITIONS if name != "shi2006")
TOTALS = ("conventional", "liu2023", "liu2023_corrected")
MESH = UniformMesh((10, 9))
MESH_3D = UniformMesh((6, 5, 4))


def charge(n: int) -> Operator:
    """s -> -1: what every definition calls a current is then the charge current."""
    return Operator.constant(-np.eye(n)[None], labels=("charge",), unit="")


def models() -> dict[str, tuple[TightBinding, Any, float]]:
    return {
        "torus": (package_model(torus_models.random_torus(3)), MESH, 1.0),
        "doublets": (package_model(torus_models.inversion_doublets()), MESH, 0.2),
        "kane-mele": (kane_mele(), MESH, 1.3),
        "haldane": (haldane(mass=0.2), MESH, 0.9),
        "bi2se3": (bi2se3_lattice(), MESH_3D, 0.9),
        "bi2se3 magnetic": (bi2se3_lattice(magnetization=(0.1, 0, 0.2)), MESH_3D, 0.9),
        "bismuth": (bismuth_wannier(), UniformMesh((4, 4)), FERMI_ENERGY + 0.6),
    }


NAMES = ("torus", "doublets", "kane-mele", "haldane", "bi2se3", "bi2se3 magnetic", "bismuth")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kelvin", [0.0, 1500.0])
def test_charge_limit(name: str, kelvin: float) -> None:
    """Every definition becomes the anomalous Hall conductivity within the model's states."""
    model, mesh, mu = models()[name]
    options: dict[str, Any] = {"method": mesh, "temperature": kelvin}
    sigma = anomalous_hall(model, mu, **options)
    within = sigma["within" if "within" in sigma else "conductivity"]
    factor = 2 * np.pi if model.dim == 2 else E2_OVER_HBAR_S / 1e-8
    data = spin_hall(
        model,
        mu,
        spin=charge(model.n_states),
        definitions=TOTALS,
        unit="e" if model.dim == 2 else "e/angstrom",
        **options,
    )
    axes = list(range(model.dim))
    # the charge current along the field is dissipative or zero: only the Hall part is asked for
    off = np.array([[i != j for j in axes] for i in axes])
    for definition in TOTALS:
        found = factor * data[definition].isel(mu=0, spin=0).values
        np.testing.assert_allclose(found[off], within.isel(mu=0).values[off], atol=1e-11 * factor, rtol=1e-10)
    scale = np.abs(within.values).max()
    assert scale > 1e-3 if name not in ("doublets", "kane-mele", "bi2se3", "bismuth") else scale < 1e-3 * factor


def test_charge_limit_of_the_exact_current() -> None:
    for model in (haldane(), qwz(), package_model(torus_models.chern_four())):
        filling = model.n_states // 2
        data = spin_hall(
            model, filling=filling, method=UniformMesh((40, 40)), spin=charge(model.n_states), unit="e/(2 pi)"
        )
        for name in ("conventional", "liu2023", "liu2023_corrected", "topological", "shi2006"):
            xy = float(data[name].isel(filling=0, spin=0).sel(current="x", field="y"))
            assert abs(xy) == pytest.approx(round(abs(xy)), abs=1e-6), name
            assert xy == pytest.approx(
                float(data["liu2023"].isel(filling=0, spin=0).sel(current="x", field="y")), abs=1e-9
            )


# ---- many chemical potentials at once ----


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kelvin", [0.0, 600.0])
@pytest.mark.parametrize("definitions", [("conventional", "anomalous_hall"), (*TOTALS, "anomalous_hall")])
def test_a_level_does_not_know_of_the_others(name: str, kelvin: float, definitions: tuple[str, ...]) -> None:
    """Full and empty bands are left out by the window of levels; the numbers must not tell."""
    model, mesh, mu = models()[name]
    spin = None if model.spin is not None else np.array([np.diag(np.arange(model.n_states)) + 0j])
    options: dict[str, Any] = {"method": mesh, "temperature": kelvin, "definitions": definitions, "spin": spin}
    alone = spin_hall(model, [mu], **options)
    wide = spin_hall(model, [mu + 40.0, mu - 1.0, mu, mu + 0.3, mu - 40.0], **options)
    np.testing.assert_array_equal(wide["mu"], [mu + 40.0, mu - 1.0, mu, mu + 0.3, mu - 40.0])
    for definition in definitions:
        a, b = alone[definition].isel(mu=0).values, wide[definition].isel(mu=2).values
        scale = 1 + np.abs(wide[definition].values).max()
        np.testing.assert_allclose(a, b, atol=1e-10 * scale)
        # no electrons, no current; and full bands carry none either (a trace of a commutator)
        np.testing.assert_allclose(wide[definition].isel(mu=4).values, 0, atol=1e-12 * scale)
        if definition in ("conventional", "anomalous_hall"):
            np.testing.assert_allclose(wide[definition].isel(mu=0).values, 0, atol=1e-9 * scale)


def test_alone_or_with_other_definitions() -> None:
    """The short way for antisymmetric pair sums and the long way for all definitions give one number."""
    for name in ("torus", "doublets", "bi2se3 magnetic"):
        model, mesh, mu = models()[name]
        alone = spin_hall(model, [mu, mu + 0.2], method=mesh, definitions=["conventional"])
        together = spin_hall(model, [mu, mu + 0.2], method=mesh, definitions=TOTALS)
        np.testing.assert_allclose(alone["conventional"], together["conventional"], atol=1e-10)


def test_groups_of_one_band_are_bands() -> None:
    """The covariant forms through full blocks, against the short forms: a group at one k must not change the others."""
    flat = torus_models.random_torus(3)
    model, mesh = package_model(flat), UniformMesh((8, 8))
    plain = spin_hall(model, 0.3, method=mesh, definitions=BAND_SUMS, grouping="bands")
    covariant = spin_hall(model, 0.3, method=mesh, definitions=BAND_SUMS, degeneracy=1e-6)
    for name in BAND_SUMS:
        np.testing.assert_allclose(plain[name], covariant[name], atol=1e-12)
    # two copies with a spectator far above, exactly degenerate with itself: the long way, the same numbers
    n = flat.n_states
    padded = np.array([np.pad(b, ((0, 2), (0, 2))) for b in flat.blocks])
    padded[np.flatnonzero(~flat.vectors.any(axis=1))[0], [n, n + 1], [n, n + 1]] = 50.0
    spins = np.array([np.pad(s, ((0, 2), (0, 2))) for s in model.spin.blocks[0]])
    long = TightBinding(
        lattice=flat.lattice,
        vectors=flat.vectors,
        hamiltonian=padded,
        positions=np.zeros((n + 2, 3)),
        dim=2,
        spin=Operator.constant(spins),
    )
    grouped = spin_hall(long, 0.3, method=mesh, definitions=BAND_SUMS)
    for name in BAND_SUMS:
        np.testing.assert_allclose(plain[name], grouped[name], atol=1e-12)


# ---- temperature, frequency, width ----


def test_temperature_smears_the_scan() -> None:
    """sigma(mu, T) is sigma(e, 0) convolved with -df/de."""
    model, kt = package_model(torus_models.random_torus(5)), 0.08
    e = np.linspace(-7, 7, 2801)
    options: dict[str, Any] = {"method": UniformMesh((7, 6)), "definitions": TOTALS, "unit": "e"}
    cold = spin_hall(model, e, **options)
    mus = [0.4, -1.7]
    warm = spin_hall(model, mus, temperature=kt / BOLTZMANN_EV_PER_K, **options)
    for index, mu in enumerate(mus):
        # each step of the scan at e counts with f(e - mu)
        f = 0.5 * (1 - np.tanh((e[:-1] + e[1:] - 2 * mu) / (4 * kt)))
        for name in TOTALS:
            steps = np.diff(cold[name].values, axis=0)
            found = np.tensordot(f, steps, axes=1)
            np.testing.assert_allclose(warm[name].isel(mu=index).values, found, atol=3e-4)


def test_cold_is_the_limit_of_zero() -> None:
    model = package_model(torus_models.random_torus(5))
    options: dict[str, Any] = {"method": UniformMesh((7, 6)), "definitions": TOTALS}
    zero, cold = spin_hall(model, 0.35, **options), spin_hall(model, 0.35, temperature=0.05, **options)
    for name in TOTALS:
        np.testing.assert_allclose(zero[name], cold[name], atol=1e-12)


def test_frequency_goes_to_zero() -> None:
    model = package_model(torus_models.random_torus(5))
    options: dict[str, Any] = {"method": MESH, "definitions": ["conventional"], "unit": "e"}
    static = spin_hall(model, [0.3, -1.2], **options)["conventional"]
    moving = spin_hall(model, [0.3, -1.2], omega=[0.0, 1e-5, 0.5], **options)["conventional"]
    assert moving.dims == ("mu", "current", "field", "spin", "omega")
    np.testing.assert_allclose(moving.isel(omega=0).values, static.values, atol=1e-12)
    np.testing.assert_allclose(moving.isel(omega=1).values, static.values, atol=1e-8)
    assert np.abs(moving.isel(omega=2).values - static.values).max() > 1e-3
    # below the smallest gap nothing is absorbed; with a width something is
    absorbing = spin_hall(model, [0.3, -1.2], omega=[0.5], eta=0.05, **options)["conventional"]
    assert np.abs(absorbing.values.imag).max() > 1e-6


def test_width() -> None:
    """eta enters the squared denominator, and only there."""
    model = kane_mele()
    options: dict[str, Any] = {"method": MESH, "definitions": TOTALS, "unit": "e"}
    sharp, same = spin_hall(model, 0.0, **options), spin_hall(model, 0.0, eta=1e-9, **options)
    wide = spin_hall(model, 0.0, eta=0.3, **options)
    np.testing.assert_allclose(sharp["conventional"], same["conventional"], atol=1e-9)
    assert abs(sharp["conventional"] - wide["conventional"]).max() > 1e-3
    np.testing.assert_array_equal(sharp["liu2023"], wide["liu2023"])


# ---- gauge, operators, projectors, filling ----


@settings(max_examples=6)
@given(seed=st.integers(0, 1000))
def test_kane_mele_with_rashba_in_any_basis(seed: int) -> None:
    """The mesh holds the points where Kramers pairs are exactly degenerate; eigh picks any basis there."""
    model = kane_mele(lambda_r=0.3)
    u = np.kron(np.eye(2), random_unitary(np.random.default_rng(seed), 2))  # spin turns, sites stay
    turn = u.conj().T
    turned = TightBinding(
        lattice=model.cell,
        vectors=model.vectors,
        hamiltonian=turn @ model.hamiltonian @ u,
        positions=model.positions,
        dim=2,
        spin=Operator.constant(turn @ model.spin.blocks[0] @ u),
    )
    options: dict[str, Any] = {"method": UniformMesh((8, 8)), "definitions": BAND_SUMS, "unit": "e"}
    levels = np.linalg.eigvalsh(model.matrices(np.array([[0.0, 0.0]])).h)[0]
    assert levels[1] - levels[0] < 1e-9
    for mu in (0.0, 1.0):
        a, b = spin_hall(model, mu, **options), spin_hall(turned, mu, **options)
        for name in BAND_SUMS:
            np.testing.assert_allclose(a[name], b[name], atol=1e-10)


def test_projectors_add_up_to_the_whole() -> None:
    model = kane_mele(lambda_r=0.3)
    options: dict[str, Any] = {"method": MESH, "unit": "e"}
    whole = spin_hall(model, 0.1, definitions=BAND_SUMS, **options)
    parts = [spin_hall(model, 0.1, definitions=BAND_SUMS, projector=p, **options) for p in ("A", "B")]
    by_weights = spin_hall(model, 0.1, definitions=BAND_SUMS, projector=np.array([1.0, 1, 0, 0]), **options)
    for name in BAND_SUMS:
        np.testing.assert_allclose(parts[0][name] + parts[1][name], whole[name], atol=1e-12)
        np.testing.assert_array_equal(parts[0][name], by_weights[name])
    assert abs(parts[0]["conventional"] - parts[1]["conventional"]).max() > 1e-4


def test_operator_of_every_kind() -> None:
    model = bi2se3_lattice()
    options: dict[str, Any] = {"method": MESH_3D, "definitions": ["liu2023", "conventional"]}
    own = spin_hall(model, 0.1, **options)
    for spin in ("model", "spin", model.spin, model.spin.blocks[0]):
        again = spin_hall(model, 0.1, spin=spin, **options)
        np.testing.assert_array_equal(own["liu2023"], again["liu2023"])
    other = spin_hall(model, 0.1, spin="physical_spin", **options)
    assert abs(other["conventional"] - own["conventional"]).max() > 1
    # linear in the operator
    double = spin_hall(model, 0.1, spin=2 * model.spin.blocks[0], **options)
    np.testing.assert_allclose(double["conventional"], 2 * own["conventional"], rtol=1e-12, atol=1e-12)


def test_filling_is_a_level_in_the_gap() -> None:
    model = kane_mele(lambda_r=0.05)
    by_mu = spin_hall(model, 0.0, method=MESH, unit="e")
    by_count = spin_hall(model, filling=2, method=MESH, unit="e")
    assert by_count["conventional"].dims == ("filling", "current", "field", "spin")
    assert by_count["filling"].values == [2]
    for name in DEFINITIONS:
        np.testing.assert_allclose(by_count[name].values, by_mu[name].values, atol=1e-12)


def test_exact_current_only_in_a_gap() -> None:
    """NaN where bands cross the level, a number beside it, in whatever order the levels are given."""
    model = kane_mele()
    levels = [1.5, 0.0, -1.5, 0.02]
    shi = spin_hall(model, levels, method=MESH, unit="e", definitions=["shi2006", "conventional"])["shi2006"]
    assert np.isnan(shi.isel(mu=[0, 2])).all()
    assert np.isfinite(shi.isel(mu=[1, 3])).all()
    np.testing.assert_array_equal(shi.isel(mu=1), shi.isel(mu=3))


# ---- units, shapes, errors ----


def test_units_by_hand() -> None:
    model = bi2se3_lattice()
    numbers = {
        unit: spin_hall(model, 0.1, method=MESH_3D, definitions=["conventional"], unit=unit)["conventional"]
        for unit in ("e/angstrom", "(hbar/e) S/cm", "(hbar/e) S/m", "(hbar/2e) S/m")
    }
    bare = numbers["e/angstrom"]
    # e^2/hbar = 2.434135e-4 S, a spin in hbar, 1/angstrom = 1e8 /cm; sigma/2 per hbar/e is sigma per hbar/2e
    np.testing.assert_allclose(numbers["(hbar/e) S/cm"], 2.434135e-4 * 1e8 * bare, rtol=1e-6)
    np.testing.assert_allclose(numbers["(hbar/e) S/m"], 100 * numbers["(hbar/e) S/cm"], rtol=1e-12)
    np.testing.assert_allclose(numbers["(hbar/2e) S/m"], 200 * numbers["(hbar/e) S/cm"], rtol=1e-12)
    for unit, data in numbers.items():
        assert data.attrs["units"] == unit


def test_a_sheet_quoted_as_a_solid() -> None:
    model, thickness = qwz(), 7.5
    options: dict[str, Any] = {"method": MESH, "definitions": ["conventional"]}
    sheet = spin_hall(model, 0.0, unit="(hbar/e) S", **options)["conventional"]
    solid = spin_hall(model, 0.0, unit="(hbar/e) S/cm", thickness=thickness, **options)["conventional"]
    np.testing.assert_allclose(solid, sheet / (thickness * 1e-8), rtol=1e-12)
    sigma = anomalous_hall(model, 0.0, method=MESH)["conductivity"]
    quoted = anomalous_hall(model, 0.0, method=MESH, unit="S/cm", thickness=thickness)["conductivity"]
    # e^2/h = 3.874046e-5 S
    np.testing.assert_allclose(quoted, sigma * 3.874046e-5 / (thickness * 1e-8), rtol=1e-6)


def test_what_a_result_says() -> None:
    data = spin_hall(qwz(), [0.0, 0.1], method=MESH)
    assert set(DEFINITIONS) <= set(data.data_vars)
    for name in DEFINITIONS:
        assert data[name].dims == ("mu", "current", "field", "spin")
        assert data[name + "_error"].dims == data[name].dims
        assert data[name].attrs["units"] and data[name].attrs["long_name"]
    assert data["current"].values.tolist() == ["x", "y"]
    assert data["spin"].values.tolist() == ["x", "y", "z"]
    assert data.attrs["status"] == FIXED_GRID
    for name in ("liu2023", "liu2023_corrected", "topological", "torque_dipole_2", "shi2006"):
        values = data[name].values
        np.testing.assert_allclose(values, -values.swapaxes(1, 2), atol=1e-14)


def test_errors_cover_the_converged_numbers_of_a_metal() -> None:
    data = spin_hall(kane_mele(), 1.2, method=UniformMesh((24, 24)), unit="e", definitions=BAND_SUMS)
    for name in BAND_SUMS:
        assert (data[name + "_error"] >= 0).all()
    fine = spin_hall(kane_mele(), 1.2, method=UniformMesh((60, 60)), unit="e", definitions=TOTALS)
    for name in TOTALS:
        assert (abs(data[name] - fine[name]) <= data[name + "_error"] + fine[name + "_error"] + 1e-12).all()


def test_adaptive_and_uniform_agree() -> None:
    model = kane_mele()
    options: dict[str, Any] = {"definitions": TOTALS, "unit": "e", "temperature": 300.0}
    a = spin_hall(model, 1.0, method=Adaptive(rtol=1e-3), **options)
    b = spin_hall(model, 1.0, method=UniformMesh((60, 60)), **options)
    assert not a.attrs["status"].startswith("stopped")
    for name in TOTALS:
        assert (abs(a[name] - b[name]) <= a[name + "_error"] + b[name + "_error"] + 1e-12).all()
    assert float(abs(a["conventional"]).max()) > 1e-3


def test_projections_onto_single_orbitals_add_up_in_one_session() -> None:
    """Operators on lattice vectors that come and go must not be answered with the prepared sum of an earlier one."""
    model = bismuth_wannier()
    method = UniformMesh((4, 4))
    whole = spin_hall(model, FERMI_ENERGY, method=method, definitions=["conventional"]).conventional.values
    total = np.zeros_like(whole)
    for orbital in range(model.n_states):
        weights = np.eye(model.n_states)[orbital]
        part = spin_hall(model, FERMI_ENERGY, method=method, projector=weights, definitions=["conventional"])
        total += part.conventional.values
    np.testing.assert_allclose(total, whole, atol=1e-10)


def test_a_fixed_grid_does_not_claim_to_have_converged() -> None:
    data = spin_hall(qwz(), filling=1, method=UniformMesh((4, 4)), definitions=["anomalous_hall"])
    assert "converged" not in data.attrs["status"]
    assert "did not reach" not in data.attrs["warnings"]
