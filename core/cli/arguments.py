"""The arguments of the command line: what each job takes, and the help that explains it."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any, NoReturn

from ..operators.consistency import DEFAULT_ITERATIONS, MOST_ITERATIONS
from ..runtime.dependencies import require_gdal
from ..runtime.version import __version__

PROGRAM = "ssml"
DEVICES = ("auto", "cpu", "cuda", "mps")
COMPRESSIONS = ("deflate", "zstd", "none")
EFFORTS = ("fast", "normal", "thorough")


class _Layout(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, and keeps the layout of descriptions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Layout, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; ``job`` of what it returns names the subcommand."""
    parser = _Parser(
        prog=PROGRAM,
        description=textwrap.fill(
            "Hyperspectral pansharpening: brings a hyperspectral image (HSI) to the resolution of a "
            "panchromatic image (PAN) of the same place. `sharpen` does all of it; `train` and `fuse` are its two "
            "halves, for many scenes of one sensor; `simulate` and `assess` measure how good results are.",
            96,
        ),
        epilog=f"{PROGRAM} JOB --help explains each job with an example.",
    )
    parser.add_argument("--version", action="version", version=f"SSML {__version__}")
    jobs = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    for add in (
        _add_sharpen,
        _add_train,
        _add_fuse,
        _add_classical,
        _add_simulate,
        _add_assess,
        _add_compare,
        _add_info,
        _add_openprisma,
    ):
        job = add(jobs)
        job.add_argument("--debug", action="store_true", help="show where an error comes from (a traceback)")
    return parser


def _job(jobs: Any, name: str, short: str, text: str, example: str) -> argparse.ArgumentParser:
    epilog = f"example:\n  {PROGRAM} {name} {example}"
    return jobs.add_parser(name, help=short, description=textwrap.fill(text, 96), epilog=epilog)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return value


def _scene_options(job: argparse.ArgumentParser) -> None:
    job.add_argument("--hsi", required=True, metavar="F", help="hyperspectral image, any raster that GDAL reads")
    job.add_argument("--pan", required=True, metavar="F", help="panchromatic image, one band, 2 to 16 times as fine")
    job.add_argument(
        "--out", required=True, metavar="F", help="result: .tif (GeoTIFF), or .img, .bsq, .bil, .bip (ENVI)"
    )


def _consistency_option(
    job: argparse.ArgumentParser,
    what: str = "iterations that make the degraded result agree with the HSI",
    default: int | None = DEFAULT_ITERATIONS,
) -> None:
    usual = "as many as the model learned with" if default is None else default
    text = f"{what}, 0 for none, {MOST_ITERATIONS} at most (default {usual})"
    job.add_argument("--consistency", type=int, default=default, metavar="N", help=text)


def _fusion_options(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "--extent",
        type=float,
        nargs=4,
        metavar=("XMIN", "YMIN", "XMAX", "YMAX"),
        help="fuse this part only, in map units (default: all that HSI and PAN share)",
    )
    job.add_argument(
        "--memory",
        type=_positive,
        metavar="GB",
        help="memory budget of the fusion (default 1, halved while that is more than half of what is free)",
    )
    job.add_argument(
        "--compress",
        choices=COMPRESSIONS,
        default="deflate",
        help="how a GeoTIFF is compressed; zstd is faster, none is fastest to write and large (default deflate)",
    )
    job.add_argument("--overviews", action="store_true", help="add reduced copies to the result, to show it fast")
    _scene_choices(job)


def _scene_choices(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "--bands", default="", metavar="A-B", help="use these bands of the HSI only, as 1-100,120 or '430-900 nm'"
    )
    job.add_argument(
        "--correct-shift", action="store_true", help="move the PAN by its shift against the HSI, which is measured"
    )


def _mtf_option(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "--mtf",
        default="0.3",
        metavar="G",
        help="the HSI's MTF gain at its Nyquist frequency, between 0 and 1, or a sensor's name as enmap (default 0.3)",
    )


def _learning_options(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "--network",
        default="ssml",
        metavar="NAME",
        help="what learns: the pair ssml, a single network as s2bnet (3 to 16 bands) or hyperpnn, or any two networks "
        "that teach each other as hyperpnn+pannet (default ssml)",
    )
    job.add_argument("--spectral-network", default="", metavar="NAME", help="network in the place of ssml-spectral")
    job.add_argument("--spatial-network", default="", metavar="NAME", help="network in the place of ssml-spatial")
    job.add_argument(
        "--effort",
        choices=EFFORTS,
        default="normal",
        help="how long to learn; more steps, better result (default normal)",
    )
    job.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same result (default 0)")
    _device_option(job)


def _device_option(job: argparse.ArgumentParser) -> None:
    job.add_argument("--device", choices=DEVICES, default="auto", help="where to compute (default: a GPU that works)")


def _add_simulate(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "simulate",
        "make a low-resolution HSI and a PAN of a reference (Wald's protocol)",
        "Makes test data whose truth is known: the reference is blurred with the HSI's MTF and brought to a coarser "
        "grid, and the mean of some of its bands becomes the PAN. Sharpen the two, and compare with the reference. "
        "Needs no PyTorch.",
        "scene.tif --ratio 4 --pan-bands 7-33 --out-hsi hsi.tif --out-pan pan.tif",
    )
    job.add_argument("reference", metavar="REF", help="image to start from")
    job.add_argument(
        "--ratio", type=int, required=True, metavar="R", help="pixels of the PAN per pixel of the HSI, 2 to 16"
    )
    which = job.add_mutually_exclusive_group(required=True)
    which.add_argument("--pan-bands", default="", metavar="A-B", help="bands of the PAN, from 1, both ends included")
    which.add_argument(
        "--pan-range", default="", metavar="NM-NM", help="or its wavelengths in nm, as 480-690, or a sensor's name"
    )
    which.add_argument(
        "--pan-response", default="", metavar="F", help="or its spectral response: text, wavelength in nm and response"
    )
    job.add_argument("--out-hsi", required=True, metavar="F", help="HSI to write")
    job.add_argument("--out-pan", required=True, metavar="F", help="PAN to write")
    job.add_argument(
        "--mtf-hsi", "--mtf", default="0.3", metavar="G", help="the HSI's MTF gain, or a sensor's name (default 0.3)"
    )
    job.add_argument("--mtf-pan", type=float, metavar="G", help="the PAN's own MTF gain (default: not blurred)")
    return job


def _add_sharpen(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "sharpen",
        "learn on a scene and fuse it: two rasters in, one out",
        "Sharpens a scene with nothing but its HSI and PAN: two networks learn from the scene itself, one spectra, one "
        "space, each also from the other, and then fuse it on the PAN's grid. Takes minutes on a laptop; the "
        "expected time is shown first.",
        "--hsi hsi.tif --pan pan.tif --out sharpened.tif --report report.html",
    )
    _scene_options(job)
    job.add_argument("--model", default="", metavar="F", help="keep the trained model here, to fuse other scenes with")
    job.add_argument("--report", default="", metavar="F", help="HTML report to write")
    job.add_argument("--disagreement", default="", metavar="F", help="raster: how far the two networks differ")
    _learning_options(job)
    _mtf_option(job)
    _consistency_option(job)
    _fusion_options(job)
    job.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint that a stopped run left (--model)"
    )
    return job


def _add_train(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "train",
        "learn on one or more scenes of a sensor, keep a model file",
        "Trains a model on scenes of one sensor. Each HSI goes with the PAN at the same place in the list; the pairs "
        "of reduced resolution, where the HSI itself is the truth, are made on the way. `fuse` uses the model.",
        "--hsi a_hsi.tif b_hsi.tif --pan a_pan.tif b_pan.tif --out model.safetensors",
    )
    job.add_argument("--hsi", required=True, nargs="+", metavar="F", help="hyperspectral images")
    job.add_argument("--pan", required=True, nargs="+", metavar="F", help="panchromatic images, in the same order")
    job.add_argument("--out", required=True, metavar="M", help="model file to write")
    job.add_argument("--report", default="", metavar="F", help="HTML report to write")
    job.add_argument(
        "--mode", choices=("mutual", "alone"), default="mutual", help="whether the networks learn from each other"
    )
    _learning_options(job)
    job.add_argument("--steps", type=int, metavar="N", help="number of steps, instead of --effort")
    job.add_argument(
        "--batch",
        type=int,
        metavar="N",
        help="areas a step (default 1; under torchrun, which shares them out, one a process)",
    )
    _mtf_option(job)
    _consistency_option(job, "iterations of the consistency projection, in learning and in fusing")
    _scene_choices(job)
    job.add_argument("--resume", default="", metavar="F", help="checkpoint of a stopped training, to go on from")
    return job


def _add_fuse(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "fuse",
        "sharpen a scene with a model trained before",
        "Fuses an HSI and a PAN with a model file that `train` or `sharpen` wrote. The scene must have the bands and "
        "the ratio that the model was trained for.",
        "--hsi hsi.tif --pan pan.tif --model model.safetensors --out sharpened.tif",
    )
    _scene_options(job)
    job.add_argument("--model", required=True, metavar="F", help="model file")
    job.add_argument("--disagreement", default="", metavar="F", help="raster: how far the two networks differ")
    job.add_argument(
        "--use",
        choices=("mean", "spectral", "spatial"),
        default="mean",
        help="which network's result (default: their mean)",
    )
    _consistency_option(job, default=None)
    _fusion_options(job)
    _device_option(job)
    job.add_argument(
        "--dask",
        default="",
        metavar="ADDRESS",
        help="have strips made by the workers of a Dask cluster: its scheduler's address, or local to try it here",
    )
    return job


def _add_classical(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "classical",
        "fuse with a classical method",
        "Fuses an HSI and a PAN with a classical method, in seconds: to compare with, or where PyTorch is not "
        "installed.",
        "--hsi hsi.tif --pan pan.tif --out fused.tif --method mtf-glp",
    )
    job.add_argument("--list", action=_ListMethods, nargs=0, help="say which methods there are, and end")
    _scene_options(job)
    job.add_argument("--method", default="mtf-glp", metavar="NAME", help="see --list (default mtf-glp)")
    _mtf_option(job)
    _consistency_option(job)
    _fusion_options(job)
    return job


class _ListMethods(argparse.Action):
    """Prints the classical methods, and ends as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        require_gdal()
        from ..fusion.classical import METHODS

        for name, method in METHODS.items():
            print(f"{name:<14} {method.title}: {method.source}")
        parser.exit(0)


def _add_assess(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "assess",
        "measure the quality of a result",
        "Compares a fused image with a reference on the same grid (ERGAS, SAM in degrees, PSNR in dB, CC, SSIM, RMSE, "
        "UIQI, Q2n, RSNR in dB), or with the HSI and PAN that it was made of (D_lambda, D_lambda^K, D_s, D_s,reg, "
        "D_rho, QNR, HQNR, RQNR, and how closely the degraded result gives back the HSI), or both. "
        "Prints a table on a terminal, JSON into a file or a pipe. Needs no PyTorch.",
        "--fused sharpened.tif --reference scene.tif --ratio 4 --json scores.json",
    )
    job.add_argument("--fused", required=True, metavar="F", help="image to assess")
    job.add_argument("--reference", default="", metavar="F", help="the truth, on the same pixel grid")
    job.add_argument(
        "--ratio", type=int, metavar="R", help="PAN pixels per HSI pixel, for ERGAS, where no HSI tells it"
    )
    job.add_argument("--hsi", default="", metavar="F", help="the HSI that was fused")
    job.add_argument("--pan", default="", metavar="F", help="the PAN that was fused")
    _mtf_option(job)
    job.add_argument("--crop", type=int, default=0, metavar="N", help="pixels of border to leave out (default 0)")
    _scene_choices(job)
    job.add_argument("--json", default="", metavar="F", help="JSON file to write")
    job.add_argument("--report", default="", metavar="F", help="HTML report to write")
    return job


def _add_compare(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "compare",
        "find the best method for a scene",
        "Runs methods on an HSI and a PAN, once at reduced resolution, where the HSI itself is the truth and ranks "
        "them, and once at full resolution. Prints a table; --report shows the results side by side. Classical methods "
        "need no PyTorch.",
        "--hsi hsi.tif --pan pan.tif --methods gsa mtf-glp ssml --out best.tif --report comparison.html",
    )
    job.add_argument("--hsi", required=True, metavar="F", help="hyperspectral image, any raster that GDAL reads")
    job.add_argument("--pan", required=True, metavar="F", help="panchromatic image, one band, 2 to 16 times as fine")
    job.add_argument("--out", default="", metavar="F", help="raster to write: what the best method makes of the scene")
    job.add_argument(
        "--methods",
        nargs="+",
        default=[],
        metavar="NAME",
        help="classical methods (classical --list), and ssml to learn on the scene (default: all classical ones)",
    )
    job.add_argument("--model", default="", metavar="F", help="model file of a trained network that takes part, too")
    job.add_argument("--report", default="", metavar="F", help="HTML report to write")
    job.add_argument("--json", default="", metavar="F", help="JSON file to write")
    job.add_argument("--csv", default="", metavar="F", help="CSV file to write, one row a method")
    job.add_argument(
        "--effort", choices=EFFORTS, default="normal", help="how long ssml learns at each resolution (default normal)"
    )
    job.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same result (default 0)")
    _device_option(job)
    _mtf_option(job)
    _consistency_option(job, "iterations of the projection after each method but up-sampling and --model")
    job.add_argument("--crop", type=int, default=0, metavar="N", help="pixels of border to leave out (default 0)")
    _scene_choices(job)
    job.add_argument(
        "--memory",
        type=_positive,
        metavar="GB",
        help="memory budget of the fusion (default 1, halved while that is more than half of what is free)",
    )
    return job


def _add_info(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "info",
        "show what a model file says of itself",
        "Shows what a model was trained for and on, its scores on held-out pixels, and its size. Needs no PyTorch.",
        "model.safetensors",
    )
    job.add_argument("model", metavar="M", help="model file")
    job.add_argument("--json", action="store_true", help="print everything as JSON")
    job.add_argument("--report", default="", metavar="F", help="HTML file to write")
    return job


def _add_openprisma(jobs: Any) -> argparse.ArgumentParser:
    job = _job(
        jobs,
        "openprisma",
        "write the HSI and the PAN of a PRISMA L2D product",
        "Writes the two images of a product as rasters, with wavelengths; bands that overlap or are unused are left "
        "out, bands in water vapour absorptions are marked as bad. The other jobs take the .he5 file itself, too, as "
        "--hsi and as --pan. Needs no PyTorch.",
        "PRS_L2D.he5 --out-hsi hsi.tif --out-pan pan.tif",
    )
    job.add_argument("product", metavar="HE5", help="PRISMA product of level L2D")
    job.add_argument("--out-hsi", required=True, metavar="F", help="HSI to write")
    job.add_argument("--out-pan", required=True, metavar="F", help="PAN to write")
    return job
