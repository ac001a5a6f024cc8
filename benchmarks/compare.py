"""Run both codes alternately on the same model, mesh and Fermi levels, and write the table.

    .venv/bin/python benchmarks/compare.py DATA_FOLDER            (see README.md; about 25 minutes)

Every case is a pair of fresh processes, peer first, repeated `--rounds` times, so that a machine that slows down hurts
both. The figure of merit is k points per CPU second (user + system, loading excluded), the best of the rounds; the
spread of the ratio over the rounds is in the table too. Writes benchmarks/results.json and docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: title, the peer's case, our case, half width of the Fermi window in eV, asked ratio
ROWS: tuple[tuple[str, str, str, float, float | None], ...] = (
    ("anomalous Hall", "ahc", "ahc", 0.5, 5.0),
    ("spin Hall, Qiao's operator", "shc_qiao", "shc_qiao", 0.5, 5.0),
    ("spin Hall, {s, v}/2", "shc_simple", "shc_simple", 0.5, 5.0),
    ("anomalous Hall + all definitions", "ahc+shc_simple", "ahc+definitions", 0.5, 3.0),
    ("anomalous Hall", "ahc", "ahc", 2.0, 5.0),
    ("spin Hall, Qiao's operator", "shc_qiao", "shc_qiao", 2.0, 5.0),
    ("spin Hall, {s, v}/2", "shc_simple", "shc_simple", 2.0, 5.0),
    ("anomalous Hall + all definitions", "ahc+shc_simple", "ahc+definitions", 2.0, 3.0),
)
CENTRE = 12.6279
LEVELS = 101


def run(command: list[str]) -> dict[str, Any]:
    """One fresh process; returns the record that it wrote."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "record.json"
        done = subprocess.run([*command, "--json", str(out)], env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        record: dict[str, Any] = json.loads(out.read_text())
    return record


def measure(row: tuple[str, str, str, float, float | None], options: argparse.Namespace) -> dict[str, Any]:
    """Alternate the two codes on one case."""
    title, peer_case, our_case, half, asked = row
    common = [str(options.data), "--mesh", str(options.mesh), "--plain-wigner-seitz", "--fermi",
              str(CENTRE - half), str(CENTRE + half), str(LEVELS)]  # fmt: skip
    peers, ours = [], []
    for _ in range(options.rounds):
        peer_command = [str(options.peer), str(HERE / "peer_wannierberri.py"), *common, "--case", peer_case]
        peers.append(run([*peer_command, "--nkfft", str(options.nkfft)]))
        ours.append(run([sys.executable, str(HERE / "ours.py"), *common, "--case", our_case]))
    ratios = [o["k_per_cpu_s"] / p["k_per_cpu_s"] for p, o in zip(peers, ours, strict=True)]
    peer, our = (max(records, key=lambda r: r["k_per_cpu_s"]) for records in (peers, ours))
    if peer["mesh"] != our["mesh"]:
        sys.exit(f"the peer rounded its mesh to {peer['mesh']}: choose a --mesh that --nkfft divides")
    print(f"{title}, +-{half} eV: {peer['k_per_cpu_s']:.0f} and {our['k_per_cpu_s']:.0f} k/CPU-s", flush=True)
    return {
        "title": title, "half_window_eV": half, "asked": asked, "mesh": our["mesh"], "functions": our["functions"],
        "ratio": our["k_per_cpu_s"] / peer["k_per_cpu_s"], "ratio_of_rounds": ratios,
        "agreement": agreement(peer, our), "peer": slim(peer), "ours": slim(our),
    }  # fmt: skip


def agreement(peer: dict[str, Any], our: dict[str, Any]) -> dict[str, float]:
    """Largest deviation over all levels and components, relative to the median over the levels of the largest."""
    out = {}
    for part, mine in our["answers"].items():
        theirs = peer["answers"].get(part) or peer["answers"].get("shc_simple")
        if theirs is None:
            continue
        a, b = (np.array(x["values"]).reshape(LEVELS, -1) for x in (theirs, mine))
        out[part] = float(np.abs(a - b).max() / np.median(np.abs(a).max(axis=1)))
    return out


def slim(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("answers", "fermi_levels")}


def processes(options: argparse.Namespace) -> dict[str, Any]:
    """Wall-clock speed-up of two processes over one, start of the processes included, alternating."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(options.rounds):
        for workers in (1, 2):
            command = [sys.executable, str(HERE / "ours.py"), str(options.data), "--plain-wigner-seitz"]
            command += ["--mesh", str(options.scaling_mesh), "--case", "ahc+definitions", "--workers", str(workers)]
            walls[workers].append(run(command)["wall_s"])
    return {"mesh": options.scaling_mesh, "wall_s": walls, "speed_up": min(walls[1]) / min(walls[2])}


def memory(options: argparse.Namespace) -> dict[str, float]:
    """Peak resident memory of a 50^3 mesh, MB, of a process that does nothing else."""
    out = {}
    for case in ("ahc", "shc_qiao", "ahc+definitions"):
        command = [sys.executable, str(HERE / "ours.py"), str(options.data), "--plain-wigner-seitz"]
        out[case] = run([*command, "--mesh", "50", "--case", case])["peak_memory_MB"]
    return out


def cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


COLUMNS = (
    "quantity",
    "Fermi window",
    "WannierBerri, k/CPU-s",
    "crosscurrent, k/CPU-s",
    "ratio (over the rounds)",
    "goal",
    "eigensolver",
    "memory, peer and ours, MB",
    "answers differ by",
)


def table(report: dict[str, Any]) -> str:
    """The measured part of docs/benchmarks.md."""
    lines = [
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
    ]
    for row in report["rows"]:
        peer, our = row["peer"], row["ours"]
        spread = f"{min(row['ratio_of_rounds']):.1f} to {max(row['ratio_of_rounds']):.1f}"
        differ = ", ".join(f"{value:.0e}" for value in row["agreement"].values())
        lines.append(
            f"| {row['title']} | ±{row['half_window_eV']} eV | {peer['k_per_cpu_s']:,.0f} | {our['k_per_cpu_s']:,.0f} "
            f"| **{row['ratio']:.1f}** ({spread}) | {row['asked']:.0f} | {100 * our['eigensolver_share']:.0f} % "
            f"| {peer['peak_memory_MB']:.0f}, {our['peak_memory_MB']:.0f} | {differ} |"
        )
    scaling = report["processes"]
    lines += [
        "",
        f"Two processes against one, wall clock with their start, {scaling['mesh']}³ points, anomalous Hall and all "
        f"definitions: **{scaling['speed_up']:.2f}**.",
        "",
        "Peak memory of a 50³ mesh of the 18-function model, the whole process: "
        + ", ".join(f"{case} {value:.0f} MB" for case, value in report["memory_MB"].items())
        + ".",
        "",
        f"Measured {report['date']} on {report['cpu']}, {report['cores']} cores, load average "
        f"{report['load_before']:.1f} before and {report['load_after']:.1f} after. Python {report['python']}, "
        f"numpy {report['numpy']} (peer: {report['peer_numpy']}), WannierBerri {report['peer_version']}, "
        f"mesh {report['mesh']}³, best of {report['rounds']} alternating rounds.",
    ]
    return "\n".join(lines) + "\n"


BEGIN, END = "<!-- begin measured: benchmarks/compare.py writes this part -->", "<!-- end measured -->"


def write(report: dict[str, Any], results: Path, page: Path) -> None:
    results.write_text(json.dumps(report, indent=1) + "\n")
    text = page.read_text()
    head, rest = text.split(BEGIN)
    page.write_text(head + BEGIN + "\n\n" + table(report) + "\n" + END + rest.split(END)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds fe/")
    parser.add_argument("--peer", type=Path, default=HERE / ".peer/bin/python", help="python of the peer's environment")
    parser.add_argument("--mesh", type=int, default=50)
    parser.add_argument("--scaling-mesh", type=int, default=80)
    parser.add_argument("--nkfft", type=int, default=5, help="the peer's inner FFT grid; 5 is its fastest here")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rows", type=int, nargs="*", default=None, help="only these rows of ROWS")
    parser.add_argument("--results", type=Path, default=HERE / "results.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/benchmarks.md")
    options = parser.parse_args()
    options.data = options.data.resolve()
    if not options.peer.exists():
        sys.exit(f"{options.peer} does not exist: make the peer's environment first (make bench-peer)")
    load = os.getloadavg()[0]
    chosen = ROWS if options.rows is None else [ROWS[i] for i in options.rows]
    rows = [measure(row, options) for row in chosen]
    report = {
        "date": date.today().isoformat(), "cpu": cpu_name(), "cores": os.cpu_count(), "load_before": load,
        "python": platform.python_version(), "numpy": np.__version__, "peer_numpy": rows[0]["peer"]["numpy"],
        "peer_version": rows[0]["peer"]["version"], "mesh": options.mesh, "rounds": options.rounds, "rows": rows,
        "processes": processes(options), "memory_MB": memory(options), "load_after": os.getloadavg()[0],
    }  # fmt: skip
    write(report, options.results, options.page)
    print(table(report))


if __name__ == "__main__":
    main()
