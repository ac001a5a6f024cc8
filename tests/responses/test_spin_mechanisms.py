"""Table I of Feng et al. computed, its numbers by `spin_generation` and `edelstein`, what counts as zero, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.mnbi2te4 import mnbi2te4
from crosscurrent.models.materials.rashba import rashba_gas
from crosscurrent.models.materials.rashba_antiferromagnet import rashba_antiferromagnet
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.zone import Adaptive, UniformMesh
from crosscurrent.responses.edelstein import edelstein
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.responses.spin_mechanisms import spin_mechanisms
from crosscurrent.responses.spin_mechanisms_labels import MECHANISMS
from crosscurrent.results import explain, load, save, to_dat
from crosscurrent.results.schema import check_schema, warnings_of
from crosscurrent.units import HBAR_EV_S, InputError
from reference import torus_models
from reference.bridge import package_model

AB = ("A", "B")
#: A bilayer with a larger gap than MnBi2Te4, which a small mesh resolves.
PT: dict[str, Any] = {"mu": 0.0, "mu_doped": 0.2, "omega": 0.04, "sublattices": AB, "temperature": 100.0}
TT: dict[str, Any] = {"filling": 2, "mu_doped": 1.0, "omega": 0.2, "sublattices": AB, "temperature": 150.0}
NM: dict[str, Any] = {"filling": 2, "mu_doped": 0.4, "omega": 0.1, "temperature": 100.0}


def wide_gap_bilayer() -> TightBinding:
    return mnbi2te4(exchange=0.12)


def computed(model: TightBinding, n: int, **options: Any) -> Any:
    return spin_mechanisms(model, method=UniformMesh((n, n)), relaxation_time=50.0, **options)


def kinds(data: Any) -> dict[str, str]:
    return dict(zip(MECHANISMS, (str(k) for k in data["kind"].values), strict=True))


def test_pt_antiferromagnet() -> None:
    """Last column of Table I: T-even responses staggered, T-odd ones uniform; no Edelstein effect in the insulator."""
    data = computed(wide_gap_bilayer(), 100, **PT)
    assert kinds(data) == {
        "edelstein": "none",
        "edelstein_doped": "staggered",
        "upsilon0": "uniform",
        "upsilon1": "staggered",
        "upsilon2": "uniform",
    }
    assert data.attrs["effective_in_insulator"] == "upsilon0, upsilon1, upsilon2"
    forbidden = np.minimum(data["uniform"], data["staggered"]) / np.maximum(data["uniform"], data["staggered"])
    assert forbidden[1:].max() < 1e-12
    # -3'm' leaves diag(a, a, b) to Upsilon0 and Upsilon2 and the antisymmetric xy to Upsilon1
    two = data["uniform_tensor"].sel(mechanism="upsilon2").values
    assert two[0, 0] == pytest.approx(two[1, 1], rel=1e-9)
    assert abs(two[0, 0]) > 2 * float(data["uniform_tensor_error"].sel(mechanism="upsilon2", spin="x", field="x"))
    one = data["staggered_tensor"].sel(mechanism="upsilon1").values
    assert one[1, 0] == pytest.approx(-one[0, 1], rel=1e-9)
    assert str(data["staggered_component"].sel(mechanism="upsilon1").item()) in ("xy", "yx")


def test_tt_antiferromagnet() -> None:
    """The column before: the other way round."""
    data = computed(rashba_antiferromagnet(), 96, **TT)
    assert kinds(data) == {
        "edelstein": "none",
        "edelstein_doped": "uniform",
        "upsilon0": "staggered",
        "upsilon1": "uniform",
        "upsilon2": "staggered",
    }
    share = data[["uniform_relative", "staggered_relative"]].sel(mechanism=["upsilon0", "upsilon1", "upsilon2"])
    np.testing.assert_allclose(share["uniform_relative"], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(share["staggered_relative"], [1, 0, 1], atol=1e-12)


def test_nonmagnetic_insulator() -> None:
    """Only Upsilon1, and the Edelstein effect once there is a Fermi surface."""
    expected = dict.fromkeys(MECHANISMS, "none") | {"edelstein_doped": "uniform", "upsilon1": "uniform"}
    data = computed(kane_mele(), 150, **NM)
    assert kinds(data) == expected
    assert data.attrs["effective_in_insulator"] == "upsilon1"
    assert "staggered" not in data
    # its sites differ, so with them as sublattices the T-even responses have both parts
    parted = computed(kane_mele(), 150, **NM, sublattices=AB)
    assert kinds(parted) == expected | {"edelstein_doped": "both", "upsilon1": "both"}
    np.testing.assert_allclose(parted["uniform"][1], data["uniform"][1])


def test_an_inversion_symmetric_insulator_has_nothing() -> None:
    model = kane_mele(lambda_r=0.0, lambda_v=0.0)
    assert set(kinds(computed(model, 30, **NM | {"mu_doped": 1.2, "temperature": 300.0})).values()) == {"none"}


def test_numbers_are_those_of_the_single_responses() -> None:
    """No symmetry at all: 'both' everywhere, and the tensors are sums and differences of projected ones."""
    torus = package_model(torus_models.random_torus(5, amplitude=0.1))
    torus.projectors = {"A": np.array([1.0, 1, 0, 0]), "B": np.array([0, 0, 1.0, 1])}
    mesh, omega = UniformMesh((24, 24)), 0.2
    common: dict[str, Any] = {"method": mesh, "thickness": 4.0}
    data = spin_mechanisms(
        torus,
        mu=0.0,
        mu_doped=1.0,
        omega=omega,
        temperature=800.0,
        relaxation_time=5.0,
        sublattices=AB,
        **common,
    )
    assert set(kinds(data).values()) - {"none"} == {"both"}
    tensors = spin_generation(torus, 0.0, omega, projections=AB, **common)
    surface = edelstein(torus, [0.0, 1.0], temperature=800.0, relaxation_time=5.0, projections=AB, **common)[
        "edelstein"
    ]
    frequency = omega / HBAR_EV_S
    expected = {
        "edelstein": surface.sel(mu=0.0),
        "edelstein_doped": surface.sel(mu=1.0),
        "upsilon0": tensors["upsilon0"].isel(mu=0),
        "upsilon1": -frequency * tensors["upsilon1"].isel(mu=0, omega=0),
        "upsilon2": -(frequency**2) * tensors["upsilon2"].isel(mu=0, omega=0),
    }
    for name, tensor in expected.items():
        for part, sign in (("uniform_tensor", 1), ("staggered_tensor", -1)):
            wanted = (tensor.sel(projection="A") + sign * tensor.sel(projection="B")).values
            found = data[part].sel(mechanism=name).values
            np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-10 * np.abs(wanted).max(), err_msg=name)
            assert data[part.removesuffix("_tensor")].sel(mechanism=name).item() == pytest.approx(np.abs(wanted).max())
    assert data["uniform"].attrs["units"] == "hbar/(V m^2)"


def test_sublattices_of_several_layers() -> None:
    options = PT | {"mu_doped": 0.25}
    named = computed(mnbi2te4(layers=4, exchange=0.12), 12, **options)
    lists = computed(
        mnbi2te4(layers=4, exchange=0.12),
        12,
        **options | {"sublattices": (("layer 1", "layer 3"), ["layer 2", "layer 4"])},
    )
    np.testing.assert_array_equal(named["staggered_tensor"], lists["staggered_tensor"])
    assert lists.attrs["sublattices"] == "layer 1 + layer 3 | layer 2 + layer 4"


def test_too_few_points_are_not_called_zero() -> None:
    data = computed(wide_gap_bilayer(), 12, **PT)
    assert "unresolved" in kinds(data).values()
    assert "use more points" in " ".join(warnings_of(data))
    # what vanishes at every k is zero on any mesh
    assert np.abs(data["uniform"].sel(mechanism="upsilon1")) < 1e-10 * data["staggered"].sel(mechanism="upsilon1")


def test_carriers_across_the_gap_are_reported() -> None:
    data = computed(rashba_antiferromagnet(), 96, **TT | {"temperature": 1000.0})
    assert kinds(data)["edelstein"] == "uniform"
    assert "carriers across the gap" in " ".join(warnings_of(data))


def test_an_adaptive_sum_says_the_same() -> None:
    """Its cells do not keep the symmetry: zeros are zeros within their errors."""
    method = Adaptive(rtol=3e-3, max_evaluations=60_000)
    data = spin_mechanisms(rashba_antiferromagnet(), method=method, relaxation_time=50.0, **TT | {"temperature": 600.0})
    assert kinds(data)["upsilon1"] == "uniform"
    assert kinds(data)["upsilon0"] == "staggered"
    mesh = computed(rashba_antiferromagnet(), 96, **TT | {"temperature": 600.0})
    for name in ("uniform", "staggered"):
        off = np.abs(data[name] - mesh[name])[2:]
        assert (off <= data[f"{name}_error"][2:] + mesh[f"{name}_error"][2:]).all()


def test_result_explains_itself(tmp_path: Any) -> None:
    data = computed(rashba_antiferromagnet(), 48, **TT)
    check_schema(data)
    save(data, tmp_path / "m.nc")
    back = load(tmp_path / "m.nc")
    assert kinds(back) == kinds(data)
    assert "upsilon1: uniform" in " ".join(explain(back).split())
    text = to_dat(back, tmp_path / "m.dat", ["uniform", "staggered"]).read_text()
    assert "uniform.upsilon1 [hbar/(V m)]" in text
    assert np.loadtxt(tmp_path / "m.dat").size == 20


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"filling": None}, "mu"),
        ({"filling": None, "mu": 1.0}, "mu"),
        ({"mu": 0.0}, "filling"),
        ({"filling": 1}, "filling"),
        ({"mu_doped": 0.0}, "mu_doped"),
        ({"mu_doped": 40.0}, "mu_doped"),
        ({"omega": 0.6}, "omega"),
        ({"omega": 0.0}, "omega"),
        ({"omega": float("nan")}, "omega"),
        ({"omega": [0.1, 0.2]}, "omega"),
        ({"temperature": 0.0}, "temperature"),
        ({"relaxation_time": 0.0}, "relaxation_time"),
        ({"sublattices": ("A",)}, "sublattices"),
        ({"sublattices": "AB"}, "sublattices"),
        ({"sublattices": ("A", "A")}, "sublattices"),
        ({"sublattices": ("A", "C")}, "projections"),
    ],
)
def test_bad_input(change: dict[str, Any], where: str) -> None:
    options = {"method": UniformMesh((12, 12)), "relaxation_time": 50.0} | TT | change
    with pytest.raises(InputError) as caught:
        spin_mechanisms(rashba_antiferromagnet(), **options)
    assert caught.value.where == where


def test_a_band_edge_between_the_points_of_the_first_look() -> None:
    """The top of the valence band of this model is at K, which only the mesh of the sum holds."""
    model = kane_mele()
    corner = np.array([[1 / 3, 2 / 3], [2 / 3, 1 / 3]]) @ model.reciprocal
    top = np.linalg.eigvalsh(model.matrices(corner).h)[:, 1].max()
    with pytest.raises(InputError, match="is not in the gap") as caught:
        computed(model, 24, **NM | {"filling": None, "mu": top - 1e-4})
    assert caught.value.where == "mu"


def test_a_metal_has_no_table() -> None:
    with pytest.raises(InputError, match="gap"):
        spin_mechanisms(
            rashba_gas(),
            mu=0.02,
            mu_doped=0.03,
            omega=0.01,
            method=Adaptive(),
            temperature=30.0,
            relaxation_time=50.0,
        )
