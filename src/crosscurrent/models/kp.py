"""k.p models: a Hamiltonian that is a function of k, valid near one point and up to a stated cutoff.

Both kinds, a polynomial and a Python function, take k in 1/angstrom and give eV. A k.p model has no zone to integrate
over, so it always carries a cutoff (numerics.domains), and every result quotes it. Where the integrals converge the
cutoff may be the whole plane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from crosscurrent.models.bloch import Complexes, Floats, Matrices, Operator
from crosscurrent.models.kp_function import CallableKP
from crosscurrent.models.kp_model import KPModel
from crosscurrent.models.matrix_polynomial import MatrixPolynomial, Powers
from crosscurrent.numerics.domains import Cutoff
from crosscurrent.units import InputError

__all__ = ["CallableKP", "KPModel", "PolynomialKP"]


class PolynomialKP(KPModel):
    """H(k) = sum_a C_a k_x^p k_y^q k_z^r with Hermitian C_a; dH/dk is exact.

    hamiltonian: a MatrixPolynomial, or a dict {(p, q[, r]): (n, n) matrix} in eV angstrom^(p+q+r). cutoff: Disk,
    Box or Plane in two dimensions, Sphere, Cylinder or Box in three. spin: Operator, or (3, n, n) matrices in units of
    hbar.

    Raises InputError without a cutoff, or for coefficients that are not Hermitian or not finite.
    """

    def __init__(
        self,
        hamiltonian: MatrixPolynomial | Mapping[Powers, Complexes],
        *,
        cutoff: Cutoff | None = None,
        spin: Operator | Complexes | None = None,
        operators: Mapping[str, Operator] | None = None,
        projectors: Mapping[str, Floats] | None = None,
        reference_energy: float | None = None,
        name: str = "k.p",
        source: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        polynomial = _as_polynomial(hamiltonian)
        residual = polynomial.hermitian_residual()
        if residual > 1e-10:
            raise InputError(
                f"the coefficient matrices are not Hermitian (residual {residual:.1e})",
                where=f"model '{name}'",
                fix="k is real, so every coefficient matrix must be Hermitian",
            )
        self.hamiltonian = polynomial
        super().__init__(
            dim=polynomial.dim,
            n_states=polynomial.n_states or 1,
            cutoff=cutoff,
            spin=spin,
            operators=operators,
            projectors=projectors,
            reference_energy=reference_energy,
            name=name,
            source=source,
            notes=notes,
        )
        self._prepare()

    def _prepare(self) -> None:
        derivatives = [self.hamiltonian.derivative(axis) for axis in range(self.dim)]
        powers = sorted({p for f in (self.hamiltonian, *derivatives) for p in f.terms})
        self._powers = np.array(powers, dtype=int)
        n = self.n_states
        # the monomials are real, so a real product with (re, im) pairs costs half of a complex one
        self._h = _as_real(self.hamiltonian.coefficients(powers, n))
        self._dh = _as_real(np.stack([d.coefficients(powers, n) for d in derivatives], axis=1))

    def matrices(self, k: Floats, operator: Operator | None = None, parts: frozenset[str] = frozenset()) -> Matrices:
        k = np.asarray(k, dtype=float)
        monomials = self._monomials(k)
        n, nk = self.n_states, len(k)
        h = (monomials @ self._h).view(complex).reshape(nk, n, n)
        dh = (monomials @ self._dh).view(complex).reshape(nk, self.dim, n, n)
        return Matrices(h, dh, self._operator_at(operator))

    def _monomials(self, k: Floats) -> Floats:
        """(nk, number of monomials)."""
        result = np.ones((len(self._powers), len(k)))
        for axis in range(self.dim):
            table = np.ones((int(self._powers[:, axis].max(initial=0)) + 1, len(k)))
            for p in range(1, len(table)):
                table[p] = table[p - 1] * k[:, axis]
            result *= table[self._powers[:, axis]]
        return np.ascontiguousarray(result.T)


def _as_polynomial(hamiltonian: MatrixPolynomial | Mapping[Powers, Complexes]) -> MatrixPolynomial:
    if isinstance(hamiltonian, MatrixPolynomial):
        return hamiltonian
    if not hamiltonian:
        raise InputError("the Hamiltonian has no terms", where="k.p polynomial")
    return MatrixPolynomial(hamiltonian, len(next(iter(hamiltonian))))


def _as_real(coefficients: Complexes) -> Floats:
    return np.ascontiguousarray(coefficients.reshape(len(coefficients), -1)).view(float)
