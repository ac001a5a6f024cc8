"""Damage to a file: what disks, editors, transfers and hostile senders do to it. Every mutation is seeded."""

from __future__ import annotations

import gzip
import random
import re
import struct
import zlib
from collections.abc import Callable
from functools import cache

Mutation = Callable[[bytes, random.Random], bytes]

#: Words in the place of a word: counts, signs, sizes, kinds and encodings that no honest file holds.
HOSTILE = (
    b"nan", b"NaN", b"inf", b"-inf", b"-1", b"0", b"-0", b"1", b"1e308", b"-1e308", b"1e-320", b"1e999", b"1.5",
    b"2147483647", b"2147483648", b"-2147483648", b"9223372036854775807", b"99999999", b"100000", b"9" * 60,
    b"9" * 5000, b"1_0", b"0x10", b"1d400", b"1.0d0", b"1.000-100", b"********", b"1.2.3", b"+-1", b"", b" ", b"~",
    b"true", b"null", b"None", b"[", b"]", b"{", b"}", b'"', b"'", b"#", b",", b":", b"=", b"-", b"&a", b"*a", b"!!x",
    b"|", b"<", b"\xe9", b"\xff\xfe", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xa0", b"\x00", b"\x1f\x8b", b"\t",
    b"..", b"../../etc/passwd", b"/dev/zero", b"a" * 400, b"1 2 3", b"1e5", b"-5", b"0.0", b"3.0e0", b"__import__",
)  # fmt: skip
_TOKEN = re.compile(rb"[^\s,\[\]{}:=\"'#]+")
_INT32 = (0, 1, -1, 2, 3, 7, 33, 60, 2**31 - 1, -(2**31), 2**30, 10**6, 1000, -1000)
_DOUBLES = (float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 5e-324, 0.0, -0.0, 1e12, 1e-12, 3.0)


def mutate(data: bytes, rng: random.Random, text: bool) -> bytes:
    """One to three kinds of damage. text: whether words and lines make sense in this file."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(_TEXT if text and rng.random() < 0.8 else _BYTES)(data, rng)
    return data if rng.random() > 0.02 else rng.choice(_WRAPS)(data, rng)


def _flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 8))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _replace(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 8))):
        out[rng.randrange(len(out))] = rng.choice((0, 1, 9, 10, 13, 32, 45, 46, 127, 128, 255, rng.randrange(256)))
    return bytes(out)


def _truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.choice((rng.randrange(len(data) + 1), max(0, len(data) - rng.randrange(1, 20))))]


def _cut(data: bytes, rng: random.Random) -> bytes:
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 2, 4, 8, 64, 512))
    return data[:at] + data[at + size :]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 2, 4, 8, 64, 512))
    return data[: at + size] + data[at : at + size] * rng.choice((1, 1, 3, 100)) + data[at + size :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 64))) + data[at:]


def _blank(data: bytes, rng: random.Random) -> bytes:
    at, size = rng.randrange(len(data) + 1), rng.choice((4, 16, 512))
    return data[:at] + rng.choice((b"\0", b"\xff", b" ", b"\n")) * size + data[at + size :]


def _whole_number(data: bytes, rng: random.Random) -> bytes:
    """A 4-byte or 8-byte count of a binary file."""
    at = rng.randrange(max(1, len(data) - 3)) & ~3
    packed = struct.pack(rng.choice(("<i", ">i", "<q")), rng.choice(_INT32))
    return data[:at] + packed + data[at + len(packed) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(max(1, len(data) - 7)) & ~3
    return data[:at] + struct.pack("<d", rng.choice(_DOUBLES)) + data[at + 8 :]


def _word(data: bytes, rng: random.Random) -> bytes:
    words = list(_TOKEN.finditer(data))
    for _ in range(rng.choice((1, 1, 1, 3))):
        if not words:
            break
        chosen = words.pop(rng.randrange(len(words)))
        words = [word for word in words if word.start() < chosen.start()]
        data = data[: chosen.start()] + rng.choice(HOSTILE) + data[chosen.end() :]
    return data


def _word_of_head(data: bytes, rng: random.Random) -> bytes:
    """A word of the first lines, where the counts stand."""
    lines = data.split(b"\n", 8)
    stop = len(b"\n".join(lines[:8]))
    return _word(data[:stop], rng) + data[stop:]


def _words_swapped(data: bytes, rng: random.Random) -> bytes:
    words = list(_TOKEN.finditer(data))
    if len(words) < 2:
        return data
    first, second = sorted(rng.sample(words, 2), key=lambda word: word.start())
    return b"".join(
        (data[: first.start()], second[0], data[first.end() : second.start()], first[0], data[second.end() :])
    )


def _digit(data: bytes, rng: random.Random) -> bytes:
    digits = [found.start() for found in re.finditer(rb"\d", data)]
    if not digits:
        return data
    at = rng.choice(digits)
    return data[:at] + rng.choice((b"0", b"1", b"9", b"-", b".", b"e", b"00", b"99999", b"")) + data[at + 1 :]


def _lines(data: bytes, rng: random.Random) -> bytes:
    """Lines lost, doubled, exchanged, moved in or out, or joined."""
    lines = data.split(b"\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(8)
    if kind == 0:
        del lines[at : at + rng.choice((1, 1, 5))]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 3:
        lines[at] = rng.choice((b" ", b"  ", b"\t", b"- ", b"#", b"[")) + lines[at]
    elif kind == 4:
        lines[at] = lines[at].lstrip()
    elif kind == 5:
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    elif kind == 6:
        lines[at:at] = [lines[at]] * rng.choice((2, 50))
    else:
        lines = lines[at:] + lines[:at]
    return b"\n".join(lines)


def _space(data: bytes, rng: random.Random) -> bytes:
    """A long stretch of one character: patience of a pattern is not to depend on it."""
    words = list(_TOKEN.finditer(data))
    at = rng.choice(words).end() if words and rng.random() < 0.7 else rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((b" ", b"\n", b"\t", b"a", b"1", b".", b"a.", b"a ", b"(", b",")) * 20_000 + data[at:]


def _deep(data: bytes, rng: random.Random) -> bytes:
    words = list(_TOKEN.finditer(data))
    chosen = rng.choice(words) if words else None
    opened = rng.choice((b"[", b'{"a":', b"{a=", b"- ", b"(", b"[[", b"a.", b"[a.", b"- - "))
    closed = {b"[": b"]", b'{"a":': b"}", b"{a=": b"}", b"(": b")", b"[[": b"]]"}.get(opened, b"")
    n = rng.choice((3, 13, 100, 1500, 30_000))
    nest = opened * n + b"1" + (closed * n if rng.random() < 0.7 else b"")
    return nest if chosen is None else data[: chosen.start()] + nest + data[chosen.end() :]


def _encoding(data: bytes, rng: random.Random) -> bytes:
    word = data.decode("latin-1")
    kind = rng.randrange(6)
    if kind < 2:
        return word.encode(("utf-16", "utf-32")[kind])
    if kind == 2:
        return b"\xef\xbb\xbf" + data
    if kind == 3:
        return data.replace(b"\n", b"\r\n")
    if kind == 4:
        return data.replace(b"\n", b"\r")
    return data.translate(bytes(range(128)) + bytes(128)) + b"\xe9\xe8"


def _zipped(data: bytes, rng: random.Random) -> bytes:
    return gzip.compress(data, 1)


def _zip_damaged(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((_flip, _truncate, _cut, _blank))(gzip.compress(data, 1), rng)


@cache
def bomb() -> bytes:
    """A gzip file of 1.6 MB that unpacks to 1.6 GB of blanks."""
    return gzip.compress(b" " * 2**22, 9) * 384


def _bomb(data: bytes, rng: random.Random) -> bytes:
    return bomb() if rng.random() < 0.3 else zlib.compress(data)


def _nothing(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"\n", b" \n \n", b"\xa0", b"\0" * 64, b"\x1f\x8b", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"))


_BYTES: tuple[Mutation, ...] = (
    _flip, _flip, _replace, _replace, _truncate, _cut, _repeat, _insert, _blank, _whole_number, _whole_number, _double,
)  # fmt: skip
_TEXT: tuple[Mutation, ...] = (
    _word, _word, _word, _word_of_head, _word_of_head, _words_swapped, _digit, _digit, _lines, _lines, _lines,
    _truncate, _space, _deep, _encoding,
)  # fmt: skip
_WRAPS: tuple[Mutation, ...] = (_zipped, _zipped, _zip_damaged, _zip_damaged, _nothing, _nothing, _bomb)
