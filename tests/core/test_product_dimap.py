"""What SNAP writes, BEAM-DIMAP: a text and a folder of ENVI images of their structure."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.workflows.classical import classical

NAME = "subset_0_of_S2A_MSIL2A_20220724T101559_resampled"
FINE, COARSE = 36, 18
# name, size, type, wavelength, width, scale, offset, nodata (None where none is used)
BANDS = [
    ("B2", FINE, "uint16", 492.4, 66.0, 1e-4, -0.1, 0.0),
    ("B8", FINE, "uint16", 832.8, 106.0, 1e-4, -0.1, 0.0),
    ("B5", COARSE, "uint16", 704.1, 15.0, 1e-4, -0.1, 0.0),
    ("quality_aot", FINE, "uint16", 0.0, 0.0, 1e-3, 0.0, None),
    ("view_zenith_mean", FINE, "float32", 0.0, 0.0, 1.0, 0.0, None),
]


def write_dimap(folder, values, bands=BANDS, pixel=360.0, on_map=True):
    """``values``: of each band, by its name; ``pixel``: the extent over the number of pixels is a pixel's size."""
    data = folder / f"{NAME}.data"
    data.mkdir(parents=True)
    files, infos = [], []
    for i, (name, size, kind, wave, width, scale, offset, nodata) in enumerate(bands):
        step = pixel / size
        values[name].astype(np.dtype(kind).newbyteorder(">")).tofile(data / f"{name}.img")
        place = (
            f"map info = {{UTM, 1.0, 1.0, 500000.0, 5800000.0, {step}, {step}, 33, North, WGS-84, units=Meters}}\n"
            if on_map
            else ""
        )
        (data / f"{name}.hdr").write_text(
            f"ENVI\ndescription = {{{name}}}\nsamples = {size}\nlines = {size}\nbands = 1\nheader offset = 0\n"
            f"data type = {12 if kind == 'uint16' else 4}\ninterleave = bsq\nbyte order = 1\n"
            f"{place}band names = {{ {name} }}\ndata gain values = {{{scale}}}\ndata offset values = {{{offset}}}\n"
        )
        files.append(
            f'<Data_File><DATA_FILE_PATH href="{NAME}.data/{name}.hdr" /><BAND_INDEX>{i}</BAND_INDEX></Data_File>'
        )
        infos.append(
            f"<Spectral_Band_Info><BAND_INDEX>{i}</BAND_INDEX><BAND_DESCRIPTION /><BAND_NAME>{name}</BAND_NAME>"
            f"<BAND_RASTER_WIDTH>{size}</BAND_RASTER_WIDTH><BAND_RASTER_HEIGHT>{size}</BAND_RASTER_HEIGHT>"
            f"<DATA_TYPE>{kind}</DATA_TYPE><PHYSICAL_UNIT>dl</PHYSICAL_UNIT><BAND_WAVELEN>{wave}</BAND_WAVELEN>"
            f"<BANDWIDTH>{width}</BANDWIDTH><SCALING_FACTOR>{scale}</SCALING_FACTOR><SCALING_OFFSET>{offset}"
            f"</SCALING_OFFSET><LOG10_SCALED>false</LOG10_SCALED><NO_DATA_VALUE_USED>{str(nodata is not None).lower()}"
            f"</NO_DATA_VALUE_USED><NO_DATA_VALUE>{nodata or 0.0}</NO_DATA_VALUE></Spectral_Band_Info>"
        )
    virtual = (
        f"<Spectral_Band_Info><BAND_INDEX>{len(bands)}</BAND_INDEX><BAND_NAME>ndvi</BAND_NAME></Spectral_Band_Info>"
    )
    text = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?><Dimap_Document name="{NAME}.dim"><Metadata_Id><METADATA_PROFILE>'
        "BEAM-DATAMODEL-V1</METADATA_PROFILE></Metadata_Id><Production><DATASET_PRODUCER_NAME>Büro"
        "</DATASET_PRODUCER_NAME><PRODUCT_TYPE>S2_MSI_Level-2A</PRODUCT_TYPE><PRODUCT_SCENE_RASTER_START_TIME>"
        "24-JUL-2022 10:15:59.024000</PRODUCT_SCENE_RASTER_START_TIME></Production><Data_Access>"
        f"{''.join(files)}</Data_Access><Image_Interpretation>{''.join(infos)}{virtual}</Image_Interpretation>"
        "</Dimap_Document>"
    )
    path = folder / f"{NAME}.dim"
    path.write_bytes(text.encode("iso-8859-1"))
    return path


def made(related):
    fine = np.rint(related(4)[1] * 5e3 + 1000).astype(np.uint16)
    fine[0, :3] = 0
    values = {name: fine + i for i, (name, *_) in enumerate(BANDS)}
    values["B2"], values["B8"] = np.where(fine == 0, 0, fine), np.where(fine == 0, 0, fine + 1)
    values["B5"] = fine[::2, ::2]
    return values


def test_the_sharper_image_is_the_finest_bands_with_a_wavelength(tmp_path, related):
    values = made(related)
    path = write_dimap(tmp_path, values)
    for named in (path, tmp_path):
        with open_raster(named, "pan") as image:
            assert image.metadata.names == ("B2", "B8")
            assert image.metadata.wavelengths == (492.4, 832.8)
            assert image.metadata.fwhm == (66.0, 106.0)
            assert (image.metadata.scales, image.metadata.offsets) == ((1e-4,) * 2, (-0.1,) * 2)
            assert image.grid.geotransform == (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
            assert image.origin.product == "SNAP S2_MSI_Level-2A"
            assert "3 bands of another size or without a wavelength are left out" in image.origin.provenance
            block = image.read()
    np.testing.assert_array_equal(block.valid[0], values["B2"] != 0)
    np.testing.assert_array_equal(block.values[1], values["B8"])


def test_an_hsi_is_the_most_bands_of_one_size_and_a_job_takes_both(tmp_path, related):
    low, fine = related(4)
    cube = {f"band_{i}": plane.astype(np.float32) for i, plane in enumerate(low)}
    bands = [(name, 12, "float32", 500.0 + 90 * i, 10.0, 1.0, 0.0, None) for i, name in enumerate(cube)]
    cube["pan"] = fine
    hsi = write_dimap(tmp_path / "hsi", cube, [*bands, ("pan", FINE, "float32", 600.0, 200.0, 1.0, 0.0, None)])
    pan = write_dimap(tmp_path / "pan", made(related))
    with open_raster(hsi) as image:
        assert image.metadata.wavelengths == (500.0, 590.0, 680.0, 770.0)
        np.testing.assert_array_equal(image.read().values, low.astype(np.float32))
    out = str(tmp_path / "out.tif")
    classical(str(hsi), str(pan), out, mtf=0.3, shift="none")
    with RasterReader(out) as fused:
        assert (fused.bands, fused.grid.rows) == (4, FINE)
    with pytest.raises(InputError, match=r"B8\.img is (?:one|a part) of the input"):
        classical(str(hsi), str(pan), str(tmp_path / "pan" / f"{NAME}.data" / "B8.img"))


def test_a_product_that_lies_on_no_map_or_lost_its_folder_is_refused(tmp_path, related):
    swath = write_dimap(tmp_path / "swath", made(related), on_map=False)
    with pytest.raises(InputError, match="lies on no map: SNAP knows its places by tie points alone; reproject it"):
        open_raster(swath, "pan")
    alone = tmp_path / "alone.dim"
    alone.write_bytes(swath.read_bytes())
    with pytest.raises(InputError, match=r"names no band with a file beside it; keep alone\.data beside it"):
        open_raster(alone, "pan")


def test_spots_text_of_that_ending_is_left_to_gdal(tmp_path):
    (tmp_path / "METADATA.DIM").write_text("<Dimap_Document/>")
    with pytest.raises(InputError, match="cannot be read as a raster"):
        open_raster(tmp_path / "METADATA.DIM", "pan")
    assert gdal.GetDriverByName("DIMAP") is not None
