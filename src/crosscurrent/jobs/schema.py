"""The words of a job, the same in TOML and in Python.

A job names a response, a model, the settings of the response, and how the zone is summed. Every struct here is a table
of the job file with the same keys. Units of plain numbers: energy eV, temperature K, length angstrom, wave vector
1/angstrom, electric field V/m; in a file any of them may be a text with a unit instead ("10 meV", "300 K",
"0.05 1/angstrom", "100 kV/cm"; a temperature also as kT, "27 meV"; an energy also as h nu, "17 THz").

What can be asked stands in `questions`, the kinds of values in `fields`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, field

from crosscurrent.jobs.fields import Count as Count
from crosscurrent.jobs.fields import Energies as Energies
from crosscurrent.jobs.fields import MuFrom as MuFrom
from crosscurrent.jobs.fields import Range as Range
from crosscurrent.jobs.fields import Table as Table
from crosscurrent.jobs.fields import TimeRange as TimeRange
from crosscurrent.jobs.fields import Tolerance, WaveVector, Width
from crosscurrent.jobs.questions import AnomalousHall as AnomalousHall
from crosscurrent.jobs.questions import BandGeometry as BandGeometry
from crosscurrent.jobs.questions import Bands as Bands
from crosscurrent.jobs.questions import Edelstein as Edelstein
from crosscurrent.jobs.questions import GaussianWaveform as GaussianWaveform
from crosscurrent.jobs.questions import PathPoint as PathPoint
from crosscurrent.jobs.questions import SampledWaveform as SampledWaveform
from crosscurrent.jobs.questions import SpinGeneration as SpinGeneration
from crosscurrent.jobs.questions import SpinGenerationMap as SpinGenerationMap
from crosscurrent.jobs.questions import SpinHall as SpinHall
from crosscurrent.jobs.questions import SpinMechanisms as SpinMechanisms
from crosscurrent.jobs.questions import SpinPulse as SpinPulse
from crosscurrent.jobs.questions import SymmetryTable as SymmetryTable


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
ResponseName = Literal[
    "spin_hall",
    "anomalous_hall",
    "bands",
    "band_geometry",
    "spin_generation",
    "spin_generation_map",
    "spin_pulse",
    "edelstein",
    "spin_mechanisms",
]
RESPONSES: tuple[str, ...] = get_args(ResponseName)


class Job(Table, frozen=True, kw_only=True):
    """One question to one model.

    Only the table of the response that is asked for may be given. symmetry: checks the result, whatever the response.
    """

    response: ResponseName
    model: Model
    title: str = ""
    spin_hall: SpinHall | None = None
    anomalous_hall: AnomalousHall | None = None
    bands: Bands | None = None
    band_geometry: BandGeometry | None = None
    spin_generation: SpinGeneration | None = None
    spin_generation_map: SpinGenerationMap | None = None
    spin_pulse: SpinPulse | None = None
    edelstein: Edelstein | None = None
    spin_mechanisms: SpinMechanisms | None = None
    zone: Zone | None = None
    symmetry: SymmetryTable | None = None

    def to_toml(self) -> str:
        """The job as a file; reading it back gives an equal job."""
        from crosscurrent.jobs.parse import job_to_toml

        return job_to_toml(self)
