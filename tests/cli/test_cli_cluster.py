"""`run` on several machines as one types it: shares, `combine`, executors, and what is said of pieces that fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from crosscurrent import cli, results
from crosscurrent.jobs import execute, run_job
from crosscurrent.jobs.parse import parse_job
from crosscurrent.jobs.pieces import Failure, Pieces, attempt
from crosscurrent.numerics.chunks import Partial, Work

JOB = """
[model]
local_mode = "batio3-b"
[ferron_hall]
grid = [6, 5, 6]
temperature = { hot = 50, cold = 0 }
damping = { layers = 2 }
omega_B = 80
"""
CLUSTER = """
[cluster]
kind = "slurm"
jobs = 4
cores = 8
memory = "16GB"
walltime = "04:00:00"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("job.toml").write_text(JOB)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, [*words, *(["--quiet"] if words[0] == "run" else [])])


def test_an_array_and_its_sum() -> None:
    first = call("run", "job.toml", "-o", "out.nc", "--chunk", "1/2")
    assert first.exit_code == 0, first.output
    assert first.stdout.splitlines() == [
        "share 1/2: 4 pieces are done",
        "stage 'steady-state-still': 2 pieces of other shares are not",
        "stage 'steady-state-turned': 2 pieces of other shares are not",
    ]
    early = call("combine", "job.toml", "-o", "out.nc")
    assert early.exit_code == 75
    assert "not complete: stage 'steady-state-still': 2 pieces are missing, of share 2 of 2" in early.stderr
    last = call("run", "job.toml", "-o", "out.nc", "--chunk", "2/2")
    assert "all shares are done; sum them with: crosscurrent combine JOB -o out.nc" in last.stdout
    done = call("combine", "job.toml", "-o", "out.nc")
    assert (done.exit_code, done.stdout[:7]) == (0, "out.nc:")
    found, expected = results.load("out.nc"), run_job(parse_job(JOB))
    np.testing.assert_array_equal(found["kinetic_energy"], expected["kinetic_energy"])
    assert found.attrs["job"] == JOB
    assert sorted(path.name for path in Path().iterdir()) == ["job.toml", "out.nc"]


def test_a_dry_run_of_a_share() -> None:
    lines = call("run", "job.toml", "--chunk", "3/64", "--dry-run").stdout.splitlines()
    assert any(line.startswith("share: 3 of 64, about 1 seconds") for line in lines)
    assert any(line.startswith("memory: about") and "free here" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--executor", "serial", "--workers", "2"), "executor: serial, and 2 workers"),
        (("--executor", "processes", "--scheduler", "tcp://h:1"), "the processes executor has no scheduler"),
        (("--chunk", "3"), "chunk: '3' is no share"),
        (("--chunk", "1/2", "--executor", "dask"), "not by dask"),
        (("--retries", "-1"), "Invalid value for '--retries'"),
    ],
)
def test_words_that_do_not_fit(words: tuple[str, ...], said: str) -> None:
    refused = call("run", "job.toml", *words)
    assert refused.exit_code == 2
    assert said in refused.stderr


def test_pieces_that_fail_are_listed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are done and kept; the exit status is 1, and the same command does what is left."""
    plain = execute.SerialMap.__call__

    def touchy(self: execute.SerialMap, stage: str, work: Work, chunks: Sequence[Any], weights: Any = None) -> Pieces:
        def outcomes() -> Iterator[Partial | Failure]:
            for chunk in chunks:
                if chunk[0] in (1, 2):
                    yield Failure(FloatingPointError(f"q_z = {chunk[0]} has no modes"))
                else:
                    yield attempt(work, chunk, execute.ThreadpoolController(), 0)

        return Pieces(outcomes())

    monkeypatch.setattr(execute.SerialMap, "__call__", touchy)
    failed = call("run", "job.toml", "-o", "out.nc")
    assert failed.exit_code == 1
    assert failed.stderr.splitlines() == [
        "error: 2 pieces of 4 failed; the others are done and kept",
        "  stage 'steady-state-still', piece 2 of 4: FloatingPointError: q_z = 1 has no modes",
        "  stage 'steady-state-still', piece 3 of 4: FloatingPointError: q_z = 2 has no modes",
        "run the same command again to try these once more",
    ]
    assert len(list(Path("out.nc.parts").rglob("*.npz"))) == 2
    monkeypatch.setattr(execute.SerialMap, "__call__", plain)
    assert call("run", "job.toml", "-o", "out.nc").exit_code == 0


def test_a_cluster_is_asked_for_only_with_dask() -> None:
    Path("job.toml").write_text(JOB + CLUSTER)
    plain = call("run", "job.toml", "--dry-run")
    assert plain.exit_code == 0 and "batch job" not in plain.stdout
    assert call("run", "job.toml", "-o", "out.nc").exit_code == 0


def test_a_dry_run_shows_the_batch_job() -> None:
    pytest.importorskip("dask_jobqueue", reason="needs the extra [hpc]")
    Path("job.toml").write_text(JOB + CLUSTER)
    shown = call("run", "job.toml", "--executor", "dask", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "with 32 workers" in shown.stdout
    assert "would ask 4 times for this batch job:\n#!/usr/bin/env bash\n" in shown.stdout
    assert "#SBATCH -t 04:00:00" in shown.stdout


def test_dask_on_this_machine() -> None:
    pytest.importorskip("distributed", reason="needs the extra [hpc]")
    done = call("run", "job.toml", "-o", "out.nc", "--executor", "dask", "--workers", "2")
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(results.load("out.nc")["polarization"], run_job(parse_job(JOB))["polarization"])


def test_dask_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    refused = call("run", "job.toml", "--executor", "dask")
    assert refused.exit_code == 2
    assert "pip install 'crosscurrent[hpc]'" in refused.stderr
