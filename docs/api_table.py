"""Every public name, made of the package itself: all of them on one screen, and one line on each.

The group of a name is where it lives.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import crosscurrent

#: Beginning of the home of a name -> group, first match wins.
GROUPS = (
    ("responses.ferron_hall_langevin_", "Trajectories"),
    ("results.trajectory", "Trajectories"),
    ("responses.lattice_protocols", "Protocols"),
    ("responses.ferron", "Ferron Hall"),
    ("responses.phonon_dispersion", "Polar modes"),
    ("responses.parametrize", "Polar modes"),
    ("responses.record_kernel", "Polar modes"),
    ("responses.well_data", "Polar modes"),
    ("models.local_mode", "Polar modes"),
    ("models.phonopy", "Polar modes"),
    ("models.effective_hamiltonian", "Polar modes"),
    ("responses.phonon", "Soft phonons"),
    ("models.paraelectric_metal", "Soft phonons"),
    ("responses.symmetry", "Symmetry"),
    ("physics.", "Symmetry"),
    ("models.symmetrize", "Symmetry"),
    ("responses.", "Electrons"),
    ("models.waveform_file", "Pulses"),
    ("numerics.waveforms", "Pulses"),
    ("models.profile_file", "Slabs"),
    ("numerics.profiles", "Slabs"),
    ("numerics.slab", "Slabs"),
    ("models.", "Their models"),
    ("numerics.domains", "Cutoffs of k"),
    ("numerics.", "Sums"),
    ("", "Jobs"),
)

#: The groups as they are read: electrons, soft phonons, lattices, and what is common to all.
ORDER = (
    "Electrons",
    "Their models",
    "Cutoffs of k",
    "Sums",
    "Pulses",
    "Symmetry",
    "Soft phonons",
    "Ferron Hall",
    "Trajectories",
    "Protocols",
    "Polar modes",
    "Slabs",
    "Jobs",
)


def overview() -> str:
    """All names by group, one row a group, in MyST."""
    rows = (f"| {group} | " + ", ".join(map(_link, names)) + " |" for group, names in grouped().items())
    return "\n".join(("| what for | names |", "|---|---|", *rows)) + "\n"


def page() -> str:
    """One line on every name, in MyST."""
    return "\n".join(_lines()) + "\n"


def grouped() -> dict[str, list[str]]:
    """Group -> public names, every one of them once."""
    found: dict[str, list[str]] = {}
    for name, home in sorted(crosscurrent._HOMES.items(), key=lambda pair: pair[0].lower()):
        group = next(title for start, title in GROUPS if home.startswith(start))
        found.setdefault(group, []).append(name)
    return {group: found[group] for group in ORDER}


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
        yield from (f"| {_link(name)} | {summary(name)} |" for name in names)


def _link(name: str) -> str:
    return f"{{py:obj}}`~crosscurrent.{name}`"
