"""The page of the Python interface: every public name once in its table, with words, and once in full."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import crosscurrent

DOCS = Path(__file__).resolve().parents[1] / "docs"
PUBLIC = sorted(set(crosscurrent.__all__) - {"__version__"})


@pytest.fixture(scope="module")
def table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_table", DOCS / "api_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_is_on_one_screen(table: ModuleType) -> None:
    page = table.overview()
    assert sorted(re.findall(r"`~crosscurrent\.(\w+)`", page)) == PUBLIC
    assert len(page.splitlines()) < 25


def test_every_public_name_is_in_the_table_once(table: ModuleType) -> None:
    page = table.page()
    assert sorted(re.findall(r"`~crosscurrent\.(\w+)`", page)) == PUBLIC
    assert set(table.WORDS) <= set(PUBLIC)
    for name in PUBLIC:
        assert 5 < len(table.summary(name)) < 160, name


def test_every_public_name_is_described_in_full() -> None:
    full = re.findall(r"\.\. auto\w+:: crosscurrent\.(\w+)", (DOCS / "api.md").read_text(encoding="utf-8"))
    assert sorted(full) == PUBLIC
