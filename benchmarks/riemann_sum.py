"""The Riemann sum of Kim-Chung beside levels C and D: points, time, error.

    .venv/bin/python benchmarks/riemann_sum.py               # three points of their Fig. 6, about a minute

The paper sums its Eq. (15) for Re sigma_xy^z over a grid of 51 x 51 x 51 wave vectors p (those within 9.95 half widths
of the Fermi energy count) and one of 51 x 51 x 51 wave vectors k (those up to 10 kT/(hbar c) count). So does this
script, for q along x. Phonons that differ by the signs of k_y and k_z give the same sum over p; one of each four is
summed, with its weight. The cell k = 0 is left out where it diverges, E_g = 0.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from crosscurrent.physics.phonon_spin.full import full
from crosscurrent.physics.phonon_spin.second_order import second_order
from crosscurrent.physics.phonon_spin.triangle import Coefficients
from crosscurrent.physics.phonon_spin.weights import phonon_weight

#: temperature (K), gap (meV)
POINTS = ((1.0, 1.0), (1.0, 0.0), (10.0, 1.0))
SIZE = 51
Q = 1e-3
Floats = NDArray[np.float64]


def tilde(temperature: float, gap: float) -> tuple[float, float, float, float]:
    """gamma, c, t, y for the paper's metal: 3 eV, 1e6 m/s, 1e-14 s, 1e4 m/s."""
    fermi, thermal = 3.0 * constants.e, constants.k * temperature
    return constants.hbar / (4 * fermi * 1e-14), 0.01, thermal / (2 * fermi), gap * 1e-3 * constants.e / thermal


def electrons(gamma: float) -> tuple[Floats, float]:
    """The wave vectors p, (n, 3), and the volume of a cell."""
    end = np.sqrt(1.0 + 9.95 * 2.0 * gamma)
    axis = np.linspace(-end, end, SIZE)
    p = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    square = np.sum(p**2, axis=1)
    return p[np.abs(square - 1.0) < 9.95 * 2.0 * gamma], (axis[1] - axis[0]) ** 3


def phonons(c: float, t: float, y: float) -> tuple[Floats, Floats, Floats, float, int]:
    """k (n, 3), energies (kT), how many each stands for, volume of a cell, and the number without the symmetry."""
    end = 10.0 * t / c
    axis = np.linspace(-end, end, SIZE)
    half = np.abs(axis[SIZE // 2 :])
    k = np.stack(np.meshgrid(axis, half, half, indexing="ij"), axis=-1).reshape(-1, 3)
    share = np.prod(np.where(k[:, 1:] > 0, 2.0, 1.0), axis=1)
    energy = np.hypot(np.linalg.norm(k, axis=1) * c / t, y)
    counts = (np.linalg.norm(k, axis=1) <= end) & (energy > 0)
    return k[counts], energy[counts], share[counts], (axis[1] - axis[0]) ** 3, int(np.sum(share[counts]))


def riemann(gamma: float, c: float, t: float, y: float) -> tuple[float, int]:
    """The coefficient of q^2 in Re sigma_xy^z at q along x (second of Coefficients), and the number of points."""
    p, cell_p = electrons(gamma)
    k_all, energies, share, cell_k, count = phonons(c, t, y)
    x, py, pz = np.ascontiguousarray(p.T)
    xi = 0.5 * (np.sum(p**2, axis=1) - 1.0)
    pair = 1.0 / ((-xi - x * Q - 0.5 * Q**2 + 1j * gamma) * (-xi - 1j * gamma))
    weights = share * phonon_weight(energies, "published").real / (2.0 * t * energies)
    total = 0.0
    for k, energy, weight in zip(k_all, energies, weights, strict=True):
        length2 = max(k @ k, 1e-300)
        sy, sz = py + 0.5 * k[1], pz + 0.5 * k[2]
        # z component of the part of x cross s across k
        turned = sy * (1.0 - k[2] ** 2 / length2) + sz * (k[1] * k[2] / length2)
        beyond = xi + p @ k + 0.5 * (k @ k)
        shifted = beyond + (x + k[0]) * Q + 0.5 * Q**2
        both = sum(1.0 / ((g - shifted + 1j * gamma) * (g - beyond - 1j * gamma)) for g in (t * energy, -t * energy))
        total -= weight * float(np.sum((x + k[0] + 0.5 * Q) * py * turned * (pair * both).imag))
    return total / np.pi * cell_p * cell_k / (2.0 * np.pi) ** 6 / Q, count * len(p)


def timed(work: Callable[[], Coefficients]) -> tuple[Coefficients, float]:
    """The result and CPU milliseconds, best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        result = work()
        times.append(1e3 * (time.process_time() - start))
    return result, min(times)


def main() -> None:
    """Print one line a point."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(f"q = {Q} k_F, published weight; times are CPU times of one thread\n")
    print("| T (K) | E_g (meV) | C | error | D | error | Riemann sum: points | time | D/C - 1 | sum/D - 1 |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for temperature, gap in POINTS:
        point = tilde(temperature, gap)
        c, time_c = timed(lambda point=point: second_order(*point, weight="published"))
        d, time_d = timed(lambda point=point: full(*point, Q, weight="published"))
        start = time.process_time()
        value, count = riemann(*point)
        seconds = time.process_time() - start
        print(
            f"| {temperature:g} | {gap:g} | {time_c:.0f} ms | {c.error / abs(c.chi):.0e} | {time_d:.0f} ms "
            f"| {d.error / abs(d.chi):.0e} | {count:.2e} | {seconds:.0f} s | {(d.chi / c.chi).real - 1:+.4f} "
            f"| {value / d.second.real - 1:+.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
