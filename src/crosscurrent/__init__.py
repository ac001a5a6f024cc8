"""crosscurrent: how spin and electric polarization respond to electric fields, from a file to a figure.

Everything a user needs is named here and loaded when it is first asked for, so that `import crosscurrent` costs
nothing. The rooms behind these names are described in ARCHITECTURE.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from crosscurrent.jobs import load_job, run_job
    from crosscurrent.models.adapters import from_pythtb, from_tbmodels
    from crosscurrent.models.bloch import Operator
    from crosscurrent.models.effective_hamiltonian import EffectiveHamiltonian, batio3_2010
    from crosscurrent.models.kp import CallableKP, PolynomialKP
    from crosscurrent.models.local_mode import LocalMode
    from crosscurrent.models.local_mode_file import load_local_mode, local_mode, save_local_mode
    from crosscurrent.models.materials import material
    from crosscurrent.models.paraelectric_metal import (
        ParaelectricMetal,
        model_metal,
        paraelectric_metal,
        strontium_titanate,
    )
    from crosscurrent.models.phonopy_crystal import load_phonopy
    from crosscurrent.models.profile_file import read_profile
    from crosscurrent.models.slater_koster import (
        Atom,
        ExactShells,
        ExponentialShells,
        PowerLaw,
        Stepped,
        TwoCentre,
        slater_koster,
    )
    from crosscurrent.models.symmetrize import symmetrize
    from crosscurrent.models.tight_binding import TightBinding
    from crosscurrent.models.wannier90 import load_wannier90
    from crosscurrent.models.waveform_file import read_waveform
    from crosscurrent.numerics.domains import Box, Cylinder, Disk, Plane, Sphere
    from crosscurrent.numerics.profiles import HotBand, Ramp, Sponge, Step, Uniform
    from crosscurrent.numerics.slab import Slab
    from crosscurrent.numerics.waveforms import GaussianPulse, Sampled
    from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
    from crosscurrent.physics.magnetic_groups import point_group
    from crosscurrent.physics.structure_group import structure_group
    from crosscurrent.responses.anomalous_hall import anomalous_hall
    from crosscurrent.responses.band_geometry import band_geometry, bands
    from crosscurrent.responses.direct_gap import direct_gap
    from crosscurrent.responses.edelstein import edelstein
    from crosscurrent.responses.ferron_coefficients import ferron_coefficients
    from crosscurrent.responses.ferron_hall import ferron_hall, ferron_hall_kernels
    from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
    from crosscurrent.responses.ferron_hall_langevin_files import LangevinFiles
    from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
    from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
    from crosscurrent.responses.lattice_protocols_loop import hysteresis_loop
    from crosscurrent.responses.lattice_protocols_path import switching_path
    from crosscurrent.responses.lattice_protocols_ramp import heating_ramp
    from crosscurrent.responses.lattice_protocols_wall import domain_wall
    from crosscurrent.responses.neel_field import neel_field
    from crosscurrent.responses.parametrize import convert_effective_hamiltonian, convert_phonopy
    from crosscurrent.responses.phonon_dispersion import phonon_dispersion
    from crosscurrent.responses.phonon_one_loop import one_loop_conductivity
    from crosscurrent.responses.phonon_spin import phonon_spin
    from crosscurrent.responses.phonon_spin_currents import spin_hall_angle, wave_currents
    from crosscurrent.responses.phonon_spin_fields import field_currents
    from crosscurrent.responses.phonon_spin_map import crossover_map
    from crosscurrent.responses.phonon_spin_vertex import polarization_map
    from crosscurrent.responses.record_kernel import Projection
    from crosscurrent.responses.spin_generation import spin_generation
    from crosscurrent.responses.spin_generation_map import spin_generation_map
    from crosscurrent.responses.spin_hall import spin_hall
    from crosscurrent.responses.spin_mechanisms import spin_mechanisms
    from crosscurrent.responses.spin_pulse import spin_pulse
    from crosscurrent.responses.symmetry import check_symmetry
    from crosscurrent.responses.well_data import WellData
    from crosscurrent.results import load, save
    from crosscurrent.results.trajectory import TrajectoryFile
    from crosscurrent.units import InputError

_HOMES = {
    "Adaptive": "numerics.zone",
    "Atom": "models.slater_koster",
    "Box": "numerics.domains",
    "CallableKP": "models.kp",
    "Cylinder": "numerics.domains",
    "Disk": "numerics.domains",
    "EffectiveHamiltonian": "models.effective_hamiltonian",
    "ExactShells": "models.slater_koster",
    "ExponentialShells": "models.slater_koster",
    "GaussianPulse": "numerics.waveforms",
    "HotBand": "numerics.profiles",
    "InputError": "units",
    "LangevinFiles": "responses.ferron_hall_langevin_files",
    "LocalMode": "models.local_mode",
    "Operator": "models.bloch",
    "ParaelectricMetal": "models.paraelectric_metal",
    "Plane": "numerics.domains",
    "PolarGrid": "numerics.zone",
    "PolynomialKP": "models.kp",
    "PowerLaw": "models.slater_koster",
    "Projection": "responses.record_kernel",
    "Ramp": "numerics.profiles",
    "Sampled": "numerics.waveforms",
    "Sampling": "responses.ferron_hall_langevin_sampling",
    "Slab": "numerics.slab",
    "Sphere": "numerics.domains",
    "Sponge": "numerics.profiles",
    "Step": "numerics.profiles",
    "Stepped": "models.slater_koster",
    "TightBinding": "models.tight_binding",
    "TrajectoryFile": "results.trajectory",
    "TwoCentre": "models.slater_koster",
    "Uniform": "numerics.profiles",
    "UniformMesh": "numerics.zone",
    "WellData": "responses.well_data",
    "anomalous_hall": "responses.anomalous_hall",
    "band_geometry": "responses.band_geometry",
    "bands": "responses.band_geometry",
    "batio3_2010": "models.effective_hamiltonian",
    "check_symmetry": "responses.symmetry",
    "convert_effective_hamiltonian": "responses.parametrize",
    "convert_phonopy": "responses.parametrize",
    "crossover_map": "responses.phonon_spin_map",
    "direct_gap": "responses.direct_gap",
    "domain_wall": "responses.lattice_protocols_wall",
    "edelstein": "responses.edelstein",
    "ferron_coefficients": "responses.ferron_coefficients",
    "ferron_hall": "responses.ferron_hall",
    "ferron_hall_kernels": "responses.ferron_hall",
    "ferron_hall_langevin": "responses.ferron_hall_langevin",
    "ferron_hall_scan": "responses.ferron_hall_scan",
    "field_currents": "responses.phonon_spin_fields",
    "from_pythtb": "models.adapters",
    "from_tbmodels": "models.adapters",
    "heating_ramp": "responses.lattice_protocols_ramp",
    "hysteresis_loop": "responses.lattice_protocols_loop",
    "load": "results",
    "load_job": "jobs",
    "load_local_mode": "models.local_mode_file",
    "load_phonopy": "models.phonopy_crystal",
    "load_wannier90": "models.wannier90",
    "local_mode": "models.local_mode_file",
    "material": "models.materials",
    "model_metal": "models.paraelectric_metal",
    "neel_field": "responses.neel_field",
    "one_loop_conductivity": "responses.phonon_one_loop",
    "paraelectric_metal": "models.paraelectric_metal",
    "phonon_dispersion": "responses.phonon_dispersion",
    "phonon_spin": "responses.phonon_spin",
    "point_group": "physics.magnetic_groups",
    "polarization_map": "responses.phonon_spin_vertex",
    "read_profile": "models.profile_file",
    "read_waveform": "models.waveform_file",
    "run_job": "jobs",
    "save": "results",
    "save_local_mode": "models.local_mode_file",
    "slater_koster": "models.slater_koster",
    "spin_generation": "responses.spin_generation",
    "spin_generation_map": "responses.spin_generation_map",
    "spin_hall": "responses.spin_hall",
    "spin_hall_angle": "responses.phonon_spin_currents",
    "spin_mechanisms": "responses.spin_mechanisms",
    "spin_pulse": "responses.spin_pulse",
    "strontium_titanate": "models.paraelectric_metal",
    "structure_group": "physics.structure_group",
    "switching_path": "responses.lattice_protocols_path",
    "symmetrize": "models.symmetrize",
    "wave_currents": "responses.phonon_spin_currents",
}

__all__ = [
    "Adaptive",
    "Atom",
    "Box",
    "CallableKP",
    "Cylinder",
    "Disk",
    "EffectiveHamiltonian",
    "ExactShells",
    "ExponentialShells",
    "GaussianPulse",
    "HotBand",
    "InputError",
    "LangevinFiles",
    "LocalMode",
    "Operator",
    "ParaelectricMetal",
    "Plane",
    "PolarGrid",
    "PolynomialKP",
    "PowerLaw",
    "Projection",
    "Ramp",
    "Sampled",
    "Sampling",
    "Slab",
    "Sphere",
    "Sponge",
    "Step",
    "Stepped",
    "TightBinding",
    "TrajectoryFile",
    "TwoCentre",
    "Uniform",
    "UniformMesh",
    "WellData",
    "__version__",
    "anomalous_hall",
    "band_geometry",
    "bands",
    "batio3_2010",
    "check_symmetry",
    "convert_effective_hamiltonian",
    "convert_phonopy",
    "crossover_map",
    "direct_gap",
    "domain_wall",
    "edelstein",
    "ferron_coefficients",
    "ferron_hall",
    "ferron_hall_kernels",
    "ferron_hall_langevin",
    "ferron_hall_scan",
    "field_currents",
    "from_pythtb",
    "from_tbmodels",
    "heating_ramp",
    "hysteresis_loop",
    "load",
    "load_job",
    "load_local_mode",
    "load_phonopy",
    "load_wannier90",
    "local_mode",
    "material",
    "model_metal",
    "neel_field",
    "one_loop_conductivity",
    "paraelectric_metal",
    "phonon_dispersion",
    "phonon_spin",
    "point_group",
    "polarization_map",
    "read_profile",
    "read_waveform",
    "run_job",
    "save",
    "save_local_mode",
    "slater_koster",
    "spin_generation",
    "spin_generation_map",
    "spin_hall",
    "spin_hall_angle",
    "spin_mechanisms",
    "spin_pulse",
    "strontium_titanate",
    "structure_group",
    "switching_path",
    "symmetrize",
    "wave_currents",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
