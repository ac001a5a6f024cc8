"""`spin_hall`, from a tight-binding model to labelled numbers, against the kinetic equation and a finite-q response."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscurrent.models.bloch import Operator
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.zone import UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.spin_hall import spin_hall
from crosscurrent.units import BOLTZMANN_EV_PER_K
from reference import finite_q, kinetic, kubo, projector, torus_models
from reference.bridge import package_model
from reference.projector import BANDS_4, DOUBLETS, Groups2D
from reference.torus_models import Torus
from reference.zone import Zone

MESH = 96
#: The bridge gives the one spin matrix to the labels x, y, z times these factors.
SPIN_FACTORS = {"x": 1.0, "y": 2.0, "z": -1.0}

MODELS = {
    "square": (torus_models.random_torus(3), BANDS_4),
    "skew": (torus_models.random_torus(1, lattice=torus_models.SKEW), BANDS_4),
    "doublets": (torus_models.inversion_doublets(), DOUBLETS),
}
MU = (-1.2, 0.1)
KT = 0.25


@cache
def groups_of(name: str) -> Groups2D:
    model, groups = MODELS[name]
    return Groups2D(model.h, Zone(model.lattice, MESH), groups)


@cache
def warm(name: str) -> xr.Dataset:
    return spin_hall(
        package_model(MODELS[name][0]),
        list(MU),
        method=UniformMesh((MESH, MESH)),
        temperature=KT / BOLTZMANN_EV_PER_K,
        unit="e",
        definitions=(
            "conventional",
            "liu2023",
            "liu2023_corrected",
            "topological",
            "torque_dipole_1",
            "torque_dipole_2",
        ),
    )


def value(data: xr.Dataset, name: str, mu: int, current: str, field: str, spin: str = "x") -> float:
    return float(data[name].isel(mu=mu).sel(current=current, field=field, spin=spin))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("mu", range(len(MU)))
@pytest.mark.parametrize(("current", "field"), [("x", "y"), ("y", "x")])
def test_warm_metal(name: str, mu: int, current: str, field: str) -> None:
    """Every part at finite temperature is what the kinetic equation gives, component by component."""
    model, _ = MODELS[name]
    i, j = "xy".index(current), "xy".index(field)
    reference = kinetic.currents(groups_of(name), model.spin, i, j, MU[mu], KT)
    first, second = reference.torque_dipole_1, reference.torque_dipole_2
    expected = {
        "conventional": reference.conventional,
        "topological": reference.c6,
        "torque_dipole_1": first,
        "torque_dipole_2": second,
        "liu2023_corrected": reference.conventional + first + second,
        "liu2023": reference.conventional + first + reference.torque_dipole_2_exchanged,
    }
    for definition, number in expected.items():
        for spin, factor in SPIN_FACTORS.items():
            found = value(warm(name), definition, mu, current, field, spin)
            assert found == pytest.approx(factor * number, abs=1e-11), (definition, spin)


@pytest.mark.parametrize("direction", ["x", "y"])
def test_longitudinal_part(direction: str) -> None:
    """The conventional current has a part along the field; the others are Hall currents by construction."""
    model, _ = MODELS["skew"]
    axis = "xy".index(direction)
    reference = kinetic.currents(groups_of("skew"), model.spin, axis, axis, MU[1], KT)
    found = value(warm("skew"), "conventional", 1, direction, direction)
    assert found == pytest.approx(reference.conventional, abs=1e-11)
    # the torque dipoles of the kinetic equation cancel it: the proper current has no part along the field
    assert reference.torque_dipole_1 == pytest.approx(-reference.conventional, abs=1e-12)
    assert reference.torque_dipole_2 == pytest.approx(0, abs=1e-12)
    assert value(warm("skew"), "torque_dipole_1", 1, direction, direction) == pytest.approx(-found, abs=1e-12)
    for definition in ("liu2023", "liu2023_corrected", "topological", "torque_dipole_2"):
        assert value(warm("skew"), definition, 1, direction, direction) == 0


@pytest.mark.parametrize("name", MODELS)
def test_insulator(name: str) -> None:
    """Step occupation in the gap: the band sums through projectors, and Shi's current from a field of finite q."""
    model, groups = MODELS[name]
    g = groups_of(name)
    half = sum(len(group) for group in groups) // 2
    levels = np.linalg.eigvalsh(model.h(model.mesh(MESH)))
    mu = (levels[:, half - 1].max() + levels[:, half].min()) / 2
    data = spin_hall(package_model(model), mu, method=UniformMesh((MESH, MESH)), unit="e")
    filled = projector.fermi(g, float(mu), 0.0)
    for definition, formula in (
        ("conventional", projector.conventional),
        ("liu2023", projector.published),
        ("liu2023_corrected", projector.corrected),
    ):
        expected = projector.integrated(g, formula(g, model.spin, 1, 0), filled)
        assert value(data, definition, 0, "y", "x") == pytest.approx(expected, abs=1e-11), definition
    exact = finite_q.spin_hall(model, half, n=64)
    assert value(data, "shi2006", 0, "y", "x") == pytest.approx(exact, abs=2e-9)


def test_cold_metal_is_the_textbook_sum() -> None:
    """Step occupation with the level inside a band, on a coarse mesh: the same points, one matrix element at a time."""
    model, _ = MODELS["square"]
    mu = 0.9
    data = spin_hall(
        package_model(model), mu, method=UniformMesh((10, 10)), unit="e", definitions=("conventional",), eta=0.05
    )
    slow = kubo.conventional(model, model.spin, 1, 0, mu, n=10, eta=0.05)
    assert value(data, "conventional", 0, "y", "x") == pytest.approx(slow, abs=1e-13)


@pytest.mark.parametrize("kelvin", [0.0, 900.0])
@pytest.mark.parametrize("name", MODELS)
def test_one_pass_over_many_levels(name: str, kelvin: float) -> None:
    """A scan, in any order, gives what each level gives alone: from empty, through bands and gaps, to full."""
    levels = [0.9, -20.0, -1.3, 20.0, 0.05, -3.1]
    model, mesh = package_model(MODELS[name][0]), UniformMesh((12, 10))
    names = ("conventional", "liu2023", "liu2023_corrected")
    scan = spin_hall(model, levels, method=mesh, temperature=kelvin, unit="e", definitions=names)
    for position, mu in enumerate(levels):
        alone = spin_hall(model, mu, method=mesh, temperature=kelvin, unit="e", definitions=names)
        for definition in names:
            np.testing.assert_allclose(
                scan[definition].isel(mu=position).values, alone[definition].isel(mu=0).values, atol=1e-14
            )
    assert not np.any(scan["liu2023"].isel(mu=1).values)
    np.testing.assert_allclose(scan["conventional"].isel(mu=3).values, 0, atol=1e-14)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), mu=st.floats(-3, 3), kelvin=st.sampled_from([0.0, 300.0, 5000.0]))
def test_decomposition_and_charge_limit(seed: int, mu: float, kelvin: float) -> None:
    """The parts add up, and unit charges give the anomalous Hall response: J = -e J_s for s -> 1, so -sigma e/hbar."""
    model = package_model(torus_models.random_torus(seed, lattice=torus_models.SKEW))
    names = ("conventional", "liu2023", "liu2023_corrected", "topological", "torque_dipole_1", "torque_dipole_2")
    mesh = UniformMesh((8, 8))
    d = spin_hall(model, mu, method=mesh, temperature=kelvin, unit="e", definitions=names)
    total = d["conventional"] + d["torque_dipole_1"] + d["torque_dipole_2"]
    scale = 1e-11 * (1 + float(abs(d["conventional"]).max()))
    hall = [{"current": "x", "field": "y"}, {"current": "y", "field": "x"}]
    for where in hall:
        np.testing.assert_allclose(total.sel(where), d["liu2023_corrected"].sel(where), atol=scale)
        difference = d["topological"].sel(where) - d["torque_dipole_2"].sel(where)
        np.testing.assert_allclose(difference, d["liu2023"].sel(where), atol=scale)
    charge = Operator.constant(np.eye(4)[None], labels=("x",), unit="hbar")
    s = spin_hall(model, mu, method=mesh, temperature=kelvin, unit="e", definitions=names, spin=charge)
    sigma = anomalous_hall(model, mu, method=mesh, temperature=kelvin, unit="e^2/h")["conductivity"]
    for name in ("conventional", "liu2023", "liu2023_corrected", "topological"):
        for where in hall:
            found = 2 * np.pi * s[name].sel(where).isel(spin=0)
            np.testing.assert_allclose(-found, sigma.sel(where), atol=1e-9)


@pytest.mark.parametrize("plane", [(0, 1), (1, 2), (2, 0)])
def test_axes_in_three_dimensions(plane: tuple[int, int]) -> None:
    """A stack of identical, uncoupled layers: the sheet response over the layer distance, in the plane it lies in."""
    flat, _ = MODELS["skew"]
    distance = 1.7
    axis = 3 - sum(plane)
    lattice = np.zeros((3, 3))
    lattice[0, list(plane)], lattice[1, list(plane)] = flat.lattice
    lattice[2, axis] = distance
    vectors = np.concatenate([flat.vectors, np.zeros((len(flat.vectors), 1), dtype=int)], axis=1)
    model = TightBinding(
        lattice=lattice,
        vectors=vectors,
        hamiltonian=flat.blocks,
        positions=np.zeros((4, 3)),
        spin=Operator.constant(np.array([1, 2, -1])[:, None, None] * flat.spin),
    )
    data = spin_hall(
        model,
        MU[1],
        method=UniformMesh((MESH, MESH, 1)),
        temperature=KT / BOLTZMANN_EV_PER_K,
        unit="e/angstrom",
        definitions=("conventional", "liu2023", "liu2023_corrected"),
    )
    names = "xyz"
    for i, j in ((0, 1), (1, 0)):
        for definition in ("conventional", "liu2023", "liu2023_corrected"):
            sheet = value(warm("skew"), definition, 1, "xy"[i], "xy"[j], "y")
            found = value(data, definition, 0, names[plane[i]], names[plane[j]], "y")
            assert found * distance == pytest.approx(sheet, abs=1e-12)
            assert value(data, definition, 0, names[axis], names[plane[j]], "y") == pytest.approx(0, abs=1e-14)


def test_units_of_a_sheet() -> None:
    model, _ = MODELS["square"]
    numbers = {
        unit: value(
            spin_hall(package_model(model), 0.0, method=UniformMesh((6, 6)), unit=unit, definitions=("conventional",)),
            "conventional",
            0,
            "y",
            "x",
        )
        for unit in ("e", "e/(2 pi)", "e/(8 pi)")
    }
    # 1 e is 2 pi of e/(2 pi)
    assert numbers["e/(2 pi)"] == pytest.approx(2 * np.pi * numbers["e"])
    assert numbers["e/(8 pi)"] == pytest.approx(8 * np.pi * numbers["e"])


def test_the_models_are_what_the_package_sees() -> None:
    """H(k) and its derivative, so that a disagreement above is about the response and not about the model."""
    flat: Torus = MODELS["skew"][0]
    k = np.random.default_rng(0).normal(size=(7, 2))
    matrices = package_model(flat).matrices(k)
    np.testing.assert_allclose(matrices.h, flat.h(k), atol=1e-13)
    np.testing.assert_allclose(matrices.dh, flat.dh(k), atol=1e-13)
