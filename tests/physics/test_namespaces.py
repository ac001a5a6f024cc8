"""The formulas of `physics` run on jax.numpy as they do on numpy: same numbers, no second version of any of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosscurrent.numerics import eigen
from crosscurrent.physics import bloch, spin_current, spin_generation

jax = pytest.importorskip("jax")


@pytest.fixture(scope="module", autouse=True)
def double_precision() -> None:
    jax.config.update("jax_enable_x64", True)


def hermitian(rng: np.random.Generator, *shape: int) -> Any:
    a = rng.normal(size=(*shape, shape[-1])) + 1j * rng.normal(size=(*shape, shape[-1]))
    return a + a.conj().swapaxes(-1, -2)


@pytest.mark.parametrize("grouped", [False, True])
def test_same_numbers(grouped: bool) -> None:
    rng = np.random.default_rng(5)
    nk, n = 4, 6
    v, s = hermitian(rng, nk, 3, n), hermitian(rng, nk, 3, n)
    energies = np.sort(rng.normal(size=(nk, n)), axis=1)
    if grouped:
        energies[:, 1] = energies[:, 0]
    for name, left, right in zip(
        NAMES, everything(np, energies, v, s), everything(jax.numpy, energies, v, s), strict=True
    ):
        np.testing.assert_allclose(np.asarray(right), np.asarray(left), rtol=1e-11, atol=1e-11, err_msg=name)


NAMES = (
    "conventional",
    "at frequency",
    "liu2023",
    "corrected",
    "shi2006",
    "curvature",
    "moment",
    "f",
    "rotate",
    "means",
    "products",
    "resonance",
    "warm resonance",
    "kubo",
)


def everything(xp: Any, energies: Any, v: Any, s: Any) -> tuple[Any, ...]:
    energies, v, s = xp.asarray(energies), xp.asarray(v), xp.asarray(s)
    labels = eigen.degenerate_groups(energies, 1e-6, xp)
    gaps = energies[:, None, :] - energies[:, :, None]
    apart = labels[:, None, :] != labels[:, :, None]
    current = spin_current.anticommutator_current(v, s, v, s, xp)
    connection = bloch.berry_connection(v, bloch.inverse_gaps(gaps, apart, xp))
    inverse = bloch.inverse_gaps(gaps, apart, xp)
    z = xp.asarray([0.1, 0.3])
    states = xp.linalg.qr(v[:, 0])[0]
    kernel = spin_current.kubo_kernel(gaps, apart, 0.05, xp=xp)
    at_omega = spin_current.kubo_kernel(gaps, apart, 0.05, xp.asarray([0.1, 0.3]), xp)
    return (
        spin_current.conventional(current, v, kernel, xp),
        spin_current.conventional(current, v, at_omega, xp),
        spin_current.liu2023(connection, s, labels, xp),
        spin_current.liu2023_corrected(connection, s, labels, xp),
        spin_current.shi2006(v, energies, s, 3, xp),
        bloch.berry_curvature(connection, xp),
        bloch.orbital_moment(connection, energies, xp),
        bloch.occupations(energies, xp.asarray([0.0, 0.5]), 300.0, xp),
        eigen.rotate(states, s, xp),
        eigen.group_means(energies, labels, xp),
        spin_generation.static_weights(*spin_generation.pair_products(s, v, xp), inverse)[0],
        spin_generation.resonance(inverse, z, xp),
        spin_generation.resonance(inverse, z + 0.05j, xp),
        spin_generation.kubo_pairs(s, v, inverse, z + 0.05j, xp),
    )
