"""Hands the models of `torus_models` to the package, and evaluates its formulas on chosen points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from crosscurrent.models.bloch import Operator
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.eigen import degenerate_groups
from crosscurrent.physics import bloch, spin_current
from reference.torus_models import Torus
from reference.zone import Complexes, Floats


def package_model(model: Torus, spins: Complexes | None = None) -> TightBinding:
    """spins: (3, n, n) in the order x, y, z; the model's own spin matrix three times (1, 2, -1) when None."""
    matrices = np.array([1, 2, -1])[:, None, None] * model.spin if spins is None else spins
    return TightBinding(
        lattice=model.lattice,
        vectors=model.vectors,
        hamiltonian=model.blocks,
        positions=np.zeros((model.n_states, 3)),
        dim=2,
        spin=Operator.constant(matrices),
        name="torus",
    )


@dataclass(frozen=True)
class Bands:
    """What the formulas of `crosscurrent.physics` ask for, in one eigenbasis. J_i/E_j is the integral of sum f X."""

    energies: Floats
    labels: np.ndarray
    velocity: Complexes
    spin: Complexes

    @classmethod
    def of(cls, model: Torus, k: Floats, tolerance: float = 1e-7, states: Complexes | None = None) -> Bands:
        """states: eigenvectors to use instead of those of eigh (another gauge)."""
        energies, u = np.linalg.eigh(model.h(k))
        u = u if states is None else states
        turn = u.conj().swapaxes(-1, -2)
        return cls(
            energies=energies,
            labels=degenerate_groups(energies, tolerance),
            velocity=turn[:, None] @ model.dh(k) @ u[:, None],
            spin=(turn @ model.spin @ u)[:, None],
        )

    def with_spin(self, spin: Complexes) -> Bands:
        return Bands(self.energies, self.labels, self.velocity, np.broadcast_to(spin, self.spin.shape))

    @property
    def connection(self) -> Complexes:
        return bloch.berry_connection(self.velocity, bloch.inverse_gaps(self.gaps, self.apart))

    @property
    def gaps(self) -> Floats:
        return self.energies[:, None, :] - self.energies[:, :, None]

    @property
    def apart(self) -> np.ndarray:
        return self.labels[:, None, :] != self.labels[:, :, None]

    def x(self, i: int, j: int) -> dict[str, Floats]:
        """X_m of every definition, (nk, n), for the current along i and the field along j (i != j)."""
        kernel = spin_current.kubo_kernel(self.gaps, self.apart)
        current = spin_current.anticommutator_current(self.velocity, self.spin, self.velocity, self.spin)
        conventional = spin_current.conventional(current, self.velocity, kernel)[:, i, j, 0]
        sign = 1.0 if (i, j) == (0, 1) else -1.0
        published = sign * spin_current.liu2023(self.connection, self.spin, self.labels)[:, 0, 0]
        corrected = sign * spin_current.liu2023_corrected(self.connection, self.spin, self.labels)[:, 0, 0]
        base = {"conventional": conventional, "liu2023": published, "liu2023_corrected": corrected}
        return {
            name: np.asarray(sum(weight * base[key] for weight, key in terms))
            for name, terms in spin_current.DECOMPOSITION.items()
        }

    def shi(self, i: int, j: int, filling: int) -> Floats:
        """tr(s P1), (nk,)."""
        sign = 1.0 if (i, j) == (0, 1) else -1.0
        return sign * spin_current.shi2006(self.velocity, self.energies, self.spin, filling)[:, 0, 0]

    def integrals(self, area: float, i: int, j: int, mu: float, kt: float) -> dict[str, float]:
        """int d2k/(2 pi)^2 sum f X over the mesh that the points are; kt in eV, 0 for a step."""
        f = (self.energies <= mu) if kt == 0 else expit((mu - self.energies) / kt)
        return {name: float((f * x).sum(axis=1).mean()) / area for name, x in self.x(i, j).items()}
