"""Landsat 8, 9 (OLI) and 7 (ETM+) as delivered, Collection 2: a folder with a file a band and ``..._MTL.txt``.

What catches people out:

* Band 8 is the PAN (15 m); its grid is offset by half a PAN pixel from that of the other bands, as the georeferences
  say.
* Level 2 (surface reflectance, ``_SR_B4.TIF``) has no band 8: the PAN comes with Level 1 (L1TP) of the same scene.
  Beside an HSI of larger pixels (EMIT's 60 m) its bands of 30 m are the sharper image.
* The MTL file of Level 2 repeats the keys of Level 1: the scales of surface reflectance stand in
  ``LEVEL2_SURFACE_REFLECTANCE_PARAMETERS``.
* Reflectance of Level 1 is at the top of the atmosphere, and not yet divided by the sine of the sun's elevation.
* 0 is no data, also in the gaps of Landsat 7 after May 2003.
* Files are named by band numbers, which mean other wavelengths on Landsat 7 than on Landsat 8.
"""

from __future__ import annotations

import re

from .layout import BandFile, Layout
from .members import Members, base_name
from .mtl import Mtl

KEY = r"(?P<scene>L[COE]0[789]_L\w{3}_\d{6}_\d{8}_\d{8}_\d{2}_(?:RT|T1|T2))_MTL\.txt"
PARTS = r"L[COE]0[789]_L\w{3}_\d{6}_\d{8}_\d{8}_\d{2}_(?:RT|T1|T2)_(?:SR_)?(?:B\d|QA_PIXEL|QA_RADSAT)\.TIF"
SOURCE = "USGS, Landsat 8-9 Collection 2 Level 1 Data Format Control Book, LSDS-1822; Landsat 7 ETM+ LSDS-1272"

_OLI = {1: (430, 450), 2: (450, 510), 3: (530, 590), 4: (640, 670), 5: (850, 880), 6: (1570, 1650), 7: (2110, 2290)}
_ETM = {1: (450, 520), 2: (520, 600), 3: (630, 690), 4: (770, 900), 5: (1550, 1750), 7: (2090, 2350)}
"""Reflective bands in nm, USGS, "What are the band designations for the Landsat satellites?"; the centre of a range is
taken as the wavelength, its length as the width."""
_SCALES_IN = ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")
_SCALES_OF_LEVEL2 = ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS",)


def lay_out(members: Members, role: str) -> Layout:
    """The PAN (of Level 2, which has none, the reflective bands), the reflective bands of 30 m, or the quality bands.

    Args:
        members: the product's files.
        role: "pan", "guide", "hsi" (as "guide") or "quality".

    Returns:
        Where the bands lie, and what the metadata says of them.

    Raises:
        InputError: the product lacks a file, or its metadata cannot be used.
    """
    mtl = Mtl(members.need("metadata (..._MTL.txt)", r"_MTL\.txt"))
    etm = members.scene[1:4].upper() == "E07"
    bands = _ETM if etm else _OLI
    satellite, level2 = f"Landsat {members.scene[3]}", "_L2" in members.scene.upper()
    if role == "quality":
        found = [path for path in map(members.first, (r"_QA_PIXEL\.TIF", r"_QA_RADSAT\.TIF")) if path]
        if not found:
            raise members.lacks("quality bands (..._QA_PIXEL.TIF)")
        return Layout(tuple(map(BandFile, found)), satellite, names=tuple(_short(path) for path in found))
    members.refuse_classes(r"_QA_\w+\.TIF$", "flags of quality")
    wanted = 0 if role != "pan" else _named(members) or (0 if level2 else 8)
    if wanted:
        files = {wanted: members.need(f"band {wanted}", rf"_(?:SR_)?B{wanted}\.TIF")}
    else:
        paths = {number: members.first(rf"_(?:SR_)?B{number}\.TIF") for number in bands}
        files = {number: path for number, path in paths.items() if path}
        if not files:
            raise members.lacks("reflective bands (..._B1.TIF to ..._B7.TIF)")
    groups = _SCALES_OF_LEVEL2 if level2 else _SCALES_IN
    scales = [mtl.number(f"REFLECTANCE_MULT_BAND_{number}", *groups) for number in files]
    offsets = [mtl.number(f"REFLECTANCE_ADD_BAND_{number}", *groups) for number in files]
    known = None not in (*scales, *offsets)
    ranges = [bands.get(number) for number in files]
    return Layout(
        tuple(BandFile(path) for path in files.values()),
        f"{satellite} {'Level 2' if level2 else 'Level 1'}",
        names=tuple(f"B{number}" for number in files),
        wavelengths=tuple(None if limits is None else sum(limits) / 2 for limits in ranges),
        fwhm=tuple(None if limits is None else float(limits[1] - limits[0]) for limits in ranges),
        scales=tuple(scale or 1.0 for scale in scales) if known else None,
        offsets=tuple(offset or 0.0 for offset in offsets) if known else None,
        nodata=(0.0,),
        sensor="landsat-7" if etm else "landsat-8",
        acquired=" ".join(filter(None, (mtl.text("DATE_ACQUIRED"), mtl.text("SCENE_CENTER_TIME")))),
        provenance=(
            f"{'band' if len(files) == 1 else 'bands'} {', '.join(map(str, files))}",
            f"reflectance by {groups[0]} in {mtl.name}" if known else "stored numbers without a scale",
            "0 is nodata",
            *(
                ["band 8, the PAN of 15 m, comes with Level 1 (L1TP) of the same scene"]
                if level2 and not wanted
                else []
            ),
        ),
    )


def _named(members: Members) -> int:
    """The band whose file the user named; 0 for none."""
    match = re.search(r"_B(\d)\.TIF$", base_name(members.given), re.IGNORECASE)
    return int(match[1]) if match is not None else 0


def _short(path: str) -> str:
    return base_name(path).rpartition("_QA_")[2].partition(".")[0]
