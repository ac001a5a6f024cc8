"""How the table of every response becomes the call of its function.

The keys of a response's table are the arguments of its function, so a new response is a table in `questions` and one
entry in QUESTIONS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from crosscurrent.jobs import crystal, langevin, lattice, metal, protocols, schema
from crosscurrent.jobs.arguments import Asked, Finish, converted, path_of, where_of
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.units import InputError


def _zone_integral(asked: Asked) -> dict[str, Any]:
    if asked.method is None:
        raise InputError("this table is required", where="zone", fix='add [zone] with method = "uniform" and a mesh')
    return {"method": asked.method, **converted(asked)}


def _at_points(asked: Asked) -> dict[str, Any]:
    return {"where": where_of(asked), **converted(asked, without=("points",))}


def _at_points_below_mu(asked: Asked) -> dict[str, Any]:
    # these two have no default in the function, because `where` follows them
    return {"mu": None, "omega": None, **_at_points(asked)}


def _along_path(asked: Asked) -> dict[str, Any]:
    return {"path": path_of(asked), **converted(asked, without=("path",))}


@dataclass(frozen=True)
class Question:
    """How the table of one response becomes a call.

    home: the module in `responses` with the function, which has the name of the response. table: its keys. arguments:
    of the call, from the table and from what says where k runs. levels: "many" chemical potentials, "one", or None
    where `mu` is an ordinary key. chunks: whether the function hands its work to a ChunkMap. tensor: whether the
    result is one that symmetry can be asked of. of: what the model is, None where there is none. function: when it has
    another name. finish: what is added to the result, when something is. place: gives the arguments their paths, once
    it is known where the run keeps its pieces.
    """

    home: str
    table: type[schema.Table]
    arguments: Callable[[Asked], dict[str, Any]] = _zone_integral
    levels: Literal["many", "one"] | None = None
    chunks: bool = True
    tensor: bool = False
    of: Literal["electrons", "metal", "lattice", "polar", "crystal"] | None = "electrons"
    function: str = ""
    finish: Callable[[Asked], Finish | None] | None = None
    place: Callable[[Mapping[str, Any], ChunkMap], dict[str, Any]] | None = None

    def table_of(self, job: schema.Job) -> schema.Table:
        """The table in the job, or one of defaults. Raises InputError when it has a key without default."""
        given: schema.Table | None = getattr(job, job.response)
        if given is not None:
            return given
        required = [field.name for field in msgspec.structs.fields(self.table) if field.required]
        if required:
            raise InputError(
                "this table is required",
                where=job.response,
                fix=f"add [{job.response}] with " + ", ".join(required),
            )
        return self.table()


QUESTIONS: Mapping[schema.ResponseName, Question] = {
    "spin_hall": Question("spin_hall", schema.SpinHall, levels="many", tensor=True),
    "anomalous_hall": Question("anomalous_hall", schema.AnomalousHall, levels="many", tensor=True),
    "bands": Question("band_geometry", schema.Bands, _along_path, chunks=False),
    "band_geometry": Question("band_geometry", schema.BandGeometry, _at_points),
    "spin_generation": Question("spin_generation", schema.SpinGeneration, levels="many", tensor=True),
    "spin_generation_map": Question("spin_generation_map", schema.SpinGenerationMap, _at_points_below_mu, levels="one"),
    "spin_pulse": Question("spin_pulse", schema.SpinPulse, levels="one"),
    "edelstein": Question("edelstein", schema.Edelstein, levels="many", tensor=True),
    "spin_mechanisms": Question("spin_mechanisms", schema.SpinMechanisms),
    "phonon_spin": Question(
        "phonon_spin", schema.PhononSpin, metal.phonon_spin_arguments, of="metal", finish=metal.currents_beside
    ),
    "phonon_currents": Question(
        "phonon_spin_fields",
        schema.PhononCurrents,
        metal.field_currents_arguments,
        of="metal",
        function="field_currents",
    ),
    "crossover_map": Question("phonon_spin_map", schema.CrossoverMap, metal.crossover_arguments, of="metal"),
    "polarization_map": Question("phonon_spin_vertex", schema.PolarizationMap, converted, chunks=False, of=None),
    "ferron_coefficients": Question(
        "ferron_coefficients", schema.FerronCoefficients, lattice.coefficients_arguments, of="lattice"
    ),
    "phonon_dispersion": Question(
        "phonon_dispersion", schema.PhononDispersion, crystal.dispersion_arguments, chunks=False, of="crystal"
    ),
    "hysteresis": Question(
        "lattice_protocols_loop",
        schema.Hysteresis,
        protocols.hysteresis_arguments,
        of="polar",
        function="hysteresis_loop",
    ),
    "heating": Question(
        "lattice_protocols_ramp", schema.Heating, protocols.heating_arguments, of="polar", function="heating_ramp"
    ),
    "domain_wall": Question("lattice_protocols_wall", schema.DomainWall, converted, of="polar"),
    "switching_path": Question("lattice_protocols_path", schema.SwitchingPath, converted, chunks=False, of="polar"),
    "ferron_hall": Question(
        "ferron_hall_scan",
        schema.FerronHall,
        lattice.ferron_hall_arguments,
        of="lattice",
        function="ferron_hall_scan",
    ),
    "ferron_hall_langevin": Question(
        "ferron_hall_langevin",
        schema.FerronHallLangevin,
        langevin.ferron_hall_langevin_arguments,
        of="lattice",
        place=langevin.placed,
    ),
}
