"""The [model] of a job: every kind of model that a question can be asked of, and where the k of a k.p model end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from crosscurrent.jobs.fields import (
    Coupling,
    Density,
    ElectronMass,
    Femtoseconds,
    Mass,
    PlaneCoupling,
    Table,
    Tolerance,
    Velocity,
    WaveVector,
    Width,
)
from crosscurrent.jobs.questions import Moment


# ------------------------------------------------------------------------------------------------ [model.cutoff]
class BoxCutoff(Table, frozen=True, kw_only=True, tag_field="kind", tag="box"):
    half_widths: tuple[WaveVector, ...]


class DiskCutoff(Table, frozen=True, kw_only=True, tag_field="kind", tag="disk"):
    radius: WaveVector


class SphereCutoff(Table, frozen=True, kw_only=True, tag_field="kind", tag="sphere"):
    radius: WaveVector


class CylinderCutoff(Table, frozen=True, kw_only=True, tag_field="kind", tag="cylinder"):
    radius: WaveVector
    half_height: WaveVector


class PlaneCutoff(Table, frozen=True, kw_only=True, tag_field="kind", tag="plane"):
    """No cutoff: the whole plane, for integrals that converge. scale: |k| within which half of the points lie."""

    scale: WaveVector


CutoffTable = BoxCutoff | DiskCutoff | SphereCutoff | CylinderCutoff | PlaneCutoff


# ------------------------------------------------------------------------------------------------ [model]
class Material(Table, frozen=True, kw_only=True, tag_field="kind", tag="material"):
    """A built-in material; `crosscurrent models` lists them with their parameters and units.

    cutoff: region of k for a k.p model; the material's own default when absent.
    """

    material: str
    parameters: dict[str, Any] = field(default_factory=dict)
    cutoff: CutoffTable | None = None


class Symmetrize(Table, frozen=True, kw_only=True):
    """Average the matrices of a model over the magnetic group of its structure; the result says how far they were off.

    positions: of the atoms, fractional. species: one name an atom. projections: the lines of the run, "Bi: p" or
    "Fe: sp3d2; dxy, dxz, dyz". moments: one an atom, mu_B, a number (along z) or three. spin: how it runs through the
    functions. symprec: how far an atom may be off, angstrom. moment_tolerance: the same for moments, mu_B. limit: the
    largest difference of a matrix element of H and its image that is accepted, eV.
    """

    positions: tuple[tuple[float, float, float], ...]
    species: tuple[str, ...]
    projections: tuple[str, ...]
    moments: tuple[Moment, ...] | None = None
    spin: Literal["interlaced", "block", "none"] = "interlaced"
    symprec: Tolerance | None = None
    moment_tolerance: Annotated[float, Meta(gt=0)] | None = None
    limit: Width | None = None


class Wannier90(Table, frozen=True, kw_only=True, tag_field="kind", tag="wannier90"):
    """Files of Wannier90; paths count from the folder of the job file; .gz is read in place.

    Give tb, or hr (with centres, lattice or win, and wsvec when it was written), or chk with eig (and mmn, spn, shu,
    siu when needed). spin_ordering: how spin runs through the functions when no spn file says. tie_tolerance: distance
    below which two Wigner-Seitz images count as equally near, angstrom. symmetrize: average over the operations of the
    structure. The rest is as in `load_wannier90`.
    """

    tb: str | None = None
    hr: str | None = None
    wsvec: str | None = None
    centres: str | None = None
    chk: str | None = None
    eig: str | None = None
    mmn: str | None = None
    spn: str | None = None
    shu: str | None = None
    siu: str | None = None
    spin_ordering: Literal["block", "interlaced"] | None = None
    tie_tolerance: Tolerance | None = None
    wigner_seitz: bool | None = None
    lattice: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]] | None = None
    win: str | None = None
    translation_invariant_centres: bool | None = None
    hermiticity_tolerance: Width | None = None
    name: str | None = None
    dim: Literal[2, 3] = 3
    symmetrize: Symmetrize | None = None


class TightBindingFile(Table, frozen=True, kw_only=True, tag_field="kind", tag="tight_binding"):
    """A .npz file with the arrays of `TightBinding`: lattice, vectors, hamiltonian, positions, and optionally spin
    (3, n, n), in units of hbar. symmetrize: average over the operations of the structure.
    """

    file: str
    name: str = "tight binding"
    source: str = ""
    dim: Literal[2, 3] = 3
    symmetrize: Symmetrize | None = None


class Metal(Table, frozen=True, kw_only=True, tag_field="kind", tag="metal"):
    """A metal beside a ferroelectric instability: one parabolic band, and transverse phonons that are soft.

    Two of the four numbers of the band are needed, relaxation_time, phonon_velocity, phonon_mass, and a coupling; or
    the name of a built-in metal, whose numbers the other keys replace. One number of the band beside that name keeps
    the mass of the built-in metal, or with effective_mass its density.

    metal: a built-in one; `crosscurrent models` lists them. effective_mass: in electron masses. density: 1/m^3.
    coupling: to the phonons, in three dimensions, eV angstrom^1.5. coupling_2d: in a plane, eV angstrom.
    """

    metal: str | None = None
    fermi_energy: Annotated[float, Meta(gt=0, extra={"quantity": "energy"})] | None = None
    fermi_velocity: Velocity | None = None
    effective_mass: ElectronMass | None = None
    density: Density | None = None
    relaxation_time: Femtoseconds | None = None
    phonon_velocity: Velocity | None = None
    phonon_mass: Mass | None = None
    coupling: Coupling | None = None
    coupling_2d: PlaneCoupling | None = None
    name: str | None = None
    source: str | None = None


class LocalModeRecord(Table, frozen=True, kw_only=True, tag_field="kind", tag="local_mode"):
    """A lattice of local polar modes: one displacement a cell, its charge, mass and couplings.

    Give one of the two. local_mode: a record that comes with the package; `crosscurrent models` lists them. file: a
    record that `crosscurrent convert` has written; its path counts from the folder of the job file.
    """

    local_mode: str | None = None
    file: str | None = None


class EffectiveHamiltonianModel(Table, frozen=True, kw_only=True, tag_field="kind", tag="effective_hamiltonian"):
    """A published effective Hamiltonian with its on-site terms, for the protocols on lattices of polar modes.

    Give one of the two. effective_hamiltonian: one that comes with the package; `crosscurrent models` lists them. file:
    a TOML file with the parameters; its path counts from the folder of the job file.
    """

    effective_hamiltonian: str | None = None
    file: str | None = None


class PhonopyCrystal(Table, frozen=True, kw_only=True, tag_field="kind", tag="phonopy"):
    """A harmonic crystal, as phonopy has computed it; paths count from the folder of the job file.

    phonopy: phonopy_params.yaml or phonopy.yaml, or "batio3-cubic", which comes with the package. force_constants: a
    FORCE_CONSTANTS file in the place of what that file holds; one beside it is read when it is needed and not named.
    force_sets: a FORCE_SETS file, likewise. born: a BORN file, likewise.
    """

    phonopy: str
    force_constants: str | None = None
    force_sets: str | None = None
    born: str | None = None


Model = Material | Wannier90 | TightBindingFile | Metal | LocalModeRecord | EffectiveHamiltonianModel | PhonopyCrystal
