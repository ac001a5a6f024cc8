"""A run in shares, as the tasks of an array do it, and their sum."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from crosscurrent.jobs import run_job, share
from crosscurrent.jobs.lock import start_time
from crosscurrent.jobs.parse import parse_job
from crosscurrent.jobs.share import MissingPiecesError, Share, ShareReport, combine_job, parse_share, run_share
from crosscurrent.units import InputError

ONE_STAGE = """
response = "anomalous_hall"
[model]
material = "qwz"
[anomalous_hall]
mu = [0.0, 1.5]
[zone]
method = "uniform"
mesh = [240, 240]
"""
TWO_STAGES = """
[model]
local_mode = "batio3-b"
[ferron_hall]
grid = [6, 5, 6]
temperature = { hot = 50, cold = 0 }
damping = { layers = 2 }
omega_B = 80
"""
ADAPTIVE = ONE_STAGE.replace('method = "uniform"\nmesh = [240, 240]', 'method = "adaptive"\nrtol = 1e-2')
BANDS = """
response = "bands"
[model]
material = "qwz"
[bands]
path = [{ label = "G", k = [0, 0] }, { label = "X", k = [0.5, 0] }]
"""


def same(found: xr.Dataset, text: str) -> None:
    expected = run_job(parse_job(text))
    assert set(found.variables) == set(expected.variables)
    for name in map(str, expected.variables):
        assert found[name].values.tobytes() == expected[name].values.tobytes(), name


def test_shares_add_up_to_the_bits_of_one_run(tmp_path: Path) -> None:
    """In any order, one of them twice; the coarse meshes of the error estimate are stages of their own."""
    asked, out = parse_job(ONE_STAGE), tmp_path / "out.nc"
    reports = [run_share(asked, out, Share(number, 3)) for number in (3, 1, 1)]
    assert list(reports[0].missing) == ["mesh", "coarse-mesh-3"]
    assert reports[0].waits is None
    left = reports[2].missing["mesh"]
    assert 1 <= left < reports[1].missing["mesh"] + 1 < reports[0].missing["mesh"]
    with pytest.raises(MissingPiecesError, match=rf"stage 'mesh': {left} pieces are missing, of share 2 of 3"):
        combine_job(asked, out)
    last = run_share(asked, out, Share(2, 3))
    assert last == ShareReport(sum(reports[2].missing.values()))
    assert not out.exists()
    same(combine_job(asked, out), ONE_STAGE)
    assert [path.name for path in tmp_path.iterdir()] == ["out.nc"]
    # when all is done there is nothing left to do
    assert run_share(asked, out, Share(1, 3)) == ShareReport(0)


def test_stages_that_do_not_need_one_another_take_one_array(tmp_path: Path) -> None:
    asked, out = parse_job(TWO_STAGES), tmp_path / "out.nc"
    first, second = (run_share(asked, out, Share(number, 2)) for number in (1, 2))
    assert first == ShareReport(4, {"steady-state-still": 2, "steady-state-turned": 2})
    assert second == ShareReport(4)
    same(combine_job(asked, out), TWO_STAGES)


@pytest.mark.parametrize("wait", [0.0, 60.0])
def test_stages_that_need_the_ones_before(tmp_path: Path, wait: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refinement looks at the whole first stage: one array after another, or tasks side by side that wait."""
    monkeypatch.setattr(share, "_LOOK_S", 0.02)
    asked, out, reports = parse_job(ADAPTIVE), tmp_path / "out.nc", {}

    def task(number: int) -> None:
        reports[number] = run_share(asked, out, Share(number, 2), wait=wait)

    if wait:
        tasks = [threading.Thread(target=task, args=(number,)) for number in (1, 2)]
        for thread in tasks:
            thread.start()
        for thread in tasks:
            thread.join()
        assert not reports[1].missing and not reports[2].missing
    else:
        task(1)
        assert list(reports[1].missing) == ["measure"] and str(reports[1].waits).startswith("refine-")
        for _ in range(30):
            task(2)
            task(1)
            if not reports[1].missing:
                break
    same(combine_job(asked, out), ADAPTIVE)


def test_more_shares_than_pieces(tmp_path: Path) -> None:
    """Some have nothing of their own, and do one piece that stands in for what is missing."""
    asked, out = parse_job(TWO_STAGES), tmp_path / "out.nc"
    assert run_share(asked, out, Share(7, 9)) == ShareReport(0, {"steady-state-still": 3, "steady-state-turned": 3})
    for number in range(1, 10):
        run_share(asked, out, Share(number, 9))
    same(combine_job(asked, out), TWO_STAGES)


def test_a_damaged_piece_is_done_again_by_its_share(tmp_path: Path) -> None:
    asked, out = parse_job(ONE_STAGE), tmp_path / "out.nc"
    for number in (1, 2):
        run_share(asked, out, Share(number, 2))
    piece = tmp_path / "out.nc.parts" / "mesh" / "000001.npz"
    piece.write_bytes(piece.read_bytes()[:100])
    with pytest.raises(MissingPiecesError, match="1 pieces are missing"):
        combine_job(asked, out)
    assert not run_share(asked, out, Share(2, 2)).missing
    same(combine_job(asked, out), ONE_STAGE)


def test_a_plain_run_goes_on_where_shares_stopped(tmp_path: Path) -> None:
    asked, out = parse_job(TWO_STAGES), tmp_path / "out.nc"
    run_share(asked, out, Share(2, 3))
    same(run_job(asked, out), TWO_STAGES)
    assert [path.name for path in tmp_path.iterdir()] == ["out.nc"]


def test_a_folder_of_another_job_or_of_a_run_at_work(tmp_path: Path) -> None:
    asked, out = parse_job(ONE_STAGE), tmp_path / "out.nc"
    run_share(asked, out, Share(1, 2))
    with pytest.raises(InputError, match="unfinished work of another job"):
        run_share(parse_job(TWO_STAGES), out, Share(1, 2))
    parent = os.getppid()
    holder = {"pid": parent, "host": socket.gethostname(), "started": start_time(parent)}
    (tmp_path / "out.nc.parts" / "lock").write_text(json.dumps(holder))
    with pytest.raises(InputError, match="another run is writing"):
        run_share(asked, out, Share(2, 2))


def test_what_has_no_pieces_has_no_shares(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="chunk: 'bands' has no pieces"):
        run_share(parse_job(BANDS), tmp_path / "out.nc", Share(1, 2))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "words"), [("3", "'3' is no share"), ("0/4", "no share 0 of 4"), ("5/4", "no share 5 of 4"), ("1/0", "no")]
)
def test_shares_that_are_none(text: str, words: str) -> None:
    assert parse_share(" 3/64 ") == Share(3, 64)
    with pytest.raises(InputError, match=words):
        parse_share(text)


def test_every_piece_belongs_to_one_share() -> None:
    owners = np.array([[Share(number, 5).holds(i) for i in range(13)] for number in range(1, 6)])
    np.testing.assert_array_equal(owners.sum(axis=0), 1)
