"""What a conversion to a local-mode record tells: how good the one-mode picture is, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Frequencies closer than this are those of one mode, THz.
_SAME = 1e-3


@dataclass(frozen=True)
class Stability:
    """lowest: smallest eigenvalue of the stiffness around the ordered state over the bulk grid, eV/angstrom^2.

    wave_vector: where, reduced. reference: that of the kernel before it was cut to its blocks, at the same wave vector.
    """

    lowest: float
    wave_vector: tuple[float, float, float]
    reference: float


@dataclass(frozen=True, eq=False)
class ConversionReport:
    """frequencies: of the crystal at q = 0, (3n,) THz, empty without a crystal; split: as q -> 0 along the polar axis.

    pattern: (n, 3, 3) of the coordinate of the record. normalisation: in words. curvature: harmonic stiffness of a
    uniform displacement, eV/angstrom^2. long_range: K_LR for q -> 0 along the polar axis less its on-site part.
    inversion: max |K(R) - K(R)^T| before symmetry was imposed, and cubic: the change that cubic symmetry made,
    eV/angstrom^2. off_grid: largest difference between the record's kernel and the one it was made from, on points
    between those it was fitted to, eV/angstrom^2; largest: that of the kernel's eigenvalues.
    projection: S18 of the endpoint, NaN without one. path_misfit: rms of the well against the path, eV, NaN without.
    lowest_elsewhere: lowest frequency at the wave vectors of the supercell besides q = 0, THz, and where.
    """

    frequencies: Floats
    split: Floats
    pattern: Floats
    normalisation: str
    curvature: float
    long_range: float
    inversion: float
    cubic: float
    off_grid: float
    largest: float
    stability: Stability
    projection: float = float("nan")
    path_misfit: float = float("nan")
    lowest_elsewhere: tuple[float, tuple[float, float, float]] | None = None
    notes: tuple[str, ...] = ()

    def lo_to(self) -> list[tuple[float, float]]:
        """(transverse, longitudinal) frequencies, THz: what the macroscopic field takes away and puts there, in order.

        The field moves one mode of each polar group; which longitudinal mode belongs to which transverse one is a
        matter of counting from below.
        """
        taken, put = list(self.frequencies), []
        for level in self.split:
            near = [at for at, other in enumerate(taken) if abs(other - level) < _SAME]
            if near:
                taken.pop(near[0])
            else:
                put.append(float(level))
        return list(zip([float(level) for level in taken], put, strict=True))

    def lines(self) -> list[str]:
        """The report as text, one statement a line."""
        out = []
        if len(self.frequencies):
            out += self._spectrum()
        out.append(f"coordinate: {self.normalisation}")
        out.append(f"harmonic stiffness of a uniform displacement: {self.curvature:.4f} eV/angstrom^2")
        out.append(f"inversion residual of the kernel: {self.inversion:.2e} eV/angstrom^2")
        out.append(f"change by cubic symmetry: {self.cubic:.2e} eV/angstrom^2")
        share = self.off_grid / self.largest if self.largest else 0.0
        out.append(f"off-grid error of the kernel: {self.off_grid:.3f} eV/angstrom^2, {100 * share:.1f} % of its range")
        if np.isfinite(self.projection):
            out.append(f"projection residual of the polar structure: {self.projection:.4f}")
        if np.isfinite(self.path_misfit):
            out.append(f"misfit of the well to the path: {1e3 * self.path_misfit:.3f} meV rms")
        where = ", ".join(f"{q:.3f}" for q in self.stability.wave_vector)
        out.append(f"lowest stiffness around the ordered state: {self.stability.lowest:.4f} eV/angstrom^2 at ({where})")
        return out + [f"note: {note}" for note in self.notes]

    def _spectrum(self) -> list[str]:
        """The frequencies at the zone centre, without and with the macroscopic field."""
        plain = ", ".join(f"{value:.3f}" for value in np.unique(np.round(self.frequencies, 3) + 0.0))
        field = ", ".join(f"{value:.3f}" for value in np.unique(np.round(self.split, 3) + 0.0))
        out = [f"modes at q = 0: {plain} THz", f"modes for q -> 0 along the polar axis: {field} THz"]
        pairs = ", ".join(f"{low:.3f} to {high:.3f}" for low, high in self.lo_to())
        out.append(f"LO-TO splittings: {pairs} THz")
        if self.lowest_elsewhere is not None:
            lowest, q = self.lowest_elsewhere
            where = ", ".join(f"{x:.3f}" for x in q)
            out.append(f"lowest mode elsewhere: {lowest:.3f} THz at ({where})")
        return out
