"""Corners of Brillouin zones by their letters, for primitive lattices with right angles.

Letters and standard paths as in Setyawan and Curtarolo, Comput. Mater. Sci. 49, 299 (2010). A path is written as
letters with hyphens, a jump as a comma: "G-X-M-G-R-X, M-R".
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from crosscurrent.units import InputError

Floats = NDArray[np.float64]
#: A piece of a path: labels and reduced coordinates of its two ends.
Segment = tuple[str, Floats, str, Floats]

_CUBIC = {"G": (0.0, 0.0, 0.0), "X": (0.0, 0.5, 0.0), "M": (0.5, 0.5, 0.0), "R": (0.5, 0.5, 0.5)}
_TETRAGONAL = {
    "G": (0.0, 0.0, 0.0),
    "X": (0.0, 0.5, 0.0),
    "M": (0.5, 0.5, 0.0),
    "Z": (0.0, 0.0, 0.5),
    "R": (0.0, 0.5, 0.5),
    "A": (0.5, 0.5, 0.5),
}
_ORTHORHOMBIC = {
    "G": (0.0, 0.0, 0.0),
    "X": (0.5, 0.0, 0.0),
    "Y": (0.0, 0.5, 0.0),
    "Z": (0.0, 0.0, 0.5),
    "S": (0.5, 0.5, 0.0),
    "U": (0.5, 0.0, 0.5),
    "T": (0.0, 0.5, 0.5),
    "R": (0.5, 0.5, 0.5),
}
_ZONES = {
    "cubic": (_CUBIC, "G-X-M-G-R-X, M-R"),
    "tetragonal": (_TETRAGONAL, "G-X-M-G-Z-R-A-Z, X-R, M-A"),
    "orthorhombic": (_ORTHORHOMBIC, "G-X-S-Y-G-Z-U-R-T-Z, Y-T, U-X, S-R"),
}
#: Edges and right angles count as such within this fraction.
_EQUAL = 1e-4
_OWN = "give the corners themselves, each with a label and its reduced coordinates"


def zone_of(lattice: Floats) -> str | None:
    """ "cubic", "tetragonal" (c the axis of its own), "orthorhombic", or None for any other primitive cell.

    lattice: (3, 3), rows.
    """
    metric = lattice @ lattice.T
    a, b, c = np.sqrt(np.diag(metric))
    if np.abs(metric - np.diag(np.diag(metric))).max() > _EQUAL * a * c:
        return None
    square, equal = abs(a - b) < _EQUAL * a, abs(a - c) < _EQUAL * a
    if square and equal:
        return "cubic"
    return "tetragonal" if square else "orthorhombic"


def special_path(lattice: Floats, text: str | None = None) -> list[Segment]:
    """The segments of a path in letters; the standard one of the zone when the text is None.

    lattice: (3, 3), rows. Raises InputError for a lattice whose corners have no letters here, and for unknown letters.
    """
    zone = zone_of(lattice)
    if zone is None:
        raise InputError("the corners of this zone have no letters here", where="path", fix=_OWN)
    points, standard = _ZONES[zone]
    segments: list[Segment] = []
    for piece in (text or standard).split(","):
        letters = [letter.strip() for letter in re.split(r"[-–]", piece)]
        for letter in letters:
            if letter not in points:
                known = ", ".join(points)
                raise InputError(
                    f"'{letter}' is no corner of a {zone} zone", where="path", fix=f"it has {known}, or {_OWN}"
                )
        segments += [(a, np.array(points[a]), b, np.array(points[b])) for a, b in pairwise(letters)]
    if not segments:
        raise InputError("a path has two corners or more", where="path", fix=f'write it as "{standard}"')
    return segments
