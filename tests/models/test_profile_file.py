"""Profiles from text files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.profile_file import read_profile
from crosscurrent.units import InputError


def written(folder: Path, text: str) -> Path:
    path = folder / "profile.txt"
    path.write_text(text)
    return path


def test_values_and_units(tmp_path: Path) -> None:
    path = written(tmp_path, "# measured\ntemperature (mK)\n\n500\n1e3\n# gap\n0\n")
    np.testing.assert_allclose(read_profile(path, "temperature"), [0.5, 1.0, 0.0])
    np.testing.assert_allclose(read_profile(written(tmp_path, "damping [1/ps]\n2\n5"), "damping"), [2, 5])
    np.testing.assert_allclose(read_profile(written(tmp_path, "damping (1/s)\n2e12\n"), "damping"), [2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not begin with temperature"),
        ("1\n2\n", "does not begin with temperature"),
        ("damping (1/ps)\n2\n", "does not begin with temperature"),
        ("temperature (F)\n2\n", "unknown unit 'F'"),
        ("temperature (K)\n# nothing\n", "holds no values"),
        ("temperature (K)\n1\n2, 3\n", "line 3: '2, 3' is not a number"),
    ],
)
def test_refusals(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_profile(written(tmp_path, text), "temperature")


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_profile(tmp_path / "absent.txt", "temperature")
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="not a text in UTF-8"):
        read_profile(path, "temperature")
