"""Real-space files of Wannier90: `_tb.dat`, `_hr.dat` and `_wsvec.dat`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90.files import (
    Floats,
    Integers,
    as_text,
    count,
    expect,
    integers,
    numbers,
    read_bytes,
    split_header,
)
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]

#: The box around a Wigner-Seitz cell holds a few times its cells, in a skewed lattice some dozens.
_SPREAD, _FEW = 200, 27


@dataclass(frozen=True)
class Hoppings:
    """Content of a `_tb.dat` or `_hr.dat`, as written (degeneracies not yet divided out).

    vectors: (nR, 3). degeneracy: (nR,). hamiltonian: (nR, n, n) eV, <0a|H|Rb>. lattice: (3, 3) rows in angstrom, and
    position: (nR, 3, n, n) angstrom, <0a|r|Rb>; both None for a `_hr.dat`.
    """

    path: str
    vectors: Integers
    degeneracy: Integers
    hamiltonian: Complexes
    lattice: Floats | None = None
    position: Complexes | None = None

    @property
    def n_states(self) -> int:
        return int(self.hamiltonian.shape[-1])

    @property
    def weight_sum(self) -> float:
        """sum_R 1/degeneracy, the number of k-points of the run that made the file."""
        return float((1.0 / self.degeneracy).sum())


@dataclass(frozen=True)
class ImageList:
    """Content of a `_wsvec.dat`: for each entry, the row of R, the pair (a, b), the image R + T and its weight."""

    path: str
    row: Integers
    a: Integers
    b: Integers
    image: Integers
    weight: Floats


def read_hr(path: str | Path) -> Hoppings:
    """Reads `seed_hr.dat`. Raises InputError for a truncated, foreign or inconsistent file."""
    path = str(path)
    _, body = split_header(as_text(read_bytes(path), path), path)
    flat = numbers(body, path)
    n, degeneracy, at = _counts(flat, 0, path)
    n_r = len(degeneracy)
    expect(len(flat) - at, 7 * n_r * n * n, path, f"{n_r} vectors of {n} functions")
    rows = flat[at:].reshape(n_r, n * n, 7)
    vectors = integers(rows[:, 0, :3], path, "lattice vectors")
    wrong = np.flatnonzero((rows[:, :, :3] != vectors[:, None, :]).any(axis=(1, 2)))
    if wrong.size:
        raise InputError(f"block {wrong[0] + 1} mixes several lattice vectors", where=path, fix="write the file again")
    order = _pair_order(rows[:, :, 3:5], n, path)
    values = np.take_along_axis(rows[:, :, 5] + 1j * rows[:, :, 6], order, axis=1)
    return _checked(Hoppings(path, vectors, degeneracy, values.reshape(n_r, n, n)))


def read_tb(path: str | Path) -> Hoppings:
    """Reads `seed_tb.dat`. Raises InputError for a truncated, foreign or inconsistent file."""
    path = str(path)
    _, body = split_header(as_text(read_bytes(path), path), path)
    flat = numbers(body, path)
    if len(flat) < 9:
        raise InputError("ends within the lattice vectors", where=path, fix="copy the file again")
    lattice = checked_lattice(flat[:9].reshape(3, 3), path)
    n, degeneracy, at = _counts(flat, 9, path)
    n_r = len(degeneracy)
    size_h, size_r = 3 + 4 * n * n, 3 + 8 * n * n
    expect(len(flat) - at, n_r * (size_h + size_r), path, f"{n_r} vectors of {n} functions")
    first = flat[at : at + n_r * size_h].reshape(n_r, size_h)
    second = flat[at + n_r * size_h :].reshape(n_r, size_r)
    vectors = integers(first[:, :3], path, "lattice vectors")
    if (second[:, :3] != first[:, :3]).any():
        raise InputError("the vectors of its two parts differ", where=path, fix="write the file again")
    energy, place = first[:, 3:].reshape(n_r, n * n, 4), second[:, 3:].reshape(n_r, n * n, 8)
    h = np.take_along_axis(energy[:, :, 2] + 1j * energy[:, :, 3], _pair_order(energy[:, :, :2], n, path), axis=1)
    order = _pair_order(place[:, :, :2], n, path)
    r = np.take_along_axis(place[:, :, 2::2] + 1j * place[:, :, 3::2], order[:, :, None], axis=1)
    position = np.moveaxis(r, 2, 1).reshape(n_r, 3, n, n)
    return _checked(Hoppings(path, vectors, degeneracy, h.reshape(n_r, n, n), lattice, position))


def read_wsvec(path: str | Path, hoppings: Hoppings) -> ImageList:
    """Reads `seed_wsvec.dat` beside its hoppings. Raises InputError when the two do not belong together."""
    path = str(path)
    _, body = split_header(as_text(read_bytes(path), path), path)
    flat = integers(numbers(body, path), path, "its entries")
    starts, counts = _walk_wsvec(flat, path)
    head = flat[starts[:, None] + np.arange(5)]
    n, n_r = hoppings.n_states, len(hoppings.vectors)
    if len(head) != n_r * n * n:
        raise InputError(
            f"holds {len(head)} pairs where {hoppings.path} has {n_r * n * n}",
            where=path,
            fix="take both files from the same run; this one may be truncated",
        )
    rows = np.repeat(np.arange(n_r), n * n)
    pairs = np.sort(((head[:, 3] - 1) * n + head[:, 4] - 1).reshape(n_r, n * n), axis=1)
    if (head[:, :3] != hoppings.vectors[rows]).any() or (pairs != np.arange(n * n)).any():
        raise InputError(
            f"its vectors or pairs are not those of {hoppings.path}", where=path, fix="use one run's files"
        )
    entry = np.repeat(np.arange(len(head)), counts)
    within = np.arange(len(entry)) - np.repeat(np.cumsum(counts) - counts, counts)
    shift = flat[(starts[entry] + 6 + 3 * within)[:, None] + np.arange(3)]
    image = head[entry, :3] + shift
    check_compact(image, n_r, path)
    weight = 1.0 / (hoppings.degeneracy[rows[entry]] * counts[entry])
    return ImageList(path, rows[entry], head[entry, 3] - 1, head[entry, 4] - 1, image, weight)


def _walk_wsvec(flat: Integers, path: str) -> tuple[Integers, Integers]:
    """Where each record (R, a, b, count, shifts) starts, and its count; the length varies, so one has to walk."""
    values, starts, at, end = flat.tolist(), [], 0, len(flat)
    while at < end:
        starts.append(at)
        number = values[at + 5] if at + 5 < end else 0
        if number < 1:
            raise InputError("is truncated or not a _wsvec.dat", where=path, fix="copy or write the file again")
        at += 6 + 3 * number
    if at != end:
        raise InputError("is truncated", where=path, fix="copy or write the file again")
    first = np.array(starts, dtype=np.int64)
    return first, flat[first + 5]


def checked_lattice(lattice: Floats, path: str) -> Floats:
    """Raises InputError when the three vectors span no volume."""
    if not np.isfinite(lattice).all() or abs(np.linalg.det(lattice)) < 1e-6:
        raise InputError("the lattice vectors span no volume", where=path, fix="check that this is the right file")
    return lattice


def check_compact(vectors: Integers, listed: int, path: str) -> None:
    """Raises InputError for vectors that lie scattered: a Wigner-Seitz cell fills a good part of the box around it.

    One damaged vector would stretch that box, which sums over products of matrices fill.
    """
    cells = math.prod((2 * np.abs(vectors).max(axis=0) + 1).tolist())
    if cells > _SPREAD * max(listed, _FEW):
        raise InputError(
            f"its {listed} lattice vectors are scattered over {cells} cells", where=path, fix="copy or write it again"
        )


def _counts(flat: Floats, at: int, path: str) -> tuple[int, Integers, int]:
    """Number of functions, degeneracies, and where the blocks begin."""
    if len(flat) < at + 2:
        raise InputError("ends before the number of functions", where=path, fix="copy the file again")
    n = count(flat[at], path, "the number of Wannier functions")
    n_r = count(flat[at + 1], path, "the number of lattice vectors")
    if len(flat) < at + 2 + n_r:
        raise InputError("ends within the degeneracies", where=path, fix="copy the file again")
    degeneracy = integers(flat[at + 2 : at + 2 + n_r], path, "degeneracies")
    if (degeneracy < 1).any():
        raise InputError("a degeneracy is below 1", where=path, fix="check that this is the right file")
    return n, degeneracy, at + 2 + n_r


def _pair_order(pairs: Floats, n: int, path: str) -> Integers:
    """For pairs (nR, n*n, 2) numbered from 1: the row with pair a*n + b. Raises InputError when one is missing."""
    flat = integers((pairs[:, :, 0] - 1) * n + pairs[:, :, 1] - 1, path, "function numbers")
    order = np.argsort(flat, axis=1, kind="stable")
    outside = (pairs < 1).any() or (pairs > n).any()
    if outside or (np.take_along_axis(flat, order, axis=1) != np.arange(n * n)).any():
        raise InputError("a pair of functions is missing or repeated", where=path, fix="write the file again")
    return order


def _checked(hoppings: Hoppings) -> Hoppings:
    check_compact(hoppings.vectors, len(hoppings.vectors), hoppings.path)
    if len(np.unique(hoppings.vectors, axis=0)) != len(hoppings.vectors):
        raise InputError("a lattice vector appears twice", where=hoppings.path, fix="write the file again")
    total = hoppings.weight_sum
    if abs(total - round(total)) > 1e-6:
        raise InputError(
            f"the weights 1/degeneracy sum to {total:.6f}, not to a whole number of k-points",
            where=hoppings.path,
            fix="the degeneracies or the vectors are incomplete: write the file again",
        )
    return hoppings
