"""crosscurrent: spin currents of Bloch electrons in every definition, from a file to a figure.

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
    from crosscurrent.models.kp import CallableKP, PolynomialKP
    from crosscurrent.models.materials import material
    from crosscurrent.models.tight_binding import TightBinding
    from crosscurrent.models.wannier90 import load_wannier90
    from crosscurrent.numerics.domains import Box, Cylinder, Disk, Sphere
    from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
    from crosscurrent.responses.anomalous_hall import anomalous_hall
    from crosscurrent.responses.band_geometry import band_geometry, bands
    from crosscurrent.responses.spin_hall import spin_hall
    from crosscurrent.results import load, save
    from crosscurrent.units import InputError

_HOMES = {
    "Adaptive": "numerics.zone",
    "Box": "numerics.domains",
    "CallableKP": "models.kp",
    "Cylinder": "numerics.domains",
    "Disk": "numerics.domains",
    "InputError": "units",
    "Operator": "models.bloch",
    "PolarGrid": "numerics.zone",
    "PolynomialKP": "models.kp",
    "Sphere": "numerics.domains",
    "TightBinding": "models.tight_binding",
    "UniformMesh": "numerics.zone",
    "anomalous_hall": "responses.anomalous_hall",
    "band_geometry": "responses.band_geometry",
    "bands": "responses.band_geometry",
    "from_pythtb": "models.adapters",
    "from_tbmodels": "models.adapters",
    "load": "results",
    "load_job": "jobs",
    "load_wannier90": "models.wannier90",
    "material": "models.materials",
    "run_job": "jobs",
    "save": "results",
    "spin_hall": "responses.spin_hall",
}

__all__ = [
    "Adaptive",
    "Box",
    "CallableKP",
    "Cylinder",
    "Disk",
    "InputError",
    "Operator",
    "PolarGrid",
    "PolynomialKP",
    "Sphere",
    "TightBinding",
    "UniformMesh",
    "__version__",
    "anomalous_hall",
    "band_geometry",
    "bands",
    "from_pythtb",
    "from_tbmodels",
    "load",
    "load_job",
    "load_wannier90",
    "material",
    "run_job",
    "save",
    "spin_hall",
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
