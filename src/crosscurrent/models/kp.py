"""k.p models: a Hamiltonian that is a function of k, valid near one point and up to a stated cutoff.

Both kinds take k in 1/angstrom and give eV. A k.p model has no zone to integrate over, so it always carries a cutoff
(numerics.domains), and every result quotes it. Where the integrals converge the cutoff may be the whole plane.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np

from crosscurrent.models.bloch import AXES, BlochModel, Complexes, Floats, Matrices, Operator
from crosscurrent.models.matrix_polynomial import MatrixPolynomial, Powers
from crosscurrent.numerics.derivative import richardson_derivative
from crosscurrent.numerics.domains import Box, Cutoff, Cylinder, Disk, Plane, Sphere
from crosscurrent.units import InputError

__all__ = ["CallableKP", "KPModel", "PolynomialKP"]


class KPModel(BlochModel):
    """What every k.p model has besides its Hamiltonian.

    operators: named operators, at least "spin" when the model has one. reference_energy: the energy (eV) from which
    the material's literature counts the Fermi energy, e.g. a band bottom, or None; mu itself is always absolute.
    notes: what a result must tell about how the model was made.
    """

    operators: Mapping[str, Operator]
    reference_energy: float | None
    notes: tuple[str, ...]

    def __init__(
        self,
        *,
        dim: int,
        n_states: int,
        cutoff: Cutoff | None,
        spin: Operator | Complexes | None,
        operators: Mapping[str, Operator] | None,
        projectors: Mapping[str, Floats] | None,
        reference_energy: float | None,
        name: str,
        source: str,
        notes: Sequence[str],
    ) -> None:
        self.name, self.source, self.dim, self.n_states, self.lattice = name, source, dim, n_states, None
        self.domain = _checked_cutoff(cutoff, dim, name)
        self.spin = spin if isinstance(spin, Operator) or spin is None else Operator.constant(spin, AXES)
        self.operators = {**({} if self.spin is None else {"spin": self.spin}), **(operators or {})}
        self.projectors = {key: np.asarray(value, dtype=float) for key, value in (projectors or {}).items()}
        self.reference_energy, self.notes = reference_energy, tuple(notes)
        for key, operator in self.operators.items():
            if operator.n_states != n_states:
                raise InputError(
                    f"operator '{key}' acts on {operator.n_states} states, the Hamiltonian on {n_states}",
                    where=f"model '{name}'",
                )
        for key, weights in self.projectors.items():
            if weights.shape != (n_states,):
                raise InputError(
                    f"projector '{key}' has shape {weights.shape}, expected ({n_states},)", where=f"model '{name}'"
                )

    def with_cutoff(self, cutoff: Cutoff) -> Self:
        """The same model with another cutoff; raises InputError when its dimension does not fit."""
        other = copy.copy(self)
        other.domain = _checked_cutoff(cutoff, self.dim, self.name)
        return other

    def _operator_at(self, operator: Operator | None) -> Complexes | None:
        if operator is None:
            return None
        if not operator.is_constant:
            raise InputError(
                f"model '{self.name}' has no lattice, so its operators must be constant matrices",
                where="spin operator",
                fix="give an operator with Operator.constant",
            )
        return operator.blocks


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


class CallableKP(KPModel):
    """H(k) from a Python function.

    hamiltonian: function k (nk, dim) 1/angstrom -> (nk, n, n) eV, Hermitian. derivative: function k ->
    (nk, dim, n, n) eV angstrom; it is compared with the numerical derivative at a few points. Without it dH/dk is
    taken numerically, by central differences at steps h, h/2 and h/4 and Richardson extrapolation to order h^6;
    the two fourth-order values on the way must agree within `tolerance`, relative to |dH/dk|.
    step: h in 1/angstrom (default: 1 % of the cutoff). To run in several processes both must be picklable, that is,
    functions of a module and no lambdas.

    Raises InputError without a cutoff; for values that are not finite, not Hermitian or of the wrong shape; for a
    derivative that is not that of H; and for a numerical derivative that does not converge (a kink, a step too long).
    """

    def __init__(
        self,
        hamiltonian: Callable[[Floats], Complexes],
        *,
        dim: int,
        cutoff: Cutoff | None = None,
        derivative: Callable[[Floats], Complexes] | None = None,
        step: float | None = None,
        tolerance: float = 1e-6,
        spin: Operator | Complexes | None = None,
        operators: Mapping[str, Operator] | None = None,
        projectors: Mapping[str, Floats] | None = None,
        reference_energy: float | None = None,
        name: str = "k.p function",
        source: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        self._function, self._derivative, self.tolerance = hamiltonian, derivative, tolerance
        self.name = name
        extent = np.array(_half_widths(_checked_cutoff(cutoff, dim, name)))
        self.step = float(0.01 * extent.min() if step is None else step)
        if not self.step > 0:
            raise InputError(f"the step of the numerical derivative must be positive, got {step}", where="step")
        points = _SAMPLE[:, :dim] * extent
        first = np.asarray(hamiltonian(points))
        n = first.shape[-1] if first.ndim == 3 else 0
        self.n_states = n
        made = f"dH/dk by Richardson extrapolation of central differences, step {self.step:g} 1/angstrom"
        super().__init__(
            dim=dim,
            n_states=n,
            cutoff=cutoff,
            spin=spin,
            operators=operators,
            projectors=projectors,
            reference_energy=reference_energy,
            name=name,
            source=source,
            notes=notes if derivative is not None else (*notes, made),
        )
        #: typical |dH/dk|, eV angstrom: what "relative" means where dH/dk itself vanishes
        self._slope = float(np.abs(richardson_derivative(self._hamiltonian_at, points, self.step)[0]).max())
        if derivative is not None:
            self._compare_derivative(points)

    def matrices(self, k: Floats, operator: Operator | None = None, parts: frozenset[str] = frozenset()) -> Matrices:
        k = np.asarray(k, dtype=float)
        h = self._hamiltonian_at(k)
        if self._derivative is None:
            dh = self._numerical_derivative(h, k)
        else:
            dh = self._checked(self._derivative(k), (len(k), self.dim, self.n_states, self.n_states), "dH/dk", k)
        return Matrices(h, dh, self._operator_at(operator))

    def _hamiltonian_at(self, k: Floats) -> Complexes:
        return self._checked(self._function(k), (len(k), self.n_states, self.n_states), "H", k)

    def _checked(self, value: Complexes, shape: tuple[int, ...], what: str, k: Floats) -> Complexes:
        a = np.asarray(value, dtype=complex)
        where = f"model '{self.name}'"
        if a.shape != shape or shape[-1] == 0:
            raise InputError(f"{what}(k) has shape {a.shape} for k of shape {k.shape}, expected {shape}", where=where)
        bad = np.flatnonzero(~np.isfinite(a.reshape(len(k), -1)).all(axis=1))
        if len(bad):
            raise InputError(f"{what} is NaN or infinite at k = {_text(k[bad[0]])} 1/angstrom", where=where)
        residual = np.abs(a - a.conj().swapaxes(-1, -2)).reshape(len(k), -1).max(axis=1, initial=0.0)
        limit = 1e-9 * max(1.0, float(np.abs(a).max(initial=0.0)))
        if len(k) and residual.max() > limit:
            at = int(residual.argmax())
            raise InputError(
                f"{what} is not Hermitian at k = {_text(k[at])} 1/angstrom (residual {residual[at]:.1e})", where=where
            )
        return a

    def _numerical_derivative(self, h: Complexes, k: Floats) -> Complexes:
        dh, disagreement = richardson_derivative(self._hamiltonian_at, k, self.step)
        # point by point, so that the verdict does not depend on how k points are handed out in batches
        scale = np.maximum(np.abs(dh).reshape(len(k), -1).max(axis=1, initial=0.0), self._slope)
        rounding = 1e-14 * np.abs(h).reshape(len(k), -1).max(axis=1, initial=0.0) / self.step
        bad = np.flatnonzero(disagreement > self.tolerance * scale + rounding)
        if len(bad):
            at = bad[disagreement[bad].argmax()]
            raise InputError(
                f"the numerical dH/dk at k = {_text(k[at])} does not converge: steps {self.step:g} and "
                f"{self.step / 2:g} 1/angstrom differ by {disagreement[at]:.2e} eV angstrom "
                f"(largest |dH/dk| {scale[at]:.2e})",
                where=f"model '{self.name}'",
                fix="give `derivative`, or a shorter `step`, or remove the kink of H at this k",
            )
        return dh

    def _compare_derivative(self, points: Floats) -> None:
        given = self.matrices(points).dh
        numerical, uncertainty = richardson_derivative(self._hamiltonian_at, points, self.step)
        difference = np.abs(given - numerical).reshape(len(points), -1).max(axis=1)
        scale = max(self._slope, 1e-9)
        if np.any(difference > 1e-5 * scale + 10 * uncertainty):
            at = int(difference.argmax())
            opposite = np.abs(given + numerical).max() < 1e-3 * scale
            raise InputError(
                f"the given dH/dk is not the derivative of H: at k = {_text(points[at])} 1/angstrom they differ by "
                f"{difference[at]:.2e} eV angstrom" + (" (the sign is reversed)" if opposite else ""),
                where=f"model '{self.name}'",
                fix="correct `derivative`, or leave it out to have it taken numerically",
            )


#: Where a function is tried out, in units of the cutoff: general points, off every axis and plane of symmetry.
_SAMPLE = np.array([[0.31, -0.17, 0.23], [-0.62, 0.44, -0.51], [0.11, 0.73, 0.37], [-0.23, -0.57, 0.81]])


def _as_polynomial(hamiltonian: MatrixPolynomial | Mapping[Powers, Complexes]) -> MatrixPolynomial:
    if isinstance(hamiltonian, MatrixPolynomial):
        return hamiltonian
    if not hamiltonian:
        raise InputError("the Hamiltonian has no terms", where="k.p polynomial")
    return MatrixPolynomial(hamiltonian, len(next(iter(hamiltonian))))


def _checked_cutoff(cutoff: Cutoff | None, dim: int, name: str) -> Cutoff:
    kinds = {2: "Disk, Box or Plane", 3: "Sphere, Cylinder or Box"}
    if dim not in kinds:
        raise InputError(f"a k.p model is two- or three-dimensional, got dim = {dim}", where=f"model '{name}'")
    if cutoff is None:
        raise InputError(
            f"k.p without a cutoff in {dim}D: filled bands would be summed to infinite k",
            where=f"model '{name}'",
            fix=f"give cutoff = {kinds[dim]}, in 1/angstrom, and repeat with a larger one",
        )
    if cutoff.dim != dim:
        raise InputError(
            f"the cutoff ({cutoff.description}) has {cutoff.dim} dimensions, the model {dim}",
            where=f"model '{name}'",
            fix=f"use {kinds[dim]}",
        )
    return cutoff


def _half_widths(cutoff: Cutoff) -> tuple[float, ...]:
    """Half widths of a box inside the cutoff; of a plane, of one that holds what its points are made for."""
    match cutoff:
        case Box():
            return cutoff.half_widths
        case Disk() | Sphere():
            return (cutoff.radius / float(np.sqrt(cutoff.dim)),) * cutoff.dim
        case Plane():
            return (cutoff.scale,) * 2
        case Cylinder():
            return (cutoff.radius / float(np.sqrt(2)),) * 2 + (cutoff.half_height,)


def _as_real(coefficients: Complexes) -> Floats:
    return np.ascontiguousarray(coefficients.reshape(len(coefficients), -1)).view(float)


def _text(k: Floats) -> str:
    return "(" + ", ".join(f"{x:g}" for x in k) + ")"
