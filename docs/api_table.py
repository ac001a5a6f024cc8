"""One line on every public name, made of the package itself: its group is where it lives."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import crosscurrent

#: Beginning of the home of a name -> group, first match wins.
GROUPS = (
    ("responses.ferron_hall_langevin_", "Settings of trajectories"),
    ("results.trajectory", "Settings of trajectories"),
    ("responses.lattice_protocols", "Protocols on lattices of polar modes"),
    ("responses.ferron", "Ferron Hall effect"),
    ("responses.phonon_dispersion", "Records of polar modes"),
    ("responses.parametrize", "Records of polar modes"),
    ("responses.record_kernel", "Records of polar modes"),
    ("responses.well_data", "Records of polar modes"),
    ("models.local_mode", "Records of polar modes"),
    ("models.phonopy", "Records of polar modes"),
    ("models.effective_hamiltonian", "Records of polar modes"),
    ("responses.phonon", "Spin currents that soft phonons mediate"),
    ("models.paraelectric_metal", "Spin currents that soft phonons mediate"),
    ("responses.symmetry", "Symmetry"),
    ("physics.", "Symmetry"),
    ("models.symmetrize", "Symmetry"),
    ("responses.", "Responses of Bloch electrons"),
    ("models.waveform_file", "Fields in time"),
    ("numerics.waveforms", "Fields in time"),
    ("models.profile_file", "Slabs and profiles"),
    ("numerics.profiles", "Slabs and profiles"),
    ("numerics.slab", "Slabs and profiles"),
    ("models.", "Models of electrons"),
    ("numerics.domains", "Cutoffs of k.p models"),
    ("numerics.", "Sums over momentum"),
    ("", "Jobs and results"),
)


def page() -> str:
    """The table in MyST."""
    return "\n".join(_lines()) + "\n"


def grouped() -> dict[str, list[str]]:
    """Group -> public names, every one of them once."""
    found: dict[str, list[str]] = {}
    for name, home in sorted(crosscurrent._HOMES.items(), key=lambda pair: pair[0].lower()):
        group = next(title for start, title in GROUPS if home.startswith(start))
        found.setdefault(group, []).append(name)
    # electrons first
    order = ["Responses of Bloch electrons", "Models of electrons"]
    return {group: found[group] for group in sorted(found, key=lambda g: (g not in order, g != order[0], g))}


#: Where the docstring begins with the fields.
WORDS = {
    "EffectiveHamiltonian": "An effective Hamiltonian of a ferroelectric, as published",
    "LangevinFiles": "Which files trajectories read and write on the way",
    "LocalMode": "A record: charge, mass, well and short-range blocks of one polar mode per cell",
    "ParaelectricMetal": "A metal with soft polar phonons",
    "Slab": "Cells along x, y, z; open surfaces along y",
    "paraelectric_metal": "A metal with soft polar phonons, from two of its numbers",
}


def summary(name: str) -> str:
    """The first sentence of its docstring."""
    text = inspect.getdoc(getattr(crosscurrent, name)) or ""
    first = " ".join(text.split("\n\n")[0].split())
    sentence = WORDS.get(name) or re.split(r"(?<!Eqs)(?<!Figs)(?<!Phys)(?<!Rev)(?<!Eq)[.:;] ", first)[0].rstrip(".")
    # what stands between backquotes is code already
    parts = sentence.split("`")
    parts[::2] = [re.sub(r"([*_|])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def _lines() -> Iterator[str]:
    yield from ("| name | what it is |", "|---|---|")
    for group, names in grouped().items():
        yield f"| **{group}** | |"
        yield from (f"| {{py:obj}}`~crosscurrent.{name}` | {summary(name)} |" for name in names)
