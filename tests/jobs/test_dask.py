"""Pieces on a local Dask cluster of two workers: the same bits, also when one is killed in the middle."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from threadpoolctl import threadpool_info

from crosscurrent.jobs import dask_map
from crosscurrent.jobs.cluster import local_cluster
from crosscurrent.jobs.dask_map import DaskMap
from crosscurrent.jobs.execute import executor
from crosscurrent.jobs.parse import parse_job
from crosscurrent.jobs.pieces import PiecesError
from crosscurrent.jobs.run import run_job
from crosscurrent.jobs.store import Resumable, Store
from crosscurrent.numerics.chunks import serial
from crosscurrent.units import InputError

pytest.importorskip("distributed", reason="needs the extra [hpc]")

#: A test that waits for workers in vain must end.
PATIENCE = 120.0
JOB = """
[model]
local_mode = "batio3-b"

[ferron_hall]
grid = [6, 5, 3]
temperature = { hot = 50, cold = 0 }
damping = { layers = 2 }
omega_B = [20, 80]
"""


@dataclass(frozen=True)
class Slow:
    """Leaves a mark with its process for each try; may fail on a piece, or kill its worker the first time."""

    folder: Path
    seconds: float = 0.0
    fails: int = -1
    kills: int = -1

    def __call__(self, chunk: int) -> dict[str, np.ndarray]:
        first = not list(self.folder.glob(f"{chunk}-*"))
        (self.folder / f"{chunk}-{os.getpid()}-{time.monotonic_ns()}").touch()
        if chunk == self.kills and first:
            os.kill(os.getpid(), signal.SIGKILL)
        if chunk == self.fails:
            raise FloatingPointError("no number")
        time.sleep(self.seconds)
        # depends on the number of BLAS threads in its last bits
        x = np.random.default_rng(chunk).normal(size=(120, 120))
        blas = [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"]
        return {"value": x @ x @ x, "threads": np.array(blas)}


@pytest.fixture(scope="module")
def two() -> Iterator[Any]:
    cluster = local_cluster(2)()
    yield cluster
    cluster.close()


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    (tmp_path / "marks").mkdir()
    return tmp_path / "marks"


def processes(folder: Path) -> set[str]:
    return {path.name.split("-")[1] for path in folder.iterdir()}


def test_same_bits_as_serial(two: Any, marks: Path) -> None:
    work, chunks = Slow(marks, 0.05), list(range(8))
    with DaskMap(two.scheduler_address, patience=PATIENCE) as run:
        found = list(run("zone", work, chunks))
        again = list(run("zone", work, chunks))
    assert len(processes(marks)) == 2
    expected = list(serial("zone", work, chunks))
    for piece, other, exact in zip(found, again, expected, strict=True):
        assert piece["value"].tobytes() == other["value"].tobytes() == exact["value"].tobytes()
        assert (piece["threads"] == 1).all() and piece["threads"].size
    assert list(DaskMap(two.scheduler_address, patience=PATIENCE)("zone", work, [])) == []


def test_a_worker_that_is_killed_in_the_middle(two: Any, marks: Path, tmp_path: Path) -> None:
    """From outside, by its number, as a batch system does; and from inside, by its own piece."""
    work, chunks = Slow(marks, 0.15, kills=7), list(range(12))

    def kill_one() -> None:
        deadline = time.monotonic() + 60
        while not (there := processes(marks)) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(int(min(there)), signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with Store(tmp_path / "parts", "key") as store, DaskMap(two.scheduler_address, patience=PATIENCE) as run:
        found = [piece["value"].tobytes() for piece in Resumable(run, store)("zone", work, chunks)]
    killer.join()
    assert len(processes(marks)) >= 3  # the nanny has replaced the dead
    assert found == [piece["value"].tobytes() for piece in serial("zone", Slow(marks), chunks)]


def test_a_bad_piece_is_listed_at_the_end(two: Any, marks: Path, tmp_path: Path) -> None:
    failed = pytest.raises(PiecesError, match="piece 3 of 6: FloatingPointError: no number")
    with (
        Store(tmp_path / "parts", "key") as store,
        DaskMap(two.scheduler_address, retries=1, patience=PATIENCE) as run,
        failed,
    ):
        list(Resumable(run, store)("zone", Slow(marks, fails=2), list(range(6))))
    assert len(list(marks.glob("2-*"))) == 2
    assert len(list((tmp_path / "parts" / "zone").iterdir())) == 5


def test_a_job_on_the_cluster_gives_the_bits_of_one_process(two: Any, tmp_path: Path) -> None:
    asked = parse_job(JOB)
    found = run_job(asked, tmp_path / "out.nc", executor=executor(kind="dask", scheduler=two.scheduler_address))
    xr.testing.assert_identical(found.drop_attrs(deep=False), run_job(asked).drop_attrs(deep=False))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.nc"]


def test_workers_with_other_code_are_refused(two: Any, marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_map, "code_key", lambda: "newer")
    with (
        DaskMap(two.scheduler_address, patience=PATIENCE) as run,
        pytest.raises(InputError, match="another version of crosscurrent"),
    ):
        list(run("zone", Slow(marks), [1]))
    assert not list(marks.iterdir())


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_map, "_CONNECT_S", 1)
    with pytest.raises(InputError, match=r"scheduler: no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        DaskMap("tcp://127.0.0.1:9").__enter__()


def test_a_scheduler_that_goes_away(marks: Path, tmp_path: Path) -> None:
    """Its pieces are kept, and the next run goes on with them."""
    with Store(tmp_path / "parts", "key") as store:
        cluster = local_cluster(1)()
        with (
            pytest.raises(InputError, match="the Dask scheduler is gone"),
            DaskMap(cluster.scheduler_address, patience=PATIENCE) as run,
        ):
            for i, _ in enumerate(Resumable(run, store)("zone", Slow(marks, 0.1), list(range(6)))):
                if i == 1:
                    cluster.close()
        kept = len(list((tmp_path / "parts" / "zone").iterdir()))
        assert 2 <= kept < 6
        found = list(Resumable(serial, store)("zone", Slow(marks), list(range(6))))
    assert len(found) == 6


@pytest.mark.slow
def test_workers_that_reach_their_lifetime(marks: Path) -> None:
    """They leave in the middle and others come: nothing is lost, and no piece fails of it."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        # long enough for a worker to load its libraries on a busy machine
        lifetime="6s",
        lifetime_stagger="2s",
    ) as cluster:
        # as batch jobs are replaced when they end
        cluster.adapt(minimum=2, maximum=2, interval="200ms")
        work, chunks = Slow(marks, 0.4), list(range(40))
        with DaskMap(cluster.scheduler_address, retries=0, patience=PATIENCE) as run:
            found = [piece["value"].tobytes() for piece in run("zone", work, chunks)]
    assert len(processes(marks)) > 2
    assert found == [piece["value"].tobytes() for piece in serial("zone", Slow(marks), chunks)]


def test_without_any_worker(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, marks: Path) -> None:
    """It waits, as one has to in the queue of a batch system, says so, and gives up when it is told to."""
    from distributed import LocalCluster

    monkeypatch.setattr(dask_map, "_LOOK_S", 0.05)
    monkeypatch.setattr(dask_map, "_WORD_S", 0.1)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster,
        DaskMap(cluster.scheduler_address, patience=0.5) as run,
        pytest.raises(InputError, match="stage 'zone': no Dask worker for"),
    ):
        list(run("zone", Slow(marks), [1]))
    assert "no Dask worker is there; waiting" in caplog.text
