"""How far a run is: a bar on a terminal, a line now and then elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from crosscurrent.jobs.store import Progress


@contextmanager
def shown(quiet: bool = False) -> Iterator[Progress]:
    """The progress that suits where stderr goes."""
    if quiet:
        from crosscurrent.jobs.store import Silent

        yield Silent()
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            yield Bar(bar)
    else:
        yield Lines()


class Bar:
    """One bar, which starts anew for each stage."""

    def __init__(self, bar: RichProgress) -> None:
        self.bar = bar
        self.task: TaskID | None = None

    def begin(self, stage: str, total: float, found: float) -> None:
        if self.task is not None:
            self.bar.remove_task(self.task)
        # pieces found on disk took no time, and must not enter the speed
        self.task = self.bar.add_task(stage + (" (resumed)" if found else ""), total=total)
        self.bar.update(self.task, completed=found)

    def advance(self, stage: str, weight: float) -> None:
        if self.task is not None:
            self.bar.advance(self.task, weight)

    def end(self, stage: str) -> None:
        return


class Lines:
    """A line when a tenth more is done, but not more often than every `pause` seconds."""

    def __init__(self, pause: float = 5.0) -> None:
        self.pause = pause
        self.total = self.done = self.found = self.last = 0.0
        self.start = self.told = 0.0

    def begin(self, stage: str, total: float, found: float) -> None:
        self.total, self.done, self.found = total, found, found
        self.last = found
        self.start = self.told = time.monotonic()
        if found:
            click.echo(f"{stage}: {found / total:.0%} found from an earlier run", err=True)

    def advance(self, stage: str, weight: float) -> None:
        self.done += weight
        now = time.monotonic()
        if self.done - self.last < 0.1 * self.total or now - self.told < self.pause:
            return
        self.last, self.told = self.done, now
        left = (now - self.start) / (self.done - self.found) * (self.total - self.done)
        click.echo(f"{stage}: {self.done / self.total:.0%} done, {left:.0f} s left", err=True)

    def end(self, stage: str) -> None:
        return
