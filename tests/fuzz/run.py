"""Read many damaged inputs: `python tests/fuzz/run.py --count 20000 --format wannier90`.

Every reader of the package is given damaged files of its format, in other processes with limits of time and memory. It
may refuse each with an InputError, or give an answer that is sound. Exit status 1 when anything else has happened.
--only INDEX reads a single input here, and shows where it ends.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.formats import FORMATS  # noqa: E402
from fuzz.pool import Report, fuzz, show  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=[*FORMATS, "all"], default="all")
    parser.add_argument("--count", type=int, default=20_000, help="inputs of each format")
    parser.add_argument("--first", type=int, default=0, help="index of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="read this one input, and show its traceback")
    parser.add_argument("--reasons", type=int, default=0, help="list so many of the refusals")
    given = parser.parse_args()
    if given.only is not None:
        show(given.format, given.only, given.seed)
        return 0
    names = list(FORMATS) if given.format == "all" else [given.format]
    begun, bad = time.monotonic(), 0
    for name in names:
        report = fuzz(name, given.count, seed=given.seed, workers=given.workers, first=given.first)
        bad += len(report.findings)
        tell(report, given.reasons)
    sys.stdout.write(f"{time.monotonic() - begun:.0f} s\n")
    return 1 if bad else 0


def tell(report: Report, reasons: int = 0) -> None:
    found = sum(finding.count for finding in report.findings.values())
    sys.stdout.write(
        f"{report.format}: {report.inputs} inputs (seed {report.seed}): {report.refused} refused, {report.read} read, "
        f"{found} faults; {report.cpu:.0f} s CPU, slowest {report.slowest:.2f} s\n"
    )
    for finding in sorted(report.findings.values(), key=lambda f: -f.count):
        sys.stdout.write(f"  {finding.count:6d} x {finding.what} [--only {finding.example}]\n")
    for what, count in report.reasons.most_common(reasons):
        sys.stdout.write(f"  {count:6d}   {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
