"""The command line: what it says, its exit statuses, and that nothing but one line comes of bad input."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

import crosscurrent
from crosscurrent import cli, results
from crosscurrent.cli.app import COMMANDS
from crosscurrent.cli.progress import Bar, Lines, shown
from crosscurrent.jobs import parse_job, run_job
from crosscurrent.jobs.store import Silent
from crosscurrent.models.materials.registry import catalogue

JOB = """response = "anomalous_hall"
title = "Chern insulator"
[model]
material = "qwz"
[anomalous_hall]
mu = { start = -1.0, stop = 1.0, num = 5 }
[zone]
method = "uniform"
mesh = [12, 12]
"""

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs the command in an empty folder that holds job.toml."""
    monkeypatch.chdir(tmp_path)
    Path("job.toml").write_text(JOB)

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli.app, list(args), prog_name="crosscurrent")

    return invoke


def refused(result: Result, words: str, status: int = 2) -> None:
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stderr.startswith("error: ")
    assert words in result.stderr


# ------------------------------------------------------------------------------------------------ help
def test_help_lists_every_command(call: Call) -> None:
    text = call("--help").output
    for name in COMMANDS:
        assert f"\n  {name} " in text
    assert call("-h").output == text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_has_an_example(call: Call, name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert f"Example:  crosscurrent {name}" in result.output
    assert len(result.output.splitlines()) >= 8
    loaded = cli.app.get_command(click.Context(cli.app), name)
    assert loaded is not None
    assert loaded.name == name


def test_unknown_command_gets_a_hint(call: Call) -> None:
    result = call("pltt")
    assert result.exit_code == 2
    assert "no command 'pltt' (did you mean 'plot'?)" in result.stderr


def test_version(call: Call) -> None:
    assert call("--version").output == f"crosscurrent {crosscurrent.__version__}\n"
    assert call("version").output.startswith(f"crosscurrent {crosscurrent.__version__}")


# ------------------------------------------------------------------------------------------------ run and check
def test_run_then_look_at_it_in_every_way(call: Call) -> None:
    done = call("run", "job.toml", "-o", "out.nc", "--quiet")
    assert done.exit_code == 0, done.output
    assert "out.nc: anomalous Hall conductivity" in done.stdout
    ds = results.load("out.nc")
    assert ds.attrs["job"] == JOB
    np.testing.assert_array_equal(ds["conductivity"], run_job(parse_job(JOB))["conductivity"])

    explained = call("explain", "out.nc")
    assert explained.exit_code == 0
    assert explained.stdout == results.explain(ds)

    drawn = call("plot", "out.nc", "-o", "fig.png", "--component", "xy", "--title", "mine")
    assert drawn.exit_code == 0, drawn.output
    assert Path("fig.png").read_bytes().startswith(b"\x89PNG")

    written = call("export", "out.nc", "-o", "out.dat", "--unit", "S")
    assert written.exit_code == 0, written.output
    table = np.loadtxt("out.dat")
    np.testing.assert_array_equal(table[:, 0], np.linspace(-1, 1, 5))
    columns = [line for line in Path("out.dat").read_text().splitlines() if line.startswith("# column")]
    assert "# column 4: conductivity.xy [S]" in columns
    scale = 3.874045865410e-05  # e^2/h in siemens
    np.testing.assert_allclose(table[:, 3], ds["conductivity"].sel(current="x", field="y") * scale, rtol=1e-9)


def test_default_names(call: Call) -> None:
    assert call("run", "job.toml", "--quiet").exit_code == 0
    assert call("plot", "job.nc").exit_code == 0
    assert call("export", "job.nc").exit_code == 0
    assert {p.name for p in Path().iterdir()} == {"job.toml", "job.nc", "job.png", "job.dat"}


def test_workers_do_not_show_in_the_file(call: Call) -> None:
    call("run", "job.toml", "-o", "one.nc", "--quiet")
    assert call("run", "job.toml", "-o", "two.nc", "--quiet", "--workers", "2").exit_code == 0
    one, two = results.load("one.nc"), results.load("two.nc")
    assert one.identical(two)
    assert one["conductivity"].values.tobytes() == two["conductivity"].values.tobytes()


def test_output_of_another_job(call: Call) -> None:
    call("run", "job.toml", "-o", "out.nc", "--quiet")
    before = Path("out.nc").read_bytes()
    Path("job.toml").write_text(JOB.replace("num = 5", "num = 6"))
    refused(call("run", "job.toml", "-o", "out.nc", "--quiet"), "comes from another job")
    assert Path("out.nc").read_bytes() == before


def test_output_in_no_folder(call: Call) -> None:
    refused(call("run", "job.toml", "-o", "no/out.nc", "--quiet"), "cannot keep unfinished work here")


def test_dry_run_tells_the_cost_and_computes_nothing(call: Call) -> None:
    result = call("run", "job.toml", "-o", "out.nc", "--dry-run", "--workers", "2")
    assert result.exit_code == 0, result.output
    for part in ("k-points: ", "time: about", "memory: about", "with 2 workers", "uniform mesh 12 x 12", "out.nc"):
        assert part in result.stdout
    points = int(result.stdout.split("k-points: ")[1].split()[0].replace(",", ""))
    assert 144 <= points < 288
    assert {p.name for p in Path().iterdir()} == {"job.toml"}
    Path("out.nc.parts").mkdir()
    assert (
        "unfinished work of an earlier run: out.nc.parts" in call("run", "job.toml", "-o", "out.nc", "--dry-run").stdout
    )


def test_check(call: Call) -> None:
    result = call("check", "job.toml")
    assert result.exit_code == 0
    assert "sound anomalous_hall job" in result.stdout
    Path("job.toml").write_text(JOB.replace("mesh =", "mehs ="))
    refused(call("check", "job.toml"), "job.toml: zone.mehs: unknown key (did you mean 'mesh'?)")
    refused(call("run", "job.toml"), "job.toml: zone.mehs: unknown key (did you mean 'mesh'?)")
    refused(call("check", "nothing.toml"), "nothing.toml: cannot read the job")


@pytest.mark.parametrize("command", ["explain", "plot", "export"])
def test_results_that_are_none(call: Call, command: str) -> None:
    refused(call(command, "missing.nc"), "missing.nc: no such file")
    refused(call(command, "job.toml"), "job.toml: this is not a netCDF result")


def test_plot_refuses_what_it_cannot_draw(call: Call) -> None:
    call("run", "job.toml", "-o", "out.nc", "--quiet")
    refused(call("plot", "out.nc", "-o", "fig.doc"), "cannot draw into a '.doc' file")
    refused(call("plot", "out.nc", "-o", "out.nc"), "cannot draw into a '.nc' file")
    refused(call("plot", "out.nc", "-v", "conductivty"), "no variable 'conductivty'")
    refused(call("plot", "out.nc", "-c", "zz"), "no component 'zz'")
    refused(call("plot", "out.nc", "-u", "S/cm"), "can be given in 'S/cm'")


# ------------------------------------------------------------------------------------------------ errors
def test_interruption_says_how_to_go_on(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("crosscurrent.jobs.run_job", stopped)
    result = call("run", "job.toml", "--quiet")
    assert (result.exit_code, result.stderr) == (130, "stopped; run the same command again to resume\n")
    monkeypatch.setattr("crosscurrent.results.load", stopped)
    result = call("explain", "x.nc")
    assert (result.exit_code, result.stderr) == (130, "stopped\n")


def test_unexpected_error_asks_for_a_report(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("crosscurrent.jobs.run_job", broken)
    result = call("run", "job.toml", "--quiet")
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    assert "unexpected ZeroDivisionError: two lines" in result.stderr
    assert "--debug" in result.stderr
    assert isinstance(call("--debug", "run", "job.toml", "--quiet").exception, ZeroDivisionError)


def test_out_of_memory_is_said_plainly(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("crosscurrent.jobs.run_job", full)
    refused(call("run", "job.toml", "--quiet"), "out of memory", status=1)


def test_real_process_bad_job(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text("response = 3")
    env = os.environ | {"PYTHONPATH": str(Path(crosscurrent.__file__).parents[1])}
    command = [sys.executable, "-m", "crosscurrent", "run", "job.toml"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: job.toml: ")
    assert done.stderr.count("\n") == 1


# ------------------------------------------------------------------------------------------------ models, inspect
def test_models_are_listed_with_their_sources(call: Call) -> None:
    text = call("models").output
    flat = " ".join(text.split())
    for key, entry in catalogue().items():
        assert any(line.startswith(f"{key} ") for line in text.splitlines())
        assert entry.title in text
        assert entry.source.split(",")[0] in flat


def test_one_model_in_detail_and_as_a_job(call: Call) -> None:
    text = call("models", "bi2se3").output
    entry = catalogue()["bi2se3"]
    assert entry.source in text
    for name, parameter in entry.parameters.items():
        assert f"{name} = {parameter.default}" in text
        assert parameter.meaning in text
    job = call("models", "bi2se3", "--job").output
    assert tomllib.loads(job)["model"]["material"] == "bi2se3"
    Path("first.toml").write_text(job)
    assert call("check", "first.toml").exit_code == 0
    refused(call("models", "bi2se4"), "did you mean 'bi2se3'")
    assert call("models", "--job").exit_code == 2


def test_inspect_prints_the_report_and_a_job_that_parses(call: Call, shared_data: Path) -> None:
    found = sorted((shared_data / "wannier").rglob("*_hr.dat*")) + sorted((shared_data / "wannier").rglob("*.chk*"))
    result = call("inspect", str(found[-1]))
    assert result.exit_code == 0, result.output
    assert "Wannier functions" in result.stdout
    refused(call("inspect", "job.toml"), "job.toml")


# ------------------------------------------------------------------------------------------------ reproduce
PAPER = """
title = "A toy figure"
paper = "Somebody (2000)"
[[check]]
name = "quantised"
job = "chern"
variable = "conductivity"
select = { mu = 0.0, current = "x", field = "y" }
value = 1.0
rtol = 1e-3
source = "topology"
[[figure]]
file = "fig1.png"
[[figure.line]]
job = "chern"
variable = "conductivity"
select = { current = "x", field = "y" }
"""
CLAIM = """
[[claim]]
where = "Fig. 1"
text = "It is quantised."
verdict = "reproduces"
why = ""
checks = ["quantised"]
"""


def paper(mesh: int, value: float) -> None:
    folder = Path("papers/toy")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chern.toml").write_text(JOB.replace("[12, 12]", f"[{mesh}, {mesh}]"))
    (folder / "reference.toml").write_text(PAPER.replace("value = 1.0", f"value = {value}"))
    (folder / "claims.toml").write_text(CLAIM)


def test_reproduce(call: Call) -> None:
    sign = float(np.sign(run_job(parse_job(JOB))["conductivity"].sel(mu=0, current="x", field="y")))
    paper(40, sign)
    assert call("reproduce", "--list", "--papers", "papers").output == "toy  A toy figure\n"
    result = call("reproduce", "toy", "--papers", "papers", "--quiet")
    assert result.exit_code == 0, result.output
    assert {p.name for p in Path("reproduce/toy").iterdir()} == {"chern.nc", "fig1.png", "report.md"}
    assert "reproduces: It is quantised." in result.stdout
    assert "topology" in result.stdout
    paper(40, 2 * sign)
    result = call("reproduce", "--all", "--papers", "papers", "--quiet", "-o", "here")
    assert result.exit_code == 1
    assert "FAILS" in result.stdout
    assert "NOT CONFIRMED (reproduces): It is quantised." in result.stdout
    assert Path("here/toy/report.md").is_file()


def test_reproduce_needs_one_thing_to_do(call: Call) -> None:
    for args in ((), ("toy", "--all"), ("--list", "--all")):
        assert call("reproduce", *args).exit_code == 2
    refused(call("reproduce", "no-such-paper"), "unknown paper 'no-such-paper'")


# ------------------------------------------------------------------------------------------------ progress
def test_progress_lines(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(pause=0.0)
    lines.begin("zone", 10.0, 4.0)
    for _ in range(6):
        lines.advance("zone", 1.0)
    lines.end("zone")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "zone: 40% found from an earlier run"
    assert [line.split(" done")[0] for line in said[1:]] == [f"zone: {p}%" for p in (50, 60, 70, 80, 90, 100)]
    assert said[-1].endswith("0 s left")


def test_progress_lines_are_rare(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(pause=3600.0)
    lines.begin("zone", 10.0, 0.0)
    for _ in range(10):
        lines.advance("zone", 1.0)
    assert capsys.readouterr().err == ""


def test_progress_suits_where_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    with shown(quiet=True) as progress:
        assert isinstance(progress, Silent)
    with shown() as progress:
        assert isinstance(progress, Lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with shown() as progress:
        assert isinstance(progress, Bar)
        for stage in ("first", "second"):
            progress.begin(stage, 10.0, 4.0)
            (task,) = progress.bar.tasks
            assert (task.total, task.completed) == (10.0, 4.0)
            progress.advance(stage, 6.0)
            assert task.finished
            progress.end(stage)


def test_a_closed_pipe_is_not_a_bug() -> None:
    command = [sys.executable, "-m", "crosscurrent", "models"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # what head does once it has seen enough
        said = process.stderr.read()
    assert "bug" not in said
    assert "Traceback" not in said
