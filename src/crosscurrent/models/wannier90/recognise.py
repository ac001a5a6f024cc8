"""Which Wannier90 file is this? By its name, and where the name says nothing, by its content."""

from __future__ import annotations

import re
from pathlib import Path

from crosscurrent.models.wannier90.files import is_binary, read_bytes
from crosscurrent.models.wannier90.load import seed_name
from crosscurrent.units import InputError

#: Kind and the endings of its files, in the order in which they are tried.
_ENDINGS = {
    "tb": r"_tb\.dat",
    "hr": r"_hr\.dat",
    "wsvec": r"_wsvec\.dat",
    "centres": r"_centres\.xyz",
    "chk": r"\.chk(\.fmt)?",
    "eig": r"\.eig",
    "mmn": r"\.mmn",
    "spn": r"\.spn(\.fmt)?",
    "shu": r"\.sHu",
    "siu": r"\.sIu",
    "win": r"\.win",
}
_COMPANIONS = {
    "chk": {"eig": ".eig", "mmn": ".mmn", "spn": ".spn"},
    "tb": {"wsvec": "_wsvec.dat"},
    "hr": {"wsvec": "_wsvec.dat", "centres": "_centres.xyz", "win": ".win"},
}


def recognise(path: str | Path) -> str:
    """The name that `load_wannier90` gives to this file: tb, hr, wsvec, centres, chk, eig, mmn, spn, shu, siu or win.

    Raises InputError when the file is missing or is none of these.
    """
    name = Path(path).name
    for kind, ending in _ENDINGS.items():
        if re.search(ending + r"(\.gz)?$", name, re.IGNORECASE):
            read_bytes(path)  # so that a missing file is refused here
            return kind
    data = read_bytes(path)
    told = _binary_kind(data) if is_binary(data) else _text_kind(data.decode("latin-1"))
    if told is None:
        raise InputError(
            "is not recognised as a Wannier90 file",
            where=str(path),
            fix="give seed_tb.dat, seed_hr.dat, seed.chk, .eig, .mmn, .spn or one of their companions",
        )
    return told


def companions(kind: str, path: str | Path) -> dict[str, str]:
    """Files of the same seed that stand beside a chk, tb or hr file."""
    folder, seed = Path(path).parent, seed_name(path)
    found: dict[str, str] = {}
    for other, ending in _COMPANIONS.get(kind, {}).items():
        for candidate in (folder / f"{seed}{ending}", folder / f"{seed}{ending}.gz"):
            if candidate.is_file():
                found.setdefault(other, str(candidate))
    return found


def _binary_kind(data: bytes) -> str | None:
    """The header record is 33 characters in a checkpoint and 60 in what pw2wannier90 writes."""
    first = int.from_bytes(data[:4], "little")
    second = int.from_bytes(data[first + 8 : first + 12], "little")
    return {(33, 4): "chk", (60, 8): "spn"}.get((first, second))


def _text_kind(text: str) -> str | None:
    """By how many numbers stand on the first lines."""
    lower = text.lower()
    if re.search(r"^[ \t]*+begin[ \t]++unit_cell_cart", lower, re.MULTILINE):
        return "win"
    lines = [line.split() for line in text.split("\n", 6)[:6]]
    if len(lines) < 3:
        return None
    if "use_ws_distance" in lower.split("\n", 1)[0]:
        return "wsvec"
    counts = tuple(len(line) if all(map(_is_number, line)) else -1 for line in lines)
    patterns = {
        "tb": counts[1:6] == (3, 3, 3, 1, 1),
        "mmn": counts[1:3] == (3, 5),
        "hr": counts[1:3] == (1, 1) and len(lines) > 3 and counts[3] > 1,
        "spn": counts[1:3] == (2, 2),
        "eig": counts[:3] == (3, 3, 3),
        "centres": counts[0] == 1 and len(lines[2]) == 4 and not _is_number(lines[2][0]),
        "chk": counts[1:3] == (1, 1) and "postw" in lower,
    }
    return next((kind for kind, fits in patterns.items() if fits), None)


def _is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True
