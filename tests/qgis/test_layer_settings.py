"""What was set for a layer in QGIS counts in a job, or a sentence says that it does not."""

from __future__ import annotations

import numpy as np
import processing
import pytest
from osgeo import gdal, osr
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingFeedback, QgsRasterLayer, QgsRasterRange

pytestmark = pytest.mark.usefixtures("ssml_plugin")


def changed(scene, tmp_path, edge=None, nodata=None, crs=True, name="hsi"):
    """A layer of a copy of the HSI or the PAN: with another value in its first columns, a nodata value, without CRS."""
    path = str(tmp_path / f"{name}.tif")
    dataset = gdal.GetDriverByName("GTiff").CreateCopy(path, gdal.Open(getattr(scene, name)))
    if edge is not None:
        array = dataset.ReadAsArray()
        array[:, :, :5] = edge
        dataset.WriteArray(array)
    for band in range(1, dataset.RasterCount + 1):
        if nodata is not None:
            dataset.GetRasterBand(band).SetNoDataValue(nodata)
    if not crs:
        dataset.SetProjection("")
    dataset = None
    return QgsRasterLayer(path, name)


def bands(layer):
    return range(1, layer.bandCount() + 1)


def fuse(scene, tmp_path, alg="classicalfuse", **given):
    """The result and the log."""
    feedback = QgsProcessingFeedback(False)
    output = str(tmp_path / "out.tif")
    inputs = {"HSI": scene.hsi, "PAN": scene.pan, "MTF": "0.3", "OUTPUT": output}
    processing.run(f"ssml:{alg}", {**inputs, **given}, feedback=feedback)
    dataset = gdal.Open(output)
    return dataset.ReadAsArray(), dataset, feedback.textLog()


def test_additional_no_data_values_count(scene, tmp_path):
    layer = changed(scene, tmp_path, edge=1234.0)
    for band in bands(layer):
        layer.dataProvider().setUserNoDataValue(band, [QgsRasterRange(1234.0, 1234.0), QgsRasterRange(-5.0, -5.0)])
    values, dataset, log = fuse(scene, tmp_path, HSI=layer)
    assert dataset.GetRasterBand(1).GetNoDataValue() == 1234.0
    assert (values[:, :, :15] == 1234.0).all()
    assert not (values[:, :, 15:] == 1234.0).any()
    assert "The layer “hsi” has its own no-data values or CRS" in log


def test_a_files_nodata_that_is_switched_off_does_not_count(scene, tmp_path):
    layer = changed(scene, tmp_path, edge=1234.0, nodata=1234.0)
    assert (fuse(scene, tmp_path, HSI=layer)[0][:, :, :15] == 1234.0).all()
    for band in bands(layer):
        layer.dataProvider().setUseSourceNoDataValue(band, False)
    values, dataset, _ = fuse(scene, tmp_path, HSI=layer)
    assert dataset.GetRasterBand(1).GetNoDataValue() is None
    np.testing.assert_allclose(values[:, :, 3:9].mean(), 1234.0, rtol=0.2)


def test_the_parameter_counts_more_than_the_layer(scene, tmp_path):
    layer = changed(scene, tmp_path, edge=1234.0)
    for band in bands(layer):
        layer.dataProvider().setUserNoDataValue(band, [QgsRasterRange(1234.0, 1234.0)])
    assert fuse(scene, tmp_path, HSI=layer, HSI_NODATA="none")[1].GetRasterBand(1).GetNoDataValue() is None


def test_settings_that_cannot_be_taken_over_are_named(scene, tmp_path):
    layer = changed(scene, tmp_path)
    for band in bands(layer):
        layer.dataProvider().setUserNoDataValue(band, [QgsRasterRange(-20.0, -10.0)])
    assert "The no-data settings of the layer “hsi” are not taken over" in fuse(scene, tmp_path, HSI=layer)[2]
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(7.0, 7.0)])
    assert "not taken over" in fuse(scene, tmp_path, HSI=layer)[2]
    heights = changed(scene, tmp_path, name="pan")
    heights.dataProvider().setUserNoDataValue(1, [QgsRasterRange(7.0, 7.0)])
    assert "set for the layer “pan” in QGIS are not taken over" in fuse(scene, tmp_path, GEOLOCATION=heights)[2]


def test_a_plain_layer_says_nothing(scene, tmp_path):
    log = fuse(scene, tmp_path, HSI=changed(scene, tmp_path), PAN=changed(scene, tmp_path, name="pan"))[2]
    assert "layer “" not in log


def test_a_layers_crs_counts_where_the_file_has_none_or_another(scene, tmp_path):
    pan = changed(scene, tmp_path, crs=False, name="pan")
    pan.setCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    reference = fuse(scene, tmp_path)[0]
    np.testing.assert_array_equal(fuse(scene, tmp_path, PAN=pan)[0], reference)
    hsi = changed(scene, tmp_path)
    for layer in (hsi, pan):
        layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    values, dataset, _ = fuse(scene, tmp_path, HSI=hsi, PAN=pan)
    system = osr.SpatialReference()
    system.ImportFromEPSG(32632)
    assert dataset.GetSpatialRef().IsSame(system)
    np.testing.assert_array_equal(values, reference)


def test_a_missing_crs_can_be_given_as_a_parameter(scene, tmp_path):
    pan = changed(scene, tmp_path, crs=False, name="pan")
    values = fuse(scene, tmp_path, PAN=pan.source(), ASSUME_CRS="EPSG:32633")[0]
    np.testing.assert_array_equal(values, fuse(scene, tmp_path)[0])
