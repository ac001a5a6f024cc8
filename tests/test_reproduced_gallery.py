"""The gallery of reproduced figures: a picture for each, small, and none that is left over."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from crosscurrent.jobs.reference import job_names, paper_folder, paper_keys

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reproduced_gallery", DOCS / "reproduced_gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_figure_has_a_small_picture(gallery: ModuleType) -> None:
    if not gallery.PICTURES.exists():
        pytest.skip("the pictures stay in the repository, not in the sdist")
    wanted = {name for key in paper_keys() for name in gallery.pictures(key)}
    assert {path.name for path in gallery.PICTURES.iterdir()} == wanted
    sizes = {path.name: path.stat().st_size for path in gallery.PICTURES.iterdir()}
    assert max(sizes.values()) < 250_000 and sum(sizes.values()) < 4_000_000


def test_the_page_shows_them_with_their_jobs(gallery: ModuleType) -> None:
    page = gallery.page()
    for key in paper_keys():
        if not gallery.pictures(key):
            continue
        assert f"crosscurrent reproduce {key}\n" in page
        for name in gallery.pictures(key):
            assert f"figures/reproduced/{name}" in page
        for name in job_names(paper_folder(key)):
            assert f"`{name}.toml`" in page
