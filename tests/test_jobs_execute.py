"""Who does the pieces, what is kept of them, and that neither shows in the numbers."""

from __future__ import annotations

import json
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from crosscurrent import jobs
from crosscurrent.jobs import lock
from crosscurrent.jobs.execute import ProcessMap, SerialMap, executor
from crosscurrent.jobs.lock import start_time
from crosscurrent.jobs.store import Resumable, Store
from crosscurrent.numerics.chunks import ChunkMap, Partial, serial
from crosscurrent.results.fingerprint import digest
from crosscurrent.units import InputError


@dataclass(frozen=True)
class Waves:
    """Work whose sum depends on the order of its terms in the last bits."""

    scale: float

    def __call__(self, chunk: range) -> dict[str, np.ndarray]:
        x = np.arange(chunk.start, chunk.stop)
        return {"sum": np.array(np.sum(np.sin(self.scale * x**2))), "z": np.exp(1j * x[:2]), "file": x}


@dataclass(frozen=True)
class Recording:
    """Leaves a file for each piece that is really computed."""

    folder: Path

    def __call__(self, chunk: int) -> dict[str, np.ndarray]:
        (self.folder / f"{chunk}-{time.monotonic_ns()}").touch()
        return {"value": np.array(float(chunk) ** 0.5)}


def threads(chunk: int) -> dict[str, np.ndarray]:
    return {"threads": np.array([p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"])}


def refuse(chunk: int) -> dict[str, np.ndarray]:
    if chunk == 2:
        raise InputError("piece 2 is bad", where="here", fix="leave it out")
    return {"x": np.array(chunk)}


def die(chunk: int) -> dict[str, np.ndarray]:
    os._exit(9)


CHUNKS = [range(i, i + 7) for i in range(0, 70, 7)]


def total(run: ChunkMap, work: Any = Waves(0.37), chunks: Sequence[Any] = CHUNKS) -> bytes:
    partials = list(run("zone", work, chunks, None))
    out = b"".join(p[name].tobytes() for p in partials for name in sorted(p))
    return np.array(sum(float(p["sum"]) for p in partials)).tobytes() + out


@pytest.fixture(scope="module")
def two() -> Iterator[ProcessMap]:
    with ProcessMap(2) as pool:
        yield pool


# ------------------------------------------------------------------------------------------------ executors
def test_same_bits_for_any_number_of_workers(two: ProcessMap) -> None:
    expected = total(serial)
    assert total(SerialMap()) == expected
    assert total(two) == expected
    assert total(two) == expected  # the second stage uses the same processes with new work
    assert total(two, Waves(0.5)) == total(serial, Waves(0.5)) != expected


def test_no_chunk_is_no_work(two: ProcessMap) -> None:
    assert list(two("none", Waves(1.0), [])) == []
    assert list(SerialMap()("none", Waves(1.0), [])) == []


def test_one_blas_thread_everywhere(two: ProcessMap) -> None:
    for run in (SerialMap(), two):
        (partial,) = run("threads", threads, [0])
        assert partial["threads"].size
        assert (partial["threads"] == 1).all()


def test_blas_is_limited_even_where_the_environment_asks_for_more() -> None:
    code = (
        "import numpy\nfrom threadpoolctl import threadpool_info\nfrom crosscurrent.jobs.execute import call\n"
        "def count(_): return {'n': numpy.array([p['num_threads'] for p in threadpool_info()])}\n"
        "print(max(call(count, 0)['n']))"
    )
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    env |= {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "PYTHONPATH": str(Path(jobs.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "1"


def test_input_error_comes_back_from_a_worker_whole(two: ProcessMap) -> None:
    run = two("zone", refuse, [1, 2, 3])
    assert int(next(run)["x"]) == 1
    with pytest.raises(InputError) as caught:
        next(run)
    assert (caught.value.what, caught.value.where, caught.value.fix) == ("piece 2 is bad", "here", "leave it out")


def test_dead_worker_is_an_error_and_not_a_hang() -> None:
    with ProcessMap(1) as pool, pytest.raises(InputError, match="worker process died"):
        list(pool("zone", die, [1]))


def test_work_that_cannot_travel_is_refused(two: ProcessMap) -> None:
    with pytest.raises(InputError, match="cannot be sent to other processes"):
        list(two("zone", lambda chunk: {"x": np.array(chunk)}, [1]))


def test_pieces_in_flight_are_bounded(tmp_path: Path) -> None:
    """A slow sum must not let finished pieces pile up in memory."""
    with ProcessMap(1, ahead=2) as pool:
        run = pool("zone", Recording(tmp_path), list(range(20)))
        next(run)
        time.sleep(0.5)
        assert 1 <= len(list(tmp_path.iterdir())) <= 4
        run.close()  # type: ignore[attr-defined]


def test_workers_end_with_the_pool() -> None:
    pool = ProcessMap(1)
    list(pool("zone", Waves(1.0), CHUNKS[:1]))
    assert pool._pool is not None
    (process,) = pool._pool._processes.values()
    pool.close()
    assert not process.is_alive()


def test_busy_worker_is_stopped_at_once() -> None:
    """Ctrl-C must not wait for a piece that takes an hour."""
    pool = ProcessMap(1)
    pool._open().submit(time.sleep, 30)
    assert pool._pool is not None
    deadline = time.monotonic() + 60
    while not pool._pool._processes and time.monotonic() < deadline:
        time.sleep(0.01)
    (process,) = pool._pool._processes.values()
    start = time.monotonic()
    pool.close()
    assert time.monotonic() - start < 9
    assert not process.is_alive()


def test_number_of_workers() -> None:
    assert isinstance(executor(1), SerialMap)
    assert isinstance(executor(2), ProcessMap)
    with pytest.raises(InputError, match="workers must be 1 or more, got 0"):
        executor(0)


# ------------------------------------------------------------------------------------------------ the store
class Watch:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, float, float]] = []
        self.done = 0.0
        self.ended: list[str] = []

    def begin(self, stage: str, total: float, found: float) -> None:
        self.begun.append((stage, total, found))

    def advance(self, stage: str, weight: float) -> None:
        self.done += weight

    def end(self, stage: str) -> None:
        self.ended.append(stage)


def interrupted(run: ChunkMap, work: Any, chunks: Sequence[Any], after: int) -> None:
    pieces = run("zone", work, chunks, None)
    for _ in range(after):
        next(pieces)


@pytest.mark.parametrize("workers", [1, 2])
def test_resume_gives_the_same_bits(tmp_path: Path, workers: int, two: ProcessMap) -> None:
    inner: ChunkMap = SerialMap() if workers == 1 else two
    with Store(tmp_path / "parts", "key") as store:
        interrupted(Resumable(inner, store), Waves(0.37), CHUNKS, 4)
    assert len(list((tmp_path / "parts" / "zone").iterdir())) == 4
    watch = Watch()
    with Store(tmp_path / "parts", "key") as store:
        assert total(Resumable(inner, store, watch)) == total(serial)
        store.discard()
    assert watch.begun == [("zone", 10.0, 4.0)]
    assert watch.done == 6.0
    assert watch.ended == ["zone"]
    assert not (tmp_path / "parts").exists()


def test_what_is_there_is_not_computed_again(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    with Store(tmp_path / "parts", "key") as store:
        interrupted(Resumable(SerialMap(), store), Recording(calls), list(range(6)), 3)
    assert len(list(calls.iterdir())) == 3
    with Store(tmp_path / "parts", "key") as store:
        values = [float(p["value"]) for p in Resumable(SerialMap(), store)("zone", Recording(calls), list(range(6)))]
    assert values == [i**0.5 for i in range(6)]
    assert len(list(calls.iterdir())) == 6


@pytest.mark.parametrize("damage", ["truncate", "empty", "garbage", "flip", "other key"])
def test_damaged_piece_is_computed_again(tmp_path: Path, damage: str) -> None:
    with Store(tmp_path / "parts", "key") as store:
        interrupted(Resumable(SerialMap(), store), Waves(0.37), CHUNKS, 4)
        piece = store.path("zone", 2)
        content = piece.read_bytes()
        damaged = {
            "truncate": content[: len(content) // 2],
            "empty": b"",
            "garbage": b"not a zip file at all",
            # one bit of an array's data: the checksum of the archive has to catch it
            "flip": content.replace(np.exp(1j * np.arange(14, 16)).tobytes(), bytes(32)),
            "other key": store.path("zone", 1).read_bytes(),
        }[damage]
        assert damaged != content
        piece.write_bytes(damaged)
    with Store(tmp_path / "parts", "key") as store:
        assert total(Resumable(SerialMap(), store)) == total(serial)
        assert store.read(piece, store.piece_key("zone", 2, CHUNKS[2])) is not None


def test_piece_of_another_chunk_is_not_used(tmp_path: Path) -> None:
    with Store(tmp_path / "parts", "key") as store:
        interrupted(Resumable(SerialMap(), store), Waves(0.37), CHUNKS, 4)
        shifted = [range(c.start + 1, c.stop + 1) for c in CHUNKS]
        assert total(Resumable(SerialMap(), store), chunks=shifted) == total(serial, chunks=shifted)


def test_stage_used_twice_keeps_both(tmp_path: Path) -> None:
    with Store(tmp_path / "parts", "key") as store:
        run = Resumable(SerialMap(), store)
        first, second = total(run), total(run, Waves(0.5))
        assert (first, second) == (total(serial), total(serial, Waves(0.5)))
        assert {p.name for p in store.folder.iterdir() if p.is_dir()} == {"zone", "zone#2"}


def test_without_a_store_only_progress(two: ProcessMap) -> None:
    watch = Watch()
    assert total(Resumable(two, None, watch)) == total(serial)
    assert watch.begun == [("zone", 10.0, 0.0)]
    assert watch.done == 10.0


def test_objects_are_not_written(tmp_path: Path) -> None:
    """A piece must be readable without running code."""

    def bad(chunk: int) -> dict[str, np.ndarray]:
        return {"x": np.array([object()])}

    with Store(tmp_path / "parts", "key") as store, pytest.raises(ValueError, match=r"[Oo]bject arrays"):
        list(Resumable(SerialMap(), store)("zone", bad, [0]))
    assert not list(tmp_path.rglob("*.npz"))


def test_weights_are_the_progress(tmp_path: Path) -> None:
    watch = Watch()
    list(Resumable(SerialMap(), None, watch)("zone", Waves(1.0), CHUNKS[:3], [1.0, 2.0, 5.0]))
    assert watch.begun == [("zone", 8.0, 0.0)]
    assert watch.done == 8.0


# ------------------------------------------------------------------------------------------------ owner and lock
def test_work_of_another_job_is_left_alone(tmp_path: Path) -> None:
    with Store(tmp_path / "parts", "key") as store:
        interrupted(Resumable(SerialMap(), store), Waves(0.37), CHUNKS, 2)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="unfinished work of another job"), Store(tmp_path / "parts", "other"):
        pass
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "parts" / "owner.json").write_text("damaged")
    with pytest.raises(InputError, match="unfinished work of another job"), Store(tmp_path / "parts", "key"):
        pass


def test_nothing_finished_leaves_no_folder(tmp_path: Path) -> None:
    with Store(tmp_path / "parts", "key"):
        pass
    assert not (tmp_path / "parts").exists()


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot keep unfinished work"), Store(tmp_path / "no" / "parts", "key"):
        pass


def lock_of(**change: object) -> str:
    pid = os.getppid()
    mine = {"pid": pid, "host": socket.gethostname(), "started": start_time(pid)}
    return json.dumps(mine | change)


def test_two_runs_on_one_output_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    with Store(folder, "key"), pytest.raises(InputError, match="another run is writing"), Store(folder, "key"):
        pass
    folder.mkdir(exist_ok=True)
    (folder / "lock").write_text(lock_of())  # our parent is alive
    with pytest.raises(InputError, match="another run is writing"), Store(folder, "key"):
        pass
    (folder / "lock").write_text(lock_of(host="another-machine", pid=2**22 + 1))
    with pytest.raises(InputError, match="another run is writing"), Store(folder, "key"):
        pass
    assert [p.name for p in folder.iterdir()] == ["lock"]


@pytest.mark.parametrize("content", ["dead", "number given to another process", "", "{", "[]", '{"pid": "x"}'])
def test_stale_lock_is_taken_over(tmp_path: Path, content: str) -> None:
    if content == "dead":
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        content = lock_of(pid=gone.pid, started="1")
    elif content.startswith("number"):
        content = lock_of(started="long ago")
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "lock").write_text(content)
    with Store(folder, "key"):
        assert json.loads((folder / "lock").read_text())["pid"] == os.getpid()
    assert not folder.exists()


def test_lock_of_a_run_that_was_killed_on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can ask that machine: a lock that is touched is alive, one that is not is left behind."""
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "lock").write_text(lock_of(host="another-machine"))
    os.utime(folder / "lock", (time.time() - 100,) * 2)
    with pytest.raises(InputError, match="another run is writing"), Store(folder, "key"):
        pass
    os.utime(folder / "lock", (time.time() - 400,) * 2)
    monkeypatch.setattr(lock, "_BEAT_S", 0.01)
    with Store(folder, "key"):
        assert json.loads((folder / "lock").read_text())["pid"] == os.getpid()
        os.utime(folder / "lock", (1.0, 1.0))
        deadline = time.monotonic() + 30
        while (folder / "lock").stat().st_mtime == 1.0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (folder / "lock").stat().st_mtime > time.time() - 60
    assert not folder.exists()


# ------------------------------------------------------------------------------------------------ digests
@dataclass(frozen=True)
class Corner:
    at: float
    axis: str


def test_digest_of_long_arrays_sees_their_middle() -> None:
    """repr() shortens long arrays: two different chunks would then share a piece."""
    a, b = np.zeros(5000), np.zeros(5000)
    b[2500] = 1e-300
    assert repr(a) == repr(b)
    assert digest(a) != digest(b)
    assert digest(a) != digest(a.astype(np.float32))
    assert digest(a) != digest(a.reshape(2, 2500))


SIMPLE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.tuples(inner, inner)),
    max_leaves=5,
)


@given(SIMPLE, SIMPLE)
def test_digest_is_equal_only_for_equal_values(a: Any, b: Any) -> None:
    assert digest(a) == digest(pickle.loads(pickle.dumps(a)))
    if repr(a) != repr(b):  # 1 == True == 1.0 for Python, but not for a piece of work
        assert digest(a) != digest(b)


def test_digest_of_records_and_of_unknown_things() -> None:
    assert digest(Corner(1.0, "x")) != digest(Corner(1.0, "y"))
    assert digest({"a": range(3)}) != digest({"a": range(4)})
    with pytest.raises(TypeError, match="reproducible"):
        digest(object())


def test_partial_type_is_what_the_protocol_says() -> None:
    (partial,) = SerialMap()("zone", Waves(1.0), CHUNKS[:1])
    checked: Partial = partial
    assert all(isinstance(v, np.ndarray) for v in checked.values())
