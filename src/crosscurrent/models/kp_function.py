"""k.p models from a Python function of k, with its derivative checked or taken numerically."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from crosscurrent.models.bloch import Complexes, Floats, Matrices, Operator
from crosscurrent.models.kp_model import KPModel, checked_cutoff
from crosscurrent.numerics.derivative import richardson_derivative
from crosscurrent.numerics.domains import Box, Cutoff, Cylinder, Disk, Plane, Sphere
from crosscurrent.units import InputError

#: Where a function is tried out, in units of the cutoff: general points, off every axis and plane of symmetry.
_SAMPLE = np.array([[0.31, -0.17, 0.23], [-0.62, 0.44, -0.51], [0.11, 0.73, 0.37], [-0.23, -0.57, 0.81]])


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
        extent = np.array(_half_widths(checked_cutoff(cutoff, dim, name)))
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


def _text(k: Floats) -> str:
    return "(" + ", ".join(f"{x:g}" for x in k) + ")"
