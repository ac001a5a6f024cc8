"""The words of a job, the same in TOML and in Python.

A job names a response, a model, the settings of the response, and how the zone is summed. Every struct here is a table
of the job file with the same keys. Units of plain numbers: energy eV, temperature K, length angstrom, wave vector
1/angstrom, electric field V/m; in a file any of them may be a text with a unit instead ("10 meV", "300 K",
"0.05 1/angstrom", "100 kV/cm"; a temperature also as kT, "27 meV"; an energy also as h nu, "17 THz").

What can be asked of electrons in a crystal stands in `questions`, of a metal with soft phonons in `metal_questions`,
of a lattice of polar modes in `lattice_questions`, `langevin_questions` and `protocol_questions`. The models stand in
`model_tables`, the kinds of values in `fields`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta

from crosscurrent.jobs.cluster import Cluster as Cluster
from crosscurrent.jobs.fields import Count as Count
from crosscurrent.jobs.fields import Energies as Energies
from crosscurrent.jobs.fields import MuFrom as MuFrom
from crosscurrent.jobs.fields import Range as Range
from crosscurrent.jobs.fields import Table as Table
from crosscurrent.jobs.fields import TemperatureRange as TemperatureRange
from crosscurrent.jobs.fields import Temperatures as Temperatures
from crosscurrent.jobs.fields import TimeRange as TimeRange
from crosscurrent.jobs.langevin_questions import FerronHallLangevin as FerronHallLangevin
from crosscurrent.jobs.langevin_questions import TrajectoryTable as TrajectoryTable
from crosscurrent.jobs.lattice_questions import FerronCoefficients as FerronCoefficients
from crosscurrent.jobs.lattice_questions import FerronHall as FerronHall
from crosscurrent.jobs.lattice_questions import HotBandTable as HotBandTable
from crosscurrent.jobs.lattice_questions import LatticeScan as LatticeScan
from crosscurrent.jobs.lattice_questions import PhononDispersion as PhononDispersion
from crosscurrent.jobs.lattice_questions import ProfileFile as ProfileFile
from crosscurrent.jobs.lattice_questions import RampTable as RampTable
from crosscurrent.jobs.lattice_questions import SpongeTable as SpongeTable
from crosscurrent.jobs.lattice_questions import StepTable as StepTable
from crosscurrent.jobs.metal_questions import CrossoverMap as CrossoverMap
from crosscurrent.jobs.metal_questions import FieldFile as FieldFile
from crosscurrent.jobs.metal_questions import PhononCurrents as PhononCurrents
from crosscurrent.jobs.metal_questions import PhononSpin as PhononSpin
from crosscurrent.jobs.metal_questions import PlaneWave as PlaneWave
from crosscurrent.jobs.metal_questions import PolarizationMap as PolarizationMap
from crosscurrent.jobs.metal_questions import WaveVectorMesh as WaveVectorMesh
from crosscurrent.jobs.metal_questions import WaveVectorRange as WaveVectorRange
from crosscurrent.jobs.model_tables import BoxCutoff as BoxCutoff
from crosscurrent.jobs.model_tables import CutoffTable as CutoffTable
from crosscurrent.jobs.model_tables import CylinderCutoff as CylinderCutoff
from crosscurrent.jobs.model_tables import DiskCutoff as DiskCutoff
from crosscurrent.jobs.model_tables import EffectiveHamiltonianModel as EffectiveHamiltonianModel
from crosscurrent.jobs.model_tables import LocalModeRecord as LocalModeRecord
from crosscurrent.jobs.model_tables import Material as Material
from crosscurrent.jobs.model_tables import Metal as Metal
from crosscurrent.jobs.model_tables import Model as Model
from crosscurrent.jobs.model_tables import PhonopyCrystal as PhonopyCrystal
from crosscurrent.jobs.model_tables import PlaneCutoff as PlaneCutoff
from crosscurrent.jobs.model_tables import SphereCutoff as SphereCutoff
from crosscurrent.jobs.model_tables import Symmetrize as Symmetrize
from crosscurrent.jobs.model_tables import TightBindingFile as TightBindingFile
from crosscurrent.jobs.model_tables import Wannier90 as Wannier90
from crosscurrent.jobs.protocol_questions import DomainWall as DomainWall
from crosscurrent.jobs.protocol_questions import Heating as Heating
from crosscurrent.jobs.protocol_questions import Hysteresis as Hysteresis
from crosscurrent.jobs.protocol_questions import SwitchingPath as SwitchingPath
from crosscurrent.jobs.questions import AnomalousHall as AnomalousHall
from crosscurrent.jobs.questions import BandGeometry as BandGeometry
from crosscurrent.jobs.questions import Bands as Bands
from crosscurrent.jobs.questions import Edelstein as Edelstein
from crosscurrent.jobs.questions import GaussianWaveform as GaussianWaveform
from crosscurrent.jobs.questions import Moment as Moment
from crosscurrent.jobs.questions import PathPoint as PathPoint
from crosscurrent.jobs.questions import SampledWaveform as SampledWaveform
from crosscurrent.jobs.questions import SpinGeneration as SpinGeneration
from crosscurrent.jobs.questions import SpinGenerationMap as SpinGenerationMap
from crosscurrent.jobs.questions import SpinHall as SpinHall
from crosscurrent.jobs.questions import SpinMechanisms as SpinMechanisms
from crosscurrent.jobs.questions import SpinPulse as SpinPulse
from crosscurrent.jobs.questions import SymmetryTable as SymmetryTable


# ------------------------------------------------------------------------------------------------ [zone]
class Uniform(Table, frozen=True, kw_only=True, tag_field="method", tag="uniform"):
    """Uniform mesh, from Gamma.

    mesh: points along each axis. shifted: moved by half a step along every axis. irreducible: of points that symmetry
    carries into one another only one is evaluated; the result is that of the whole mesh.
    """

    mesh: tuple[Count, ...]
    shifted: bool = False
    irreducible: bool = False


class Polar(Table, frozen=True, kw_only=True, tag_field="method", tag="polar"):
    """Polar grid of a k.p model. polar: points in the polar angle, for three dimensions only."""

    radial: Count
    angular: Count
    polar: Count | None = None


class AdaptiveZone(Table, frozen=True, kw_only=True, tag_field="method", tag="adaptive"):
    """Refine where the integrand asks for it, until error <= max(atol, rtol * |value|) or the evaluations are spent."""

    rtol: Annotated[float, Meta(gt=0)] | None = None
    atol: Annotated[float, Meta(ge=0)] | None = None
    max_evaluations: Annotated[int, Meta(ge=1)] | None = None
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
    "phonon_spin",
    "phonon_currents",
    "crossover_map",
    "polarization_map",
    "ferron_hall",
    "ferron_hall_langevin",
    "hysteresis",
    "heating",
    "domain_wall",
    "switching_path",
    "ferron_coefficients",
    "phonon_dispersion",
]
RESPONSES: tuple[str, ...] = get_args(ResponseName)


class Job(Table, frozen=True, kw_only=True):
    """One question to one model.

    Only the table of the response that is asked for may be given. model: required by all but `polarization_map`, which
    needs none. symmetry: checks the result, whatever the response. cluster: batch jobs that do the work, when dask is
    asked for.
    """

    response: ResponseName
    model: Model | None = None
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
    phonon_spin: PhononSpin | None = None
    phonon_currents: PhononCurrents | None = None
    crossover_map: CrossoverMap | None = None
    polarization_map: PolarizationMap | None = None
    ferron_hall: FerronHall | None = None
    ferron_hall_langevin: FerronHallLangevin | None = None
    hysteresis: Hysteresis | None = None
    heating: Heating | None = None
    domain_wall: DomainWall | None = None
    switching_path: SwitchingPath | None = None
    ferron_coefficients: FerronCoefficients | None = None
    phonon_dispersion: PhononDispersion | None = None
    zone: Zone | None = None
    symmetry: SymmetryTable | None = None
    cluster: Cluster | None = None

    def to_toml(self) -> str:
        """The job as a file; reading it back gives an equal job."""
        from crosscurrent.jobs.parse import job_to_toml

        return job_to_toml(self)
