"""Files as they come from disk, read within limits: no header, no compression and no nesting is believed unchecked.

Files are damaged, swapped, cut off, and sent by strangers. What a file says of its own size is compared with what it
holds before memory is taken for it; what unpacks to far more than it packs is refused; nothing in a file is executed.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import math
import os
import re
import stat
import tomllib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from crosscurrent.units import InputError

#: Unpacked size beyond which a compressed file is refused: larger ones are unpacked by hand. Bytes.
LARGEST = 8_000_000_000
#: Numbers pack to a third, and a table of zeros to a hundredth; a bomb to a thousandth. Asked above a size in bytes.
_RATIO, _SMALL = 200, 64_000_000
_PIECE = 1 << 20
#: A job or a record is written by hand.
_LARGEST_TEXT = 64_000_000
#: A dictionary of xz; its own tools at their strongest ask for 64 MiB.
_XZ_MEMORY = 256 << 20
#: The list of arrays in a file of our own.
_NAMES = "__names__"
#: Keys like a.b.c, deeper than any table of a job; the time to read them grows with the square of their number.
_DOTTED = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){64}")


def read_bytes(path: str | Path) -> bytes:
    """The content of a file, unpacked when it is gzip or xz. Raises InputError when it cannot be read or is empty."""
    path = Path(path)
    try:
        _refuse_device(path)
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="check the path in the job") from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", where=str(path)) from None
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data, "gzip", path)
    elif data[:6] == b"\xfd7zXZ\x00":
        data = _unpacked(data, "xz", path)
    if not data.strip():
        raise InputError("is empty", where=str(path))
    return data


def read_text(path: str | Path, *, what: str = "cannot be read", fix: str = "") -> str:
    """The text of a file in UTF-8, with or without its mark. what: to say when there is none. Raises InputError, also
    for a text that is far too long."""
    try:
        _refuse_device(Path(path))
        if Path(path).stat().st_size > _LARGEST_TEXT:
            raise InputError("is too large to be read as a text", where=str(path), fix=fix)
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("this is not a text in UTF-8", where=str(path), fix=fix) from None
    except OSError as error:
        raise InputError(f"{what} ({error.strerror or error})", where=str(path), fix=fix) from None


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises InputError for what is none, and for what only a machine would nest so deep."""
    if _DOTTED.search(text):
        raise InputError("a key has too many dots", where=where, fix="give a job of ordinary tables")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError("this is nested too deeply", where=where, fix="give a job of ordinary tables") from None
    except ValueError as error:
        # also a number of thousands of digits, which is no error of TOML
        raise InputError(f"this is not valid TOML: {error}", where=where) from error


def parse_json(text: str, where: str) -> Any:
    """The value of a JSON text. Raises InputError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"is not JSON: {error.msg}", where=f"{where}, line {error.lineno}") from None
    except (ValueError, RecursionError):
        raise InputError("is nested too deeply, or holds a number of too many digits", where=where) from None


def write_arrays(stream: BinaryIO, arrays: Mapping[str, NDArray[Any]]) -> None:
    """A .npz file with a list of what is in it, so that an array which is lost is missed."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in {_NAMES: np.array("\n".join(arrays)), **arrays}.items():
            # as numpy.savez does, which can be told to leave pickles alone only since numpy 2.2
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_arrays(path: str | Path, *, listed: bool = False) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file, without pickled objects. Raises InputError for anything else.

    The size of each array is compared with what the file holds for it before memory is taken. listed: whether the file
    has to hold the list that `write_arrays` adds, and what is on it.
    """
    fix = "write it with numpy.savez"
    try:
        _refuse_device(Path(path))
        with Path(path).open("rb") as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            size = os.fstat(stream.fileno()).st_size
            if sum(m.file_size for m in members) > max(_SMALL, min(LARGEST, _RATIO * size), size):
                raise InputError("unpacks to far more than it holds", where=str(path), fix=fix)
            found = {m.filename.removesuffix(".npy"): _array(archive, m, size) for m in members}
        if listed and str(found.pop(_NAMES)) != "\n".join(found):
            raise ValueError("an array is missing, or is another one")
        return found
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="check the path in the job") from None
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        # a damaged archive ends in whatever its parts end in: struct, zlib, zip, numpy's header, text that is none
        raise InputError("this is not a readable .npz file", where=str(path), fix=fix) from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> NDArray[Any]:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("numpy packs in another way")
    if member.compress_size > size:
        raise ValueError("it holds more than the file")
    data = archive.read(member)  # compared with its checksum
    stream = io.BytesIO(data)
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError("pickled objects are never loaded")
    if math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise ValueError("another size than its header says")
    stream.seek(0)
    found: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return found


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that was not there before: what lies at its place is removed, and a link there is not followed."""
    path.unlink(missing_ok=True)
    with path.open("xb") as stream:
        yield stream


def _unpacked(data: bytes, kind: str, path: Path) -> bytes:
    """Unpacked piece by piece, so that a file which grows without end is refused before it fills the memory."""
    limit = max(_SMALL, min(LARGEST, _RATIO * len(data)))
    parts: list[bytes] = []
    total = 0
    try:
        for part in _gzip_pieces(data) if kind == "gzip" else _xz_pieces(data):
            parts.append(part)
            total += len(part)
            if total > limit:
                raise InputError(
                    f"is an oversized {kind} file: it unpacks to more than {limit / 1e6:.0f} MB",
                    where=str(path),
                    fix="unpack it yourself, if it is what it should be",
                )
    except (lzma.LZMAError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise InputError(
            f"is a damaged or truncated {kind} file ({error})", where=str(path), fix="copy the file again"
        ) from None
    return b"".join(parts)


def _gzip_pieces(data: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        while part := stream.read(_PIECE):
            yield part


def _xz_pieces(data: bytes) -> Iterator[bytes]:
    source = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    yield source.decompress(data, _PIECE)
    while not source.eof:
        if source.needs_input:
            raise EOFError("it ends too early")
        yield source.decompress(b"", _PIECE)


def _refuse_device(path: Path) -> None:
    """Raises InputError for what is no file: a folder, or a device that never ends."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise InputError("is not a file", where=str(path), fix="give the path of a file")
