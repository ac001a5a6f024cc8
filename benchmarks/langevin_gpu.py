"""Speed of the Langevin engine on a graphics card, against what its memory and its products of matrices allow.

    python benchmarks/langevin_gpu.py                      # a card of the H200 class, some ten minutes
    python benchmarks/langevin_gpu.py --device cpu --grid 8 7 4 --batches 1 2 --steps 4      # a check without a card

For both routes and precisions: realization-steps a second against the batch, with the sums that a run keeps, and the
time that the paper's data set, 4.8e8 realization-steps on 101 x 85 x 13 cells, would take; the couplings and the random
numbers also by themselves. The floor of a step is the larger of two times: that of moving what has to be moved once (u
and v read and written, the force and the noise written and read, the fields between the transforms written and read) at
the bandwidth measured here, and that of the products of matrices at the rate measured here for many such products in
one program. Needs `pip install "crosscurrent[gpu]"`.
"""

from __future__ import annotations

import argparse
import importlib
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.langevin import Langevin, inwards
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.expanded_well import expanded_well
from crosscurrent.physics.lattice_dynamics import lattice_dynamics

#: Realizations times steps of the paper's data.
DATA_SET = 4.8e8
#: What a run of `ferron_hall_langevin` sums at every tenth step, beside the positions at every one.
PRODUCTS = ("vv", "uv", "uu", "uf")
#: Calls that follow each other where one is timed.
REPEATS = 50


def engine_for(grid: tuple[int, int, int], precision: str, route: str, device: str) -> Langevin:
    """The paper's slab of BaTiO3, in displacements from the ordered state."""
    record = local_mode("batio3-b")
    return lattice_dynamics(
        record.couplings(Slab(grid)),
        [expanded_well(record.well)],
        record.mass,
        temperature=np.linspace(50.0, 0.05, grid[0]),
        damping=np.full(grid[1], 2.0),
        omega=80.0,
        step=0.0025,
        precision=precision,
        route=route,
        device=device,
    )


def wall(work: Callable[[], Any], rounds: int = 5) -> float:
    """Seconds of a call, the shortest of the rounds, the first (which compiles) left out."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def repeated(jax: Any, work: Callable[..., Any], first: Any, *others: Any) -> float:
    """Seconds of one call among many that wait for each other in one program, so that no launch is counted."""
    chain = jax.jit(lambda x, *rest: jax.lax.fori_loop(0, REPEATS, lambda _, y: work(y, *rest), x))
    return wall(lambda: chain(first, *others).block_until_ready()) / REPEATS


def bandwidth(jax: Any, home: Any, megabytes: int) -> float:
    """Bytes a second of reading one array and writing another."""
    x = jax.device_put(np.ones(megabytes * 250_000, np.float32), home)
    return 2 * x.nbytes / repeated(jax, lambda a: a * 0.5 + 0.5, x)


def product_rate(jax: Any, home: Any, dtype: Any, rows: int, waves: int, half: int) -> float:
    """Operations a second of the products along y, the largest of a step: there and back."""
    rng = np.random.default_rng(0)
    left = jax.device_put(rng.normal(size=(rows, half)).astype(dtype), home)
    # orthonormal columns, so that going there and back many times keeps the size of the numbers
    right = jax.device_put(np.linalg.qr(rng.normal(size=(waves, half)))[0].T.astype(dtype), home)
    with jax.default_matmul_precision("highest"):
        seconds = repeated(jax, lambda a, b: (a @ b) @ b.T, left, right)
    return 4.0 * rows * half * waves / seconds


def operations(grid: tuple[int, int, int], length: int) -> float:
    """Of the products of matrices in one evaluation of the couplings, folded: multiplications and additions."""
    nx, ny, nz = grid
    kx, ky, kz = nx // 2 + 1, length // 2 + 1, nz // 2 + 1
    along_z = 2 * 3 * kz * nz * nx * ny
    along_x = 2 * 6 * kz * kx * nx * ny
    along_y = 2 * 12 * kz * kx * ky * ny
    return 2.0 * (along_z + along_x + along_y)


def traffic(grid: tuple[int, int, int], length: int, size: int) -> float:
    """Bytes that a step of one realization moves at the least."""
    numbers = 3 * math.prod(grid)
    padded = numbers * length / grid[1]
    # u, v read and written; noise, force and four fields between transforms written and read; two padded spectra
    return size * (4 * numbers + 2 * 6 * numbers + 2 * 2 * padded)


def run_time(jax: Any, engine: Langevin, batch: int, steps: int) -> float:
    """Seconds of one step of the whole batch, with the sums that a run keeps. The fields stay on the device."""
    state = engine.start(0.0, realizations=tuple(range(batch)))
    engine.advance(state, steps, Sums(10, PRODUCTS))  # compiles
    program = engine.compiled[steps, 10, PRODUCTS]
    fields = tuple(inwards(part) for part in (state.u, state.v, state.force))
    baths = [(bath.turn, bath.noise) for bath in engine.baths]
    first = np.int64(0)
    given = (*fields, np.asarray(state.realizations), first, baths, engine.push.astype(engine.dtype))
    home = jax.devices(engine.device)[0]
    with jax.default_device(home), jax.default_matmul_precision("highest"):
        placed = jax.device_put(given, home)
        return wall(lambda: jax.block_until_ready(program(*placed)), 3) / steps


def part_times(jax: Any, engine: Langevin, batch: int) -> tuple[float, float]:
    """Seconds of the couplings and of the random numbers of one step of the whole batch."""
    xp, home = jax.numpy, jax.devices(engine.device)[0]
    nx, ny, nz = engine.shape
    with jax.default_device(home), jax.default_matmul_precision("highest"):
        u = jax.device_put(np.ones((batch, 1, 3, nz, nx, ny), engine.dtype), home)
        # the couplings are some eV/angstrom^2, and repeated they shall neither vanish nor overflow
        couplings = repeated(jax, lambda x: xp.tanh(engine.convolution(x, xp)), u)
        numbers = xp.arange(batch)
        # what is drawn enters the next number, so that no draw can be left out
        drawn = repeated(
            jax,
            lambda x: engine.noise.draw_jax(numbers, x[:1, :1, 0, 0, 0].astype(int).sum(), engine.dtype)[:, None],
            u,
        )
    return couplings, drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--grid", type=int, nargs=3, default=(101, 85, 13))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    grid: tuple[int, int, int] = tuple(options.grid)
    length = Slab(grid).length_y
    home = jax.devices(options.device)[0]
    speed = bandwidth(jax, home, 1000 if options.device == "gpu" else 20)
    print(f"{home.device_kind}, jax {jax.__version__}, {speed / 1e9:.0f} GB/s read and written.\n")
    print(
        "| precision | route | batch | us a realization-step | realization-steps/s | couplings, us | "
        "random numbers, us | floor, us | of it | paper's data |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for precision, dtype in (("double", np.float64), ("single", np.float32)):
        rows = 12 * (grid[2] // 2 + 1) * (grid[0] // 2 + 1) * min(16, max(options.batches))
        rate = product_rate(jax, home, dtype, rows, length // 2 + 1, (grid[1] + 1) // 2)
        floor = max(operations(grid, length) / rate, traffic(grid, length, np.dtype(dtype).itemsize) / speed)
        for route in ("trigonometric", "fourier"):
            engine = engine_for(grid, precision, route, options.device)
            for batch in options.batches:
                each = run_time(jax, engine, batch, options.steps) / batch
                couplings, drawn = (1e6 * seconds / batch for seconds in part_times(jax, engine, batch))
                print(
                    f"| {precision} | {route} | {batch} | {1e6 * each:.1f} | {1 / each:.3g} | {couplings:.1f} | "
                    f"{drawn:.1f} | {1e6 * floor:.1f} | {floor / each:.0%} | {DATA_SET * each / 3600:.2f} h |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
