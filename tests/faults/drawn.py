"""Rasters as they come, drawn at random: how they lie, how they are written, and what is right of a result."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from osgeo import gdal

X, Y = 500000.0, 5800000.0
NAMES = ("hsi", "h s i", "Ähre-ß-桜", "a'b;c&d%20", "x" * 200)
DTYPES = ("uint8", "uint16", "int16", "int32", "uint32", "float32", "float64")


@dataclass(frozen=True, repr=False)
class Case:
    """An HSI and a PAN: arrays, masks of what is valid, and how they lie on each other."""

    hsi: np.ndarray
    pan: np.ndarray
    hsi_valid: np.ndarray
    pan_valid: np.ndarray
    ratio: int
    shift: tuple[float, float]  # PAN pixels from the HSI's corner to the PAN's
    nodata: float | None
    driver: str
    options: tuple[str, ...]
    mask: str
    wavelengths: str
    bbl: tuple[int, ...]
    name: str

    def __repr__(self) -> str:
        arrays = ("hsi", "pan", "hsi_valid", "pan_valid")
        rest = {key: value for key, value in vars(self).items() if key not in arrays}
        values = f"{self.hsi.dtype} {self.hsi.min()}..{self.hsi.max()}"
        return f"Case(hsi {self.hsi.shape} {values}, pan {self.pan.shape}, {rest})"


@st.composite
def cases(draw, least: int = 9, most: int = 14, ratios=(2, 3, 4, 7)) -> Case:
    ratio, bands = draw(st.sampled_from(ratios)), draw(st.integers(2, 5))
    rows, cols = draw(st.integers(least, most)), draw(st.integers(least, most))
    shift = tuple(draw(st.sampled_from([0.0] * 6 + [0.25, 1.0, -1.5, -3.0, 40.0])) for _ in range(2))
    more = tuple(draw(st.sampled_from([4, 4, 9, 0, -2, -9, -10000])) for _ in range(2))
    high = tuple(max(1, count * ratio + extra) for count, extra in zip((rows, cols), more))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    hsi, pan = rng.random((bands, rows, cols)), rng.random(high)
    if dtype.kind == "f":
        scale = draw(st.sampled_from([1.0, 1e-30, 1e-6, 1e4, 1e18, 1e30, 3e38]))
        hsi, pan = ((array - draw(st.sampled_from([0.0, 0.5, 2.0]))) * scale for array in (hsi, pan))
    else:
        limits = np.iinfo(dtype)
        low, top = draw(st.sampled_from([(1, 200), (limits.min, limits.max), (1, 3), (limits.max - 3, limits.max)]))
        hsi, pan = (np.floor(low + array * (top - low + 1.0)).clip(low, top) for array in (hsi, pan))
    hsi, pan = hsi.astype(dtype), pan.astype(dtype)
    for band, what in enumerate(draw(st.lists(st.sampled_from("....cz"), min_size=bands, max_size=bands))):
        if what != ".":
            hsi[band] = hsi[band, 0, 0] if what == "c" else 0
    if draw(st.integers(0, 9)) == 0:
        pan[:] = pan[0, 0]
    nodata = draw(st.sampled_from([None, None, 0.0, 255.0, -9999.0, math.nan]))
    bbl = tuple(int(draw(st.integers(0, 5)) > 0) for _ in range(bands))
    case = Case(
        hsi,
        pan,
        np.ones(hsi.shape, bool),
        np.ones(pan.shape, bool),
        ratio,
        shift,
        nodata,
        *draw(
            st.sampled_from(
                [
                    ("GTiff", ("INTERLEAVE=BAND",)),
                    ("GTiff", ("INTERLEAVE=PIXEL", "COMPRESS=DEFLATE", "TILED=YES")),
                    ("ENVI", ("INTERLEAVE=BSQ",)),
                    ("ENVI", ("INTERLEAVE=BIL",)),
                    ("ENVI", ("INTERLEAVE=BIP",)),
                ]
            )
        ),
        draw(st.sampled_from(["", "", "mask", "alpha"])),
        draw(st.sampled_from(["", "nm", "unsorted", "gaps", "nonsense", "contradiction"])),
        bbl,
        draw(st.sampled_from(NAMES)),
    )
    return _spoiled(case, draw, rng)


def _spoiled(case: Case, draw, rng: np.random.Generator) -> Case:
    """Invalid samples in the way that the type has for them; the masks say where."""
    hsi, pan = case.hsi.copy(), case.pan.copy()
    floating = hsi.dtype.kind == "f"
    representable = case.nodata is not None and (
        floating or (math.isfinite(case.nodata) and np.iinfo(hsi.dtype).min <= case.nodata <= np.iinfo(hsi.dtype).max)
    )
    value = case.nodata if representable else draw(st.sampled_from([math.nan, math.inf, -math.inf])) if floating else 0
    if representable or floating:
        pattern = draw(st.sampled_from(["none", "none", "pixels", "pixels", "block", "block", "band", "pan", "all"]))
        if pattern == "pixels":
            hsi[:, rng.random(hsi.shape[1:]) < 0.1] = value
        elif pattern == "block":
            hsi[0, :4, 3:] = value
        elif pattern == "band":
            hsi[draw(st.integers(0, len(hsi) - 1))] = value
        elif pattern == "pan":
            pan[rng.random(pan.shape) < 0.1] = value
        elif pattern == "all":
            hsi[:] = value
    with np.errstate(over="ignore"):
        masks = [np.isfinite(array.astype(np.float32)) for array in (hsi, pan)]
    if representable and not math.isnan(case.nodata):
        masks = [mask & (array != array.dtype.type(case.nodata)) for mask, array in zip(masks, (hsi, pan))]
    if case.mask and case.driver == "GTiff":
        masks[0][:, -2:] = False
    return replace(case, hsi=hsi, pan=pan, hsi_valid=masks[0], pan_valid=masks[1])


def write(case: Case, folder: Path, make_raster) -> tuple[str, str]:
    """The two files."""
    suffix = ".tif" if case.driver == "GTiff" else ".img"
    size = float(30 * case.ratio)
    hsi, pan = folder / f"{case.name}{suffix}", folder / "pan ä.tif"
    values, alpha = case.hsi, case.mask == "alpha" and case.driver == "GTiff"
    # Four bands of bytes would be red, green, blue and transparency to GDAL.
    options = (*case.options, "PHOTOMETRIC=MINISBLACK", "ALPHA=NO") if case.driver == "GTiff" else case.options
    if alpha:
        shown = np.full((1, *values.shape[1:]), 255, values.dtype)
        shown[:, -2:] = 0
        values = np.concatenate([values, shown])
    # GDAL removes an invalid nodata value of integers itself; of NaN for integers it would only warn.
    nodata = None if case.nodata is not None and math.isnan(case.nodata) and values.dtype.kind != "f" else case.nodata
    make_raster(hsi, values, (X, size, 0.0, Y, 0.0, -size), nodata=nodata, driver=case.driver, options=options)
    corner = X + case.shift[1] * 30.0, Y - case.shift[0] * 30.0
    make_raster(pan, case.pan, (corner[0], 30.0, 0.0, corner[1], 0.0, -30.0), nodata=nodata)
    dataset = gdal.Open(str(hsi), gdal.GA_Update)
    if case.mask == "mask" and case.driver == "GTiff":
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)
        shown = np.full(case.hsi.shape[1:], 255, np.uint8)
        shown[-2:] = 0
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(shown)
    if alpha:
        dataset.GetRasterBand(len(values)).SetColorInterpretation(gdal.GCI_AlphaBand)
    for band, (wave, units) in enumerate(_wavelengths(case)):
        items = {"bbl": str(case.bbl[band])}
        if wave is not None:
            items.update(wavelength=str(wave), wavelength_units=units)
        dataset.GetRasterBand(band + 1).SetMetadata(items)
    dataset.FlushCache()
    return str(hsi), str(pan)


def _wavelengths(case: Case) -> list[tuple[object, str]]:
    count = len(case.hsi)
    return {
        "": [(None, "")] * count,
        "nm": [(400.0 + 50 * band, "Nanometers") for band in range(count)],
        "unsorted": [(900.0 - 50 * band + 70 * (band % 2), "Nanometers") for band in range(count)],
        "gaps": [(None if band % 2 else 500.0, "nm") for band in range(count)],
        "nonsense": [("many", "furlongs"), *[(-5.0, "nm"), (0.0, ""), (1e300, "m"), (math.nan, "nm")][: count - 1]],
        "contradiction": [(0.5 + band, "Nanometers" if band % 2 else "Micrometers") for band in range(count)],
    }[case.wavelengths]


def expected(case: Case):
    """Rows and columns of PAN pixels in the output, whether each is valid in each good band, and these; None where
    there is nothing to fuse."""
    ranges, owners = [], []
    for shift, high, low in zip(case.shift, case.pan.shape, case.hsi.shape[1:]):
        corners = shift + np.arange(high + 1)
        inside = np.flatnonzero((corners[:-1] > -0.011) & (corners[1:] < low * case.ratio + 0.011))
        if not len(inside):
            return None
        ranges.append(slice(inside[0], inside[-1] + 1))
        owners.append(np.clip((corners[:-1][inside] + 0.5) // case.ratio, 0, low - 1).astype(int))
    seen = [slice(owner[0], owner[-1] + 1) for owner in owners]
    good = np.array([flag > 0 for flag in case.bbl]) & case.hsi_valid[:, seen[0], seen[1]].any((1, 2))
    if not good.any():
        return None
    valid = case.hsi_valid[good][:, owners[0]][:, :, owners[1]] & case.pan_valid[ranges[0], ranges[1]]
    return ranges, valid, good
