"""What makes a list of samples a pulse, with the sample or the line of the file in which it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: A step this much longer than the median is a gap in the record.
_LONGEST_STEP = 10.0
#: The field at both ends of a record, relative to its peak.
_LARGEST_END = 0.01
_FEWEST = 8


def check_samples(times: Floats, values: Floats, source: str, lines: Sequence[int] | None = None) -> None:
    """Raises InputError for a record that is not a pulse. lines: of the file that each sample stands in."""

    def at(index: Any) -> str:
        return f"{source}, line {lines[int(index)]}" if lines is not None else f"{source}, sample {int(index)}"

    if times.ndim != 1 or values.ndim != 2 or len(times) != len(values) or values.shape[1] not in (2, 3):
        raise InputError(
            f"times have shape {times.shape} and values {values.shape}", where=source, fix="give (nt,) and (nt, 2 or 3)"
        )
    if len(times) < _FEWEST:
        raise InputError(f"{len(times)} points are too few for a pulse", where=source, fix=f"give at least {_FEWEST}")
    bad = np.flatnonzero(~np.isfinite(times) | ~np.isfinite(values).all(axis=1))
    if bad.size:
        raise InputError(
            "a value is missing (NaN or infinite)", where=at(bad[0]), fix="interpolate the gap, or drop the row"
        )
    steps = np.diff(times)
    bad = np.flatnonzero(steps <= 0)
    if bad.size:
        i = bad[0]
        what = (
            "the same time appears twice" if steps[i] == 0 else f"time goes back from {times[i]:g} to {times[i + 1]:g}"
        )
        raise InputError(what, where=at(i + 1), fix="sort the rows by time, one a time")
    typical = float(np.median(steps))
    bad = np.flatnonzero(steps > _LONGEST_STEP * typical)
    if bad.size:
        i = bad[0]
        raise InputError(
            f"a gap: {steps[i]:g} between two times, where the usual step is {typical:g}",
            where=at(i + 1),
            fix="fill in the missing rows",
        )
    peak = float(np.abs(values).max())
    if peak == 0:
        raise InputError("the field is zero everywhere", where=source)
    for index, name in ((0, "begin"), (len(times) - 1, "end")):
        edge = float(np.abs(values[index]).max())
        if edge > _LARGEST_END * peak:
            raise InputError(
                f"the field does not {name} near zero: {edge / peak:.1%} of its peak",
                where=at(index),
                fix="record longer, or multiply by a window",
            )
