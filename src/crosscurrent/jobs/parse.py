"""Job files: TOML -> `Job` -> TOML, and the hashes by which a run knows its own files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import scipy

from crosscurrent.disk import parse_toml, read_text
from crosscurrent.jobs.schema import (
    RESPONSES,
    EffectiveHamiltonianModel,
    FieldFile,
    Job,
    LocalModeRecord,
    Model,
    PhonopyCrystal,
    ProfileFile,
    SampledWaveform,
    TightBindingFile,
    Wannier90,
)
from crosscurrent.jobs.validate import NAMING_KEYS, convert
from crosscurrent.models.phonopy_data import phonopy_names
from crosscurrent.results.schema import package_version
from crosscurrent.units import InputError

_WAVEFORM = "spin_pulse.waveform.csv"
_FIELD = "phonon_currents.electric_field.file"
_PROFILES = ("temperature", "damping")
#: Tables that may name files of profiles.
_PROFILED = ("ferron_hall", "ferron_hall_langevin", "ferron_coefficients")
_RECORD = "ferron_hall.scan.record"
_START = "ferron_hall_langevin.start"
#: Responses that are asked of no model.
_WITHOUT_MODEL = ("polarization_map",)
_FILE_KEYS = ("file", "tb", "hr", "wsvec", "centres", "chk", "eig", "mmn", "spn", "shu", "siu", "win")
_PHONOPY_KEYS = ("phonopy", "force_constants", "force_sets", "born")


def load_job(path: str | os.PathLike[str]) -> Job:
    """Read a job file. Paths of its files count from its folder and become absolute.

    Raises InputError, in one line with the path of the key, for anything that does not fit.
    """
    return parse_job(job_text(path), source=str(path), folder=Path(path).parent)


def job_text(path: str | os.PathLike[str]) -> str:
    """The text of a job file. Raises InputError when it cannot be read."""
    return read_text(Path(path), what="cannot read the job", fix="give the path of a TOML file")


def parse_job(text: str, *, source: str = "", folder: Path | None = None) -> Job:
    """TOML text -> Job. source: name for messages. folder: where relative paths count from. Raises InputError."""
    return validated(parse_toml(text, source), source=source, folder=folder)


def validated(raw: dict[str, Any] | Job, *, source: str = "", folder: Path | None = None) -> Job:
    """A job with every key checked, from raw tables or from structs built in Python. Raises InputError."""
    tables = msgspec.to_builtins(raw) if isinstance(raw, Job) else raw
    named = [name for name in RESPONSES if name in tables]
    if "response" not in tables and len(named) == 1:
        tables = {"response": named[0], **tables}  # the one table there says it
    job = convert(tables, Job, source)
    for name in RESPONSES:
        if name != job.response and getattr(job, name) is not None:
            raise InputError(
                f"the response is '{job.response}', so this table would be ignored",
                where=f"{source}: [{name}]" if source else f"[{name}]",
                fix=f'remove it, or set response = "{name}"',
            )
    if job.model is None and job.response not in _WITHOUT_MODEL:
        raise InputError(
            "this key is required", where=f"{source}: model" if source else "model", fix="add a table [model]"
        )
    return _with_absolute_paths(job, folder) if folder is not None else job


def _with_absolute_paths(job: Job, folder: Path) -> Job:
    return _with_files(job, {key: str((folder / path).resolve()) for key, path in job_files(job).items()})


def job_files(job: Job) -> dict[str, Path]:
    """Path of a key ("model.tb") -> path of the file, for every file that the job is read from."""
    files = {f"model.{key}": path for key, path in model_files(job.model).items()}
    waveform = job.spin_pulse.waveform if job.spin_pulse is not None else None
    if isinstance(waveform, SampledWaveform):
        files[_WAVEFORM] = Path(waveform.csv)
    field = job.phonon_currents.electric_field if job.phonon_currents is not None else None
    if isinstance(field, FieldFile):
        files[_FIELD] = Path(field.file)
    if job.ferron_hall_langevin is not None and job.ferron_hall_langevin.start is not None:
        files[_START] = Path(job.ferron_hall_langevin.start)
    for table, name in product(_PROFILED, _PROFILES):
        profile = getattr(getattr(job, table), name, None)
        if isinstance(profile, ProfileFile):
            files[f"{table}.{name}.file"] = Path(profile.file)
    return files | {f"{_RECORD}[{at}]": Path(name) for at, name in enumerate(_records(job)) if name.endswith(".json")}


def _records(job: Job) -> tuple[str, ...]:
    """The records that a job compares."""
    scan = job.ferron_hall.scan if job.ferron_hall is not None else None
    return scan.record if scan is not None and scan.record is not None else ()


def model_files(model: Model | None) -> dict[str, Path]:
    """Key -> path of every file that a model is read from."""
    if isinstance(model, PhonopyCrystal):
        given = {key: getattr(model, key) for key in _PHONOPY_KEYS}
        return {key: Path(name) for key, name in given.items() if name is not None and name not in phonopy_names()}
    if not isinstance(model, (Wannier90, TightBindingFile, LocalModeRecord, EffectiveHamiltonianModel)):
        return {}
    values = {key: getattr(model, key, None) for key in _FILE_KEYS}
    return {key: Path(value) for key, value in values.items() if value is not None}


def _with_files(job: Job, words: Mapping[str, str]) -> Job:
    """The job with another text in the place of each path. words: keys as in `job_files`."""
    replace = msgspec.structs.replace
    of_model = {key.removeprefix("model."): word for key, word in words.items() if key.startswith("model.")}
    out = replace(job, model=replace(job.model, **of_model)) if of_model and job.model is not None else job
    if _WAVEFORM in words and out.spin_pulse is not None:
        pulse = replace(out.spin_pulse, waveform=replace(out.spin_pulse.waveform, csv=words[_WAVEFORM]))
        out = replace(out, spin_pulse=pulse)
    if _FIELD in words and out.phonon_currents is not None:
        field = replace(out.phonon_currents.electric_field, file=words[_FIELD])
        out = replace(out, phonon_currents=replace(out.phonon_currents, electric_field=field))
    if _START in words and out.ferron_hall_langevin is not None:
        out = replace(out, ferron_hall_langevin=replace(out.ferron_hall_langevin, start=words[_START]))
    for table in _PROFILED:
        profiles = {name: words[key] for name in _PROFILES if (key := f"{table}.{name}.file") in words}
        if profiles:
            files = {name: ProfileFile(file=word) for name, word in profiles.items()}
            out = replace(out, **{table: replace(getattr(out, table), **files)})
    if out.ferron_hall is not None and out.ferron_hall.scan is not None and _records(out):
        records = tuple(words.get(f"{_RECORD}[{at}]", name) for at, name in enumerate(_records(out)))
        out = replace(out, ferron_hall=replace(out.ferron_hall, scan=replace(out.ferron_hall.scan, record=records)))
    return out


# ------------------------------------------------------------------------------------------------ writing
def job_to_toml(job: Job) -> str:
    """The job as TOML; reading it back gives an equal job."""
    tables = msgspec.to_builtins(job)
    if any(getattr(job.model, word, None) is not None for word in NAMING_KEYS):
        del tables["model"]["kind"]  # that word says it
    lines = [f"{_key(k)} = {_value(v)}" for k, v in tables.items() if not isinstance(v, dict)]
    for name, table in tables.items():
        if isinstance(table, dict):
            lines += ["", f"[{_key(name)}]", *(f"{_key(k)} = {_value(v)}" for k, v in table.items() if v is not None)]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        # TOML allows no bare control character in a text
        return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None) + " }"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    raise InputError(f"a job cannot hold {value!r}", where="parameters", fix="use numbers, texts, lists and tables")


# ------------------------------------------------------------------------------------------------ hashes
def job_hash(job: Job) -> str:
    """What makes a job this job: its keys and the contents of its files, not its title, where the files lie, or who
    does the work.

    Raises InputError when a file cannot be read.
    """
    digests = {key: _file_digest(path, key) for key, path in job_files(job).items()}
    text = job_to_toml(msgspec.structs.replace(_with_files(job, digests), title="", cluster=None))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def run_key(job: Job) -> str:
    """The job together with the code that runs it: pieces of two runs may be mixed only when this is equal."""
    return hashlib.sha256("\n".join((job_hash(job), *_versions())).encode()).hexdigest()[:32]


def code_key() -> str:
    """The code that runs here: workers elsewhere may do pieces of a run only when theirs is equal."""
    return hashlib.sha256("\n".join(_versions()).encode()).hexdigest()[:32]


def _versions() -> tuple[str, ...]:
    return package_version(), _code_digest(), np.__version__, scipy.__version__


def _file_digest(path: Path, key: str) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"cannot read '{path}' ({error.strerror})",
            where=key,
            fix="paths count from the folder of the job file",
        ) from error


@cache
def _code_digest() -> str:
    """Digest of the package's own source: a checkout changes without changing its version."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
