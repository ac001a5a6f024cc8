"""A Wannier90 run whose answer is known: point-like spinor orbitals, written as the files that a real run leaves.

n orbitals at given centres have random short-ranged hoppings H(R). At each k of the mesh the band structure code hands
over nb >= n states: the eigenstates of H(k), mixed in energy order with states of a space that is orthogonal to the
orbitals, each with a random phase. The checkpoint's gauge brings them back to the orbitals. For point-like orbitals
<u_k|u_k+b> is diag(exp(-i b.tau)) in the Wannier gauge, so every matrix that the reader builds has a closed form.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


@dataclass(frozen=True)
class Run:
    """lattice (3, 3); grid; centres (n, 3); vectors (nR, 3) and hoppings (nR, n, n); kpoints (nk, 3);
    energies (nk, nb); states (nk, nb, n): amplitude of each band on the orbitals; foreign: on the other space;
    neighbour, shift, b, weight: the stencil.
    """

    lattice: Floats
    grid: tuple[int, int, int]
    centres: Floats
    vectors: NDArray[np.int64]
    hoppings: Complexes
    kpoints: Floats
    energies: Floats
    states: Complexes
    foreign: Complexes
    neighbour: NDArray[np.int64]
    shift: NDArray[np.int64]
    b: Floats
    weight: Floats

    @property
    def n(self) -> int:
        return len(self.centres)

    @property
    def nb(self) -> int:
        return int(self.energies.shape[1])

    @property
    def pauli(self) -> Complexes:
        """Between the bands, interlaced orbitals, (nk, 3, nb, nb); the foreign states carry spin of their own."""
        on_orbitals = np.array([np.kron(np.eye(self.n // 2), s) for s in PAULI])
        own = np.einsum("kma,lab,knb->klmn", self.states.conj(), on_orbitals, self.states)
        other = np.array([np.kron(np.eye(self.foreign.shape[2] // 2), s) for s in PAULI])
        return own + np.einsum("kma,lab,knb->klmn", self.foreign.conj(), other, self.foreign)

    @property
    def mmn(self) -> Complexes:
        """<u_mk|u_n,k+b>, (nk, nntot, nb, nb)."""
        phase = np.exp(-1j * self.b @ self.centres.T)
        own = np.einsum("kma,kba,kbna->kbmn", self.states.conj(), phase, self.states[self.neighbour])
        return own + np.einsum("kma,kbna->kbmn", self.foreign.conj(), self.foreign[self.neighbour])

    @property
    def window(self) -> NDArray[np.bool_]:
        """The lowest band is foreign to the orbitals and lies outside the window."""
        inside = np.ones(self.energies.shape, dtype=bool)
        if self.nb > self.n:
            inside[:, 0] = False
        return inside


def make_run(*, seed: int = 0, grid: tuple[int, int, int] = (3, 2, 2), n: int = 4, extra: int = 2) -> Run:
    """extra: how many states beyond the orbitals each k-point has (even)."""
    rng = np.random.default_rng(seed)
    # turned about z, so that rows and columns of the lattice differ
    turn = np.array([[np.cos(0.3), np.sin(0.3), 0], [-np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    lattice = np.diag([3.0, 3.7, 4.1]) @ turn
    centres = np.repeat(rng.uniform(-0.3, 0.3, (n // 2, 3)), 2, axis=0)
    half = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    blocks = (rng.normal(size=(4, n, n)) + 1j * rng.normal(size=(4, n, n))) * np.array([1, 0.3, 0.2, 0.1])[
        :, None, None
    ]
    # on an axis of two points R and -R cannot be told apart: no hopping there
    blocks[1:][np.array(grid) < 3] = 0.0
    blocks[0] = blocks[0] + blocks[0].conj().T
    vectors = np.concatenate([half, -half[1:]])
    hoppings = np.concatenate([blocks, blocks[1:].conj().swapaxes(1, 2)])
    kpoints = np.array([[i / grid[0], j / grid[1], k / grid[2]] for i, j, k in np.ndindex(*grid)])
    h = np.einsum("kr,rab->kab", np.exp(2j * np.pi * kpoints @ vectors.T), hoppings)
    e, c = np.linalg.eigh(h)
    nk = len(kpoints)
    between = rng.uniform(e.min(), e.max(), size=(nk, extra))
    between[:, :1] = e.min() - 1
    energies = np.concatenate([e, between], axis=1)
    states, foreign = np.zeros((nk, n + extra, n), complex), np.zeros((nk, n + extra, extra), complex)
    states[:, :n] = (c * np.exp(2j * np.pi * rng.uniform(size=(nk, 1, n)))).swapaxes(1, 2)
    foreign[:, n:] = np.eye(extra)
    order = np.argsort(energies, axis=1)
    energies = np.take_along_axis(energies, order, axis=1)
    states, foreign = (np.take_along_axis(x, order[:, :, None], axis=1) for x in (states, foreign))
    return Run(lattice, grid, centres, vectors, hoppings, kpoints, energies, states, foreign, *_stencil(lattice, grid))


def _stencil(
    lattice: Floats, grid: tuple[int, int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]:
    """Nearest neighbours on an orthorhombic mesh: w = 1/(2 b^2) for the pair +-b of each axis."""
    mesh = np.array(grid)
    index = np.array(list(np.ndindex(*grid)))
    steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
    target = index[:, None] + steps
    shift = target // mesh
    home = target - shift * mesh
    neighbour = (home[..., 0] * grid[1] + home[..., 1]) * grid[2] + home[..., 2]
    b = (steps / mesh) @ (2 * np.pi * np.linalg.inv(lattice).T)
    weight = 0.5 / (b**2).sum(1)
    nk = len(index)
    return neighbour, shift, np.broadcast_to(b, (nk, 6, 3)), np.broadcast_to(weight, (nk, 6))


def write_run(run: Run, folder: Path, seed: str = "x") -> dict[str, Path]:
    """Every file by the name of the loader's argument; chk and spn unformatted, chk_fmt and spn_fmt formatted."""
    paths = {
        "chk": folder / f"{seed}.chk",
        "chk_fmt": folder / f"{seed}.chk.fmt",
        "eig": folder / f"{seed}.eig",
        "mmn": folder / f"{seed}.mmn",
        "spn": folder / f"{seed}.spn",
        "spn_fmt": folder / f"{seed}.spn.fmt",
        "shu": folder / f"{seed}.sHu",
        "siu": folder / f"{seed}.sIu",
        "siu_fmt": folder / f"{seed}_fmt.sIu",
        "hr": folder / f"{seed}_hr.dat",
        "tb": folder / f"{seed}_tb.dat",
        "wsvec": folder / f"{seed}_wsvec.dat",
        "centres": folder / f"{seed}_centres.xyz",
        "win": folder / f"{seed}.win",
    }
    paths["chk"].write_bytes(_chk_binary(run))
    paths["chk_fmt"].write_text(_chk_text(run))
    paths["eig"].write_text(
        "".join(f"{b + 1:5d}{k + 1:5d}{e:18.12f}\n" for k, row in enumerate(run.energies) for b, e in enumerate(row))
    )
    paths["mmn"].write_text(_mmn(run))
    _spn(run, paths["spn"], paths["spn_fmt"])
    spin_overlap = np.einsum("klmj,kbjn->kblmn", run.pauli, run.mmn)
    _sxu(spin_overlap, paths["siu"], paths["siu_fmt"])
    _sxu(np.einsum("klmj,kj,kbjn->kblmn", run.pauli, run.energies, run.mmn), paths["shu"], None)
    _real_space(run, paths)
    return paths


def record(*parts: bytes) -> bytes:
    """One Fortran record with its two 4-byte markers."""
    body = b"".join(parts)
    return struct.pack("<i", len(body)) + body + struct.pack("<i", len(body))


def _ints(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def _fields(run: Run) -> list[tuple[str, NDArray[np.generic]]]:
    """The checkpoint's fields in order, each flattened as Fortran stores it."""
    nk, nb, n, nntot = len(run.kpoints), run.nb, run.n, run.b.shape[1]
    gauge = run.states.conj()
    overlaps = np.zeros((nk, nntot, n, n), complex)
    index = np.arange(n)
    overlaps[:, :, index, index] = np.exp(-1j * run.b @ run.centres.T)
    out: list[tuple[str, NDArray[np.generic]]] = [
        ("i", np.array([nb])),
        ("i", np.array([0])),
        ("i", np.zeros(0, int)),
        ("r", run.lattice.T.ravel()),
        ("r", (2 * np.pi * np.linalg.inv(run.lattice)).ravel()),
        ("i", np.array([nk])),
        ("i", np.array(run.grid)),
        ("r", run.kpoints.ravel()),
        ("i", np.array([nntot])),
        ("i", np.array([n])),
        ("s", np.array("postwann")),
        ("i", np.array([int(nb > n)])),
    ]
    rotation = gauge
    if nb > n:
        packed = np.zeros_like(gauge)
        for k, inside in enumerate(run.window):
            packed[k, : inside.sum()] = gauge[k, inside]
        # any unitary may be split off the disentangled subspace: a rotation of each pair here
        mix = np.kron(np.eye(n // 2), np.array([[0.6, 0.8j], [0.8j, 0.6]]))
        rotation = np.broadcast_to(mix.conj().T, (nk, n, n))
        out += [
            ("r", np.array([1.5])),
            ("i", run.window.astype(int).ravel()),
            ("i", run.window.sum(1)),
            ("c", (packed @ mix).swapaxes(1, 2).ravel()),
        ]
    out += [
        ("c", rotation.swapaxes(1, 2).ravel()),
        ("c", overlaps.swapaxes(2, 3).ravel()),
        ("r", run.centres.ravel()),
        ("r", np.full(n, 1.25)),
    ]
    return out


def _chk_binary(run: Run) -> bytes:
    out = [record(b"written by a test".ljust(33))]
    for kind, values in _fields(run):
        if kind == "s":
            out.append(record(str(values).ljust(20).encode()))
        else:
            out.append(record(values.astype({"i": "<i4", "r": "<f8", "c": "<c16"}[kind]).tobytes()))
    return b"".join(out)


def _chk_text(run: Run) -> str:
    lines = ["written by a test"]
    for kind, values in _fields(run):
        if kind == "s":
            lines.append(str(values).ljust(20))
        elif kind == "c":
            lines += [f"{z.real:25.17E}{z.imag:25.17E}" for z in values]
        else:
            lines += [f"{int(v):10d}" if kind == "i" else f"{float(v):25.17E}" for v in values]
    return "\n".join(lines) + "\n"


def _mmn(run: Run) -> str:
    nk, nntot = run.neighbour.shape
    lines = ["written by a test", f"{run.nb:12d}{nk:12d}{nntot:12d}"]
    for k in range(nk):
        for b in range(nntot):
            g = run.shift[k, b]
            lines.append(f"{k + 1:5d}{run.neighbour[k, b] + 1:5d}{g[0]:5d}{g[1]:5d}{g[2]:5d}")
            lines += [f"{z.real:18.12f}{z.imag:18.12f}" for z in run.mmn[k, b].T.ravel()]
    return "\n".join(lines) + "\n"


def _spn(run: Run, binary: Path, text: Path) -> None:
    column, row = np.tril_indices(run.nb)
    values = run.pauli[:, :, row, column].swapaxes(1, 2)
    head = record(b"written by a test".ljust(60)) + record(_ints(run.nb, len(run.kpoints)))
    binary.write_bytes(head + b"".join(record(v.astype("<c16").tobytes()) for v in values))
    lines = ["written by a test", f"{run.nb:12d}{len(run.kpoints):12d}"]
    text.write_text("\n".join(lines + [f"{z.real:26.16E}{z.imag:26.16E}" for z in values.ravel()]) + "\n")


def _sxu(values: Complexes, binary: Path, text: Path | None) -> None:
    nk, nntot, _, nb, _ = values.shape
    head = record(b"written by a test".ljust(60)) + record(_ints(nb, nk, nntot))
    blocks = values.reshape(-1, nb * nb)
    binary.write_bytes(head + b"".join(record(v.astype("<c16").tobytes()) for v in blocks))
    if text is not None:
        lines = ["written by a test", f"{nb:12d}{nk:12d}{nntot:12d}"]
        text.write_text("\n".join(lines + [f"{z.real:26.16E}{z.imag:26.16E}" for z in blocks.ravel()]) + "\n")


def _real_space(run: Run, paths: dict[str, Path]) -> None:
    """hr, tb, wsvec, centres, win. Every class of R is listed once, and wsvec moves it to the nearest image."""
    mesh, n = np.array(run.grid), run.n
    vectors = np.array(list(np.ndindex(*run.grid)))
    target = vectors - mesh * np.rint((vectors - 0.25) / mesh).astype(int)
    h = np.zeros((len(vectors), n, n), complex)
    for r, block in zip(run.vectors, run.hoppings, strict=True):
        h[np.flatnonzero((np.mod(r, mesh) == vectors).all(1))[0]] += block
    head = ["written by a test", f"{n:12d}", f"{len(vectors):12d}"]
    degeneracy = ["".join(f"{1:5d}" for _ in vectors[i : i + 15]) for i in range(0, len(vectors), 15)]
    pairs = [(a, b) for b in range(n) for a in range(n)]
    rows = [
        "".join(f"{x:5d}" for x in (*r, a + 1, b + 1)) + f"{block[a, b].real:20.12f}{block[a, b].imag:20.12f}"
        for r, block in zip(vectors, h, strict=True)
        for a, b in pairs
    ]
    paths["hr"].write_text("\n".join(head + degeneracy + rows) + "\n")
    cell = ["".join(f"{x:24.16f}" for x in row) for row in run.lattice]
    lines = [head[0], *cell, *head[1:], *degeneracy]
    for r, block in zip(vectors, h, strict=True):
        lines += ["", "".join(f"{x:5d}" for x in r)]
        lines += [f"{a + 1:5d}{b + 1:5d}   {block[a, b].real:23.15E}{block[a, b].imag:23.15E}" for a, b in pairs]
    for r in vectors:
        lines += ["", "".join(f"{x:5d}" for x in r)]
        for a, b in pairs:
            tau = run.centres[a] * (a == b and not r.any())
            lines.append(f"{a + 1:5d}{b + 1:5d}   " + "".join(f"{x:23.15E}{0.0:23.15E}" for x in tau))
    paths["tb"].write_text("\n".join(lines) + "\n")
    lines = ["## written by a test with use_ws_distance=.true."]
    for r, t in zip(vectors, target, strict=True):
        for a, b in pairs:
            lines += ["".join(f"{x:5d}" for x in (*r, a + 1, b + 1)), f"{1:5d}", "".join(f"{x:5d}" for x in t - r)]
    paths["wsvec"].write_text("\n".join(lines) + "\n")
    marks = [f"X  {x:14.8f} {y:14.8f} {z:14.8f}" for x, y, z in run.centres]
    paths["centres"].write_text("\n".join([f"{n + 1:6d}", "written by a test", *marks, "C  0.0 0.0 0.0"]) + "\n")
    block = "\n".join(" ".join(f"{x:.10f}" for x in row) for row in run.lattice)
    paths["win"].write_text(
        f"num_wann = {n}  ! a comment\nspinors = .true.\nmp_grid : {' '.join(map(str, run.grid))}\n"
        f"Begin Unit_Cell_Cart\nang\n{block}\nEnd Unit_Cell_Cart\n"
    )
