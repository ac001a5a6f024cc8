"""How sums turn: every kind of index against the rule written out."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.physics.bloch import PAIRS
from crosscurrent.physics.covariance import Covariance, axial, inert, normed, pair, part, polar, signed
from crosscurrent.physics.magnetic_groups import point_group
from crosscurrent.physics.symmetry import allowed_form

RNG = np.random.default_rng(0)
ROTATION = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
IMPROPER = ROTATION * -np.linalg.det(ROTATION)


def test_polar_and_axial_indices() -> None:
    tensor = RNG.normal(size=(2, 3, 3, 3, 5))
    rule = Covariance((polar(3), polar(3), axial((0, 1, 2)), inert(5)), reversal=-1)
    expected = np.einsum("ia,jb,lc,nabcw->nijlw", IMPROPER, IMPROPER, IMPROPER, tensor)
    np.testing.assert_allclose(rule.turn(tensor, IMPROPER, False), -expected, atol=1e-12)
    np.testing.assert_allclose(rule.turn(tensor, IMPROPER, True), expected, atol=1e-12)
    # flattened, as integrands keep them
    flat = rule.turn(tensor.reshape(2, -1), IMPROPER, False)
    np.testing.assert_allclose(flat.reshape(tensor.shape), -expected, atol=1e-12)


def test_a_pair_is_an_antisymmetric_tensor() -> None:
    values = RNG.normal(size=(4, 3, 2))
    full = np.zeros((4, 3, 3, 2))
    for p, (i, j) in enumerate(PAIRS[3]):
        full[:, i, j], full[:, j, i] = values[:, p], -values[:, p]
    turned = np.einsum("ia,jb,nabx->nijx", IMPROPER, IMPROPER, full)
    found = Covariance((pair(3), inert(2))).turn(values, IMPROPER, False)
    for p, (i, j) in enumerate(PAIRS[3]):
        np.testing.assert_allclose(found[:, p], turned[:, i, j], atol=1e-12)


def test_a_pair_in_the_plane_changes_its_sign_under_a_mirror() -> None:
    mirror = np.diag([-1.0, 1.0, 1.0])
    np.testing.assert_allclose(Covariance((pair(2),)).turn(np.array([[2.0]]), mirror, False), [[-2.0]])


def test_parts_are_exchanged_and_terms_have_signs_of_their_own() -> None:
    swap = np.array([[1.0, 0, 0], [0, 0, -1], [0, -1, 0]])
    values = RNG.normal(size=(2, 3))
    rule = Covariance((signed(1, -1), part(3)))
    assert rule.part_axis == -1
    expected = values[:, [0, 2, 1]] * [1, -1, -1]
    np.testing.assert_allclose(rule.turn(values, np.eye(3), False, swap), expected)
    np.testing.assert_allclose(rule.turn(values, np.eye(3), True, swap), expected * [[1], [-1]])


def test_norms_keep_their_sign() -> None:
    spin_field = RNG.normal(size=(2, 3, 2))
    norms = np.linalg.norm(spin_field.reshape(2, 6), axis=1)
    values = np.concatenate([spin_field.reshape(2, 6), norms[:, None]], axis=1)
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, -1]])
    rule = Covariance((part(2), normed((0, 1, 2), 2, -1)))
    found = rule.turn(values, turn, True, np.diag([1.0, -1.0]))
    axial_part = np.linalg.det(turn) * turn
    expected = -np.einsum("ia,jb,pab->pij", axial_part, turn[:2, :2], spin_field) * np.array([1, -1])[:, None, None]
    np.testing.assert_allclose(found[:, :-1], expected.reshape(2, 6), atol=1e-14)
    np.testing.assert_allclose(found[:, -1], norms)
    np.testing.assert_allclose(rule.negated(values)[:, -1], norms)


@pytest.mark.parametrize("name", ["3m'", "-3'm'", "4/mm'm'", "mm21'", "6'22'"])
def test_the_mean_over_a_group_is_the_allowed_part(name: str) -> None:
    """The projector of `physics.symmetry`, which has been tested against published forms, by another route."""
    group = point_group(name)
    for tensor, rule in {
        "spin_hall": Covariance((polar(3), polar(3), axial((0, 1, 2)))),
        "upsilon0": Covariance((axial((0, 1, 2)), polar(3)), reversal=-1),
        "edelstein": Covariance((axial((0, 1, 2)), polar(3))),
    }.items():
        values = RNG.normal(size=(2, *rule.shape))
        turned = [rule.turn(values, r, bool(t)) for r, t in zip(group.rotations, group.time_reversal, strict=True)]
        np.testing.assert_allclose(np.mean(turned, axis=0), allowed_form(group, tensor).project(values), atol=1e-12)


def test_what_an_operation_does_not_bind() -> None:
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert Covariance((axial((0, 1, 2)),)).keeps(turn, True)
    assert not Covariance((axial((0, 2)),)).keeps(turn, False)
    assert Covariance((axial((2,)),)).keeps(turn, False)
    mixed = Covariance((polar(3),), reversal=0)
    assert mixed.keeps(turn, False) and not mixed.keeps(turn, True)
