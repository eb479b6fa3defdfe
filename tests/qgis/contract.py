"""What models, scripts and users rely on: the keys of parameters and outputs, their types, which are advanced."""

from __future__ import annotations

from ssml_qgis.core.fusion.classical import METHODS

# Types as QGIS calls them; enums with their words. Extend, never rename.
PAIR = {"HSI": "raster", "HSI_PRODUCT": "file", "PAN": "raster", "PAN_PRODUCT": "file"}
PIXELS = {"BANDS": "string", "MASK": "raster", "DENOISE": ["auto", "off"]}  # which of them
GRID = ["auto", "pan", "hsi"]
PLACED = {"SHIFT": "enum", "CONTRADICTIONS": ["auto", "off"], "GRID": GRID, "RESOLUTION": "number"}
FILES = {"PAN2": "raster", "PAN_MORE": "multilayer", "GEOLOCATION": "raster"}
CLAIMS = {  # of all that open a pair
    "ASSUME_CRS": "string",
    "DETECTORS": "string",
    "BAND_ORDER": ["auto", "file", "wavelength"],
    "HSI_NODATA": "string",
    "PAN_NODATA": "string",
    "PAN_BANDS_USED": "string",
}
FUSION = {
    "EXTENT": "extent",
    **PIXELS,
    "MTF": "string",
    **PLACED,
    "CLIP": ["none", "range"],
    "CONSISTENCY": "number",
    **FILES,
}
DEVICE = ["auto", "cpu", "cuda", "mps"]
WRITING = {"MEMORY": "number", "COMPRESS": "enum", "OVERVIEWS": "boolean"}


def without(keys, *left_out):
    return {key: kind for key, kind in keys.items() if key not in left_out}


CONTRACT = {  # in the order of the dialogs
    "inspect": {
        **PAIR,
        **PIXELS,
        **without(PLACED, "SHIFT"),
        **FILES,
        **CLAIMS,
        "REPORT": "fileDestination",
        "JSON": "fileDestination",
        "SHIFT_MAP": "rasterDestination",
    },
    "simulate": {
        "REFERENCE": "raster",
        "RATIO": "number",
        "PAN_BANDS": "string",
        "PAN_RANGE": "string",
        "PAN_RESPONSE": "file",
        "MTF": "string",
        "HSI_NODATA": "string",
        "HSI": "rasterDestination",
        "PAN": "rasterDestination",
    },
    "sharpen": {
        **PAIR,
        "EFFORT": ["fast", "normal", "thorough"],
        "NETWORK": ["ssml"],
        **FUSION,
        "SEED": "number",
        "DEVICE": DEVICE,
        **WRITING,
        "RESUME": "boolean",
        **CLAIMS,
        "OUTPUT": "rasterDestination",
        "MODEL": "fileDestination",
        "REPORT": "fileDestination",
        "DISAGREEMENT": "rasterDestination",
    },
    "train": {
        "HSI": "multilayer",
        "HSI_PRODUCT": "multilayer",
        "PAN": "multilayer",
        "PAN_PRODUCT": "multilayer",
        "EFFORT": ["fast", "normal", "thorough"],
        "STEPS": "number",
        "NETWORK": ["ssml"],
        "MODE": ["mutual", "alone"],
        **without(FUSION, "EXTENT", "CLIP"),
        "SEED": "number",
        "DEVICE": DEVICE,
        "RESUME": "file",
        **CLAIMS,
        "MODEL": "fileDestination",
        "REPORT": "fileDestination",
    },
    "fuse": {
        **PAIR,
        "MODEL": "file",
        "USE": ["mean", "spectral", "spatial"],
        **FUSION,
        "DEVICE": DEVICE,
        **WRITING,
        **CLAIMS,
        "OUTPUT": "rasterDestination",
        "DISAGREEMENT": "rasterDestination",
    },
    "classicalfuse": {
        **PAIR,
        "METHOD": list(METHODS),
        **FUSION,
        **WRITING,
        **CLAIMS,
        "OUTPUT": "rasterDestination",
    },
    "assess": {
        "FUSED": "raster",
        **PAIR,
        "REFERENCE": "raster",
        "BANDS": "string",
        "MTF": "string",
        **without(PLACED, "CONTRADICTIONS"),
        "RATIO": "number",
        "CROP": "number",
        **FILES,
        **CLAIMS,
        "REPORT": "fileDestination",
        "JSON": "fileDestination",
    },
    "compare": {
        **PAIR,
        "METHODS": [*METHODS, "ssml"],
        "EFFORT": ["fast", "normal", "thorough"],
        "MODEL": "file",
        **PIXELS,
        "MTF": "string",
        **PLACED,
        "CONSISTENCY": "number",
        "CROP": "number",
        **FILES,
        "SEED": "number",
        "DEVICE": DEVICE,
        "MEMORY": "number",
        **CLAIMS,
        "OUTPUT": "rasterDestination",
        "REPORT": "fileDestination",
        "JSON": "fileDestination",
        "CSV": "fileDestination",
    },
    "modelinfo": {"MODEL": "file", "REPORT": "fileDestination", "JSON": "fileDestination"},
    "openproduct": {
        "PRODUCT": "file",
        "ROLE": ["all", "hsi", "pan", "guide", "quality"],
        "DETECTORS": "string",
        "BAND_ORDER": ["auto", "file", "wavelength"],
        "HSI": "rasterDestination",
        "PAN": "rasterDestination",
        "QUALITY": "rasterDestination",
    },
    "installpytorch": {
        "VERSION": "string",
        "BUILD": ["auto", "cpu", "cuda", "default"],
        "INDEX_URL": "string",
        "WHEELS": "file",
        "FORCE": "boolean",
    },
    "diagnose": {"OUTPUT": "fileDestination"},
}
ADVANCED = {"STEPS", "RESUME", "CROP", "INDEX_URL", "WHEELS", "FORCE", "PAN_RESPONSE", "NETWORK", "MODE", "USE", "SEED"}
ADVANCED |= {*FUSION, *WRITING, *CLAIMS, "DEVICE", "HSI_PRODUCT", "PAN_PRODUCT", "CSV"}
FIRST_PAGE = 6  # parameters and outputs, at most
REQUIRED = {"PRODUCT", "REFERENCE", "HSI", "PAN", "FUSED", "OUTPUT", "MODEL"}
VERDICT = {"VERDICT": "outputString", "MARK": "outputString"}
OUTPUTS = {
    "inspect": {
        "REPORT": "outputHtml",
        "JSON": "outputFile",
        "SHIFT_MAP": "outputRaster",
        **dict.fromkeys(["RATIO", "SHIFT_X", "SHIFT_Y", "SHIFT_LOCAL"], "outputNumber"),
        **dict.fromkeys(["MTF_X", "MTF_Y", "RESPONSE_R2", "OVERLAP"], "outputNumber"),
        "VERDICT": "outputString",
    },
    "simulate": {"HSI": "outputRaster", "PAN": "outputRaster"},
    "sharpen": {
        "OUTPUT": "outputRaster",
        "MODEL": "outputFile",
        "REPORT": "outputHtml",
        "DISAGREEMENT": "outputRaster",
        **VERDICT,
    },
    "train": {"MODEL": "outputFile", "REPORT": "outputHtml", **VERDICT},
    "fuse": {"OUTPUT": "outputRaster", "DISAGREEMENT": "outputRaster", **VERDICT},
    "classicalfuse": {"OUTPUT": "outputRaster", **VERDICT},
    "assess": {
        **VERDICT,
        "REPORT": "outputHtml",
        "JSON": "outputFile",
        **dict.fromkeys(["ERGAS", "SAM", "PSNR", "CC", "SSIM", "RMSE", "UIQI", "Q2N", "RSNR"], "outputNumber"),
        **dict.fromkeys(["D_LAMBDA", "D_LAMBDA_K", "D_S", "D_S_REG", "D_RHO"], "outputNumber"),
        **dict.fromkeys(["QNR", "HQNR", "RQNR", "CONSISTENCY"], "outputNumber"),
    },
    "compare": {
        "OUTPUT": "outputRaster",
        "REPORT": "outputHtml",
        "JSON": "outputFile",
        "CSV": "outputFile",
        **VERDICT,
        "BEST": "outputString",
        **dict.fromkeys(["SCORE", "ERGAS", "SAM", "GAIN"], "outputNumber"),
    },
    "modelinfo": {"REPORT": "outputHtml", "JSON": "outputFile"},
    "openproduct": {"HSI": "outputRaster", "PAN": "outputRaster", "QUALITY": "outputRaster"},
    "installpytorch": {"FOLDER": "outputFolder", "TORCH": "outputString"},
    "diagnose": {"OUTPUT": "outputHtml"},
}
MODELS = {"inspectsharpenandjudge", "sharpenandjudge", "trainonmany", "whichmethodisbest"}
