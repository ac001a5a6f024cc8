"""From a job to a result: models by name, every response, interruption and resumption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import crosscurrent
from crosscurrent import jobs, results
from crosscurrent.jobs import schema
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.model import build_model, parameter_value
from crosscurrent.jobs.parse import parse_job
from crosscurrent.jobs.plan import plan
from crosscurrent.jobs.run import parts_folder
from crosscurrent.jobs.starter import starter_job
from crosscurrent.jobs.store import Store
from crosscurrent.models.materials.registry import Parameter, catalogue
from crosscurrent.numerics.domains import Sphere
from crosscurrent.numerics.zone import PolarGrid, UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.spin_hall import spin_hall
from crosscurrent.units import InputError

QWZ = """
response = "anomalous_hall"
[model]
material = "qwz"
[anomalous_hall]
mu = [0.0, 1.5]
[zone]
method = "uniform"
mesh = [24, 24]
"""
BI2SE3 = """
response = "spin_hall"
[model]
material = "bi2se3"
cutoff = { kind = "sphere", radius = 0.3 }
[spin_hall]
mu = [0.1, 0.3]
components = ["zxy"]
definitions = ["conventional", "liu2023"]
unit = "(hbar/2e) S/m"
[zone]
method = "polar"
radial = 12
angular = 8
polar = 8
"""


def values(ds: xr.Dataset) -> dict[str, bytes]:
    return {str(name): ds[name].values.tobytes() for name in ds.variables}


# ------------------------------------------------------------------------------------------------ models
def test_job_and_python_give_the_same_numbers() -> None:
    """The job is a way to say the call, and nothing else."""
    said = jobs.run_job(parse_job(BI2SE3))
    called = spin_hall(
        catalogue()["bi2se3"].build(cutoff=Sphere(0.3)),
        [0.1, 0.3],
        method=PolarGrid(12, 8, 8),
        definitions=["conventional", "liu2023"],
        unit="(hbar/2e) S/m",
    )
    block = called.sel(current=["z"], field=["x"], spin=["y"])
    assert values(said) == values(block)
    assert dict(said["liu2023"].sizes) == {"mu": 2, "current": 1, "field": 1, "spin": 1}


def test_result_carries_the_job_as_it_was_written() -> None:
    text = "# a comment of the user's\n" + QWZ
    ds = jobs.run_job(parse_job(text), text=text)
    assert ds.attrs["job"] == text
    built = jobs.run_job(
        schema.Job(
            response="anomalous_hall",
            model=schema.Material(material="qwz"),
            anomalous_hall=schema.AnomalousHall(mu=0.0),
            zone=schema.Uniform(mesh=(6, 6)),
        )
    )
    assert parse_job(built.attrs["job"]).zone == schema.Uniform(mesh=(6, 6))


def test_parameters_reach_the_material() -> None:
    for mass, chern in ((-1.0, True), (5.0, False)):
        (name,) = [n for n in catalogue()["qwz"].parameters if "m" in n][:1]
        job = parse_job(QWZ.replace('"qwz"', f'"qwz"\nparameters = {{ {name} = {mass} }}'))
        model = catalogue()["qwz"].build(**{name: mass})
        expected = anomalous_hall(model, [0.0, 1.5], method=UniformMesh((24, 24)))
        found = jobs.run_job(job)
        np.testing.assert_array_equal(found["conductivity"], expected["conductivity"])
        assert (abs(float(found["conductivity"].sel(mu=0, current="x", field="y"))) > 0.5) is chern


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"qwz"', '"qwzz"', "model.material: unknown material 'qwzz' (did you mean 'qwz'?)"),
        ('"qwz"', '"srtio"', "'srtio' (did you mean 'srtio3'?). A metal with soft phonons is metal = \"srtio3\""),
        ('"qwz"', '"qwz"\nparameters = { zzz = 1 }', "model.parameters.zzz: 'qwz' has no such parameter"),
        ('"qwz"', '"qwz"\ncutoff = { kind = "disk", radius = 1 }', "model.cutoff: 'qwz' is periodic"),
        ('"qwz"', '"bi2se3"', "without a cutoff"),
        ("[24, 24]", "[24, 24, 24]", "zone.mesh: the model has 2 dimensions, the mesh 3"),
        (
            'method = "uniform"\nmesh = [24, 24]',
            'method = "polar"\nradial = 4\nangular = 4\npolar = 2',
            "takes no polar",
        ),
        ('[zone]\nmethod = "uniform"\nmesh = [24, 24]', "", "zone: this table is required"),
        ("mu = [0.0, 1.5]", 'mu = 0.0\nmu_from = "reference"', "has no reference energy"),
        ("mu = [0.0, 1.5]", 'mu = 0.0\ncomponents = ["xz"]', "component 'xz'"),
    ],
)
def test_jobs_that_do_not_fit_their_model(old: str, new: str, words: str) -> None:
    assert old in QWZ
    with pytest.raises(InputError) as caught:
        jobs.run_job(parse_job(QWZ.replace(old, new)))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ('"bi2se3"\nparameters = { magnetization = 0.001 }', "model.parameters.magnetization: expected a list of 3"),
        ('"bi2se3"\nparameters = { magnetization = [0, 0] }', "expected a list of 3"),
        ('"bi2se3"\nparameters = { magnetization = [0, 0, "x"] }', "magnetization[2]: 'x' is not a number with a unit"),
        ('"bi2se3"\nparameters = { magnetization = [0, 0, "1 K"] }', "magnetization[2]: 'K' is not an energy"),
        ('"bi2se3"\nparameters = { warping = 1 }', "model.parameters.warping: expected true or false, got 1"),
        ('"hole-gas-gaas"\nparameters = { field = "1e6" }', "model.parameters.field: '1e6' has no unit"),
        ('"hole-gas-gaas"\nparameters = { width = nan }', "model.parameters.width: nan is not a finite number"),
    ],
)
def test_bad_parameters_are_named(raw: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        prepare(parse_job(QWZ.replace('"qwz"', raw)))
    assert words in str(caught.value)


def test_parameters_take_units_where_the_material_has_one() -> None:
    wide = schema.Material(material="hole-gas-gaas", parameters={"width": "25 nm", "magnetization": "2 meV"})
    same = schema.Material(material="hole-gas-gaas", parameters={"width": 250.0, "magnetization": 0.002})
    k = np.array([[0.01, 0.02]])
    np.testing.assert_array_equal(build_model(wide).matrices(k).h, build_model(same).matrices(k).h)


def test_parameter_comes_out_in_the_unit_of_the_material() -> None:
    assert parameter_value(Parameter(1.0, "nm", ""), "25 angstrom", "") == pytest.approx(2.5)
    assert parameter_value(Parameter(1.0, "meV", ""), "1 eV", "") == pytest.approx(1000.0)
    assert parameter_value(Parameter(1.0, "nm", ""), 25, "") == 25


def test_energies_from_the_reference_of_the_model() -> None:
    text = QWZ.replace('"qwz"', '"hole-gas-gaas"').replace(
        "mu = [0.0, 1.5]", 'mu = [0.01, 0.02]\nmu_from = "reference"'
    )
    text = text.replace('method = "uniform"\nmesh = [24, 24]', 'method = "polar"\nradial = 6\nangular = 4')
    ds = jobs.run_job(parse_job(text))
    reference = build_model(schema.Material(material="hole-gas-gaas")).reference_energy  # type: ignore[attr-defined]
    np.testing.assert_array_equal(ds["mu_from_reference"], [0.01, 0.02])
    np.testing.assert_allclose(ds["mu"], np.array([0.01, 0.02]) + reference, rtol=1e-14)


def test_tight_binding_from_arrays(tmp_path: Path) -> None:
    qwz = catalogue()["qwz"].build()
    arrays: dict[str, Any] = {
        "lattice": qwz.cell,  # type: ignore[attr-defined]
        "vectors": qwz.vectors,  # type: ignore[attr-defined]
        "hamiltonian": qwz.hamiltonian,  # type: ignore[attr-defined]
        "positions": qwz.positions,  # type: ignore[attr-defined]
    }
    np.savez(tmp_path / "qwz.npz", **arrays)
    job = tmp_path / "job.toml"
    job.write_text(QWZ.replace('material = "qwz"', 'kind = "tight_binding"\nfile = "qwz.npz"\ndim = 2'))
    found = jobs.run_job(jobs.load_job(job))
    np.testing.assert_array_equal(found["conductivity"], jobs.run_job(parse_job(QWZ))["conductivity"])
    np.savez(tmp_path / "qwz.npz", lattice=qwz.lattice)
    with pytest.raises(InputError, match="the array 'vectors' is missing"):
        jobs.run_job(jobs.load_job(job))
    (tmp_path / "qwz.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match="not a readable"):
        jobs.run_job(jobs.load_job(job))


def test_wannier_files_are_named_relative_to_the_job(shared_data: Path, tmp_path: Path) -> None:
    (hr,) = sorted((shared_data / "wannier" / "pt").glob("*_hr.dat*"))
    job = tmp_path / "pt.toml"
    job.write_text(
        'response = "spin_hall"\n[model]\nkind = "wannier90"\n'
        f'hr = "{os.path.relpath(hr, tmp_path)}"\nspin_ordering = "block"\n'
        "lattice = [[0, 1.96195, 1.96195], [1.96195, 0, 1.96195], [1.96195, 1.96195, 0]]\n"
        '[spin_hall]\nmu = 11.3158\n[zone]\nmethod = "uniform"\nmesh = [2, 2, 2]\n'
    )
    prepared = prepare(jobs.load_job(job))
    assert prepared.model.n_states == 18
    assert prepared.model.spin is not None


def test_unknown_spin_operator_and_projector_are_refused() -> None:
    for line, words in (
        ('spin = "spni"', "no spin operator 'spni'"),
        ('projector = "layer 9"', "no projector 'layer 9'"),
    ):
        with pytest.raises(InputError, match=words):
            prepare(parse_job(BI2SE3.replace("[spin_hall]", f"[spin_hall]\n{line}")))
    chosen = jobs.run_job(parse_job(BI2SE3.replace("[spin_hall]", '[spin_hall]\nspin = "physical_spin"')))
    plain = jobs.run_job(parse_job(BI2SE3))
    assert not np.allclose(chosen["conventional"], plain["conventional"])


def test_bands_and_geometry() -> None:
    path = '[{ label = "G", k = [0, 0] }, { label = "X", k = [0.5, 0] }]'
    bands = jobs.run_job(
        parse_job(f'response = "bands"\n[model]\nmaterial = "qwz"\n[bands]\npath = {path}\npoints = 11')
    )
    model = build_model(schema.Material(material="qwz"))
    ends = np.linalg.eigvalsh(model.matrices(np.array([[0.0, 0], 0.5 * model.reciprocal[0]])).h)
    np.testing.assert_allclose(bands["energy"].values[[0, -1]], ends, atol=1e-12)
    mesh = parse_job('response = "band_geometry"\n[model]\nmaterial = "qwz"\n[zone]\nmethod = "uniform"\nmesh = [4, 6]')
    assert dict(jobs.run_job(mesh)["energy"].sizes) == {"k1": 4, "k2": 6, "band": 2}
    points = parse_job('response = "band_geometry"\n[model]\nmaterial = "qwz"\n[band_geometry]\npoints = [[0.5, 0]]')
    np.testing.assert_allclose(jobs.run_job(points)["energy"].values[0], ends[1], atol=1e-12)
    with pytest.raises(InputError, match="needs points, or a mesh"):
        prepare(parse_job('response = "band_geometry"\n[model]\nmaterial = "qwz"'))
    with pytest.raises(InputError, match=r"bands\.path\[0\]\.k: the model has 2 dimensions"):
        prepare(
            parse_job(f'response = "bands"\n[model]\nmaterial = "qwz"\n[bands]\npath = {path.replace("[0, 0]", "[0]")}')
        )


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_material_has_a_first_job(key: str) -> None:
    job = starter_job(catalogue()[key])
    assert parse_job(job.to_toml()) == job
    prepare(job)


def test_plan_counts_points() -> None:
    cost = plan(prepare(parse_job(QWZ)))
    # about what the run will count, its error estimate included
    assert cost.k_points == pytest.approx(jobs.run_job(parse_job(QWZ)).attrs["evaluations"], rel=0.1)
    assert not cost.at_most
    assert cost.seconds is not None
    assert cost.seconds > 0
    text = QWZ.replace('"uniform"\nmesh = [24, 24]', '"adaptive"\nmax_evaluations = 1000')
    cost = plan(prepare(parse_job(text)))
    assert (cost.k_points, cost.at_most) == (1000, True)
    assert "k-points: at most 1,000" in cost.text(2)
    assert "with 2 workers" in cost.text(2)


# ------------------------------------------------------------------------------------------------ outputs
def test_output_is_written_and_no_trace_of_the_work_stays(tmp_path: Path) -> None:
    ds = jobs.run_job(parse_job(QWZ), tmp_path / "a.nc")
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]
    xr.testing.assert_identical(results.load(tmp_path / "a.nc"), ds)
    before = (tmp_path / "a.nc").stat().st_mtime_ns
    parts_folder(tmp_path / "a.nc").mkdir()  # as a kill between the result and the tidying leaves it
    again = jobs.run_job(parse_job(QWZ), tmp_path / "a.nc")
    assert (tmp_path / "a.nc").stat().st_mtime_ns == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]
    assert values(again) == values(ds)


def test_another_job_does_not_overwrite_the_output(tmp_path: Path) -> None:
    jobs.run_job(parse_job(QWZ), tmp_path / "a.nc")
    before = (tmp_path / "a.nc").read_bytes()
    with pytest.raises(InputError, match="another job"):
        jobs.run_job(parse_job(QWZ.replace("1.5", "1.6")), tmp_path / "a.nc")
    assert (tmp_path / "a.nc").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]


def test_failure_leaves_the_pieces_and_the_next_run_uses_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = parse_job(QWZ.replace("[24, 24]", "[60, 60]"))
    expected = jobs.run_job(job)
    written = Store.write

    def full(self: Store, path: Path, key: str, partial: Any) -> None:
        if len(list(tmp_path.rglob("*.npz"))) >= 1:
            raise KeyboardInterrupt
        written(self, path, key, partial)

    monkeypatch.setattr(Store, "write", full)
    monkeypatch.setattr("crosscurrent.responses.anomalous_hall.points_per_batch", lambda *_: 300)
    expected = jobs.run_job(job)
    with pytest.raises(KeyboardInterrupt):
        jobs.run_job(job, tmp_path / "a.nc")
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc.parts"]
    assert not (tmp_path / "a.nc.parts" / "lock").exists()
    monkeypatch.setattr(Store, "write", written)
    assert values(jobs.run_job(job, tmp_path / "a.nc")) == values(expected)


LONG = QWZ.replace("[24, 24]", "[1000, 1000]").replace("mu = [0.0, 1.5]", "mu = { start = -3, stop = 3, num = 201 }")


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, bytes]:
    return values(jobs.run_job(parse_job(LONG)))


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGKILL, 2), (signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_killed_run_resumes_to_the_same_bits(
    tmp_path: Path, number: signal.Signals, workers: int, uninterrupted: dict[str, bytes]
) -> None:
    """The real command, killed in the middle, then run again with another number of workers."""
    (tmp_path / "job.toml").write_text(LONG)
    command = [sys.executable, "-m", "crosscurrent", "run", "job.toml", "-o", "out.nc", "--quiet", "--workers"]
    # the checkout may be on the path by a relative name
    env = os.environ | {"PYTHONPATH": str(Path(crosscurrent.__file__).parents[1])}
    running = subprocess.Popen(
        [*command, str(workers)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        # a suite that runs in the background of a shell is deaf to it, and so would this be
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.rglob("*.npz"))) < 3 and time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.005)
    running.send_signal(number)
    _, said = running.communicate(timeout=30)
    assert not (tmp_path / "out.nc").exists(), "the run was too quick to be killed in its middle"
    kept = len(list(tmp_path.rglob("*.npz")))
    assert kept >= 3
    if number is not signal.SIGKILL:
        assert running.returncode == 130
        assert said.strip().splitlines()[-1] == "stopped; run the same command again to resume"
        assert len(said.strip().splitlines()) == 1
    done = subprocess.run(
        [*command, str(3 - workers)], cwd=tmp_path, capture_output=True, text=True, timeout=120, env=env
    )
    assert done.returncode == 0, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"job.toml", "out.nc"}
    assert values(results.load(tmp_path / "out.nc")) == uninterrupted


def test_a_filling_and_a_shifted_mesh_can_be_said_in_a_job() -> None:
    text = """
response = "spin_hall"
[model]
material = "qwz"
[spin_hall]
filling = 1
definitions = ["anomalous_hall"]
[zone]
method = "uniform"
mesh = [24, 24]
shifted = true
"""
    result = jobs.run_job(parse_job(text))
    assert result.filling.values.tolist() == [1]
    assert "shifted" in result.attrs["method"]
    assert abs(float(result.anomalous_hall.sel(filling=1, current="x", field="y"))) == pytest.approx(1, abs=1e-6)
    with pytest.raises(InputError, match="either mu or filling"):
        jobs.run_job(parse_job(text.replace("filling = 1", "filling = 1\nmu = 0.0")))
