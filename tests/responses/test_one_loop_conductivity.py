"""Everything of order g^2 as a result: its kept part is that of `phonon_spin`, its tensor is made of its parts."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.paraelectric_metal import model_metal
from crosscurrent.responses.phonon_one_loop import one_loop_conductivity
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.results import explain, warnings_of
from crosscurrent.units import InputError

METAL = model_metal()


@pytest.fixture(scope="module")
def result():
    return one_loop_conductivity(METAL, [1.0, 10.0], 1e-3, [[2e-4, -1e-4, 3e-4], [0, 0, 0]], q_unit="k_F", order=4)


def test_the_kept_part_is_the_model_of_the_other_levels(result):
    """Two codes that share no integral: closed forms in real space, and the levels of evaluation in momentum space."""
    other = phonon_spin(METAL, [1.0, 10.0], 1e-3, [0, 0, 0], level="second_order", tolerance=1e-3)
    kept, value = result["chi_kept"].values[:, 0], other["chi"].values[:, 0, 0]
    error = result["chi_kept_error"].values[:, 0] + other["chi_error"].values[:, 0, 0]
    assert (np.abs(kept - value) <= error + 1e-6 * value).all()
    assert (np.abs(kept - value) < 1e-4 * value).all()


def test_what_the_kept_part_lacks(result):
    parts = result["coefficients"].sum(["diagram", "sector"])
    expected = parts.sel(coefficient="a") / result["chi_kept"] - 1
    np.testing.assert_allclose(result["missing"].sel(coefficient="a").values, expected.values)
    # thermally activated phonons are few; virtual ones are not
    assert np.abs(result["missing"].values[0, 0, :2]).min() > 1e3
    assert "what the RA model drops is larger than what it keeps" in "\n".join(warnings_of(result))
    assert "sea" in explain(result)


def test_conductivity_is_made_of_its_parts(result):
    a, b, d = result["coefficients"].sum(["diagram", "sector"]).values[1, 0]
    s = result["uniform"].sum("sector").values[1, 0]
    q = np.array([result[f"q_{axis}"].values[0] for axis in "xyz"]) * 1e10
    e = np.array([0.3, -0.2, 0.7])
    sigma = result["conductivity"].values[1, 0]
    for spin in range(3):
        axis = np.eye(3)[spin]
        quadratic = a * np.cross(axis, q) * (q @ e) + b * q * (axis @ np.cross(q, e)) + d * q[spin] * np.cross(e, q)
        np.testing.assert_allclose(sigma[0, :, :, spin] @ e, s * np.cross(e, axis) + quadratic, rtol=1e-10)
        # at q = 0 the uniform part is all there is
        np.testing.assert_allclose(sigma[1, :, :, spin] @ e, s * np.cross(e, axis), rtol=1e-10)
    assert (result["conductivity_error"].values >= 0).all() and result["conductivity_error"].values.max() > 0
    assert (result["chi_error"].values >= 0.5 * np.log(2) * result["cutoff_slope"].values).all()


def test_the_uniform_term_stands_beside_those_of_order_q2(result):
    """s is what q = 0 leaves; the rest of the conductivity has the size `quadratic`, times angles."""
    at_zero = result["conductivity"].values[:, :, 1]
    np.testing.assert_allclose(np.abs(at_zero).max((-3, -2, -1)), np.abs(result["uniform_total"].values), rtol=1e-12)
    np.testing.assert_array_equal(result["quadratic"].values[..., 1], 0.0)
    rest = np.abs(result["conductivity"].values[:, :, 0] - at_zero).max((-3, -2, -1))
    size = result["quadratic"].values[..., 0]
    assert (rest < 2.0 * size).all() and (rest > 0.1 * size).all()
    # q l = 0.03
    assert (size < np.abs(result["uniform_total"].values)).all()
    notes = "\n".join(warnings_of(result))
    assert "at 4 of 4 points the spin Hall effect of a uniform field" in notes
    assert "the coefficient a depends on the momentum cutoff" in notes
    # far from kT = E_g the vertex diagram alone is fine in its mean; what turns b round is the other one
    hot = one_loop_conductivity(METAL, 100.0, 0.0, [3e-2, 0, 0], q_unit="k_F", order=4)
    notes = "\n".join(warnings_of(hot))
    assert "at 1 of 1 points what the RA model drops is larger" in notes and "diagram alone at 0" in notes
    assert "uniform field" not in notes


def test_it_is_a_level_of_the_question(monkeypatch):
    from crosscurrent.responses import phonon_spin as module

    asked = {}
    monkeypatch.setattr(module, "one_loop_conductivity", lambda *args, **settings: asked.update(settings) or "result")
    assert phonon_spin(METAL, 1.0, 1e-3, [0, 0, 0], level="one_loop", q_unit="k_F") == "result"
    assert asked["q_unit"] == "k_F"
    for setting in ({"weight": "published"}, {"vertex": "published"}, {"dimension": 2}, {"omega": 0.0}):
        with pytest.raises(InputError, match="static, in three dimensions"):
            phonon_spin(METAL, 1.0, 1e-3, [0, 0, 0], level="one_loop", **setting)
