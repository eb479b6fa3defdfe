"""The job ``simulate``: a low-resolution HSI and a PAN out of a reference, by Wald's protocol."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Sequence

import numpy as np

from ..assessment.reduced import degradable, used_shape
from ..io.band_selection import bands_by_wavelength, bands_named, wavelength_range
from ..io.encoding import check_finite, output_nodata
from ..io.grid import MIN_OVERLAP, Window
from ..io.metadata import RasterMetadata
from ..io.ratio import nominal, pixels_under
from ..io.reader import Block, RasterReader
from ..io.writer import RasterWriter
from ..operators.guide_bands import GUIDE_SENSORS, guide_sensor, split_groups
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import Gains
from ..operators.response import band_weights, read_response
from ..operators.response_tables import published_sensor, published_sensors
from ..operators.sensors import mtf_gains
from ..operators.sensors import pan_range as range_of_sensor
from ..operators.wald import Reference, degraded_rows, pan_rows
from ..products.claims import Claims, open_claimed
from ..runtime.atomic_files import working_folder
from ..runtime.closing import closed_on_error
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.elsewhere import Distortion, elsewhere
from ..scene.stray_fills import look_for_strays
from .missing import warn_of_strays
from .options.call import on_files
from .options.gain import check_fraction, given_gain
from .options.quality import SimulateOptions
from .output import check_outputs
from .stored_numbers import warn_of_numbers

_STRIP = 128  # rows of the PAN at once, where it is put on a grid of its own
_LEVEL_ROWS = 16  # of the reference, from which the noise's level is taken


@on_files(SimulateOptions)
def simulate(
    reference: str,
    ratio: float,
    hsi_out: str,
    pan_out: str,
    *,
    pan_response: str = "",
    options: SimulateOptions,
    progress: Progress,
) -> dict[str, object]:
    """Make a low-resolution HSI and a PAN, of one band or several, of a reference image, which then is the truth to
    compare with.

    The reference is cropped, from its upper-left corner, to what whole pixels of the HSI touch. Both outputs are
    float32 in the reference's stored units; the HSI keeps its metadata. The PAN is the mean of the chosen good bands,
    or their sum weighted by its spectral response, in physical units where their scales or offsets differ. It lies on
    the reference's grid; rotated or in another reference system, it is resampled onto one of its own.

    Args:
        reference: raster to read.
        ratio: reference pixels per HSI pixel, any real number from 1.5 to 40.
        hsi_out, pan_out: rasters to write.
        pan_response: instead of bands or wavelengths, a text file with the PAN's spectral response, as
            :func:`..operators.response.read_response` reads it.
        options: or its fields by name, as ``pan_bands="6-36"``; ``mtf_hsi`` may have one gain a band.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``hsi``, ``pan``, ``ratio``, ``bands``, ``rows``, ``cols`` (of the HSI), ``pan_rows``, ``pan_cols``,
        ``pan_bands`` (list, from 1, of those with any weight).

    Raises:
        InputError: a file or a parameter cannot be used.
        Cancelled: the user stopped the job.
    """
    ratio, pan_bands, pan_range = nominal(ratio), options.pan_bands, options.pan_range
    mtf_pan = options.mtf_pan
    if mtf_pan is not None:
        check_fraction(mtf_pan, "mtf_pan")
    if sum(bool(given.strip()) for given in (pan_bands, pan_range, pan_response)) != 1:
        raise InputError(
            "Say which bands make the PAN in one of three ways: by numbers, as in 6-36 (--pan-bands, PAN_BANDS), by "
            "wavelengths in nm, as in 480-690 (--pan-range, PAN_RANGE), or by a file with its spectral response "
            "(--pan-response, PAN_RESPONSE)."
        )
    check_outputs((reference,), (hsi_out, pan_out), others=(pan_response,))
    with open_claimed(reference, "hsi", _claims(reference, options), progress) as reader:
        if reader.bands < 2:
            raise InputError(f"{reader.name} has one band; choose a reference with several bands.")
        warn_of_numbers([reader], progress)
        warn_of_strays(reader, look_for_strays(reader, progress), progress)
        gains = _gains(options.mtf_hsi, reader)
        rows, cols = used_shape((reader.grid.rows, reader.grid.cols), ratio)
        if min(rows, cols) < MIN_OVERLAP * ratio:
            raise InputError(
                f"{reader.name} has {reader.grid.rows} x {reader.grid.cols} pixels, too few for ratio {ratio:g}: "
                f"{pixels_under(MIN_OVERLAP, ratio)} in each direction are needed; choose a larger image or a smaller "
                "ratio."
            )
        groups = _groups(pan_bands, pan_range, pan_response, reader)
        progress.set(0.0, "Looking through the reference")
        source, metadata = degradable(reader, ratio, progress)
        groups = {name: _good(weights, source.good, reader.name) for name, weights in groups.items()}
        if not source.low_valid.any():
            raise InputError(f"{reader.name} has no block of {ratio:g} x {ratio:g} valid pixels; choose another image.")
        pan_metadata, physical = _pan_metadata(metadata, groups)
        grid = reader.grid.crop(Window(0, 0, rows, cols))
        levels = _levels(source) if options.snr_hsi or options.snr_pan else np.zeros(reader.bands)
        with contextlib.ExitStack() as stack:
            hsi_writer = stack.enter_context(RasterWriter(hsi_out, grid.coarsen(ratio), metadata, progress=progress))
            progress.set(0.2, "Making the PAN")
            made = _stacked(source, list(groups.values()), mtf_pan, physical, progress.part(0.2, 0.4))
            if options.pan_rotation or options.pan_crs or options.pan_distortion:
                place = os.path.join(stack.enter_context(working_folder(pan_out)), "pan.tif")
                with RasterWriter(place, grid, pan_metadata) as plain:
                    _write(made, plain, progress)
                    plain.complete()
                moved = stack.enter_context(_elsewhere(place, options))
                grid, pan_metadata = moved.grid, _with_nodata(pan_metadata)
                made = _rows_of(moved)
            pan_writer = stack.enter_context(RasterWriter(pan_out, grid, pan_metadata, progress=progress))
            scales = np.array(metadata.scales) if physical else np.ones(reader.bands)
            sharp = [sum(weight * levels[b] * scales[b] for b, weight in group.items()) for group in groups.values()]
            _write(_with_noise(made, np.array(sharp), options.snr_pan, (options.seed, 1)), pan_writer, progress)
            progress.set(0.4, "Degrading the HSI")
            made = degraded_rows(source, gains, progress.part(0.4, 1.0))
            _write(_with_noise(made, levels, options.snr_hsi, (options.seed, 0)), hsi_writer, progress)
            hsi_writer.complete()
            pan_writer.complete()
        return {
            "hsi": hsi_out,
            "pan": pan_out,
            "ratio": ratio,
            "bands": reader.bands,
            "rows": source.low_shape[0],
            "cols": source.low_shape[1],
            "pan_rows": grid.rows,
            "pan_cols": grid.cols,
            "pan_bands": sorted({band + 1 for weights in groups.values() for band in weights}),
        }


def _claims(reference: str, options: SimulateOptions) -> Claims:
    """What is said of the reference; an option counts more than what a layer of QGIS says."""
    nodata, crs = (options.layers or {}).get(reference, ("", ""))
    return Claims(str(options.hsi_nodata).strip() or nodata, crs)


def _elsewhere(path: str, options: SimulateOptions) -> RasterReader:
    """The PAN on its own grid, distorted."""
    image = RasterReader(path)
    with closed_on_error(image):
        size, shape = options.pan_distortion, (image.grid.rows, image.grid.cols)
        distortion = Distortion.random(size, shape, options.seed) if size else None
        return elsewhere(image, options.pan_rotation, options.pan_crs, distortion)


def _with_nodata(metadata: RasterMetadata) -> RasterMetadata:
    return metadata.replace(nodata=output_nodata(metadata.dtype, metadata.nodata))


def _rows_of(image: RasterReader) -> Iterator[tuple[int, Block]]:
    """Strips of an image."""
    for row in range(0, image.grid.rows, _STRIP):
        yield row, image.read(Window(row, 0, min(_STRIP, image.grid.rows - row), image.grid.cols))


def _write(rows: Iterator[tuple[int, Block]], writer: RasterWriter, progress: Progress) -> None:
    for row, part in rows:
        check_finite(part.values, part.valid)
        writer.write(part.values, part.valid, row)
        progress.check()


def _levels(source: Reference) -> np.ndarray:
    """(bands,) float64: by how much the mean of each band differs from a physical 0, in stored units, in some rows."""
    total, count = np.zeros(source.reader.bands), np.zeros(source.reader.bands)
    for row in np.unique(np.linspace(0, source.shape[0] - 1, _LEVEL_ROWS).astype(int)):
        values, valid = source.read(int(row), int(row) + 1, list(range(source.reader.bands)))
        total += np.where(valid, values, 0.0).sum(axis=(1, 2), dtype=np.float64)
        count += valid.sum(axis=(1, 2))
    metadata = source.reader.metadata
    zero = -np.array(metadata.offsets, float) / np.array(metadata.scales, float)
    return np.where(count > 0, np.abs(total / np.maximum(count, 1) - zero), 0.0)


def _with_noise(
    rows: Iterator[tuple[int, Block]], levels: np.ndarray, snr: float | None, seed: tuple[int, int]
) -> Iterator[tuple[int, Block]]:
    """Rows with Gaussian noise of each band's level over the signal-to-noise ratio; None for no noise."""
    rng = np.random.default_rng(seed)
    for row, part in rows:
        if snr is not None:
            noise = rng.normal(size=part.values.shape) * (levels / snr)[:, None, None]
            part = Block(part.values + noise.astype(np.float32), part.valid)
        yield row, part


def _gains(mtf: float | str | Sequence[float], reader: RasterReader) -> list[Gains]:
    if isinstance(mtf, str) and "," in mtf:
        pair = given_gain(mtf)
        return [DEFAULT_MTF_GAIN if pair is None else pair.gain] * reader.bands
    if isinstance(mtf, str):
        found = mtf_gains(mtf, reader.bands)
        mtf = found if len(found) > 1 else found[0]
    given = np.asarray(mtf, float)
    gains: list[Gains] = (np.full(reader.bands, given) if given.ndim == 0 else given).tolist()
    if len(gains) != reader.bands:
        raise InputError(
            f"{len(gains)} MTF gains are given, but {reader.name} has {reader.bands} bands; give one for all or one "
            "for each band."
        )
    for gain in given.ravel().tolist():
        check_fraction(gain, "mtf_hsi")
    return gains


def _groups(pan_bands: str, pan_range: str, response: str, reader: RasterReader) -> dict[str, dict[int, float]]:
    """By the name of each band of the PAN, the weights of the reference's bands."""
    if response:
        return {"PAN": band_weights(read_response(response), _good_wavelengths(reader), reader.name)}
    published = published_sensor(pan_range)
    if published is not None and not pan_bands.strip():
        waves = _good_wavelengths(reader)
        return {band: band_weights(curve, waves, reader.name) for band, curve in published.responses.items()}
    if pan_bands.strip():
        parts = split_groups(pan_bands)
        chosen = [bands_named(part, reader) for part in parts]
    else:
        sensor = guide_sensor(pan_range)
        limits = sensor.ranges() if sensor is not None else {part: _limits(part) for part in split_groups(pan_range)}
        parts, chosen = list(limits), [_by_wavelength(limits[part], reader) for part in limits]
    if len(parts) == 1:
        parts = ["PAN"]
    return {part: dict.fromkeys(bands, 1.0) for part, bands in zip(parts, chosen)}


def _good(weights: dict[int, float], good: np.ndarray, name: str) -> dict[int, float]:
    """The weights of good bands, with the sum 1."""
    kept = {band: weight for band, weight in weights.items() if good[band]}
    if not kept:
        raise InputError(f"All bands chosen for the PAN are bad bands of {name}; choose other ones.")
    total = sum(kept.values())
    return {band: weight / total for band, weight in kept.items()}


def _stacked(
    source: Reference, groups: Sequence[dict[int, float]], mtf: float | None, physical: bool, progress: Progress
) -> Iterator[tuple[int, Block]]:
    """The rows of all bands of the PAN, which is valid where all of them are."""
    parts = [progress.part(place / len(groups), (place + 1) / len(groups)) for place in range(len(groups))]
    for rows in zip(*(pan_rows(source, weights, mtf, physical, part) for weights, part in zip(groups, parts))):
        values = np.concatenate([block.values for _, block in rows])
        yield rows[0][0], Block(values, np.logical_and.reduce([block.valid for _, block in rows]))


def _limits(text: str) -> tuple[float, float]:
    """Wavelengths of "480-690", or of a sensor's panchromatic band, nm."""
    limits = wavelength_range(text)
    if limits is not None:
        return limits
    if not any(letter.isalpha() for letter in text):
        raise InputError(f"{text!r} is no range of wavelengths; write it in nm, as in 480-690.")
    return range_of_sensor(text, [*GUIDE_SENSORS, *published_sensors()])


def _by_wavelength(limits: tuple[float, float], reader: RasterReader) -> list[int]:
    """Bands from 0 whose centre lies in a range; of a narrow one that holds none the band nearest to its middle."""
    try:
        return bands_by_wavelength(*limits, reader)
    except InputError:
        middle, width = (limits[0] + limits[1]) / 2, limits[1] - limits[0]
        waves = [
            (abs(wave - middle), band) for band, wave in enumerate(reader.metadata.wavelengths) if wave is not None
        ]
        if not waves or min(waves)[0] > width:
            raise
        return [min(waves)[1]]


def _good_wavelengths(reader: RasterReader) -> list[float | None]:
    """Of the bands that are not marked as bad: a spectrum is linear across those."""
    return [wave if flag else None for wave, flag in zip(reader.metadata.wavelengths, reader.metadata.bbl)]


def _pan_metadata(metadata: RasterMetadata, groups: dict[str, dict[int, float]]) -> tuple[RasterMetadata, bool]:
    """The PAN's metadata, and whether it holds physical values because its bands are scaled differently."""
    scalings = {(metadata.scales[band], metadata.offsets[band]) for weights in groups.values() for band in weights}
    count = len(groups)
    pan = RasterMetadata.plain(count, "float32", metadata.nodata).replace(names=tuple(groups))
    if count > 1:
        pan = pan.replace(wavelengths=tuple(_centre(metadata, weights) for weights in groups.values()))
    if len(scalings) > 1:
        # A stored nodata value may well be a physical one.
        return pan.replace(nodata=None if metadata.nodata is None else math.nan), True
    scale, offset = scalings.pop()
    return pan.replace(scales=(scale,) * count, offsets=(offset,) * count), False


def _centre(metadata: RasterMetadata, weights: dict[int, float]) -> float | None:
    """The mean wavelength, nm."""
    waves = [(metadata.wavelengths[band], weight) for band, weight in weights.items()]
    known = [wave * weight for wave, weight in waves if wave is not None]
    return sum(known) if len(known) == len(waves) else None
