"""Make an archive's folder of the example scene: a product of EnMAP and one of Sentinel-2 of the same place.

Who has no account at an archive can walk through ``docs/archive-to-result.md`` with it::

    python examples/archive.py archive

The folder gets what DLR and ESA deliver (names, formats, and the metadata that are read), made of the real spectra of
``examples/indian_pines``: pixels of 30 m, blurred (MTF gain 0.3) and noisy (signal to noise 250), as EnMAP; bands of 10
and 20 m by the published responses of Sentinel-2A, with ESA's offset. Sentinel-2's images lie 7 m too far east and 4 m
too far south, as real ones may. ``truth.tif`` is the scene itself at 10 m, which no archive has.

The georeference is nominal, and the numbers are radiance that is only stored as reflectance is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from osgeo import gdal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core import simulate  # noqa: E402

SCENE = ROOT / "examples" / "indian_pines" / "indian_pines.tif"
PIXEL, RATIO, SIDE = 10.0, 3, 144
EAST, NORTH = 7.0, -4.0  # m by which Sentinel-2's images are misplaced
OFFSET = 1000  # that ESA adds to stored numbers
ENMAP = "ENMAP01-____L2A-DT0000000001_20220724T164526Z_008_V010302_20230628T165614Z"
TILE = "T16TEK_20220724T163901"
SAFE = "S2A_MSIL2A_20220724T163901_N0510_R126_T16TEK_20220724T224500.SAFE"
IDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
SHARP = ("B02", "B03", "B04", "B08")  # of 10 m


def main(folder: Path) -> None:
    """Write both products, and the truth."""
    gdal.UseExceptions()
    folder.mkdir(parents=True, exist_ok=True)
    truth = folder / "truth.tif"
    source = gdal.Open(str(SCENE))
    west, _, _, north, _, _ = source.GetGeoTransform()
    corners = [west, north, west + SIDE * PIXEL, north - SIDE * PIXEL]
    options = ["COMPRESS=DEFLATE", "INTERLEAVE=BAND"]
    made = gdal.Translate(str(truth), source, srcWin=[0, 0, SIDE, SIDE], outputBounds=corners, creationOptions=options)
    for number in range(made.RasterCount):
        made.GetRasterBand(number + 1).SetScale(1e-4)
    made.FlushCache()
    with tempfile.TemporaryDirectory() as work:
        hsi, pan = f"{work}/hsi.tif", f"{work}/pan.tif"
        simulate(str(truth), RATIO, hsi, pan, pan_range="sentinel-2a", snr_hsi=250.0)
        write_enmap(folder / ENMAP, gdal.Open(hsi))
        write_safe(folder / SAFE, gdal.Open(pan))


def write_enmap(folder: Path, hsi: gdal.Dataset) -> None:
    """EnMAP L2A: reflectance x 10000 in an image that says nothing of its bands, and their facts in an XML."""
    folder.mkdir(exist_ok=True)
    values = np.rint(hsi.ReadAsArray()).astype(np.int16)
    waves = [float(hsi.GetRasterBand(i + 1).GetMetadataItem("wavelength")) for i in range(len(values))]
    write(folder / f"{ENMAP}-SPECTRAL_IMAGE.TIF", values, hsi, nodata=-32768)
    write(folder / f"{ENMAP}-QL_QUALITY_CLOUD.TIF", np.zeros((1, *values.shape[1:]), np.uint8), hsi)
    listed = "".join(
        f'<bandID number="{i + 1}"><wavelengthCenterOfBand>{wave:.2f}</wavelengthCenterOfBand>'
        "<FWHMOfBand>10</FWHMOfBand><GainOfBand>0.0001</GainOfBand><OffsetOfBand>0</OffsetOfBand></bandID>"
        for i, wave in enumerate(waves)
    )
    (folder / f"{ENMAP}-METADATA.XML").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><level_X><base><level>L2A</level><temporalCoverage>'
        "<startTime>2022-07-24T16:45:26.1Z</startTime></temporalCoverage></base>"
        f"<specific><bandCharacterisation>{listed}</bandCharacterisation></specific></level_X>",
        encoding="utf-8",
    )


def write_safe(root: Path, pan: gdal.Dataset) -> None:
    """Sentinel-2 L2A: a JPEG 2000 file a band, five folders deep, and the facts in an XML."""
    images = root / "GRANULE" / "L2A_T16TEK_A037017_20220724T164200" / "IMG_DATA"
    spectra = []
    for i in range(pan.RasterCount):
        band = pan.GetRasterBand(i + 1)
        name = next(word for word in band.GetDescription().split() if word.startswith("B"))
        pixel = 10 if name in SHARP else 20
        values = band.ReadAsArray()
        if pixel == 20:
            values = values.reshape(SIDE // 2, 2, SIDE // 2, 2).mean((1, 3))
        write(
            images / f"R{pixel}m" / f"{TILE}_{name}_{pixel}m.jp2",
            np.rint(values + OFFSET)[None].astype(np.uint16),
            pan,
            pixel,
        )
        wave = float(band.GetMetadataItem("wavelength"))
        spectra.append(
            f'<Spectral_Information bandId="{IDS.index(name)}" physicalBand="B{name[1:].lstrip("0")}">'
            f'<RESOLUTION>{pixel}</RESOLUTION><Wavelength><CENTRAL unit="nm">{wave:g}</CENTRAL></Wavelength>'
            "</Spectral_Information>"
        )
    classes = np.full((1, SIDE // 2, SIDE // 2), 5, np.uint8)  # bare soil
    write(images / "R20m" / f"{TILE}_SCL_20m.jp2", classes, pan, 20)
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{i}">{-OFFSET}</BOA_ADD_OFFSET>' for i in range(len(IDS)))
    (root / "MTD_MSIL2A.xml").write_text(
        '<?xml version="1.0"?><n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD">'
        "<n1:General_Info><Product_Info><PRODUCT_START_TIME>2022-07-24T16:39:01.024Z</PRODUCT_START_TIME>"
        "<PROCESSING_BASELINE>05.10</PROCESSING_BASELINE></Product_Info><Product_Image_Characteristics>"
        "<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>"
        f"{offsets}<Spectral_Information_List>{''.join(spectra)}</Spectral_Information_List></Product_Image_Characteristics>"
        "</n1:General_Info></n1:Level-2A_User_Product>",
        encoding="utf-8",
    )


def write(path: Path, values: np.ndarray, like: gdal.Dataset, pixel: float = 0.0, nodata: float | None = None) -> None:
    """Write bands x rows x cols as GeoTIFF or JPEG 2000 on the grid of a raster, its pixel size if none is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    west, dx, _, north, _, dy = like.GetGeoTransform()
    shift = (EAST, NORTH) if pixel else (0.0, 0.0)
    kind = {np.dtype(np.uint8): gdal.GDT_Byte, np.dtype(np.uint16): gdal.GDT_UInt16, np.dtype(np.int16): gdal.GDT_Int16}
    made = gdal.GetDriverByName("MEM").Create("", values.shape[2], values.shape[1], len(values), kind[values.dtype])
    made.SetProjection(like.GetProjection())
    made.SetGeoTransform([west + shift[0], pixel or dx, 0.0, north + shift[1], 0.0, -pixel or dy])
    for i, plane in enumerate(values):
        made.GetRasterBand(i + 1).WriteArray(plane)
        if nodata is not None:
            made.GetRasterBand(i + 1).SetNoDataValue(nodata)
    if path.suffix == ".jp2":
        options = ["QUALITY=100", "REVERSIBLE=YES", "YCBCR420=NO"]
        gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(str(path), made, 0, options)
    else:
        gdal.GetDriverByName("GTiff").CreateCopy(str(path), made, 0, ["COMPRESS=DEFLATE"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "archive"))
