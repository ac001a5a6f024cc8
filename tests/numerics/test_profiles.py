"""Profiles along an axis: the printed values of the hot band, shapes, sponges, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.numerics.profiles import HotBand, Profile, Ramp, Sponge, Step, Uniform, realised
from crosscurrent.units import InputError


def test_hot_band_of_the_paper() -> None:
    """50 K on 1e-4 K over 101 cells, the middle tenth hot and a twentieth to cool down on either side."""
    values = HotBand(50.0, 1e-4).values(101)
    np.testing.assert_allclose(values[40:46], [0.04846, 5.62866, 18.4670, 33.7532, 45.7597, 50], rtol=5e-6)
    np.testing.assert_allclose(values[:40], 1e-4)
    np.testing.assert_allclose(values, values[::-1])


def test_other_shapes() -> None:
    sharp = HotBand(2.0, 1.0, width=0.2, smoothing=0.0).values(10)
    np.testing.assert_array_equal(sharp, [1, 1, 1, 1, 2, 2, 1, 1, 1, 1])
    tanh = HotBand(1.0, 0.0, shape="tanh").values(41)
    assert tanh[20] == pytest.approx(np.tanh(1.0))
    np.testing.assert_allclose(tanh, tanh[::-1])
    np.testing.assert_array_equal(Step(1.0, 3.0).values(5), [1, 1, 2, 3, 3])
    np.testing.assert_allclose(Ramp(4.0, 0.0).values(5), [0, 2, 4, 2, 0])
    np.testing.assert_array_equal(Ramp(4.0, 0.0).values(1), [4])
    np.testing.assert_array_equal(Uniform(2.5).values(3), 2.5)


def test_sponge() -> None:
    values = Sponge().values(85)
    d = np.arange(10)
    np.testing.assert_allclose(values[:10], 2 + 3 * ((10 - d) / 10) ** 2)
    np.testing.assert_array_equal(values[10:75], 2.0)
    np.testing.assert_array_equal(values, values[::-1])
    np.testing.assert_array_equal(Sponge(layers=2).values(5), [5, 2.75, 2, 2.75, 5])
    np.testing.assert_array_equal(Sponge(layers=0).values(4), 2.0)
    with pytest.raises(InputError, match="does not fit in 19 layers"):
        Sponge().values(19)


@pytest.mark.parametrize(
    "profile", [HotBand(50, 0), HotBand(5, 1, shape="tanh"), Step(1, 2), Ramp(2, 1), Uniform(1), Sponge()]
)
def test_realised_says_what_it_is(profile: Profile) -> None:
    values, words = realised(profile, 24, "profile", positive=False)
    np.testing.assert_array_equal(values, profile.values(24))
    assert words == profile.describe() and len(words) > 5
    again, words = realised(values.tolist(), 24, "profile", positive=False)
    np.testing.assert_array_equal(again, values)
    assert words == "given value by value"


def test_refusals() -> None:
    with pytest.raises(InputError, match="4 values, the grid 5"):
        realised([1.0] * 4, 5, "temperature", positive=False)
    with pytest.raises(InputError, match="temperature is -1 at index 1"):
        realised([1.0, -1.0], 2, "temperature", positive=False)
    with pytest.raises(InputError, match="damping is 0 at index 0"):
        realised([0.0, 1.0], 2, "damping", positive=True)
    with pytest.raises(InputError, match="nan at index 1"):
        realised([1.0, np.nan], 2, "damping", positive=True)
    for bad in (lambda: HotBand(-1, 0), lambda: Step(1, float("inf")), lambda: Ramp(1, -2), lambda: Sponge(bulk=0)):
        with pytest.raises(InputError):
            bad()
    with pytest.raises(InputError, match="does not fit the length"):
        HotBand(1, 0, width=0.8, smoothing=0.2)
    with pytest.raises(InputError, match="unknown shape"):
        HotBand(1, 0, shape="box")
    with pytest.raises(InputError, match="-1 layers"):
        Sponge(layers=-1)
