"""Corners of zones by letter, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.special_points import special_path, zone_of
from crosscurrent.units import InputError


@pytest.mark.parametrize(
    ("edges", "zone", "segments"),
    [((4, 4, 4), "cubic", 6), ((4, 4, 4.2), "tetragonal", 9), ((4, 5, 6), "orthorhombic", 12)],
)
def test_standard_path_of_each_zone(edges: tuple[float, ...], zone: str, segments: int) -> None:
    lattice = np.diag(np.array(edges, dtype=float))
    assert zone_of(lattice) == zone
    path = special_path(lattice)
    assert len(path) == segments
    for _, start, _, end in path:
        assert np.abs(end - start).max() == 0.5
        # corners are fixed by some mirror: each component is at the centre or the face of the zone
        assert set(np.concatenate([start, end])) <= {0.0, 0.5}


def test_letters_and_jumps() -> None:
    path = special_path(np.eye(3), "G-X, M – R")
    assert [(a, b) for a, _, b, _ in path] == [("G", "X"), ("M", "R")]
    np.testing.assert_array_equal(path[1][3], [0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("lattice", "text", "words"),
    [
        (np.eye(3), "G-K", "'K' is no corner of a cubic zone"),
        (np.eye(3), "G", "two corners or more"),
        (np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]), None, "have no letters here"),
    ],
)
def test_refusals(lattice: np.ndarray, text: str | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        special_path(lattice, text)
