"""Frames of a trajectory: strung together along time, and as extended XYZ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from crosscurrent import cli
from crosscurrent.results import load, to_extxyz
from crosscurrent.results.schema import Quantity
from crosscurrent.results.trajectory import Frames, TrajectoryFile, TrajectoryOutput, is_trajectory, join_frames
from crosscurrent.units import InputError

SHAPE = (2, 3, 1, 2, 3)
VARIABLES = {"displacement": Quantity(("field", "x", "y", "z", "component"), 0, "angstrom", "displacement")}
COORDS = {
    "x": Quantity(("x",), np.arange(3), "cell", "cell"),
    "y": Quantity(("y",), np.arange(1), "cell", "cell"),
    "z": Quantity(("z",), np.arange(2), "cell", "cell"),
    "field": Quantity(("field",), np.array(["still", "turned"]), "", "field"),
    "component": Quantity(("component",), np.array(["x", "y", "z"]), "", "component"),
}
ATTRS: dict[str, str | float] = {"lattice_constant_angstrom": 4.0, "periodic": "T F T"}


def written(folder: Path, frames: np.ndarray) -> TrajectoryOutput:
    """Two frames a block."""
    output = TrajectoryOutput(folder, 5, ("displacement",))
    folder.mkdir()
    for block in range(len(frames) // 2):
        piece = Frames(output, block)
        for n in (2 * block, 2 * block + 1):
            piece.add(0.1 * n, {"displacement": frames[n]})
        piece.write()
    return output


def test_blocks_become_one_file(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).normal(size=(6, *SHAPE))
    output = written(tmp_path / "frames", frames)
    target = join_frames(output, 3, tmp_path / "t.nc", VARIABLES, COORDS, ATTRS)
    ds = load(target)
    np.testing.assert_array_equal(ds.displacement, frames)
    np.testing.assert_allclose(ds.time, 0.1 * np.arange(6))
    assert list(ds.field.values) == ["still", "turned"] and ds.displacement.attrs["units"] == "angstrom"
    assert not (tmp_path / "frames").exists()


def test_blocks_that_are_kept_are_joined_again(tmp_path: Path) -> None:
    """By a run that was killed when its trajectory was there and its result was not, or that goes on for longer."""
    frames = np.random.default_rng(3).normal(size=(6, *SHAPE))
    output = written(tmp_path / "frames", frames)
    for blocks in (2, 2, 3):
        found = load(join_frames(output, blocks, tmp_path / "t.nc", VARIABLES, COORDS, ATTRS, keep=True))
        np.testing.assert_array_equal(found.displacement, frames[: 2 * blocks])
    assert len(list((tmp_path / "frames").iterdir())) == 3


def test_a_missing_block_is_said(tmp_path: Path) -> None:
    output = written(tmp_path / "frames", np.zeros((4, *SHAPE)))
    output.path(0).unlink()
    with pytest.raises(InputError, match="frames of the trajectory are missing"):
        join_frames(output, 2, tmp_path / "t.nc", VARIABLES, COORDS, ATTRS)
    assert not (tmp_path / "t.nc").exists() and output.path(1).exists()


def test_extended_xyz(tmp_path: Path) -> None:
    frames = np.random.default_rng(2).normal(size=(2, *SHAPE))
    join_frames(written(tmp_path / "frames", frames), 1, tmp_path / "t.nc", VARIABLES, COORDS, ATTRS)
    ds = load(tmp_path / "t.nc")
    lines = to_extxyz(ds, tmp_path / "t.xyz", field="turned").read_text().splitlines()
    assert len(lines) == 2 * (2 + 6) and lines[0] == "6" == lines[8]
    assert 'Lattice="12 0 0 0 4 0 0 0 8"' in lines[1] and 'pbc="T F T"' in lines[1] and "Time=0.1" in lines[9]
    rows = np.array([[float(x) for x in line.split()[1:]] for line in lines[2:8]])
    np.testing.assert_allclose(rows[:, 3:], frames[0, 1].reshape(6, 3), rtol=1e-8)
    # the fourth entry is the cell x = 1, z = 1
    np.testing.assert_allclose(rows[3, :3] - rows[3, 3:], [4.0, 0.0, 4.0], atol=1e-7)
    with pytest.raises(InputError, match="no field 'up'"):
        to_extxyz(ds, tmp_path / "t.xyz", field="up")
    with pytest.raises(InputError, match="holds no displacements"):
        to_extxyz(ds.drop_vars("displacement"), tmp_path / "t.xyz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"observables": ("polarisation",)}, "unknown observable 'polarisation'"),
        ({"observables": ()}, "no observable"),
        ({"every": 0.0}, "frames every 0 ps"),
    ],
)
def test_refusals(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrajectoryFile(**{"file": "t.nc", "every": 0.1, **changes})  # type: ignore[arg-type]


def test_frames_have_no_figure(tmp_path: Path) -> None:
    """One line that names what there is instead, from every command that would draw."""
    plane = ("field", "x", "y")
    kinds = {
        "displacement": Quantity((*plane, "z", "component"), 0, "angstrom", "displacement"),
        "polarization": Quantity(plane, 0, "C/m^2", "polarization"),
    }
    for name, quantity in kinds.items():
        folder, output = tmp_path / f"{name}.frames", TrajectoryOutput(tmp_path / f"{name}.frames", 5, (name,))
        folder.mkdir()
        piece = Frames(output, 0)
        piece.add(0.1, {name: np.zeros(SHAPE[: len(quantity.dims)])})
        piece.write()
        coords = {dim: COORDS[dim] for dim in quantity.dims}
        target = join_frames(output, 1, tmp_path / f"{name}.nc", {name: quantity}, coords, ATTRS)
        assert is_trajectory(load(target))
        for command in ("plot", "report"):
            done = CliRunner().invoke(cli.app, [command, str(target), "-o", str(tmp_path / "x.png")])
            assert done.exit_code == 2 and "frames of a trajectory" in done.output, done.output
            assert "crosscurrent export" in done.output and len(done.output.splitlines()) == 1
    assert not (tmp_path / "x.png").exists()
    assert not is_trajectory(load(target).isel(time=0, drop=True))
