"""Fields in space from files: what is read, and what is refused with the line it stands in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.field_file import read_field
from crosscurrent.units import InputError

RNG = np.random.default_rng(5)


def test_archive(tmp_path: Path) -> None:
    field = RNG.normal(size=(4, 5, 3))
    np.savez(tmp_path / "f.npz", field=field, spacing=[10.0, 20.0])
    found, spacing = read_field(tmp_path / "f.npz")
    np.testing.assert_array_equal(found, field)
    np.testing.assert_array_equal(spacing, [10.0, 20.0])


def test_table_in_any_order_and_unit(tmp_path: Path) -> None:
    field = RNG.normal(size=(4, 3, 3))
    field[..., 2] = 0.0
    rows = [f"{field[i, j, 1] / 1e5},{0.5 * i},{field[i, j, 0]},{2 * j}" for i in range(4) for j in range(3)]
    text = "# made by hand\nE_y (kV/cm), x (nm), E_x [V/m], y (Å)\n" + "\n".join(RNG.permutation(rows)) + "\n"
    (tmp_path / "f.csv").write_text(text)
    found, spacing = read_field(tmp_path / "f.csv")
    np.testing.assert_allclose(found, field, rtol=1e-12)
    np.testing.assert_allclose(spacing, [5.0, 2.0], rtol=1e-12)
    plane, _ = read_field(tmp_path / "f.csv", dimension=2)
    np.testing.assert_allclose(plane, field[..., :2], rtol=1e-12)


HEAD = "x (nm), E_x (V/m)\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (HEAD, "holds no rows"),
        ("x, E_x (V/m)\n0,1\n", "line 1: column 'x' is not a name with a unit"),
        ("x (kg), E_x (V/m)\n0,1\n", "unknown unit 'kg' of x"),
        ("x (nm), B_x (V/m)\n0,1\n", "column 'B_x' is unknown or appears twice"),
        ("x (nm), x (nm), E_x (V/m)\n0,0,1\n", "column 'x' is unknown or appears twice"),
        ("x (nm)\n0\n", "there is no column of the field"),
        ("y (nm), E_x (V/m)\n0,1\n", "varies along x first"),
        (HEAD + "0,1\n1\n", "line 3: 1 entries where the header names 2"),
        (HEAD + "0,1\n1,a\n", "line 3: an entry is not a number"),
        (HEAD + "0,1\n1,nan\n", "line 3: an entry is not a finite number"),
        (HEAD + "0,1\n1,2\n3,1\n", "the points along x are not evenly spaced"),
        (HEAD + "0,1\n1,2\n1,1\n2,1\n", "4 rows do not fill the grid of 3 points"),
        ("x (nm), y (nm), E_x (V/m)\n0,0,1\n1,1,1\n0,1,1\n", "3 rows do not fill the grid of 2 x 2 points"),
    ],
)
def test_bad_table_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        read_field(tmp_path / "f.csv")
    assert words in str(caught.value)
    assert "f.csv" in str(caught.value)


def test_a_plane_has_no_z(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("x (nm), E_z (V/m)\n0,1\n1,2\n2,1\n")
    with pytest.raises(InputError, match="a metal in a plane knows no E_z"):
        read_field(tmp_path / "f.csv", dimension=2)


def test_what_is_no_field_file(tmp_path: Path) -> None:
    (tmp_path / "f.npz").write_bytes(b"not an archive")
    np.savez(tmp_path / "g.npz", field=np.zeros((4, 3)))
    (tmp_path / "f.csv").write_bytes(b"\xff\xfe\x00")
    for name, words in (
        ("f.npz", "not a readable .npz"),
        ("g.npz", "the array 'spacing' is missing"),
        ("f.dat", "a field comes as .npz or .csv"),
        ("f.csv", "is not a text file"),
        ("none.npz", "no such file"),
    ):
        with pytest.raises(InputError, match=words):
            read_field(tmp_path / name)
