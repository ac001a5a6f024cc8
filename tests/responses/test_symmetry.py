"""Results against the groups of their models: forbidden parts at rounding, violations found, sites, reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials.bi2se3 import bi2se3_lattice
from crosscurrent.models.materials.dirac import helical_dirac, massive_dirac
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.mnbi2te4 import mnbi2te4
from crosscurrent.models.materials.qwz import qwz
from crosscurrent.models.materials.rashba_antiferromagnet import rashba_antiferromagnet
from crosscurrent.numerics.domains import Disk
from crosscurrent.numerics.zone import PolarGrid, UniformMesh
from crosscurrent.physics.magnetic_groups import MagneticGroup, point_group
from crosscurrent.physics.structure_group import structure_group
from crosscurrent.physics.symmetry import allowed_form
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.edelstein import edelstein
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.responses.spin_hall import DEFINITIONS, spin_hall
from crosscurrent.responses.symmetry import check_symmetry, describe
from crosscurrent.results import load, save
from crosscurrent.units import InputError

MESH = UniformMesh((12, 12))


def symmetry_warnings(result: xr.Dataset) -> list[str]:
    return [line for line in str(result.attrs["warnings"]).splitlines() if line.startswith("symmetry:")]


def bilayer() -> MagneticGroup:
    """Septuple layers reduced to Mn and a Te above and below, which keep the threefold axis and the mirrors."""
    a, d, box = 4.334, 13.64, 60.0
    lattice = [[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, box]]
    place = np.array([[0, 0], [1 / 3, 2 / 3], [2 / 3, 1 / 3]])
    positions = [
        [*place[(layer + n) % 3], (layer * d + z) / box] for layer in (0, 1) for n, z in ((0, 0), (1, 1.5), (2, -1.5))
    ]
    return structure_group(lattice, positions, ["Mn", "Te", "Te"] * 2, [5, 0, 0, -5, 0, 0], dim=2)


def checkerboard() -> MagneticGroup:
    lattice = [[4, 4, 0], [-4, 4, 0], [0, 0, 20.0]]
    positions = [[0, 0, 0], [0.5, 0.5, 0], [0, 0, 0.1], [0.5, 0.5, 0.1]]
    return structure_group(lattice, positions, ["M", "M", "X", "X"], [1, -1, 0, 0], dim=2)


CASES: dict[str, tuple[Any, Any, Any, str]] = {
    # the bonds of the honeycomb lie along y: mirror normals x survive Rashba coupling and the staggered potential
    "kane-mele": (kane_mele(), [0.0, 1.3], MESH, "3m1'"),
    "kane-mele without potential": (kane_mele(lambda_v=0), [1.3], MESH, "6mm1'"),
    "kane-mele without Rashba": (kane_mele(lambda_r=0), [1.3], MESH, "-6m21'"),
    "bi2se3": (bi2se3_lattice(), [0.2], UniformMesh((6, 6, 6)), "4/mmm1'"),
    "bi2se3 with m along z": (bi2se3_lattice(magnetization=(0, 0, 0.1)), [0.2], UniformMesh((6, 6, 6)), "4/mm'm'"),
    "bi2se3 with m along x": (bi2se3_lattice(magnetization=(0.1, 0, 0)), [0.2], UniformMesh((6, 6, 6)), "mm'm'"),
}


@pytest.mark.parametrize("name", CASES)
def test_spin_hall_of_symmetric_models(name: str) -> None:
    model, mu, mesh, group = CASES[name]
    result = spin_hall(model, mu, method=mesh, definitions=(*DEFINITIONS[:-1], "anomalous_hall"))
    checked = check_symmetry(result, group)
    names = (*DEFINITIONS[:-1], "anomalous_hall")
    for variable in names:
        assert checked[variable].attrs["symmetry_forbidden"] < 1e-12
        np.testing.assert_array_equal(checked[variable], result[variable])
    assert not symmetry_warnings(checked)
    assert len(checked.attrs["symmetry"].splitlines()) == len(names)
    # the check has teeth: the result is not zero, and part of the tensor is forbidden
    assert np.abs(result["conventional"]).max() > 1e-3
    assert allowed_form(point_group(group), "spin_hall").n_free < 27 / 2


def test_mirrors_of_the_other_set_are_found_missing() -> None:
    """3m1 and 31m differ by the mirrors only; the error estimate of a finer mesh is small enough to tell."""
    result = spin_hall(kane_mele(), [1.3], method=UniformMesh((96, 96)), temperature=1500, definitions=["conventional"])
    assert not symmetry_warnings(check_symmetry(result, "3m1'"))
    wrong = check_symmetry(result, "31m1'")
    assert wrong["conventional"].attrs["symmetry_forbidden"] > 1e-3
    (line,) = symmetry_warnings(wrong)
    for part in ("conventional", "31m1'", "current", "spin"):
        assert part in line
    assert wrong.attrs["symmetry_group"].startswith("31m1'")


def test_a_mesh_that_breaks_the_symmetry_warns_less_than_its_error() -> None:
    """The forbidden part of an asymmetric mesh is an error of the mesh, and the estimate covers it."""
    result = spin_hall(kane_mele(), [1.3], method=UniformMesh((10, 13)), definitions=["conventional"])
    checked = check_symmetry(result, "3m1'")["conventional"].attrs
    assert checked["symmetry_forbidden"] > 1e-4
    assert checked["symmetry_forbidden_value"] <= checked["symmetry_forbidden_error"]
    # half of the tensor: no violation, but no confirmation either
    (line,) = symmetry_warnings(check_symmetry(result, "3m1'"))
    assert "too inaccurate to tell" in line


def test_anomalous_hall() -> None:
    result = anomalous_hall(haldane(), [0.0, 0.9], method=MESH)
    for group in ("6/mm'm'", "3m'", "infm'"):
        checked = check_symmetry(result, group)
        assert checked["conductivity"].attrs["symmetry_forbidden"] < 1e-12
        assert not symmetry_warnings(checked)
    # a mirror without time reversal would forbid it all
    wrong = check_symmetry(result, "3m")
    assert wrong["conductivity"].attrs["symmetry_forbidden"] == pytest.approx(1.0)
    assert symmetry_warnings(wrong)
    assert check_symmetry(anomalous_hall(qwz(), 0.0, method=MESH), "4m'm'")["conductivity"].symmetry_forbidden < 1e-12


def test_rounding_is_no_violation() -> None:
    """Time reversal makes the conductivity zero: what is left is compared with e^2/h, not with itself."""
    for model in (kane_mele(), bi2se3_lattice()):
        mesh = UniformMesh((8,) * model.dim)
        checked = check_symmetry(anomalous_hall(model, 0.3, method=mesh), "11'")
        assert checked["conductivity"].attrs["symmetry_forbidden"] < 1e-12
        assert not symmetry_warnings(checked)


def test_curie_group_of_the_dirac_cone() -> None:
    """H = v (k_x sigma_x + k_y sigma_y) + m sigma_z: a twofold axis along x reverses m and needs time reversal."""
    result = anomalous_hall(massive_dirac(cutoff=Disk(0.5)), [0.0, 0.12], method=PolarGrid(60, 12))
    assert check_symmetry(result, "inf2'")["conductivity"].attrs["symmetry_forbidden"] < 1e-12
    result = spin_generation(massive_dirac(cutoff=Disk(0.5)), 0.0, 0.02, method=PolarGrid(60, 12))
    checked = check_symmetry(result, "inf2'")
    for name in ("upsilon0", "upsilon1", "upsilon2"):
        assert checked[name].attrs["symmetry_forbidden"] < 1e-12
        assert np.abs(result[name]).max() > 0
    assert not symmetry_warnings(checked)
    # the spin of the helical cone is turned by 90 degrees
    assert symmetry_warnings(check_symmetry(result, "infm'"))
    result = spin_generation(helical_dirac(), 0.0, 0.1, method=PolarGrid(60, 12))
    checked = check_symmetry(result, "infm'")
    for name in ("upsilon0", "upsilon1", "upsilon2"):
        assert checked[name].attrs["symmetry_forbidden"] < 1e-12
        wrong = check_symmetry(result, "inf2'")[name].attrs
        assert wrong["symmetry_forbidden"] == pytest.approx(1.0)


@pytest.fixture(scope="module")
def film() -> xr.Dataset:
    return spin_generation(
        mnbi2te4(), omega=[0.01, 0.07], filling=4, method=MESH, projections=["layer 1", "layer 2"], kubo=True
    )


def test_bilayer_mnbi2te4(film: xr.Dataset) -> None:
    """Forbidden parts at rounding: no total Upsilon_1, the layers' antisymmetric and opposite."""
    group = bilayer()
    assert (group.name, group.site(0).name) == ("-3'm'", "3m'")
    checked = check_symmetry(film, group, sites={"layer 1": 0, "layer 2": 3})
    for name in ("upsilon0", "upsilon1", "upsilon2", "chi"):
        assert checked[name].attrs["symmetry_forbidden"] < 1e-12
    assert not symmetry_warnings(checked)
    xy = film["upsilon1"].sel(spin="x", field="y").isel(filling=0, omega=1)
    assert abs(float(xy.sel(projection="layer 1"))) > 1e-7
    assert "site 3 (Mn):\n  [ 0  -a ]\n  [ a   0 ]" in checked["upsilon1"].attrs["symmetry_form"]


def test_a_violation_within_a_large_error_is_not_passed_over(film: xr.Dataset) -> None:
    """Inversion forbids all of Upsilon_0: so coarse a mesh cannot deny it, but all of the tensor is at stake."""
    wrong = check_symmetry(film, "-3m'")
    assert wrong["upsilon0"].attrs["symmetry_forbidden"] == pytest.approx(1.0)
    assert wrong["upsilon0"].attrs["symmetry_forbidden_value"] < wrong["upsilon0"].attrs["symmetry_forbidden_error"]
    lines = symmetry_warnings(wrong)
    assert [line.split()[1] for line in lines] == ["upsilon0", "upsilon2", "chi"]
    assert all("too inaccurate to tell" in line for line in lines)


def test_layers_exchanged_by_mistake_are_found(film: xr.Dataset) -> None:
    """A layer that answers for another does not show in one layer, only in the two together."""
    spoiled = film.copy(deep=True)
    spoiled["upsilon1"].loc[{"projection": "layer 2"}] *= -1  # uniform, where it should be staggered
    spoiled["upsilon1_error"] *= 0  # of so coarse a mesh it is larger than the number
    for sites, found in ((None, False), ({"layer 2": 3}, False), ({"layer 1": 0, "layer 2": 3}, True)):
        checked = check_symmetry(spoiled, bilayer(), sites=sites)
        lines = [line for line in symmetry_warnings(checked) if "upsilon1" in line]
        assert bool(lines) is found
    assert "site" in lines[0]


def test_square_antiferromagnet_of_the_other_kind() -> None:
    """tT: nothing uniform from Upsilon_0 and Upsilon_2, which are staggered; Upsilon_1 is uniform."""
    result = spin_generation(rashba_antiferromagnet(), 0.0, 0.1, method=MESH, projections=["A", "B"])
    checked = check_symmetry(result, checkerboard(), sites={"A": 0, "B": 1})
    for name in ("upsilon0", "upsilon1", "upsilon2"):
        assert checked[name].attrs["symmetry_forbidden"] < 1e-12
        assert np.abs(result[name].sel(projection="A")).max() > 1e-6 * np.abs(result[name]).max() > 0
    assert not symmetry_warnings(checked)
    # PT in place of tT is refuted
    assert check_symmetry(result, "-1'")["upsilon1"].attrs["symmetry_forbidden"] > 0.01


def test_incomplete_spins_and_energies_outside_gaps() -> None:
    model = kane_mele()
    assert model.spin is not None
    only_z = Operator.constant(model.spin.blocks[0, 2:], labels=("z",))
    result = spin_hall(model, [0.0, 1.3], method=MESH, spin=only_z)
    assert np.isnan(result["shi2006"]).any()
    checked = check_symmetry(result, "3m1'")
    assert checked["shi2006"].attrs["symmetry_forbidden"] < 1e-12
    assert checked["conventional"].attrs["symmetry_form"].splitlines()[1] == "spin z:"
    charge = Operator.constant(np.eye(4)[None] + 0j, labels=("charge",), unit="")
    with pytest.raises(InputError, match="no tensor"):
        check_symmetry(spin_hall(model, 1.3, method=MESH, spin=charge), "3m1'")


def test_maps_are_not_invariant() -> None:
    result = anomalous_hall(haldane(), 0.0, method=MESH).expand_dims(k1=[0.0, 0.1], k2=[0.0, 0.1])
    with pytest.raises(InputError, match="summed over k"):
        check_symmetry(result, "3m'")


def test_edelstein_effect() -> None:
    """Even under time reversal like Upsilon_1: it stays where Upsilon_0 is forbidden."""
    result = edelstein(kane_mele(), 1.3, method=MESH, temperature=2000, relaxation_time=10)
    checked = check_symmetry(result, "3m1'")
    assert checked["edelstein"].attrs["symmetry_form"].splitlines()[1:] == ["  [ 0   a ]", "  [-a   0 ]", "  [ 0   0 ]"]
    for name in ("edelstein", "upsilon0"):
        assert checked[name].attrs["symmetry_forbidden"] < 1e-12
    assert not symmetry_warnings(checked)
    assert np.abs(result["edelstein"]).max() > 1e10 * np.abs(result["upsilon0"]).max()


def test_frequency_dependent_current() -> None:
    result = spin_hall(kane_mele(), [0.0], method=MESH, definitions=["conventional"], omega=[0.0, 0.3, 0.5], eta=0.1)
    checked = check_symmetry(result, "3m1'")
    assert result["conventional"].dtype == complex
    assert checked["conventional"].attrs["symmetry_forbidden"] < 1e-12
    assert check_symmetry(result, "31m1'")["conventional"].attrs["symmetry_forbidden"] > 1e-4


def test_report_survives_a_file(tmp_path: Any, film: xr.Dataset) -> None:
    checked = check_symmetry(film, bilayer(), sites={"layer 1": 0, "layer 2": 3})
    save(checked, tmp_path / "out.nc")
    again = load(tmp_path / "out.nc")
    assert again.attrs["symmetry"] == checked.attrs["symmetry"]
    assert again["upsilon1"].attrs["symmetry_form"] == checked["upsilon1"].attrs["symmetry_form"]
    assert "symmetry" not in film.attrs
    assert "symmetry_form" not in film["upsilon1"].attrs


def test_error_bound_of_the_forbidden_part() -> None:
    """Errors of single components bound that of any combination: the reported error is never below the true one."""
    random = np.random.default_rng(2)
    form = allowed_form(point_group("3m1'"), "spin_hall")
    true = form.project(random.normal(size=(3, 3, 3)))
    for _ in range(20):
        error = np.abs(random.normal(size=(1, 3, 3, 3)))
        value = true + error * random.uniform(-1, 1, size=error.shape)
        data = xr.Dataset(
            {
                name: (("mu", "current", "field", "spin"), array, {"units": "e", "long_name": "."})
                for name, array in (("conventional", value), ("conventional_error", error))
            },
            {"mu": [0.0], **{dim: ["x", "y", "z"] for dim in ("current", "field", "spin")}},
            {"warnings": "kept"},
        )
        checked = check_symmetry(data, "3m1'")
        assert checked.attrs["warnings"].splitlines()[0] == "kept"
        assert all("too inaccurate to tell" in line for line in symmetry_warnings(checked))
        assert checked["conventional"].attrs["symmetry_forbidden_value"] > 0
        data["conventional"] = data["conventional"] + 20 * error
        assert symmetry_warnings(check_symmetry(data, "3m1'"))


def test_describe() -> None:
    text = describe("3m'")
    assert text.startswith("magnetic point group 3m' (6 operations, by name)\n")
    assert "[ 0   a   0 ]\n    [-a   0   0 ]" in text
    assert text.index("upsilon0:") < text.index("upsilon2:") < text.index("[ a   0   0 ]") < text.index("upsilon1:")
    grey = describe("11'", ["upsilon0", "anomalous_hall"])
    assert grey.splitlines()[-1] == "  forbidden"
    layers = describe(bilayer(), ["upsilon1"], 2, sites=[0, 3])
    assert "site 0: 3m'" in layers
    assert layers.splitlines()[-3:] == ["    [ 0  -a ]", "    [ a   0 ]", "    [ 0   0 ]"]


@pytest.mark.parametrize(
    ("group", "sites", "match"),
    [
        ("3m''", None, "did you mean|Did you mean"),
        ("3m'", {"layer 1": 0}, "no site"),
        ("bilayer", {"layer 9": 0}, "no projection 'layer 9'"),
        ("bilayer", {"layer 1": 9}, "from 0 to 5"),
        ("bilayer", {"layer 1": 0, "layer 2": 0}, "one site"),
    ],
)
def test_bad_questions(film: xr.Dataset, group: str, sites: dict[str, int] | None, match: str) -> None:
    with pytest.raises(InputError, match=match):
        check_symmetry(film, bilayer() if group == "bilayer" else group, sites=sites)


def test_result_without_projections() -> None:
    with pytest.raises(InputError, match="with projections"):
        check_symmetry(anomalous_hall(haldane(), 0.0, method=MESH), bilayer(), sites={"A": 0})
