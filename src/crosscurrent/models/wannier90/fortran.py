"""Records of Fortran unformatted sequential files, as gfortran and ifort write them (4-byte markers on both sides)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90.files import Floats, Integers, sensible
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]


class Records:
    """The records of one file, taken in order. Raises InputError when a record is missing, damaged or too short."""

    def __init__(self, data: bytes, path: str | Path) -> None:
        self.path = str(path)
        self._records = _split(data, self.path)
        self._next = 0

    @property
    def left(self) -> int:
        """How many records have not been taken."""
        return len(self._records) - self._next

    def take(self, what: str) -> bytes:
        """The next record, whatever it holds."""
        if self._next >= len(self._records):
            raise InputError(f"ends before {what}", where=self.path, fix="copy the file again: it is truncated")
        self._next += 1
        return self._records[self._next - 1]

    def ints(self, number: int, what: str) -> Integers:
        return self._array(np.dtype("<i4"), number, what).astype(np.int64)

    def reals(self, number: int, what: str) -> Floats:
        return self._finite(self._array(np.dtype("<f8"), number, what).astype(np.float64), what)

    def complexes(self, number: int, what: str) -> Complexes:
        return self._finite(self._array(np.dtype("<c16"), number, what).astype(np.complex128), what)

    def finish(self) -> None:
        """Raises InputError when records are left over."""
        if self._next != len(self._records):
            raise InputError(
                f"holds {len(self._records)} records, its header promises {self._next}",
                where=self.path,
                fix="check that this is the right file",
            )

    def _array(self, dtype: np.dtype[np.generic], number: int, what: str) -> NDArray[np.generic]:
        record = self.take(what)
        if len(record) != number * dtype.itemsize:
            raise InputError(
                f"{what}: a record of {len(record)} bytes where {number * dtype.itemsize} are needed",
                where=self.path,
                fix="check that this is the right file and that its counts agree with its header",
            )
        return np.frombuffer(record, dtype=dtype)

    def _finite(self, values: NDArray[Any], what: str) -> NDArray[Any]:
        if not sensible(values):
            raise InputError(f"{what} hold NaN, infinity or overflow", where=self.path)
        return values


def _split(data: bytes, path: str) -> list[bytes]:
    """Cuts the file at its markers; a negative marker says that the record goes on in the next piece."""
    found: list[bytes] = []
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        head = int.from_bytes(data[at : at + 4], "little", signed=True)
        size = abs(head)
        stop = at + 4 + size
        if stop + 4 > len(data):
            raise InputError(
                f"is truncated or not an unformatted file: record {len(found) + 1} ends beyond the end of the file",
                where=path,
                fix="copy the file again, in binary mode",
            )
        if abs(int.from_bytes(data[stop : stop + 4], "little", signed=True)) != size:
            raise InputError(
                f"the two length markers of record {len(found) + 1} differ",
                where=path,
                fix="the file is damaged, or was written with other record markers (4-byte little-endian are read)",
            )
        pieces.append(data[at + 4 : stop])
        if head >= 0:
            found.append(b"".join(pieces))
            pieces = []
        at = stop + 4
    if pieces:
        raise InputError("ends within a record", where=path, fix="copy the file again")
    return found
