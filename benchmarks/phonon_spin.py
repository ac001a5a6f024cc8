"""What the phonon-mediated spin conductivity costs, level by level, beside the goals and the paper's own sum.

    .venv/bin/python benchmarks/phonon_spin.py               # prints the tables of docs/benchmarks.md, half a minute
    .venv/bin/python benchmarks/phonon_spin.py --riemann     # with the sum of 51^3 x 51^3 points, two minutes more

CPU times of one thread, the shortest of several rounds, for the paper's metal (3 eV, 1e6 m/s, 1e-14 s, 1e4 m/s) at the
five points of its figures. The Fermi-surface level is asked for as a user asks, labelled result included; the levels
that integrate are called with the tolerance 1e-6, and what is reached is their own error.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from riemann_sum import Q, riemann, tilde

import crosscurrent as cc
from crosscurrent.physics.phonon_spin.full import full
from crosscurrent.physics.phonon_spin.second_order import second_order
from crosscurrent.physics.phonon_spin.triangle import Coefficients

#: temperature (K), gap (meV)
POINTS = ((0.1, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0), (10.0, 0.0))
ACCURACY = 1e-6


def cpu(work: Callable[[], Any], rounds: int) -> tuple[Any, float]:
    """The result and the CPU seconds of the fastest call."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return result, min(times)


def closed_forms() -> list[str]:
    """Rows of what the closed form at the Fermi surface costs."""
    metal = cc.model_metal()
    settings: dict[str, Any] = {"q_unit": "k_F", "level": "fermi_surface"}
    one, one_s = cpu(lambda: cc.phonon_spin(metal, 1.0, 1e-3, [Q, 0, 0], **settings), 20)
    # a point of a scan in q and gap, in which no two share anything
    q = np.zeros((20, 3))
    q[:, 0] = np.linspace(1e-4, 2e-2, 20)
    gaps = np.linspace(0.0, 2e-3, 10)
    _, scan_s = cpu(lambda: cc.phonon_spin(metal, 1.0, gaps, q, **settings), 3)
    temperature, many = np.geomspace(0.1, 30.0, 200), np.linspace(0.0, 2e-3, 200)
    _, map_s = cpu(lambda: cc.crossover_map(metal, temperature, many, [Q, 0, 0], **settings), 1)
    reached = float(one.numerical_error.max())
    return [
        f"| fermi_surface, one call, with its labels | {1e3 * one_s:.1f} ms | | {reached:.0e} |",
        f"| fermi_surface, a point of 10 gaps x 20 q | {1e3 * scan_s / 200:.1f} ms | 3 ms | {reached:.0e} |",
        f"| fermi_surface, map of 200 x 200 (T, E_g) | {map_s:.1f} s | 20 s | {reached:.0e} |",
    ]


def integrals() -> list[str]:
    """Rows of the levels that integrate at every point."""
    rows = []
    cases: tuple[tuple[str, float, Callable[[tuple[float, ...]], Coefficients]], ...] = (
        ("second_order", 50.0, lambda point: second_order(*point, tolerance=ACCURACY)),
        ("full, q = 0.001 k_F", 200.0, lambda point: full(*point, Q, tolerance=ACCURACY)),
        ("full, q = 0.01 k_F", 200.0, lambda point: full(*point, 10 * Q, tolerance=ACCURACY)),
    )
    for name, goal, work in cases:
        for temperature, gap in POINTS:
            found, seconds = cpu(lambda: work(tilde(temperature, gap)), 5)  # noqa: B023
            rows.append(
                f"| {name}, {temperature:g} K, {gap:g} meV | {1e3 * seconds:.0f} ms | {goal:g} ms "
                f"| {found.error / abs(found.chi):.0e} |"
            )
    return rows


def everything() -> str:
    """The row of all of order g^2."""
    result, seconds = cpu(lambda: cc.one_loop_conductivity(cc.model_metal(), 1.0, 1e-3, [Q, 0, 0], q_unit="k_F"), 2)
    parts = result["coefficients"].sum(["diagram", "sector"]).sel(coefficient="b")
    error = result["coefficients_error"].sum(["diagram", "sector"]).sel(coefficient="b")
    return f"| one_loop, 1 K, 1 meV | {seconds:.1f} s | | {float(abs(error / parts).max()):.0e} |"


def sums() -> list[str]:
    """Rows of the paper's sum. Its value is the coefficient of q^2 in sigma_xy^z at q = Q along x."""
    rows = []
    for temperature, gap in ((1.0, 1.0), (1.0, 0.0), (10.0, 1.0)):
        point = tilde(temperature, gap)
        exact = full(*point, Q, weight="published", tolerance=ACCURACY)
        (value, count), seconds = cpu(lambda: riemann(*point), 1)  # noqa: B023
        error = value / exact.second.real - 1
        rows.append(f"| {temperature:g} | {gap:g} | {count:.2e} | {seconds:.0f} s | {100 * error:+.2f} % |")
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--riemann", action="store_true", help="also the sum of 51^3 x 51^3 points")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print("| what | CPU time | goal | relative error that it reports |\n|---|---|---|---|")
    for row in (*closed_forms(), *integrals(), everything()):
        print(row)
    if arguments.riemann:
        print("\n| T (K) | E_g (meV) | points | CPU time | error |\n|---|---|---|---|---|")
        for row in sums():
            print(row)
    version = f"Python {sys.version.split()[0]}, numpy {np.__version__}"
    print(f"\nLoad average {load:.1f} before, {os.getloadavg()[0]:.1f} after. {version}.")


if __name__ == "__main__":
    main()
