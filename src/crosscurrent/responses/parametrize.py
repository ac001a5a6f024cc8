"""From a harmonic crystal, or an effective Hamiltonian, to a local-mode record.

Recipe B, `convert_phonopy` and `convert_crystal`: the force constants of a cubic crystal, with the dipole-dipole part
summed over all ions, are projected at each wave vector on its unstable polar mode. Recipe A,
`convert_effective_hamiltonian`: a published effective Hamiltonian, scaled so that the dipoles agree. In both the
kernel of the record is

    K_sr(q) = K(q) - K(0) - [K_LR(q) - K_LR(0)]

on a grid, K_LR being the dipole kernel that the record names: what a uniform displacement costs belongs to the well.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.effective_hamiltonian import EffectiveHamiltonian
from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.models.polar_structure import endpoint_displacements, read_structure
from crosscurrent.physics.effective_hamiltonian import effective_stiffness
from crosscurrent.physics.mode_projection import centred_shares, mode_wave, projected_stiffness
from crosscurrent.physics.well import Well
from crosscurrent.physics.well_fit import rescaled_well
from crosscurrent.responses.conversion_report import ConversionReport
from crosscurrent.responses.record_kernel import Projection, with_kernel
from crosscurrent.responses.soft_mode import (
    SoftMode,
    centre_atom,
    check_cubic,
    mode_of_pattern,
    scaled_mode,
    soft_mode,
    split_frequencies,
)
from crosscurrent.responses.well_data import WellData, resolved_well
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def convert_phonopy(
    path: str | Path,
    well: WellData,
    projection: Projection | None = None,
    *,
    force_constants: str | Path | None = None,
    force_sets: str | Path | None = None,
    born: str | Path | None = None,
    name: str = "",
) -> tuple[LocalMode, ConversionReport]:
    """The record of a phonopy calculation of a cubic reference; files as in `load_phonopy`, or "batio3-cubic".

    Raises InputError for what the readers, `convert_crystal` and `LocalMode` refuse.
    """
    crystal = load_phonopy(path, force_constants=force_constants, force_sets=force_sets, born=born)
    return convert_crystal(crystal, well, projection, name=name)


def convert_crystal(
    crystal: HarmonicCrystal, well: WellData, projection: Projection | None = None, *, name: str = ""
) -> tuple[LocalMode, ConversionReport]:
    """The record of a cubic harmonic crystal with an unstable polar mode, and what there is to know about it.

    Raises InputError when the reference is not cubic, has no Born charges, no unstable polar mode, a kernel without
    inversion, or when the record is unstable around its ordered state.
    """
    how = projection or Projection()
    edge = check_cubic(crystal)
    axis = "xyz".index(how.axis)
    mode = _mode(crystal, how)
    factor = 1.0 if how.normalisation == "centre" else float(np.trace(mode.mass) / 3) ** -0.5
    well, strained = _with_endpoint(crystal, well)
    on_site, path_misfit, residual = resolved_well(well, mode, axis)
    final = scaled_mode(mode, factor)
    shares = centred_shares(crystal.lattice, crystal.positions, mode.centre)

    def source(q: Floats) -> Complexes:
        return projected_stiffness(mode_wave(final.pattern, shares, q), crystal.force_constants(q))

    draft = _draft(crystal, final, rescaled_well(on_site, 1 / factor), how.lattice_constant or edge, how, name)
    record, report = with_kernel(draft, source, how)
    return record, replace(
        report,
        frequencies=crystal.frequencies([[0.0, 0.0, 0.0]])[0],
        split=split_frequencies(crystal, axis),
        pattern=final.pattern,
        normalisation=_described(how.normalisation, crystal.symbols[mode.centre], factor),
        projection=residual,
        path_misfit=path_misfit,
        lowest_elsewhere=_lowest_elsewhere(crystal),
        notes=(*crystal.notes, *strained, *report.notes),
    )


def _with_endpoint(crystal: HarmonicCrystal, well: WellData) -> tuple[WellData, tuple[str, ...]]:
    """The well with the displacements of its endpoint where that is a file, and what there is to say of it."""
    if not isinstance(well.endpoint, str | Path):
        return well, ()
    moves, note = endpoint_displacements(crystal, read_structure(well.endpoint), str(well.endpoint))
    return replace(well, endpoint=moves), (note,) if note else ()


def _mode(crystal: HarmonicCrystal, how: Projection) -> SoftMode:
    """The crystal's own soft mode, or the pattern that was given, scaled so that its centre moves by one."""
    centre = centre_atom(crystal, how.centre)
    if how.mode is None:
        return soft_mode(crystal, centre)
    return mode_of_pattern(crystal, np.asarray(how.mode, dtype=float), centre, float("nan"))


def _draft(crystal: HarmonicCrystal, mode: SoftMode, well: Well, edge: float, how: Projection, name: str) -> LocalMode:
    """The record without its kernel. edge: lattice constant, angstrom."""
    whose = "projected on its soft mode" if how.mode is None else "projected on a given mode"
    return LocalMode(
        charge=mode.charge,
        mass=mode.mass,
        angular=mode.angular,
        volume=edge**3,
        eps_inf=crystal.polar()[1],
        lattice_constant=edge,
        well=well,
        blocks={(0, 0, 0): np.zeros((3, 3))},
        dipole=how.dipole,
        eta=how.eta,
        name=name or crystal.name,
        source=f"{crystal.source}; {whose} centred on {crystal.symbols[mode.centre]}, grid of {how.grid}",
    )


def convert_effective_hamiltonian(
    parameters: EffectiveHamiltonian, partner: LocalMode, projection: Projection | None = None, *, name: str = ""
) -> tuple[LocalMode, ConversionReport]:
    """The record `partner` with the kernel of an effective Hamiltonian, scaled by s = Z/Z* so that the dipoles agree.

    partner: gives charge, mass, well, cell and permittivity. Only grid, dipole, eta and double_counting of the
    projection are used. Raises InputError when the partner's charge is not isotropic, or the record unstable.
    """
    how = projection or Projection()
    charge = float(np.trace(partner.charge) / 3)
    if np.abs(partner.charge - charge * np.eye(3)).max() > 1e-6 * abs(charge):
        raise InputError(
            "the mode charge is not isotropic", where=partner.name, fix="this recipe is for a cubic reference"
        )
    scale = (charge / parameters.charge) ** 2

    def source(q: Floats) -> Complexes:
        p = parameters
        stiffness = effective_stiffness(q, p.kappa2, p.j, p.charge, p.dielectric, p.lattice_constant)
        return (scale * stiffness).astype(complex)

    draft = replace(
        partner,
        dipole=how.dipole,
        eta=how.eta,
        name=name or f"{partner.name}, {parameters.name}",
        source=f"kernel: {parameters.source}; mode: {partner.source}",
    )
    return with_kernel(draft, source, how)


def _lowest_elsewhere(crystal: HarmonicCrystal) -> tuple[float, tuple[float, float, float]] | None:
    """The lowest frequency at the other wave vectors of the supercell, and the first of these wave vectors."""
    points = crystal.commensurate[np.any(crystal.commensurate != 0, axis=1)]
    if not len(points):
        return None
    lowest = crystal.frequencies(points)[:, 0]
    at = int(np.argmin(np.round(lowest, 6)))
    x, y, z = (float(q) for q in points[at])
    return float(lowest[at]), (x, y, z)


def _described(normalisation: str, symbol: str, factor: float) -> str:
    if normalisation == "centre":
        return f"u is the displacement of {symbol} by the mode"
    return f"u has a mass of 1 amu; u times {factor:.6g} is the displacement of {symbol} by the mode"
