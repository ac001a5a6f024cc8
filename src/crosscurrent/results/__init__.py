"""What came out: one labelled dataset a run, with units, errors and provenance; no physics, no methods.

`Quantity` and `dataset` build it, `save` and `load` keep it as netCDF, `to_dat` writes text columns, `to_extxyz` the
cells of a trajectory, `explain` says in words what is in it, `citation` what to cite for it.
"""

from crosscurrent.results.bibliography import citation
from crosscurrent.results.extxyz import to_extxyz
from crosscurrent.results.files import holds_result_of, load, save
from crosscurrent.results.schema import (
    COMMON_ATTRIBUTES,
    Quantity,
    convert_units,
    dataset,
    equations_of,
    estimates,
    select_components,
    warnings_of,
)
from crosscurrent.results.text import explain, to_dat

__all__ = [
    "COMMON_ATTRIBUTES",
    "Quantity",
    "citation",
    "convert_units",
    "dataset",
    "equations_of",
    "estimates",
    "explain",
    "holds_result_of",
    "load",
    "save",
    "select_components",
    "to_dat",
    "to_extxyz",
    "warnings_of",
]
