"""Pulses from CSV files: units, order of columns, and every refusal with its file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.waveform_file import read_waveform
from crosscurrent.numerics.waveforms import GaussianPulse
from crosscurrent.units import InputError

PULSE = GaussianPulse((1e5, -4e4, 2e4), 2.0, 0.4)
HEADER = "time (ps), E_x (V/m), E_y (V/m), E_z (V/m)"


def lines(header: str = HEADER, time: float = 1.0, field: float = 1.0, columns: str = "txyz") -> list[str]:
    t = np.linspace(*PULSE.support, 120)
    table = np.column_stack([t * time, PULSE(t) * field])[:, ["txyz".index(c) for c in columns]]
    return [header, *(", ".join(f"{x:.15e}" for x in row) for row in table)]


def written(folder: Path, rows: list[str]) -> Path:
    path = folder / "pulse.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "time", "field", "columns"),
    [
        (HEADER, 1.0, 1.0, "txyz"),
        ("E_z [kV/cm], time [fs], E_y [kV/cm], E_x [kV/cm]", 1e3, 1e-5, "ztyx"),
        ("time(s),E_x(MV/m),E_y(MV/m),E_z(MV/m)", 1e-12, 1e-6, "txyz"),
        ("time (ns), E_x (V/Å), E_y (V/angstrom), E_z (V/cm)", 1e-3, 1.0, "txyz"),
    ],
)
def test_units_and_order(tmp_path: Path, header: str, time: float, field: float, columns: str) -> None:
    sampled = read_waveform(written(tmp_path, lines(header, time, field, columns)))
    t = np.linspace(*PULSE.support, 57)
    factors = np.array([1e10, 1e10, 1e2]) if "Å" in header else np.ones(3)
    np.testing.assert_allclose(sampled(t), PULSE(t) * factors, atol=1e-3 * 1e5 * factors.max())
    assert "pulse.csv" in sampled.description


def test_comments_blank_lines_and_one_component(tmp_path: Path) -> None:
    rows = lines("time (ps), E_y (V/m)", columns="ty")
    rows = ["# made by hand", "", rows[0], *rows[1:60], "# the crest", "", *rows[60:]]
    sampled = read_waveform(written(tmp_path, rows))
    assert sampled.dim == 2
    np.testing.assert_array_equal(sampled.values[:, 0], 0)
    assert np.abs(sampled.values[:, 1]).max() == pytest.approx(4e4, rel=1e-2)


@pytest.mark.parametrize("before", [[], ["", "# comment"]], ids=["bare", "after two lines"])
@pytest.mark.parametrize(
    ("at", "text", "message"),
    [
        (0, "time (ps), E_x (V/m), E_y (V/m), E_w (V/m)", "line 1: unknown column 'E_w'"),
        (0, "time (ps), E_x (V/m), E_y (V/m), E_z", "line 1: column 'E_z' is not a name with a unit"),
        (0, "time (ps), E_x (V/m), E_y (V/m), E_z (T)", "line 1: unknown unit 'T' of E_z"),
        (0, "time (ps), E_x (V/m), E_x (V/m), E_z (V/m)", "line 1: column 'E_x' appears twice"),
        (0, "E_y (V/m), E_x (V/m), E_z (V/m)", "line 1: there is no column time"),
        (30, "0.1, 2.0, 3.0", "line 31: 3 entries where the header names 4"),
        (30, "0.1, 2.0, , 3.0", "line 31: a value is missing"),
        (30, "nan, 2.0, 1.0, 3.0", "line 31: a value is missing"),
        (30, "0.1, 2.0, x, 3.0", "line 31: 'x' is not a number"),
        (30, "-9.0, 2.0, 1.0, 3.0", "line 31: time goes back from .* to -9"),
        (120, "9.0, 0, 0, 0", "line 121: a gap"),
        (120, lines()[120].split(",")[0] + ", 3e4, 0, 0", "line 121: the field does not end near zero"),
    ],
)
def test_refused_with_file_and_line(tmp_path: Path, before: list[str], at: int, text: str, message: str) -> None:
    rows = lines()
    rows[at] = text
    # the line of the file, not that of the table
    message = message.replace(f"line {at + 1}", f"line {at + 1 + len(before)}")
    with pytest.raises(InputError, match=r"pulse\.csv, " + message):
        read_waveform(written(tmp_path, [*before, *rows]))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([HEADER], "0 points are too few"),
        (lines()[:6], "5 points are too few"),
        (["# nothing"], "holds no rows"),
        ([*lines()[:60], lines()[59], *lines()[60:]], "line 61: the same time appears twice"),
        ([*lines()[:40], *lines()[75:]], "line 41: a gap"),
        (["time (ps), phase"], "column 'phase' is not a name with a unit"),
        (["time (ps)"], "there is no column E_x, E_y or E_z"),
    ],
)
def test_refused(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InputError, match=r"pulse\.csv.*" + message):
        read_waveform(written(tmp_path, rows))


def test_files_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "pulse.csv"
    with pytest.raises(InputError, match="no such file"):
        read_waveform(path)
    for content in (b"\xff\xfe\x00t", b"a\0b\n"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="text"):
            read_waveform(path)
