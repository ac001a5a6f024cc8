"""What is cited is found in the sources that results carry."""

from __future__ import annotations

import pytest
import xarray as xr

from crosscurrent.jobs.reference import load_reference, paper_folder, paper_keys
from crosscurrent.models.local_mode_file import local_mode, local_mode_names
from crosscurrent.models.materials import catalogue
from crosscurrent.responses import edelstein, labelled, phonon_spin_labels, spin_generation_labels
from crosscurrent.responses.ferron_hall_labels import EQUATIONS as FERRON
from crosscurrent.results import citation
from crosscurrent.results.bibliography import references


def _named(text: str) -> set[str]:
    return {entry.key for entry in references() if entry.named_in(" ".join(text.split()))}


def test_entries_are_whole_and_have_keys_of_their_own() -> None:
    entries = references()
    assert len({entry.key for entry in entries}) == len(entries) >= 25
    for entry in entries:
        assert entry.mentions and entry.author and entry.title and 1900 < entry.year <= 2026
        text = entry.bibtex()
        assert text.startswith(f"@article{{{entry.key},") and text.count("{") == text.count("}")
    years = [entry.year for entry in entries]
    assert years == sorted(years)


@pytest.mark.parametrize(
    ("equations", "key"),
    [
        (labelled.EQUATIONS["liu2023-1"], "HLiu2023"),
        (labelled.EQUATIONS["qiao2018"], "Qiao2018"),
        (labelled.EQUATIONS["ryoo2019"], "Ryoo2019"),
        (labelled.EQUATIONS["shi2006"], "Shi2006"),
        (labelled.EQUATIONS["wang2006"], "Wang2006"),
        (labelled.EQUATIONS["sundaram1999"], "Sundaram1999"),
        (edelstein.EQUATIONS["edelstein"], "Edelstein1990"),
        (spin_generation_labels.EQUATIONS["feng-2"], "Feng2024"),
        (phonon_spin_labels.EQUATIONS["kim-17"], "KimChung2024"),
        (" ".join(FERRON.values()), "BustamanteLopez2026"),
    ],
)
def test_every_method_is_cited_and_nothing_else(equations: str, key: str) -> None:
    assert _named(equations) == {key}


def test_every_published_model_is_cited() -> None:
    for material in catalogue().values():
        if "doi:" in material.source:
            found = {entry.doi for entry in references() if entry.named_in(material.source)}
            assert material.source.count("doi:") <= len(found), material.source
    for name in local_mode_names():
        source = local_mode(name).source
        # what was computed for this package needs no other citation
        assert "BustamanteLopez2026" in _named(source) or "made with abinit for this package" in source, name


def test_every_reproduced_paper_is_in_the_list() -> None:
    for key in paper_keys():
        assert _named(load_reference(paper_folder(key)).paper), key


def test_citation_names_version_and_commit_and_stays_silent_about_what_was_not_used() -> None:
    ds = xr.Dataset(attrs={"crosscurrent_version": "9.9", "source_commit": "abc", "model_source": "PRB 98, 214402"})
    text = citation(ds)
    assert "version 9.9, commit abc" in text and text.count("@article") == 1 and "Qiao2018" in text
    assert citation(xr.Dataset()).count("@article") == 0
