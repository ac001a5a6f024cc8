"""The tables of the responses: what can be asked, with the words of each question.

The keys are those of the Python functions in `responses`; see `fields` for the units of plain numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from crosscurrent.jobs.fields import (
    MOST,
    Count,
    Duration,
    ElectricField,
    Energies,
    Energy,
    Femtoseconds,
    Frequency,
    Length,
    MuFrom,
    Table,
    Temperature,
    Time,
    TimeRange,
    Tolerance,
    Width,
)

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
Tensor = Literal["upsilon0", "upsilon1", "upsilon2"]
Parts = str | tuple[str, ...]
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Moment = float | Vector
Site = Annotated[int, Meta(ge=0)]
Projections = str | tuple[str, ...] | dict[str, tuple[float, ...]]


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
    points: Annotated[int, Meta(ge=2, le=MOST)] = 200
    spin: str = "model"


class BandGeometry(Table, frozen=True, kw_only=True):
    """Energies, Berry curvature, orbital moment and spin of every band on the uniform mesh of [zone], or at `points`.

    points: k, reduced coordinates when the model has a lattice, else Cartesian, 1/angstrom.
    """

    points: tuple[tuple[float, ...], ...] | None = None
    spin: str = "model"


class SpinGeneration(Table, frozen=True, kw_only=True):
    """Spin that a time-varying field makes: Upsilon 0, 1, 2 of S = Upsilon0 E + Upsilon1 dE/dt + Upsilon2 d2E/dt2.

    What is not explained here is as in [spin_hall].

    omega: photon energies, eV; "17 THz" is the energy h nu, not hbar nu. eta: level broadening, eV. projections:
    names of parts of the model, "all" of them, or a table name -> weights of the basis states; their share of every
    tensor is given beside the total. complete: refuse projections that do not add up to the whole. tensors: the ones
    to compute; all when absent. kubo: also the Kubo susceptibility chi. field: amplitude of E cos(omega t), V/m, one
    number for each direction; the spin densities that it makes are given too. components: e.g. ["yx"] for spin y and
    field x. thickness: angstrom, to quote a 2D model per volume. per: "area" or "volume"; volume when there is a
    thickness. unit: "hbar" or "SI".
    """

    mu: Energies | None = None
    mu_from: MuFrom = "zero"
    filling: Count | None = None
    temperature: Temperature = 0.0
    omega: Energies | None = None
    eta: Width = 0.0
    degeneracy: Width | None = None
    spin: str = "model"
    projections: Projections = ()
    complete: bool = False
    tensors: tuple[Tensor, ...] | None = None
    kubo: bool = False
    field: tuple[ElectricField, ...] | None = None
    components: tuple[str, ...] = ()
    thickness: Length | None = None
    per: Literal["area", "volume"] | None = None
    unit: str | None = None


class SpinGenerationMap(Table, frozen=True, kw_only=True):
    """What every k adds to the tensors of [spin_generation], on the uniform mesh of [zone] or at `points`.

    What is not explained here is as in [spin_generation].

    mu: one chemical potential, eV. band: one band, counted from 0, instead of the pairs of occupied and empty bands.
    points: k, reduced coordinates when the model has a lattice, else Cartesian, 1/angstrom.
    """

    mu: Energy | None = None
    mu_from: MuFrom = "zero"
    filling: Count | None = None
    band: Annotated[int, Meta(ge=0)] | None = None
    temperature: Temperature = 0.0
    omega: Energies | None = None
    eta: Width = 0.0
    degeneracy: Width | None = None
    spin: str = "model"
    projections: Projections = ()
    tensors: tuple[Tensor, ...] | None = None
    points: tuple[tuple[float, ...], ...] | None = None


class GaussianWaveform(Table, frozen=True, kw_only=True, tag_field="kind", tag="gaussian"):
    """A pulse E_i exp(-4 ln2 (t - centre)^2/duration^2) cos(2 pi frequency (t - centre) + phase_i).

    amplitude: peak of the envelope, V/m, one number for each direction. frequency: of the carrier, nu, THz. duration:
    full width at half maximum of the envelope of the field, ps. phase: radian, one for all directions or one for
    each; [0, 1.5708] is circular. centre: ps.
    """

    amplitude: tuple[ElectricField, ...]
    frequency: Frequency
    duration: Duration
    phase: float | tuple[float, ...] = 0.0
    centre: Time = 0.0


class SampledWaveform(Table, frozen=True, kw_only=True, tag_field="kind", tag="csv"):
    """A field in time out of a text file.

    csv: path from the folder of the job file; its header names the columns with their units, `time (ps), E_x (V/m),
    E_y (V/m)`.
    """

    csv: str


Waveform = Annotated[GaussianWaveform | SampledWaveform, Meta(extra={"tag": "gaussian"})]


class SpinPulse(Table, frozen=True, kw_only=True):
    """The spin density in time that a pulse makes.

    What is not explained here is as in [spin_generation].

    waveform: the parameters of a Gaussian pulse as an inline table, or { csv = "pulse.csv" }. route: "tensors" (Fourier
    integrals of the response) or "von_neumann" (the density matrix stepped in time). mu: one chemical potential, eV.
    times: ps, a list or a range; 201 to 2001 over the pulse when absent. linearity: with "von_neumann", also half the
    field, to tell how far the response is from linear. tolerance: with "von_neumann", relative error of the time step.
    """

    waveform: Waveform
    mu: Energy | None = None
    mu_from: MuFrom = "zero"
    filling: Count | None = None
    route: Literal["tensors", "von_neumann"] = "tensors"
    degeneracy: Width | None = None
    spin: str = "model"
    projections: Projections = ()
    complete: bool = False
    times: tuple[Time, ...] | TimeRange | None = None
    linearity: bool = False
    tolerance: Annotated[float, Meta(gt=0)] | None = None
    thickness: Length | None = None


class Edelstein(Table, frozen=True, kw_only=True):
    """Spin from the shift of the Fermi surface in a constant field, beside the intrinsic Upsilon 0.

    What is not explained here is as in [spin_generation].

    temperature: above zero; it is the width that the mesh has to resolve. relaxation_time: one for all electrons, fs.
    """

    mu: Energies | None = None
    mu_from: MuFrom = "zero"
    temperature: Temperature
    relaxation_time: Femtoseconds
    spin: str = "model"
    projections: Projections = ()
    complete: bool = False
    degeneracy: Width | None = None
    field: tuple[ElectricField, ...] | None = None
    components: tuple[str, ...] = ()
    thickness: Length | None = None
    per: Literal["area", "volume"] | None = None
    unit: str | None = None


class SpinMechanisms(Table, frozen=True, kw_only=True):
    """Which mechanism makes a uniform spin in a model, and which a staggered one.

    mu: one chemical potential in the gap, eV. filling: or the number of full bands. mu_doped: one chemical potential
    in a band, eV, for the Edelstein effect. omega: one photon energy, eV. temperature: of the Edelstein effect.
    relaxation_time: fs. sublattices: two names of parts of the model, or two lists of names that belong together.
    unit: of spin density per field amplitude.
    """

    mu: Energy | None = None
    filling: Count | None = None
    mu_doped: Energy
    omega: Energy
    temperature: Temperature
    relaxation_time: Femtoseconds
    sublattices: tuple[Parts, Parts] | None = None
    degeneracy: Width | None = None
    spin: str = "model"
    thickness: Length | None = None
    unit: str | None = None


class SymmetryTable(Table, frozen=True, kw_only=True):
    """Check the result against a magnetic group, by name or out of a structure; the allowed form of every tensor then
    stands in the result beside the largest component that should vanish.

    group: name of a magnetic point group, e.g. "3m'". axis: where the z axis of the named group points. rotation:
    turns the group after that, a 3 by 3 matrix. unique_axis: of monoclinic groups. lattice: three rows, angstrom.
    positions: of the atoms, fractional. species: one name an atom. moments: one an atom, mu_B, a number (along z) or
    three. dim: 2 for a layer in the xy plane. symprec: how far an atom may be off, angstrom. moment_tolerance: the
    same for moments, mu_B. sites: name of a projection -> its atom, counted from 0.
    """

    group: str | None = None
    axis: Literal["x", "y", "z"] | None = None
    rotation: Matrix | None = None
    unique_axis: Literal["b", "c"] | None = None
    lattice: Matrix | None = None
    positions: tuple[Vector, ...] | None = None
    species: tuple[str, ...] | None = None
    moments: tuple[Moment, ...] | None = None
    dim: Literal[2, 3] | None = None
    symprec: Tolerance | None = None
    moment_tolerance: Annotated[float, Meta(gt=0)] | None = None
    sites: dict[str, Site] = msgspec.field(default_factory=dict)
