"""Wannier bands against the bands of pw.x: an interpolation of its own, from bi_tb.dat and bi_wsvec.dat."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from espresso import N_ELECTRONS, N_S_STATES

N_OCCUPIED = N_ELECTRONS - N_S_STATES
#: Empty states count up to this height above the lowest, eV.
LOW = 1.0
CORNERS = {"G": (0.0, 0.0), "X": (0.5, 0.0), "S": (0.5, 0.5), "Y": (0.0, 0.5)}
PATH = "GXSYG"


def test_points(per_segment: int = 6, scattered: int = 10, seed: int = 1) -> np.ndarray:
    """(n, 3): the path Gamma-X-S-Y-Gamma, then points all over the zone, in units of the reciprocal vectors."""
    legs = [np.linspace(CORNERS[a], CORNERS[b], per_segment, endpoint=False) for a, b in pairwise(PATH)]
    random = np.random.default_rng(seed).uniform(-0.5, 0.5, (scattered, 2))
    return np.pad(np.vstack([*legs, random]), ((0, 0), (0, 1)))


def read_hamiltonian(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Cell vectors (n, 3) and matrix elements (n, 24, 24) in eV, each element on the nearest images of its pair."""
    lines = (folder / "bi_tb.dat").read_text().splitlines()
    n, n_r = int(lines[4]), int(lines[5])
    rest = " ".join(lines[6:]).split()
    weights, numbers = np.array(rest[:n_r], int), np.array(rest[n_r : n_r + n_r * (3 + 4 * n * n)], float)
    blocks = numbers.reshape(n_r, -1)
    r = blocks[:, :3].astype(int)
    elements = blocks[:, 3:].reshape(n_r, n, n, 4).swapaxes(1, 2)  # the first index runs fastest
    h = (elements[..., 2] + 1j * elements[..., 3]) / weights[:, None, None]
    return _nearest_images(folder / "bi_wsvec.dat", {tuple(x): block for x, block in zip(r, h, strict=True)}, n)


def _nearest_images(path: Path, h: dict[tuple[int, ...], np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = iter(path.read_text().split("\n", 1)[1].split())
    found: dict[tuple[int, ...], np.ndarray] = {}
    for head in numbers:
        r = (int(head), int(next(numbers)), int(next(numbers)))
        i, j, images = int(next(numbers)) - 1, int(next(numbers)) - 1, int(next(numbers))
        for _ in range(images):
            key = tuple(x + int(next(numbers)) for x in r)
            block = found.setdefault(key, np.zeros((n, n), complex))
            block[i, j] += h[r][i, j] / images
    return np.array(list(found)), np.array(list(found.values()))


def interpolate(vectors: np.ndarray, h: np.ndarray, k: np.ndarray) -> np.ndarray:
    """(n_k, 24) eV."""
    phases = np.exp(2j * np.pi * k @ vectors.T)
    return np.linalg.eigvalsh(np.einsum("kr,rij->kij", phases, h))


def compare(folder: Path, points: np.ndarray, bands: np.ndarray) -> dict[str, float]:
    """Differences to bands (n_k, n_bands) of pw.x, and what the symmetries leave; meV, the gaps in eV."""
    model = read_hamiltonian(folder)
    mine = interpolate(*model, points)
    theirs = bands[:, N_S_STATES : N_S_STATES + mine.shape[1]]
    error = 1e3 * np.abs(mine[:, : theirs.shape[1]] - theirs)
    filled, empty = error[:, :N_OCCUPIED], theirs[:, N_OCCUPIED:]
    lowest = error[:, N_OCCUPIED:][empty < empty.min() + LOW]
    n = 120
    mesh = np.stack(np.meshgrid(np.arange(n) / n, np.arange(n) / n, [0.0], indexing="ij"), -1)
    e = interpolate(*model, mesh.reshape(-1, 3)).reshape(n, n, -1)
    valence, conduction = e[..., N_OCCUPIED - 1], e[..., N_OCCUPIED]
    direct = conduction - valence
    where = np.array(np.unravel_index(direct.argmin(), direct.shape)) / n
    generic = np.array([[0.13, 0.21, 0.0]])
    return {
        "points": len(points),
        "occupied, largest (meV)": round(float(filled.max()), 2),
        "occupied, root mean square (meV)": round(float(np.sqrt((filled**2).mean())), 2),
        "empty up to 1 eV, largest (meV)": round(float(lowest.max()), 2),
        "empty up to 1 eV, root mean square (meV)": round(float(np.sqrt((lowest**2).mean())), 2),
        "gap (eV)": round(float(conduction.min() - valence.max()), 4),
        "middle of the gap (eV)": round(float(conduction.min() + valence.max()) / 2, 4),
        "direct gap (eV)": round(float(direct.min()), 4),
        "direct gap at kx": round(float(where[0]), 4),
        "direct gap at ky": round(float(where[1]), 4),
        "valence splitting at most (meV)": round(1e3 * float((valence - e[..., N_OCCUPIED - 2]).max()), 1),
        "conduction splitting at most (meV)": round(1e3 * float((e[..., N_OCCUPIED + 1] - conduction).max()), 1),
        "E(k) - E(-k) (meV)": _asymmetry(model, generic, [-1, -1, 1]),
        "E(kx, ky) - E(-kx, ky) (meV)": _asymmetry(model, generic, [-1, 1, 1]),
    }


def _asymmetry(model: tuple[np.ndarray, np.ndarray], k: np.ndarray, signs: list[int]) -> float:
    return float(f"{1e3 * np.abs(interpolate(*model, k) - interpolate(*model, k * signs)).max():.1e}")
