"""Magnetic point groups: the 122, their settings, the names that are refused; second route: spglib's database."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from crosscurrent.physics.magnetic_groups import (
    BLACK_WHITE_GROUPS,
    CRYSTAL_CLASSES,
    MAGNETIC_POINT_GROUPS,
    MagneticGroup,
    identify,
    point_group,
)
from crosscurrent.units import InputError

#: Orders of the 32 classes as every table of point groups has them.
ORDERS = dict(
    zip(
        CRYSTAL_CLASSES,
        [1, 2, 2, 2, 4, 4, 4, 8, 4, 4, 8, 8, 8, 8, 16, 3, 6, 6, 6, 12, 6, 6, 12, 12, 12, 12, 24, 12, 24, 24, 24, 48],
        strict=True,
    )
)
SETTINGS = (
    "121 1m1 12/m1 211 m11 2/m11 112 11m 112/m 222 mm2 m2m 2mm mmm 4 -4 4/m 422 4mm -42m -4m2 4/mmm "
    "3 -3 321 312 3m1 31m -3m1 -31m 6 -6 6/m 622 6mm -6m2 -62m 6/mmm 23 m-3 432 -43m m-3m 1 -1"
)


def operations(group: MagneticGroup) -> set[tuple[tuple[int, ...], bool]]:
    flat = np.rint(1e6 * group.rotations.reshape(len(group), 9)).astype(int)
    return {(tuple(row.tolist()), bool(t)) for row, t in zip(flat, group.time_reversal, strict=True)}


def test_there_are_122() -> None:
    assert len(set(MAGNETIC_POINT_GROUPS)) == len(MAGNETIC_POINT_GROUPS) == 122
    assert len(CRYSTAL_CLASSES) == 32
    assert len(BLACK_WHITE_GROUPS) == 58
    # all different, in any orientation
    assert {point_group(name).point_name for name in MAGNETIC_POINT_GROUPS} == set(MAGNETIC_POINT_GROUPS)


@pytest.mark.parametrize("name", MAGNETIC_POINT_GROUPS)
def test_group_axioms_and_order(name: str) -> None:
    group = point_group(name)
    assert group.point_name == name
    found = operations(group)
    assert len(found) == len(group)
    np.testing.assert_allclose(group.rotations @ group.rotations.swapaxes(1, 2), np.eye(3)[None].repeat(len(group), 0))
    products = MagneticGroup(
        "",
        (group.rotations[:, None] @ group.rotations[None]).reshape(-1, 3, 3),
        (group.time_reversal[:, None] ^ group.time_reversal[None]).ravel(),
    )
    assert operations(products) == found  # closed, so with every element its inverse
    plain = name.removesuffix("1'") if name.endswith("1'") and name != "-1'" else name.replace("'", "")
    assert len(group) == ORDERS[plain] * (2 if name in {c + "1'" for c in CRYSTAL_CLASSES} else 1)
    # with time reversal: none, half of the group, or half with 1' among them
    assert group.time_reversal.mean() == (0.0 if name in CRYSTAL_CLASSES else 0.5)


def database() -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number of the space group, and Cartesian point operations, of all 1651 magnetic space groups."""
    hexagonal = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, 1]]).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for uni in range(1, 1652):
            number = spglib.get_magnetic_spacegroup_type(uni).number
            data = spglib.get_magnetic_symmetry_from_database(uni)
            whole = data["rotations"].astype(float)
            frame = hexagonal if 143 <= number <= 194 else np.eye(3)
            yield number, frame @ whole @ np.linalg.inv(frame), data["time_reversals"].astype(bool)


def test_database_of_spglib() -> None:
    """Every magnetic space group has one of the 122, operation for operation in one of our settings."""
    ours = {}
    for setting in SETTINGS.split():
        for name in primed(setting):
            ours[frozenset(operations(point_group(name)))] = name
    seen: dict[str, set[str]] = {}
    for number, rotations, flags in database():
        group = MagneticGroup("", rotations, flags)
        name = ours[frozenset(operations(group))]
        assert identify(rotations, flags) == point_group(name).point_name
        seen.setdefault(point_group(name).point_name, set()).add(name)
        if number == 156:  # P3m1 has its mirror normal along a, P31m perpendicular to it
            assert name.replace("'", "") in ("3m1", "3m11")
        if number == 157:
            assert name.replace("'", "") in ("31m", "31m1")
    assert set(seen) == set(MAGNETIC_POINT_GROUPS)


def primed(setting: str) -> Iterator[str]:
    """All ways to prime a name that are groups, and the grey group."""
    positions = [n for n, c in enumerate(setting) if c in "2346m" or (c == "1" and setting in ("1", "-1"))]
    yield setting + "1'"
    for choice in range(2 ** len(positions)):
        marked = {p for bit, p in enumerate(positions) if choice >> bit & 1}
        name = "".join(c + "'" * (n in marked) for n, c in enumerate(setting))
        if name == "1'":
            continue
        try:
            point_group(name)
        except InputError:
            continue
        yield name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (point_group("mm21'", axis="x"), point_group("2mm1'")),
        (point_group("mm'2'", axis="y"), point_group("m'2'm")),
        (point_group("2'", axis="x"), point_group("112'")),  # y goes to z
        (point_group("2'/m", unique_axis="c"), point_group("112'/m")),
        (point_group("3m'"), point_group("3m'1")),
        (point_group("31m'"), point_group("3m'", rotation=Rotation.from_euler("z", 90, degrees=True).as_matrix())),
        (point_group("-4m2"), point_group("-42m", rotation=Rotation.from_euler("z", 45, degrees=True).as_matrix())),
        (point_group("1'"), point_group("11'")),
        (point_group("mmm"), point_group(" m m m ")),
    ],
)
def test_settings(one: MagneticGroup, other: MagneticGroup) -> None:
    assert operations(one) == operations(other)


def test_directions() -> None:
    """3m: a mirror normal to x; 31m: normal to y; m and 2 about y."""
    mirror_x = (tuple(np.diag([-1000000, 1000000, 1000000]).ravel().tolist()), False)
    mirror_y = (tuple(np.diag([1000000, -1000000, 1000000]).ravel().tolist()), False)
    assert mirror_x in operations(point_group("3m"))
    assert mirror_y not in operations(point_group("3m"))
    assert mirror_y in operations(point_group("31m"))
    assert mirror_y in operations(point_group("m"))
    assert (mirror_x[0], True) in operations(point_group("3m'"))


@given(seed=st.integers(0, 1000), name=st.sampled_from(MAGNETIC_POINT_GROUPS))
@settings(max_examples=40, deadline=None)
def test_name_does_not_depend_on_orientation(seed: int, name: str) -> None:
    turned = point_group(name, rotation=Rotation.from_quat(np.random.default_rng(seed).normal(size=4)).as_matrix())
    assert turned.point_name == name


def test_curie_groups() -> None:
    assert point_group("infm'").point_name == "infm'"
    assert len(point_group("inf/mm1'")) == 2 * len(point_group("6/mmm")) * 2
    group = point_group("inf2'")
    assert (tuple(np.diag([1000000, -1000000, -1000000]).ravel().tolist()), True) in operations(group)


@pytest.mark.parametrize("name", ["4'mm", "3'", "31'm'1", "-3'm1'm", "inf'", "m'-3", "23'", "6'm'm'"])
def test_primes_that_contradict_each_other(name: str) -> None:
    with pytest.raises(InputError, match=r"contradict|unknown"):
        point_group(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("3m''", "3m'"),
        ("-3m'm", "-3'm'"),
        ("mm'2'1", "m'm2'"),
        ("42m", "-42m"),
        ("", "for a bar"),
        ("tetragonal", "bar"),
    ],
)
def test_unknown_names(name: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        point_group(name)
    assert hint in str(error.value)


def test_the_consistent_primings_are_offered() -> None:
    with pytest.raises(InputError, match="4'm'm") as error:
        point_group("4'mm")
    offered = str(error.value).split("choose from ")[1].rstrip(".").split(", ")
    assert sorted(offered) == ["4'm'm", "4'mm'", "4m'm'", "4mm", "4mm1'"]


def test_bad_orientations() -> None:
    with pytest.raises(InputError, match="axis"):
        point_group("3m", axis="w")
    with pytest.raises(InputError, match="unique"):
        point_group("2", unique_axis="a")
    for matrix in (np.diag([1, 1, -1]), 2 * np.eye(3), np.eye(2)):
        with pytest.raises(InputError, match="rotation"):
            point_group("3m", rotation=matrix)
    with pytest.raises(InputError, match="no site"):
        point_group("3m").site(0)
