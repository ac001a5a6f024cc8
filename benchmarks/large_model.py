"""A synthetic Wannier model of many functions, and a job for it: does a run stay within the memory it is given?

python benchmarks/large_model.py FOLDER [--functions 100] [--reach 3] [--mesh 100 100 100]

writes FOLDER/large.npz (Hamiltonian and position matrices on all lattice vectors within `reach` cells along each axis,
and the spin) and FOLDER/large.toml, a spin Hall job on a uniform mesh.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np

SPIN = 0.5 * np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
JOB = """response = "spin_hall"

[model]
kind = "tight_binding"
file = "large.npz"

[zone]
method = "uniform"
mesh = [{mesh}]

[spin_hall]
mu = {{ start = -1.0, stop = 1.0, num = 21 }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--functions", type=int, default=100)
    parser.add_argument("--reach", type=int, default=3)
    parser.add_argument("--mesh", type=int, nargs=3, default=(100, 100, 100))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    np.savez(given.folder / "large.npz", **synthetic(given.functions, given.reach))
    (given.folder / "large.toml").write_text(JOB.format(mesh=", ".join(map(str, given.mesh))))
    print(f"{given.folder / 'large.toml'}: {given.functions} functions, {(2 * given.reach + 1) ** 3} lattice vectors")


def synthetic(functions: int, reach: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Random Hermitian matrices that fall off with the distance, in a cubic cell of 4 angstrom.

    Arrays of a `file` in a [model] table: hamiltonian (nR, n, n) eV, spin (3, n, n) hbar, position_blocks (nR, 3, n, n)
    angstrom with the centres on their diagonal, and what goes with them. functions: an even number, first spin up.
    """
    rng = np.random.default_rng(seed)
    vectors = np.array(list(itertools.product(range(-reach, reach + 1), repeat=3)))
    decay = np.exp(-1.5 * np.linalg.norm(vectors, axis=1))
    positions = 4.0 * rng.random((functions, 3))
    position = 0.1 * _hermitian(rng, vectors, decay, 3, functions)
    home = len(vectors) // 2
    index = np.arange(functions)
    position[home][:, index, index] = positions.T
    return {
        "lattice": 4.0 * np.eye(3),
        "vectors": vectors,
        "hamiltonian": _hermitian(rng, vectors, decay, 1, functions)[:, 0],
        "positions": positions,
        "spin": np.kron(SPIN, np.eye(functions // 2)),
        "position_blocks": position,
    }


def _hermitian(rng: np.random.Generator, vectors: np.ndarray, decay: np.ndarray, axes: int, n: int) -> np.ndarray:
    """(nR, axes, n, n) with B(R) = B(-R)^dagger; the list of vectors read backwards is that of their negatives."""
    shape = (len(vectors), axes, n, n)
    out = (rng.normal(size=shape) + 1j * rng.normal(size=shape)) * (decay / np.sqrt(n))[:, None, None, None]
    return 0.5 * (out + out[::-1].conj().swapaxes(-1, -2))


if __name__ == "__main__":
    main()
