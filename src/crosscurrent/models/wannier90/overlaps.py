"""Matrices between Bloch states: `.mmn`, `.spn` and `.sHu`, `.sIu` (the last three formatted or unformatted)."""

from __future__ import annotations

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
    is_binary,
    numbers,
    read_bytes,
    split_header,
)
from crosscurrent.models.wannier90.fortran import Records
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class Overlaps:
    """neighbour: (nk, nntot) index of k+b from 0. shift: (nk, nntot, 3), the reciprocal vector G that brings it there.
    matrices: (nk, nntot, nb, nb), <u_mk|u_n,k+b>.
    """

    path: str
    neighbour: Integers
    shift: Integers
    matrices: Complexes


def read_mmn(path: str | Path) -> Overlaps:
    """Reads `seed.mmn`. Raises InputError for a truncated, foreign or inconsistent file."""
    path = str(path)
    _, body = split_header(as_text(read_bytes(path), path), path)
    flat = numbers(body, path)
    n_bands, n_k, nntot = _header(flat[:3], ("bands", "k-points", "neighbours"), path)
    size = 5 + 2 * n_bands**2
    expect(len(flat) - 3, n_k * nntot * size, path, f"{n_bands} bands at {n_k} k-points with {nntot} neighbours")
    blocks = flat[3:].reshape(n_k * nntot, size)
    labels = integers(blocks[:, :5], path, "neighbour lists")
    order = np.argsort(labels[:, 0], kind="stable")
    own = labels[order, 0].reshape(n_k, nntot) - 1
    neighbour = labels[order, 1].reshape(n_k, nntot) - 1
    if (own != np.arange(n_k)[:, None]).any() or (neighbour < 0).any() or (neighbour >= n_k).any():
        raise InputError("its neighbour list is not complete", where=path, fix="write the file again")
    values = np.ascontiguousarray(blocks[order, 5:]).view(np.complex128)
    matrices = values.reshape(n_k, nntot, n_bands, n_bands).swapaxes(2, 3)
    return Overlaps(path, neighbour, labels[order, 2:].reshape(n_k, nntot, 3), matrices)


def read_spn(path: str | Path) -> Complexes:
    """Pauli matrices (nk, 3, nb, nb), <mk|sigma|nk>, as the file holds them (not halved).

    Formatted and unformatted files are told apart by content. Raises InputError for a truncated or foreign file, and
    for matrices that cannot be Pauli matrices between normalised states (an entry or a row too large, diagonals not
    real): the file is of another run, or its numbers are in another order.
    """
    path = str(path)
    data = read_bytes(path)
    if is_binary(data):
        records = Records(data, path)
        records.take("the header")
        n_bands, n_k = _header(records.ints(2, "counts of bands and k-points"), ("bands", "k-points"), path)
        packed = n_bands * (n_bands + 1) // 2
        parts = [records.complexes(3 * packed, f"spin of k-point {k + 1}") for k in range(_bounded(n_k, records, path))]
        records.finish()
        values = np.array(parts).reshape(n_k, packed, 3)
    else:
        _, body = split_header(as_text(data, path), path)
        flat = numbers(body, path)
        n_bands, n_k = _header(flat[:2], ("bands", "k-points"), path)
        packed = n_bands * (n_bands + 1) // 2
        expect(len(flat) - 2, 6 * n_k * packed, path, f"{n_bands} bands at {n_k} k-points")
        values = np.ascontiguousarray(flat[2:]).view(np.complex128).reshape(n_k, packed, 3)
    return _pauli(_unpack(values, n_bands), path)


def read_sxu(path: str | Path) -> Complexes:
    """Matrices (nk, nntot, 3, nb, nb) of a `.sHu` or `.sIu`: <u_mk|sigma H_k|u_n,k+b> in eV, or without H_k.

    Both are read as pw2wannier90 writes them: header; bands, k-points, neighbours; then for each k, neighbour and
    x, y, z one matrix with the band of k+b running fastest, neighbours in the order of the `.mmn`. Raises InputError
    for a truncated or foreign file.
    """
    path = str(path)
    data = read_bytes(path)
    names = ("bands", "k-points", "neighbours")
    if is_binary(data):
        records = Records(data, path)
        records.take("the header")
        n_bands, n_k, nntot = _header(records.ints(3, "counts of bands, k-points and neighbours"), names, path)
        total = _bounded(3 * n_k * nntot, records, path)
        values = np.array([records.complexes(n_bands**2, f"matrix {i + 1}") for i in range(total)])
        records.finish()
    else:
        _, body = split_header(as_text(data, path), path)
        flat = numbers(body, path)
        n_bands, n_k, nntot = _header(flat[:3], names, path)
        wanted = 6 * n_k * nntot * n_bands**2
        expect(len(flat) - 3, wanted, path, f"{n_bands} bands at {n_k} k-points with {nntot} neighbours")
        values = np.ascontiguousarray(flat[3:]).view(np.complex128)
    return values.reshape(n_k, nntot, 3, n_bands, n_bands)


def _header(values: Floats | Integers, names: tuple[str, ...], path: str) -> tuple[int, ...]:
    if len(values) < len(names):
        raise InputError("ends within its header", where=path, fix="copy the file again")
    return tuple(count(float(v), path, f"the number of {name}") for v, name in zip(values, names, strict=True))


def _bounded(wanted: int, records: Records, path: str) -> int:
    """The number of records still to come, compared before anything is read."""
    if records.left != wanted:
        raise InputError(
            f"{records.left} matrices where its header promises {wanted}", where=path, fix="copy the file again"
        )
    return wanted


def _unpack(values: Complexes, n_bands: int) -> Complexes:
    """Upper triangles (nk, nb(nb+1)/2, 3), column after column, to Hermitian matrices (nk, 3, nb, nb)."""
    column, row = np.tril_indices(n_bands)  # the row index runs fastest, up to the column index
    full = np.empty((len(values), 3, n_bands, n_bands), dtype=complex)
    triangle = values.swapaxes(1, 2)
    full[:, :, column, row] = triangle.conj()
    full[:, :, row, column] = triangle
    return full


def _pauli(spin: Complexes, path: str) -> Complexes:
    """Rows of a Pauli matrix, cut to any set of orthonormal states, have a norm of at most one."""
    rows = float(np.sqrt((np.abs(spin) ** 2).sum(axis=3).max()))
    imaginary = float(np.abs(np.diagonal(spin, axis1=2, axis2=3).imag).max())
    if rows > 1.05 or imaginary > 1e-4:
        raise InputError(
            f"does not hold Pauli matrices between normalised states (row norm {rows:.3f}, imaginary diagonal "
            f"{imaginary:.1e})",
            where=path,
            fix="check that it is of the same run and written as <n|sigma|m>, n up to m, by pw2wannier90",
        )
    return spin
