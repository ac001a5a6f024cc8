"""Polynomials in the wave vector with matrix coefficients, written as on paper.

    kx, ky, kz = wave_vector(3)
    hamiltonian = C0 + C1 * kz**2 + tau_x * (A0 * (kx * sigma_x + ky * sigma_y))

Numbers count as multiples of the identity; matrices multiply as matrices, in the order written (`*` and `@` alike).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import Complexes
from crosscurrent.units import InputError

#: Exponents of the components of k, one a direction.
Powers = tuple[int, ...]


class MatrixPolynomial:
    """sum_a C_a k_x^p k_y^q k_z^r.

    terms: {(p, q[, r]): C}, C a number or an (n, n) matrix, all of the same n. dim: number of components of k.
    Raises InputError for exponents that are not whole numbers >= 0 and for matrices of different sizes.
    """

    # makes `matrix * polynomial` come to __rmul__ instead of being spread over the matrix elements by numpy
    __array_ufunc__ = None

    def __init__(self, terms: Mapping[Powers, ArrayLike], dim: int) -> None:
        self.dim = dim
        self.terms: dict[Powers, Complexes] = {}
        for powers, coefficient in terms.items():
            key = tuple(int(p) for p in powers)
            if len(key) != dim or any(p < 0 for p in key) or key != tuple(powers):
                raise InputError(f"exponents {powers} are not {dim} whole numbers >= 0", where="k.p polynomial")
            self.terms[key] = _coefficient(coefficient)
        sizes = {c.shape[0] for c in self.terms.values() if c.ndim}
        if len(sizes) > 1:
            raise InputError(f"matrices of different sizes {sorted(sizes)} in one polynomial", where="k.p polynomial")
        #: number of states; None for a polynomial of numbers only
        self.n_states: int | None = sizes.pop() if sizes else None

    def __add__(self, other: Any) -> MatrixPolynomial:
        other = self._lift(other)
        size = self.n_states or other.n_states
        total = {powers: _as_matrix(c, size) for powers, c in self.terms.items()}
        for powers, c in other.terms.items():
            total[powers] = total.get(powers, np.zeros((), dtype=complex)) + _as_matrix(c, size)
        return MatrixPolynomial(total, self.dim)

    __radd__ = __add__

    def __neg__(self) -> MatrixPolynomial:
        return self * -1.0

    def __sub__(self, other: Any) -> MatrixPolynomial:
        return self + -self._lift(other)

    def __rsub__(self, other: Any) -> MatrixPolynomial:
        return self._lift(other) + -self

    def __mul__(self, other: Any) -> MatrixPolynomial:
        return self._lift(other)._times_from_left(self)

    def __rmul__(self, other: Any) -> MatrixPolynomial:
        return self._times_from_left(self._lift(other))

    __matmul__ = __mul__
    __rmatmul__ = __rmul__

    def __truediv__(self, number: complex) -> MatrixPolynomial:
        return self * (1.0 / number)

    def __pow__(self, exponent: int) -> MatrixPolynomial:
        if exponent < 0 or exponent != int(exponent):
            raise InputError(f"a power of a polynomial is a whole number >= 0, got {exponent}", where="k.p polynomial")
        result = self._lift(1.0)
        for _ in range(int(exponent)):
            result = result * self
        return result

    def derivative(self, axis: int) -> MatrixPolynomial:
        """d/dk_axis, exact."""
        return MatrixPolynomial(
            {
                tuple(p - (i == axis) for i, p in enumerate(powers)): powers[axis] * c
                for powers, c in self.terms.items()
                if powers[axis]
            },
            self.dim,
        )

    def coefficients(self, powers: Iterable[Powers], n_states: int) -> Complexes:
        """The matrices of the given monomials, (len(powers), n, n); zero where the polynomial has none."""
        zero = np.zeros((n_states, n_states), dtype=complex)
        return np.array([_as_matrix(self.terms[p], n_states) if p in self.terms else zero for p in powers])

    def hermitian_residual(self) -> float:
        """Largest |C - C^dagger| of the coefficients."""
        return max((float(np.abs(c - np.conj(c.T)).max()) for c in self.terms.values()), default=0.0)

    def on_lattice(self, constants: Sequence[float]) -> tuple[NDArray[np.int64], Complexes]:
        """Lattice regularisation on an orthogonal lattice: k -> sin(k a)/a, k^2 -> 2 (1 - cos k a)/a^2.

        An odd power k^(2m+1) becomes sin(k a)/a [2 (1 - cos k a)/a^2]^m. constants: a of each direction, angstrom.
        Returns lattice vectors (nR, 3) and matrices (nR, n, n) with H(k) = sum_R exp(i k.R) H(R).
        """
        if len(constants) != self.dim or min(constants) <= 0:
            raise InputError(
                f"{self.dim} positive lattice constants are needed, got {tuple(constants)}", where="lattice"
            )
        size = self.n_states or 1
        blocks: dict[tuple[int, int, int], Complexes] = {}
        for powers, c in self.terms.items():
            series = [_harmonics(p, a) for p, a in zip(powers, constants, strict=True)]
            series += [{0: 1.0 + 0j}] * (3 - self.dim)
            for x, cx in series[0].items():
                for y, cy in series[1].items():
                    for z, cz in series[2].items():
                        here = blocks.setdefault((x, y, z), np.zeros((size, size), dtype=complex))
                        here += cx * cy * cz * _as_matrix(c, size)
        kept = sorted(
            r for r, b in blocks.items() if r == (0, 0, 0) or np.any(b) or np.any(blocks[-r[0], -r[1], -r[2]])
        )
        return np.array(kept, dtype=np.int64), np.array([blocks[r] for r in kept])

    def _lift(self, value: Any) -> MatrixPolynomial:
        if isinstance(value, MatrixPolynomial):
            if value.dim != self.dim:
                raise InputError("polynomials of different dimension do not mix", where="k.p polynomial")
            return value
        return MatrixPolynomial({(0,) * self.dim: value}, self.dim)

    def _times_from_left(self, left: MatrixPolynomial) -> MatrixPolynomial:
        product: dict[Powers, Complexes] = {}
        for p, c in left.terms.items():
            for q, d in self.terms.items():
                powers = tuple(a + b for a, b in zip(p, q, strict=True))
                value = c @ d if c.ndim and d.ndim else np.asarray(c * d)
                product[powers] = product[powers] + value if powers in product else value
        return MatrixPolynomial(product, self.dim)


def wave_vector(dim: int) -> tuple[MatrixPolynomial, ...]:
    """The symbols k_x, k_y[, k_z] to write a polynomial with."""
    return tuple(
        MatrixPolynomial({tuple(int(i == axis) for i in range(dim)): 1.0}, dim) for axis in range(dim)
    )  # fmt: skip


def _coefficient(value: ArrayLike) -> Complexes:
    c = np.asarray(value, dtype=complex)
    if c.ndim not in (0, 2) or (c.ndim == 2 and c.shape[0] != c.shape[1]):
        raise InputError(f"a coefficient is a number or a square matrix, got shape {c.shape}", where="k.p polynomial")
    if not np.isfinite(c).all():
        raise InputError("a coefficient holds NaN or infinity", where="k.p polynomial")
    return c


def _as_matrix(c: Complexes, n_states: int | None) -> Complexes:
    return c if c.ndim or n_states is None else c * np.eye(n_states)


def _harmonics(power: int, constant: float) -> dict[int, complex]:
    """Fourier coefficients {n: c_n} of the lattice form of k^power, sum_n c_n exp(i n k a)."""
    series = np.array([1.0 + 0j])
    if power % 2:
        series = np.convolve(series, np.array([0.5j, 0.0, -0.5j]) / constant)
    for _ in range(power // 2):
        series = np.convolve(series, np.array([-1.0, 2.0, -1.0]) / constant**2)
    reach = len(series) // 2
    return {n - reach: complex(c) for n, c in enumerate(series)}
