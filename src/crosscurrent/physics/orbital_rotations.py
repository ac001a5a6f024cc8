"""How atomic orbitals and spins turn under a rotation or a reflection, with or without time reversal.

Real harmonics stand in the order of Wannier90: s; p_z, p_x, p_y; d_z2, d_xz, d_yz, d_x2-y2, d_xy; f_z3, f_xz2, f_yz2,
f_z(x2-y2), f_xyz, f_x(x2-3y2), f_y(3x2-y2). Hybrids are the combinations of them in its user guide.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

_R2, _R3, _R6, _R12 = np.sqrt([2.0, 3.0, 6.0, 12.0])
#: Real harmonics up to a common factor in each l, all of one norm within it.
_HARMONICS: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "s": lambda x, y, z: np.ones_like(x),
    "pz": lambda x, y, z: z,
    "px": lambda x, y, z: x,
    "py": lambda x, y, z: y,
    "dz2": lambda x, y, z: (2 * z * z - x * x - y * y) / (2 * _R3),
    "dxz": lambda x, y, z: x * z,
    "dyz": lambda x, y, z: y * z,
    "dx2-y2": lambda x, y, z: (x * x - y * y) / 2,
    "dxy": lambda x, y, z: x * y,
    "fz3": lambda x, y, z: z * (2 * z * z - 3 * x * x - 3 * y * y) / (2 * np.sqrt(15)),
    "fxz2": lambda x, y, z: x * (4 * z * z - x * x - y * y) / (2 * np.sqrt(10)),
    "fyz2": lambda x, y, z: y * (4 * z * z - x * x - y * y) / (2 * np.sqrt(10)),
    "fz(x2-y2)": lambda x, y, z: z * (x * x - y * y) / 2,
    "fxyz": lambda x, y, z: x * y * z,
    "fx(x2-3y2)": lambda x, y, z: x * (x * x - 3 * y * y) / (2 * _R6),
    "fy(3x2-y2)": lambda x, y, z: y * (3 * x * x - y * y) / (2 * _R6),
}
NAMES = tuple(_HARMONICS)
_SHELLS = (slice(0, 1), slice(1, 4), slice(4, 9), slice(9, 16))

_S, _PZ, _PX, _PY, _DZ2, _DX2 = (NAMES.index(n) for n in ("s", "pz", "px", "py", "dz2", "dx2-y2"))
_HYBRIDS: dict[str, list[dict[int, float]]] = {
    "sp3d2": [
        {_S: 1 / _R6, _PX: -1 / _R2, _DZ2: -1 / _R12, _DX2: 0.5},
        {_S: 1 / _R6, _PX: 1 / _R2, _DZ2: -1 / _R12, _DX2: 0.5},
        {_S: 1 / _R6, _PY: -1 / _R2, _DZ2: -1 / _R12, _DX2: -0.5},
        {_S: 1 / _R6, _PY: 1 / _R2, _DZ2: -1 / _R12, _DX2: -0.5},
        {_S: 1 / _R6, _PZ: -1 / _R2, _DZ2: 1 / _R3},
        {_S: 1 / _R6, _PZ: 1 / _R2, _DZ2: 1 / _R3},
    ],
    "sp3d": [
        {_S: 1 / _R3, _PX: -1 / _R6, _PY: 1 / _R2},
        {_S: 1 / _R3, _PX: -1 / _R6, _PY: -1 / _R2},
        {_S: 1 / _R3, _PX: 2 / _R6},
        {_PZ: 1 / _R2, _DZ2: 1 / _R2},
        {_PZ: -1 / _R2, _DZ2: 1 / _R2},
    ],
    "sp3": [
        {_S: 0.5, _PX: x / 2, _PY: y / 2, _PZ: z / 2}
        for x, y, z in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    ],
    "sp2": [
        {_S: 1 / _R3, _PX: -1 / _R6, _PY: 1 / _R2},
        {_S: 1 / _R3, _PX: -1 / _R6, _PY: -1 / _R2},
        {_S: 1 / _R3, _PX: 2 / _R6},
    ],
    "sp": [{_S: 1 / _R2, _PX: 1 / _R2}, {_S: 1 / _R2, _PX: -1 / _R2}],
}  # fmt: skip
_SETS: dict[str, tuple[str, ...]] = {
    "p": NAMES[_SHELLS[1]],
    "d": NAMES[_SHELLS[2]],
    "f": NAMES[_SHELLS[3]],
    "t2g": ("dxz", "dyz", "dxy"),
    "eg": ("dz2", "dx2-y2"),
}
#: Hybrids come before harmonics in a list of Wannier90, whatever the order in which they were asked for.
_ORDER = (*_HYBRIDS, *NAMES)


def orbitals(text: str) -> Floats:
    """Coefficients (n, 16) on the harmonics of a list like "sp3d2; dxy, dxz", in the order in which Wannier90 has them.

    Raises InputError for an unknown orbital or one that is named twice.
    """
    words = [w.strip().lower() for w in text.replace(",", ";").split(";") if w.strip()]
    names = [name for word in words for name in _SETS.get(word, (word,))]
    known = (*_HYBRIDS, *_SETS, *NAMES)
    for name in names:
        if name not in _ORDER or names.count(name) > 1:
            what = "stands twice in the list" if name in _ORDER else "is not known"
            raise InputError(f"the orbital '{name}' {what}", where="projections", fix="choose from " + ", ".join(known))
    if not names:
        raise InputError("no orbitals are named", where="projections", fix="choose from " + ", ".join(known))
    rows = []
    for name in sorted(names, key=_ORDER.index):
        for combination in _HYBRIDS.get(name) or [{NAMES.index(name): 1.0}]:
            row = np.zeros(len(NAMES))
            row[list(combination)] = list(combination.values())
            rows.append(row)
    return np.array(rows)


def harmonic_rotation(rotation: Floats) -> Floats:
    """D with (g Y_a)(r) = Y_a(R^-1 r) = sum_b Y_b(r) D_ba, (16, 16), for an orthogonal R (3, 3)."""
    points, values = _sample()
    turned = _values(points @ rotation)
    out = np.zeros((len(NAMES),) * 2)
    for shell in _SHELLS:
        out[shell, shell] = np.linalg.lstsq(values[:, shell], turned[:, shell], rcond=None)[0]
    return out


def orbital_rotation(coefficients: Floats, rotation: Floats) -> Floats:
    """D in a set of orbitals, (n, n) orthogonal. Raises InputError when the rotation leads out of the set."""
    found = coefficients @ harmonic_rotation(rotation) @ coefficients.T
    if np.abs(found @ found.T - np.eye(len(found))).max() > 1e-6:
        raise InputError(
            "an operation of the group carries one of these orbitals into others that are not among them",
            where="projections",
            fix="name all orbitals of the run, or the structure that has fewer operations",
        )
    return np.asarray(found)


def spin_rotation(rotation: Floats, time_reversal: bool) -> Complexes:
    """U (2, 2), up to a sign, on (up, down): of the proper part of R, and times -i sigma_y with time reversal, which
    then acts on the complex conjugate."""
    proper = rotation * np.rint(np.linalg.det(rotation))
    # the vector of the quaternion is the eigenvector of R to 1; Bar-Itzhack: largest eigenvector of this matrix
    m = proper
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] - m[1, 2]],
            [0, m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2], m[0, 2] - m[2, 0]],
            [0, 0, m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [0, 0, 0, np.trace(m)],
        ]
    )
    x, y, z, w = np.linalg.eigh(k, UPLO="U")[1][:, -1]
    u = np.array([[w - 1j * z, -y - 1j * x], [y - 1j * x, w + 1j * z]])
    return u @ np.array([[0, -1], [1, 0]]) if time_reversal else u


@functools.cache
def _sample() -> tuple[Floats, Floats]:
    """General directions, (40, 3), and the harmonics there, (40, 16)."""
    golden = np.pi * (3 - np.sqrt(5))
    n = np.arange(40)
    z = 1 - (2 * n + 1) / 40
    across = np.sqrt(1 - z**2)
    points = np.stack([across * np.cos(golden * n), across * np.sin(golden * n), z], axis=1)
    return points, _values(points)


def _values(points: Floats) -> Floats:
    return np.stack([f(*points.T) for f in _HARMONICS.values()], axis=1)
