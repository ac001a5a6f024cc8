"""A look at an HDF5 file before the HDF5 library sees it: damage on which the library itself would never stop.

Text and lists of references lie in global heaps, "Global Heap" in the HDF5 file format specification: a head, and
objects one behind the other, each with its size. The library steps from one to the next by that size, and for a size of
zero it stands still for ever. Nothing above it can interrupt it.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: A global heap of the only version that there is.
_HEAP = b"GCOL\x01"
#: Head of a heap (up to its size), and of an object in it: index, references, blank, size.
_HEAD, _OBJECT = struct.Struct("<8xQ"), struct.Struct("<HHIQ")
#: Bytes of a length in the file; HDF5 can be told to take fewer, and nobody does.
_LENGTH = 8


def check_heaps(path: str | os.PathLike[str]) -> None:
    """Raises ValueError for a file that is not HDF5, or whose global heaps HDF5 could not walk through."""
    with Path(path).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:8] != _SIGNATURE or len(data) < 16:
            raise ValueError("not HDF5")
        # bytes of the superblock, before version 2 and since
        if data[14 if data[8] < 2 else 10] != _LENGTH:
            raise ValueError("lengths of another size")
        at = data.find(_HEAP)
        while at >= 0:
            _walk(data, at)
            at = data.find(_HEAP, at + 1)


def _walk(data: mmap.mmap, start: int) -> None:
    """From object to object of one heap."""
    if start + _HEAD.size > len(data):
        raise ValueError("a heap is cut off")
    stop = start + _HEAD.unpack_from(data, start)[0]
    at = start + _HEAD.size
    if not at <= stop <= len(data):
        raise ValueError("a heap is larger than its file")
    while at + _OBJECT.size <= stop:
        index, _, _, size = _OBJECT.unpack_from(data, at)
        # what is free at the end counts with its head, the others without, in steps of eight bytes
        taken = size if index == 0 else _OBJECT.size + -(-size // 8) * 8
        if not _OBJECT.size <= taken <= stop - at:
            raise ValueError("an object of a heap has an impossible size")
        at += taken
