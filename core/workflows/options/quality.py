"""The jobs that make, read and judge images: ``simulate``, ``assess``, ``compare``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...io.ratio import MAX_RATIO, MIN_RATIO
from . import gain, shared
from .declare import Job, Option, Options, Result
from .fusion import classical_methods
from .pixels import FILES, PIXELS, PLACED, PixelOptions
from .verdict import VERDICT


def _image_out(image: str, label: str, text: str) -> Option:
    """The HSI or the PAN that a job writes."""
    name, flag = f"{image}_out", f"--out-{image}"
    return Option(text, label, kind="raster_out", name=name, flag=flag, key=image.upper(), needed=True)


@dataclass(frozen=True)
class SimulateOptions(Options):
    """Of :func:`.simulate.simulate`.

    Attributes:
        ratio: reference pixels per HSI pixel.
        pan_bands: bands of the PAN, from 1, as "6-36", or as "6-14;15-24" of each of several; "" where something else
            says them.
        pan_range: wavelengths of the PAN in nm, as "480-690", or as "450-520;530-590" of each of several bands, or a
            sensor; "" where something else says them.
        mtf_hsi: MTF gain of the HSI at its Nyquist frequency, two as "along,across", or a sensor.
        mtf_pan: MTF gain of the PAN at its own Nyquist frequency; None leaves it as sharp as the reference.
        snr_hsi, snr_pan: mean of a band over the standard deviation of the noise that it gets; None for no noise.
        pan_rotation: of the PAN's grid on its map, degrees clockwise.
        pan_crs: its reference system; "" for the reference's.
        pan_distortion: by how many reference pixels it is distorted; None for none.
        seed: of noise and distortion.
        hsi_nodata: numbers of the reference that stand for "no value", as "-9999"; "none" for none; "" for the file's
            own and those that are found.
        layers: by file, what QGIS's layers say instead of the files; as of :class:`.shared.RasterOptions`.
    """

    ratio: float = Option(
        "How many times larger the pixels of the simulated HSI are, any number from 1.5 to 40.",
        "Ratio of the pixel sizes",
        4.0,
        metavar="R",
        bounds=(MIN_RATIO, MAX_RATIO),
        needed=True,
    ).field()
    pan_bands: str = Option(
        "Bands that make the PAN, counted from 1, as in 6-36 or 1,3,5-9; empty: by their wavelengths. For a sharper "
        "image of several bands those of each, as in 6-14;15-24;25-33.",
        "Bands of the PAN, as in 6-36",
        metavar="A-B",
        one_of="PAN",
    ).field()
    pan_range: str = Option(
        "Wavelengths in nm that make the PAN, as in 480-690, or the name of a sensor, as eo-1. For a sharper image of "
        "several bands those of each, as in 450-520;530-590, or sentinel-2; by published responses sentinel-2a, "
        "sentinel-2b, sentinel-2c, landsat-8-oli, landsat-9-oli or planetscope.",
        "Wavelengths of the PAN in nm, as in 480-690",
        metavar="NM-NM",
        one_of="PAN",
    ).field()
    mtf_hsi: float | str = gain.MTF_HSI.field(flag="--mtf-hsi --mtf", key="MTF")
    mtf_pan: float | None = Option(
        "The PAN's own MTF gain; without, it is not blurred.", default=None, metavar="G", bounds=(0.0, 1.0)
    ).field()
    snr_hsi: float | None = Option(
        "Signal-to-noise ratio of the HSI: each band gets noise of its mean over this number; without, it has none.",
        default=None,
        metavar="SNR",
        bounds=(0.0, 1e6),
    ).field()
    snr_pan: float | None = Option("The same of the PAN.", default=None, metavar="SNR", bounds=(0.0, 1e6)).field()
    pan_rotation: float = Option(
        "Degrees by which the PAN's grid is rotated clockwise on the map; it covers the whole reference.",
        default=0.0,
        metavar="DEG",
        bounds=(-360.0, 360.0),
    ).field()
    pan_crs: str = Option(
        "Coordinate reference system of the PAN, as EPSG:32632; without, it is that of the reference.", metavar="CRS"
    ).field()
    pan_distortion: float | None = Option(
        "Pixels of the reference by which, at most, the PAN shows other places than its grid says, in smooth waves.",
        default=None,
        metavar="P",
        bounds=(0.0, 100.0),
    ).field()
    seed: int = Option("Seed of noise and distortion.", default=0, metavar="N", bounds=(0, 2**31 - 1)).field()
    hsi_nodata: str | float = shared.HSI_NODATA.field(
        help=shared.HSI_NODATA.help.replace("in the HSI", "in the reference"),
        label="Nodata value of the reference (empty: the file's own, none: no value)",
    )
    layers: Mapping[str, tuple[str, str]] | None = shared.LAYERS.field()


SIMULATE = Job(
    "simulate",
    "Simulate a pair (Wald's protocol)",
    "Quality",
    "Makes a low-resolution HSI and a PAN from a reference image, so that a method can be scored.",
    (
        "The PAN is the mean of the chosen bands, or their sum weighted by its spectral response, at the "
        "reference's resolution; the HSI is the reference degraded by the MTF and the ratio. Sharpen the pair and "
        "assess the result against the reference.",
        "The reference is cropped, from its upper-left corner, to what whole pixels of the HSI touch. Bands, "
        "wavelengths or a spectral response say what makes the PAN: give one of them.",
    ),
    ("hyperspectral", "wald", "simulation", "degrade", "mtf", "benchmark"),
    (
        Option(
            "The hyperspectral image that serves as the truth.",
            "Reference image",
            kind="raster",
            name="reference",
            flag="reference",
            metavar="REF",
            needed=True,
        ),
        Option(
            "The spectral response of the PAN, instead of a range: a text file with two columns, wavelength in nm and "
            "response.",
            "Spectral response of the PAN",
            kind="file",
            name="pan_response",
            one_of="PAN",
            filter="Text (*.txt *.csv *.tsv *.dat);;All files (*.*)",
            advanced=True,
        ),
        _image_out("hsi", "Simulated HSI", "The simulated hyperspectral image."),
        _image_out("pan", "Simulated PAN", "The simulated panchromatic image."),
    ),
    SimulateOptions,
    order="REFERENCE RATIO PAN_BANDS PAN_RANGE PAN_RESPONSE MTF HSI_NODATA",
    example="scene.tif --ratio 4 --pan-bands 7-33 --out-hsi hsi.tif --out-pan pan.tif",
    terminal="Needs no PyTorch.",
)


@dataclass(frozen=True)
class AssessOptions(shared.SceneOptions, gain.GainOptions):
    """Of :func:`.assess.assess`.

    Attributes:
        bands: of the reference and the HSI that the result has, as "1-100,120" or "430-900 nm"; "" for all.
        shift: how the PAN was moved by its measured shift when the result was made: "auto", "none" or "global".
        ratio: PAN pixels per HSI pixel, for ERGAS; None where HSI and PAN tell it, or without ERGAS.
        crop: pixels left out along each edge.
    """

    bands: str = shared.BANDS.field(
        help="The bands of the reference and the HSI that the result has, where it was made with BANDS."
    )
    shift: str = shared.SHIFT.field(
        help="As when the result was made: the PAN is moved in the same way. auto: where the result lies on the grid "
        "that the PAN then has; with a local shift, that is the PAN's own."
    )
    ratio: float | None = Option(
        "Ratio of the pixel sizes, which ERGAS needs; only where it cannot be derived from HSI and PAN.",
        "Ratio, where it cannot be derived",
        None,
        metavar="R",
        bounds=(MIN_RATIO, MAX_RATIO),
        advanced=True,
    ).field()
    crop: int = shared.CROP.field()
    hsi_nodata: str | float = shared.HSI_NODATA.field(
        help=f"{shared.HSI_NODATA.help} The same goes for the reference. In the result such a number is looked for, "
        "too, but for none."
    )


ASSESS = Job(
    "assess",
    "Assess a result",
    "Quality",
    "Scores a sharpened image against a reference, against the HSI and PAN it was made from, or both.",
    (
        "With a reference (which shares the pixel grid) the indices ERGAS, SAM, PSNR, CC, SSIM, RMSE, UIQI, Q2n "
        "and RSNR are computed over the overlap; with the HSI and the PAN, those that need no reference, and how "
        "well the result, degraded again, gives back the HSI.",
        "UIQI, Q2n and what is made of them look at blocks of 32 x 32 pixels, of the result or of the HSI; an "
        "image without a whole block of valid pixels has none.",
        "Bad bands and pixels take no part. Numbers that cannot be computed from what was given are left out.",
    ),
    ("quality", "assessment", "ergas", "sam", "psnr", "ssim", "hyperspectral", "index"),
    (
        Option("The sharpened image to score.", "Sharpened image", kind="raster", name="fused", needed=True),
        Option(
            "The truth, on the same pixel grid; from a simulation, or a finer sensor.",
            "Reference image",
            kind="raster",
            name="reference",
        ),
        shared.HSI.but(help="The hyperspectral image that was sharpened; goes together with the PAN.", needed=False),
        shared.PAN.but(help="The sharper image that was used; goes together with the HSI.", needed=False),
        shared.REPORT,
        shared.JSON,
    ),
    AssessOptions,
    (
        *VERDICT,
        Result("ERGAS", "ERGAS", "Relative dimensionless global error; 0 is best."),
        Result("SAM", "SAM (degrees)", "Mean spectral angle, in degrees; 0 is best."),
        Result("PSNR", "PSNR (dB)", "Peak signal-to-noise ratio, mean over the bands, in dB; higher is better."),
        Result("CC", "CC", "Correlation coefficient, mean over the bands; 1 is best."),
        Result("SSIM", "SSIM", "Structural similarity, mean over the bands; 1 is best."),
        Result(
            "RMSE",
            "RMSE",
            "Root of the mean squared error over all bands and pixels, in the units of the data; 0 is best.",
        ),
        Result("UIQI", "UIQI", "Universal image quality index, mean over blocks and bands; 1 is best."),
        Result("Q2N", "Q2n", "Quality of whole spectra as hypercomplex numbers, mean over blocks; 1 is best."),
        Result(
            "RSNR",
            "RSNR (dB)",
            "Reconstruction signal-to-noise ratio over all bands and pixels, in dB; higher is better.",
        ),
        Result("D_LAMBDA", "D_lambda", "Change of the relations between bands against the HSI; 0 is best."),
        Result("D_LAMBDA_K", "D_lambda of Khan", "1 - Q2n of the degraded result and the HSI (Khan); 0 is best."),
        Result("D_S", "D_s", "Change of the bands' relation to the PAN between the resolutions; 0 is best."),
        Result(
            "D_S_REG",
            "D_s by regression",
            "Share of the PAN's variance that the bands together do not explain; 0 is best.",
        ),
        Result("D_RHO", "D_rho", "1 - local correlation of the bands with the PAN; 0 is best."),
        Result("QNR", "QNR", "(1 - D_LAMBDA) (1 - D_S); 1 is best."),
        Result("HQNR", "HQNR", "(1 - D_LAMBDA_K) (1 - D_S); 1 is best."),
        Result("RQNR", "RQNR", "(1 - D_LAMBDA_K) (1 - D_S_REG); 1 is best."),
        Result("CONSISTENCY", "Consistency", "Relative RMSE of the degraded result against the HSI; 0 is best."),
    ),
    order=f"FUSED HSI PAN REFERENCE {PIXELS} MTF {PLACED} RATIO CROP {FILES}",
    example="--fused sharpened.tif --reference scene.tif --ratio 4 --json scores.json",
    terminal="Prints a table on a terminal, JSON into a file or a pipe. Needs no PyTorch.",
)


@dataclass(frozen=True)
class CompareOptions(shared.MemoryOptions, shared.SceneOptions, PixelOptions, shared.SensorOptions, shared.SeedOptions):
    """Of :func:`.compare.compare`.

    Attributes:
        methods: names of classical methods and "ssml"; none for all classical ones.
        effort: of learning: "fast", "normal" or "thorough".
        consistency: iterations of the consistency projection after each method but up-sampling.
        crop: pixels left out along each edge.
        model: file of a trained model that takes part, too; "" for none.
    """

    methods: tuple[str, ...] = Option(
        "The methods to run: classical ones, and ssml to learn on the scene; empty: all classical ones. Up-sampling "
        "(exp) always takes part.",
        "Methods",
        (),
        metavar="NAME",
        choices=lambda: (*classical_methods(), "ssml"),
        noun="method",
    ).field()
    effort: str = shared.EFFORT.field(help="How long ssml learns at each resolution.", advanced=True)
    consistency: int = shared.CONSISTENCY.field(
        help="Iterations of the consistency projection after each method but up-sampling; 0 for none. A trained model "
        "is used with as many as it learned with."
    )
    crop: int = shared.CROP.field(help="Pixels to leave out along each edge of what is scored.")
    model: str = shared.MODEL.field(help="A trained model that takes part, too.", needed=False, advanced=True)


COMPARE = Job(
    "compare",
    "Compare methods",
    "Quality",
    "Runs classical methods and networks on one HSI and PAN, ranks them, and keeps the best result.",
    (
        "At reduced resolution (Wald's protocol) HSI and PAN are degraded by their ratio, fused, and compared with "
        "the HSI itself: this ranks the methods, by the mean of ERGAS and SAM, each relative to plain up-sampling. "
        "At full resolution, where there is no truth, indices without reference, time and memory are given.",
        "Networks that learn on the scene (ssml) learn twice, once at each resolution. A model that was trained on "
        "this very HSI takes part but is not ranked. Classical methods need no PyTorch.",
    ),
    ("quality", "comparison", "benchmark", "ranking", "wald", "pansharpening", "hyperspectral"),
    (
        shared.HSI,
        shared.PAN,
        shared.OUTPUT.but(
            help="What the best method makes of the scene, on the PAN's grid.",
            label="Result of the best method",
            needed=False,
        ),
        shared.REPORT,
        shared.JSON,
        shared.JSON.but(
            help="All numbers as a table, one row a method.",
            label="Results as a table",
            name="csv_path",
            filter="CSV (*.csv)",
            advanced=True,
        ),
    ),
    CompareOptions,
    (
        *VERDICT,
        Result("BEST", "Best method", "The name of the best method.", "text"),
        Result(
            "SCORE",
            "Score of the best method",
            "Score of the best method: mean of its ERGAS and SAM, each relative to plain up-sampling.",
        ),
        Result("ERGAS", "ERGAS of the best method", "ERGAS of the best method at reduced resolution; 0 is best."),
        Result(
            "SAM",
            "SAM of the best method (degrees)",
            "SAM of the best method at reduced resolution, in degrees; 0 is best.",
        ),
        Result(
            "GAIN",
            "Gain over the best classical method (per cent)",
            "How far the best method's score lies below that of the best classical method, in per cent.",
        ),
    ),
    order=f"HSI PAN METHODS EFFORT MODEL {PIXELS} MTF {PLACED} CONSISTENCY CROP {FILES} SEED DEVICE MEMORY",
    example="--hsi hsi.tif --pan pan.tif --methods gsa mtf-glp ssml --out best.tif --report comparison.html",
    terminal="Prints a table; the report shows the results side by side.",
)
