"""A lattice of vectors as extended XYZ text, for programs that show atoms: one entry a cell, frame by frame."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.results.files import write_whole
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
_FIELD = "displacement"


def to_extxyz(ds: xr.Dataset, path: str | os.PathLike[str], *, field: str | None = None, scale: float = 1.0) -> Path:
    """Write the displacements of a trajectory file, and its velocities when they are there.

    Every cell is an entry "X" at its lattice point plus `scale` times its displacement, with the displacement (and
    velocity) in columns of their own; angstrom, ps. field: label of the magnetic field, the first when None. Raises
    InputError when the file holds no displacements.
    """
    if _FIELD not in ds or "time" not in ds.dims:
        raise InputError(
            "this result holds no displacements over time",
            where="export",
            fix='add "displacement" to the observables of the trajectory',
        )
    chosen = ds
    if "field" in ds.dims:
        labels = [str(label) for label in ds["field"].values]
        if field is not None and field not in labels:
            raise InputError(f"no field '{field}'", where="export", fix="choose from " + ", ".join(labels))
        chosen = ds.isel(field=labels.index(field) if field is not None else 0)
    constant = float(ds.attrs["lattice_constant_angstrom"])
    text = "".join(_frame(chosen, n, constant, scale) for n in range(ds.sizes["time"]))
    target = Path(path)
    write_whole(target, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return target


def _frame(ds: xr.Dataset, n: int, constant: float, scale: float) -> str:
    displacement = np.asarray(ds[_FIELD].isel(time=n).values, dtype=float)
    shape = displacement.shape[:3]
    columns = [np.moveaxis(np.indices(shape), 0, -1) * constant + scale * displacement, displacement]
    properties = "species:S:1:pos:R:3:displacement:R:3"
    if "velocity" in ds:
        columns.append(np.asarray(ds["velocity"].isel(time=n).values, dtype=float))
        properties += ":velo:R:3"
    rows = np.concatenate([column.reshape(-1, 3) for column in columns], axis=1)
    box = " ".join(f"{size * constant if a == b else 0:.8g}" for a, size in enumerate(shape) for b in range(3))
    periodic = str(ds.attrs.get("periodic", "T F T"))
    time = float(ds["time"].values[n])
    head = f'{len(rows)}\nLattice="{box}" Properties={properties} Time={time:.8g} pbc="{periodic}"\n'
    return head + "".join("X " + " ".join(f"{value:.9g}" for value in row) + "\n" for row in rows)
