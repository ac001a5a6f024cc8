"""The command line for metals with soft phonons: every table runs, is explained and drawn; bad input is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crosscurrent import cli

METAL = '[model]\nmetal = "model-metal"\n'
POINT = 'temperature = [1, 2]\ngap = ["0 meV", "1 meV"]\nq = [[0.001, 0, 0]]\nq_unit = "k_F"\n'
JOBS = {
    "phonon_spin": METAL + "[phonon_spin]\n" + POINT + "field = [1e6, 0, 0]\n",
    "phonon_currents": METAL + '[phonon_currents]\ntemperature = 1\ngap = 0\nelectric_field = { wavelength = "640 nm", '
    'field = ["1 MV/m", 0, 0], points = 16 }\n',
    "crossover_map": METAL + '[crossover_map]\ntemperature = [1, 2, 4]\ngap = ["0 meV", "1 meV"]\n',
    "polarization_map": "[polarization_map]\naxis = [0, 0, 1]\nvector = [1, 0, 0]\nn_theta = 19\nn_phi = 19\n",
}
OTHER = {
    "one point": METAL + "[phonon_spin]\ntemperature = 1\ngap = 0\nq = [[0.001, 0, 0]]\n",
    "over q": METAL + "[phonon_spin]\ntemperature = 1\ngap = 0\nq = { x = { start = 0.001, stop = 0.01, num = 4 } }\n",
    "over the gap": METAL
    + '[phonon_spin]\ntemperature = 1\ngap = { start = 0, stop = "1 meV", num = 5 }\nq = { x = 1e-3 }\n',
    "a plane of q": METAL
    + "[phonon_spin]\ntemperature = 1\ngap = 0\nq = { x = { start = -0.01, stop = 0.01, num = 5 }, "
    "y = { start = -0.01, stop = 0.01, num = 5 } }\n",
    "frequencies": METAL + "[phonon_spin]\ntemperature = 1\ngap = 0\nq = { x = 1e-3 }\nomega = [0, 0.001, 0.01]\n",
    "two dimensions": METAL + 'coupling_2d = "50 meV angstrom"\n[phonon_spin]\ntemperature = [1, 2]\ngap = 1e-4\n'
    "q = { x = 1e-3 }\ndimension = 2\nfield = [1, 0]\n",
}

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli.app, list(args), prog_name="crosscurrent")

    return invoke


def refused(result: Result, words: str) -> None:
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stderr.startswith("error: ")
    assert words in result.stderr, result.stderr


@pytest.mark.parametrize("response", JOBS)
def test_run_look_and_draw(call: Call, response: str) -> None:
    Path("job.toml").write_text(JOBS[response])
    checked = call("check", "job.toml")
    assert checked.exit_code == 0, checked.output
    assert f"a sound {response} job for " in checked.stdout
    cost = call("run", "job.toml", "--dry-run")
    assert cost.exit_code == 0, cost.output
    assert "points: " in cost.stdout
    assert "k-points" not in cost.stdout
    done = call("run", "job.toml", "-o", "out.nc", "--quiet")
    assert done.exit_code == 0, done.output
    explained = call("explain", "out.nc")
    assert explained.exit_code == 0
    assert f"[{response}]" in explained.stdout
    drawn = call("plot", "out.nc", "-o", "out.png")
    assert drawn.exit_code == 0, drawn.output
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")
    assert {p.name for p in Path().iterdir()} == {"job.toml", "out.nc", "out.png"}


@pytest.mark.parametrize("kind", OTHER)
def test_other_axes_are_drawn(call: Call, kind: str) -> None:
    Path("job.toml").write_text(OTHER[kind])
    done = call("run", "job.toml", "-o", "out.nc", "--quiet")
    assert done.exit_code == 0, done.output
    drawn = call("plot", "out.nc", "-o", "out.png")
    assert drawn.exit_code == 0, drawn.output
    component = call("plot", "out.nc", "-v", "conductivity", "-c", "yxz", "-o", "component.png")
    assert component.exit_code == 0, component.output


def test_warnings_of_the_model_reach_the_user(call: Call) -> None:
    Path("job.toml").write_text(JOBS["phonon_spin"])
    assert "warning: RA one-loop model" in call("run", "job.toml", "-o", "out.nc", "--quiet").stderr
    explained = " ".join(call("explain", "out.nc").stdout.split())
    assert "RA one-loop model" in explained
    assert "spin_hall_angle" in explained


def test_metals_are_listed(call: Call) -> None:
    listed = call("models").output
    assert "srtio3" in listed
    assert "Metals with soft phonons" in listed
    assert "phonon_velocity = 1000 m/s" in call("models", "srtio3").output
    Path("first.toml").write_text(call("models", "srtio3", "--job").output)
    assert call("check", "first.toml").exit_code == 0
    Path("map.toml").write_text(call("models", "model-metal", "--job", "--response", "crossover_map").output)
    assert "[crossover_map]" in Path("map.toml").read_text()
    assert call("check", "map.toml").exit_code == 0
    assert "spin_hall" in call("models", "rashba", "--job").output
    refused(call("models", "srtio3", "--job", "--response", "spin_hall"), "no first job for 'spin_hall'")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("temperature = [1, 2]", "temperature = [0, 2]", "the temperature must be positive, got 0 K"),
        ("temperature = [1, 2]", "temperature = [-1, 2]", "phonon_spin.temperature[0]: must be 0 or more"),
        ('"0 meV"', '"-1 meV"', "must not be negative"),
        ("0.001", "2.5", "no two points of the Fermi surface"),
        ("1e6", '"1 kV"', "did you mean 'kV/cm'"),
        (METAL, METAL + "fermi_velocity = 1e6\ndensity = 1e28\nfermi_energy = 3\n", "contradicts"),
        (METAL, '[model]\nmaterial = "bi2se3"\n', "asked of a metal with soft phonons"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(call: Call, old: str, new: str, words: str) -> None:
    assert old in JOBS["phonon_spin"]
    Path("job.toml").write_text(JOBS["phonon_spin"].replace(old, new, 1))
    for command in (["check", "job.toml"], ["run", "job.toml", "--dry-run"], ["run", "job.toml", "--quiet"]):
        refused(call(*command), words)
    assert {p.name for p in Path().iterdir()} == {"job.toml"}


def test_names_that_are_not_in_the_result(call: Call) -> None:
    Path("job.toml").write_text(JOBS["phonon_spin"])
    call("run", "job.toml", "-o", "out.nc", "--quiet")
    refused(call("plot", "out.nc", "-v", "chy"), "no variable 'chy'")
    refused(call("plot", "out.nc", "-c", "xx"), "no component 'xx'")
