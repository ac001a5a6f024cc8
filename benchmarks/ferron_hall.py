"""What the noise-free ferron Hall effect costs, beside its goals, and beside the time that LAPACK and BLAS alone take.

    .venv/bin/python benchmarks/ferron_hall.py           # prints the tables of docs/benchmarks.md, half a minute
    .venv/bin/python benchmarks/ferron_hall.py --full    # with the grid of the paper, about ten minutes on two cores

BaTiO3 (record B), a hot band of 50 K, a sponge of ten layers, at omega_B = 0 and 80 rad/ps. CPU times of one BLAS
thread. The floor is the eigenproblem and the inverse of every wave vector and the matrix products of every pair, at
the sizes that occur, with nothing around them.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import lapack

import crosscurrent as cc
from crosscurrent.jobs.execute import ProcessMap, SerialMap
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.slab_modes import ParityBasis, components
from crosscurrent.numerics.steady_state import SteadyState
from crosscurrent.physics.lattice_langevin import gyration
from crosscurrent.responses.ferron_hall import FerronHallKernels, ferron_hall_kernels

#: The profile of the paper: a flat top of a tenth of the length, edges of a twentieth.
HEAT = cc.HotBand(50.0, 0.0, width=0.10, smoothing=0.05)
OMEGA = 80.0
SMALL, PAPER = (41, 31, 9), (101, 85, 13)
GIB = 2**30


@dataclass
class Timed:
    """A ChunkMap that times each stage: name -> (wall, CPU) seconds, in processes of its own when there are several."""

    workers: int
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __call__(
        self, stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        wall, used = time.monotonic(), _cpu()
        with SerialMap() if self.workers == 1 else ProcessMap(self.workers) as run:
            pieces = list(run(stage, work, chunks, weights))
        self.stages[stage] = time.monotonic() - wall, _cpu() - used
        yield from pieces


def _cpu() -> float:
    """CPU seconds of this process and of those of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _peak(workers: int) -> float:
    """Peak memory of the run, GiB: this process, and the largest worker as often as there are workers."""
    mine, largest = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (mine + (workers * largest if workers > 1 else 0)) * 1024 / GIB


def solve(grid: tuple[int, int, int], precision: str, workers: int) -> tuple[FerronHallKernels, Timed]:
    """The kernels of one grid, and the time of the field that is off and the one that is on."""
    timed = Timed(workers)
    found = ferron_hall_kernels(cc.local_mode("batio3-b"), grid, cc.Sponge(), OMEGA, precision=precision, run=timed)
    return found, timed


# ------------------------------------------------------------------------------------------------ the floor
@cache
def _eigen_s(n: int) -> float:
    """CPU seconds of the modes of a damped lattice with n/2 degrees of freedom, and of their inverse."""
    m = n // 2
    rng = np.random.default_rng(0)
    root = rng.normal(size=(m, m))
    stiffness = root @ root.T + m * np.eye(m)
    turn = np.triu(root, 1)
    matrix = np.block([[np.zeros((m, m)), -np.eye(m)], [stiffness, 2 * np.eye(m) + turn - turn.T]])
    return _seconds(lambda: np.linalg.inv(lapack.dgeev(matrix, compute_vl=0)[3]), 3)


@cache
def _products_s(n: int, precision: str) -> float:
    """CPU seconds of the products of a pair: the noise in the modes, the states, and their local correlations."""
    dtype = np.float64 if precision == "double" else np.float32
    rng = np.random.default_rng(0)
    noise, square = (rng.normal(size=shape).astype(dtype) for shape in ((n, n // 2), (n, n)))
    # three components of u and v in the two parities: 12 rows that meet 12 columns, n/12 times
    rows = rng.normal(size=(max(n // 12, 1), 12, n)).astype(dtype)
    columns = np.ascontiguousarray(rows.transpose(0, 2, 1))
    works = (lambda: noise @ noise.T, lambda: square @ square, lambda: rows @ columns)
    return sum(_seconds(work, 10) for work in works)


def _seconds(work: Callable[[], Any], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def floor(problem: DrivenSlab, precision: str) -> float:
    """CPU seconds of LAPACK and BLAS for one field."""
    basis, nx = ParityBasis(problem.layers, problem.components), problem.nx
    total = 0.0
    for qz in range(problem.nz // 2 + 1):
        samples = [basis.real(problem.stiffness.matrix(q, qz)) for q in range(nx // 2 + 1)]
        for dofs in components(problem, basis, samples):
            n = 2 * len(dofs)
            # of each two pairs that are the same up to symmetry, one
            total += (nx // 2 + 1) * _eigen_s(n) + (nx - 1) * (nx + 1) / 4 * _products_s(n, precision)
    return total


# ------------------------------------------------------------------------------------------------ accuracy
def _maps(found: FerronHallKernels) -> dict[str, np.ndarray]:
    """Odd parts in the field, and L_z without it, over (x, y)."""
    ds = found.respond(HEAT)
    odd = {
        f"odd {short}": ds[f"{name}_odd"].values for short, name in (("KE", "kinetic_energy"), ("P", "polarization"))
    }
    return odd | {"L_z": ds["angular_momentum_0"].sel(component="z").values}


def truncated(found: FerronHallKernels, top: int) -> FerronHallKernels:
    """The same without what the Fourier components of T(x) beyond `top` do."""

    def cut(state: SteadyState) -> SteadyState:
        kernel = state.kernel.copy()
        kernel[top + 1 :] = 0.0
        return replace(state, kernel=kernel)

    return replace(found, still=cut(found.still), turned=cut(found.turned))


def truncation(found: FerronHallKernels) -> list[str]:
    """Rows: how far off the maps are, relative to their largest value, when k = q - q' stops at a maximum."""
    nx, exact, rows = found.slab.shape[0], _maps(found), []
    for top in (nx // 2 / np.array([10, 5, 3, 2, 1.5, 1.2, 1.0])).astype(int):
        maps = _maps(truncated(found, int(top)))
        errors = [np.abs(maps[name] - exact[name]).max() / np.abs(exact[name]).max() for name in exact]
        rows.append(f"| {_name(found)} | {top} of {nx // 2} | " + " | ".join(f"{e:.0e}" for e in errors) + " |")
    return rows


def rounding(double: FerronHallKernels, single: FerronHallKernels) -> list[str]:
    """Rows: errors of single precision, true and reported, relative to the largest value of each map."""
    exact, found = double.respond(HEAT), single.respond(HEAT)
    rows = []
    for name in ("kinetic_energy", "polarization_odd", "kinetic_energy_odd", "angular_momentum"):
        size = float(np.abs(exact[name]).max())
        true, told = float(np.abs(found[name] - exact[name]).max()), float(found[f"{name}_error"].max())
        rows.append(f"| {name} | {size:.1e} {exact[name].units} | {true / size:.0e} | {told / size:.0e} |")
    return rows


def _name(found: FerronHallKernels) -> str:
    return "x".join(map(str, found.slab.shape))


# ------------------------------------------------------------------------------------------------ tables
def costs(found: FerronHallKernels, timed: Timed, goals: tuple[str, str]) -> list[str]:
    """Rows of one grid: the field off and on, and the peak memory."""
    rows = []
    run = f"{found.precision} | {timed.workers}"
    for state, omega in {"still": 0.0, "turned": OMEGA}.items():
        wall, used = timed.stages[f"steady-state-{state}"]
        least = floor(replace(found.problem, gyration=gyration(omega)), found.precision)
        spent = f"{wall:.1f} s | {used:.1f} s | {least:.1f} s | {used / least:.2f}"
        rows.append(f"| {_name(found)} | {omega:g} | {run} | {spent} | {goals[0]} |")
    rows.append(f"| {_name(found)} | memory | {run} | {_peak(timed.workers):.2f} GiB | | | | {goals[1]} |")
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="also the grid of the paper, on two processes")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    small, timed = solve(SMALL, "double", 1)
    table = costs(small, timed, ("3 CPU-s", ""))
    single, quick = solve(SMALL, "single", 1)
    table += costs(single, quick, ("", ""))[:2]
    cut = truncation(small)
    if arguments.full:
        paper, long = solve(PAPER, "double", 2)
        table += costs(paper, long, ("4 min wall", "3 GB"))
        cut += truncation(paper)
    print("| grid | omega_B (rad/ps) | precision | processes | wall | CPU | LAPACK and BLAS alone | ratio | goal |")
    print("|---|---|---|---|---|---|---|---|---|", *table, sep="\n")
    print("\n| grid | k up to | odd KE | odd P | L_z |\n|---|---|---|---|---|", *cut, sep="\n")
    print(
        "\n| map, single precision | largest | true error | reported |\n|---|---|---|---|",
        *rounding(small, single),
        sep="\n",
    )
    version = f"Python {sys.version.split()[0]}, numpy {np.__version__}"
    print(f"\nLoad average {load:.1f} before, {os.getloadavg()[0]:.1f} after. {version}.")


if __name__ == "__main__":
    main()
