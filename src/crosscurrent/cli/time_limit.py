"""Stop a run before the batch system does: an alarm that ends it as cleanly as Ctrl-C."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

#: Exit status of a run that is not finished and waits to be run again (EX_TEMPFAIL of sysexits).
UNFINISHED = 75

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class TimeIsUp(KeyboardInterrupt):
    """The time that was given is over."""


class Time(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """ "90 min", "1.5 h", "3600" (seconds), or as batch systems write it, "HH:MM:SS" and "D-HH:MM:SS"."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        plain = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([a-z]*)", text)
        clock = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d\d):(\d\d)", text)
        seconds = 0.0
        if plain is not None and (plain[2] or "s") in _UNITS:
            seconds = float(plain[1]) * _UNITS[plain[2] or "s"]
        elif clock is not None:
            days, hours, minutes, rest = (int(part or 0) for part in clock.groups())
            seconds = 86400.0 * days + 3600.0 * hours + 60.0 * minutes + rest
        if seconds <= 0:
            self.fail(f"'{text}' is no time; write 90min, 1.5h, 3600 or 01:30:00", param, ctx)
        return seconds


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raises TimeIsUp inside when the time is over. None: no limit."""

    def stop(number: int, frame: object) -> None:
        raise TimeIsUp

    # signals belong to the main thread
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
