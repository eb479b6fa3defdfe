#!/usr/bin/env bash
# What: GDAL's image of Sentinel-2's bands declares no offset, and its number of bands at 10 m depends on the version
# Version: GDAL 3.6.4 (rasterio 1.3.9) and 3.9.3 (rasterio 1.4.3); by hand also 3.6.2
# Behaviour: opened by the driver's name (SENTINEL2_L2A:...:10m:EPSG_...), as QGIS offers it, every band has scale 1 and
#   offset 0, although MTD_MSIL2A.xml states 10000 and, from baseline 04.00 on, BOA_ADD_OFFSET -1000. 3.6.4 says nothing
#   of the latter; 3.9.3 has it as text among the band's tags and applies it nowhere. The bands come as B4, B3, B2, B8,
#   not in the order of their numbers, and 3.9.3 adds aerosol and water vapour (AOT, WVP) behind them.
# Output seen (2026-11-29): 3.6.4: 4 bands, offsets 0, no tag; 3.9.3: 6 bands, offsets 0, tag BOA_ADD_OFFSET -1000
# Expected by most: scale and offset as for products of Landsat or netCDF, which GDAL declares; four bands at 10 m
# Source: own measurement; ESA, S2-PDGS-TAS-DI-PSD (the offset)
# Run: findings/gdal-sentinel2-offset.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""What GDAL declares of a small product of the structure that is delivered."""

import sys
import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

warnings.simplefilter("ignore")
SCENE = "S2A_MSIL2A_20220724T101559_N0400_R065_T33UUU_20220724T162000.SAFE"
GRANULE, TILE = "L2A_T33UUU_A037017_20220724T101806", "T33UUU_20220724T101559"
BANDS = {"B02": 1, "B03": 2, "B04": 3, "B08": 7, "AOT": -1, "WVP": -1}
root = Path(SCENE).resolve()
images = root / "GRANULE" / GRANULE / "IMG_DATA" / "R10m"
images.mkdir(parents=True, exist_ok=True)
profile = {"driver": "GTiff", "width": 12, "height": 12, "count": 1, "dtype": "uint16", "crs": "EPSG:32633"}
for band in BANDS:  # GDAL opens what a file holds, whatever its ending
    with rasterio.open(images / f"{TILE}_{band}_10m.jp2", "w", transform=from_origin(5e5, 58e5, 10, 10), **profile) as file:
        file.write(np.full((1, 12, 12), 1500, np.uint16))
listed = "".join(f"<IMAGE_FILE>GRANULE/{GRANULE}/IMG_DATA/R10m/{TILE}_{band}_10m</IMAGE_FILE>" for band in BANDS)
offsets = "".join(f'<BOA_ADD_OFFSET band_id="{number}">-1000</BOA_ADD_OFFSET>' for number in range(13))
spectral = "".join(
    f'<Spectral_Information bandId="{number}" physicalBand="B{int(band[1:])}"><RESOLUTION>10</RESOLUTION>'
    "</Spectral_Information>"
    for band, number in BANDS.items()
    if number >= 0
)
space = 'xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD"'
(root / "MTD_MSIL2A.xml").write_text(
    f'<?xml version="1.0"?><n1:Level-2A_User_Product {space}><n1:General_Info><Product_Info>'
    f"<PRODUCT_URI>{SCENE}</PRODUCT_URI><PROCESSING_BASELINE>04.00</PROCESSING_BASELINE>"
    "<PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE><Query_Options><PRODUCT_FORMAT>SAFE_COMPACT</PRODUCT_FORMAT></Query_Options>"
    '<Product_Organisation><Granule_List><Granule granuleIdentifier="S2A_OPER_MSI_L2A_TL_VGS4_20220724T162000_A037017_'
    f'T33UUU_N04.00">{listed}</Granule></Granule_List></Product_Organisation></Product_Info>'
    '<Product_Image_Characteristics><QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">10000'
    "</BOA_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST><BOA_ADD_OFFSET_VALUES_LIST>"
    f"{offsets}</BOA_ADD_OFFSET_VALUES_LIST><Spectral_Information_List>{spectral}</Spectral_Information_List>"
    "</Product_Image_Characteristics></n1:General_Info></n1:Level-2A_User_Product>"
)
sizes = "".join(
    f'<Size resolution="{pixel}"><NROWS>{120 // pixel}</NROWS><NCOLS>{120 // pixel}</NCOLS></Size><Geoposition '
    f'resolution="{pixel}"><ULX>500000</ULX><ULY>5800000</ULY><XDIM>{pixel}</XDIM><YDIM>-{pixel}</YDIM></Geoposition>'
    for pixel in (10, 20, 60)
)
(root / "GRANULE" / GRANULE / "MTD_TL.xml").write_text(
    f'<?xml version="1.0"?><n1:Level-2A_Tile_ID {space}><n1:Geometric_Info><Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32633'
    f"</HORIZONTAL_CS_CODE>{sizes}</Tile_Geocoding></n1:Geometric_Info></n1:Level-2A_Tile_ID>"
)
with rasterio.open(f"SENTINEL2_L2A:{root / 'MTD_MSIL2A.xml'}:10m:EPSG_32633") as image:
    assert image.read(1)[0, 0] == 1500  # the band is there
    order = [image.tags(number)["BANDNAME"] for number in range(1, image.count + 1)]
    tag = image.tags(1).get("BOA_ADD_OFFSET")
    print(f"GDAL {rasterio.__gdal_version__}: {order}, scales {set(image.scales)}, offsets {set(image.offsets)}, {tag}")
    assert (set(image.scales), set(image.offsets)) == ({1.0}, {0.0})
assert (",".join(order), tag) == (sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None), "changed"
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py B4,B3,B2,B8 || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.3 || exit 2
timeout 300 venv/bin/python -I shown.py B4,B3,B2,B8,AOT,WVP -1000 || exit 1
