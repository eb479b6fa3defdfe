"""Nothing that a job reads is overwritten, whatever the input and the output are called."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.io.input_files import files_read
from core.io.raster_files import check_raster_output
from core.runtime.errors import InputError
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from core.workflows.info import info
from core.workflows.output import Outputs, check_outputs
from core.workflows.simulate import simulate

CUBE = np.arange(2 * 12 * 12, dtype="uint16").reshape(2, 12, 12)


@pytest.fixture
def inside(tmp_path, monkeypatch, make_raster):
    """A folder with pan.tif, as the working folder."""
    monkeypatch.chdir(tmp_path)
    make_raster(tmp_path / "pan.tif", CUBE[0])
    return tmp_path


def vrt_of(name: str, out: str = "pan.vrt") -> str:
    """A VRT of one raster, whose name in it is relative."""
    assert gdal.BuildVRT(out, [name]) is not None
    return out


def nested(folder):
    (folder / "deep").mkdir()
    vrt_of("pan.tif", "inner.vrt")
    shutil.copy("inner.vrt", "deep/copy.vrt")
    text = Path("deep/copy.vrt").read_text().replace(">pan.tif<", ">../pan.tif<")
    Path("deep/copy.vrt").write_text(text)
    return vrt_of("deep/copy.vrt", "outer.vrt"), "pan.tif"


def warped(folder):
    gdal.Warp("warped.vrt", "pan.tif", format="VRT", xRes=5, yRes=5)
    return vrt_of("warped.vrt", "of_warped.vrt"), "pan.tif"


def absolute(folder):
    (folder / "elsewhere").mkdir()
    gdal.Translate("elsewhere/a.vrt", str(folder / "pan.tif"), format="VRT")
    return str(folder / "elsewhere/a.vrt"), "pan.tif"


def behind_a_link(folder):
    (folder / "elsewhere").mkdir()
    vrt_of("pan.tif")
    os.symlink(folder / "pan.vrt", folder / "elsewhere/l.vrt")
    return "elsewhere/l.vrt", "pan.tif"


def raw_band(folder):
    (folder / "raw.bin").write_bytes(CUBE[0].tobytes())
    (folder / "r.vrt").write_text(
        '<VRTDataset rasterXSize="12" rasterYSize="12"><VRTRasterBand dataType="UInt16" band="1" '
        'subClass="VRTRawRasterBand"><SourceFilename relativetoVRT="1">raw.bin</SourceFilename></VRTRasterBand>'
        "</VRTDataset>"
    )
    return "r.vrt", "raw.bin"


def declared(folder):
    """An XML declaration and a comment stand before the VRT, and its name has another suffix."""
    text = Path(vrt_of("pan.tif")).read_text()
    (folder / "pan.xml").write_text('<?xml version="1.0"?>\n<!-- made by hand -->\n' + text)
    return "pan.xml", "pan.tif"


def as_text(folder):
    return Path(vrt_of("pan.tif")).read_text(), "pan.tif"


def connection(folder):
    return f"vrt://{folder}/pan.tif?bands=1", "pan.tif"


def of_a_driver(folder):
    return f"GTIFF_DIR:1:{folder}/pan.tif", "pan.tif"


def in_memory(folder):
    gdal.Translate("/vsimem/in_memory.vrt", str(folder / "pan.tif"), format="VRT")
    return "/vsimem/in_memory.vrt", "pan.tif"


def in_an_archive(folder):
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("pan.tif", "sub/pan.tif")
    return "/vsizip/a.zip/sub/pan.tif", "a.zip"


def in_an_archive_by_braces(folder):
    with zipfile.ZipFile("a.zip.tif", "w") as archive:
        archive.write("pan.tif")
    return f"/vsizip/{{{folder}/a.zip.tif}}/pan.tif", "a.zip.tif"


def vrt_in_an_archive(folder):
    gdal.Translate("in.vrt", str(folder / "pan.tif"), format="VRT")
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("in.vrt", Path("in.vrt").read_text().replace('relativeToVRT="1">pan', f">{folder}/pan"))
    return f"/vsizip/{folder}/a.zip/in.vrt", "pan.tif"


def vrt_of_an_archive(folder):
    in_an_archive(folder)
    return vrt_of(f"/vsizip/{folder}/a.zip/sub/pan.tif"), "a.zip"


def subfile(folder):
    size = (folder / "pan.tif").stat().st_size
    return f"/vsisubfile/0_{size},{folder}/pan.tif", "pan.tif"


def netcdf(folder):
    gdal.Translate("c.nc", "pan.tif", format="netCDF")
    return f'NETCDF:"{folder}/c.nc":Band1', "c.nc"


def netcdf_unquoted(folder):
    netcdf(folder)
    return "netCDF:c.nc:Band1", "c.nc"


def vrt_of_netcdf(folder):
    gdal.Translate("n.vrt", netcdf(folder)[0], format="VRT")
    return vrt_of("n.vrt", "of_n.vrt"), "c.nc"


def vrt_of_hdf5(folder):
    """Its subdataset is named relative to the VRT, within the name of the driver."""
    gdal.Translate("c.nc", "pan.tif", format="netCDF", creationOptions=["FORMAT=NC4"])
    os.rename("c.nc", "c.h5")
    (folder / "elsewhere").mkdir()
    gdal.Translate("elsewhere/h.vrt", f'HDF5:"{folder}/c.h5"://Band1', format="VRT")
    text = Path("elsewhere/h.vrt").read_text().replace(f"{folder}/c.h5", "../c.h5")
    Path("elsewhere/h.vrt").write_text(text)
    return "elsewhere/h.vrt", "c.h5"


def hard_link(folder):
    os.link("pan.tif", "other.tif")
    return vrt_of("pan.tif"), "other.tif"


def symbolic_link(folder):
    os.symlink("pan.tif", "other.tif")
    return vrt_of("pan.tif"), "other.tif"


def linked_input(folder):
    os.symlink("pan.tif", "other.tif")
    return vrt_of("other.tif"), "pan.tif"


def in_a_safe_folder(folder):
    for place in ("S2A.SAFE/GRANULE/IMG", "S2A.SAFE/DATASTRIP"):
        (folder / place).mkdir(parents=True)
    shutil.copy("pan.tif", "S2A.SAFE/GRANULE/IMG/B02.tif")
    (folder / "S2A.SAFE/DATASTRIP/MTD.xml").write_text("<a/>")
    return vrt_of("S2A.SAFE/GRANULE/IMG/B02.tif"), "S2A.SAFE/DATASTRIP/MTD.xml"


def safe_folder_itself(folder):
    in_a_safe_folder(folder)
    return "S2A.SAFE", "S2A.SAFE/GRANULE/IMG/B02.tif"


def enmap(folder):
    name = "ENMAP01-____L2A-DT0000001049_20220612T105735Z_028_V010303"
    shutil.copy("pan.tif", f"{name}-SPECTRAL_IMAGE.TIF")
    shutil.copy("pan.tif", f"{name}-QL_QUALITY_CLOUD.TIF")
    return f"{name}-SPECTRAL_IMAGE.TIF", f"{name}-QL_QUALITY_CLOUD.TIF"


def enmap_folder(folder):
    (folder / "scene").mkdir()
    os.rename(enmap(folder)[0], "scene/ENMAP01-____L2A-DT1-SPECTRAL_IMAGE.TIF")
    (folder / "scene/ENMAP01-____L2A-DT1-METADATA.XML").write_text("<a/>")
    return "scene", "scene/ENMAP01-____L2A-DT1-METADATA.XML"


CASES = [
    nested, warped, absolute, behind_a_link, raw_band, declared, as_text, connection, of_a_driver, in_memory,
    in_an_archive, in_an_archive_by_braces, vrt_in_an_archive, vrt_of_an_archive, subfile, netcdf, netcdf_unquoted,
    vrt_of_netcdf, vrt_of_hdf5, hard_link, symbolic_link, linked_input, in_a_safe_folder, safe_folder_itself, enmap,
    enmap_folder,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_file_that_an_input_is_made_of_is_no_output(case, inside):
    source, output = case(inside)
    with pytest.raises(InputError, match=rf"^The output {Path(output).name} is one of the input files.*choose another"):
        check_outputs((source,), (), (output,))
    check_outputs((source,), (), ("free.json",))


def test_the_sentence_says_through_which_input(inside):
    vrt_of("pan.tif", "inner.vrt")
    vrt_of("inner.vrt", "outer.vrt")
    with pytest.raises(InputError, match=r"pan\.tif is one of the input files \(outer\.vrt is made of it\)"):
        check_outputs(("outer.vrt",), ("pan.tif",))
    with pytest.raises(InputError, match=r"pan\.tif is one of the input files; choose"):
        check_outputs(("pan.tif",), ("pan.tif",))


def test_a_sidecar_is_no_output(inside, make_raster):
    make_raster(inside / "h.img", CUBE, driver="ENVI")
    dataset = gdal.Open("h.img")
    dataset.BuildOverviews("nearest", [2])
    dataset = None
    (inside / "h.img.aux.xml").write_text("<PAMDataset><Metadata><MDI key='a'>b</MDI></Metadata></PAMDataset>")
    for sidecar in ("h.hdr", "h.img.ovr", "h.img.aux.xml"):
        assert os.path.exists(sidecar)
        with pytest.raises(InputError, match=rf"{sidecar} is one of the input files \(h\.img is made of it\)"):
            check_outputs(("h.img",), (), (sidecar,))
        with pytest.raises(InputError, match=rf"{sidecar} is one of the input files"):
            check_outputs((vrt_of("h.img"),), (), (sidecar,))


def test_a_world_file_of_an_input_is_not_removed_with_a_former_output(inside, make_raster):
    """pan.tfw georeferences pan.tiff; writing pan.tif removes pan.tfw, as it would describe the new raster wrongly."""
    make_raster(inside / "p.tiff", CUBE[0], geotransform=None, epsg=None)
    (inside / "p.tfw").write_text("5\n0\n0\n-5\n500002.5\n5799997.5\n")
    with pytest.raises(InputError, match=r"p\.tfw is one of the input files.*choose another name for p\.tif, which"):
        check_outputs(("p.tiff",), ("p.tif",))
    check_outputs(("p.tiff",), ("q.tif",), ("p.json",))


def test_outputs_beside_inputs_and_former_outputs_are_free(inside):
    """Also a former output of a similar name, in the folder of the inputs."""
    shutil.copy("pan.tif", "pan_sharp.tif")
    (inside / "pan_sharp.tif.aux.xml").write_text("<PAMDataset/>")
    assert check_raster_output("pan_sharp.tif", files_read(["pan.tif", vrt_of("pan.tif")])) == ["pan_sharp.tif"]
    assert files_read(["pan.tif"], ["missing.ssml"]) == {str(inside / "pan.tif"): ""}


def test_the_image_that_a_folder_stands_for_is_no_output(inside, make_raster):
    (inside / "delivered").mkdir()
    make_raster("delivered/image.tif", CUBE)
    with pytest.raises(InputError, match=r"output image\.tif is one of the input files"):
        check_outputs(["pan.tif", "delivered"], ["delivered/image.tif"])
    check_outputs(["pan.tif", "delivered"], ["delivered/other.tif"])


def test_a_network_address_is_not_opened_to_look_for_files(inside, monkeypatch):
    opened = []
    monkeypatch.setattr(gdal, "OpenEx", lambda name, *more: opened.append(name))
    assert files_read(["/vsicurl/http://127.0.0.1:9/pan.tif", "WMS:http://127.0.0.1:9/"]) == {}
    assert opened == []


@pytest.mark.parametrize("content", [b"<VRTDataset", b"<VRTDataset>\xff\xfe</VRTDataset>", b"", b"\x00" * 40])
def test_a_damaged_input_is_its_own_file(content, inside, capfd):
    (inside / "bad.vrt").write_bytes(content)
    assert files_read(["bad.vrt"]) == {str(inside / "bad.vrt"): ""}
    assert files_read(["<VRTDataset>\udcff</VRTDataset>", "a\0b"]) == {}
    assert capfd.readouterr() == ("", "")


def test_a_vrt_of_itself_ends(inside):
    text = Path(vrt_of("pan.tif")).read_text().replace(">pan.tif<", ">pan.vrt<")
    Path("pan.vrt").write_text(text)
    assert files_read(["pan.vrt"]) == {str(inside / "pan.vrt"): ""}


def test_every_job_compares_with_all_that_it_reads(inside, make_raster):
    for name in ("hsi", "result"):
        make_raster(inside / f"{name}.tif", CUBE)
        vrt_of(f"{name}.tif", f"{name}.vrt")
    vrt_of("pan.tif")
    before = {path.name: path.read_bytes() for path in inside.iterdir()}
    jobs = [
        lambda out: classical("hsi.vrt", "pan.vrt", out),
        lambda out: compare("hsi.vrt", "pan.vrt", report=out),
        lambda out: compare("hsi.vrt", "pan.vrt", csv_path=out),
        lambda out: assess("result.vrt", reference="hsi.vrt", json_path=out),
        lambda out: assess("result.vrt", hsi="hsi.vrt", pan="pan.vrt", report=out),
        lambda out: simulate("hsi.vrt", 2, out, "free.tif", pan_bands="1"),
        lambda out: simulate("hsi.vrt", 2, "free.tif", out, pan_bands="1"),
    ]
    for job in jobs:
        with pytest.raises(InputError, match=r"^The output hsi\.tif is one of the input files"):
            job("hsi.tif")
    assert {path.name: path.read_bytes() for path in inside.iterdir()} == before


def test_models_responses_and_checkpoints_that_are_read_are_inputs(inside):
    for name in ("m.ssml", "m.ssml.checkpoint", "response.txt"):
        (inside / name).write_text("400 1\n500 1\n")
    with pytest.raises(InputError, match=r"m\.ssml is one of the input files"):
        info("m.ssml", json_path="m.ssml")
    with pytest.raises(InputError, match=r"response\.txt is one of the input files"):
        check_outputs(("pan.tif",), (), ("response.txt",), ("response.txt",))
    with pytest.raises(InputError, match=r"m\.ssml\.checkpoint is one of the input files"):
        Outputs(model="m.ssml", report="m.ssml.checkpoint").check(("pan.tif",))
    os.rename("pan.tif", "n.ssml.checkpoint")
    with pytest.raises(InputError, match=r"n\.ssml\.checkpoint is one of the input files"):
        Outputs(model="n.ssml").check(("n.ssml.checkpoint",))
    Outputs(model="m.ssml").check((), others=("m.ssml.checkpoint",))
