"""What to cite for a result: BibTeX of the methods, models and data that its own attributes name."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import xarray as xr

#: Attributes of a result that name sources.
_SOURCES = ("equations", "model_source", "method", "model", "convention", "job")


@dataclass(frozen=True)
class Reference:
    """One publication. mentions: words by which it is recognised in the sources that a result carries."""

    key: str
    author: str
    title: str
    journal: str
    volume: str
    pages: str
    year: int
    doi: str
    mentions: tuple[str, ...]

    def bibtex(self) -> str:
        """The entry, with the fields that are known."""
        fields = {
            "author": self.author,
            "title": self.title,
            "journal": self.journal,
            "volume": self.volume,
            "pages": self.pages,
            "year": str(self.year),
            "doi": self.doi,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@article{{{self.key},", *lines, "}"])

    def named_in(self, text: str) -> bool:
        return any(words in text for words in (self.doi, *self.mentions) if words)


@cache
def references() -> tuple[Reference, ...]:
    """Every publication that the package knows, oldest first."""
    text = resources.files("crosscurrent.results").joinpath("references.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["reference"]
    return tuple(Reference(**{**entry, "mentions": tuple(entry["mentions"])}) for entry in entries)


def cited_in(ds: xr.Dataset) -> list[Reference]:
    """The publications that the equations, the model and the data of a result come from, oldest first."""
    text = "\n".join(str(ds.attrs.get(name, "")) for name in _SOURCES)
    # a source written over two lines is still the same source
    flat = " ".join(text.split())
    return [entry for entry in references() if entry.named_in(flat)]


def citation(ds: xr.Dataset) -> str:
    """BibTeX: the package with the version and commit that made the result, then what the result is built on."""
    version, commit = ds.attrs.get("crosscurrent_version", ""), str(ds.attrs.get("source_commit", ""))
    note = f"version {version}" + (f", commit {commit}" if commit else "")
    package = (
        "@software{crosscurrent,\n"
        "  author = {{The crosscurrent developers}},\n"
        "  title = {crosscurrent: how spin and electric polarization respond to electric fields, terahertz fields and "
        "heat},"
        f"\n  note = {{{note}}},\n}}"
    )
    return "\n\n".join([package, *(entry.bibtex() for entry in cited_in(ds))]) + "\n"
