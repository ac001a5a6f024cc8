"""Local-mode records: dispersions, the recipe behind record A, files, and what is refused."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import load_local_mode, local_mode, local_mode_names, save_local_mode, to_json
from crosscurrent.models.local_mode_stability import check_stability
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.dipole_kernel import dipole_kernel
from crosscurrent.physics.effective_hamiltonian import short_range_couplings
from crosscurrent.physics.lattice_kernel import short_range_kernel
from crosscurrent.physics.lattice_units import COULOMB
from crosscurrent.physics.well import Well
from crosscurrent.units import InputError
from reference.ewald_sum import ewald_tensor

GRID = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
GAMMA_X, GAMMA_Y, X, R = [1e-3, 0, 0], [0, 1e-3, 0], [np.pi, 0, 0], [np.pi] * 3


def test_names() -> None:
    assert local_mode_names() == ["batio3-a", "batio3-a-double", "batio3-b", "batio3-b-double", "batio3-lda"]
    with pytest.raises(InputError, match="Did you mean 'batio3-b'"):
        local_mode("batio3_b")


@pytest.mark.parametrize(
    ("name", "x", "r"),
    [
        ("batio3-b", (4.18, 4.18, 18.35), (10.66, 10.66, 15.97)),
        ("batio3-a", (2.93, 2.93, 21.76), (16.53, 16.53, 20.36)),
    ],
)
def test_dispersion(name: str, x: tuple[float, ...], r: tuple[float, ...]) -> None:
    """Frequencies around the ordered state, THz: the number that the blocks were not made from."""
    found = local_mode(name).frequencies([GAMMA_X, GAMMA_Y, X, R])
    np.testing.assert_allclose(found[0], [0.486, 0.486, 22.92], atol=5e-3)
    assert found[1][-1] == pytest.approx(19.59, abs=5e-3)
    np.testing.assert_allclose(found[2], x, atol=5.1e-3)
    np.testing.assert_allclose(found[3], r, atol=5.1e-3)


def test_values_of_the_tables() -> None:
    record = local_mode("batio3-b")
    assert record.mass[0, 0] == pytest.approx(103.5941, abs=5e-5)
    assert record.angular[2, 0, 1] == pytest.approx(94.7144, abs=5e-5)
    assert record.polarization[0] == pytest.approx(0.35819, abs=1e-5)
    assert 4 * np.pi * COULOMB / record.volume == pytest.approx(2.858903, abs=1e-6)
    strength = 4 * np.pi * COULOMB / record.volume * 19.76637**2 / 6.869406
    assert strength == pytest.approx(162.605, abs=1e-3)


def recipe_a() -> tuple[np.ndarray, np.ndarray]:
    """K_full(q) - K_full(0) on the 3^3 grid from the effective Hamiltonian of Nishimatsu et al., and its q."""
    j1, j2, j3, j4, j6 = -2.08403, -1.12904, 0.68946, -0.61134, 0.27690
    effective = short_range_couplings((j1, j2, j3, j4, 0.0, j6, 0.0))
    q = 2 * np.pi / 3 * GRID
    dipoles = COULOMB * 10.33**2 / (6.86915 * 3.98597**3) * ewald_tensor(q)
    full = (19.76637 / 10.33) ** 2 * (short_range_kernel(q, effective).real + dipoles)
    return full - full[GRID.tolist().index([0, 0, 0])], q


def inverse(kernel: np.ndarray, q: np.ndarray) -> dict[tuple[int, int, int], np.ndarray]:
    return {tuple(r): np.einsum("q,qab->ab", np.cos(q @ r), kernel) / 27 for r in GRID.tolist()}


def test_record_a_from_its_parameters() -> None:
    """Damped: the residual over the dipole kernel. Double: nothing removed."""
    full, q = recipe_a()
    tensors = (19.76637 * np.eye(3), 6.869406 * np.eye(3), 63.293954)
    long_range = dipole_kernel(q, *tensors) - dipole_kernel(np.zeros(3), *tensors)
    damped, double = inverse(full - long_range, q), inverse(full, q)
    for name, blocks in (("batio3-a", damped), ("batio3-a-double", double)):
        record = local_mode(name)
        for vector, block in record.blocks.items():
            np.testing.assert_allclose(block, blocks[vector], atol=2e-9)
    # what B and its double differ by is the same
    b, b_double = local_mode("batio3-b"), local_mode("batio3-b-double")
    for vector, block in b.blocks.items():
        difference = b_double.blocks[vector] - block
        np.testing.assert_allclose(difference, double[vector] - damped[vector], atol=3e-9)


def test_printed_digits_of_record_b() -> None:
    neighbours = (-2.271758, -9.665859, 0.206586, -1.386222, -2.307093, 0.686767, 0.061879)
    printed = short_range_couplings(neighbours) | {(0, 0, 0): 26.816814 * np.eye(3)}
    for vector, block in local_mode("batio3-b").blocks.items():
        np.testing.assert_allclose(block, printed[vector], atol=6e-7)


@pytest.mark.parametrize("name", ["batio3-a", "batio3-a-double", "batio3-b", "batio3-b-double", "batio3-lda"])
def test_bundled_records_are_stable(name: str) -> None:
    found = check_stability(local_mode(name), Slab((9, 11, 5)))
    # the softest mode is the uniform one across the axis, which only kappa holds
    assert found.lowest == pytest.approx(0.1, rel=1e-6)
    assert 100 < found.frequency < 200


def test_literal_recipe_is_refused_with_its_wave_vector() -> None:
    """The bare kernel, subtracted on a 3^3 grid, jumps at the zone boundary and does not cancel in between.

    Which grid is asked decides: a coarse even one does not see it.
    """
    q = 2 * np.pi / 3 * GRID
    bare = inverse(dipole_kernel(q, 19.76637 * np.eye(3), 6.869406 * np.eye(3), 63.293954, "bare"), q)
    double = local_mode("batio3-b-double")
    record = double.with_kernel({vector: block - bare[vector] for vector, block in double.blocks.items()})
    check_stability(record, Slab((12, 11, 4)))
    with pytest.raises(InputError, match="unstable") as caught:
        check_stability(record, Slab((41, 11, 9)))
    eigenvalue = float(caught.value.what.split("eigenvalue ")[1].split()[0])
    assert -29.5 < eigenvalue < -10.5
    # q and -q are the same; rounding decides which is named
    assert "0.4878, 0.2222) 2 pi/a" in caught.value.what and "of 369 wave vectors" in caught.value.what
    assert "bare dipole kernel" in caught.value.fix


def test_axis_across_the_slab_is_refused() -> None:
    record = local_mode("batio3-b")
    with pytest.raises(InputError, match="not an equilibrium"):
        check_stability(replace(record, well=replace(record.well, axis=(0.0, 1.0, 0.0))), Slab((4, 5, 3)))
    check_stability(replace(record, well=replace(record.well, axis=(0.0, 0.0, 1.0))), Slab((4, 5, 3)))
    with pytest.raises(InputError, match="unstable"):
        check_stability(replace(record, well=replace(record.well, kappa=0.0)), Slab((4, 5, 3)))


def test_file_round_trip(tmp_path: Path) -> None:
    record = local_mode("batio3-b")
    path = tmp_path / "record.json"
    save_local_mode(record, path)
    again = load_local_mode(path)
    assert to_json(again) == to_json(record)
    np.testing.assert_array_equal(again.mass, record.mass)


def change(record: LocalMode, **changes: Any) -> LocalMode:
    return replace(record, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mass": -np.eye(3)}, "mass has the eigenvalue -1"),
        ({"mass": np.eye(3) + np.eye(3, k=1)}, "mass is not symmetric"),
        ({"eps_inf": np.zeros((3, 3))}, "eps_inf has the eigenvalue 0"),
        ({"charge": np.ones(3)}, r"charge has to be \(3, 3\)"),
        ({"angular": np.ones((3, 3, 3))}, "not antisymmetric"),
        ({"volume": 0.0}, "volume has to be positive"),
        ({"dipole": "screened"}, "unknown dipole kernel"),
        ({"well": Well(-30.0, -1.0, 0.0, 0.1)}, "not bounded"),
        ({"well": Well(-30.0, 5800.0, -1.0, 0.1)}, "not bounded"),
        ({"well": Well(30.0, 5800.0, 0.0, 0.1)}, "minimum at the centre"),
        ({"well": Well(-30.0, 5800.0, 0.0, -0.1)}, "pushes the mode off"),
        ({"well": Well(-30.0, 5800.0, 0.0, 0.1, (1.0, 1.0, 0.0))}, "not a unit vector"),
        ({"blocks": {}}, "no blocks"),
        ({"blocks": {(0, 0, 0): np.eye(3)}}, "does not sum to zero"),
        ({"blocks": {(0, 0, 0): np.eye(3), (1, 0, 0): -np.eye(3)}}, "no partner"),
    ],
)
def test_bad_records(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        change(local_mode("batio3-b"), **changes)


def test_kernel_without_inversion_is_refused() -> None:
    """What one-cell oxygen assignment gives, and what would look like a Hall signal."""
    record = local_mode("batio3-b")
    blocks = dict(record.blocks)
    skew = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    blocks[1, 0, 0], blocks[-1, 0, 0] = blocks[1, 0, 0] + skew, blocks[-1, 0, 0] - skew
    with pytest.raises(InputError, match=r"breaks inversion.*by 2 eV"):
        replace(record, blocks=blocks)
    # K(R) = K(-R), but not symmetric: S8 would not be the gradient of S7
    blocks[-1, 0, 0] = blocks[1, 0, 0]
    with pytest.raises(InputError, match="differs from its transpose"):
        replace(record, blocks=blocks)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c.pop("mass_amu"), "lacks the key 'mass_amu'"),
        (lambda c: c.update(colour="red"), "unknown key 'colour'"),
        (lambda c: c.update(schema="crosscurrent-local-mode/9"), "has the schema"),
        (lambda c: c["well"].pop("axis"), "lacks the key 'axis'"),
        (lambda c: c.update(volume_angstrom3="big"), "wrong kind"),
        (lambda c: c["short_range_eV_per_angstrom2"].append(c["short_range_eV_per_angstrom2"][0]), "twice"),
        (lambda c: c["short_range_eV_per_angstrom2"][0].update(K=[[1, 2], [3, 4]]), "3 x 3"),
        (lambda c: c["well"].update(b4_eV_per_angstrom4=-1.0), "not bounded"),
    ],
)
def test_bad_files(tmp_path: Path, edit: Any, message: str) -> None:
    content = json.loads(to_json(local_mode("batio3-b")))
    edit(content)
    path = tmp_path / "record.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message) as caught:
        load_local_mode(path)
    assert "record.json" in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_local_mode(tmp_path / "absent.json")
    path = tmp_path / "broken.json"
    path.write_text('{"schema": \n oops')
    with pytest.raises(InputError, match="line 2"):
        load_local_mode(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text in UTF-8"):
        load_local_mode(path)
