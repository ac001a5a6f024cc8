"""Pieces that fail and workers that die: tried again, and no reason to lose the others."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosscurrent.jobs.execute import SerialMap, executor
from crosscurrent.jobs.pieces import PiecesError
from crosscurrent.jobs.processes import ProcessMap
from crosscurrent.jobs.store import Resumable, Store
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.units import InputError


@dataclass(frozen=True)
class Touchy:
    """Leaves a mark for each try; fails, or dies, on some pieces the first times.

    bad: piece -> how often. how: "raise", "kill" or "refuse".
    """

    folder: Path
    bad: dict[int, int]
    how: str = "raise"

    def __call__(self, chunk: int) -> dict[str, np.ndarray]:
        tries = len(list(self.folder.glob(f"{chunk}-*")))
        (self.folder / f"{chunk}-{os.getpid()}-{time.monotonic_ns()}").touch()
        if tries < self.bad.get(chunk, 0):
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.how == "refuse":
                raise InputError("this field is too strong", where="field")
            raise FloatingPointError(f"piece {chunk} does not converge")
        return {"value": np.sqrt(np.arange(chunk, chunk + 3.0))}


def tries_of(folder: Path, chunk: int) -> int:
    return len(list(folder.glob(f"{chunk}-*")))


def bits(run: ChunkMap, work: Any, n: int = 9) -> list[bytes]:
    return [piece["value"].tobytes() for piece in run("zone", work, list(range(n)))]


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


MAPS: list[Callable[[], Any]] = [SerialMap, lambda: ProcessMap(2)]


@pytest.mark.parametrize("make", MAPS)
def test_a_piece_that_failed_is_tried_again(make: Callable[[], Any], marks: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    expected = bits(serial, Touchy(tmp_path / "other", {}))
    with make() as run:
        assert bits(run, Touchy(marks, {2: 1, 5: 2})) == expected
    assert [tries_of(marks, i) for i in (1, 2, 5)] == [1, 2, 3]


@pytest.mark.parametrize("make", MAPS)
def test_one_bad_piece_does_not_stop_the_others(make: Callable[[], Any], marks: Path, tmp_path: Path) -> None:
    work = Touchy(marks, {2: 99, 7: 99})
    seen: list[int] = []
    with make() as run, Store(tmp_path / "parts", "key") as store, pytest.raises(PiecesError) as caught:
        for i, _ in enumerate(Resumable(run, store)("zone", work, list(range(9)))):
            seen.append(i)
    assert seen == [0, 1]  # what was handed on before the first bad one
    assert str(caught.value).splitlines() == [
        "2 pieces of 9 failed; the others are done and kept",
        "  stage 'zone', piece 3 of 9: FloatingPointError: piece 2 does not converge",
        "  stage 'zone', piece 8 of 9: FloatingPointError: piece 7 does not converge",
    ]
    assert [failure.index for failure in caught.value.failures] == [2, 7]
    assert sorted(int(p.stem) for p in (tmp_path / "parts" / "zone").iterdir()) == [0, 1, 3, 4, 5, 6, 8]
    # mended, the same run does only these two
    tried = [tries_of(marks, i) for i in range(9)]
    with make() as run, Store(tmp_path / "parts", "key") as store:
        found = bits(Resumable(run, store), Touchy(marks, {}))
    (tmp_path / "fresh").mkdir()
    assert found == bits(serial, Touchy(tmp_path / "fresh", {}))
    assert [tries_of(marks, i) - before for i, before in enumerate(tried)] == [0, 0, 1, 0, 0, 0, 0, 1, 0]


def test_without_a_store_the_error_comes_at_once(marks: Path) -> None:
    """Nothing would be kept of the others."""
    run = Resumable(SerialMap(retries=0), None)("zone", Touchy(marks, {2: 9}), list(range(9)))
    with pytest.raises(FloatingPointError, match="piece 2"):
        list(run)
    assert [tries_of(marks, i) for i in (2, 3)] == [1, 0]


@pytest.mark.parametrize("make", MAPS)
def test_what_is_wrong_with_the_job_stops_it_at_once(make: Callable[[], Any], marks: Path, tmp_path: Path) -> None:
    work = Touchy(marks, {2: 99}, "refuse")
    refused = pytest.raises(InputError, match="field: this field is too strong")
    with make() as run, Store(tmp_path / "parts", "key") as store, refused:
        list(Resumable(run, store)("zone", work, list(range(9))))
    assert tries_of(marks, 2) == 1
    assert tries_of(marks, 8) == 0


def test_a_worker_that_is_killed_is_replaced(marks: Path, tmp_path: Path) -> None:
    """What was under way with it is done again, one by one, because nobody knows whose fault it was."""
    (tmp_path / "other").mkdir()
    with ProcessMap(2) as run:
        assert bits(run, Touchy(marks, {3: 1, 6: 2}, "kill")) == bits(serial, Touchy(tmp_path / "other", {}))


def test_a_piece_that_kills_its_worker_is_named(marks: Path, tmp_path: Path) -> None:
    failed = pytest.raises(PiecesError, match="piece 5 of 9: WorkerDiedError: the worker of this piece died 3 times")
    with ProcessMap(2) as run, Store(tmp_path / "parts", "key") as store, failed:
        list(Resumable(run, store)("zone", Touchy(marks, {4: 99}, "kill"), list(range(9))))
    assert len(list((tmp_path / "parts" / "zone").iterdir())) == 8
    # three tries alone, and at most the one at which others were beside it
    assert 3 <= tries_of(marks, 4) <= 4


def test_workers_that_never_start_are_an_error_of_the_job(marks: Path) -> None:
    with ProcessMap(1) as run, pytest.raises(InputError, match="a worker process died"):
        list(run("zone", Touchy(marks, dict.fromkeys(range(9), 99), "kill"), list(range(9))))
    assert tries_of(marks, 1) <= 1


def test_a_map_that_ends_early_is_no_silent_loss(tmp_path: Path) -> None:
    def short(stage: str, work: Any, chunks: Any, weights: Any = None) -> Iterator[Any]:
        yield from serial(stage, work, chunks[:2])

    (tmp_path / "marks").mkdir()
    with Store(tmp_path / "parts", "key") as store, pytest.raises(RuntimeError, match="no piece came"):
        list(Resumable(short, store)("zone", Touchy(tmp_path / "marks", {}), list(range(4))))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"workers": 2, "kind": "serial"}, "serial, and 2 workers"),
        ({"kind": "processes", "scheduler": "tcp://here:1"}, "the processes executor has no scheduler"),
        ({"retries": -1}, "retries must be 0 or more"),
        ({"workers": 0, "kind": "dask"}, "workers must be 1 or more"),
    ],
)
def test_settings_that_exclude_one_another(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        executor(**given)
