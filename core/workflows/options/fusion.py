"""The jobs that sharpen and learn: ``sharpen``, ``train``, ``fuse``, ``classical``, ``info``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from . import gain, placement, shared
from .declare import Job, Option
from .pixels import DENOISE, FILES, PIXELS, PLACED, PixelOptions
from .verdict import VERDICT

_FUSION = f"EXTENT {PIXELS} MTF {PLACED} CLIP CONSISTENCY {FILES}"
_WRITING = "DEVICE MEMORY COMPRESS OVERVIEWS"


@dataclass(frozen=True)
class SharpenOptions(shared.FusionOptions, PixelOptions, shared.SensorOptions, shared.LearningOptions):
    """Of :func:`.sharpen.sharpen`.

    Attributes:
        consistency: iterations of the consistency projection, while learning, too.
        resume: whether to resume from the checkpoint beside the model file.
    """

    consistency: int = shared.CONSISTENCY.field(
        help=f"{shared.CONSISTENCY.help} The networks learn and are judged with the same number."
    )
    resume: bool = Option(
        "Go on from the checkpoint that a stopped run left beside the model, which must be given; all else must be as "
        "before.",
        "Take up a stopped run",
        False,
        advanced=True,
    ).field()


SHARPEN = Job(
    "sharpen",
    "Sharpen a scene",
    "Fusion",
    "Brings a hyperspectral image to the pixel size of a sharper one, learning from the scene itself.",
    (
        "Needs nothing but the two rasters. The scene is degraded by the sensor's MTF; a spectral and a spatial "
        "network learn on that smaller pair, where the truth is known, and from each other; what they learned is "
        "then applied to the scene at full resolution.",
        shared.GRID_TEXT,
        shared.PYTORCH_TEXT,
    ),
    (
        "hyperspectral",
        "pansharpening",
        "pan-sharpening",
        "superresolution",
        "super-resolution",
        "fusion",
        "deep learning",
    ),
    (
        shared.HSI,
        shared.PAN,
        shared.OUTPUT,
        Option(
            "What was learned: a model file that “Fuse with a model” applies to other scenes of the sensor.",
            "Model",
            kind="file_out",
            name="model",
            filter=shared.MODEL_FILTER,
            advanced=True,
        ),
        shared.REPORT,
        shared.DISAGREEMENT,
    ),
    SharpenOptions,
    VERDICT,
    order=f"HSI PAN EFFORT NETWORK {_FUSION} SEED {_WRITING} RESUME",
    example="--hsi hsi.tif --pan pan.tif --out sharpened.tif --report report.html",
    terminal="Takes minutes on a laptop; the expected time is shown first.",
)


@dataclass(frozen=True)
class TrainOptions(shared.SceneOptions, PixelOptions, shared.SensorOptions, shared.LearningOptions):
    """Of :func:`.train.train`.

    Attributes:
        bands: of the HSI, as "1-100,120" or "430-900 nm"; "" for all.
        shift: how each PAN is moved by its measured shift: "auto" where that is sure, "none" or "global".
        consistency: iterations of the consistency projection; the model file keeps the number.
        mode: "mutual" or "alone".
        steps: of learning; None follows the effort.
        batch: areas a step; None is one for each process.
        pan_more: further files that the PANs are made of.
    """

    pan_more: Sequence[str] = placement.PAN_MORE.field(flag="--pan-more")
    bands: str = shared.BANDS.field(
        help=f"Only these bands are learned: {shared.BAND_NUMBERS}; empty: all. The model remembers them, and "
        "“Fuse with a model” takes the same."
    )
    shift: str = shared.SHIFT.field(
        help="How far each PAN is shifted against its HSI is measured by phase correlation. auto: its position is "
        "moved by that, and by a local shift besides, where they are sure, and the log warns where they are not; "
        "global: as a whole, even if that is not sure; local: and locally wherever there is a local shift; none: it "
        "stays, and the log warns from half a PAN pixel on."
    )
    consistency: int = shared.CONSISTENCY.field(
        help="How many times the result will be corrected so that, degraded again by the MTF, it gives back the HSI; "
        "the networks learn and are judged with this correction. The model remembers the number, and “Fuse with a "
        "model” takes the same. 0 switches the correction off."
    )
    mode: str = Option(
        "mutual: the two networks of a pair learn from the truth and from each other; alone: from the truth only.",
        "Way of learning",
        "mutual",
        choices=("mutual", "alone"),
        titles=(("mutual", "From the truth and from each other (recommended)"), ("alone", "From the truth only")),
        advanced=True,
    ).field()
    steps: int | None = Option(
        "Number of learning steps, instead of what the effort says; empty: by the effort.",
        "Steps, instead of the effort",
        None,
        bounds=(1, 10_000_000),
        advanced=True,
    ).field()
    batch: int | None = Option(
        "Areas a step: 1, or under torchrun, which shares them out, one a process.",
        default=None,
        kind="whole",
        metavar="N",
    ).field()


TRAIN = Job(
    "train",
    "Train a model",
    "Learning",
    "Learns from one or more scenes of a sensor and writes one small model file.",
    (
        "Each hyperspectral image goes with the sharper one at the same place of the list. The scenes are "
        "degraded by the sensor's MTF and the networks learn where the truth is known; patches that are held out "
        "give the scores in the model file.",
        "While it runs, a checkpoint lies beside the model file as <MODEL>.checkpoint; a cancelled run is taken up "
        "from it.",
        shared.PYTORCH_TEXT,
    ),
    ("hyperspectral", "pansharpening", "deep learning", "mutual learning", "training"),
    (
        shared.HSI.but(
            help="Hyperspectral images of one sensor: same bands, and about the same ratio to their sharper images.",
            label="Hyperspectral images (HSI)",
            kind="rasters",
        ),
        shared.PAN.but(
            help="The sharper images, as many as hyperspectral ones and in the same order.",
            label="Sharper images, panchromatic (PAN) or multispectral, in the same order",
            kind="rasters",
        ),
        Option(
            "The model file to write (.safetensors). It says all about itself and runs no code.",
            "Model",
            kind="file_out",
            name="model",
            flag="--out",
            metavar="M",
            needed=True,
            filter=shared.MODEL_FILTER,
        ),
        shared.REPORT,
        Option(
            "A checkpoint of an interrupted run, to be taken up where it stopped; empty: start afresh.",
            "Checkpoint to take up",
            kind="file",
            name="resume",
            filter="Checkpoint (*.checkpoint);;All files (*.*)",
            advanced=True,
        ),
    ),
    TrainOptions,
    VERDICT,
    order=f"HSI PAN EFFORT STEPS NETWORK MODE {PIXELS} MTF {PLACED} CONSISTENCY {FILES} SEED DEVICE RESUME",
    example="--hsi a_hsi.tif b_hsi.tif --pan a_pan.tif b_pan.tif --out model.safetensors",
)


@dataclass(frozen=True)
class FuseOptions(shared.FusionOptions, PixelOptions, gain.GainOptions, shared.DeviceOptions):
    """Of :func:`.fuse.fuse`.

    Attributes:
        bands: of the HSI, as "1-100,120" or "430-900 nm"; "" for those of the model.
        use: which network adds to the prior: "mean" (of both), "spectral" or "spatial".
        mtf: MTF gain of the HSI at its Nyquist frequency; "auto" for the model's unless that of the pair surely
            differs, "model" for the model's in any case.
        model_gain: whether "model" may be given.
        consistency: iterations of the consistency projection; None for the number of the model.
        dask: address of a scheduler, or "local"; "" for none.
    """

    bands: str = shared.BANDS.field(
        help=f"Only these bands are used and written: {shared.BAND_NUMBERS}; empty: those that the model was "
        "trained on."
    )
    use: str = Option(
        "What to write: the mean of all networks, or of the spectral or the spatial ones alone.",
        "Network to use",
        "mean",
        choices=("mean", "spectral", "spatial"),
        titles=(
            ("mean", "The mean of all (recommended)"),
            ("spectral", "The spectral ones alone"),
            ("spatial", "The spatial ones alone"),
        ),
        advanced=True,
        noun="result of a pair of networks",
    ).field()
    mtf: float | str = gain.MTF.field(
        help="Gain of the sensor's modulation transfer function at the HSI's Nyquist frequency. auto measures it from "
        "the two images and takes the one in the model file unless that surely differs by more than the model allows, "
        "which the log warns of; model: the one in the model file in any case. Otherwise a number; two, as 0.2,0.35, "
        "vertically and horizontally; one for each group of bands, as 400-1000nm:0.2;1000-2500nm:0.15; or the name "
        "of a sensor.",
        label="MTF gain of the HSI at its Nyquist frequency: auto, model, number, along,across, or sensor",
    )
    consistency: int | None = shared.CONSISTENCY.field(
        help=f"{shared.CONSISTENCY.help} Empty: as many times as the model learned with; the log warns of "
        "another number.",
        default=None,
    )
    dask: str = Option(
        "Have strips made by the workers of a Dask cluster: its scheduler's address, or local to try it here.",
        metavar="ADDRESS",
    ).field()
    model_gain: ClassVar[bool] = True


FUSE = Job(
    "fuse",
    "Fuse with a model",
    "Fusion",
    "Sharpens a hyperspectral image with a model that was trained before.",
    (
        "The model must have been trained for the same bands and a ratio that differs by 10 per cent at most; one that "
        "does not fit is refused with the reason. The blur is the one stored in the model, unless this pair's surely "
        "differs. The model is tried on the scene at reduced resolution first: where it is worse there than the "
        "scene's own regression prior, that is the result, with a warning.",
        shared.GRID_TEXT,
        shared.PYTORCH_TEXT,
    ),
    ("hyperspectral", "pansharpening", "fusion", "deep learning", "inference"),
    (shared.HSI, shared.PAN, shared.MODEL, shared.OUTPUT, shared.DISAGREEMENT),
    FuseOptions,
    VERDICT,
    order=f"HSI PAN MODEL USE {_FUSION} {_WRITING}",
    example="--hsi hsi.tif --pan pan.tif --model model.safetensors --out sharpened.tif",
)


def classical_methods() -> tuple[str, ...]:
    """Names of the classical methods."""
    from ...fusion.classical import METHODS

    return tuple(METHODS)


@dataclass(frozen=True)
class ClassicalOptions(shared.FusionOptions, PixelOptions, shared.SensorOptions):
    """Of :func:`.classical.classical`.

    Attributes:
        method: a name in :data:`.fusion.classical.METHODS`.
        denoise: "off", as methods are published, or "auto".
    """

    denoise: str = DENOISE.field(default="off")
    method: str = Option(
        "The method, by its short name in the literature.",
        "Method",
        "mtf-glp",
        metavar="NAME",
        choices=classical_methods,
        titles=(("mtf-glp", "MTF-GLP (recommended)"),),
        noun="classical method",
    ).field()


CLASSICAL = Job(
    "classical",
    "Fuse with a classical method",
    "Fusion",
    "Sharpens a hyperspectral image without learning; needs no PyTorch.",
    (
        "exp only brings the HSI to the PAN's pixel size by cubic convolution. mtf-glp, mtf-glp-fs add the detail "
        "of the PAN, what a low-pass matched to the sensor's MTF takes from it, with one gain per band; "
        "mtf-glp-hpm multiplies by it (-h from the haze on, -r by regression). sfim and awlp do so with other "
        "low-passes. gs, gsa, pca and brovey put the PAN in an intensity's place. gfpca filters principal "
        "components with the PAN as guide, bdsd learns their detail one scale down, cnmf unmixes both images.",
        shared.GRID_TEXT,
    ),
    ("hyperspectral", "pansharpening", "fusion", "mtf-glp", "classical", "upsampling"),
    (shared.HSI, shared.PAN, shared.OUTPUT),
    ClassicalOptions,
    VERDICT,
    order=f"HSI PAN METHOD {_FUSION} {_WRITING}",
    id="classicalfuse",
    example="--hsi hsi.tif --pan pan.tif --out fused.tif --method mtf-glp",
)

INFO = Job(
    "info",
    "Show what a model file says",
    "Learning",
    "Writes what a model file says of itself: networks, bands, ratio, MTF, scores, training data, licence.",
    ("Nothing in the file is run.",),
    ("model", "metadata", "safetensors", "information"),
    (
        shared.MODEL.but(flag="model", metavar="M"),
        shared.REPORT,
        shared.JSON.but(help="The model's header, as a JSON file.", flag=""),
    ),
    id="modelinfo",
    example="model.safetensors",
)
