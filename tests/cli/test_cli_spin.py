"""The command line for spin that a field makes: every table runs, is explained and drawn, and bad input is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from crosscurrent import cli, results

HEAD = '[model]\nmaterial = "rashba-antiferromagnet"\n[zone]\nmethod = "uniform"\nmesh = [8, 8]\n'
JOBS = {
    "spin_generation": 'filling = 2\nomega = ["1 THz", "5 THz"]\nprojections = ["A", "B"]\nfield = [1e7, 0]\n',
    "spin_generation_map": 'filling = 2\nomega = "1 THz"\nprojections = ["A", "B"]\n',
    "spin_pulse": 'filling = 2\nwaveform = { amplitude = [1e6, 0], frequency = "1 THz", duration = "1 ps" }\n',
    "edelstein": "mu = [1.0, 1.1]\ntemperature = 3000\nrelaxation_time = 100\n",
    "spin_mechanisms": 'filling = 2\nmu_doped = 1.0\nomega = "5 THz"\ntemperature = 3000\nrelaxation_time = 100\n'
    'sublattices = ["A", "B"]\n',
}
SYMMETRY = '[symmetry]\ngroup = "4mm1\'"\n'
STRUCTURE = """
lattice = [[5.65685425, 0, 0], [0, 5.65685425, 0], [0, 0, 20]]
positions = [[0, 0, 0.5], [0.5, 0.5, 0.5]]
species = ["Mn", "Mn"]
moments = [3, -3]
dim = 2
"""

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli.app, list(args), prog_name="crosscurrent")

    return invoke


def job(response: str, *changes: tuple[str, str], more: str = "") -> None:
    text = f"{HEAD}[{response}]\n{JOBS[response]}{more}"
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    Path("job.toml").write_text(text)


def refused(result: Result, words: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stderr.startswith("error: ")
    assert words in result.stderr, result.stderr


# ------------------------------------------------------------------------------------------------ what works
@pytest.mark.parametrize("response", JOBS)
def test_run_look_and_draw(call: Call, response: str) -> None:
    job(response)
    assert call("check", "job.toml").exit_code == 0
    cost = call("run", "job.toml", "--dry-run")
    assert cost.exit_code == 0, cost.output
    done = call("run", "job.toml", "-o", "out.nc", "--quiet")
    assert done.exit_code == 0, done.output
    explained = call("explain", "out.nc")
    assert explained.exit_code == 0
    assert f"[{response}]" in explained.stdout
    drawn = call("plot", "out.nc", "-o", "out.png")
    assert drawn.exit_code == 0, drawn.output
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")
    assert {p.name for p in Path().iterdir()} == {"job.toml", "out.nc", "out.png"}


def test_plot_options_reach_the_figure(call: Call) -> None:
    job("spin_generation")
    call("run", "job.toml", "-o", "out.nc", "--quiet")
    assert call("plot", "out.nc", "-v", "upsilon1", "-c", "yx", "--log", "-u", "J s^2/(V m)").exit_code == 0
    refused(call("plot", "out.nc", "-v", "upsilon1", "-c", "zz"), "no component 'zz'")
    refused(call("plot", "out.nc", "-u", "J s^2/(V m^2)"), "can be given in")
    job("spin_generation_map")
    call("run", "job.toml", "-o", "map.nc", "--quiet")
    assert call("plot", "map.nc", "-p", "A").exit_code == 0
    refused(call("plot", "map.nc", "-p", "C"), "no projection 'C'")


def test_export_in_si(call: Call) -> None:
    job("spin_generation", ("projections", 'tensors = ["upsilon1"]\nprojections'), ("field = [1e7, 0]\n", ""))
    call("run", "job.toml", "-o", "out.nc", "--quiet")
    assert call("export", "out.nc", "-v", "upsilon1", "-u", "J s^2/(V m)").exit_code == 0
    columns = [line for line in Path("out.dat").read_text().splitlines() if line.startswith("# column")]
    assert any("frequency [THz]" in line for line in columns)
    at = next(i for i, line in enumerate(columns) if "upsilon1.yxA [J s^2/(V m)]" in line)
    value = results.load("out.nc")["upsilon1"].sel(spin="y", field="x", projection="A").values[0]
    np.testing.assert_allclose(np.loadtxt("out.dat")[:, at], value * 1.054571817e-34, rtol=1e-9)


def test_explain_shows_the_form_and_what_breaks_it(call: Call) -> None:
    job("spin_generation", more=SYMMETRY)
    assert call("run", "job.toml", "-o", "out.nc", "--quiet").exit_code == 0
    text = call("explain", "out.nc").stdout
    assert "Symmetry: 4mm1'" in text
    part = text.split("Symmetry: ")[1].split("\nEquations")[0]
    assert "upsilon1" in part
    assert "[ 0   a ]" in part
    assert "[-a   0 ]" in part
    assert "largest forbidden component" in part
    assert "symmetry_group" not in text
    job("spin_generation")
    call("run", "job.toml", "-o", "plain.nc", "--quiet")
    assert "Symmetry" not in call("explain", "plain.nc").stdout


def test_first_job_of_another_response(call: Call) -> None:
    text = call("models", "rashba-antiferromagnet", "--job", "--response", "spin_generation").output
    Path("first.toml").write_text(text)
    assert call("check", "first.toml").exit_code == 0
    assert "[spin_generation]" in text
    assert "spin_hall" in call("models", "rashba-antiferromagnet", "--job").output
    refused(call("models", "qwz", "--job", "--response", "nothing"), "no first job for 'nothing'")


# ------------------------------------------------------------------------------------------------ symmetry
def test_symmetry_of_a_group_by_name(call: Call) -> None:
    text = call("symmetry", "3m'").stdout
    block = text.split("upsilon1: ")[1].split("\n\n")[0]
    matrix = [line.strip() for line in block.splitlines() if "[" in line]
    assert matrix == ["[ 0   a   0 ]", "[-a   0   0 ]", "[ 0   0   0 ]"]
    only = call("symmetry", "3m'", "-t", "upsilon0").stdout
    assert "[ 0   0   b ]" in only
    assert "upsilon1" not in only
    polar_along_x = call("symmetry", "mm21'", "--axis", "x", "-t", "upsilon1").stdout
    assert "[ 0   0   0 ]\n    [ 0   0   a ]\n    [ 0   b   0 ]" in polar_along_x
    layer = call("symmetry", "3m'", "-t", "upsilon1", "--dim", "2").stdout
    assert "[ 0   a ]\n    [-a   0 ]\n    [ 0   0 ]" in layer
    refused(call("symmetry", "3m''"), "3m''")
    refused(call("symmetry", "3m'", "-t", "upsilon7"), "upsilon7")


@pytest.mark.parametrize("name", ["3m'", "3m1'", "-3'm'", "2mm1'", "-42m1'", "321'", "-1'"])
def test_symmetry_of_the_seven_groups(call: Call, name: str) -> None:
    """Names that begin with a minus are no options, wherever they stand."""
    text = call("symmetry", name, "-t", "upsilon1").stdout
    assert text.startswith(f"magnetic point group {name} (")
    assert call("symmetry", "--tensor", "upsilon1", name).stdout == text
    assert call("symmetry", name, "--tensr", "upsilon1").exit_code == 2


def test_symmetry_of_a_structure(call: Call) -> None:
    Path("structure.toml").write_text(STRUCTURE)
    text = call("symmetry", "structure.toml", "-t", "upsilon1", "-s", "0", "-s", "1").stdout
    assert "structure of 2 atoms" in text
    assert "site 1" in text
    job("spin_generation", more="[symmetry]" + STRUCTURE)
    assert call("symmetry", "job.toml", "-t", "upsilon1", "-s", "0", "-s", "1").stdout == text
    assert call("symmetry", "job.toml", "--axis", "x").exit_code == 2
    job("spin_generation")
    refused(call("symmetry", "job.toml"), "this job has no table [symmetry]")
    refused(call("symmetry", "none.toml"), "none.toml: cannot read")
    Path("structure.toml").write_text(STRUCTURE.replace("species", "spcies"))
    refused(call("symmetry", "structure.toml"), "structure.toml: spcies: unknown key (did you mean 'species'?)")
    job("spin_generation", more="[symmetry]" + STRUCTURE.replace("species", "spcies"))
    refused(call("symmetry", "job.toml"), "job.toml: symmetry.spcies: unknown key (did you mean 'species'?)")


# ------------------------------------------------------------------------------------------------ what is refused
CSV = "time (ps),E_x (V/m),E_y (V/m)\n"
T = np.linspace(-0.5, 0.5, 41)


def waveform(rows: list[tuple[float, float]]) -> None:
    Path("pulse.csv").write_text(CSV + "".join(f"{t},{e},0\n" for t, e in rows))


def as_csv() -> tuple[str, str]:
    table = JOBS["spin_pulse"]
    return table[table.index("{ amp") : table.index("}") + 1], '{ csv = "pulse.csv" }'


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([('"5 THz"', '"200 THz"')], "smallest direct gap, 0.46"),
        ([("filling = 2", "mu = 1.0")], "partly filled"),
        ([("filling = 2", 'filling = 2\nper = "volume"')], "Give the thickness"),
        ([('["A", "B"]', '["A"]\ncomplete = true')], "do not sum to one"),
        ([('["A", "B"]', '["A", "C"]')], "has no projector 'C'"),
        ([("field = [1e7, 0]", "field = [1e7, 0, 1]")], "field"),
        ([("field = [1e7, 0]", "field = [1e7]")], "the field needs 2"),
        ([("filling = 2", "filling = 5")], "filling"),
        ([("filling = 2", 'filling = 2\nunit = "J"')], "unknown unit"),
    ],
)
def test_bad_spin_generation_is_one_line_and_leaves_nothing(
    call: Call, changes: list[tuple[str, str]], words: str
) -> None:
    job("spin_generation", *changes)
    refused(call("run", "job.toml", "-o", "out.nc", "--quiet"), words)
    assert {p.name for p in Path().iterdir()} == {"job.toml"}


@pytest.mark.parametrize("response", ["spin_generation", "spin_generation_map"])
def test_check_knows_what_run_would_refuse(call: Call, response: str) -> None:
    job(response, ('"1 THz"', '"200 THz"'))
    refused(call("check", "job.toml"), "smallest direct gap, 0.46")
    job(response, ("filling = 2", "mu = 1.0"))
    refused(call("check", "job.toml"), "partly filled")
    job(response, ("filling = 2", 'mu = 1.0\neta = "1 meV"'))
    assert call("check", "job.toml").exit_code == 0


def test_gap_in_the_message_is_the_gap(call: Call) -> None:
    job("spin_generation", ('"5 THz"', '"200 THz"'))
    said = call("run", "job.toml", "--quiet").stderr
    assert "THz" in said
    job("spin_generation", ('"5 THz"', '"200 THz"'), ("omega", 'eta = "1 meV"\nomega'))
    assert call("run", "job.toml", "--quiet").exit_code == 0


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(t, 0.0) for t in T[::-1]], "pulse.csv"),
        ([(t, np.nan if i == 20 else 0.0) for i, t in enumerate(T)], "pulse.csv"),
        ([(t, 0.0) for i, t in enumerate(T) if not 10 < i < 25], "pulse.csv"),
        ([(T[0], 0.0)] * 5, "pulse.csv"),
    ],
    ids=["unsorted", "missing value", "missing rows", "repeated times"],
)
def test_bad_waveform_is_one_line_and_leaves_nothing(call: Call, rows: list[tuple[float, float]], words: str) -> None:
    job("spin_pulse", as_csv())
    waveform(rows)
    refused(call("run", "job.toml", "-o", "out.nc", "--quiet"), words)
    assert {p.name for p in Path().iterdir()} == {"job.toml", "pulse.csv"}
    Path("pulse.csv").unlink()
    refused(call("run", "job.toml", "-o", "out.nc", "--quiet"), "pulse.csv")


def test_good_waveform_runs(call: Call) -> None:
    job("spin_pulse", as_csv())
    waveform([(t, 1e6 * np.exp(-((t / 0.1) ** 2))) for t in T])
    done = call("run", "job.toml", "-o", "out.nc", "--quiet")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("moments", ["[3]", "[3, -3, 0]", "[[3, 0], [-3, 0]]", '["up", "down"]'])
def test_bad_moments_are_one_line_and_leave_nothing(call: Call, moments: str) -> None:
    job("spin_generation", more="[symmetry]" + STRUCTURE.replace("[3, -3]", moments))
    refused(call("run", "job.toml", "-o", "out.nc", "--quiet"), "moments")
    assert {p.name for p in Path().iterdir()} == {"job.toml"}
    refused(call("symmetry", "job.toml"), "moments")


@pytest.mark.parametrize(
    ("response", "old", "new", "words"),
    [
        ("edelstein", "temperature = 3000", "temperature = 0", "temperature"),
        ("spin_mechanisms", '"5 THz"', '"200 THz"', "gap"),
        ("spin_mechanisms", '["A", "B"]', '["A", "C"]', "'C'"),
        ("spin_pulse", "[1e6, 0]", "[1e6]", "amplitude"),
        ("spin_generation_map", "filling = 2", "band = 9", "band"),
    ],
)
def test_other_bad_questions(call: Call, response: str, old: str, new: str, words: str) -> None:
    job(response, (old, new))
    refused(call("run", "job.toml", "-o", "out.nc", "--quiet"), words)
    assert {p.name for p in Path().iterdir()} == {"job.toml"}
