"""Results: the schema, files that are whole or absent, text columns, and words."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crosscurrent import results
from crosscurrent.results import files, schema
from crosscurrent.units import SPIN_HALL_UNITS_3D, InputError


def make(job_hash: str = "job-1", complex_values: bool = False, **notes: Any) -> xr.Dataset:
    """Two definitions over three chemical potentials and a 2 x 2 x 1 tensor, plus an anomalous Hall conductivity."""
    rng = np.random.default_rng(7)
    values = rng.normal(size=(3, 2, 2, 1))
    first = values + 1j * rng.normal(size=values.shape) if complex_values else values
    dims = ("mu", "current", "field", "spin")
    ds = results.dataset(
        {
            "conventional": results.Quantity(
                dims, first, "(hbar/e) S/cm", "conventional", np.abs(values) / 10, ("kubo",)
            ),
            "liu2023": results.Quantity(dims, 2 * values, "(hbar/e) S/cm", "published", None, ("liu",)),
            "anomalous_hall": results.Quantity(dims[:3], values[..., 0], "S/cm", "anomalous Hall", values[..., 0] * 0),
        },
        {
            "mu": results.Quantity(("mu",), [-0.1, 0.0, 0.1], "eV", "chemical potential"),
            "current": results.Quantity(("current",), ["x", "y"], "", "direction of the current"),
            "field": results.Quantity(("field",), ["x", "y"], "", "direction of the field"),
            "spin": results.Quantity(("spin",), ["z"], "", "direction of the spin"),
        },
        quantity="spin Hall conductivity",
        index_order="current, field, spin",
        convention="carrier charge -e",
        equations={"kubo": "standard Kubo: with a colon", "liu": "Liu (1)"},
        model="toy",
        model_source="nowhere",
        domain="whole Brillouin zone",
        method="uniform mesh 4 x 4",
        status="converged",
        warnings=("first warning", "second warning"),
        **notes,
    )
    return ds.assign_attrs(job_hash=job_hash, job='response = "spin_hall"\n# as typed\n')


# ------------------------------------------------------------------------------------------------ schema
def test_every_variable_has_units_and_every_estimate_its_error() -> None:
    ds = make()
    assert all("units" in v.attrs and "long_name" in v.attrs for v in ds.variables.values())
    assert results.estimates(ds) == ["conventional", "liu2023", "anomalous_hall"]
    assert ds["conventional_error"].dims == ds["conventional"].dims
    assert ds["conventional_error"].attrs["units"] == "(hbar/e) S/cm"
    assert "liu2023_error" not in ds
    assert results.equations_of(ds) == {"kubo": "standard Kubo: with a colon", "liu": "Liu (1)"}
    assert results.warnings_of(ds) == ("first warning", "second warning")
    assert ds["conventional"].attrs["equations"] == "kubo"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dims": ("mu", "spin")}, "axes"),
        ({"error": np.zeros(2)}, "error"),
        ({"equations": ("unknown",)}, "unknown equations"),
    ],
)
def test_dataset_refuses_what_does_not_fit(change: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {"dims": ("mu",), "values": np.zeros(3), "units": "", "long_name": "x"} | change
    with pytest.raises(ValueError, match=message):
        results.dataset(
            {"a": results.Quantity(**fields)},
            {},
            quantity="",
            index_order="",
            convention="",
            equations={},
            model="",
            model_source="",
            domain="",
            method="",
            status="",
        )


def test_provenance_names_version_and_commit(repository: Path) -> None:
    ds = make()
    assert ds.attrs["crosscurrent_version"] == __import__("crosscurrent").__version__
    if (repository / ".git").exists() and Path(schema.__file__).is_relative_to(repository):
        git = subprocess.run(
            ["git", "-C", repository, "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
        assert ds.attrs["source_commit"].removesuffix("-dirty") == git.stdout.strip()


def test_a_package_inside_another_repository_reports_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """site-packages below somebody's checkout: that checkout's commit is not ours."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "theirs", "--no-verify"], check=True)
    assert subprocess.run([*git, "describe", "--always"], capture_output=True, check=True).stdout
    monkeypatch.setattr(schema, "__file__", str(tmp_path / "lib" / "crosscurrent" / "results" / "schema.py"))
    assert schema.source_commit() == ""


def test_units_convert_with_the_factor_of_the_table() -> None:
    ds = make()
    out = results.convert_units(ds, "(hbar/2e) S/m")
    # 1 (hbar/e) S/cm = 200 (hbar/2e)/(ohm m)
    np.testing.assert_allclose(out["conventional"], 200 * ds["conventional"], rtol=1e-14)
    np.testing.assert_allclose(out["conventional_error"], 200 * ds["conventional_error"], rtol=1e-14)
    np.testing.assert_array_equal(out["anomalous_hall"], ds["anomalous_hall"])
    assert out["conventional"].attrs["units"] == "(hbar/2e) S/m"
    assert ds["conventional"].attrs["units"] == "(hbar/e) S/cm"
    assert SPIN_HALL_UNITS_3D["(hbar/2e) S/m"] / SPIN_HALL_UNITS_3D["(hbar/e) S/cm"] == pytest.approx(200)


def test_unit_of_another_kind_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match=r"can be given in 'e\^2/h'.*\(hbar/2e\) S/m"):
        results.convert_units(make(), "e^2/h")


def test_components_select_the_smallest_block() -> None:
    ds = make()
    out = results.select_components(ds, ["xyz"])
    assert dict(out["conventional"].sizes) == {"mu": 3, "current": 1, "field": 1, "spin": 1}
    assert float(out["conventional"][1, 0, 0, 0]) == float(
        ds["conventional"].sel(mu=0, current="x", field="y", spin="z")
    )
    both = results.select_components(ds, ["yxz", "xxz"])
    assert list(both["current"].values) == ["x", "y"]
    assert list(both["field"].values) == ["x"]
    assert results.select_components(ds, []) is ds
    for bad in ("xy", "xyzz", "xyx"):
        with pytest.raises(InputError, match=f"component '{bad}'"):
            results.select_components(ds, [bad])


# ------------------------------------------------------------------------------------------------ files
def test_round_trip(tmp_path: Path) -> None:
    ds = make(temperature_K=300.0, evaluations=16, empty="")
    results.save(ds, tmp_path / "a.nc")
    back = results.load(tmp_path / "a.nc")
    xr.testing.assert_identical(back, ds)
    assert list(back.data_vars) == list(ds.data_vars)


@given(
    values=hnp.arrays(
        np.complex128,
        (3, 2),
        elements=st.complex_numbers(allow_nan=True, allow_infinity=True, width=128),
    )
)
def test_complex_numbers_come_back_bit_by_bit(values: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("complex") / "z.nc"
    attrs = {"units": "S", "long_name": "z"}
    ds = xr.Dataset({"z": (("a", "b"), values, attrs), "w": (("a",), np.zeros(3), attrs)})
    results.save(ds, path)
    back = results.load(path)
    assert back["z"].dtype == np.complex128
    assert back["z"].values.tobytes() == values.tobytes()
    assert list(back.data_vars) == ["z", "w"]
    assert back["z"].attrs == attrs


def test_complex_file_is_plain_netcdf(tmp_path: Path) -> None:
    """No compound types: other readers see two real variables that say what they are."""
    results.save(make(complex_values=True), tmp_path / "z.nc")
    with h5netcdf.File(tmp_path / "z.nc") as raw:
        assert raw["conventional_real"].dtype == np.float64
        assert raw["conventional_imag"].attrs["complex_part_of"] == "conventional"
    xr.testing.assert_identical(results.load(tmp_path / "z.nc"), make(complex_values=True))


def test_units_of_time_stay_numbers(tmp_path: Path) -> None:
    ds = xr.Dataset({"t": (("i",), [1.5, 2.5], {"units": "seconds", "long_name": "time"})})
    results.save(ds, tmp_path / "t.nc")
    assert results.load(tmp_path / "t.nc")["t"].dtype == np.float64


def test_variable_without_units_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'a' has no 'units'"):
        results.save(xr.Dataset({"a": (("i",), [1.0])}), tmp_path / "a.nc")
    assert not list(tmp_path.iterdir())


def test_output_of_another_job_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    results.save(make("job-1"), path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="another job"):
        results.save(make("job-2"), path)
    assert path.read_bytes() == before
    results.save(make("job-1", temperature_K=1.0), path)
    assert results.load(path).attrs["temperature_K"] == 1.0
    results.save(make("job-2"), path, overwrite=True)
    assert results.load(path).attrs["job_hash"] == "job-2"


@pytest.mark.parametrize("content", [b"", b"a thesis", b"\x89HDF\r\n\x1a\n damaged"])
def test_foreign_file_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.nc"
    path.write_bytes(content)
    with pytest.raises(InputError, match="another job"):
        results.save(make(), path)
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]


def test_result_without_a_job_replaces_nothing(tmp_path: Path) -> None:
    results.save(make(""), tmp_path / "a.nc")
    with pytest.raises(InputError, match="another job"):
        results.save(make(""), tmp_path / "a.nc")


def test_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.save(make(), tmp_path / "a.nc")
    before = (tmp_path / "a.nc").read_bytes()

    def full(self: xr.Dataset, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(InputError, match="No space left"):
        results.save(make(), tmp_path / "a.nc")
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]
    assert (tmp_path / "a.nc").read_bytes() == before


def test_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_whole(tmp_path / "a.nc", interrupted)
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot write this file"):
        results.save(make(), tmp_path / "no" / "a.nc")
    (tmp_path / "folder.nc").mkdir()
    with pytest.raises(InputError, match="folder"):
        results.save(make(), tmp_path / "folder.nc", overwrite=True)

    def refused(self: Path, *_: object, **__: object) -> None:  # root may write anywhere, so the refusal is played
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(InputError, match="Permission denied"):
        results.save(make(), tmp_path / "b.nc")


@pytest.mark.parametrize("content", [None, b"", b"text", b"\x89HDF\r\n\x1a\n damaged"])
def test_load_refuses_what_is_no_result(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.nc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.nc"):
        results.load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda ds: ds.assign_coords(current=["x", "x"]),
        lambda ds: ds.assign(conventional_error=ds.conventional_error.isel(mu=0)),
        lambda ds: ds.assign_attrs(model=b"\xff\xfe".decode("utf-8", "surrogateescape")),
    ],
    ids=["labels that come twice", "errors of another shape", "words that are no text"],
)
def test_load_refuses_what_contradicts_itself(change: Any, tmp_path: Path) -> None:
    """A tensor with two components x would give one of them for the other."""
    np.testing.assert_array_equal(results.load(foreign(make(), tmp_path / "sound.nc")).liu2023, make().liu2023)
    with pytest.raises(InputError, match=r"x\.nc: this is not a netCDF result, or it is damaged"):
        results.load(foreign(change(make()), tmp_path / "x.nc"))


def foreign(ds: xr.Dataset, path: Path) -> Path:
    """The file that another program would have made of it, without a look at what it says."""
    with h5netcdf.File(path, "w") as file:
        file.dimensions = dict(ds.sizes)
        for name, variable in ds.variables.items():
            text = variable.dtype.kind == "U"
            made = file.create_variable(name, variable.dims, h5netcdf.core.h5py.string_dtype() if text else float)
            made[...] = variable.values.astype(object) if text else variable.values
            made.attrs["units"] = variable.attrs.get("units", "")
        file.attrs["model"] = np.bytes_(ds.model.encode("utf-8", "surrogateescape"))
    return path


# ------------------------------------------------------------------------------------------------ text
def test_text_columns_read_back_to_the_same_bits(tmp_path: Path) -> None:
    ds = make(complex_values=True)
    path = results.to_dat(ds, tmp_path / "a.dat")
    header = [line[2:] for line in path.read_text().splitlines() if line.startswith("#")]
    labels = [line.split(": ", 1)[1] for line in header if line.startswith("column ")]
    table = dict(zip(labels, np.loadtxt(path).T, strict=True))
    np.testing.assert_array_equal(table["mu [eV]"], ds["mu"].values)
    expected = ds["conventional"].sel(current="x", field="y", spin="z")
    np.testing.assert_array_equal(table["conventional.xyz real [(hbar/e) S/cm]"], expected.values.real)
    np.testing.assert_array_equal(table["conventional.xyz imaginary [(hbar/e) S/cm]"], expected.values.imag)
    error = ds["conventional_error"].sel(current="x", field="y", spin="z")
    np.testing.assert_array_equal(table["conventional_error.xyz [(hbar/e) S/cm]"], error)
    np.testing.assert_array_equal(table["anomalous_hall.yx [S/cm]"], ds["anomalous_hall"].sel(current="y", field="x"))
    # mu; 4 components of each: two parts and an error, one value, one value and an error
    assert len(labels) == 1 + 4 * 3 + 4 * 1 + 4 * 2
    for key in ("index_order: current, field, spin", "convention: carrier charge -e", "model: toy", "    # as typed"):
        assert key in header


def test_text_of_chosen_variables_and_several_rows(tmp_path: Path) -> None:
    attrs = {"units": "eV", "long_name": "energy"}
    k = xr.Variable(("k",), [0.0, 0.5, 1.0], {"units": "1/angstrom", "long_name": "distance"})
    ds = xr.Dataset(
        {"energy": (("k", "band"), np.arange(6.0).reshape(3, 2), attrs), "other": (("k",), np.zeros(3), attrs)},
        {"distance": k, "k": ("k", [0, 1, 2], attrs), "band": ("band", [0, 1], attrs)},
    )
    table = np.loadtxt(results.to_dat(ds, tmp_path / "e.dat", ["energy"]))
    np.testing.assert_array_equal(table[:, 0], [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(table[:, 1], [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(table[:, 2], [0, 0, 0.5, 0.5, 1, 1])
    np.testing.assert_array_equal(table[:, 3], np.arange(6))
    with pytest.raises(InputError, match=r"do not share their rows.*other: k"):
        results.to_dat(ds, tmp_path / "f.dat")
    with pytest.raises(InputError, match="no variable 'enrgy'"):
        results.to_dat(ds, tmp_path / "f.dat", ["enrgy"])


def test_dat_leaves_words_out_and_says_so(tmp_path: Path) -> None:
    words = results.Quantity(("k",), np.array(["analytic", "full"]), "", "level")
    numbers = results.Quantity(("k",), np.array([1.5, 2.5]), "eV", "energy")
    axis = {"k": results.Quantity(("k",), np.arange(2), "", "k")}
    keys = ("quantity", "index_order", "convention", "model", "model_source", "domain", "method", "status")
    ds = results.dataset({"energy": numbers, "level": words}, axis, equations={}, **dict.fromkeys(keys, ""))
    path = results.to_dat(ds, tmp_path / "a.dat")
    np.testing.assert_array_equal(np.loadtxt(path), [[0, 1.5], [1, 2.5]])
    assert "# left out, holds words: level" in path.read_text()
    assert "left out" not in results.to_dat(ds, tmp_path / "b.dat", ["energy"]).read_text()
    with pytest.raises(InputError, match=r"'level' holds words.*Choose from energy"):
        results.to_dat(ds, tmp_path / "c.dat", ["level"])


def test_explain_says_everything_a_reader_needs() -> None:
    text = results.explain(make(temperature_K=300.0))
    for part in (
        "spin Hall conductivity",
        "toy (source: nowhere)",
        "uniform mesh 4 x 4",
        "converged",
        "temperature_K = 300",
        "current, field, spin",
        "carrier charge -e",
        "conventional [(hbar/e) S/cm] (mu: 3, current: 2, field: 2, spin: 1)",
        "equations: kubo",
        "kubo: standard Kubo: with a colon",
        "! first warning",
        "! second warning",
        "mu: -0.1, 0, 0.1 eV (chemical potential)",
        "# as typed",
    ):
        assert part in text, part
    largest = float(np.abs(make()["conventional"]).max())
    assert f"largest magnitude {largest:.6g}; error: at most {largest / 10:.2g} (1.0e-01 of the largest value)" in text
    assert "none kept" in text  # liu2023 has no error here
    assert max(len(line) for line in text.splitlines()) <= 100


# ------------------------------------------------------------------------------------------------ spin generation
def spin_generation() -> xr.Dataset:
    values = np.arange(12.0).reshape(1, 3, 2, 2)
    coords = {
        "mu": results.Quantity(("mu",), [0.0], "eV", "chemical potential"),
        "spin": results.Quantity(("spin",), list("xyz"), "", "spin"),
        "field": results.Quantity(("field",), list("xy"), "", "field"),
        "projection": results.Quantity(("projection",), ["total", "A"], "", "part"),
    }
    dims = ("mu", "spin", "field", "projection")
    variables = {
        "spin_density_0": results.Quantity(("mu", "spin", "projection"), values[:, :, 0], "mu_B/nm^3", "density"),
        "upsilon0": results.Quantity(dims, values, "hbar/(V m^2)", "static", values / 10),
        "upsilon1": results.Quantity(dims, values, "hbar s/(V m^2)", "first", values / 10),
        "upsilon2": results.Quantity(dims, values, "hbar s^2/(V m^2)", "second", values / 10),
    }
    keys = ("quantity", "index_order", "convention", "model", "model_source", "domain", "method", "status")
    return results.dataset(variables, coords, equations={}, **dict.fromkeys(keys, ""))


@pytest.mark.parametrize(("order", "unit"), [(0, "J s/(V m^2)"), (1, "J s^2/(V m^2)"), (2, "J s^3/(V m^2)")])
def test_spin_generation_in_si_is_hbar_times_as_large(order: int, unit: str) -> None:
    ds = spin_generation()
    out = results.convert_units(ds, unit)
    for n in (0, 1, 2):
        factor = 1.054571817e-34 if n == order else 1.0
        np.testing.assert_allclose(out[f"upsilon{n}"], ds[f"upsilon{n}"] * factor, rtol=1e-9)
        np.testing.assert_allclose(out[f"upsilon{n}_error"], ds[f"upsilon{n}_error"] * factor, rtol=1e-9)
    assert out[f"upsilon{order}"].attrs["units"] == unit
    xr.testing.assert_allclose(results.convert_units(out, ds[f"upsilon{order}"].attrs["units"]), ds, rtol=1e-14)


def test_a_volume_is_not_an_area_nor_one_order_another() -> None:
    for unit in ("hbar/(V m)", "J s/(V m)", "J s"):
        with pytest.raises(InputError, match="can be given in"):
            results.convert_units(spin_generation(), unit)


def test_components_follow_the_variable_with_most_indices() -> None:
    block = results.select_components(spin_generation(), ["yx"])
    assert (list(block["spin"].values), list(block["field"].values)) == (["y"], ["x"])
    np.testing.assert_array_equal(block["upsilon0"], spin_generation()["upsilon0"].sel(spin=["y"], field=["x"]))
    np.testing.assert_array_equal(block["spin_density_0"], spin_generation()["spin_density_0"].sel(spin=["y"]))
    with pytest.raises(InputError, match=r"asks for field 'z'\. Field can be x, y"):
        results.select_components(spin_generation(), ["xz"])


def test_explain_shows_the_symmetry_form_of_a_result() -> None:
    ds = spin_generation()
    ds["upsilon1"].attrs |= {
        "symmetry_form": "rows spin x y z\n  [ 0   a ]\n  [-a   0 ]\n  [ 0   0 ]",
        "symmetry_forbidden": 2e-3,
        "symmetry_forbidden_value": 0.022,
        "symmetry_forbidden_error": 0.1,
    }
    assert "Symmetry" not in results.explain(ds)
    text = results.explain(ds.assign_attrs(symmetry_group="3m' (by name)", symmetry="upsilon1: ..."))
    assert "Symmetry: 3m' (by name)\n  upsilon1\n      rows spin x y z\n        [ 0   a ]" in text
    assert "largest forbidden component 0.022 +- 0.1 hbar s/(V m^2), 2.0e-03 of the largest one" in text
    assert "symmetry = " not in text
