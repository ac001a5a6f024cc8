"""Speed of the Langevin engine for polar lattices, one core, in CPU seconds.

    .venv/bin/python benchmarks/langevin.py                     # prints the tables of docs/benchmarks.md, some minutes
    .venv/bin/python benchmarks/langevin.py --figure docs/figures/langevin-growth.png

The slab is the paper's: BaTiO3 (record B), 101 x 85 x 13 cells, padded y, a temperature profile, damping, gyroscopic
rotation, quartic well, noise. The periodic boxes have the effective Hamiltonian of Nishimatsu et al. (2010): full Ewald
dipoles, short range, anisotropic on-site energy to eighth order. Times are medians over rounds of the CPU time of a
step and a realization, positions summed at every step. OpenBLAS runs the kernels that it chooses by itself for the
processor.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from crosscurrent.models.effective_hamiltonian import batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.langevin import Langevin
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.workspace import Workspace
from crosscurrent.physics.expanded_well import expanded_well
from crosscurrent.physics.lattice_dynamics import lattice_dynamics
from crosscurrent.physics.periodic_couplings import effective_couplings

GRID = (101, 85, 13)
BOXES = (16, 24, 32, 48, 64)
#: Cells times steps a CPU second, asked for and measured on other codes: see docs/benchmarks.md.
GOALS = {"slab double": 1.0e7, "slab single": 2.0e7, "box": 8.0e6}
PEERS = {"a Fortran code, no noise": 7.1e6, "a JAX code, all terms": 6.4e5}


def slab(precision: str, route: str = "fastest") -> Langevin:
    """The paper's slab, in displacements from the ordered state."""
    record = local_mode("batio3-b")
    return lattice_dynamics(
        record.couplings(Slab(GRID)),
        [expanded_well(record.well)],
        record.mass,
        temperature=np.linspace(50.0, 0.05, GRID[0]),
        damping=np.full(GRID[1], 2.0),
        omega=80.0,
        step=0.0025,
        precision=precision,
        route=route,
    )


def box(n: int, precision: str = "double", route: str = "fastest") -> Langevin:
    """A periodic box of n^3 cells of an effective Hamiltonian at 300 K."""
    model = batio3_2010()
    couplings = effective_couplings(
        Slab((n, n, n), open_y=False), model.j, model.charge, model.dielectric, model.lattice_constant
    )
    return lattice_dynamics(
        couplings,
        [model.on_site],
        (model.mass or 38.24) * np.eye(3),
        temperature=300.0,
        damping=1.0,
        step=0.002,
        precision=precision,
        route=route,
    )


def cpu(work: Callable[[], Any], rounds: int) -> float:
    """CPU seconds of a call, the median of the rounds."""
    times = []
    work()
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def step_time(engine: Langevin, batch: int, rounds: int) -> float:
    """CPU seconds of one step of one realization, positions summed at every step."""
    cells = int(np.prod(engine.shape))
    steps = max(40, int(1e6 / cells))
    state = engine.start(0.01, realizations=tuple(range(batch)))
    return cpu(lambda: engine.advance(state, steps, Sums(1, ())), rounds) / (steps * batch)


def parts(engine: Langevin, rounds: int) -> dict[str, float]:
    """CPU seconds of the couplings, of the products of matrices in them alone, and of the random numbers."""
    nx, ny, nz = engine.shape
    u = np.random.default_rng(0).normal(size=(3, nz, nx, ny)).astype(engine.dtype)
    work = Workspace()
    found = {
        "couplings": cpu(lambda: engine.convolution(u, np, work), 3 * rounds),
        "random numbers": cpu(lambda: engine.noise.draw(0, 0, work), 3 * rounds),
    }
    if engine.route == "trigonometric":
        found["products"] = sum(cpu(call, 3 * rounds) for call in products(engine))
    return found


def products(engine: Langevin) -> list[Callable[[], Any]]:
    """The products of matrices of one evaluation of the couplings, at their sizes, and nothing else: the floor."""
    nx, ny, nz = engine.shape
    length = engine.convolution.slab.length_y  # type: ignore[attr-defined]
    waves = {"x": nx // 2 + 1, "y": length // 2 + 1, "z": nz // 2 + 1}
    rng = np.random.default_rng(0)

    def times(m: int, k: int, n: int, stack: int) -> Callable[[], Any]:
        left, right = rng.normal(size=(m, k)).astype(engine.dtype), rng.normal(size=(stack, k, n)).astype(engine.dtype)
        out = np.empty((stack, m, n), engine.dtype)
        return lambda: np.matmul(left, right, out=out)

    calls = []
    for part in (-1, 1):
        half = {"x": (nx - part) // 2, "y": (ny - part) // 2, "z": (nz - part) // 2}
        calls += [times(waves["z"], half["z"], nx * ny, 3), times(half["z"], waves["z"], nx * ny, 3)]
        stack = 6 * waves["z"]
        calls += [times(waves["x"], half["x"], ny, stack), times(half["x"], waves["x"], ny, stack)]
        rows = 12 * waves["z"] * waves["x"]
        calls += [times(rows, half["y"], waves["y"], 1), times(rows, waves["y"], half["y"], 1)]
    return calls


def slab_rows(rounds: int) -> list[str]:
    """The table of the paper's slab."""
    cells = int(np.prod(GRID))
    lines = [
        "| slab 101 x 85 x 13 | batch | ms a step | cells x steps/CPU-s | goal | couplings | products alone | "
        "random numbers | rest | whole step by Fourier transforms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for precision in ("double", "single"):
        engine = slab(precision)
        known = parts(engine, rounds)
        fourier = step_time(slab(precision, "fourier"), 1, rounds)
        for batch in (1, 16):
            seconds = step_time(engine, batch, rounds if batch == 1 else 3)
            rest = seconds - known["couplings"] - known["random numbers"]
            columns = (known["couplings"], known["products"], known["random numbers"], rest, fourier)
            lines.append(
                f"| {precision}, {engine.route} | {batch} | {1e3 * seconds:.1f} | {cells / seconds:.2e} | "
                f"{GOALS['slab ' + precision]:.0e} | " + " | ".join(f"{1e3 * part:.1f}" for part in columns) + " |"
            )
    return lines


def box_times(n: int, rounds: int) -> dict[str, float]:
    """CPU seconds of a step of a periodic box of n^3 cells, by both routes, and of its parts."""
    found = {route: step_time(box(n, route=route), 1, rounds) for route in ("fourier", "trigonometric")}
    found["fastest"] = found[box(n).route]
    found["single"] = step_time(box(n, "single"), 1, rounds)
    return found | parts(box(n), rounds)


def box_rows(found: dict[int, dict[str, float]]) -> list[str]:
    """The table of periodic boxes."""
    lines = [
        "| periodic box | ms a step | cells x steps/CPU-s | goal | couplings | random numbers | rest | by Fourier "
        "transforms | by products | single precision |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for n, times in found.items():
        seconds = times["fastest"]
        rest = seconds - times["couplings"] - times["random numbers"]
        columns = [times["couplings"], times["random numbers"], rest]
        columns += [times[name] for name in ("fourier", "trigonometric", "single")]
        goal = f"{GOALS['box']:.0e}" if n == 32 else ""
        lines.append(
            f"| {n}³ | {1e3 * seconds:.2f} | {n**3 / seconds:.2e} | {goal} | "
            + " | ".join(f"{1e3 * part:.2f}" for part in columns)
            + " |"
        )
    return lines


def figure(found: dict[int, dict[str, float]], path: Path) -> None:
    """Time of a step and a cell against the size of a periodic box."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    sizes = np.array(list(found))
    for name, label, marker in (
        ("trigonometric", "products of matrices", "o"),
        ("fourier", "Fourier transforms", "s"),
        ("single", "fastest route, single precision", "^"),
    ):
        axes.plot(sizes, [1e9 * times[name] / n**3 for n, times in found.items()], marker=marker, label=label)
    axes.axhline(1e9 / GOALS["box"], color="0.6", lw=0.8)
    axes.text(sizes[-1], 1e9 / GOALS["box"], "goal", color="0.4", va="bottom", ha="right", fontsize=8)
    axes.set(xlabel="cells along an edge of the box", ylabel="CPU time of a cell and a step (ns)")
    axes.set_ylim(0, 1.1e9 / GOALS["box"])
    axes.set_xticks(sizes)
    axes.legend(fontsize=8, frameon=False)
    fig.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--figure", type=Path, help="where to draw the growth with the size of the box")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    print("\n".join(slab_rows(options.rounds)))
    found = {n: box_times(n, options.rounds) for n in BOXES}
    print("\n" + "\n".join(box_rows(found)))
    peers = ", ".join(f"{name} {speed:.1e}" for name, speed in PEERS.items())
    print(f"\nPeers on a periodic 32³ box, cells x steps a CPU second: {peers}.")
    print(
        f"\nLoad average {before:.1f} before, {os.getloadavg()[0]:.1f} after. Python {sys.version.split()[0]}, ", end=""
    )
    print(f"numpy {np.__version__}, OpenBLAS kernels {threadpool_info()[0].get('architecture')}.")
    if options.figure:
        figure(found, options.figure)


if __name__ == "__main__":
    main()
