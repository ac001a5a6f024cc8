"""Results on disk: netCDF-4 that any reader opens, written whole or not at all.

netCDF has no complex type, and the compound type that HDF5 offers instead is refused by other netCDF readers. A complex
variable is therefore kept as two real ones, `<name>_real` and `<name>_imag`, marked by the attribute
`complex_part_of`; `load` puts them together again, bit by bit.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import xarray as xr

from crosscurrent.disk import new_file
from crosscurrent.results.hdf5_heaps import check_heaps
from crosscurrent.results.schema import ERROR_SUFFIX, check_schema
from crosscurrent.units import InputError

_PARTS = ("real", "imag")
#: A file may be packed; one whose content is larger than so many times its own size, above a size in bytes, is damaged.
_RATIO, _SMALL = 300, 64_000_000


def save(ds: xr.Dataset, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a result; a file of the same job is replaced, any other is left alone.

    Raises InputError when the file exists and is not a result of the same job (unless `overwrite`), or when the folder
    does not exist or cannot be written. Nothing half-written stays behind.
    """
    target = Path(path)
    check_schema(ds)
    flat = _split_complex(ds)
    if not overwrite:
        refuse_other_job(target, str(ds.attrs.get("job_hash", "")))
    write_whole(target, lambda temporary: flat.to_netcdf(temporary, engine="h5netcdf"))
    return target


def refuse_other_job(target: Path, job_hash: str) -> None:
    """Raises InputError when `target` exists and does not come from the job with this hash."""
    if target.exists() and (not job_hash or not holds_result_of(target, job_hash)):
        raise InputError(
            "the output exists and comes from another job; it is never overwritten",
            where=str(target),
            fix="give another output name, or remove the file",
        )


def holds_result_of(path: str | os.PathLike[str], value: str, attribute: str = "job_hash") -> bool:
    """Whether the file is a readable result whose attribute (job_hash or run_key) has this value."""
    try:
        _check_file(path)
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False, decode_timedelta=False) as ds:
            return bool(value) and str(ds.attrs.get(attribute)) == value
    except Exception:  # a damaged file ends in whatever the libraries that read it end in
        return False


def write_whole(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `target`, then put it in place in one step.

    Raises InputError when the folder cannot be written.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder")
        with new_file(temporary):
            pass
        write(temporary)
        temporary.replace(target)
    except OSError as error:
        raise InputError(
            f"cannot write this file ({error.strerror or error})",
            where=str(target),
            fix="choose a folder that exists and that you may write to",
        ) from error
    finally:
        # a folder that cannot be written cannot be cleaned either
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a result into memory. Raises InputError when the file is missing or not netCDF."""
    source = Path(path)
    if not source.is_file():
        raise InputError("no such file", where=str(source), fix="give the netCDF file that a run has written")
    damaged = InputError("this is not a netCDF result, or it is damaged", where=str(source), fix="run its job again")
    try:
        _check_file(source)
        # "s" is a unit of time here, not a clock: xarray must not turn numbers into dates
        with xr.open_dataset(source, engine="h5netcdf", decode_times=False, decode_timedelta=False) as lazy:
            # a damaged size would be filled with zeros that no disk holds
            if lazy.nbytes > max(_SMALL, _RATIO * source.stat().st_size):
                raise damaged
            found = _join_complex(lazy.load())
            _check_whole(found)
            return found
    except (MemoryError, InputError):
        raise
    except Exception as error:
        # a damaged file ends in whatever the libraries that read it end in
        raise damaged from error


def _check_file(path: str | os.PathLike[str]) -> None:
    """Raises what HDF5 raises for a file whose head is damaged, where h5netcdf would leave half an object behind, and
    ValueError for damage on which HDF5 would not stop."""
    check_heaps(path)
    with import_module("h5py").File(path, "r") as file:
        dict(file.attrs)


def _check_whole(ds: xr.Dataset) -> None:
    """Raises ValueError for words that are no text, labels that come twice, and errors of another shape than values."""
    for attrs in (ds.attrs, *(variable.attrs for variable in ds.variables.values())):
        for key, value in attrs.items():
            f"{key}{value}".encode()  # bytes that are no UTF-8 are read as lone surrogates
    for name, variable in ds.variables.items():
        words = variable.values.ravel().tolist() if variable.dtype.kind in "OU" else []
        "".join(map(str, (name, *words))).encode()
        if variable.dims == (name,) and len(set(words)) < len(words):
            raise ValueError(f"labels of {name} come twice")
        if ds.variables.get(f"{name}{ERROR_SUFFIX}", variable).dims != variable.dims:
            raise ValueError(f"the errors of {name} have another shape")


def _split_complex(ds: xr.Dataset) -> xr.Dataset:
    out = ds.copy()
    for name, variable in ds.variables.items():
        if variable.dtype.kind != "c":
            continue
        if name in ds.coords:
            raise ValueError(f"coordinate '{name}' is complex; coordinates must be real")
        parts = {f"{name}_{part}": getattr(variable, part) for part in _PARTS}
        if taken := [p for p in parts if p in ds]:
            raise ValueError(f"cannot keep complex '{name}': {taken} exists already")
        out = out.drop_vars(str(name))
        for key, part in parts.items():
            out[key] = (variable.dims, part, dict(variable.attrs) | {"complex_part_of": str(name)})
    # the order is part of the result, and splitting has moved the complex ones to the end
    out.attrs["variable_order"] = "\n".join(str(name) for name in ds.data_vars)
    return out


def _join_complex(flat: xr.Dataset) -> xr.Dataset:
    out = flat
    names = {str(v.attrs["complex_part_of"]) for v in flat.data_vars.values() if "complex_part_of" in v.attrs}
    for name in names:
        real, imag = (flat[f"{name}_{part}"] for part in _PARTS)
        # filling the parts keeps NaN, infinities and signed zeros, which real + 1j * imag would mix
        values = np.empty(real.shape, dtype=np.result_type(real.dtype, np.complex64))
        values.real, values.imag = real.values, imag.values
        attrs = {k: v for k, v in real.attrs.items() if k != "complex_part_of"}
        out = out.drop_vars([f"{name}_{part}" for part in _PARTS])
        out[name] = (real.dims, values, attrs)
    order = str(out.attrs.pop("variable_order", "")).splitlines()
    return out[order] if order and set(order) == {str(n) for n in out.data_vars} else out
