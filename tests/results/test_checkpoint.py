"""Checkpoints of trajectories: whole or not at all, known by job and version, and nothing lost on a full disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from crosscurrent.results import checkpoint as module
from crosscurrent.results.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from crosscurrent.results.fingerprint import fingerprint
from crosscurrent.units import InputError

ARRAYS = {"u": np.arange(6.0).reshape(2, 3), "step": np.array(7), "name": np.array("state")}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_checkpoint(path, ARRAYS, "job")
    found = read_checkpoint(path, "job")
    assert found is not None and set(found) == set(ARRAYS)
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(found[name], value)
    assert read_checkpoint(tmp_path / "none.npz", "job") is None
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_another_job_or_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    write_checkpoint(path, ARRAYS, "job")
    with pytest.raises(InputError, match=r"a\.npz: this state belongs to another job"):
        read_checkpoint(path, "another")
    assert read_checkpoint(path) is not None  # any job
    monkeypatch.setattr(module, "package_version", lambda: "99.0")
    with pytest.raises(InputError, match=r"written by version .* and this is 99\.0"):
        read_checkpoint(path, "job")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive at all"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not the state of a run, or it is damaged"):
        read_checkpoint(path, "job")
    np.savez(path, u=np.ones(3))
    with pytest.raises(InputError, match="not the state of a run"):
        read_checkpoint(path, "job")


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    write_checkpoint(path, ARRAYS, "job")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"No space left on device.*kept before is untouched"):
        write_checkpoint(path, {"u": np.zeros(1000)}, "job")
    monkeypatch.undo()
    found = read_checkpoint(path, "job")
    assert found is not None
    np.testing.assert_array_equal(found["u"], ARRAYS["u"])
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_it_is_written_now_and_then(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    seldom = Checkpoint(path, "job", interval=1e6)
    assert seldom.found() is None
    seldom.keep({"n": np.array(0)})  # the first at once
    seldom.keep({"n": np.array(1)})
    assert seldom.found() == {"n": 0}
    seldom.keep({"n": np.array(2)}, at_once=True)
    assert seldom.found() == {"n": 2}
    always = Checkpoint(path, "job", interval=0.0)
    for n in (3, 4):
        always.keep({"n": np.array(n)})
        assert always.found() == {"n": n}
    nowhere = Checkpoint(None, "job")
    nowhere.keep(ARRAYS, at_once=True)
    assert nowhere.found() is None


def test_fingerprints_tell_inputs_apart() -> None:
    assert fingerprint([1.0, np.ones(2)]) == fingerprint([1.0, np.ones(2)])
    others = ([1.0, np.ones(3)], [1, np.ones(2)], [1.0, np.ones(2, dtype=np.float32)], [1.0, np.ones(2), None])
    assert len({fingerprint(value) for value in others} | {fingerprint([1.0, np.ones(2)])}) == 5
    with pytest.raises(TypeError, match="no reproducible text"):
        fingerprint(object())
