"""Wannier90 files -> tight-binding models: pure reading and validation."""

from crosscurrent.models.wannier90.chk import Checkpoint, read_chk
from crosscurrent.models.wannier90.hoppings import Hoppings, ImageList, read_hr, read_tb, read_wsvec
from crosscurrent.models.wannier90.listings import Win, read_centres, read_eig, read_win
from crosscurrent.models.wannier90.load import load_wannier90, seed_name
from crosscurrent.models.wannier90.overlaps import Overlaps, read_mmn, read_spn, read_sxu

__all__ = [
    "Checkpoint",
    "Hoppings",
    "ImageList",
    "Overlaps",
    "Win",
    "load_wannier90",
    "read_centres",
    "read_chk",
    "read_eig",
    "read_hr",
    "read_mmn",
    "read_spn",
    "read_sxu",
    "read_tb",
    "read_win",
    "read_wsvec",
    "seed_name",
]
