"""Measure crosscurrent on a Wannier90 model: CPU seconds, k points per CPU second, peak memory, phases, numbers.

    .venv/bin/python benchmarks/ours.py DATA_FOLDER --model fe --mesh 30 --case ahc

One process and one BLAS thread, unless --workers asks for the speed-up of more. Loading the files is timed apart.
Prints one JSON object, or writes it with --json. The cases are those of peer_wannierberri.py, and `ahc+definitions`:
the anomalous Hall conductivity and then every definition of the spin current that exists for a metal.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import json
import platform
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import crosscurrent
from crosscurrent.jobs.execute import executor
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import load_wannier90
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.zone import UniformMesh
from crosscurrent.physics.spin_current import DECOMPOSITION
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.spin_hall import spin_hall

SEEDS = {"fe": ("fe", "Fe", 3), "bi": ("bi", "bi", 2)}
FERMI = {"fe": 12.6279, "bi": -3.5}
CASES = ("ahc", "shc_simple", "shc_qiao", "ahc+shc_simple", "ahc+shc_qiao", "ahc+definitions")


def load(data: Path, model: str, wigner_seitz: bool) -> TightBinding:
    """The model of the peer's files, with the same choice of lattice vectors."""
    folder, seed, dim = SEEDS[model]

    def path(suffix: str) -> Path:
        plain = data / folder / f"{seed}.{suffix}"
        return plain if plain.exists() else plain.with_name(plain.name + ".gz")

    files = {suffix: path(suffix) for suffix in ("chk", "eig", "mmn", "spn")}
    # the peer takes the diagonal of the position matrix from the centres of the checkpoint, which this is closest to
    return load_wannier90(**files, dim=dim, wigner_seitz=wigner_seitz, translation_invariant_centres=True)


def compute(model: TightBinding, part: str, mu: np.ndarray, method: UniformMesh, run: ChunkMap) -> xr.Dataset:
    if part == "ahc":
        return anomalous_hall(model, mu, method=method, run=run)
    if part == "definitions":
        return spin_hall(model, mu, method=method, definitions=tuple(DECOMPOSITION), run=run)
    velocity = part.removeprefix("shc_")
    return spin_hall(model, mu, method=method, definitions=("conventional",), velocity=velocity, run=run)


def cpu() -> float:
    """User + system seconds of this process and of children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class EigensolverClock:
    """Sums the CPU seconds that a run spends in numpy.linalg.eigh, by standing in its place."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._original = np.linalg.eigh

    def __enter__(self) -> EigensolverClock:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            try:
                return self._original(*args, **kwargs)
            finally:
                self.seconds += time.process_time() - start

        np.linalg.eigh = timed  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        np.linalg.eigh = self._original


def answer(part: str, result: xr.Dataset) -> dict[str, Any]:
    """The result in the layout of the peer's: (mu, axial component), or (mu, current, field, spin)."""
    if part == "ahc":
        sigma = result["conductivity"]
        values = sigma.to_numpy()
        pairs = ((1, 2), (2, 0), (0, 1)) if values.shape[1] == 3 else ((0, 1),)
        axial = np.stack([values[:, i, j] for i, j in pairs], axis=1)
        return {"unit": sigma.attrs["units"], "index order": "axial component", "values": axial.tolist()}
    sigma = result["conventional"].transpose("mu", "current", "field", "spin")
    return {"unit": sigma.attrs["units"], "index order": "current, field, spin", "values": sigma.to_numpy().tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds fe/ and bi/")
    parser.add_argument("--model", choices=sorted(SEEDS), default="fe")
    parser.add_argument("--case", choices=CASES, default="ahc")
    parser.add_argument("--mesh", type=int, default=30)
    parser.add_argument("--fermi", type=float, nargs=3, default=None, metavar=("FROM", "TO", "LEVELS"))
    parser.add_argument("--plain-wigner-seitz", action="store_true", help="R vectors without the distance correction")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()

    centre = FERMI[options.model]
    start, stop, levels = options.fermi or (centre - 0.5, centre + 0.5, 101)
    mu = np.linspace(start, stop, int(levels))
    before = cpu()
    model = load(options.data, options.model, not options.plain_wigner_seitz)
    method = UniformMesh((options.mesh,) * model.dim)
    setup = cpu() - before
    parts = options.case.split("+")
    runs, prepared, results = [], 0.0, {}
    with executor(options.workers) as run:
        # lattice sums are prepared once a model, whatever the mesh: set-up, like the peer's loading
        before = cpu()
        for part in parts:
            compute(model, part, mu[:1], UniformMesh((2,) * model.dim), run)
        prepared = cpu() - before
        for _ in range(options.repeat):
            with EigensolverClock() as clock:
                cpu0, wall0 = cpu(), time.perf_counter()
                results = {part: compute(model, part, mu, method, run) for part in parts}
                runs.append({"cpu_s": cpu() - cpu0, "wall_s": time.perf_counter() - wall0, "eigh_s": clock.seconds})
    points = int(np.prod(method.shape))
    fastest = min(runs, key=lambda item: item["cpu_s"])
    best = fastest["cpu_s"]
    record: dict[str, Any] = {
        "code": "crosscurrent", "version": crosscurrent.__version__,
        "numpy": np.__version__, "python": platform.python_version(),
        "model": options.model, "case": options.case, "functions": model.n_states, "r_vectors": len(model.vectors),
        "mesh": list(method.shape), "fermi": [float(start), float(stop), int(levels)],
        "plain_wigner_seitz": options.plain_wigner_seitz, "workers": options.workers,
        "points": points, "runs": runs, "cpu_s": best, "wall_s": min(item["wall_s"] for item in runs),
        "k_per_cpu_s": points / best, "setup_cpu_s": setup + prepared,
        "peak_memory_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "fermi_levels": mu.tolist(),
        "answers": {part: answer(part, result) for part, result in results.items()},
    }  # fmt: skip
    if options.workers == 1:
        record["eigensolver_us_per_k"] = fastest["eigh_s"] / points / len(parts) * 1e6
        record["eigensolver_share"] = fastest["eigh_s"] / best
    text = json.dumps(record)
    if options.json:
        options.json.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
