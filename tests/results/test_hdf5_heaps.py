"""Damage to the global heaps of an HDF5 file: refused before the HDF5 library, which would never stop, sees it."""

from __future__ import annotations

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from crosscurrent.results import load
from crosscurrent.results.files import holds_result_of
from crosscurrent.results.hdf5_heaps import check_heaps
from crosscurrent.units import InputError


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A result with text, which lies in a heap."""
    words = {"units": "S/cm", "long_name": "anomalous Hall conductivity"}
    ds = xr.Dataset({"ahc": ("mu", np.arange(5.0), words)}, {"mu": ("mu", np.arange(5.0), {"units": "eV"})})
    ds.assign_attrs(quantity="a test", job="x" * 300, job_hash="h").to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    return tmp_path / "a.nc"


def objects(data: bytes) -> tuple[int, list[int]]:
    """(where a heap begins, where the objects in it do), from the specification."""
    start = data.index(b"GCOL")
    size = struct.unpack_from("<Q", data, start + 8)[0]
    found, at = [], start + 16
    while at < start + size - 16:
        found.append(at)
        index, length = struct.unpack_from("<H6xQ", data, at)
        at += length if index == 0 else 16 + (length + 7) // 8 * 8
    return start, found


def damaged(path: Path, at: int, value: bytes) -> Path:
    data = bytearray(path.read_bytes())
    data[at : at + len(value)] = value
    other = path.with_name("b.nc")
    other.write_bytes(data)
    return other


def test_sound_heaps(result: Path, tmp_path: Path) -> None:
    check_heaps(result)
    assert len(objects(result.read_bytes())[1]) > 5
    # many heaps, of strings of all lengths, some of them freed again
    with h5py.File(tmp_path / "many.nc", "w") as file:
        for n in range(300):
            file.attrs[f"a{n}"] = "x" * (n * 7 % 500)
        for n in range(0, 300, 3):
            del file.attrs[f"a{n}"]
    assert (tmp_path / "many.nc").read_bytes().count(b"GCOL") > 5
    check_heaps(tmp_path / "many.nc")


@pytest.mark.parametrize(
    ("which", "head"),
    [
        # what is free at the end takes no place at all, and HDF5 stands still
        (-1, struct.pack("<HHIQ", 0, 0, 0, 0)),
        (-1, struct.pack("<HHIQ", 0, 0, 0, 15)),
        # one that is free in the middle, and sizes that step backwards in 64 bits
        (2, struct.pack("<HHIQ", 0, 0, 0, 0)),
        (2, struct.pack("<HHIQ", 2, 1, 0, 2**64 - 1)),
        (2, struct.pack("<HHIQ", 2, 1, 0, 2**64 - 40)),
        (2, struct.pack("<HHIQ", 2, 1, 0, 2**32)),
        (0, b"\0" * 64),
    ],
)
def test_objects_of_an_impossible_size(result: Path, which: int, head: bytes) -> None:
    """Nothing here may be given to HDF5 when `check_heaps` lets it pass: the test would never end."""
    other = damaged(result, objects(result.read_bytes())[1][which], head)
    with pytest.raises(ValueError, match="impossible size"):
        check_heaps(other)
    with pytest.raises(InputError, match="not a netCDF result, or it is damaged"):
        load(other)
    assert not holds_result_of(other, "h")


@pytest.mark.parametrize("size", [0, 8, 2**40, 2**64 - 1])
def test_heaps_of_an_impossible_size(result: Path, size: int) -> None:
    other = damaged(result, objects(result.read_bytes())[0] + 8, struct.pack("<Q", size))
    with pytest.raises(ValueError, match=r"larger than its file|impossible size"):
        check_heaps(other)


@pytest.mark.parametrize(
    ("at", "value", "words"), [(0, b"\x89HDG", "not HDF5"), (14, b"\4", "another size"), (8, b"\2", "another size")]
)
def test_heads_that_cannot_be_looked_behind(result: Path, at: int, value: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_heaps(damaged(result, at, value))
    result.write_bytes(result.read_bytes()[:9])
    with pytest.raises(ValueError, match="not HDF5"):
        check_heaps(result)
