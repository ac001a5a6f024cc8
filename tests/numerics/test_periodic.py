"""Wave vectors on a periodic grid: products that keep fields real, derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.numerics import periodic


@pytest.mark.parametrize("shape", [(8,), (7,), (8, 6), (5, 6, 4)])
def test_products_of_wave_vectors_keep_real_fields_real(shape):
    rng = np.random.default_rng(0)
    values = np.fft.fftn(rng.normal(size=shape))
    products = periodic.wave_vector_products(shape, 0.7)
    for a in range(3):
        for b in range(3):
            back = np.fft.ifftn(products[..., a, b] * values)
            assert np.abs(back.imag).max() < 1e-12 * max(np.abs(back.real).max(), 1.0)
    # the square of the Nyquist wave vector is kept, its product with another axis is not
    if shape[0] % 2 == 0:
        assert products[(shape[0] // 2, *(0,) * (len(shape) - 1))][0, 0] == pytest.approx((np.pi / 0.7) ** 2)
    if len(shape) > 1 and shape[0] % 2 == 0:
        assert not products[shape[0] // 2, ..., 0, 1].any()
    np.testing.assert_allclose(
        np.sqrt(np.trace(products, axis1=-2, axis2=-1)), periodic.lengths(shape, 0.7), atol=1e-12
    )


def test_axes_that_the_grid_lacks_have_no_wave_vector():
    products = periodic.wave_vector_products((6,), 1.0)
    assert products[..., 0, 0].any()
    assert not products[..., 1:, :].any() and not products[..., :, 1:].any()


@pytest.mark.parametrize("n", [11, 12])
def test_derivative_of_a_wave(n):
    x = 0.5 * np.arange(n)
    q = 2 * np.pi / (0.5 * n)
    np.testing.assert_allclose(periodic.derivative(np.sin(2 * q * x), 0, 0.5), 2 * q * np.cos(2 * q * x), atol=1e-12)
    values = np.stack([np.cos(q * x), np.ones(n)])
    np.testing.assert_allclose(periodic.derivative(values, 1, 0.5)[0], -q * np.sin(q * x), atol=1e-12)
