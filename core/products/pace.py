"""PACE OCI, L1B and L2, and HYPSO L1B and later: netCDF swaths with a longitude and a latitude for each pixel.

What catches people out:

* OCI's L1B has three cubes, (bands, scans, pixels): blue, red and SWIR, each with wavelengths of its own. Blue and red
  overlap near 600 nm, and the SWIR has bands twice, with a low and a high gain. Bands stay in the file's order.
* L1B's ``qual_...`` are flags of each sample; those that are not 0 are not valid.
* L2 has one cube, (lines, pixels, bands), of 16-bit integers with a scale and an offset, and fill values.
* Pixels are 1 km (HYPSO: 100 m and more), far apart at the swath's edges: a partner of 10 m is averaged.
* HYPSO's wavelengths are attributes of the cube, not an array; a file may have none of the places until it was
  georeferenced: then it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..io.origin import Origin
from ..runtime.errors import InputError
from .container import Container, numbers_of
from .cube import Cube, Flags, Part, bands_metadata
from .layout import check_wavelengths, spectral
from .swath import swath_grid

KEY = r"PACE_OCI\.\d{8}T\d{6}\.L(?:1B|2)\..*nc"
SOURCE = "NASA OB.DAAC, OCI Level-1B and Level-2 data products, file formats"
HYPSO_KEY = r".+_\d{4}-\d{2}-\d{2}(?:_\d{4}|T\d{2}-\d{2}-\d{2})Z-l(?:1b|1c|1d|2a)\.nc"
HYPSO_SOURCE = "NTNU SmallSat Lab, HYPSO data formats (hypso package)"

_L1B = (("blue", "blue_wavelength"), ("red", "red_wavelength"), ("SWIR", "SWIR_wavelength"))
_L2 = ("rhos", "Rrs")
_HYPSO = ("rhos", "Rrs", "rhot", "Lt")


def holds(file: Container) -> bool:
    """Whether a file is OCI's, whatever its name.

    Args:
        file: the open file.

    Returns:
        Whether it is.
    """
    return bool(_start_of(file)) or any(any(file.shape(f"/geophysical_data/{kind}")) for kind in _L2)


def holds_hypso(file: Container) -> bool:
    """Whether a file is HYPSO's, whatever its name.

    Args:
        file: the open file.

    Returns:
        Whether it is.
    """
    return any(any(file.shape(f"/products/{kind}")) for kind in _HYPSO)


def _start_of(file: Container) -> str:
    """How the names of level 1B's three cubes start; "" where there are none."""
    starts = (s for s in ("rhot", "Lt") if all(any(file.shape(f"/observation_data/{s}_{name}")) for name, _ in _L1B))
    return next(starts, "")


def describe(file: Container, role: str) -> Cube:
    """OCI's image.

    Args:
        file: the open file.
        role: "hsi".

    Returns:
        Where it lies, and what the file says of it.

    Raises:
        InputError: the file is no such product, or its metadata cannot be used.
    """
    start = _start_of(file)
    if start:
        return _level_1b(file, start)
    kind = next((kind for kind in _L2 if any(file.shape(f"/geophysical_data/{kind}"))), "")
    if not kind:
        raise InputError(f"{file.name} holds no OCI spectra (L1B, or L2 with rhos or Rrs); choose another file.")
    path = f"/geophysical_data/{kind}"
    waves = file.numbers("/sensor_band_parameters/wavelength_3d") or file.numbers("/sensor_band_parameters/wavelength")
    places = "/navigation_data/longitude", "/navigation_data/latitude"
    return _one_cube(file, path, waves, (), places, f"PACE OCI L2 {kind}", "sensor_band_parameters")


def describe_hypso(file: Container, role: str) -> Cube:
    """HYPSO's image.

    Args:
        file: the open file.
        role: "hsi".

    Returns:
        Where it lies, and what the file says of it.

    Raises:
        InputError: the file is no such product, or its metadata cannot be used.
    """
    kind = next((kind for kind in _HYPSO if any(file.shape(f"/products/{kind}"))), "")
    if not kind:
        raise InputError(f"{file.name} holds no HYPSO spectra (products/Lt, ...); choose another file.")
    path = f"/products/{kind}"
    facts = file.attributes(path)
    places = "/navigation/longitude", "/navigation/latitude"
    waves, widths = numbers_of(facts.get("wavelengths")), numbers_of(facts.get("fwhm"))
    return _one_cube(file, path, waves, widths, places, f"HYPSO {kind}", f"{kind}'s attributes")


def _one_cube(
    file: Container,
    path: str,
    waves: Sequence[float],
    widths: Sequence[float],
    places: tuple[str, str],
    product: str,
    source: str,
) -> Cube:
    """An image whose bands lie in one cube of (lines, pixels, bands)."""
    rows, cols, bands = file.shape(path)
    check_wavelengths(len(waves), bands, file.name)
    wavelengths, fwhm = spectral(waves, widths, file.name)
    lon, lat = (file.plane(place) for place in places)
    grid, notes = swath_grid(lon, lat, file.name, (rows, cols))
    scale, offset, nodata = file.packing(path)
    metadata = bands_metadata(wavelengths, fwhm, nodata, scale=(scale, offset))
    said = (f"wavelengths from {source}", f"value = DN x {scale:g} {offset:+g}", f"nodata is {nodata}")
    origin = Origin(product, "", file.acquired, said, nodata is not None)
    return Cube((Part(path, "rcb", tuple(range(bands))),), grid, metadata, origin, notes=notes)


def _level_1b(file: Container, start: str) -> Cube:
    """OCI's three cubes of level 1B."""
    parts: list[Part] = []
    waves: list[float] = []
    names: list[str] = []
    detectors: list[str] = []
    for name, of_waves in _L1B:
        path, quality = f"/observation_data/{start}_{name}", f"/observation_data/qual_{name}"
        bands, rows, cols = file.shape(path)
        own = file.numbers(f"/sensor_band_parameters/{of_waves}")
        check_wavelengths(len(own), bands, file.name)
        waves += own
        names += [f"{name} {i + 1}" for i in range(bands)]
        detectors += [name] * bands
        parts.append(Part(path, "brc", tuple(range(bands)), Flags(quality, "brc")))
    places = ("/geolocation_data/longitude", "/geolocation_data/latitude")
    lon, lat = (file.plane(place) for place in places)
    grid, notes = swath_grid(lon, lat, file.name, (rows, cols))
    wavelengths, fwhm = spectral(waves, (), file.name)
    nodata = file.packing(parts[0].array)[2]
    metadata = bands_metadata(wavelengths, fwhm, -32767.0 if nodata is None else nodata).replace(names=tuple(names))
    said = ("wavelengths of blue, red and SWIR from sensor_band_parameters", "flagged samples are not valid")
    origin = Origin("PACE OCI L1B", "", file.acquired, said, True, tuple(detectors))
    return Cube(tuple(parts), grid, metadata, origin, notes=notes)
