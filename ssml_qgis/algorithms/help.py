"""The words of every algorithm, as data: dialogs, tooltips, qgis_process and the documentation are made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AlgorithmHelp:
    """Title and texts of one algorithm; ``parameters`` and ``outputs`` go by key."""

    title: str
    group: str
    group_name: str
    summary: str
    text: tuple[str, ...]
    tags: tuple[str, ...]
    parameters: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)


_HSI = (
    "The hyperspectral image: a raster with many bands, any format that GDAL reads. Wavelengths, the bad-band list, "
    "nodata, scale and offset are taken from the file and kept."
)
_PAN = (
    "The panchromatic image of the same place: one band, same CRS, pixels 2 to 16 times smaller than those of the HSI. "
    "The two grids need not start at the same corner."
)
_MTF = (
    "Gain of the sensor's modulation transfer function at the HSI's Nyquist frequency, between 0 and 1: how much the "
    "sensor blurs. 0.3 suits most sensors; a smaller number means a blurrier sensor. Instead of a number, the name of "
    "a sensor whose gain is published: enmap, quickbird, ikonos."
)
_CONSISTENCY = (
    "How many times the result is corrected so that, degraded again by the MTF, it gives back the HSI. "
    "0 switches the correction off."
)
_EXTENT = "Only this part of the scene is computed; empty: all of the overlap of HSI and PAN. Any CRS."
_BANDS_ARE = "numbers counted from 1, as in 1-100,120, or wavelengths, as in 430-900 nm"
_BANDS = f"Only these bands are used and written: {_BANDS_ARE}; empty: all."
_CORRECT_SHIFT = (
    "How far the PAN is shifted against the HSI is measured by phase correlation, and the log warns from half a PAN "
    "pixel on. With this option the PAN's position is moved by what was measured, to a fraction of a pixel; the result "
    "lies on the moved grid."
)
_OVERVIEWS = "Adds copies at a half, a quarter ... of the resolution to the rasters, so that QGIS shows them fast."
_COMPRESS = "zstd is faster than deflate, but older software cannot read it; none makes large files at once."
_MEMORY = (
    "The rows computed at a time are chosen so that this much memory suffices; 0: 1 GB, halved while that is more than "
    "half of what is free."
)
_DEVICE = (
    "auto takes a graphics card if one works and the processor otherwise; cpu is the processor, cuda an NVIDIA card, "
    "mps an Apple one."
)
_SEED = "The same inputs and the same seed give the same result on the same machine and device."
_EFFORT = (
    "How long to learn: fast for a first look, normal, or thorough for the best result. The number of steps follows "
    "from the size of the scene and the effort, never from a clock."
)
_NETWORK = (
    "What learns: ssml, a spectral and a spatial network that teach each other, for any number of bands; s2bnet, "
    "one small binarized network for images of 3 to 16 bands, fast without a graphics card; bisrnet, its simpler "
    "ancestor; s2bnet_float, the same network in full precision, to compare with."
)
_DISAGREEMENT = (
    "One band on the output's grid: how far the two networks differ in each pixel, as the root mean square over bands "
    "in standard deviations of the bands. High values mark places to trust less."
)
_REPORT = "A report in one HTML file, with all parameters, versions and numbers; opens in any browser."
_MODEL = "A model file written by “Train a model” or “Sharpen a scene” (.safetensors)."
_GRID = (
    "The result lies on the PAN's grid, clipped to the overlap, and carries the HSI's bands, wavelengths, data type "
    "and nodata."
)

HELP: dict[str, AlgorithmHelp] = {
    "sharpen": AlgorithmHelp(
        title="Sharpen a scene",
        group="fusion",
        group_name="Fusion",
        summary="Brings a hyperspectral image to the pixel size of a panchromatic one, learning from the scene itself.",
        text=(
            "Needs nothing but the two rasters. The scene is degraded by the sensor's MTF; a spectral and a spatial "
            "network learn on that smaller pair, where the truth is known, and from each other; what they learned is "
            "then applied to the scene at full resolution.",
            _GRID,
            "Needs PyTorch and safetensors.",
        ),
        tags=("hyperspectral", "pansharpening", "super-resolution", "fusion", "deep learning"),
        parameters={
            "HSI": _HSI,
            "PAN": _PAN,
            "NETWORK": _NETWORK,
            "EFFORT": _EFFORT,
            "SEED": _SEED,
            "DEVICE": _DEVICE,
            "MTF": _MTF,
            "CONSISTENCY": f"{_CONSISTENCY} The networks learn and are judged with the same number.",
            "EXTENT": _EXTENT,
            "BANDS": _BANDS,
            "CORRECT_SHIFT": _CORRECT_SHIFT,
            "OVERVIEWS": _OVERVIEWS,
            "MEMORY": _MEMORY,
            "COMPRESS": _COMPRESS,
            "OUTPUT": "The sharpened image.",
            "MODEL": "What was learned: a model file that “Fuse with a model” applies to other scenes of the sensor.",
            "REPORT": _REPORT,
            "DISAGREEMENT": _DISAGREEMENT,
        },
    ),
    "train": AlgorithmHelp(
        title="Train a model",
        group="learning",
        group_name="Learning",
        summary="Learns from one or more scenes of a sensor and writes one small model file.",
        text=(
            "Each hyperspectral image goes with the panchromatic one at the same place of the list. The scenes are "
            "degraded by the sensor's MTF and the networks learn where the truth is known; patches that are held out "
            "give the scores in the model file.",
            "While it runs, a checkpoint lies beside the model file as <MODEL>.checkpoint; a cancelled run is taken up "
            "from it.",
            "Needs PyTorch and safetensors.",
        ),
        tags=("hyperspectral", "pansharpening", "deep learning", "mutual learning", "training"),
        parameters={
            "HSI": "Hyperspectral images of one sensor: same bands, same ratio to their panchromatic images.",
            "PAN": "The panchromatic images, as many as hyperspectral ones and in the same order.",
            "NETWORK": _NETWORK,
            "MODE": "mutual: the two networks learn from the truth and from each other; alone: from the truth only.",
            "EFFORT": _EFFORT,
            "STEPS": "Number of learning steps, instead of what the effort says; empty: by the effort.",
            "SEED": _SEED,
            "MTF": _MTF,
            "CONSISTENCY": "How many times the result will be corrected so that, degraded again by the MTF, it gives "
            "back the HSI; the networks learn and are judged with this correction. The model remembers the number, and "
            "“Fuse with a model” takes the same. 0 switches the correction off.",
            "DEVICE": _DEVICE,
            "BANDS": f"Only these bands are learned: {_BANDS_ARE}; empty: all. The model remembers them, and “Fuse "
            "with a model” takes the same.",
            "CORRECT_SHIFT": "How far each PAN is shifted against its HSI is measured by phase correlation, and the "
            "log warns from half a PAN pixel on. With this option each PAN's position is moved by what was measured.",
            "RESUME": "A checkpoint of an interrupted run, to be taken up where it stopped; empty: start afresh.",
            "MODEL": "The model file to write (.safetensors). It says all about itself and runs no code.",
            "REPORT": _REPORT,
        },
    ),
    "fuse": AlgorithmHelp(
        title="Fuse with a model",
        group="fusion",
        group_name="Fusion",
        summary="Sharpens a hyperspectral image with a model that was trained before.",
        text=(
            "The model must have been trained for the same bands and the same ratio; one that does not fit is refused "
            "with the reason. The MTF is the one stored in the model.",
            _GRID,
            "Needs PyTorch and safetensors.",
        ),
        tags=("hyperspectral", "pansharpening", "fusion", "deep learning", "inference"),
        parameters={
            "HSI": _HSI,
            "PAN": _PAN,
            "MODEL": _MODEL,
            "USE": "What to write: the mean of the two networks, or the spectral or the spatial network alone.",
            "CONSISTENCY": f"{_CONSISTENCY} Empty: as many times as the model learned with; the log warns of another "
            "number.",
            "EXTENT": _EXTENT,
            "BANDS": f"Only these bands are used and written: {_BANDS_ARE}; empty: those that the model was trained "
            "on.",
            "CORRECT_SHIFT": _CORRECT_SHIFT,
            "OVERVIEWS": _OVERVIEWS,
            "DEVICE": _DEVICE,
            "MEMORY": _MEMORY,
            "COMPRESS": _COMPRESS,
            "OUTPUT": "The sharpened image.",
            "DISAGREEMENT": _DISAGREEMENT,
        },
    ),
    "classicalfuse": AlgorithmHelp(
        title="Fuse with a classical method",
        group="fusion",
        group_name="Fusion",
        summary="Sharpens a hyperspectral image without learning; needs no PyTorch.",
        text=(
            "exp only brings the HSI to the PAN's pixel size by cubic convolution. mtf-glp, mtf-glp-fs add the detail "
            "of the PAN, what a low-pass matched to the sensor's MTF takes from it, with one gain per band; "
            "mtf-glp-hpm multiplies by it (-h from the haze on, -r by regression). sfim and awlp do so with other "
            "low-passes. gs, gsa, pca and brovey put the PAN in an intensity's place. gfpca filters principal "
            "components with the PAN as guide, bdsd learns their detail one scale down, cnmf unmixes both images.",
            _GRID,
        ),
        tags=("hyperspectral", "pansharpening", "fusion", "mtf-glp", "classical", "upsampling"),
        parameters={
            "HSI": _HSI,
            "PAN": _PAN,
            "METHOD": "The method, by its short name in the literature.",
            "CONSISTENCY": _CONSISTENCY,
            "MTF": _MTF,
            "EXTENT": _EXTENT,
            "BANDS": _BANDS,
            "CORRECT_SHIFT": _CORRECT_SHIFT,
            "OVERVIEWS": _OVERVIEWS,
            "MEMORY": _MEMORY,
            "COMPRESS": _COMPRESS,
            "OUTPUT": "The sharpened image.",
        },
    ),
    "simulate": AlgorithmHelp(
        title="Simulate a pair (Wald's protocol)",
        group="quality",
        group_name="Quality",
        summary="Makes a low-resolution HSI and a PAN from a reference image, so that a method can be scored.",
        text=(
            "The PAN is the mean of the chosen bands, or their sum weighted by its spectral response, at the "
            "reference's resolution; the HSI is the reference degraded by the MTF and the ratio. Sharpen the pair and "
            "assess the result against the reference.",
            "The reference is cropped from its upper-left corner to a multiple of the ratio. Give one of PAN_BANDS, "
            "PAN_RANGE and PAN_RESPONSE.",
        ),
        tags=("hyperspectral", "wald", "simulation", "degrade", "mtf", "benchmark"),
        parameters={
            "REFERENCE": "The hyperspectral image that serves as the truth.",
            "RATIO": "How many times larger the pixels of the simulated HSI are, 2 to 16.",
            "PAN_BANDS": "Bands that make the PAN, counted from 1, as in 6-36 or 1,3,5-9; empty: by PAN_RANGE.",
            "PAN_RANGE": "Wavelengths in nm that make the PAN, as in 480-690, or the name of a sensor, as eo-1.",
            "PAN_RESPONSE": "The spectral response of the PAN, instead of a range: a text file with two columns, "
            "wavelength in nm and response.",
            "MTF": _MTF,
            "HSI": "The simulated hyperspectral image.",
            "PAN": "The simulated panchromatic image.",
        },
    ),
    "assess": AlgorithmHelp(
        title="Assess a result",
        group="quality",
        group_name="Quality",
        summary="Scores a sharpened image against a reference, against the HSI and PAN it was made from, or both.",
        text=(
            "With a reference (which shares the pixel grid) the indices ERGAS, SAM, PSNR, CC, SSIM, RMSE, UIQI, Q2n "
            "and RSNR are computed over the overlap; with the HSI and the PAN, those that need no reference, and how "
            "well the result, degraded again, gives back the HSI.",
            "UIQI, Q2n and what is made of them look at blocks of 32 x 32 pixels, of the result or of the HSI; an "
            "image without a whole block of valid pixels has none.",
            "Bad bands and pixels take no part. Numbers that cannot be computed from what was given are left out.",
        ),
        tags=("quality", "assessment", "ergas", "sam", "psnr", "ssim", "hyperspectral", "index"),
        parameters={
            "FUSED": "The sharpened image to score.",
            "REFERENCE": "The truth, on the same pixel grid; from a simulation, or a finer sensor.",
            "HSI": "The hyperspectral image that was sharpened; goes together with the PAN.",
            "PAN": "The panchromatic image that was used; goes together with the HSI.",
            "RATIO": "Ratio of the pixel sizes, which ERGAS needs; only where it cannot be derived from HSI and PAN.",
            "MTF": _MTF,
            "CROP": "Pixels to leave out along each edge of the result.",
            "BANDS": "The bands of the reference and the HSI that the result has, where it was made with BANDS.",
            "CORRECT_SHIFT": "To be ticked where it was ticked when the result was made: the PAN is moved in the same "
            "way.",
            "REPORT": _REPORT,
            "JSON": "All numbers, in one JSON file.",
        },
        outputs={
            "ERGAS": "Relative dimensionless global error; 0 is best.",
            "SAM": "Mean spectral angle, in degrees; 0 is best.",
            "PSNR": "Peak signal-to-noise ratio, mean over the bands, in dB; higher is better.",
            "CC": "Correlation coefficient, mean over the bands; 1 is best.",
            "SSIM": "Structural similarity, mean over the bands; 1 is best.",
            "RMSE": "Root of the mean squared error over all bands and pixels, in the units of the data; 0 is best.",
            "UIQI": "Universal image quality index, mean over blocks and bands; 1 is best.",
            "Q2N": "Quality of whole spectra as hypercomplex numbers, mean over blocks; 1 is best.",
            "RSNR": "Reconstruction signal-to-noise ratio over all bands and pixels, in dB; higher is better.",
            "D_LAMBDA": "Change of the relations between bands against the HSI; 0 is best.",
            "D_LAMBDA_K": "1 - Q2n of the degraded result and the HSI (Khan); 0 is best.",
            "D_S": "Change of the bands' relation to the PAN between the resolutions; 0 is best.",
            "D_S_REG": "Share of the PAN's variance that the bands together do not explain; 0 is best.",
            "D_RHO": "1 - local correlation of the bands with the PAN; 0 is best.",
            "QNR": "(1 - D_LAMBDA) (1 - D_S); 1 is best.",
            "HQNR": "(1 - D_LAMBDA_K) (1 - D_S); 1 is best.",
            "RQNR": "(1 - D_LAMBDA_K) (1 - D_S_REG); 1 is best.",
            "CONSISTENCY": "Relative RMSE of the degraded result against the HSI; 0 is best.",
        },
    ),
    "compare": AlgorithmHelp(
        title="Compare methods",
        group="quality",
        group_name="Quality",
        summary="Runs classical methods and networks on one HSI and PAN, ranks them, and keeps the best result.",
        text=(
            "At reduced resolution (Wald's protocol) HSI and PAN are degraded by their ratio, fused, and compared with "
            "the HSI itself: this ranks the methods, by the mean of ERGAS and SAM, each relative to plain up-sampling. "
            "At full resolution, where there is no truth, indices without reference, time and memory are given.",
            "Networks that learn on the scene (ssml) learn twice, once at each resolution. A model that was trained on "
            "this very HSI takes part but is not ranked. Classical methods need no PyTorch.",
        ),
        tags=("quality", "comparison", "benchmark", "ranking", "wald", "pansharpening", "hyperspectral"),
        parameters={
            "HSI": _HSI,
            "PAN": _PAN,
            "METHODS": "The methods to run: classical ones, and ssml to learn on the scene. Up-sampling (exp) always "
            "takes part.",
            "MODEL": "A trained model that takes part, too.",
            "EFFORT": "How long ssml learns at each resolution.",
            "SEED": _SEED,
            "DEVICE": _DEVICE,
            "MTF": _MTF,
            "CONSISTENCY": "Iterations of the consistency projection after each method but up-sampling; 0 for none. A "
            "trained model is used with as many as it learned with.",
            "CROP": "Pixels to leave out along each edge of what is scored.",
            "BANDS": _BANDS,
            "CORRECT_SHIFT": _CORRECT_SHIFT,
            "MEMORY": _MEMORY,
            "OUTPUT": "What the best method makes of the scene, on the PAN's grid.",
            "REPORT": _REPORT,
            "JSON": "All numbers, in one JSON file.",
            "CSV": "All numbers as a table, one row a method.",
        },
        outputs={
            "BEST": "The name of the best method.",
            "ERGAS": "ERGAS of the best method at reduced resolution; 0 is best.",
            "SAM": "SAM of the best method at reduced resolution, in degrees; 0 is best.",
            "SCORE": "Score of the best method: mean of its ERGAS and SAM, each relative to plain up-sampling.",
            "GAIN": "How far the best method's score lies below that of the best classical method, in per cent.",
        },
    ),
    "modelinfo": AlgorithmHelp(
        title="Show what a model file says",
        group="learning",
        group_name="Learning",
        summary="Writes what a model file says of itself: networks, bands, ratio, MTF, scores, training data, licence.",
        text=("Nothing in the file is run.",),
        tags=("model", "metadata", "safetensors", "information"),
        parameters={
            "MODEL": _MODEL,
            "REPORT": _REPORT,
            "JSON": "The model's header, as a JSON file.",
        },
    ),
    "openprisma": AlgorithmHelp(
        title="Open a PRISMA product",
        group="data",
        group_name="Data",
        summary="Writes the hyperspectral and the panchromatic image of a PRISMA L2D product (.he5) as rasters.",
        text=(
            "Bands are sorted by wavelength. Those that the product flags as unused are left out; where VNIR and SWIR "
            "overlap, the SWIR is kept. Bands in the water vapour absorptions, 1350-1450 and 1800-1950 nm, are marked "
            "as bad.",
            "The numbers stay as they are; scale and offset give reflectance. Nodata is 0. The product's map grids are "
            "followed exactly.",
        ),
        tags=("prisma", "hdf5", "he5", "import", "hyperspectral"),
        parameters={
            "INPUT": "A PRISMA product of level L2D, as it comes: PRS_L2D_...he5.",
            "HSI": "The hyperspectral image, VNIR and SWIR in one, 30 m.",
            "PAN": "The panchromatic image, 5 m.",
        },
    ),
    "installpytorch": AlgorithmHelp(
        title="Install PyTorch",
        group="setup",
        group_name="Set-up",
        summary="Installs PyTorch and safetensors, which the learning algorithms need, into your QGIS profile.",
        text=(
            "Both go into a folder of the plugin's own in the QGIS profile, for the Python of this QGIS alone; QGIS's "
            "packages, above all numpy, stay as they are. What QGIS's Python has already is not installed again.",
            "pip is run with QGIS's Python and, where QGIS's settings name a proxy, through it. Nothing is put in use "
            "before a small computation has come out right. After Cancel, what was downloaded completely is kept, and "
            "the next run goes on from there.",
            "The build for the processor takes about 0.8 GB there, one for NVIDIA cards several GB.",
        ),
        tags=("pytorch", "torch", "install", "pip", "set-up", "cuda", "offline"),
        parameters={
            "VERSION": "As in torch==2.13.0 or torch>=2.1; the newest one that suits QGIS's Python is taken.",
            "BUILD": (
                "cpu: for the processor; cuda: for NVIDIA cards, as the driver allows; auto: cuda where there is "
                "an NVIDIA driver, cpu otherwise; default: what the usual package index has for this system."
            ),
            "INDEX_URL": "Address of a package index that has all packages, instead of the usual one and of a build.",
            "WHEELS": (
                "A folder with the .whl files of PyTorch, safetensors and what they need, for a machine without "
                "network; nothing is downloaded then."
            ),
            "FORCE": "Install PyTorch and safetensors into the plugin's folder even where they are there already.",
        },
        outputs={
            "FOLDER": "Where the packages were put.",
            "TORCH": "The version that was installed and tried out.",
        },
    ),
    "diagnose": AlgorithmHelp(
        title="Diagnose",
        group="setup",
        group_name="Set-up",
        summary="Writes down what the plugin meets in this QGIS: versions, PyTorch, devices, settings, places.",
        text=(
            "Each device is tried out with a small computation; where a graphics card is not used, it says why. "
            "Paste the report into an issue; your home folder is written as ~ in it.",
        ),
        tags=("diagnosis", "versions", "gpu", "cuda", "pytorch", "issue", "support"),
        parameters={"OUTPUT": "The report: a page (.html) or plain text (.txt); it is shown in the log, too."},
    ),
}
