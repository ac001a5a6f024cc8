"""A switching path from a CSV file: energy of a unit cell along the polar coordinate, between the two polar states.

The first line names the columns and their units, `u (angstrom), energy (eV)`, in either order, or `lambda, energy (eV)`
with lambda = 1 in the polar state; lines that begin with # are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.disk import read_bytes
from crosscurrent.models.table_text import cells, named_unit, number
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_UNITS = {"u": {"angstrom": 1.0, "nm": 10.0, "pm": 0.01}, "energy": {"eV": 1.0, "meV": 1e-3}}
_EXAMPLE = "the first line reads, e.g.: u (angstrom), energy (eV)"
#: Energies at u and -u of a path between equivalent states agree to this share of the barrier.
_EVEN = 0.02


@dataclass(frozen=True, eq=False)
class SwitchingPath:
    """displacement: of the centre atom along the polar axis, (n,) angstrom, rising. energy: of a cell, (n,) eV.

    relative: the displacement is lambda, 1 in the polar state.
    """

    displacement: Floats
    energy: Floats
    source: str = ""
    relative: bool = False

    def __post_init__(self) -> None:
        u, e = self.displacement, self.energy
        where = self.source or "switching path"
        if u.shape != e.shape or u.ndim != 1 or len(u) < 3 or not (np.isfinite(u).all() and np.isfinite(e).all()):
            raise InputError("needs three or more pairs of numbers", where=where, fix=_EXAMPLE)
        if not (np.diff(u) > 0).all():
            raise InputError("the displacements do not rise", where=where, fix="sort the rows, and leave out repeats")
        if not np.abs(u).min() < 1e-6 * np.abs(u).max():
            raise InputError("does not contain the centre u = 0", where=where, fix="add the centrosymmetric state")
        if not self.barrier > 0:
            raise InputError(
                "has its lowest energy at the centre, so nothing is polarized",
                where=where,
                fix="give the energy along the path to the polar state, which lies below the centre",
            )
        self._check_even(where)

    @property
    def centre(self) -> float:
        """Energy at u = 0, eV."""
        return float(self.energy[np.argmin(np.abs(self.displacement))])

    @property
    def barrier(self) -> float:
        """Energy of the centre above the lowest point of the path, eV."""
        return self.centre - float(self.energy.min())

    @property
    def minimum(self) -> float:
        """|u| of the lowest point of the path, angstrom."""
        return float(abs(self.displacement[np.argmin(self.energy)]))

    def _check_even(self, where: str) -> None:
        both = self.displacement[(-self.displacement >= self.displacement[0]) & (self.displacement > 0)]
        if self.displacement[0] >= 0:
            return
        left = np.interp(-both, self.displacement, self.energy)
        right = np.interp(both, self.displacement, self.energy)
        off = float(np.abs(left - right).max(initial=0.0))
        if off > _EVEN * self.barrier:
            raise InputError(
                f"the energies at u and -u differ by {off:.3g} eV",
                where=where,
                fix="the well is even in u: measure u from the centrosymmetric state",
            )


def read_switching_path(path: str | Path) -> SwitchingPath:
    """The path of a CSV file. Raises InputError, naming file and line, for anything that is not one."""
    text = read_bytes(path).decode("utf-8-sig", errors="replace")
    numbered = enumerate(text.splitlines(), start=1)
    rows = [(at, line) for at, line in numbered if line.strip() and not line.lstrip().startswith("#")]
    if not rows:
        raise InputError("holds no rows", where=str(path), fix=_EXAMPLE)
    names, factors = _columns(cells(rows[0][1], where := f"{path}, line {rows[0][0]}"), where)
    table = [_numbers(cells(line, f"{path}, line {at}"), f"{path}, line {at}") for at, line in rows[1:]]
    columns = np.array(table, dtype=float).reshape(-1, 2) * factors
    named = dict(zip(names, columns.T, strict=True))
    along = "lambda" if "lambda" in named else "u"
    return SwitchingPath(named[along], named["energy"], source=str(path), relative=along == "lambda")


def _columns(header: list[str], where: str) -> tuple[list[str], list[float]]:
    names, factors = [], []
    for cell in header:
        if cell.strip() == "lambda":
            names.append("lambda")
            factors.append(1.0)
            continue
        name, unit = named_unit(cell) or ("", "")
        if name not in _UNITS:
            raise InputError(f"'{cell.strip()[:40]}' is not a column of a switching path", where=where, fix=_EXAMPLE)
        table = _UNITS[name]
        if unit not in table:
            raise InputError(f"unknown unit '{unit[:40]}'", where=where, fix="choose from " + ", ".join(table))
        names.append(name)
        factors.append(table[unit])
    if sorted(names) not in (["energy", "u"], ["energy", "lambda"]):
        raise InputError("needs one column u and one column energy, or lambda for u", where=where, fix=_EXAMPLE)
    return names, factors


def _numbers(row: list[str], where: str) -> list[float]:
    try:
        values = [number(cell) for cell in row]
    except ValueError:
        values = []
    if len(values) != 2:
        raise InputError("is not a pair of numbers", where=where, fix=_EXAMPLE)
    return values
