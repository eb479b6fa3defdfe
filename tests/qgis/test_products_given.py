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
