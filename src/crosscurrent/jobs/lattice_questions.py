"""The tables of the questions to a lattice: profiles, the ferron Hall effect, and the dispersion of phonons.

The keys are those of the Python functions in `responses`; see `fields` for the units of plain numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from crosscurrent.jobs.fields import MOST, AngularFrequency, Count, Duration, Rate, Table, Temperature
from crosscurrent.jobs.questions import PathPoint

Fraction = Annotated[float, Meta(ge=0, le=1)]


class HotBandTable(Table, frozen=True, kw_only=True, tag_field="kind", tag="hot_band"):
    """A hot band in the middle of the length along x.

    hot: in the band. cold: far from it. width: of the flat top, and smoothing: of each edge, fractions of the length.
    shape: of the edges, a raised cosine or tanh.
    """

    hot: Temperature
    cold: Temperature
    width: Fraction = 0.10
    smoothing: Fraction = 0.05
    shape: Literal["cosine", "tanh"] = "cosine"


class StepTable(Table, frozen=True, kw_only=True, tag_field="kind", tag="step"):
    """Two halves of the length at two temperatures. left: of the first half. right: of the second."""

    left: Temperature
    right: Temperature


class RampTable(Table, frozen=True, kw_only=True, tag_field="kind", tag="ramp"):
    """Linear from the ends of the length to its middle. hot: in the middle. cold: at the ends."""

    hot: Temperature
    cold: Temperature


class SpongeTable(Table, frozen=True, kw_only=True, tag_field="kind", tag="sponge"):
    """Damping that rises towards both open surfaces.

    bulk: inside. edge: in the outermost layer. layers: how many have more than the bulk, on each side. power: of the
    rise.
    """

    bulk: Annotated[float, Meta(gt=0, extra={"quantity": "rate"})] = 2.0
    edge: Annotated[float, Meta(gt=0, extra={"quantity": "rate"})] = 5.0
    layers: Annotated[int, Meta(ge=0, le=MOST)] = 10
    power: Annotated[float, Meta(gt=0)] = 2.0


class ProfileFile(Table, frozen=True, kw_only=True, tag_field="kind", tag="file"):
    """A profile out of a text file, one value a line after a first line `temperature (K)` or `damping (1/ps)`.

    file: path from the folder of the job file.
    """

    file: str


TemperatureProfile = Annotated[
    HotBandTable | StepTable | RampTable | ProfileFile | Temperature | tuple[Temperature, ...],
    Meta(extra={"tag": "hot_band"}),
]
DampingProfile = Annotated[SpongeTable | ProfileFile | Rate | tuple[Rate, ...], Meta(extra={"tag": "sponge"})]
AngularFrequencies = AngularFrequency | tuple[AngularFrequency, ...]


class LatticeScan(Table, frozen=True, kw_only=True):
    """What is scanned beside the field; every list is an axis of the result, over all combinations.

    hot: temperatures in the place of the profile's own, K; they cost nothing without anharmonic corrections. grid:
    sizes in the place of the grid; the maps are left out then. record: further records beside that of [model], names or
    JSON files.
    """

    hot: tuple[Temperature, ...] | None = None
    grid: tuple[tuple[Count, Count, Count], ...] | None = None
    record: tuple[str, ...] | None = None


class FerronHall(Table, frozen=True, kw_only=True):
    """The steady state of a slab of polar modes, heated along x, without a magnetic field along z and in one.

    grid: cells along x, y and z; the slab is open along y. temperature: along x, a profile as an inline table, one
    number, or a list of one value a cell. damping: along y, likewise, 1/ps. omega_B: the rate at which the field turns
    the velocity, rad/ps, an angular frequency; one, or a list. step: of an integrator, ps, for the covariance of its
    trajectories; continuous time when absent. precision: of the sums over pairs of wave vectors. currents: also the
    flow of energy and angular momentum. anharmonic: corrections of leading order in the temperature, or none. memory:
    GiB that one worker may use; what the machine has free when absent. parts: pieces of work for each wave vector along
    z, for more workers than there are of these. scan: further lists, of temperatures, sizes or records.
    """

    grid: tuple[Count, Count, Count]
    temperature: TemperatureProfile
    damping: DampingProfile = SpongeTable()
    omega_B: AngularFrequencies
    step: Duration | None = None
    precision: Literal["double", "single"] = "double"
    currents: bool = False
    anharmonic: Literal["none", "self-consistent"] = "none"
    memory: Annotated[float, Meta(gt=0)] | None = None
    parts: Count = 1
    scan: LatticeScan | None = None


class FerronCoefficients(Table, frozen=True, kw_only=True):
    """What gathers in each layer of a slab of polar modes per K/nm, and per rad/ps for what is odd in the field.

    grid: cells along x, y and z; the slab is open along y. damping: along y, as in [ferron_hall]. omega_B: a small
    field, rad/ps; it is solved for that and twice of it. waves: how many of the longest waves of the temperature along
    x. memory: as in [ferron_hall]. parts: as in [ferron_hall].
    """

    grid: tuple[Count, Count, Count]
    damping: DampingProfile = SpongeTable()
    omega_B: AngularFrequency = 0.1
    waves: Count = 4
    memory: Annotated[float, Meta(gt=0)] | None = None
    parts: Count = 1


class PhononDispersion(Table, frozen=True, kw_only=True):
    """Phonon frequencies along a path, of the crystal of a phonopy calculation.

    path: letters, "G-X-M-G-R-X, M-R" with a comma for a jump; or corners, each with a label and reduced coordinates;
    the standard path of a primitive cubic, tetragonal or orthorhombic lattice when absent. nac: with the macroscopic
    field of the polar modes, which splits LO from TO. points: on the whole path.
    """

    path: str | tuple[PathPoint, ...] | None = None
    nac: bool = True
    points: Annotated[int, Meta(ge=2, le=MOST)] = 200
