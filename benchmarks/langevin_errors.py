"""How honest the errors of `ferron_hall_langevin` are, and what its balances cost: the numbers of its page in the docs.

    .venv/bin/python benchmarks/langevin_errors.py                  # ninety runs, some fifteen CPU minutes
    .venv/bin/python benchmarks/langevin_errors.py --count 5
    .venv/bin/python benchmarks/langevin_errors.py --balances       # time with and without balances, instead

The runs are those of `linear_run` in tests/responses/test_ferron_hall_langevin.py with other seeds: a linear lattice of
10 x 7 x 2 cells, whose exact means are known. For every observable and part: the mean square deviation from the exact
map over the mean of the stated variance, over all cells and runs; the scatter of `rms_z` from run to run; and the
inflation of the variance by correlation between blocks, of a cell and of the slope against the map.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import time

import numpy as np
import xarray as xr

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.profiles import HotBand, Sponge, Uniform
from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling

SUFFIX = {"zero_field": "_0", "field": "", "odd": "_odd"}
OBSERVABLES = (
    "kinetic_energy",
    "kinetic_energy_parallel",
    "displacement_variance",
    "angular_momentum_z",
    "polarization",
)


def linear_run(seed: int) -> xr.Dataset:
    """One run of the study."""
    sampling = Sampling(realizations=4, duration=14.0, settle=4.0, seed=seed)
    hot = HotBand(50.0, 1e-4, 0.25, 0.125)
    return ferron_hall_langevin(
        local_mode("batio3-b"), (10, 7, 2), hot, Sponge(layers=3), 80.0, sampling, anharmonic=False
    )


def maps_of(ds: xr.Dataset, observable: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Deviation from the exact map and its stated error."""
    known = {"displacement_variance": "displacement_covariance", "angular_momentum_z": "angular_momentum"}
    name = known.get(observable, observable) + SUFFIX[part]
    off, error = ds[name] - ds[f"{name}_noise_free"], ds[f"{name}_error"]
    if observable == "displacement_variance":
        off, error = (field.sel(component="x", partner="x") for field in (off, error))
    if observable == "angular_momentum_z":
        off, error = (field.sel(component="z") for field in (off, error))
    if observable == "polarization":
        # a linear lattice is not shifted
        record = local_mode("batio3-b")
        ordered = record.polarization_per_displacement @ record.well.ordered @ np.asarray(record.well.axis)
        off = ds[name] - (0.0 if part == "odd" else float(ordered))
    return off.values, error.values


def study(count: int) -> list[str]:
    """The table."""
    lines = ["| observable | part | true over stated variance | rms z | its scatter | F of a cell |", "|" + "---|" * 6]
    runs = [linear_run(1000 + n) for n in range(count)]
    for observable in OBSERVABLES:
        for part in SUFFIX:
            off, error = (np.array(maps) for maps in zip(*(maps_of(ds, observable, part) for ds in runs), strict=True))
            there = error > 1e-10 * error.max()
            ratio = float((off[there] ** 2).sum() / (error[there] ** 2).sum())
            score = np.array([float(ds.rms_z.sel(observable=observable, part=part)) for ds in runs])
            # half a block of 1 ps is what blocks that are independent have
            times = [float(ds.autocorrelation_time.sel(observable=observable, part=part)) for ds in runs]
            lines.append(
                f"| {observable} | {part} | {ratio:.2f} | {np.sqrt((score**2).mean()):.2f} | {score.std():.2f} | "
                f"{2 * np.mean(times):.2f} |"
            )
    return lines


def balance_times(rounds: int = 3) -> list[str]:
    """CPU time of a run with balances over that of one without, with and without twins."""
    lines = ["| cells | twins | with balances over without |", "|---|---|---|"]
    for grid in ((10, 7, 2), (32, 21, 4)):
        for twins in (True, False):
            seconds = []
            for balances in (False, True):
                times = []
                for steps in (400, 1200):
                    sampling = Sampling(realizations=1, duration=0.0025 * steps, settle=0.0, block=0.25)
                    given = (local_mode("batio3-b"), grid, Uniform(50.0), Uniform(20.0), 80.0, sampling)
                    found = []
                    for _ in range(rounds):
                        start = time.process_time()
                        ferron_hall_langevin(*given, control_variate=twins, balances=balances)
                        found.append(time.process_time() - start)
                    times.append(min(found))
                # what does not grow with the steps drops out
                seconds.append(times[1] - times[0])
            lines.append(
                f"| {' x '.join(map(str, grid))} | {'yes' if twins else 'no'} | {seconds[1] / seconds[0]:.1f} |"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=90, help="runs, with the seeds 1000, 1001, ...")
    parser.add_argument("--balances", action="store_true", help="time runs with and without balances, and no more")
    options = parser.parse_args()
    print("\n".join(balance_times() if options.balances else study(options.count)))


if __name__ == "__main__":
    main()
