"""What the machine has to give: memory that is free, also inside a container or a batch job."""

from __future__ import annotations

import os
from pathlib import Path

#: cgroup version 2, and the memory controller of version 1: the folder, and the files with limit, use and details.
_CGROUPS = (
    ("sys/fs/cgroup", "", ("memory.max", "memory.current", "inactive_file")),
    ("sys/fs/cgroup/memory", "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
)


def available_memory(root: Path = Path("/")) -> float | None:
    """GiB that a new process can have without swapping: what the system calls available, and no more than the limits of
    the cgroups (containers, batch jobs) around this process leave, and its own (ulimit -v). None where the system does
    not tell.

    root: where /proc and /sys are looked for.
    """
    free = [found for found in (_of_system(root), _of_process(root), *_of_cgroups(root)) if found is not None]
    return max(0.0, min(free)) / 2**30 if free else None


def _of_system(root: Path) -> float | None:
    """Bytes available; all that there are where /proc is not found."""
    for line in _text(root / "proc/meminfo").splitlines():
        key, _, rest = line.partition(":")
        if key == "MemAvailable":
            return float(rest.split()[0]) * 1024
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _of_process(root: Path) -> float | None:
    """Bytes that the limit of address space leaves; None without one."""
    try:
        import resource  # not on every system
    except ImportError:
        return None
    limit, used = resource.getrlimit(resource.RLIMIT_AS)[0], _text(root / "proc/self/statm").split()
    if limit == resource.RLIM_INFINITY or not used:
        return None
    return float(limit - int(used[0]) * resource.getpagesize())


def _of_cgroups(root: Path) -> list[float]:
    """Bytes that each limit leaves, of the cgroup of this process and of those around it."""
    own = _memberships(root)
    left = []
    for folder, controller, names in _CGROUPS:
        if controller not in own:
            continue
        # a container sees its own group as the top
        inside = Path(own[controller].lstrip("/"))
        for group in {root / folder / part for part in (inside, *inside.parents)}:
            found = _left(group, names)
            left += [found] if found is not None else []
    return left


def _memberships(root: Path) -> dict[str, str]:
    """Controller -> path of the group of this process; the one of version 2 has no name."""
    out: dict[str, str] = {}
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, *rest = line.split(":", 2)
        if number.isdigit() and len(rest) == 2:
            out |= dict.fromkeys(rest[0].split(","), rest[1])
    return out


def _left(group: Path, names: tuple[str, str, str]) -> float | None:
    """Bytes between limit and use, where pages of files that can be dropped are not in use; None without a limit."""
    limit, used = (_text(group / name).strip() for name in names[:2])
    if not (limit.isdigit() and used.isdigit()):
        return None
    details = dict(line.split(maxsplit=1) for line in _text(group / "memory.stat").splitlines() if " " in line)
    dropped = details.get(names[2], "0")
    return float(int(limit) - int(used) + (int(dropped) if dropped.isdigit() else 0))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
