"""A text that is the same for the same input in any process, so that files know what they belong to."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np


def digest(value: Any) -> str:
    """A text that is equal only for equal values, in any process: numbers, texts, arrays, containers, dataclasses.

    Raises TypeError for anything else, whose text could differ from run to run or leave out a part.
    """
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str}{value.shape}{hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return f"{type(value).__qualname__}({digest(fields)})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{digest(k)}:{digest(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}[" + ",".join(digest(v) for v in value) + "]"
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, range, slice, np.generic)):
        return repr(value)
    raise TypeError(f"no reproducible text for a {type(value).__name__}")


def fingerprint(value: Any) -> str:
    """The hash of `digest`, 32 hexadecimal digits."""
    return hashlib.sha256(digest(value).encode()).hexdigest()[:32]
