"""Some damaged inputs of every format: refused with an InputError, or read soundly. run.py reads many more.

CROSSCURRENT_FUZZ_COUNT=20000 makes this the long run.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from fuzz.formats import FORMATS, cases
from fuzz.mutations import mutate
from fuzz.pool import fuzz

COUNT = int(os.environ.get("CROSSCURRENT_FUZZ_COUNT", "0"))
#: Inputs of each format in the suite; those of the costly ones are fewer.
FEW = {"toml": 150, "netcdf": 80}


@pytest.mark.parametrize("name", FORMATS)
def test_sound_files_are_read(name: str) -> None:
    """The test below would pass on readers that refuse everything."""
    folder, known = cases(name)
    (folder / "sound").mkdir()
    for case in known:
        path = folder / "sound" / case.name
        path.write_bytes(case.data)
        case.read(path)


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_are_refused_or_read(name: str) -> None:
    """In a process of its own, with limits of time and memory."""
    report = fuzz(name, COUNT or FEW.get(name, 400), seed=1)
    assert report.inputs >= (COUNT or FEW.get(name, 400))
    assert not report.findings, "\n".join(f"{f.what} (index {f.example})" for f in report.findings.values())
    assert report.refused > report.inputs / 3, "the damage is too gentle to test anything"


def test_damage_is_the_same_each_time() -> None:
    data = Path(__file__).read_bytes()
    one, two = ([mutate(data, random.Random(n), True) for n in range(200)] for _ in range(2))
    assert one == two and sum(other != data for other in one) > 190


@pytest.mark.parametrize("fault", ["raises", "spins", "eats", "dies", "mutters"])
def test_the_harness_sees_each_kind_of_fault(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSCURRENT_FUZZ_FAULT", fault)
    report = fuzz("faulty", 3)
    assert report.inputs == 3 and sum(f.count for f in report.findings.values()) == 1
    (finding,) = report.findings.values()
    words = {"raises": "ZeroDivisionError", "spins": "TooLong", "eats": "MemoryError", "dies": "killed the process"}
    assert words.get(fault, "ignored") in finding.what and finding.example == 1
    # one that only mutters has refused all the same
    assert report.refused + report.read == 2 + (fault == "mutters")
