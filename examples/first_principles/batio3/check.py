"""The frequencies of crosscurrent's interpolation against those of anaddb, which has an interpolation of its own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from harmonic import Harmonic

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.physics.dynamical_matrix import frequencies
from crosscurrent.responses.soft_mode import soft_mode

#: The wave vectors of the grid, then points between them; reduced.
POINTS = (
    (0.0, 0.0, 0.0),
    (0.5, 0.0, 0.0),
    (0.5, 0.5, 0.0),
    (0.5, 0.5, 0.5),
    (0.25, 0.0, 0.0),
    (0.5, 0.25, 0.0),
    (0.25, 0.25, 0.0),
    (0.25, 0.25, 0.25),
    (0.1, 0.2, 0.3),
)
#: 1 Ha / h in THz.
_THZ = 6579.683920502


def crystal_of(data: Harmonic) -> HarmonicCrystal:
    """The crystal as crosscurrent reads it from the YAML file, with abinit's own masses."""
    site, shift, constants = data.constants()
    return HarmonicCrystal(
        lattice=data.header.lattice,
        positions=data.header.positions,
        symbols=tuple(data.header.symbols),
        masses=data.header.masses,
        supercell=data.size * np.eye(3, dtype=np.int64),
        site=site,
        shift=shift,
        constants=constants,
        born=data.born,
        dielectric=data.dielectric,
    )


def soft_displacement(data: Harmonic, amplitude: float) -> np.ndarray:
    """Displacements of the atoms, (n, 3) angstrom, when the soft mode along x moves Ti by amplitude."""
    crystal = crystal_of(data)
    return amplitude * soft_mode(crystal, crystal.symbols.index("Ti")).pattern[:, :, 0]


def read_anaddb(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """(wave vector or direction, frequencies in THz) of each list of modes in the output of anaddb, in its order."""
    pattern = (
        r"Phonon (?:wavevector \(reduced coordinates\) :|at Gamma, with non-analyticity in the\s+direction "
        r"\(cartesian coordinates\))([-\d.\s]+)Phonon energies in Hartree :\s+([-+\dE.\s]+)"
    )
    found = re.findall(pattern, path.read_text())
    return [(np.array(q.split(), float), _THZ * np.array(e.split(), float)) for q, e in found]


def compare(data: Harmonic, path: Path) -> float:
    """Prints both lists of frequencies; the largest difference, THz."""
    crystal = crystal_of(data)
    lists = read_anaddb(path)
    largest = 0.0
    for q, (given, theirs) in zip([*POINTS, None], lists, strict=True):
        if q is None:
            ours = frequencies(crystal.limit_at_gamma(given).astype(complex), crystal.masses)
            label = f"Gamma, field along {given}"
        else:
            ours = crystal.frequencies([q])[0]
            label = str(q)
            assert np.abs(given - q).max() < 1e-6
        apart = np.abs(ours - np.sort(theirs)).max()
        largest = max(largest, float(apart))
        print(f"  {label}: largest difference {apart:.1e} THz\n    {' '.join(f'{nu:.3f}' for nu in ours)}")
    print(f"  largest difference from anaddb: {largest:.1e} THz")
    return largest
