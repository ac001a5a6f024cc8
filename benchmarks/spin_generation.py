"""What spin generation costs, as ratios measured in one run, and what adaptive refinement saves.

    .venv/bin/python benchmarks/spin_generation.py              # prints the tables of docs/benchmarks.md, about 3
    minutes

Throughput: all three tensors of monolayer bismuth at 50 frequencies, over one pass of the spin Hall conductivity
(conventional current, and all definitions) at the same mesh. Refinement: how many k points the sin part of bilayer
MnBi2Te4 at 17 THz takes to 1e-4 with uniform meshes and with adaptive cells; the reference is a mesh of 2000 x 2000.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

import crosscurrent as cc
from crosscurrent.units import PLANCK_EV_PER_THZ

ROUNDS = 5


def cpu(work: Callable[[], xr.Dataset]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def throughput(mesh: int, n_omega: int, rounds: int) -> str:
    """Alternating rounds; the median of the ratios of neighbours survives a busy machine."""
    model, method = cc.material("bismuth"), cc.UniformMesh((mesh, mesh))
    mu = -3.77
    omega = np.linspace(0.005, 0.2, n_omega)
    cases: dict[str, Callable[[], xr.Dataset]] = {
        "three tensors": lambda: cc.spin_generation(model, mu, omega, method=method),
        "conventional": lambda: cc.spin_hall(model, mu, method=method, definitions=("conventional",)),
        "all definitions": lambda: cc.spin_hall(model, mu, method=method),
    }
    times = {name: [] for name in cases}
    for _ in range(rounds):
        for name, work in cases.items():
            times[name].append(cpu(work))
    points = mesh**2
    ours = np.array(times["three tensors"])
    lines = ["| pass over the mesh | CPU us a k point | three tensors over it |", "|---|---|---|"]
    for name, seconds in times.items():
        ratio = float(np.median(ours / np.array(seconds)))
        lines.append(f"| {name} | {1e6 * min(seconds) / points:.0f} | {ratio:.2f} |")
    return "\n".join(lines)


def refinement(a1: float, meshes: Sequence[int], tolerances: Sequence[float]) -> str:
    """Points against the true error of the layer-resolved sin part at 17 THz."""
    model = cc.material("mnbi2te4", a1=a1)
    omega = [17 * PLANCK_EV_PER_THZ]

    def solve(method: cc.UniformMesh | cc.Adaptive) -> tuple[float, float, int]:
        found = (
            cc.spin_generation(model, 0.0, omega, method=method, projections=["layer 1"], tensors=["upsilon1"])
            .sel(spin="y", field="x", projection="layer 1")
            .squeeze()
        )
        return float(found.upsilon1), float(found.upsilon1_error), int(found.attrs["evaluations"])

    exact, _, _ = solve(cc.UniformMesh((2000, 2000)))
    lines = ["| method | k points | true error | reported error |", "|---|---|---|---|"]
    for n in meshes:
        value, error, points = solve(cc.UniformMesh((n, n)))
        lines.append(f"| uniform {n} x {n} | {points:,} | {abs(value / exact - 1):.1e} | {abs(error / exact):.1e} |")
    for rtol in tolerances:
        value, error, points = solve(cc.Adaptive(rtol=rtol))
        lines.append(
            f"| adaptive, rtol {rtol:g} | {points:,} | {abs(value / exact - 1):.1e} | {abs(error / exact):.1e} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mesh", type=int, default=100)
    parser.add_argument("--frequencies", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print(f"Bismuth, {options.mesh} x {options.mesh}, {options.frequencies} frequencies\n")
    print(throughput(options.mesh, options.frequencies, options.rounds))
    for a1, gap in ((2.7023, "94.6 meV"), (2.40467, "79 meV")):
        print(f"\nBilayer MnBi2Te4, gap {gap}, 17 THz\n")
        print(refinement(a1, (120, 240, 320, 400, 480, 640, 800), (1e-2, 1e-3, 1e-4)))


if __name__ == "__main__":
    main()
