"""What a user says of a raster beside its file: nodata values, a coordinate reference system."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..io.band_remedies import nodata_command
from ..io.crs import crs_named
from ..io.masks import Fill
from ..io.reader import RasterReader
from ..io.undeclared_fill import undeclared_fills
from ..runtime.closing import closed_on_error
from ..runtime.errors import InputError
from ..runtime.paths import StrPath
from ..runtime.progress import Progress
from ..scene.stray_fills import look_for_strays
from .band_rule import BandRule
from .opening import open_raster
from .same_surface import same_surface

FROM_FILE = BandRule()


@dataclass(frozen=True)
class Claims:
    """What is said of a raster.

    Attributes:
        nodata: numbers that stand for "no value" beside the file's own, as "-9999" or "0,-9999"; after "none", as
            "none,-9999", instead of them; "none" alone: no number does. "" looks for fill values that the file does
            not declare.
        crs: that replaces the file's; "" for the file's.
        assume_crs: of a file that has none; "" for none.
        geolocation: file that says where the pixels lie; "" for none.
        look: whether fill values are looked for at all.
        result: whether it is a fused image, whose fill values its own file has to declare, as no option names them.
        rule: which bands of an HSI are used where detectors overlap, and in which order.
    """

    nodata: str = ""
    crs: str = ""
    assume_crs: str = ""
    geolocation: str = ""
    look: bool = True
    result: bool = False
    rule: BandRule = FROM_FILE


def nodata_values(text: str, option: str) -> tuple[tuple[float, ...], bool]:
    """What :attr:`Claims.nodata` says.

    Args:
        text: of the user.
        option: its name, for the error.

    Returns:
        The numbers, and whether those of the file count as well.

    Raises:
        InputError: a part of it is no number.
    """
    words = [word.strip() for word in text.lower().split(",")] if text.strip() else []
    own = words[:1] != ["none"]
    try:
        return tuple(float(word) for word in (words if own else words[1:])), own
    except ValueError:
        raise InputError(
            f"{option} is {text!r}, but it must be a number, several with commas between, or none; give it as in -9999."
        ) from None


def open_claimed(
    path: StrPath, role: str, claims: Claims, progress: Progress, hsi: RasterReader | None = None
) -> RasterReader:
    """Open a raster as a user says that it is; what is not as its file says is warned of.

    Args:
        path: the file.
        role: "hsi", "pan" or "guide".
        claims: of the user.
        progress: receives warnings; asked for cancellation.
        hsi: the HSI of a PAN, open: what it shows as a bright or dark surface is no fill of the PAN.

    Returns:
        The open raster.

    Raises:
        InputError: the file or a claim cannot be used.
    """
    reader = open_raster(path, role, progress, claims.geolocation, claims.rule)
    with closed_on_error(reader):
        assumed = claims.assume_crs and crs_named(claims.assume_crs)  # a word that names none is told, used or not
        crs = crs_named(claims.crs) if claims.crs else assumed if not reader.grid.crs else ""
        if crs:
            reader.grid = replace(reader.grid, crs=crs)
        _apply_nodata(reader, role, claims, hsi, progress)
    return reader


def _apply_nodata(
    reader: RasterReader, role: str, claims: Claims, hsi: RasterReader | None, progress: Progress
) -> None:
    kind = "hsi" if role == "hsi" else "pan"
    flag, key = f"--{kind}-nodata", f"{kind.upper()}_NODATA"
    if claims.nodata.strip():
        reader.set_nodata(*nodata_values(claims.nodata, f"{flag} ({key})"))
    elif claims.look and not reader.origin.says_valid:
        for fill in undeclared_fills(reader, progress):
            if hsi is not None and fill.partly is not None and same_surface(hsi, reader, fill, some=True):
                fill = fill._replace(partly=None)
            if (not fill.pixels and fill.partly is None) or (hsi is not None and same_surface(hsi, reader, fill)):
                continue
            reader.add_fill(fill)
            progress.warning(_fill_sentence(reader, fill, claims.result, flag, key))
        for number, counts in look_for_strays(reader, progress).items() if role != "hsi" else ():
            value, samples = f"{number:.10g}", sum(counts.values())
            progress.warning(
                f"{reader.name} has {value}, a number that no data has, in {samples} samples, and does not declare it "
                f"as nodata; it is taken as nodata here: {flag} {value} ({key}) confirms that, {flag} none keeps these "
                "samples as data."
            )


def _fill_sentence(reader: RasterReader, fill: Fill, result: bool, flag: str, key: str) -> str:
    """What is said of a fill value that is taken as nodata."""
    value = f"{fill.value:.10g}"
    what, partly = "all bands of " if reader.bands > 1 else "", fill.in_some
    share = f"{100 * (fill.share + partly / (reader.grid.rows * reader.grid.cols)):.3g} %"
    where = f"{what}{fill.pixels} pixels" if fill.pixels else ""
    where += f"{' and ' if where else ''}some bands of {partly}{' more' if where else ' pixels'}" if partly else ""
    more, confirms = "", "takes the number alone" if fill.mixed is not None else "confirms that"
    if fill.mixed is not None:
        more = (
            f", and so are {int(fill.mixed.sum())} pixels beside it, mixtures of it with data, as resampling makes "
            f"them where {value} is not declared (gdalwarp -srcnodata {value})"
        )
    return (
        f"{reader.name} has {value} in {where} at its border ({share} of the "
        f"image) and does not declare it as nodata; it is taken as nodata here{more}: "
        f"{nodata_option(reader, value, result, flag, key)} {confirms}, {flag} none keeps these pixels as data."
    )


def nodata_option(reader: RasterReader, value: str, result: bool, flag: str = "--hsi-nodata", key: str = "") -> str:
    """How a user says that a number stands for "no value".

    Args:
        reader: the raster that has it.
        value: the number.
        result: whether the raster is a fused image, which no option describes: its file has to say so.
        flag, key: of the option for other rasters, in the shell and in QGIS.

    Returns:
        The option with the number, or a command.
    """
    if result:
        return nodata_command(reader.source, value)
    return f"{flag} {value} ({key or 'HSI_NODATA'})"
