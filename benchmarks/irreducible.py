"""What irreducible meshes save: CPU time and points against the whole mesh, and how far the two results are apart.

    .venv/bin/python benchmarks/irreducible.py [DATA_FOLDER]      # prints the table of docs/benchmarks.md, minutes

With DATA_FOLDER (see benchmarks/README.md) also iron and platinum, symmetrized.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import crosscurrent as cc

Case = tuple[str, str, Any, tuple[int, ...], dict[str, Any]]


def timed(response: str, model: Any, mesh: cc.UniformMesh, options: dict[str, Any]) -> tuple[xr.Dataset, float]:
    """The result and CPU seconds, with the search for the symmetry."""
    start = time.process_time()
    result = getattr(cc, response)(model, method=mesh, **options)
    return result, time.process_time() - start


def apart(one: xr.Dataset, other: xr.Dataset) -> float:
    """Largest difference of any component, over the largest component of the same unit."""
    names = [name for name in one.data_vars if f"{name}_error" in one]
    out = 0.0
    for name in names:
        alike = [n for n in names if one[n].attrs["units"] == one[name].attrs["units"]]
        largest = max(float(np.nanmax(np.abs(one[n].values))) for n in alike)
        out = max(out, float(np.nanmax(np.abs(one[name].values - other[name].values))) / largest)
    return out


def built_in() -> Iterator[Case]:
    film, crystal = cc.material("mnbi2te4"), cc.material("mnbi2te4-bulk")
    spins = {"filling": 4, "omega": [0.02, 0.04, 0.06], "projections": "all"}
    yield "MnBi₂Te₄ film", "Upsilon 0, 1, 2 by layer", film, (400, 400), spins | {"_of": "spin_generation"}
    yield "MnBi₂Te₄ crystal", "spin Hall, all definitions", crystal, (60, 60, 24), {"mu": 0.018, "_of": "spin_hall"}
    bismuth = cc.material("bismuth", symmetrized=True)
    pairs = {"filling": 12, "_of": "spin_hall"}
    yield "Bi monolayer, symmetrized", "spin Hall, all definitions", bismuth, (120, 120), pairs
    # time reversal forbids the other two, which would be rounding over rounding
    spins = {"filling": 12, "omega": [0.02, 0.04, 0.06], "tensors": ["upsilon1"], "projections": "all"}
    yield "Bi monolayer, symmetrized", "Upsilon 1 by atom", bismuth, (240, 240), spins | {"_of": "spin_generation"}


def from_files(data: Path) -> Iterator[Case]:
    fe = data / "fe"
    raw = cc.load_wannier90(chk=fe / "Fe.chk", eig=fe / "Fe.eig", mmn=fe / "Fe.mmn", spn=fe / "Fe.spn")
    lines = ["Fe: sp3d2; dxy, dxz, dyz"]
    iron = cc.symmetrize(raw, positions=[[0, 0, 0]], species=["Fe"], projections=lines, moments=[2.2]).model
    hall = {"mu": 12.6279, "degeneracy": 0.01}
    yield "bcc Fe, symmetrized", "anomalous Hall", iron, (48, 48, 48), hall | {"_of": "anomalous_hall"}
    yield "bcc Fe, symmetrized", "spin Hall, all definitions", iron, (48, 48, 48), hall | {"_of": "spin_hall"}
    lattice = 1.96195 * (1 - np.eye(3))
    raw = cc.load_wannier90(hr=data / "pt" / "Pt_hr.dat.gz", lattice=lattice, spin_ordering="block")
    made = cc.symmetrize(raw, positions=[[0, 0, 0]], species=["Pt"], projections=["Pt: s; p; d"], spin="block")
    one = {"mu": 11.3158, "definitions": ["conventional"], "_of": "spin_hall"}
    yield "fcc Pt, symmetrized", "spin Hall, {s, v}/2", made.model, (60, 60, 60), one


def row(case: Case) -> str:
    name, what, model, shape, given = case
    options = {key: value for key, value in given.items() if key != "_of"}
    whole, full = timed(given["_of"], model, cc.UniformMesh(shape), options)
    reduced, less = timed(given["_of"], model, cc.UniformMesh(shape, irreducible=True), options)
    points = whole.attrs["evaluations"] / reduced.attrs["evaluations"]
    size = " × ".join(map(str, shape))
    group = reduced.attrs["irreducible"].split(" operations of ")
    operations = group[0].split()[-1] + ", " + group[1].split(" to ")[0]
    return (
        f"| {name} | {what} | {size} | {operations} | {points:.1f} | {full:.1f} | {less:.2f} | **{full / less:.1f}** | "
        f"{apart(whole, reduced):.0e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, nargs="?", help="folder with fe/ and pt/")
    data = parser.parse_args().data
    print("| model | sum | mesh | operations | points saved | whole, CPU s | irreducible, CPU s | faster by | apart |")
    print("|---|---|---|---|---|---|---|---|---|")
    for case in [*built_in(), *(from_files(data) if data is not None else ())]:
        print(row(case), flush=True)


if __name__ == "__main__":
    main()
