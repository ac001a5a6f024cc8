"""Allowed forms: the seven groups of the theory, a second route that knows no determinant, how forms are printed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from crosscurrent.physics.magnetic_groups import MAGNETIC_POINT_GROUPS, MagneticGroup, point_group
from crosscurrent.physics.symmetry import TENSORS, AllowedForm, allowed_form
from crosscurrent.units import InputError

LEVI_CIVITA = np.zeros((3, 3, 3))
for _n in range(3):
    LEVI_CIVITA[_n, _n - 2, _n - 1], LEVI_CIVITA[_n, _n - 1, _n - 2] = 1, -1

NOTHING = "[[0, 0, 0], [0, 0, 0], [0, 0, 0]]"
ANYTHING = "[[a, b, c], [d, e, f], [g, h, i]]"
ANTISYMMETRIC = "[[0, a, 0], [-a, 0, 0], [0, 0, 0]]"
UNIAXIAL = "[[a, 0, 0], [0, a, 0], [0, 0, b]]"
#: Name -> (Upsilon_1, Upsilon_0 and Upsilon_2).
SEVEN = {
    "3m'": (ANTISYMMETRIC, UNIAXIAL),
    "3m1'": (ANTISYMMETRIC, NOTHING),
    "-3'm'": (NOTHING, UNIAXIAL),
    "2mm1'": ("[[0, 0, 0], [0, 0, a], [0, b, 0]]", NOTHING),
    "-42m1'": ("[[a, 0, 0], [0, -a, 0], [0, 0, 0]]", NOTHING),
    "321'": (UNIAXIAL, NOTHING),
    "-1'": (NOTHING, ANYTHING),
}


@pytest.mark.parametrize("name", SEVEN)
def test_seven_groups(name: str) -> None:
    group = point_group(name)
    one, even = SEVEN[name]
    assert allowed_form(group, "upsilon1").compact == one
    assert allowed_form(group, "edelstein").compact == one
    assert allowed_form(group, "upsilon0").compact == even
    assert allowed_form(group, "upsilon2").compact == even


def test_polar_x_is_mm2_put_on_its_side() -> None:
    assert allowed_form(point_group("mm21'", axis="x"), "upsilon1").compact == SEVEN["2mm1'"][0]
    assert allowed_form(point_group("mm21'"), "upsilon1").compact == "[[0, a, 0], [b, 0, 0], [0, 0, 0]]"


def test_single_septuple_layer_has_no_first_order_response() -> None:
    """-3m' holds inversion, which forbids it; 3m' is the symmetry of a layer within the bilayer."""
    assert allowed_form(point_group("-3m'"), "upsilon1").is_zero
    assert not allowed_form(point_group("3m'"), "upsilon1").is_zero


def test_mirror_makes_the_off_diagonal_part_antisymmetric() -> None:
    """Threefold rotation alone leaves [[a, b], [-b, a]]; the mirror removes a. A symmetric xy part is never allowed."""
    assert allowed_form(point_group("3"), "upsilon1").compact == "[[a, b, 0], [-b, a, 0], [0, 0, c]]"
    symmetric = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0.0]])
    np.testing.assert_allclose(allowed_form(point_group("3m'"), "upsilon1").forbidden(symmetric), symmetric, atol=1e-15)


def test_known_forms_of_conductivities() -> None:
    assert allowed_form(point_group("6/mm'm'"), "anomalous_hall").compact == ANTISYMMETRIC
    # the Hall vector lies along y, the normal of the mirror without time reversal
    assert allowed_form(point_group("m'm2'"), "anomalous_hall").compact == "[[0, 0, a], [0, 0, 0], [-a, 0, 0]]"
    for grey in ("3m1'", "-1'", "4/mmm1'", "11'"):
        assert allowed_form(point_group(grey), "anomalous_hall").is_zero
    # cubic: one number, sigma^z_xy = -sigma^z_yx and cyclic
    cubic = allowed_form(point_group("m-3m1'"), "spin_hall")
    assert cubic.n_free == 1
    np.testing.assert_allclose(cubic.basis[0], LEVI_CIVITA * cubic.basis[0][0, 1, 2], atol=1e-14)
    # a full spherical group allows nothing else either; hexagonal layers three numbers
    assert allowed_form(point_group("6/mmm"), "spin_hall").n_free == 3
    assert allowed_form(point_group("432"), "upsilon1").compact == "[[a, 0, 0], [0, a, 0], [0, 0, a]]"


def second_route(group: MagneticGroup, tensor: str, random: np.random.Generator) -> np.ndarray:
    """A random tensor averaged over the group, with the spin as a polar antisymmetric tensor: no determinant appears.

    Returned in the shape of the form.
    """
    rule = TENSORS[tensor]
    value = random.normal(size=(3,) * len(rule.dims))
    if rule.axial:
        value = np.tensordot(value, LEVI_CIVITA, axes=(rule.dims.index("spin"), 0))
    else:
        value = value - value.T
    mean = np.zeros_like(value)
    kept = 0
    for rotation, flag in zip(group.rotations, group.time_reversal, strict=True):
        if tensor == "chi" and flag:
            continue
        turned = value
        for axis in range(value.ndim):
            turned = np.moveaxis(np.tensordot(rotation, turned, axes=(1, axis)), 0, axis)
        odd = tensor in ("upsilon0", "upsilon2", "anomalous_hall")
        mean += -turned if odd and flag else turned
        kept += 1
    mean /= kept
    if rule.axial:
        mean = np.tensordot(mean, LEVI_CIVITA / 2, axes=([-2, -1], [1, 2]))
        mean = np.moveaxis(mean, -1, rule.dims.index("spin"))
    return mean


@pytest.mark.parametrize("tensor", TENSORS)
def test_group_average_of_random_tensors_spans_the_form(tensor: str) -> None:
    """For all 122 groups: every average lies in the form, and as many as it has letters are independent."""
    random = np.random.default_rng(5)
    zero = 0
    for name in MAGNETIC_POINT_GROUPS:
        group = point_group(name)
        form = allowed_form(group, tensor)
        averages = np.array([second_route(group, tensor, random) for _ in range(form.n_free + 1)])
        np.testing.assert_allclose(form.forbidden(averages), 0, atol=1e-13)
        assert np.linalg.matrix_rank(averages.reshape(len(averages), -1), tol=1e-9) == form.n_free
        zero += form.is_zero
    assert zero < 122
    assert (zero == 0) == (tensor == "spin_hall")  # epsilon_ijl is allowed by everything


@given(name=st.sampled_from(MAGNETIC_POINT_GROUPS), tensor=st.sampled_from(list(TENSORS)), seed=st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_turned_group_has_the_turned_form(name: str, tensor: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    q = Rotation.from_quat(random.normal(size=4)).as_matrix()
    form, turned = (allowed_form(point_group(name, rotation=r), tensor) for r in (np.eye(3), q))
    assert form.n_free == turned.n_free
    value = form.project(random.normal(size=form.shape))
    for axis in range(value.ndim):
        value = np.moveaxis(np.tensordot(q, value, axes=(1, axis)), 0, axis)
    np.testing.assert_allclose(turned.forbidden(value), 0, atol=1e-12)
    # each pivot column has a fifth of the largest norm or more; one that is nearly zero would bring 1e6 and above
    assert np.abs(turned.basis).max(initial=0) < 1e3


@given(name=st.sampled_from(MAGNETIC_POINT_GROUPS), tensor=st.sampled_from(list(TENSORS)), seed=st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_projection(name: str, tensor: str, seed: int) -> None:
    form = allowed_form(point_group(name), tensor, dim=2 if seed % 2 else 3)
    random = np.random.default_rng(seed)
    value = random.normal(size=(2, 5, *form.shape)) + 1j * random.normal(size=(2, 5, *form.shape))
    allowed, rest = form.project(value), form.forbidden(value)
    np.testing.assert_allclose(allowed + rest, value, atol=1e-13)
    np.testing.assert_allclose(form.project(allowed), allowed, atol=1e-13)
    axes = tuple(range(2, value.ndim))
    np.testing.assert_allclose((allowed.conj() * rest).sum(axis=axes), 0, atol=1e-12)
    # what the letters say is what the projector does
    if form.n_free <= 26:
        names = "abcdefghijklmnopqrstuvwxyz"[: form.n_free]
        numbers = dict(zip(names, random.normal(size=form.n_free), strict=True)) | {"sqrt": np.sqrt}
        said = np.vectorize(lambda text: eval(text, {}, numbers), otypes=[float])(form.letters)
        np.testing.assert_allclose(form.forbidden(said), 0, atol=1e-12)


def test_chi_knows_only_the_operations_without_time_reversal() -> None:
    for name in MAGNETIC_POINT_GROUPS:
        group = point_group(name)
        n_chi, n_odd, n_even = (allowed_form(group, t).n_free for t in ("chi", "upsilon0", "upsilon1"))
        if group.time_reversal.any():
            assert n_chi == n_odd + n_even  # each part of chi is in one of the two, and they share none
        else:
            assert n_chi == n_odd == n_even


def test_two_dimensions() -> None:
    form = allowed_form(point_group("3m'"), "upsilon1", dim=2)
    assert form.compact == "[[0, a], [-a, 0], [0, 0]]"
    assert form.axes == (("x", "y", "z"), ("x", "y"))
    # cutting removes letters that stand only outside the plane
    assert allowed_form(point_group("2mm1'"), "upsilon1", dim=2).compact == "[[0, 0], [0, 0], [0, a]]"
    assert allowed_form(point_group("6/mmm"), "spin_hall").cut(spin=("z",)).compact == (
        "[[[0], [a], [0]], [[-a], [0], [0]], [[0], [0], [0]]]"
    )


def test_curie_group_of_massive_dirac_electrons() -> None:
    """H = hbar v sigma.(k x z) + Delta sigma_z: closed forms have Upsilon_1 antisymmetric and the others diagonal."""
    group = point_group("infm'")
    assert allowed_form(group, "upsilon1").compact == ANTISYMMETRIC
    assert allowed_form(group, "upsilon0").compact == UNIAXIAL
    assert allowed_form(group, "upsilon1").n_free == allowed_form(point_group("6m'm'"), "upsilon1").n_free
    # warping tells threefold from full rotation only in tensors of rank three
    assert allowed_form(group, "spin_hall").n_free < allowed_form(point_group("3m'"), "spin_hall").n_free


def test_coefficients_are_readable() -> None:
    turn = Rotation.from_euler("z", 10, degrees=True).as_matrix()
    form = allowed_form(point_group("3m1'", rotation=turn), "spin_hall", dim=2)
    assert form.letters[0, 0, 1] == "sqrt(3)*a/3"  # tan 30: the pattern turns by three times the angle
    turn = Rotation.from_euler("z", 30, degrees=True).as_matrix()
    assert allowed_form(point_group("mm2", rotation=turn), "upsilon1").compact == (
        "[[a, b, 0], [-2*sqrt(3)*a/3 - b, -a, 0], [0, 0, 0]]"
    )  # xx = -s sin 60 and xy + yx = 2 s cos 60 for the symmetric part s
    turn = Rotation.from_euler("z", 7, degrees=True).as_matrix()
    tilted = allowed_form(point_group("mm2", rotation=turn), "upsilon1")
    # xy and yx exchange their roles before an angle that is small: coefficients stay of order one
    assert np.abs(tilted.basis).max() < 10


def test_text() -> None:
    form = allowed_form(point_group("3m'"), "upsilon1")
    assert form.text().splitlines() == [
        "rows spin x y z, columns field x y z",
        "  [ 0   a   0 ]",
        "  [-a   0   0 ]",
        "  [ 0   0   0 ]",
    ]
    lines = allowed_form(point_group("6/mmm"), "spin_hall", dim=2).text().splitlines()
    assert lines[0] == "rows current x y, columns field x y"
    assert lines[-3:] == ["spin z:", "  [ 0   a ]", "  [-a   0 ]"]
    many = allowed_form(point_group("1"), "spin_hall")
    assert many.letters[2, 2, 2] == "a1"
    assert len(set(many.letters.ravel())) == 27


def test_bad_questions() -> None:
    group = point_group("3m'")
    with pytest.raises(InputError, match="upsilon0"):
        allowed_form(group, "upsilon3")
    with pytest.raises(InputError, match="dimensions"):
        allowed_form(group, "upsilon1", dim=1)
    with pytest.raises(InputError, match="no site"):
        allowed_form(group, "upsilon1", sites=[0])
    form: AllowedForm = allowed_form(group, "upsilon1")
    with pytest.raises(InputError, match="shape"):
        form.project(np.zeros((3, 2)))
    with pytest.raises(InputError, match="no label"):
        form.cut(field=("w",))
