"""The lock of a folder that one run writes to.

The run that holds it touches it now and then. On its own machine it is asked for by its number; on another one nobody
can ask, and a lock that has not been touched for minutes is that of a run that was killed.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

from crosscurrent.disk import new_file
from crosscurrent.units import InputError

#: Seconds between two touches, and after which a lock of another machine counts as left behind.
_BEAT_S, _SILENCE_S = 20.0, 300.0


class Lock:
    """A lock file that is held from `take` to `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._over = threading.Event()

    def take(self, folder: Path) -> None:
        """Create it, or take over that of a process that is gone. Raises InputError when it is alive.

        folder: for the words of the error.
        """
        mine = {"pid": os.getpid(), "host": socket.gethostname(), "started": start_time(os.getpid())}
        prepared = self.path.with_name(f"lock.{socket.gethostname()}.{os.getpid()}")
        with new_file(prepared) as stream:
            stream.write(json.dumps(mine).encode())
        try:
            for _ in range(3):
                try:
                    # a link appears with its content or not at all, so an unreadable lock is never one being written
                    self.path.hardlink_to(prepared)
                except FileExistsError:
                    text = _text(self.path)
                    if _holder_is_alive(text, _silence(self.path, prepared)):
                        break
                    _remove_stale(self.path, text)
                else:
                    self._over.clear()
                    threading.Thread(target=self._beat, daemon=True).start()
                    return
        finally:
            prepared.unlink(missing_ok=True)
        raise InputError(
            "another run is writing this output now",
            where=str(folder),
            fix=f"wait for it, or, if you are sure that none is running, remove {self.path}",
        )

    def release(self) -> None:
        """Remove it."""
        self._over.set()
        self.path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_S):
            with suppress(OSError):
                os.utime(self.path)


def _silence(path: Path, prepared: Path) -> float:
    """Seconds since a lock was touched, by the clock of the machine that has the disk: `prepared` is new."""
    try:
        return prepared.stat().st_mtime - path.stat().st_mtime
    except OSError:
        return 0.0


def _remove_stale(path: Path, judged: str) -> None:
    """Remove the lock that was judged stale, and not one that a third run has put there since."""
    aside = path.with_name(f"lock.stale.{socket.gethostname()}.{os.getpid()}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    if _text(aside) != judged:
        aside.rename(path)
    else:
        aside.unlink()


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _holder_is_alive(text: str, silence: float) -> bool:
    try:
        holder = json.loads(text)
        pid, host, started = int(holder["pid"]), holder["host"], holder["started"]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return False
    if host != socket.gethostname() or os.name == "nt":  # no way to ask from here
        return silence < _SILENCE_S
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    # the number may have been given to another process since
    return bool(started == start_time(pid))


def start_time(pid: int) -> str:
    """When the process started, in ticks since boot, where the system tells; else ''."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""
