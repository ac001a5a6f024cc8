"""The reference of every key of a job file, written from the types that check the job, so that it cannot go stale."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator

import msgspec

from crosscurrent.jobs import schema

SECTIONS: list[tuple[str, list[type]]] = [
    ("Top of the file", [schema.Job]),
    (
        "`[model]`",
        [
            schema.Material,
            schema.Wannier90,
            schema.TightBindingFile,
            schema.Metal,
            schema.LocalModeRecord,
            schema.PhonopyCrystal,
            schema.EffectiveHamiltonianModel,
        ],
    ),
    ("`[model.symmetrize]`", [schema.Symmetrize]),
    (
        "`[model.cutoff]`",
        [schema.SphereCutoff, schema.CylinderCutoff, schema.BoxCutoff, schema.DiskCutoff, schema.PlaneCutoff],
    ),
    ("`[spin_hall]`", [schema.SpinHall]),
    ("`[anomalous_hall]`", [schema.AnomalousHall]),
    ("`[bands]`", [schema.Bands, schema.PathPoint]),
    ("`[band_geometry]`", [schema.BandGeometry]),
    ("`[spin_generation]`", [schema.SpinGeneration]),
    ("`[spin_generation_map]`", [schema.SpinGenerationMap]),
    ("`[spin_pulse]`", [schema.SpinPulse, schema.GaussianWaveform, schema.SampledWaveform]),
    ("`[edelstein]`", [schema.Edelstein]),
    ("`[spin_mechanisms]`", [schema.SpinMechanisms]),
    ("`[phonon_spin]`", [schema.PhononSpin]),
    ("A mesh of wave vectors", [schema.WaveVectorMesh]),
    ("A range of wave vectors", [schema.WaveVectorRange]),
    ("`[phonon_currents]`", [schema.PhononCurrents]),
    ("The field of `[phonon_currents]`", [schema.PlaneWave, schema.FieldFile]),
    ("`[crossover_map]`", [schema.CrossoverMap]),
    ("`[polarization_map]`", [schema.PolarizationMap]),
    ("`[ferron_hall]`", [schema.FerronHall]),
    ("`[ferron_hall.scan]`", [schema.LatticeScan]),
    ("`[ferron_hall_langevin]`", [schema.FerronHallLangevin, schema.TrajectoryTable]),
    ("`[hysteresis]`", [schema.Hysteresis]),
    ("`[heating]`", [schema.Heating]),
    ("`[domain_wall]`", [schema.DomainWall]),
    ("`[switching_path]`", [schema.SwitchingPath]),
    (
        "The profiles of `[ferron_hall]`",
        [schema.HotBandTable, schema.StepTable, schema.RampTable, schema.SpongeTable, schema.ProfileFile],
    ),
    ("`[ferron_coefficients]`", [schema.FerronCoefficients]),
    ("`[phonon_dispersion]`", [schema.PhononDispersion]),
    ("`[symmetry]`", [schema.SymmetryTable]),
    ("`[cluster]`", [schema.Cluster]),
    ("`[zone]`", [schema.Uniform, schema.Polar, schema.AdaptiveZone]),
    ("A range of energies", [schema.Range]),
    ("A range of temperatures", [schema.TemperatureRange]),
    ("A range of times", [schema.TimeRange]),
]

#: What the docstrings of the types leave to the reader. A key that has its meaning in neither place stops the build.
MEANINGS = {
    "response": "the question: which of the tables below is read",
    "model": "the material",
    "title": "a line for the head of the figure",
    "spin_hall": "settings of this response",
    "anomalous_hall": "settings of this response",
    "bands": "settings of this response",
    "band_geometry": "settings of this response",
    "spin_generation": "settings of this response",
    "spin_generation_map": "settings of this response",
    "spin_pulse": "settings of this response",
    "edelstein": "settings of this response",
    "spin_mechanisms": "settings of this response",
    "phonon_spin": "settings of this response",
    "phonon_currents": "settings of this response",
    "crossover_map": "settings of this response",
    "polarization_map": "settings of this response",
    "ferron_hall": "settings of this response",
    "ferron_hall_langevin": "settings of this response",
    "ferron_coefficients": "settings of this response",
    "phonon_dispersion": "settings of this response",
    "hysteresis": "settings of this response",
    "heating": "settings of this response",
    "domain_wall": "settings of this response",
    "switching_path": "settings of this response",
    "metal": "a built-in metal with soft phonons, `model-metal` or `srtio3`",
    "fermi_energy": "of the band",
    "fermi_velocity": "of the band",
    "effective_mass": "of the band, in electron masses when it has no unit",
    "density": "electrons of both spins",
    "relaxation_time": "of the electrons, fs",
    "phonon_velocity": "c in the energy of the phonons",
    "phonon_mass": "of the phonons",
    "gap": "energy gap of the phonons",
    "q_unit": "unit of the numbers in `q`",
    "weight": "of the phonons: as the integral over the electron's energy gives it, or 1/sinh as published",
    "level": "of evaluation",
    "dimension": "3, or 2 for a metal in a plane",
    "axis": "easy axis or easy plane of the spin, in two dimensions",
    "tolerance": "relative model error that is asked for",
    "zone": "how momentum space is summed; only bands, and band geometry at points, do without",
    "material": "name of a built-in material",
    "parameters": "parameters of the material that differ from its own; `crosscurrent models` lists them",
    "tb": "`seedname_tb.dat`",
    "hr": "`seedname_hr.dat`",
    "wsvec": "`seedname_wsvec.dat`, the Wigner-Seitz images that go with `hr`",
    "centres": "`seedname_centres.xyz`, the orbital positions that go with `hr`",
    "chk": "`seedname.chk`, binary or formatted",
    "eig": "`seedname.eig`",
    "mmn": "`seedname.mmn`, for the position matrix elements",
    "win": "`seedname.win`, another place to read the lattice from",
    "translation_invariant_centres": "orbital centres from the phases of the overlaps, as `_tb.dat` has them",
    "hermiticity_tolerance": "largest deviation of H(R) from Hermiticity that is accepted",
    "spn": "`seedname.spn`, the spin matrix elements",
    "shu": '`seedname.sHu`, for `velocity = "ryoo"`',
    "siu": '`seedname.sIu`, for `velocity = "ryoo"`',
    "wigner_seitz": "whether every hopping is shared out over the nearest images of its pair of functions",
    "lattice": "three rows, angstrom, where the files do not hold it (`hr`)",
    "dim": "number of periodic directions; 2 takes the first two lattice vectors",
    "file": "path of the `.npz` file, from the folder of the job file",
    "name": "what results call the model",
    "source": "where the model comes from; results quote it",
    "temperature": "temperature of the Fermi function",
    "components": "the components to keep; all when absent",
    "grouping": "whether degenerate bands are treated as groups (see the conventions) or one by one",
    "degeneracy": "levels nearer than this form a group",
    "velocity": "how the velocity enters the conventional current; Qiao's and Ryoo's forms need Wannier files",
    "mu": "chemical potentials; the material's suggested ones when absent",
    "mu_from": "whether `mu` counts from the zero of the model's energies or from its reference energy",
    "filling": "instead of `mu`, the number of full bands",
    "omega": 'photon energies; `"17 THz"` is $h\\nu$, not $\\hbar\\nu$',
    "eta": "level broadening",
    "projections": 'parts of the model beside the total: names, `"all"`, or name -> weights of the basis states',
    "complete": "refuse projections that do not add up to the whole",
    "tensors": "the tensors to compute; all when absent",
    "field": "amplitude of the field, one number for each direction; the spin densities that it makes are given too",
    "per": "what a spin is counted per; the volume when there is a thickness",
    "thickness": "layer thickness that turns the result of a 2D model into a 3D unit",
    "unit": "unit of the result (see the conventions)",
    "label": "its name on the axis of the figure",
    "path": "the corners, in order",
    "spin": "which spin operator: the model's own, or the name of another one",
    "radius": "wave vectors up to this length (cylinder: in the plane) take part",
    "half_height": "and up to this along z",
    "half_widths": "wave vectors within plus or minus these take part, one for each direction",
    "radial": "points in the radius",
    "angular": "points in the angle around the axis",
    "rtol": "relative accuracy that is asked for",
    "atol": "absolute accuracy that is asked for",
    "max_evaluations": "stop here, and say so in the result",
    "base": "cells along each direction to begin with",
    "start": "first energy",
    "stop": "last energy",
    "num": "how many",
}


def page() -> str:
    """The reference in MyST."""
    return "\n".join(line for heading, tables in SECTIONS for line in _section(heading, tables)) + "\n"


def _section(heading: str, tables: list[type]) -> Iterator[str]:
    yield from (f"## {heading}", "")
    for table in tables:
        config = table.__struct_config__
        if config.tag is not None:
            yield from (f'### `{config.tag_field} = "{config.tag}"`', "")
        elif table is not tables[0]:
            yield from ("### Each entry of the list", "")
        fields = msgspec.structs.fields(table)
        intro, meanings = _split(inspect.cleandoc(vars(table).get("__doc__") or ""), [f.name for f in fields])
        yield from (_quoted(intro), "")
        yield from ("| key | value | default | meaning |", "|---|---|---|---|")
        for field in fields:
            meaning = meanings.get(field.name) or MEANINGS.get(field.name)
            if meaning is None:
                raise LookupError(f"the key '{field.name}' of {table.__name__} has no meaning in docs/job_reference.py")
            yield f"| `{field.name}` | {_words(field.type)} | {_default(field)} | {meaning} |"
        yield ""


def _split(doc: str, names: list[str]) -> tuple[str, dict[str, str]]:
    """The words before the first `key: meaning` of a docstring, and the meanings."""
    pieces = re.split(rf"(?<![\w`])({'|'.join(names)}):\s", doc)
    texts = (re.sub(r"(,? and|[.,;])$", "", text.strip()) for text in pieces[2::2])
    return pieces[0].strip(), dict(zip(pieces[1::2], map(_quoted, texts), strict=True))


def _quoted(text: str) -> str:
    """Docstrings are plain text: keep what Markdown would read as markup, outside of code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(p if p.startswith("`") else re.sub(r"([*_\[|$<])", r"\\\1", p) for p in parts)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "**required**"
    if field.default is msgspec.NODEFAULT or field.default in (None, "", ()):
        return "absent"
    return f"`{_toml(field.default)}`"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _words(hint: object) -> str:
    """A type as a user would say it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _annotated(arguments[0], [m for m in arguments[1:] if isinstance(m, msgspec.Meta)])
    if origin in (typing.Union, types.UnionType):
        words = [_words(a) for a in arguments if a is not type(None)]
        return "table" if all(w == "table" for w in words) else " or ".join(words)
    if origin is typing.Literal:
        return ", ".join(f"`{_toml(a)}`" for a in arguments)
    if origin is tuple:
        count = "" if Ellipsis in arguments else f"{len(arguments)}, each "
        return f"list of {count}{_words(arguments[0])}"
    if hint in (schema.Range, schema.TimeRange, schema.TemperatureRange, schema.WaveVectorRange):
        return "range"
    if origin is dict or (isinstance(hint, type) and issubclass(hint, msgspec.Struct)):
        return "table"
    return {str: "text", float: "number", int: "whole number", bool: "`true` or `false`"}.get(hint, str(hint))


def _annotated(base: object, metas: list[msgspec.Meta]) -> str:
    words, limits = _words(base), ""
    for meta in metas:
        words = (meta.extra or {}).get("quantity", words)
        for sign, limit in (("≥", meta.ge), (">", meta.gt), ("≤", meta.le), ("<", meta.lt)):
            limits += f" {sign} {limit:g}" if limit is not None else ""
    return words + limits
