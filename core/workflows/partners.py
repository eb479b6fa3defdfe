"""Sharper images of several resolutions as one: bands of larger pixels are sharpened by those of smaller ones, and then
all are used (own).

Sentinel-2 has four bands of 10 m and six of 20 m, a PAN may come with the multispectral bands of its satellite, PRISMA
with its own PAN and with Sentinel-2. Each image is sharpened by all that are finer, as an HSI is: blur measured from
the two, position as well where they are of different products, regression on all finer bands, consistency projection.
Networks take no part, so that all jobs see the same pixels. They are kept in a temporary folder.
"""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import replace
from typing import Callable

from ..fusion.engine import fuse
from ..fusion.prior import RegressionPrior
from ..io.grid import Window
from ..io.ratio import MIN_RATIO
from ..io.reader import RasterReader
from ..io.unplaced import crs_sentence
from ..io.writer import RasterWriter
from ..products.claims import Claims, open_claimed
from ..products.opening import has_role, open_coarser
from ..products.pair import Join
from ..runtime.atomic_files import working_folder
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.joined import CroppedReader, JoinedReader
from ..scene.placement import mapping_between
from ..scene.placing import overlap_window, pixels_across
from ..scene.scene import Scene
from ..scene.statistics import scene_statistics
from ..scene.warp import WarpedReader
from .gains import choose_gain
from .repeated import Part, in_order, parts_of

_SHARE = 0.02  # of a job's progress
_LESS = 0.98  # share of the first image's cover: one that covers less is said
_MARGIN = 24  # pixels around the HSI that the images are read with
Place = Callable[[Scene, Progress], "tuple[float, float]"]
"""By how much a sharper image is moved: rows and columns, in its pixels."""


def partners(pan: str, pan2: str, claims: Claims, place: Place, progress: Progress) -> Join:
    """What joins a sharper image with those that come with it: bands of larger pixels of the same product, and a second
    image.

    Args:
        pan: the sharper image's file.
        pan2: the second image's file; "" for none.
        claims: what the user says of the second image.
        place: how it is moved.
        progress: receives what is done; asked whether to stop.

    Returns:
        (open HSI, open sharper image) -> the sharper image with the bands of the others behind its own, on the grid of
        the finest; the image itself where there are no others. It closes what it is given.
    """

    def join(hsi: RasterReader, first: RasterReader) -> RasterReader:
        with contextlib.ExitStack() as opened:
            images = [opened.enter_context(first)]
            if pan2:
                role = "guide" if has_role(pan2, "guide") else "pan"
                images.append(opened.enter_context(open_claimed(pan2, role, claims, progress, hsi)))
                _refuse_twice(images[1], first, hsi)
            for path in filter(None, dict.fromkeys((pan, pan2))):
                coarser = open_coarser(path, progress)
                if coarser is not None and _is_sharper(opened.enter_context(coarser), hsi, progress):
                    images.append(coarser)
            parts = _parts(images, progress)
            for part in parts:
                opened.callback(part.image.close)
            if len(parts) > 1:
                numbers = [number for part in parts for number in part.places]
                images = [in_order(_joined(hsi, [part.image for part in parts], place, progress), numbers)]
            opened.pop_all()
            return images[0]

    return join


def _parts(images: list[RasterReader], progress: Progress) -> list[Part]:
    """The images, those of several sizes of pixels in parts; bands are counted through all images."""
    found, before = [], 0
    for image in images:
        for part in parts_of(image, progress):
            places = tuple(None if place is None else before + place for place in part.places)
            found.append(Part(part.image, places))
        before += image.bands
    return found


def _refuse_twice(second: RasterReader, first: RasterReader, hsi: RasterReader) -> None:
    """Refuse a second image that is the first one, or the HSI, again: of one product another image may be meant."""
    for other, role in ((first, "PAN"), (hsi, "HSI")):
        one_file = os.path.realpath(second.path) == os.path.realpath(other.path)
        if one_file and second.grid == other.grid and second.metadata.names == other.metadata.names:
            raise InputError(
                f"{second.name} was given as the {role} and as the second sharper image; leave --pan2 (PAN2) empty, or "
                "give another image there."
            )


def _joined(hsi: RasterReader, images: list[RasterReader], place: Place, progress: Progress) -> RasterReader:
    near = [_near(image, hsi) for image in images]
    whole = Window(0, 0, hsi.grid.rows, hsi.grid.cols)
    sizes = [1.0 / pixels_across(hsi.grid, whole, image.grid) for image in near]  # of a pixel, in HSI pixels
    _warn_of_less_cover(hsi, near, progress)
    order = sorted(range(len(near)), key=lambda number: sizes[number])
    owned = contextlib.ExitStack()
    with contextlib.ExitStack() as failed:
        failed.enter_context(owned)
        folder = owned.enter_context(working_folder())
        done = {order[0]: near[order[0]]}
        for number in order[1:]:
            finer = JoinedReader([done[other] for other in sorted(done)])
            if sizes[number] < MIN_RATIO * sizes[order[0]]:
                mapping = mapping_between(finer.grid, near[number].grid)
                done[number] = WarpedReader(near[number], mapping, finer.grid)
                progress.info(f"{near[number].name} is resampled to the pixels of {finer.name}, of about its size.")
                continue
            path = os.path.join(folder, f"{number}.tif")
            window = _sharpened(near[number], finer, path, _still if _kin(near[number], finer) else place, progress)
            near[number].close()
            done = {other: CroppedReader(image, window) for other, image in done.items()}
            made = RasterReader(path)
            made.name, made.file = near[number].name, near[number].file
            for image in done.values():
                image.grid = made.grid
            done[number] = made
        failed.pop_all()
    return JoinedReader([done[number] for number in sorted(done)], owned)


def _warn_of_less_cover(hsi: RasterReader, images: list[RasterReader], progress: Progress) -> None:
    """Warn of an image after the first that shows less of the HSI: the result covers what all show."""
    windows = [overlap_window(hsi, image) for image in images]
    sizes = [window.rows * window.cols for window in windows]
    for image, size in zip(images[1:], sizes[1:]):
        if size < _LESS * sizes[0]:
            progress.warning(
                f"{image.name} covers {100 * size / sizes[0]:.0f} % of the ground of {hsi.name} that {images[0].name} "
                "covers, and the result covers what both show: without it (--pan2, PAN2) it covers all."
            )


def _is_sharper(image: RasterReader, hsi: RasterReader, progress: Progress) -> bool:
    """Whether bands that a product brings by itself are sharper than the HSI: else they may be the HSI."""
    sharper = pixels_across(hsi.grid, Window(0, 0, hsi.grid.rows, hsi.grid.cols), image.grid) >= MIN_RATIO
    if not sharper:
        progress.info(f"The bands of {abs(image.grid.dx):g} map units of {image.name} are no sharper than {hsi.name}.")
    return bool(sharper)


def _near(image: RasterReader, hsi: RasterReader) -> RasterReader:
    """The part of an image that shows the ground of the HSI, and somewhat more."""
    if bool(image.grid.crs) != bool(hsi.grid.crs):
        raise InputError(crs_sentence(hsi.grid.facts(hsi.source), image.grid.facts(image.source)))
    window, grid = overlap_window(image, hsi), image.grid
    top, left = max(0, window.row - _MARGIN), max(0, window.col - _MARGIN)
    bottom = min(grid.rows, window.row + window.rows + _MARGIN)
    right = min(grid.cols, window.col + window.cols + _MARGIN)
    return CroppedReader(image, Window(top, left, bottom - top, right - left))


def _kin(image: RasterReader, finer: RasterReader) -> bool:
    """Whether two images are of one product or of one file, and so lie on each other."""
    if image.path == finer.path:
        return True
    return bool(image.origin.product) and image.origin.acquired == finer.origin.acquired != ""


def _still(scene: Scene, progress: Progress) -> tuple[float, float]:
    return 0.0, 0.0


def _sharpened(image: RasterReader, finer: RasterReader, path: str, place: Place, progress: Progress) -> Window:
    """Sharpen an image and write it.

    Returns:
        The pixels of the finer image on which it then lies; their grid is the written one's.
    """
    if image.bands < 2:
        raise InputError(
            f"{image.name} has one band and larger pixels than {finer.name}; give the one that is finer alone."
        )
    scene = Scene.of(image, finer, progress)
    scene = scene.shifted(place(scene, progress), progress)
    bands = len(set(image.band_numbers))  # one may be there twice
    progress.info(
        f"{image.name} ({bands} band{'s' * (bands > 1)}) is sharpened by {finer.name} ({finer.bands}) at ratio "
        f"{scene.ratio:.3g} first."
    )
    gain, part = choose_gain(scene, "auto", progress, advise=False), progress.part(0.0, _SHARE)  # MTF is the HSI's
    statistics = scene_statistics(scene, gain.gain, 1, part)
    fitted = RegressionPrior(statistics, gain.gain).fit(scene, part)
    metadata = replace(image.metadata, dtype="float32", nodata=math.nan)
    with RasterWriter(path, scene.alignment.grid, metadata, "none") as writer:
        for piece in fuse(scene, fitted, progress=part, stored=metadata):
            writer.write_stored(piece.values.transpose(1, 0, 2), piece.window.row, piece.window.col)
    return scene.alignment.pan
