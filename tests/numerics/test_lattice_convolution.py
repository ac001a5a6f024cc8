"""The couplings by products of matrices, by fast transforms, and as the definition has them: one answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.lattice_convolution import lattice_convolution, products_are_faster
from crosscurrent.numerics.lattice_convolution_trigonometric import has_mirrors
from crosscurrent.numerics.slab import Slab, convolve
from crosscurrent.numerics.workspace import Workspace
from crosscurrent.physics.periodic_couplings import effective_couplings
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
SLABS = (
    Slab((6, 5, 3)),
    Slab((7, 6, 4)),
    Slab((7, 6, 4), padding=11),
    Slab((4, 8, 5), padding=19),
    Slab((5, 4, 1)),
    Slab((1, 3, 2)),
    Slab((4, 6, 8), open_y=False),
    Slab((5, 7, 3), open_y=False),
)
#: j_1 to j_7 (eV/angstrom^2), Z*, eps and a of the effective Hamiltonian of Nishimatsu et al. (2010).
PEROVSKITE = ((-2.08403, -1.12904, 0.68946, -0.61134, 0.0, 0.27690, 0.0), 10.33, 6.86915, 3.98597)


@pytest.fixture(scope="module")
def record() -> LocalMode:
    return local_mode("batio3-b")


def field(slab: Slab, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(*slab.shape, 3))


def inside(f: Floats) -> Floats:
    return np.moveaxis(f, (-1, -2), (-4, -3)).copy()


def outside(f: Floats) -> Floats:
    return np.moveaxis(f, (-4, -3), (-1, -2)).copy()


@pytest.mark.parametrize("dipole", ["damped", "bare"])
@pytest.mark.parametrize("slab", SLABS, ids=str)
def test_both_routes_are_the_definition(record: LocalMode, slab: Slab, dipole: str) -> None:
    couplings = replace(record, dipole=dipole).couplings(slab)
    u = field(slab)
    scale = np.abs(couplings.force(u)).max()
    for route in ("fourier", "trigonometric"):
        convolution = lattice_convolution(slab, -couplings.kernel, route=route)
        force = outside(convolution(inside(u))) + np.einsum("yab,xyzb->xyza", couplings.local, u)
        assert convolution.route == route
        assert np.abs(force - couplings.force(u)).max() < 1e-12 * scale


def test_every_element_of_a_kernel_with_mirrors_counts() -> None:
    # random elements of the right parities, not those of any crystal, and K_ab other than K_ba
    rng = np.random.default_rng(3)
    slab = Slab((6, 5, 4), padding=9)
    kernel = rng.normal(size=(*slab.transform_shape, 3, 3))
    for axis, n in enumerate(slab.transform_shape):
        signs = np.where(np.arange(3) == axis, -1.0, 1.0)
        kernel = kernel + np.take(kernel, -np.arange(n) % n, axis=axis) * np.outer(signs, signs)
    assert has_mirrors(kernel)
    u = field(slab)
    found = outside(lattice_convolution(slab, kernel, route="trigonometric")(inside(u)))
    assert np.abs(found - convolve(kernel, u, slab)).max() < 1e-13 * np.abs(found).max()


def test_an_effective_hamiltonian_in_a_periodic_box() -> None:
    slab = Slab((6, 5, 8), open_y=False)
    couplings = effective_couplings(slab, *PEROVSKITE)
    u = field(slab)
    for route in ("fourier", "trigonometric"):
        force = outside(lattice_convolution(slab, -couplings.kernel, route=route)(inside(u)))
        assert np.abs(force - couplings.force(u)).max() < 1e-12 * np.abs(force).max()


def test_a_kernel_without_mirrors_goes_by_fourier_transforms(record: LocalMode) -> None:
    slab = Slab((6, 5, 4))
    blocks = dict(record.blocks)
    twist = np.array([[0.0, 0.3, 0.0], [0.3, 0.0, 0.1], [0.0, 0.1, 0.0]])
    for vector, sign in (((1, 0, 0), 1.0), ((-1, 0, 0), 1.0), ((0, 0, 0), -2.0)):
        blocks[vector] = blocks[vector] + sign * twist
    couplings = record.with_kernel(blocks).couplings(slab)
    u = field(slab)
    found = lattice_convolution(slab, -couplings.kernel)
    assert found.route == "fourier"
    force = outside(found(inside(u))) + np.einsum("yab,xyzb->xyza", couplings.local, u)
    assert np.abs(force - couplings.force(u)).max() < 1e-12 * np.abs(force).max()
    with pytest.raises(InputError, match="mirrors"):
        lattice_convolution(slab, couplings.kernel, route="trigonometric")


def test_a_kernel_that_is_complex_goes_by_fourier_transforms() -> None:
    # real in real space, but K(R) is not K(-R): a lattice without inversion
    slab = Slab((4, 3, 5), open_y=False)
    rng = np.random.default_rng(1)
    kernel = np.fft.fftn(rng.normal(size=(*slab.shape, 3, 3)), axes=(0, 1, 2))
    u = field(slab)
    found = lattice_convolution(slab, kernel)
    assert found.route == "fourier" and not has_mirrors(kernel)
    assert np.abs(outside(found(inside(u))) - convolve(kernel, u, slab)).max() < 1e-12 * np.abs(kernel).max()


@pytest.mark.parametrize("route", ["fourier", "trigonometric"])
def test_single_precision_is_bounded(record: LocalMode, route: str) -> None:
    slab = Slab((21, 13, 6))
    kernel = record.couplings(slab).kernel
    u = field(slab)
    double = lattice_convolution(slab, kernel, route=route)(inside(u))
    single = lattice_convolution(slab, kernel, "single", route)(inside(u).astype(np.float32))
    assert single.dtype == np.float32
    off = single - double
    # rounding, not truncation: 24 bits, and some tens of operations that add up at random
    assert 1e-8 < np.sqrt((off**2).mean() / (double**2).mean()) < 3e-7
    assert np.abs(off).max() < 2e-6 * np.abs(double).max()


def test_arrays_that_are_kept_do_not_change_the_answer(record: LocalMode) -> None:
    slab = Slab((9, 6, 5))
    convolution = lattice_convolution(slab, record.couplings(slab).kernel, route="trigonometric")
    work = Workspace()
    for seed in range(3):
        u = inside(field(slab, seed))
        assert np.array_equal(convolution(u, np, work), convolution(u))


def test_the_choice_depends_on_the_sizes(record: LocalMode) -> None:
    assert products_are_faster(Slab((101, 85, 13)))
    assert products_are_faster(Slab((32, 32, 32), open_y=False))
    assert not products_are_faster(Slab((1024, 1024, 16)))
    slab = Slab((6, 5, 3))
    assert lattice_convolution(slab, record.couplings(slab).kernel).route == "trigonometric"
    with pytest.raises(InputError, match="route"):
        lattice_convolution(slab, record.couplings(slab).kernel, route="fast")
