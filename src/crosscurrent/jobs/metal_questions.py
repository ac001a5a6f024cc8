"""The tables of the questions to a metal with soft phonons: what can be asked, with the words of each question.

The keys are those of the Python functions in `responses`; see `fields` for the units of plain numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from crosscurrent.jobs.fields import (
    MOST,
    Count,
    ElectricField,
    Energies,
    Length,
    Table,
    Temperature,
    Temperatures,
    Width,
)

QUnit = Literal["1/angstrom", "k_F"]
RetainedLevel = Literal["auto", "analytic", "fermi_surface", "second_order", "full"]
Level = Literal["auto", "analytic", "fermi_surface", "second_order", "full", "one_loop"]
Weight = Literal["thermal", "published"]
Vertex = Literal["corrected", "published"]
Dimension = Literal[3, 2]
Anisotropy = Literal["easy_axis", "easy_plane"]
Axis = Literal["x", "y", "z"]
Accuracy = Annotated[float, Meta(gt=0)]
Direction = tuple[float, float, float]


class WaveVectorRange(Table, frozen=True, kw_only=True):
    """Evenly spaced wave vectors, both ends included, in `q_unit`. start: first one. stop: last one. num: how many."""

    start: float
    stop: float
    num: Count


class WaveVectorMesh(Table, frozen=True, kw_only=True):
    """All wave vectors whose components are among these, in `q_unit`.

    x: a number or a range. y: likewise. z: likewise.
    """

    x: float | WaveVectorRange = 0.0
    y: float | WaveVectorRange = 0.0
    z: float | WaveVectorRange = 0.0


class PhononSpin(Table, frozen=True, kw_only=True):
    """Spin conductivity that soft phonons mediate, at every temperature, gap and wave vector q of the field.

    temperature: one, a list or a range, with equal steps or, with spacing = "log", equal ratios. gap: E_g of the
    phonons, eV, one, a list or a range. q: a list of vectors, or a mesh of them as an inline table. q_unit: of q.
    level: how far the model is evaluated; "auto" is the cheapest whose model error is below `tolerance`; "one_loop" is
    everything of order g^2, with what the others drop. weight: of the phonons. vertex: of the charge current;
    "published" adds the spurious coefficient kappa. dimension: 3, or 2 for a metal in a plane. axis: of the spin, in
    two dimensions. omega: photon energies, eV; static when absent. tolerance: relative. field: amplitude of a wave
    E sin(q.r), V/m, one number for each direction; the spin currents that it makes and the spin Hall angle are given
    too. spin: of the spin Hall angle. components: e.g. ["xyz"] for current x, field y, spin z.
    """

    temperature: Temperatures
    gap: Energies
    q: tuple[tuple[float, ...], ...] | WaveVectorMesh
    q_unit: QUnit = "1/angstrom"
    level: Level = "auto"
    weight: Weight = "thermal"
    vertex: Vertex = "corrected"
    dimension: Dimension = 3
    axis: Anisotropy = "easy_axis"
    omega: Energies | None = None
    tolerance: Accuracy = 1e-2
    field: tuple[ElectricField, ...] | None = None
    spin: Axis = "z"
    components: tuple[str, ...] = ()


class PlaneWave(Table, frozen=True, kw_only=True, tag_field="kind", tag="wave"):
    """The field E sin(2 pi x/wavelength), on points along one period.

    wavelength: angstrom. field: E, V/m, one number for each direction; along x it is a longitudinal wave. points: how
    many along the period.
    """

    wavelength: Length
    field: tuple[ElectricField, ...]
    points: Annotated[int, Meta(ge=8, le=MOST)] = 64


class FieldFile(Table, frozen=True, kw_only=True, tag_field="kind", tag="file"):
    """A field on a periodic grid out of a file.

    file: path from the folder of the job file. .npz: the arrays `field`, V/m, (n_x[, n_y[, n_z]], components), and
    `spacing`, angstrom, one number or one for each axis. .csv: columns with units, `x (angstrom), y (angstrom), E_x
    (V/m), E_y (V/m)`, a row a grid point. The last point of a period is left out.
    """

    file: str


FieldTable = Annotated[PlaneWave | FieldFile, Meta(extra={"tag": "wave"})]


class PhononCurrents(Table, frozen=True, kw_only=True):
    """The spin current in space that a static field E(r) makes.

    What is not explained here is as in [phonon_spin].

    temperature: one. gap: one, eV. electric_field: a wave as an inline table, or { file = "field.npz" }.
    """

    temperature: Temperature
    gap: Width
    electric_field: FieldTable
    level: RetainedLevel = "auto"
    weight: Weight = "thermal"
    dimension: Dimension = 3
    axis: Anisotropy = "easy_axis"
    tolerance: Accuracy = 1e-2


class CrossoverMap(Table, frozen=True, kw_only=True):
    """Where which scaling law holds: chi over temperature and gap, its exponent in the temperature, the regions.

    What is not explained here is as in [phonon_spin].

    temperature: three or more, rising. q: one vector; the limit of small q when absent.
    """

    temperature: Temperatures
    gap: Energies
    q: Direction | None = None
    q_unit: QUnit = "1/angstrom"
    level: RetainedLevel = "auto"
    weight: Weight = "thermal"
    tolerance: Accuracy = 1e-2


class PolarizationMap(Table, frozen=True, kw_only=True):
    """The spin polarization that a phonon gives an electron, over the directions of the phonon; needs no model.

    axis: direction of the spin. vector: direction of P = q x (p + k/2). n_theta: polar angles. n_phi: azimuths.
    """

    axis: Direction
    vector: Direction
    n_theta: Annotated[int, Meta(ge=3, le=4000)] = 91
    n_phi: Annotated[int, Meta(ge=4, le=4000)] = 181
