"""Bytes, text and numbers of Wannier90 files, and of any others of that kind: read whole, checked, and refused with
file and line.

Every reader of this package goes through here, so that a gzipped, truncated, binary or foreign file is refused in
one way. Numbers are parsed in bulk (one call for the whole file); lines are looked at one by one only to say where
a refused file is wrong.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.disk import read_bytes as read_bytes
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: No quantity in these files comes near this (eV, angstrom, counts); a damaged exponent does.
LARGEST = 1e12

#: Fortran drops the letter of a three-digit exponent (0.1000-100) and may write d for e.
_BARE_EXPONENT = re.compile(r"(\d)([+-]\d{3})(?![\d.])")
_D_EXPONENT = re.compile(r"(?<=[\d.])[dD](?=[+-]?\d)")


def is_binary(data: bytes) -> bool:
    """Whether the content is unformatted (its first record marker holds zero bytes)."""
    return b"\0" in data[:4]


def as_text(data: bytes, path: str | Path) -> str:
    """The text of a file. Raises InputError for binary content and for a last line that was cut off."""
    if b"\0" in data:
        raise InputError(
            "is a binary file where text was expected", where=str(path), fix="check that the files were not swapped"
        )
    text = data.decode("latin-1").replace("\r\n", "\n")
    if not text.endswith("\n"):
        # Some tools write no final line end; but a complete line of these fixed-width files is never shorter
        # than the one before it, so a shorter one was cut in the middle of a number.
        *_, before, last = ("\n" + text).rsplit("\n", 2)
        if len(last) < len(before):
            line = text.count("\n") + 1
            raise InputError("the last line is cut off", where=f"{path}, line {line}", fix="copy the file again")
    return text


def split_header(text: str, path: str | Path, lines: int = 1) -> tuple[list[str], str]:
    """The first `lines` lines and the rest. Raises InputError when there are fewer."""
    parts = text.split("\n", lines)
    if len(parts) <= lines:
        raise InputError("ends within its header", where=str(path), fix="copy the file again")
    return parts[:lines], parts[lines]


def numbers(text: str, path: str | Path, *, skipped: int = 1) -> Floats:
    """Every number of `text`, in order, 1D. skipped: lines of the file before `text`, for the message.

    Raises InputError naming the line for anything that is not a finite number.
    """
    values = _bulk(text)
    if values is None:
        values = _bulk(_D_EXPONENT.sub("e", _BARE_EXPONENT.sub(r"\1e\2", text)))
    if values is None or not sensible(values):
        raise _first_bad_line(text, path, skipped)
    return values


def sensible(values: NDArray[Any]) -> bool:
    """Whether all values are finite and of a size that can occur. Also NaN fails the comparison."""
    return bool((np.abs(values) < LARGEST).all())


def _bulk(text: str) -> Floats | None:
    if _BARE_EXPONENT.search(text) or "_" in text:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.fromstring(text, sep=" ", dtype=np.float64) if text.strip() else np.zeros(0)
        except (DeprecationWarning, ValueError):
            return None


def _first_bad_line(text: str, path: str | Path, skipped: int) -> InputError:
    for number, line in enumerate(text.split("\n"), start=skipped + 1):
        for token in line.split():
            where = f"{path}, line {number}"
            try:
                value = float(_D_EXPONENT.sub("e", _BARE_EXPONENT.sub(r"\1e\2", token)))
            except ValueError:
                return InputError(
                    f"'{token[:40]}' is not a number", where=where, fix="check that this is the right file"
                )
            if not abs(value) < LARGEST:
                return InputError(f"holds {token[:40]}", where=where, fix="NaN, infinity and overflow are refused")
    return InputError("numbers cannot be told apart", where=str(path), fix="check that this is the right file")


def integers(values: Floats, path: str | Path, what: str) -> Integers:
    """values as integers. Raises InputError when one is not whole or not reasonable."""
    whole = np.rint(values)
    if (whole != values).any() or (np.abs(whole) > 2**31).any():
        raise InputError(f"{what} should be whole numbers", where=str(path), fix="check that this is the right file")
    return whole.astype(np.int64)


def count(value: float, path: str | Path, what: str) -> int:
    """A positive whole number. Raises InputError otherwise."""
    if not (1 <= value <= 2**31 and value == int(value)):
        raise InputError(
            f"{what} should be a positive whole number, got {value:g}",
            where=str(path),
            fix="check that this is the right file",
        )
    return int(value)


def expect(found: int, wanted: int, path: str | Path, what: str) -> None:
    """Raises InputError when a file holds fewer or more numbers than its own header promises."""
    if found == wanted:
        return
    kind = "is truncated" if found < wanted else "holds more than its header says"
    raise InputError(
        f"{kind}: {found} numbers where {what} need {wanted}", where=str(path), fix="copy or write the file again"
    )
