"""The YAML that phonopy writes, against a full YAML reader; everything else is refused with its line."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.phonopy_yaml import parse_sections, section_names
from crosscurrent.units import InputError
from reference.rigid_ion import Perovskite

TEXT = """# written by a test
phonopy:
  version: "2.8.0"   # quoted
  configuration:
    dim: "2 2 2"
    note: 'a # inside quotes'
  empty:
physical_unit:
  atomic_mass: "AMU"
primitive_matrix:
- [  1.0,  0.0, -2.5e-3 ]
- [ 0, 1, 0 ] # b
list_below:
  - - 1
    - 2
  - [ [ 3, 4 ], [ ] ]
points:
- symbol: Ba # 1
  coordinates: [ 0.0,
                 0.5 ]
  nested:
  - a: 1
    b: ~
- # 2
  - [ 1.0 ]
alone: 3
"""

VALUE = {
    "phonopy": {
        "version": "2.8.0",
        "configuration": {"dim": "2 2 2", "note": "a # inside quotes"},
        "empty": None,
    },
    "physical_unit": {"atomic_mass": "AMU"},
    "primitive_matrix": [[1.0, 0.0, -2.5e-3], [0, 1, 0]],
    "list_below": [[1, 2], [[3, 4], []]],
    "points": [{"symbol": "Ba", "coordinates": [0.0, 0.5], "nested": [{"a": 1, "b": None}]}, [[1.0]]],
    "alone": 3,
}


def test_reads_what_phonopy_writes() -> None:
    assert section_names(TEXT, "t") == list(VALUE)
    assert parse_sections(TEXT, VALUE, "t") == VALUE


def test_only_what_is_wanted_is_read() -> None:
    text = TEXT + "other:\n  &anchor x\n"
    assert parse_sections(text, ["alone", "absent"], "t") == {"alone": 3}
    with pytest.raises(InputError, match=f"line {len(text.splitlines())}:"):
        parse_sections(text, ["other"], "t")


def test_agrees_with_a_full_reader_on_a_whole_file() -> None:
    yaml = pytest.importorskip("yaml")
    for kind in ("compact", "forces"):
        text = Perovskite().yaml(constants=kind)
        assert parse_sections(text, section_names(text, "t"), "t") == yaml.safe_load(text)


@given(
    st.recursive(
        st.integers(-999, 999) | st.floats(-1e9, 1e9), lambda inner: st.lists(inner, max_size=4), max_leaves=12
    )
)
def test_round_trip_of_nested_lists(value: object) -> None:
    assert parse_sections(
        f"key: {value!r}\n" if isinstance(value, list) else f"key: [ {value!r} ]\n", ["key"], "t"
    ) == {"key": value if isinstance(value, list) else [value]}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: &x 1\n", "does not write"),
        ("a: *x\n", "does not write"),
        ("a: !!python/object/apply:os.system ['true']\n", "does not write"),
        ("a: |\n  text\n", "does not write"),
        ("a: {b: 1}\n", "does not write"),
        ('a: "x\\n"\n', "quoted"),
        ('a: "x\n', "quoted"),
        ("a: [ 1, 2\n", "not closed"),
        ("a: [ 1, , 2 ]\n", "without an item"),
        ("a: [ [1] 2 ]\n", "comma"),
        ("a: [ 1, 2 ] 3\n", "closing bracket"),
        ("a:\n  b: 1\n  b: 2\n", "already has"),
        ("a:\n  b: 1\n    c: 2\n", "out of line"),
        ("a:\n  - 1\n - 2\n", "out of line"),
        ("a: 1\na: 2\n", "stands twice"),
        ("a:\n\t- 1\n", "tab"),
        ("a: " + "[" * 40 + "]" * 40 + "\n", "too deeply"),
        ("{}\n", "not a section"),
        ("1 2 3\n", "not a section"),
    ],
)
def test_refuses_anything_else(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        parse_sections(text, ["a"], "file.yaml")
    assert "file.yaml, line" in str(caught.value)


def test_no_section_is_executed_or_slow() -> None:
    """A file of brackets and of long lines is read or refused in linear time."""
    start = time.perf_counter()
    parse_sections("a:\n" + "- [ 1.0, 2.0, 3.0 ]\n" * 20_000, ["a"], "t")
    for long in ("[ " * 20_000 + "\n", "[\n" + "  1.0,\n" * 20_000):
        with pytest.raises(InputError):
            parse_sections("a: " + long, ["a"], "t")
    assert time.perf_counter() - start < 5
