"""Workers that read damaged files in batches, under limits of time and memory, and outlive what kills them.

Each worker takes a range of inputs. One that dies or stands still is replaced by another that goes on behind the input
at fault. Inputs are made from (seed, format, index) alone, so that each finding can be had again.
"""

from __future__ import annotations

import collections
import multiprocessing
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fuzz.mutations import mutate

#: CPU seconds for one input; CPU and wall seconds of silence that end a worker; bytes beyond those it starts with.
CPU_S, SILENT_CPU_S, SILENT_S, MEMORY = 4.0, 30.0, 900.0, 1 << 30
#: Inputs between two reports.
BATCH = 50


@dataclass
class Finding:
    """What is not an answer and no InputError. example: the index that shows it; count: how many do."""

    what: str
    case: str
    example: int
    count: int = 1


@dataclass
class Report:
    """refused: with an InputError. read: with an answer that is sound. slowest: CPU seconds of one input."""

    format: str
    seed: int
    inputs: int = 0
    refused: int = 0
    read: int = 0
    slowest: float = 0.0
    cpu: float = 0.0
    findings: dict[str, Finding] = field(default_factory=dict)
    reasons: collections.Counter[str] = field(default_factory=collections.Counter)

    def add(self, finding: Finding) -> None:
        if finding.what in self.findings:
            self.findings[finding.what].count += 1
        else:
            self.findings[finding.what] = finding


class TooLong(BaseException):
    """An input has had its time. Not an Exception: a reader must not be able to catch it."""


def damaged(seed: int, name: str, index: int, n_cases: int) -> tuple[int, random.Random]:
    """(which case, the random numbers of this input)."""
    rng = random.Random(f"{seed}/{name}/{index}")
    return rng.randrange(n_cases), rng


def fuzz(name: str, count: int, *, seed: int = 0, workers: int = 1, first: int = 0) -> Report:
    """Read `count` damaged inputs of a format in other processes."""
    report = Report(name, seed)
    context = multiprocessing.get_context("spawn")
    share = -(-count // workers)
    ranges = [(first + at, first + min(at + share, count)) for at in range(0, count, share)]
    # a worker that is killed cannot clear up
    with tempfile.TemporaryDirectory(prefix=f"crosscurrent-fuzz-{name}-") as folder:
        running = [_Worker(context, folder, name, seed, *each) for each in ranges]
        while running:
            for worker in list(running):
                done = worker.look(report)
                if done:
                    running.remove(worker)
            time.sleep(0.005)
    return report


class _Worker:
    """A process and the range that it is to do; restarted behind an input that ends it."""

    def __init__(self, context: Any, folder: str, name: str, seed: int, start: int, stop: int) -> None:
        self.context, self.folder, self.name, self.seed, self.at, self.stop = context, folder, name, seed, start, stop
        self._start()

    def _start(self) -> None:
        self.pipe, other = self.context.Pipe(duplex=False)
        self.process = self.context.Process(
            target=_work, args=(other, self.folder, self.name, self.seed, self.at, self.stop), daemon=True
        )
        self.process.start()
        other.close()
        self.heard, self.busy, self.doing = time.monotonic(), 0.0, ""
        self.untold = Report(self.name, self.seed)

    def _busy(self) -> float:
        """CPU seconds that the process has had; 0 once it is gone. A busy machine does not make it hang."""
        try:
            words = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError):
            return 0.0

    def look(self, report: Report) -> bool:
        """Take what the worker says. True when its range is done."""
        try:
            while self.pipe.poll():
                kind, *rest = self.pipe.recv()
                self.heard, self.busy = time.monotonic(), self._busy()
                if kind == "doing":
                    self.at, self.doing, self.untold = rest
                elif kind == "done":
                    self.process.join(10)
                    return True
                else:
                    _merge(report, rest[0])
        except EOFError:
            self.process.join(10)
            return self._lost(report, f"killed the process (exit status {self.process.exitcode})")
        if time.monotonic() - self.heard > SILENT_S or self._busy() - self.busy > SILENT_CPU_S:
            self.process.kill()
            self.process.join(10)
            return self._lost(report, "hangs where no signal reaches it")
        return False

    def _lost(self, report: Report, what: str) -> bool:
        _merge(report, self.untold)  # what it had done and not yet told
        report.inputs += 1
        report.add(Finding(f"{self.doing}: {what}", self.doing, self.at))
        self.at += 1
        if self.at >= self.stop:
            return True
        self._start()
        return False


def _merge(report: Report, part: Report) -> None:
    report.inputs += part.inputs
    report.refused += part.refused
    report.read += part.read
    report.cpu += part.cpu
    report.slowest = max(report.slowest, part.slowest)
    report.reasons.update(part.reasons)
    for finding in part.findings.values():
        if finding.what in report.findings:
            report.findings[finding.what].count += finding.count
        else:
            report.findings[finding.what] = finding


def _work(pipe: Connection, under: str, name: str, seed: int, start: int, stop: int) -> None:
    from fuzz.formats import cases

    tempfile.tempdir = under
    folder, known = cases(name)
    target = folder / "damaged"
    target.mkdir()
    warnings.simplefilter("error")
    # what Python can only print, such as an error in a finaliser, a user sees too
    ignored: list[str] = []
    sys.unraisablehook = lambda said: ignored.append(_unraisable(said))
    limit_memory()
    signal.signal(signal.SIGVTALRM, _too_long)
    part = Report(name, seed)
    for index in range(start, stop):
        which, rng = damaged(seed, name, index, len(known))
        # before the input is read: should it end this process, the parent knows which it was
        if not _told(pipe, "doing", index, known[which].name, part):
            break
        one(part, known[which], rng, target, index)
        for what in ignored:
            part.add(Finding(f"{known[which].name}: {what}", known[which].name, index))
        ignored.clear()
        if part.inputs >= BATCH:
            _told(pipe, "part", part)
            part = Report(name, seed)
    _told(pipe, "part", part)
    _told(pipe, "done")


def _told(pipe: Connection, *words: Any) -> bool:
    """Whether somebody still listens: a run that was stopped leaves its workers behind, with nobody to tell."""
    try:
        pipe.send(words)
    except BrokenPipeError:
        return False
    return True


def _unraisable(said: Any) -> str:
    error = said.exc_value
    return f"ignored: {said.err_msg or ''} {_where(error)}" if error is not None else "ignored: an error without words"


def limit_memory(extra: int = MEMORY) -> None:
    """Allow this process so many bytes more than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + extra
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _too_long(number: int, frame: object) -> None:
    raise TooLong


def one(part: Report, case: Any, rng: random.Random, target: Path, index: int) -> None:
    """Damage a file and read it."""
    from crosscurrent.units import InputError

    path = target / case.name
    # another file of that name: HDF5 would go on with what it knows of one that it still holds open
    path.unlink(missing_ok=True)
    path.write_bytes(mutate(case.data, rng, case.text))
    begun = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)
    try:
        case.read(path)
        part.read += 1
    except InputError as error:
        part.refused += 1
        part.reasons[f"{case.name}: " + re.sub(r"[0-9.]+|'[^']*'", "#", error.what)[:60]] += 1
    except (Exception, TooLong) as error:
        part.add(Finding(f"{case.name}: {_where(error)}", case.name, index))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    spent = time.process_time() - begun
    part.inputs += 1
    part.cpu += spent
    part.slowest = max(part.slowest, spent)


def _where(error: BaseException) -> str:
    """The kind of an error and the line of the package where it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "crosscurrent" in f.filename and "fuzz" not in f.filename]
    words = re.sub(r"[0-9.]+|'[^']*'", "#", str(error).split("\n")[0])[:80]
    said = f"{type(error).__name__}: {words}"
    for place in (ours or frames)[-1:]:
        said += f" at {Path(place.filename).name}:{place.lineno} ({place.name})"
    return said


def show(name: str, index: int, seed: int) -> None:
    """Read one input here, with its traceback."""
    from fuzz.formats import cases

    folder, known = cases(name)
    which, rng = damaged(seed, name, index, len(known))
    path = folder / known[which].name
    path.write_bytes(mutate(known[which].data, rng, known[which].text))
    sys.stdout.write(f"{path}\n")
    warnings.simplefilter("error")
    limit_memory()
    known[which].read(path)
