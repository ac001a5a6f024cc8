"""Slabs of cells: padding, convolution against a direct sum, coupling by layer."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.numerics.driven_slab import LayerOperator
from crosscurrent.numerics.slab import Slab, convolve, layer_coupling
from crosscurrent.numerics.slab_stability import lowest_mode
from crosscurrent.units import InputError


def test_sizes() -> None:
    slab = Slab((4, 3, 2))
    assert slab.transform_shape == (4, 6, 2) and slab.cells == 24
    assert Slab((4, 3, 2), 9).length_y == 9
    assert Slab((4, 3, 2), open_y=False).length_y == 3
    assert slab.wave_vectors().shape == (4, 6, 2, 3)
    assert slab.wave_vectors().min() == -np.pi


@pytest.mark.parametrize("shape", [(0, 3, 2), (3, 2.5, 2), (3, 3), (True, 2, 2)])
def test_bad_shapes(shape: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="three positive numbers"):
        Slab(shape)


@pytest.mark.parametrize("shape", [(2**31, 2, 2), (4, 2**31, 3), (1000, 1000, 1000)])
def test_more_cells_than_any_memory_holds(shape: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=rf"^grid: .*{shape[0]} x {shape[1]} x .* is too large: .* GB"):
        Slab(shape)


def test_bad_padding() -> None:
    with pytest.raises(InputError, match="see each other"):
        Slab((4, 3, 2), 4)
    with pytest.raises(InputError, match="no padding"):
        Slab((4, 3, 2), 6, open_y=False)


@pytest.mark.parametrize("slab", [Slab((4, 3, 2)), Slab((3, 4, 5), 8), Slab((2, 3, 4), open_y=False)])
def test_convolution_and_layers(slab: Slab) -> None:
    """Against the sum over cells of a random kernel in real space, and against the matrices between layers."""
    rng = np.random.default_rng(0)
    in_space = rng.normal(size=(*slab.transform_shape, 3, 3))
    kernel = np.fft.fftn(in_space, axes=(0, 1, 2))
    u = rng.normal(size=(2, *slab.shape, 3))
    sites = np.stack(np.meshgrid(*map(np.arange, slab.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    apart = (sites[:, None] - sites) % np.array(slab.transform_shape)
    direct = np.einsum("ijab,njb->nia", in_space[tuple(np.moveaxis(apart, -1, 0))], u.reshape(2, -1, 3))
    np.testing.assert_allclose(convolve(kernel, u, slab).reshape(2, -1, 3), direct, atol=1e-12)
    if slab.open_y:
        ny = slab.shape[1]
        coupling = layer_coupling(kernel, slab)[:, : slab.shape[2] // 2 + 1]
        operator = LayerOperator(coupling, np.zeros((ny, 3, 3)))
        spectrum = np.fft.fftn(u[0], axes=(0, 2))
        moved = np.fft.fftn(direct[0].reshape(*slab.shape, 3), axes=(0, 2))
        for qx in range(slab.shape[0]):
            expected = operator.matrix(qx, 1) @ spectrum[qx, :, 1].reshape(-1)
            np.testing.assert_allclose(moved[qx, :, 1].reshape(-1), expected, atol=1e-11)
            conjugate = operator.matrix(qx, -1) @ spectrum[qx, :, -1].reshape(-1)
            np.testing.assert_allclose(moved[qx, :, -1].reshape(-1), conjugate, atol=1e-11)


def test_lowest_mode_is_found_where_it_is() -> None:
    """A chain along x with a minimum at q_x = pi, and one layer softer than the others."""
    q = 2 * np.pi * np.arange(6) / 6
    coupling = np.zeros((6, 2, 7, 3, 3), dtype=complex)
    coupling[:, :, 3] = (2 + np.cos(q))[:, None, None, None] * np.eye(3)
    on_site = np.zeros((4, 3, 3))
    on_site[0, 1, 1] = -1.2
    found = lowest_mode(LayerOperator(coupling, on_site), 3)
    assert found.value == pytest.approx(-0.2) and found.highest == pytest.approx(3.0)
    assert found.wave_vector[0] == pytest.approx(np.pi)
    np.testing.assert_allclose(found.layers, [1, 0, 0, 0], atol=1e-12)
    # only q_x = pi, for all three q_z
    assert (found.unstable, found.total) == (3, 18)
