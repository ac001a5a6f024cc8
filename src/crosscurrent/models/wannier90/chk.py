"""The checkpoint of Wannier90: `.chk` (unformatted) and `.chk.fmt` (formatted), the gauge of the Wannier functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90.files import Floats, Integers, as_text, count, expect, is_binary, numbers, read_bytes
from crosscurrent.models.wannier90.fortran import Records
from crosscurrent.models.wannier90.hoppings import checked_lattice
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class Checkpoint:
    """lattice: (3, 3) rows, angstrom. grid: mp_grid. kpoints: (nk, 3) reduced. gauge: (nk, nb, n), the columns are the
    Wannier-gauge states in the bands of the run (disentanglement times rotation). overlaps: (nk, nntot, n, n),
    <u_k|u_k+b> in that gauge. centres: (n, 3) angstrom. spreads: (n,) angstrom^2. disentangled: whether bands were
    disentangled.
    """

    path: str
    lattice: Floats
    grid: tuple[int, int, int]
    kpoints: Floats
    gauge: Complexes
    overlaps: Complexes
    centres: Floats
    spreads: Floats
    disentangled: bool

    @property
    def n_k(self) -> int:
        return int(self.gauge.shape[0])

    @property
    def n_bands(self) -> int:
        return int(self.gauge.shape[1])

    @property
    def n_states(self) -> int:
        return int(self.gauge.shape[2])

    @property
    def n_neighbours(self) -> int:
        return int(self.overlaps.shape[1])


def read_chk(path: str | Path) -> Checkpoint:
    """Reads a checkpoint, binary or formatted (told apart by content), gzipped or not.

    Raises InputError for a truncated or foreign file, a run that was not finished, or a gauge that is not unitary.
    """
    path = str(path)
    data = read_bytes(path)
    return _assemble(_Binary(data, path) if is_binary(data) else _Formatted(data, path))


class _Binary:
    """Fields of the unformatted file: one record each."""

    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        self._records = Records(data, path)
        if len(self._records.take("the header")) != 33:
            raise InputError("is not a Wannier90 checkpoint", where=path, fix="check that the files were not swapped")

    def ints(self, number: int, what: str) -> Integers:
        return self._records.ints(number, what)

    def reals(self, number: int, what: str) -> Floats:
        return self._records.reals(number, what)

    def complexes(self, number: int, what: str) -> Complexes:
        return self._records.complexes(number, what)

    def word(self, what: str) -> str:
        return self._records.take(what).decode("latin-1").strip()

    def finish(self) -> None:
        self._records.finish()


class _Formatted:
    """Fields of the formatted file: the same values in the same order, as text."""

    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        text = as_text(data, path)
        lines = text.split("\n", 1)
        # the only word among the numbers tells how far the run came
        before, found, after = (lines[1] if len(lines) > 1 else "").partition("post")
        if not found:
            raise InputError("is not a formatted Wannier90 checkpoint", where=path, fix="it may be truncated")
        word, _, after = after.partition("\n")
        self._word = "post" + word.strip()
        head = numbers(before, path)
        self._values = np.concatenate([head, numbers(after, path, skipped=2 + before.count("\n"))])
        self._at = 0

    def reals(self, number: int, what: str) -> Floats:
        stop = self._at + number
        if stop > len(self._values):
            raise InputError(f"ends within {what}", where=self.path, fix="copy the file again: it is truncated")
        part = self._values[self._at : stop]
        self._at = stop
        return part

    def ints(self, number: int, what: str) -> Integers:
        values = self.reals(number, what)
        if (values != np.rint(values)).any() or (np.abs(values) > 2**31).any():
            raise InputError(f"{what} should be whole numbers", where=self.path)
        return values.astype(np.int64)

    def complexes(self, number: int, what: str) -> Complexes:
        return np.ascontiguousarray(self.reals(2 * number, what)).view(np.complex128)

    def word(self, what: str) -> str:
        return self._word

    def finish(self) -> None:
        expect(len(self._values), self._at, self.path, "the counts of its header")


def _assemble(f: _Binary | _Formatted) -> Checkpoint:
    one: Callable[[str], int] = lambda what: count(float(f.ints(1, what)[0]), f.path, what)  # noqa: E731
    n_bands = one("the number of bands")
    excluded = int(f.ints(1, "the number of excluded bands")[0])
    if excluded < 0:
        raise InputError("a negative number of excluded bands", where=f.path)
    f.ints(excluded, "the excluded bands")
    lattice = checked_lattice(f.reals(9, "the lattice").reshape(3, 3).T.copy(), f.path)
    f.reals(9, "the reciprocal lattice")
    n_k = one("the number of k-points")
    grid = f.ints(3, "mp_grid")
    if (grid < 1).any() or math.prod(grid.tolist()) != n_k:
        raise InputError(f"{n_k} k-points do not fill the mesh {tuple(grid.tolist())}", where=f.path)
    kpoints = f.reals(3 * n_k, "the k-points").reshape(n_k, 3)
    nntot, n = one("the number of neighbours"), one("the number of Wannier functions")
    _finished(f.word("the checkpoint"), f.path)
    disentangled = bool(f.ints(1, "the disentanglement flag")[0])
    if n > n_bands or (not disentangled and n != n_bands):
        raise InputError(f"{n} Wannier functions from {n_bands} bands", where=f.path, fix="the file is damaged")
    optimal, rows = _subspace(f, n_k, n_bands, n) if disentangled else (None, None)
    rotation = _blocks(f.complexes(n * n * n_k, "the rotation"), n_k, n, n)
    overlaps = f.complexes(n * n * nntot * n_k, "the overlaps").reshape(n_k, nntot, n, n).swapaxes(2, 3)
    centres, spreads = f.reals(3 * n, "the centres").reshape(n, 3), f.reals(n, "the spreads")
    f.finish()
    gauge = rotation if optimal is None or rows is None else _unpacked(optimal, rows) @ rotation
    _unitary(gauge, f.path)
    g = (int(grid[0]), int(grid[1]), int(grid[2]))
    return Checkpoint(f.path, lattice, g, kpoints, gauge, overlaps, centres, spreads, disentangled)


def _finished(word: str, path: str) -> None:
    if word != "postwann":
        raise InputError(
            f"was written at the stage '{word[:20]}', before the Wannier functions were final",
            where=path,
            fix="finish the Wannier90 run and use its last checkpoint",
        )


def _subspace(f: _Binary | _Formatted, n_k: int, n_bands: int, n: int) -> tuple[Complexes, NDArray[np.bool_]]:
    """The disentangled subspace (nk, nb, n), packed into the window, and the window (nk, nb)."""
    f.reals(1, "the invariant spread")
    window = f.ints(n_bands * n_k, "the window").reshape(n_k, n_bands) != 0
    inside = f.ints(n_k, "the bands in the window")
    if (window.sum(axis=1) != inside).any() or (inside < n).any():
        raise InputError("the outer window and its band counts disagree", where=f.path, fix="the file is damaged")
    return _blocks(f.complexes(n_bands * n * n_k, "the disentanglement"), n_k, n_bands, n), window


def _blocks(values: Complexes, n_k: int, rows: int, columns: int) -> Complexes:
    """Column-major (rows, columns, nk) to (nk, rows, columns)."""
    return values.reshape(n_k, columns, rows).swapaxes(1, 2)


def _unpacked(optimal: Complexes, window: NDArray[np.bool_]) -> Complexes:
    """Moves the packed rows to the bands they belong to."""
    full = np.zeros_like(optimal)
    for k, inside in enumerate(window):
        full[k, inside] = optimal[k, : int(inside.sum())]
    return full


def _unitary(gauge: Complexes, path: str) -> None:
    n = gauge.shape[2]
    residual = float(np.abs(gauge.conj().swapaxes(1, 2) @ gauge - np.eye(n)).max())
    if residual > 1e-5:
        raise InputError(f"the gauge is not unitary (residual {residual:.1e})", where=path, fix="the file is damaged")
