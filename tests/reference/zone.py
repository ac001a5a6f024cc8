"""A periodic mesh on which operators are sampled: spectral derivatives and averages, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Hamiltonian = Callable[[Floats], Complexes]


@dataclass(frozen=True)
class Zone:
    """n x n points of the Brillouin zone of a two-dimensional lattice (rows in angstrom), n even.

    Fields are sampled as (n, n, ...), the first two axes along the reciprocal vectors.
    """

    lattice: Floats
    n: int

    @property
    def points(self) -> Floats:
        t = np.arange(self.n) / self.n
        reciprocal = 2 * np.pi * np.linalg.inv(self.lattice).T
        return np.stack(np.meshgrid(t, t, indexing="ij"), axis=-1).reshape(-1, 2) @ reciprocal

    def sample(self, h: Hamiltonian) -> Complexes:
        values = h(self.points)
        return values.reshape(self.n, self.n, *values.shape[1:])

    def derivative(self, values: Complexes, direction: int) -> Complexes:
        """d/dk_direction (Cartesian) of a smooth periodic field, exact for fields that the mesh resolves."""
        harmonics = np.fft.fftfreq(self.n, 1 / self.n)
        harmonics[self.n // 2] = 0  # the derivative of the highest harmonic is not defined on the mesh
        shape = (-1,) + (1,) * (values.ndim - 1)
        total = np.zeros(values.shape, dtype=complex)
        for axis in (0, 1):
            turned = np.moveaxis(np.fft.fft(values, axis=axis), axis, 0) * (1j * harmonics.reshape(shape))
            # the reduced coordinate is k.a/(2 pi) and the harmonic m is exp(i m k.a)
            total += self.lattice[axis, direction] * np.fft.ifft(np.moveaxis(turned, 0, axis), axis=axis)
        return total

    def integral(self, values: Complexes) -> complex:
        """int d2k/(2 pi)^2 over the zone."""
        return complex(values.mean()) / float(abs(np.linalg.det(self.lattice)))


def trace(*factors: Complexes) -> Complexes:
    """tr of a product of operators sampled at the same points."""
    product = factors[0]
    for factor in factors[1:]:
        product = product @ factor
    return np.einsum("...aa->...", product)


def commutator(a: Complexes, b: Complexes) -> Complexes:
    return a @ b - b @ a


def anticommutator(a: Complexes, b: Complexes) -> Complexes:
    return a @ b + b @ a
