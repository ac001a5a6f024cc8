"""Frames of a trajectory on disk: appended block by block, each block whole or not at all, one netCDF file in the end.

While a run goes on, every block of frames is a file of its own. A kill or a full disk can lose the last of them only,
and a run that is resumed writes the same frames again. `join_frames` strings them together along an unlimited time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.results.checkpoint import read_checkpoint, write_checkpoint
from crosscurrent.results.files import write_whole
from crosscurrent.results.schema import Quantity
from crosscurrent.units import InputError

OBSERVABLES = ("polarization", "kinetic_energy", "angular_momentum", "displacement", "velocity")


@dataclass(frozen=True)
class TrajectoryFile:
    """What to keep of a trajectory. file: netCDF. every: ps between frames. observables: of `OBSERVABLES`; the first
    three are means over z, the last two whole fields.

    Raises InputError for an unknown observable or a spacing that is not positive.
    """

    file: str | Path
    every: float
    observables: tuple[str, ...] = OBSERVABLES[:3]

    def __post_init__(self) -> None:
        unknown = [name for name in self.observables if name not in OBSERVABLES]
        if unknown or not self.observables:
            raise InputError(
                f"unknown observable '{unknown[0]}'" if unknown else "no observable is named",
                where="trajectory.observables",
                fix="choose from " + ", ".join(OBSERVABLES),
            )
        if not self.every > 0:
            raise InputError(f"frames every {self.every:g} ps", where="trajectory.every", fix="give a positive time")


@dataclass(frozen=True)
class TrajectoryOutput:
    """Where the frames go meanwhile, every how many steps, and what is in them."""

    folder: Path
    stride: int
    observables: tuple[str, ...]

    def path(self, block: int) -> Path:
        return self.folder / f"frames-{block:07d}.npz"


@dataclass
class Frames:
    """The frames of one block."""

    output: TrajectoryOutput
    block: int
    _found: dict[str, list[NDArray[Any]]] = field(default_factory=dict, repr=False)

    def add(self, time: float, values: Mapping[str, NDArray[Any]]) -> None:
        """One frame at a time in ps."""
        for name, value in {"time": np.array(time), **values}.items():
            self._found.setdefault(name, []).append(value)

    def write(self) -> None:
        """Put the block on the disk. Raises InputError when it is full; earlier blocks are untouched."""
        if self._found:
            arrays = {name: np.array(values) for name, values in self._found.items()}
            write_checkpoint(self.output.path(self.block), arrays, "frames")


def is_trajectory(ds: xr.Dataset) -> bool:
    """Whether a file holds frames of a trajectory."""
    names = {str(name) for name in ds.data_vars}
    return bool(names) and names <= set(OBSERVABLES) and {"time", "field", "x", "y"} <= set(ds.dims)


def join_frames(
    output: TrajectoryOutput,
    blocks: int,
    target: Path,
    variables: Mapping[str, Quantity],
    coords: Mapping[str, Quantity],
    attrs: Mapping[str, str | float],
    *,
    keep: bool = False,
) -> Path:
    """String the blocks together in one netCDF file, and remove them unless `keep`.

    keep: for a run that can go on: one that is killed after this, before its result is there, joins them again.
    variables: dims (without time), units and name of each observable; its values are not looked at. Raises InputError
    when a block is missing or the file cannot be written.
    """
    h5netcdf = import_module("h5netcdf")

    def write(path: Path) -> None:
        with h5netcdf.File(path, "w") as file:
            _define(file, variables, coords, attrs)
            for block in range(blocks):
                _append(file, output.path(block), list(variables))

    write_whole(target, write)
    if keep:
        return target
    for block in range(blocks):
        output.path(block).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        # only when nothing else lies there
        output.folder.rmdir()
    return target


def _define(
    file: Any, variables: Mapping[str, Quantity], coords: Mapping[str, Quantity], attrs: Mapping[str, str | float]
) -> None:
    file.dimensions = {"time": None, **{name: len(np.asarray(c.values)) for name, c in coords.items()}}
    file.attrs.update(attrs)
    time = file.create_variable("time", ("time",), float, chunks=(256,))
    time.attrs.update({"units": "ps", "long_name": "time from the start of the trajectory"})
    for name, coord in coords.items():
        values = np.asarray(coord.values)
        labels = values.dtype.kind == "U"
        made = file.create_variable(name, (name,), import_module("h5py").string_dtype() if labels else values.dtype)
        made[...] = values.astype(object) if labels else values
        made.attrs.update({"units": coord.units, "long_name": coord.long_name})
    for name, quantity in variables.items():
        shape = tuple(len(np.asarray(coords[dim].values)) for dim in quantity.dims)
        made = file.create_variable(name, ("time", *quantity.dims), float, chunks=(1, *shape))
        made.attrs.update({"units": quantity.units, "long_name": quantity.long_name})


def _append(file: Any, path: Path, names: Sequence[str]) -> None:
    frames = read_checkpoint(path)
    if frames is None:
        raise InputError("frames of the trajectory are missing", where=str(path), fix="run the job anew")
    begin = len(file.variables["time"])
    end = begin + len(frames["time"])
    file.resize_dimension("time", end)
    file.variables["time"][begin:end] = frames["time"]
    for name in names:
        file.variables[name][begin:end] = frames[name]
