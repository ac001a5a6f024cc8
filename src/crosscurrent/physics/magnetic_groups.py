"""Magnetic point groups: Cartesian operations, each with or without time reversal, from a Hermann-Mauguin name.

Names are ASCII, with a prime for time reversal: "3m'", "-3'm'", "mm21'" (the last 1' makes a grey group). The positions
of a name stand for directions as in the International Tables, placed on Cartesian axes so:

- triclinic: none; monoclinic: the one axis is y (`unique_axis` "b") or z ("c"), or say it by position: "112", "1m1";
- orthorhombic: x, y, z, so "mm2" is polar along z and "2mm" along x;
- tetragonal: z, x, [110]; trigonal and hexagonal: z, x, y, where "3m" and "32" mean "3m1" and "321";
- cubic: the cube axes, [111], [110].

An "m" is a mirror whose normal has the direction of its position. Limiting (Curie) groups of models with a continuous
rotation about z are written with "inf": "infm'". A rotation by 30 degrees stands for it, which is exact for tensors up
to rank 11.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_CLASSES = (
    "1 -1 2 m 2/m 222 mm2 mmm 4 -4 4/m 422 4mm -42m 4/mmm 3 -3 32 3m -3m 6 -6 6/m 622 6mm -6m2 6/mmm "
    "23 m-3 432 -43m m-3m"
)
_BLACK_WHITE = (
    "-1' 2' m' 2'/m 2/m' 2'/m' 2'2'2 m'm2' m'm'2 m'mm m'm'm m'm'm' 4' -4' 4'/m 4/m' 4'/m' 4'22' 42'2' 4'm'm 4m'm' "
    "-4'2'm -4'2m' -42'm' 4/m'mm 4'/mm'm 4'/m'm'm 4/mm'm' 4/m'm'm' -3' 32' 3m' -3'm -3'm' -3m' 6' -6' 6'/m 6/m' 6'/m' "
    "6'22' 62'2' 6'mm' 6m'm' -6'm'2 -6'm2' -6m'2' 6/m'mm 6'/mmm' 6'/m'mm' 6/mm'm' 6/m'm'm' m'-3' 4'32' -4'3m' m'-3'm "
    "m-3m' m'-3'm'"
)
#: The 32 crystal classes, which are also the groups without time reversal.
CRYSTAL_CLASSES: tuple[str, ...] = tuple(_CLASSES.split())
#: The 58 groups where time reversal appears only together with a rotation or reflection.
BLACK_WHITE_GROUPS: tuple[str, ...] = tuple(_BLACK_WHITE.split())
#: All 122, in one setting each.
MAGNETIC_POINT_GROUPS: tuple[str, ...] = (
    CRYSTAL_CLASSES + tuple(name + "1'" for name in CRYSTAL_CLASSES) + BLACK_WHITE_GROUPS
)

_X, _Y, _Z, _XY, _XYZ = (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1)
_ORTHOGONAL, _TETRAGONAL, _HEXAGONAL, _CUBIC = (_X, _Y, _Z), (_Z, _X, _XY), (_Z, _X, _Y), (_Z, _XYZ, _XY)
#: Directions of the positions for every way of writing a group; the positions are separated by blanks.
_SETTINGS: dict[str, tuple[tuple[int, int, int], ...]] = {
    **dict.fromkeys(("1", "-1"), (_Z,)),
    **dict.fromkeys(
        ("1 2 1", "1 m 1", "1 2/m 1", "2 1 1", "m 1 1", "2/m 1 1", "1 1 2", "1 1 m", "1 1 2/m"), _ORTHOGONAL
    ),
    **dict.fromkeys(("2 2 2", "m m 2", "m 2 m", "2 m m", "m m m"), _ORTHOGONAL),
    **dict.fromkeys(("4", "-4", "4/m", "4 2 2", "4 m m", "-4 2 m", "-4 m 2", "4/m m m"), _TETRAGONAL),
    **dict.fromkeys(
        ("3", "-3", "3 2", "3 2 1", "3 1 2", "3 m", "3 m 1", "3 1 m", "-3 m", "-3 m 1", "-3 1 m"), _HEXAGONAL
    ),
    **dict.fromkeys(("6", "-6", "6/m", "6 2 2", "6 m m", "-6 m 2", "-6 2 m", "6/m m m"), _HEXAGONAL),
    **dict.fromkeys(("2 3", "m -3", "4 3 2", "-4 3 m", "m -3 m"), _CUBIC),
    **dict.fromkeys(("inf", "inf m", "inf 2", "inf/m", "inf/m m"), _HEXAGONAL),
}
_MONOCLINIC = {"b": {"2": "1 2 1", "m": "1 m 1", "2/m": "1 2/m 1"}, "c": {"2": "1 1 2", "m": "1 1 m", "2/m": "1 1 2/m"}}
_TOKEN = re.compile(r"(?:inf|-?[1-6])'?(?:/m'?)?|m'?")
#: Two operations whose matrices agree to this are one.
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class MagneticGroup:
    """A finite group of Cartesian operations.

    name: as asked for or identified. rotations: (n, 3, 3), orthogonal. time_reversal: (n,), True where the operation
    contains it. permutation: (n, n_sites), the site to which each site is carried, or None. site_labels: one a site.
    source: where the group comes from and how it is oriented.
    """

    name: str
    rotations: Floats
    time_reversal: Flags
    permutation: NDArray[np.int64] | None = None
    site_labels: tuple[str, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def n_sites(self) -> int:
        return 0 if self.permutation is None else self.permutation.shape[1]

    @property
    def point_name(self) -> str:
        """The one of the 122 names that this group has in whatever orientation; its own name for Curie groups."""
        return identify(self.rotations, self.time_reversal) or self.name

    def selected(self, keep: Flags, name: str = "") -> MagneticGroup:
        """The operations marked in keep (n,); their name is identified when none is given."""
        rotations, flags = self.rotations[keep], self.time_reversal[keep]
        permutation = None if self.permutation is None else self.permutation[keep]
        name = name or identify(rotations, flags)
        return replace(self, name=name, rotations=rotations, time_reversal=flags, permutation=permutation)

    def site(self, site: int) -> MagneticGroup:
        """Site symmetry: the operations that leave the site where it is. Raises InputError for an unknown site."""
        if self.permutation is None or not 0 <= site < self.n_sites:
            raise InputError(
                f"there is no site {site} in the group {self.name}",
                where="sites",
                fix=f"sites count from 0 to {self.n_sites - 1}" if self.n_sites else "use the group of a structure",
            )
        return self.selected(self.permutation[:, site] == site)

    def rotated(self, rotation: ArrayLike) -> MagneticGroup:
        """The group of the body turned by a proper rotation (3, 3). Raises InputError for any other matrix."""
        q = np.asarray(rotation, dtype=float)
        if q.shape != (3, 3) or not np.allclose(q @ q.T, np.eye(3), atol=1e-9) or np.linalg.det(q) < 0:
            raise InputError(
                "not a proper rotation matrix", where="rotation", fix="give 3 x 3 numbers, q q^T = 1, det 1"
            )
        return replace(self, rotations=_clean(q @ self.rotations @ q.T))


def point_group(
    name: str, *, axis: str = "z", rotation: ArrayLike | None = None, unique_axis: str = "b"
) -> MagneticGroup:
    """The magnetic point group of that name; how it lies is said at the top of this module.

    axis: where the group's own z goes ("x", "y" or "z", the other two following in cyclic order), so "mm21'" with
    axis="x" is the same as "2mm1'", polar along x. rotation: (3, 3), applied after that. unique_axis: "b" (y) or
    "c" (z) for monoclinic names without positions. Raises InputError for unknown names (with the nearest known ones),
    for primes that contradict each other, and for bad orientations.
    """
    if axis not in ("x", "y", "z"):
        raise InputError(f"unknown axis '{axis}'", where="axis", fix="choose from x, y, z")
    if unique_axis not in _MONOCLINIC:
        raise InputError(f"unknown unique axis '{unique_axis}'", where="unique_axis", fix="choose b (y) or c (z)")
    rotations, flags = _operations(name, unique_axis)
    source = "by name" if axis == "z" else f"by name, its z along {axis}"
    group = MagneticGroup(name.strip(), rotations, flags, source=source)
    group = group.rotated(np.roll(np.eye(3), " xyz".index(axis) % 3, axis=0))
    return group if rotation is None else replace(group.rotated(rotation), source=source + ", rotated")


def identify(rotations: Floats, time_reversal: Flags) -> str:
    """Which of the 122 groups the operations form, in any orientation; "" when they form none.

    Types of operation (proper or not, angle, time reversal) and how often each occurs tell the 122 apart. An operation
    that is given more than once counts once.
    """
    distinct = {_key(r, bool(t)): n for n, (r, t) in enumerate(zip(rotations, time_reversal, strict=True))}
    keep = list(distinct.values())
    return _names_by_census().get(_census(rotations[keep], time_reversal[keep]), "")


def generate(operations: Iterable[tuple[Floats, bool]]) -> tuple[Floats, Flags]:
    """The group that the operations, (3, 3) and whether with time reversal, generate: (n, 3, 3), (n,), identity first.

    Raises InputError when it has no end in sight.
    """
    generators = list(operations)
    found = {_key(np.eye(3), False): (np.eye(3), False)}
    new = list(found.values())
    while new:
        products = [(_clean(g @ r), s != t) for r, t in new for g, s in generators]
        new = []
        for r, t in products:
            if _key(r, t) not in found:
                found[_key(r, t)] = (r, t)
                new.append((r, t))
        if len(found) > 400:
            raise InputError("the operations do not generate a finite group of a crystal", where="symmetry")
    return np.array([r for r, _ in found.values()]), np.array([t for _, t in found.values()])


def _operations(name: str, unique_axis: str) -> tuple[Floats, Flags]:
    tokens, grey = _tokens(name)
    skeleton = " ".join(token.replace("'", "") for token in tokens)
    skeleton = _MONOCLINIC[unique_axis].get(skeleton, skeleton)
    if skeleton not in _SETTINGS:
        raise _unknown(name)
    if len(tokens) == 1 and "1" in skeleton.split():  # "2'" became "1 2 1"
        tokens = [tokens[0] if part != "1" else "1" for part in skeleton.split()]
    rotations, flags = generate(_generators(tokens, skeleton))
    if any(t and np.allclose(r, np.eye(3)) for r, t in zip(rotations, flags, strict=True)) or "inf'" in name:
        raise InputError(
            f"the primes of '{name}' contradict each other: together they would make time reversal itself a symmetry",
            where="point group",
            fix="with these rotations choose from "
            + ", ".join(_primings(skeleton))
            + f", {name.replace(chr(39), '')}1'",
        )
    if grey:
        rotations, flags = np.concatenate([rotations] * 2), np.repeat([False, True], len(rotations))
    return rotations, flags


def _tokens(name: str) -> tuple[list[str], bool]:
    """The positions of a name, and whether it ends with 1' (a grey group)."""
    text = name.replace(" ", "")
    tokens = _TOKEN.findall(text)
    if not text or "".join(tokens) != text:
        raise _unknown(name)
    grey = tokens[-1] == "1'"
    tokens = tokens[:-1] if grey else tokens
    if any(token == "1'" for token in tokens):
        raise _unknown(name)
    return tokens or ["1"], grey


def _generators(tokens: Sequence[str], skeleton: str) -> Iterable[tuple[Floats, bool]]:
    for token, direction in zip(tokens, _SETTINGS[skeleton], strict=False):
        for part in token.split("/"):
            yield _operation(part.replace("'", ""), np.array(direction, dtype=float)), part.endswith("'")


def _operation(symbol: str, direction: Floats) -> Floats:
    """3, -4, m, ... about (or with its normal along) a direction."""
    if symbol == "m":
        return -_rotation(direction, 2)
    order = 12 if symbol == "inf" else abs(int(symbol))
    return _rotation(direction, order) * (-1 if symbol.startswith("-") else 1)


def _rotation(direction: Floats, order: int) -> Floats:
    x, y, z = n = direction / np.linalg.norm(direction)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = 2 * np.pi / order
    turned = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(n, n)
    return _clean(turned)


def _clean(rotations: Floats) -> Floats:
    """Entries that are a multiple of 1/2 or sqrt(3)/2 to rounding are set to it, so that products stay exact."""
    for unit in (0.5, np.sqrt(0.75)):
        near = unit * np.rint(rotations / unit)
        rotations = np.where(np.abs(rotations - near) < 1e-12, near + 0.0, rotations)
    return np.asarray(rotations, dtype=float)


def _key(rotation: Floats, flag: bool) -> tuple[bytes, bool]:
    return np.rint(rotation / _SAME).astype(np.int64).tobytes(), flag


def _census(rotations: Floats, flags: Flags) -> tuple[tuple[int, ...], ...]:
    det = np.rint(np.linalg.det(rotations)).astype(int)
    # the trace of a crystal rotation is whole; of a Curie group it need not be
    trace = np.rint(100 * np.trace(rotations, axis1=1, axis2=2)).astype(int)
    kinds, counts = np.unique(np.stack([det, trace, flags.astype(int)], axis=1), axis=0, return_counts=True)
    return tuple((*map(int, kind), int(count)) for kind, count in zip(kinds, counts, strict=True))


@functools.cache
def _names_by_census() -> dict[tuple[tuple[int, ...], ...], str]:
    return {_census(*_operations(name, "b")): name for name in MAGNETIC_POINT_GROUPS}


def _primings(skeleton: str) -> list[str]:
    """All names with these positions whose primes are consistent."""
    slots = re.split(r"(?<=[0-9mf])(?=[ /]|$)", skeleton)
    out = []
    for primes in itertools.product(("", "'"), repeat=len(slots) - 1):
        spaced = "".join(a + b for a, b in itertools.zip_longest(slots, primes, fillvalue=""))
        tokens = spaced.split()
        if "1'" in tokens or "inf'" in spaced:
            continue
        rotations, flags = generate(_generators(tokens, skeleton))
        if not np.any(flags & (np.abs(rotations - np.eye(3)).max(axis=(1, 2)) < _SAME)):
            out.append("".join(tokens))
    return out


def _unknown(name: str) -> InputError:
    known = [*MAGNETIC_POINT_GROUPS, *(skeleton.replace(" ", "") for skeleton in _SETTINGS)]
    near = difflib.get_close_matches(name.replace(" ", ""), known, n=3, cutoff=0.5)
    return InputError(
        f"unknown magnetic point group '{name}'",
        where="point group",
        fix=(f"did you mean {' or '.join(near)}? " if near else "")
        + "write it as 3m', -3'm', mm21', 4'/m'm'm: minus for a bar, ' for time reversal, 1' last for a grey group",
    )
