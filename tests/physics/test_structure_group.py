"""Groups from a structure with moments: bilayer MnBi2Te4, antiferromagnets of the tT and PT kind, layers, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosscurrent.physics.magnetic_groups import MagneticGroup
from crosscurrent.physics.structure_group import structure_group
from crosscurrent.physics.symmetry import allowed_form
from crosscurrent.units import InputError

A, DISTANCE = 4.334, 13.64  # angstrom
#: Height over the Mn plane (angstrom, generic) and stacking position of the atoms of one septuple layer.
SEPTUPLE = [
    ("Mn", 0.0, 0),
    ("Te", 1.5, 1),
    ("Te", -1.5, 2),
    ("Bi", 3.6, 2),
    ("Bi", -3.6, 1),
    ("Te", 5.3, 0),
    ("Te", -5.3, 0),
]
STACKING = np.array([[0, 0], [1 / 3, 2 / 3], [2 / 3, 1 / 3]])


def film(moments: list[Any], box: float = 70.0, shift: float = 0.2) -> tuple[Any, Any, list[str], Any]:
    """Septuple layers, one for each moment of Mn, stacked like ABC; Mn is atom 0, 7, ..."""
    lattice = np.array([[A, 0, 0], [-A / 2, A * np.sqrt(3) / 2, 0], [0, 0, box]])
    positions, species, values = [], [], []
    for layer, moment in enumerate(moments):
        for kind, height, place in SEPTUPLE:
            in_plane = (STACKING[place] + layer * STACKING[1]) % 1
            positions.append([*in_plane, (height + layer * DISTANCE) / box + shift])
            species.append(kind)
            values.append(moment if kind == "Mn" else 0 * np.asarray(moment))
    return lattice, positions, species, np.array(values)


def rashba_square(moments: Any) -> MagneticGroup:
    """A checkerboard on a substrate that makes up and down different."""
    lattice = [[4, 4, 0], [-4, 4, 0], [0, 0, 20.0]]
    positions = [[0, 0, 0], [0.5, 0.5, 0], [0, 0, 0.1], [0.5, 0.5, 0.1]]
    return structure_group(lattice, positions, ["M", "M", "X", "X"], moments, dim=2)


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("vectors", [False, True])
def test_bilayer(dim: int, vectors: bool) -> None:
    """-3'm' for the bilayer, 3m' for the layer in it: no total Upsilon_1, but a staggered antisymmetric one."""
    group = structure_group(*film([[0, 0, 5.0], [0, 0, -5.0]] if vectors else [5.0, -5.0]), dim=dim)
    assert group.name == group.point_name == "-3'm'"
    assert len(group) == 12
    assert group.site(0).name == group.site(7).name == "3m'"
    assert allowed_form(group, "upsilon1").is_zero
    layers = allowed_form(group, "upsilon1", sites=[0, 7])
    assert layers.dims == ("site", "spin", "field")
    assert layers.axes[0] == ("0 (Mn)", "7 (Mn)")
    assert layers.compact == "[[[0, a, 0], [-a, 0, 0], [0, 0, 0]], [[0, -a, 0], [a, 0, 0], [0, 0, 0]]]"
    # the constant field makes the same spin in both
    uniform = "[[a, 0, 0], [0, a, 0], [0, 0, b]]"
    assert allowed_form(group, "upsilon0").compact == uniform
    assert allowed_form(group, "upsilon2", sites=[0, 7]).compact == f"[{uniform}, {uniform}]"
    assert "164.88" in group.source


def test_one_site_alone_has_the_form_of_its_site_symmetry() -> None:
    group = structure_group(*film([5.0, -5.0]), dim=2)
    for tensor in ("upsilon0", "upsilon1", "spin_hall", "anomalous_hall"):
        for site in (0, 7, 9):
            alone, local = allowed_form(group, tensor, sites=[site]), allowed_form(group.site(site), tensor)
            np.testing.assert_allclose(alone.basis[:, 0], local.basis, atol=1e-12)


def test_sum_over_sites_is_the_total() -> None:
    """Any set of site tensors that symmetry allows adds up to a total that it allows."""
    group = structure_group(*film([5.0, -5.0]), dim=2)
    random = np.random.default_rng(0)
    for tensor in ("upsilon0", "upsilon1", "chi", "spin_hall", "anomalous_hall"):
        sites = allowed_form(group, tensor, sites=range(group.n_sites))
        total = allowed_form(group, tensor)
        value = sites.project(random.normal(size=sites.shape)).sum(axis=0)
        np.testing.assert_allclose(total.forbidden(value), 0, atol=1e-12)
        assert total.is_zero or np.abs(value).max() > 1e-3


@pytest.mark.parametrize(
    ("moments", "name", "site"),
    [
        ([5.0], "-3m'", "-3m'"),
        (None, "-3m1'", "3m1'"),
        ([5.0, 5.0], "-3m'", "3m'"),
        ([5.0, -5.0, 5.0], "-3m'", "3m'"),
        ([5.0, -5.0, 5.0, -5.0], "-3'm'", "3m'"),
        # an axial vector along the mirror normal x survives the mirror, one across it needs time reversal as well
        ([[5.0, 0, 0], [-5.0, 0, 0]], "2'/m", "m"),
        ([[0, 5.0, 0], [0, -5.0, 0]], "2/m'", "m'"),
    ],
)
def test_films(moments: Any, name: str, site: str) -> None:
    lattice, positions, species, values = film(moments or [0.0, 0.0])
    group = structure_group(lattice, positions, species, None if moments is None else values, dim=2)
    assert group.name == name
    assert group.site(0).name == site


def test_translation_times_time_reversal() -> None:
    """tT: the crystal is grey, the sites are not; Upsilon_0, 2 staggered, Upsilon_1 uniform (Feng et al., Table I)."""
    group = rashba_square([1, -1, 0, 0])
    assert group.name == group.point_name == "4mm1'"
    assert group.site(0).name == "4m'm'"
    assert allowed_form(group, "upsilon0", dim=2).is_zero
    assert allowed_form(group, "upsilon0", sites=[0, 1], dim=2).compact == (
        "[[[a, 0], [0, a], [0, 0]], [[-a, 0], [0, -a], [0, 0]]]"
    )
    assert allowed_form(group, "upsilon1", sites=[0, 1], dim=2).compact == (
        "[[[0, a], [-a, 0], [0, 0]], [[0, a], [-a, 0], [0, 0]]]"
    )
    assert rashba_square([1, 1, 0, 0]).name == "4m'm'"
    assert rashba_square(None).name == "4mm1'"


def test_vacuum_does_not_count() -> None:
    """Two layers in a box of exactly two distances: a crystal has a translation along c, a layer has not."""
    stack = (np.diag([3.0, 3.0, 10.0]), [[0, 0, 0], [0, 0, 0.5]], ["Mn", "Mn"], [2.0, -2.0])
    assert structure_group(*stack).name == "4/mmm1'"
    assert structure_group(*stack, dim=2).name == "4/m'm'm'"
    for shift in (0.0, 0.4, 0.93):  # the layer may be cut by the face of the box
        lattice, positions, species, values = film([5.0, -5.0], shift=shift)
        group = structure_group(lattice, np.array(positions) % 1, species, values, dim=2)
        assert group.name == "-3'm'"
    # a lattice that looks cubic by the choice of the vacuum has no rotation that tilts the layer
    for side in (4.0, 20 + np.pi):  # the second is the height that the box is given
        assert structure_group(side * np.eye(3), [[0, 0, 0]], ["C"], dim=2).name == "4/mmm1'"
    assert structure_group(4 * np.eye(3), [[0, 0, 0]], ["C"]).name == "m-3m1'"
    assert structure_group(4 * np.eye(3), [[0, 0, 0]], ["C"], [2.0]).name == "4/mm'm'"


def test_collinear_moments_turn_with_the_lattice() -> None:
    """With spin-orbit coupling a moment along z is an axial vector: the mirror x -> -x of a ferromagnet needs T."""
    group = structure_group(np.diag([3.0, 4.0, 5.0]), [[0, 0, 0]], ["Fe"], [2.0])
    assert group.name == "m'm'm"


def test_rounded_structures() -> None:
    """A structure with four digits still has exact operations, and letters without decimals."""
    lattice, positions, species, values = film([5.0, -5.0])
    sheared = np.round(lattice, 3) + np.array([[0, 0, 0], [1e-3, 0, 0], [0, 0, 0]])
    group = structure_group(sheared, np.round(positions, 4), species, values, dim=2, symprec=0.02)
    assert group.name == "-3'm'"
    np.testing.assert_allclose(
        group.rotations @ group.rotations.swapaxes(1, 2), np.eye(3)[None].repeat(12, 0), atol=1e-12
    )
    exact = structure_group(lattice, positions, species, values, dim=2)
    for tensor in ("upsilon1", "spin_hall"):
        assert allowed_form(group, tensor, sites=[0, 7]).compact == allowed_form(exact, tensor, sites=[0, 7]).compact
    # turned in the plane by an odd angle: not a standard orientation, still a group, and turned by that angle
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    turned = structure_group(np.round(lattice @ turn.T, 3), positions, species, values, dim=2, symprec=0.02)
    assert turned.name == "-3'm'"
    np.testing.assert_allclose(
        turned.rotations @ turned.rotations.swapaxes(1, 2), np.eye(3)[None].repeat(12, 0), atol=1e-12
    )
    mirror = turn @ np.diag([-1, 1, 1]) @ turn.T
    assert np.abs(turned.rotations - mirror).max(axis=(1, 2)).min() < 1e-3


def test_permutation_follows_the_operations() -> None:
    group = structure_group(*film([5.0, -5.0]), dim=2)
    assert group.permutation is not None
    inversion = np.all(np.isclose(group.rotations, -np.eye(3)), axis=(1, 2))
    assert group.time_reversal[inversion].tolist() == [True]
    assert group.permutation[inversion][0][0] == 7
    # a lies along x, and so does the normal of a mirror, which keeps each layer in its place
    mirror = np.all(np.isclose(group.rotations, np.diag([-1, 1, 1])), axis=(1, 2))
    assert group.time_reversal[mirror].tolist() == [True]
    assert group.permutation[mirror][0][0] == 0
    for row in group.permutation:
        assert sorted(row) == list(range(14))


def test_supercell_has_the_group_of_the_crystal() -> None:
    """A doubled cell repeats each operation with other site permutations; names and forms do not change."""
    group = structure_group(np.diag([3.0, 4.0, 10.0]), [[0, 0, 0], [0, 0.5, 0]], ["Fe", "Fe"], [2.0, 2.0])
    assert len(group) == 16
    assert group.name == group.point_name == "m'm'm"
    assert allowed_form(group, "anomalous_hall").compact == "[[0, a, 0], [-a, 0, 0], [0, 0, 0]]"
    both = allowed_form(group, "anomalous_hall", sites=[0, 1])
    assert both.n_free == 1


GOOD = (np.diag([3.0, 3.0, 5.0]), [[0, 0, 0], [0.5, 0.5, 0.5]], ["Mn", "Te"])


@pytest.mark.parametrize(
    ("moments", "match"),
    [
        ([5.0], "1 moments for 2 sites"),
        ([5.0, 0.0, 0.0], "3 moments for 2 sites"),
        ([float("nan"), 0.0], "not finite"),
        ([[0, 0, float("inf")], [0, 0, 0]], "not finite"),
        ([[5.0, 0.0], [0.0, 0.0]], "along z or three"),
        (["up", "down"], "not an array of numbers"),
        ([[0, 0, 5.0], [0.0]], "not an array of numbers"),
        ([500.0, 0.0], "a moment of 500 mu_B"),
        ([0.0, -1e308], r"a moment of 1e\+308 mu_B"),
        ([5.0, 1e-4], "site 1 is not above the tolerance"),
    ],
)
def test_moments_inconsistent_with_the_structure(moments: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        structure_group(*GOOD, moments)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"lattice": np.diag([3.0, 3.0, 0.0])}, "lattice"),
        ({"lattice": np.eye(2)}, "lattice"),
        ({"lattice": np.diag([3.0, 1e200, 1e200])}, r"component of 1e\+200 angstrom"),
        ({"lattice": [[3, 0, 0], [0, 3, 0], [0, 0, "c"]]}, "numbers"),
        ({"positions": [[0, 0], [0.5, 0.5]]}, "positions"),
        ({"positions": [[0, 0, 0], [0, 0, float("nan")]]}, "not finite"),
        ({"positions": [[0, 0, 0], [0, 0, 1e-7]], "species": ["Mn", "Mn"]}, "coincide"),
        ({"positions": [[0, 0, 0], [0, 0, 1e200]], "dim": 2}, r"a position of 1e\+200"),
        ({"species": ["Mn"]}, "1 species for 2"),
        ({"dim": 1}, "dimensions"),
        ({"symprec": 0.0}, "symprec"),
        ({"lattice": [[3, 0, 1], [0, 3, 0], [0, 0, 5]], "dim": 2}, "plane"),
    ],
)
def test_bad_structures(change: dict[str, Any], match: str) -> None:
    arguments = dict(zip(("lattice", "positions", "species"), GOOD, strict=True)) | change
    with pytest.raises(InputError, match=match):
        structure_group(**arguments)


def test_site_that_is_not_there() -> None:
    group = structure_group(*GOOD)
    for site in (2, -1):
        with pytest.raises(InputError, match="from 0 to 1"):
            allowed_form(group, "upsilon1", sites=[site])
    with pytest.raises(InputError, match="no site asked"):
        allowed_form(group, "upsilon1", sites=[])
