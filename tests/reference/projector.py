"""Every formula through the projectors P_D of the band groups and their derivatives: no eigenvector, no gauge.

With d_i P_D |l> = i R^i_ml |m> between m in D and l outside it, sums of Berry connections over a group are traces of
P_D, d P_D and the spin matrix. Group D is a tuple of band indices; i is the current, j the field.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.zone import Complexes, Floats, Hamiltonian, Zone, anticommutator, commutator, trace

Groups = Sequence[Sequence[int]]
BANDS_4: Groups = ((0,), (1,), (2,), (3,))
DOUBLETS: Groups = ((0, 1), (2, 3))
TRIPLET: Groups = ((0,), (1, 2, 3))


class Groups2D:
    """Energies, projectors and derivatives of the groups of H(k), sampled on a zone.

    energies: (D, n, n). projectors: (D, n, n, N, N). d_projectors: (D, 2, n, n, N, N), spectral derivatives.
    """

    def __init__(self, h: Hamiltonian, zone: Zone, groups: Groups) -> None:
        self.zone = zone
        self.groups = groups
        self.h = zone.sample(h)
        self.dh = [zone.derivative(self.h, i) for i in (0, 1)]
        levels = np.linalg.eigvalsh(self.h)
        self.sizes = [len(group) for group in groups]
        self.energies = [levels[..., list(group)].mean(axis=-1) for group in groups]
        self.projectors = [self._projector(d) for d in range(len(groups))]
        self.d_projectors = [[zone.derivative(p, i) for i in (0, 1)] for p in self.projectors]

    def _projector(self, d: int) -> Complexes:
        """Product over the other levels of (H - e')/(e - e'): one on the group, zero elsewhere."""
        identity = np.eye(self.h.shape[-1])
        out = np.broadcast_to(identity, self.h.shape).astype(complex)
        for other, energy in enumerate(self.energies):
            if other != d:
                gap = (self.energies[d] - energy)[..., None, None]
                out = out @ (self.h - energy[..., None, None] * identity) / gap
        return out

    def block_diagonal(self, spin: Complexes) -> Complexes:
        """sum_D P_D s P_D, the part of the spin that stays inside the groups."""
        return np.asarray(sum(p @ spin @ p for p in self.projectors))

    def solve(self, drive: Complexes) -> Complexes:
        """X between different groups with i [H, X] = drive (hbar = 1); the parts inside the groups are left out."""
        out = np.zeros_like(self.h)
        for a, p in enumerate(self.projectors):
            for b, q in enumerate(self.projectors):
                if a != b:
                    out += p @ drive @ q / (1j * (self.energies[a] - self.energies[b]))[..., None, None]
        return out

    def function_of_h(self, values: Sequence[Floats]) -> Complexes:
        """sum_D values_D P_D."""
        return np.asarray(sum(v[..., None, None] * p for v, p in zip(values, self.projectors, strict=True)))


def curvature(g: Groups2D, d: int, i: int, j: int) -> Complexes:
    """F_D = i P_D [d_i P_D, d_j P_D] P_D as an operator; its trace is the Berry curvature of the group."""
    p, dp = g.projectors[d], g.d_projectors[d]
    return 1j * p @ commutator(dp[i], dp[j]) @ p


def corrected(g: Groups2D, spin: Complexes, i: int, j: int) -> list[Floats]:
    """X_D = tr(s F_D), one field a group: s_mm sum_n W_mn for single bands."""
    return [trace(spin, curvature(g, d, i, j)).real for d in range(len(g.groups))]


def published(g: Groups2D, spin: Complexes, i: int, j: int) -> list[Floats]:
    """X_D = i tr P_D (d_i P_D s' d_j P_D - d_j P_D s' d_i P_D), s' the spin inside the other groups."""
    inside = g.block_diagonal(spin)
    out = []
    for p, dp in zip(g.projectors, g.d_projectors, strict=True):
        outside = inside - p @ spin @ p
        out.append(trace(1j * p, dp[i] @ outside @ dp[j] - dp[j] @ outside @ dp[i]).real)
    return out


def conventional(g: Groups2D, spin: Complexes, i: int, j: int) -> list[Floats]:
    """X_D = 2 sum_D' Im tr(P_D' j P_D v) / (e_D - e_D')^2 with j = {s, v_i}/2 and v = dH/dk_j."""
    current = anticommutator(spin, g.dh[i]) / 2
    out = []
    for a, p in enumerate(g.projectors):
        total = np.zeros(p.shape[:2])
        for b, q in enumerate(g.projectors):
            if a != b:
                total += 2 * trace(q, current, p, g.dh[j]).imag / (g.energies[a] - g.energies[b]) ** 2
        out.append(total)
    return out


def orbital_moment(g: Groups2D, d: int, i: int, j: int) -> Floats:
    """sum over the group of sum_n (e_n - e_m) W_mn: the orbital moment over -e/(2 hbar), eV angstrom^2."""
    p, dp = g.projectors[d], g.d_projectors[d]
    shifted = g.h - g.energies[d][..., None, None] * np.eye(p.shape[-1])
    return trace(1j * p, dp[i] @ shifted @ dp[j] - dp[j] @ shifted @ dp[i]).real


def integrated(g: Groups2D, fields: Sequence[Floats], weights: Sequence[Floats]) -> float:
    """int d2k/(2 pi)^2 sum_D f_D X_D."""
    total = sum(f * x for f, x in zip(weights, fields, strict=True))
    return float(np.real(g.zone.integral(np.asarray(total, dtype=complex))))


def fermi(g: Groups2D, mu: float, kt: float) -> list[Floats]:
    """f of every group; kt in eV, zero for a step."""
    if kt == 0:
        return [(e <= mu).astype(float) for e in g.energies]
    return [1 / (np.exp((e - mu) / kt) + 1) for e in g.energies]
