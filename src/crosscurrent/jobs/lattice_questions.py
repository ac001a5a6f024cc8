"""The tables of the questions to a lattice of polar modes: profiles, and the ferron Hall effect.

The keys are those of the Python functions in `responses`; see `fields` for the units of plain numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from crosscurrent.jobs.fields import AngularFrequency, Count, Duration, Rate, Table, Temperature

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
    layers: Annotated[int, Meta(ge=0)] = 10
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


class FerronHall(Table, frozen=True, kw_only=True):
    """The steady state of a slab of polar modes, heated along x, without a magnetic field along z and in one.

    grid: cells along x, y and z; the slab is open along y. temperature: along x, a profile as an inline table, one
    number, or a list of one value a cell. damping: along y, likewise, 1/ps. omega_B: the rate at which the field turns
    the velocity, rad/ps, an angular frequency; one, or a list. step: of an integrator, ps, for the covariance of its
    trajectories; continuous time when absent. precision: of the sums over pairs of wave vectors. currents: also the
    flow of energy and angular momentum. memory: GiB that one worker may use; what the machine has when absent. parts:
    pieces of work for each wave vector along z, for more workers than there are of these.
    """

    grid: tuple[Count, Count, Count]
    temperature: TemperatureProfile
    damping: DampingProfile = SpongeTable()
    omega_B: AngularFrequencies
    step: Duration | None = None
    precision: Literal["double", "single"] = "double"
    currents: bool = False
    memory: Annotated[float, Meta(gt=0)] | None = None
    parts: Count = 1
