"""The words of a job, the same in TOML and in Python.

A job names a response, a model, the settings of the response, and how the zone is summed. Every struct here is a table
of the job file with the same keys. Units of plain numbers: energy eV, temperature K, length angstrom, wave vector
1/angstrom; in a file any of them may be a text with a unit instead ("10 meV", "300 K", "0.05 1/angstrom"; a
temperature also as kT, "27 meV").
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Energy = Annotated[float, Meta(extra={"quantity": "energy"})]
Width = Annotated[float, Meta(ge=0, extra={"quantity": "energy"})]
Temperature = Annotated[float, Meta(ge=0, extra={"quantity": "temperature"})]
Length = Annotated[float, Meta(gt=0, extra={"quantity": "length"})]
Tolerance = Annotated[float, Meta(ge=0, extra={"quantity": "length"})]
WaveVector = Annotated[float, Meta(gt=0, extra={"quantity": "wave vector"})]
Count = Annotated[int, Meta(ge=1)]

Definition = Literal[
    "conventional",
    "liu2023",
    "liu2023_corrected",
    "topological",
    "torque_dipole_1",
    "torque_dipole_2",
    "shi2006",
    "anomalous_hall",
]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of a job file: its keys are fixed, its values do not change."""


class Range(Table, frozen=True, kw_only=True):
    """Evenly spaced energies, both ends included."""

    start: Energy
    stop: Energy
    num: Count


MuFrom = Literal["zero", "reference"]
Energies = Energy | tuple[Energy, ...] | Range


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


CutoffTable = BoxCutoff | DiskCutoff | SphereCutoff | CylinderCutoff


# ------------------------------------------------------------------------------------------------ [model]
class Material(Table, frozen=True, kw_only=True, tag_field="kind", tag="material"):
    """A built-in material; `crosscurrent models` lists them with their parameters and units.

    cutoff: region of k for a k.p model; the material's own default when absent.
    """

    material: str
    parameters: dict[str, Any] = {}
    cutoff: CutoffTable | None = None


class Wannier90(Table, frozen=True, kw_only=True, tag_field="kind", tag="wannier90"):
    """Files of Wannier90; paths count from the folder of the job file; .gz is read in place.

    Give tb, or hr (with centres, lattice or win, and wsvec when it was written), or chk with eig (and mmn, spn, shu,
    siu when needed). spin_ordering: how spin runs through the functions when no spn file says. tie_tolerance: distance
    below which two Wigner-Seitz images count as equally near, angstrom. The rest is as in `load_wannier90`.
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


class TightBindingFile(Table, frozen=True, kw_only=True, tag_field="kind", tag="tight_binding"):
    """A .npz file with the arrays of `TightBinding`: lattice, vectors, hamiltonian, positions, and optionally spin
    (3, n, n), in units of hbar.
    """

    file: str
    name: str = "tight binding"
    source: str = ""
    dim: Literal[2, 3] = 3


Model = Material | Wannier90 | TightBindingFile


# ------------------------------------------------------------------------------------------------ the responses
class SpinHall(Table, frozen=True, kw_only=True):
    """Spin Hall conductivity in every definition.

    mu: chemical potentials, eV; the material's suggested ones when absent. mu_from: "reference" counts them from the
    model's reference energy (the band bottom of a hole gas) instead of zero. filling: instead of mu, the number of
    lowest bands that are full at every k (an insulator by its direct gap). definitions: all that apply when absent.
    components: e.g. ["zxy"] for current z, field x, spin y; all when absent. degeneracy: bands nearer than this are one
    group, eV. eta: Lorentzian width, eV, and omega: photon energies, eV, of the conventional current. spin: the
    "model"'s own operator, or the name of another one of the material. projector: a named part of the model that
    multiplies the spin operator, e.g. "layer 1". thickness: angstrom, to quote a 2D model in a 3D unit.
    """

    mu: Energies | None = None
    mu_from: MuFrom = "zero"
    filling: Count | None = None
    temperature: Temperature = 0.0
    definitions: tuple[Definition, ...] | None = None
    components: tuple[str, ...] = ()
    grouping: Literal["covariant", "bands"] = "covariant"
    degeneracy: Width | None = None
    eta: Width = 0.0
    omega: Energies | None = None
    velocity: Literal["simple", "qiao", "ryoo"] = "simple"
    spin: str = "model"
    projector: str | None = None
    unit: str | None = None
    thickness: Length | None = None


class AnomalousHall(Table, frozen=True, kw_only=True):
    """Anomalous Hall conductivity; keys as in [spin_hall]. components: e.g. ["xy"] for current x, field y."""

    mu: Energies | None = None
    mu_from: MuFrom = "zero"
    temperature: Temperature = 0.0
    components: tuple[str, ...] = ()
    grouping: Literal["covariant", "bands"] = "covariant"
    degeneracy: Width | None = None
    unit: str | None = None
    thickness: Length | None = None


class PathPoint(Table, frozen=True, kw_only=True):
    """A corner of a path. k: reduced coordinates when the model has a lattice, else Cartesian, 1/angstrom."""

    label: str
    k: tuple[float, ...]


class Bands(Table, frozen=True, kw_only=True):
    """Bands along a path. points: number of k points on the whole path. spin: as in [spin_hall]."""

    path: tuple[PathPoint, ...]
    points: Annotated[int, Meta(ge=2)] = 200
    spin: str = "model"


class BandGeometry(Table, frozen=True, kw_only=True):
    """Energies, Berry curvature, orbital moment and spin of every band on the uniform mesh of [zone], or at `points`.

    points: k, reduced coordinates when the model has a lattice, else Cartesian, 1/angstrom.
    """

    points: tuple[tuple[float, ...], ...] | None = None
    spin: str = "model"


# ------------------------------------------------------------------------------------------------ [zone]
class Uniform(Table, frozen=True, kw_only=True, tag_field="method", tag="uniform"):
    """Uniform mesh, from Gamma. mesh: points along each axis. shifted: moved by half a step along every axis."""

    mesh: tuple[Count, ...]
    shifted: bool = False


class Polar(Table, frozen=True, kw_only=True, tag_field="method", tag="polar"):
    """Polar grid of a k.p model. polar: points in the polar angle, for three dimensions only."""

    radial: Count
    angular: Count
    polar: Count | None = None


class AdaptiveZone(Table, frozen=True, kw_only=True, tag_field="method", tag="adaptive"):
    """Refine where the integrand asks for it, until error <= max(atol, rtol * |value|) or the evaluations are spent."""

    rtol: Annotated[float, Meta(gt=0)] | None = None
    atol: Annotated[float, Meta(ge=0)] | None = None
    max_evaluations: Count | None = None
    base: Count | None = None


Zone = Uniform | Polar | AdaptiveZone
ResponseName = Literal["spin_hall", "anomalous_hall", "bands", "band_geometry"]


class Job(Table, frozen=True, kw_only=True):
    """One question to one model.

    Only the table of the response that is asked for may be given.
    """

    response: ResponseName
    model: Model
    title: str = ""
    spin_hall: SpinHall | None = None
    anomalous_hall: AnomalousHall | None = None
    bands: Bands | None = None
    band_geometry: BandGeometry | None = None
    zone: Zone | None = None

    def to_toml(self) -> str:
        """The job as a file; reading it back gives an equal job."""
        from crosscurrent.jobs.parse import job_to_toml

        return job_to_toml(self)


RESPONSES: tuple[str, ...] = ("spin_hall", "anomalous_hall", "bands", "band_geometry")
