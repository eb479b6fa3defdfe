"""Products, and rasters in archives and containers, in the place of layers."""

from __future__ import annotations

import zipfile

import pytest
from osgeo import gdal

from tests.qgis import stand_ins
from tests.qgis.stand_ins import run

workflow = stand_ins.workflow  # a fixture


def test_a_product_in_the_place_of_a_layer_is_taken_as_one(workflow, scene, tmp_path):
    calls = workflow("classical")
    product, output = tmp_path / "PRS_L2D_STD_1.he5", str(tmp_path / "o.tif")
    product.write_bytes(b"")
    run("classicalfuse", {"HSI": str(product), "PAN": scene.pan, "OUTPUT": output})
    ((_, kwargs),) = calls
    assert (kwargs["hsi"], kwargs["pan"]) == (str(product), scene.pan)


def test_a_product_stands_in_for_a_layer(workflow, scene, tmp_path):
    calls = workflow("classical")
    output = str(tmp_path / "o.tif")
    run("classicalfuse", {"HSI_PRODUCT": "/data/ENMAP-METADATA.XML", "PAN": scene.pan, "OUTPUT": output})
    ((_, kwargs),) = calls
    assert (kwargs["hsi"], kwargs["pan"]) == ("/data/ENMAP-METADATA.XML", scene.pan)
    assert "hsi_product" not in kwargs
    with pytest.raises(ValueError, match=r"is missing: choose a layer \(PAN\) or a product \(PAN_PRODUCT\)"):
        run("classicalfuse", {"HSI": scene.hsi, "OUTPUT": output})


def test_products_are_learned_from_beside_layers(workflow, scene, tmp_path):
    """In the order of the lists: layers first; a list that QGIS cannot open as layers is told where to go."""
    calls = workflow("train")
    products = {"HSI_PRODUCT": ["/data/ENMAP-METADATA.XML"], "PAN_PRODUCT": ["/data/MTD_MSIL2A.xml"]}
    model = str(tmp_path / "m.safetensors")
    run("train", {"HSI": [scene.hsi], "PAN": [scene.pan], "MODEL": model, **products})
    run("train", {**products, "MODEL": model})
    both, alone = (kwargs for _, kwargs in calls)
    assert both["hsi"] == [scene.hsi, "/data/ENMAP-METADATA.XML"]
    assert both["pan"] == [scene.pan, "/data/MTD_MSIL2A.xml"]
    assert (alone["hsi"], alone["pan"]) == (["/data/ENMAP-METADATA.XML"], ["/data/MTD_MSIL2A.xml"])
    with pytest.raises(ValueError, match=r"is missing: choose a layer \(PAN\) or a product \(PAN_PRODUCT\)"):
        run("train", {"HSI": [scene.hsi], "MODEL": model})


def test_layers_and_products_are_counted_together(provider):
    check = provider.algorithm("train").complaint
    assert check({"HSI": ["a", "b"], "PAN": ["a"], "PAN_PRODUCT": ["b"]}) == ""
    assert check({"HSI_PRODUCT": ["a"], "PAN": ["a"]}) == ""
    assert check({"HSI": ["a"], "HSI_PRODUCT": ["b"], "PAN": ["a"], "PAN_PRODUCT": None}).startswith("There are 2 ")


def test_a_result_is_scored_against_the_products_it_came_from(workflow, scene):
    calls = workflow("assess")
    run("assess", {"FUSED": scene.reference, "HSI_PRODUCT": scene.hsi, "PAN_PRODUCT": scene.pan})
    ((_, kwargs),) = calls
    assert (kwargs["hsi"], kwargs["pan"]) == (scene.hsi, scene.pan)


def test_rasters_inside_of_archives_and_containers_are_taken_by_gdals_names(workflow, scene, tmp_path):
    calls = workflow("classical")
    archive, container = tmp_path / "it's a pair.zip", str(tmp_path / "pan.gpkg")
    with zipfile.ZipFile(archive, "w") as written:
        written.write(scene.hsi, "hsi.tif")
        written.write(scene.pan, "pan.tif")
    gdal.Translate(container, scene.pan, format="GPKG", creationOptions=["RASTER_TABLE=sharp"])
    hsi, pan, more = f"/vsizip/{archive}/hsi.tif", f"GPKG:{container}:sharp", f"/vsizip/{archive}/pan.tif"
    run("classicalfuse", {"HSI": hsi, "PAN": pan, "PAN_MORE": [more], "OUTPUT": str(tmp_path / "o.tif")})
    ((_, kwargs),) = calls
    assert (kwargs["hsi"], kwargs["pan"], kwargs["pan_more"]) == (hsi, pan, [more])
    with pytest.raises(ValueError, match="PAN"):
        run("classicalfuse", {"HSI": hsi, "PAN": f"GPKG:{container}:other", "OUTPUT": str(tmp_path / "o.tif")})


@pytest.fixture
def steps(workflow, scene):
    """The calls of the steps of “Sharpen and judge”, whose sharpened image is a copy of the scene's."""

    def sharpen(**named):
        gdal.Translate(named["output"], scene.reference)
        return {}

    return workflow("sharpen", sharpen), workflow("assess")


@pytest.mark.parametrize("as_layer", [False, True])
def test_a_shipped_model_takes_products_as_its_steps_do(steps, scene, tmp_path, as_layer):
    folder = tmp_path / "order"
    folder.mkdir()
    (folder / "PRS_L2D_STD_1.he5").write_bytes(b"")
    key = "HSI" if as_layer else "HSI_PRODUCT"
    run("sharpenandjudge", {key: str(folder), "PAN": scene.pan, "sharpen:OUTPUT": str(tmp_path / "o.tif")})
    for ((_, kwargs),) in steps:
        assert (kwargs["hsi"], kwargs["pan"]) == (str(folder), scene.pan)


def test_a_shipped_model_names_an_image_that_is_missing_or_given_twice(provider, scene, tmp_path):
    with pytest.raises(ValueError, match=r"is missing: choose a layer \(HSI\) or a product \(HSI_PRODUCT\)"):
        run("sharpenandjudge", {"PAN": scene.pan, "sharpen:OUTPUT": str(tmp_path / "o.tif")})
    with pytest.raises(ValueError, match="is given twice, as a layer"):
        run("trainonmany", {"HSI": scene.hsi, "HSI_PRODUCT": scene.hsi, "PAN": scene.pan})
