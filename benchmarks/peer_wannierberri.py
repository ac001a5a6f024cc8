"""Measure WannierBerri on a Wannier90 model: CPU seconds, k points per CPU second, peak memory, and the numbers.

Run it with the python of the peer's own environment (see README.md), never with the project's:

    benchmarks/.peer/bin/python benchmarks/peer_wannierberri.py DATA_FOLDER --model fe --mesh 30 --case ahc

One process, no ray, one BLAS thread, no symmetry, no adaptive refinement. Loading the files is timed apart.
Prints one JSON object, or writes it with --json.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import contextlib
import gzip
import json
import logging
import platform
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import wannierberri as wb
from wannierberri.calculators import static

SEEDS = {"fe": ("fe", "Fe"), "bi": ("bi", "bi")}
FERMI = {"fe": 12.6279, "bi": -3.5}
CASES = ("ahc", "shc_simple", "shc_qiao", "ahc+shc_simple", "ahc+shc_qiao", "ahc+shc_simple+shc_qiao")


def stage(data: Path, model: str, scratch: Path) -> Path:
    """Copy the files, unpacked, to a folder of their own under one seed name; returns the seed's path."""
    folder, seed = SEEDS[model]
    for suffix in ("chk", "eig", "mmn", "spn", "win"):
        for source in (data / folder / f"{seed}.{suffix}", data / folder / f"{seed}.{suffix}.gz"):
            if source.exists():
                opener = gzip.open if source.suffix == ".gz" else open
                with opener(source, "rb") as stream, (scratch / f"{seed}.{suffix}").open("wb") as out:
                    shutil.copyfileobj(stream, out)
                break
        else:
            raise SystemExit(f"{data / folder}: no {seed}.{suffix}[.gz]")
    return scratch / seed


def load(seed: Path, model: str, case: str, plain_wigner_seitz: bool) -> Any:
    """The system with exactly the matrices that the case needs (the peer's own flags)."""
    wandata = wb.WannierData.from_w90_files(
        str(seed),
        files=["chk", "eig", "mmn", "spn"],
        formatted=["spn"] if model == "fe" else [],
        readnnkp=False,
        npar=1,
    )
    needs: dict[str, bool] = {"berry": True, "spin": "shc_simple" in case, "SHCqiao": "shc_qiao" in case}
    periodic = (True, True, model == "fe")
    with without_wigner_seitz_distance() if plain_wigner_seitz else contextlib.nullcontext():
        return wb.System_R.from_wannierdata(wandata, periodic=periodic, symmetrize=False, silent=True, **needs)


@contextlib.contextmanager
def without_wigner_seitz_distance() -> Any:
    """Choose the R vectors as Wannier90 does with use_ws_distance = .false. (the peer has no switch for it)."""
    from wannierberri.fourier.rvectors import Rvectors

    original = Rvectors.set_Rvec

    def patched(self: Any, *args: Any, **kwargs: Any) -> None:
        left, right = self.shifts_left_red, self.shifts_right_red
        self.shifts_left_red, self.shifts_right_red = np.zeros_like(left), np.zeros_like(right)
        original(self, *args, **kwargs)
        self.shifts_left_red, self.shifts_right_red = left, right
        self.clear_cached()

    Rvectors.set_Rvec = patched
    try:
        yield
    finally:
        Rvectors.set_Rvec = original


def calculators(case: str, fermi: np.ndarray) -> dict[str, Any]:
    """The peer's calculators, without writing files; several of one run share what they can."""
    common: dict[str, Any] = {"Efermi": fermi, "tetra": False, "save_mode": ""}
    made: dict[str, Any] = {}
    for part in case.split("+"):
        if part == "ahc":
            made[part] = static.AHC(**common)
        else:
            made[part] = static.SHC(kwargs_formula={"spin_current_type": part.removeprefix("shc_")}, **common)
    return made


def cpu() -> float:
    """User + system seconds of this process and of children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def answer(part: str, data: np.ndarray) -> dict[str, Any]:
    """The result at every Fermi level in the units of the comparison (the peer gives S/m)."""
    if part == "ahc":
        return {"unit": "S/cm", "index order": "axial component", "values": (data / 100.0).tolist()}
    return {"unit": "(hbar/e) S/cm", "index order": "current, field, spin", "values": (data / 100.0).tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds fe/ and bi/")
    parser.add_argument("--model", choices=sorted(SEEDS), default="fe")
    parser.add_argument("--case", choices=CASES, default="ahc")
    parser.add_argument("--mesh", type=int, default=30)
    parser.add_argument("--nkfft", type=int, default=None, help="size of the peer's inner FFT grid; its own choice")
    parser.add_argument("--fermi", type=float, nargs=3, default=None, metavar=("FROM", "TO", "LEVELS"))
    parser.add_argument("--fftlib", default="fftw", choices=["fftw", "numpy"])
    parser.add_argument("--plain-wigner-seitz", action="store_true", help="R vectors without the distance correction")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)

    centre = FERMI[options.model]
    start, stop, levels = options.fermi or (centre - 0.5, centre + 0.5, 101)
    fermi = np.linspace(start, stop, int(levels))
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        before = cpu()
        system = load(
            stage(options.data.resolve(), options.model, Path(scratch)),
            options.model,
            options.case,
            options.plain_wigner_seitz,
        )
        setup = cpu() - before
        shape = [options.mesh, options.mesh, options.mesh if options.model == "fe" else 1]
        inner = None if options.nkfft is None else [options.nkfft, options.nkfft, options.nkfft if shape[2] > 1 else 1]
        grid = wb.Grid(system, NK=shape, NKFFT=inner, use_symmetry=False)
        runs = []
        for _ in range(options.repeat):
            cpu0, wall0 = cpu(), time.perf_counter()
            result = wb.run(
                system,
                grid=grid,
                calculators=calculators(options.case, fermi),
                parallel=False,
                use_irred_kpt=False,
                symmetrize=False,
                adpt_num_iter=0,
                parameters_K={"fftlib": options.fftlib},
                fout_name="peer",
                print_progress_step_time=10**9,
            )
            runs.append({"cpu_s": cpu() - cpu0, "wall_s": time.perf_counter() - wall0})
    points = int(np.prod(grid.dense))
    best = min(run["cpu_s"] for run in runs)
    record = {
        "code": "WannierBerri",
        "version": wb.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "model": options.model,
        "case": options.case,
        "functions": int(system.num_wann),
        "r_vectors": int(system.rvec.nRvec),
        "mesh": grid.dense.tolist(),
        "inner_fft": grid.FFT.tolist(),
        "fft": options.fftlib,
        "fermi": [float(start), float(stop), int(levels)],
        "plain_wigner_seitz": options.plain_wigner_seitz,
        "points": points,
        "runs": runs,
        "cpu_s": best,
        "k_per_cpu_s": points / best,
        "setup_cpu_s": setup,
        "peak_memory_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "fermi_levels": fermi.tolist(),
        "answers": {part: answer(part, np.asarray(value.data)) for part, value in result.results.items()},
    }
    text = json.dumps(record)
    if options.json:
        options.json.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
