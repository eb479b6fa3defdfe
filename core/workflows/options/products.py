"""Products as they are delivered: the job that opens one, and what is said of the bands of an HSI."""

from __future__ import annotations

from dataclasses import dataclass

from ...products.band_rule import BandRule
from .declare import Job, Option, Options

_FILES = (
    ("PRISMA", "*.he5"),
    ("EMIT", "EMIT_*.nc"),
    ("EnMAP", "ENMAP*METADATA.XML ENMAP*.TIF ENMAP*.BSQ"),
    ("DESIS", "DESIS*METADATA.xml DESIS*.tif"),
    ("EO-1 Hyperion, ALI", "EO1*_MTL_*.TXT"),
    ("Tanager", "*_hdf5.h5"),
    ("NEON AOP", "NEON_*_reflectance.h5"),
    ("PACE OCI", "PACE_OCI.*.nc"),
    ("HYPSO", "*-l1b.nc *-l1c.nc *-l1d.nc *-l2a.nc"),
    ("AVIRIS Classic, NG, 3", "f*_img ang*_img ang*_ORT AV3*_ORT"),
    ("AVIRIS-3, AVIRIS-5, netCDF", "AV3*.nc AV5*.nc"),
    ("Pixxel", "*.mask.tif"),
    ("ZY1, GF-5 AHSI", "*_AHSI_*_VN.*"),
    ("Wyvern", "wyvern_*.tif wyvern_*.tiff"),
    ("Sentinel-2", "MTD_MSIL*.xml"),
    ("Landsat 7, 8, 9", "L*_MTL.txt"),
    ("PlanetScope", "*_AnalyticMS*.tif"),
    ("SNAP BEAM-DIMAP", "*.dim"),
)
ARCHIVES = "*.zip *.tar *.tgz *.tar.gz"
PRODUCT_FILTER = ";;".join(
    (
        f"Products ({' '.join(pattern for _, pattern in _FILES)} {ARCHIVES})",
        *(f"{name} ({pattern} {ARCHIVES})" for name, pattern in _FILES),
        "All files (*)",
    )
)
"""The filter of file dialogs that take a product: each by its name."""

DETECTORS = Option(
    "Where two detectors of the HSI see the same wavelengths: keep all bands; drop those of the detector of shorter "
    "wavelengths; or join the two at a wavelength in nm, as 960. Empty: as is usual for the product (PRISMA: drop; "
    "others: keep).",
    "Bands where detectors overlap: keep, drop, or a wavelength in nm",
    metavar="HOW",
    advanced=True,
)
BAND_ORDER = Option(
    "Order of the HSI's bands: file, as they are stored; wavelength, sorted from short to long; auto, as is usual for "
    "the product (PRISMA: wavelength; others: file).",
    "Order of the bands",
    "auto",
    choices=("auto", "file", "wavelength"),
    titles=(("auto", "As is usual for the product"), ("file", "As stored"), ("wavelength", "By wavelength")),
    noun="order of bands",
    advanced=True,
)
ROLE = Option(
    "What is written: all, the images that the product has of those asked for; hsi, pan or quality, only that one; "
    "guide, the multispectral image in the place of the PAN, as of Landsat.",
    "Images to write",
    "all",
    choices=("all", "hsi", "pan", "guide", "quality"),
    titles=(
        ("all", "All that the product has"),
        ("hsi", "Only the hyperspectral image"),
        ("pan", "Only the panchromatic image"),
        ("guide", "Only the multispectral image, in the place of the PAN"),
        ("quality", "Only the quality raster"),
    ),
    noun="role",
)


@dataclass(frozen=True)
class BandOptions(Options):
    """Which bands of an HSI are used, and in which order.

    Attributes:
        detectors: "keep", "drop" or a wavelength in nm; "" for the product's default.
        band_order: "auto", "file" or "wavelength".
    """

    detectors: str = DETECTORS.field()
    band_order: str = BAND_ORDER.field()

    @property
    def band_rule(self) -> BandRule:
        """Both as :func:`core.products.detectors.arranged` takes them."""
        return BandRule(str(self.detectors), {"file": False, "wavelength": True}.get(self.band_order))


@dataclass(frozen=True)
class OpenProductOptions(BandOptions):
    """Of :func:`.openproduct.openproduct`.

    Attributes:
        role: "all", "hsi", "pan", "guide" or "quality".
    """

    role: str = ROLE.field()


def _image(name: str, label: str, text: str) -> Option:
    flag, key = f"--out-{name}", name.upper()
    return Option(text, label, kind="raster_out", name=f"{name}_out", flag=flag, key=key, by_default=name != "quality")


OPENPRODUCT = Job(
    "openproduct",
    "Open a product",
    "Data",
    "Writes the images of a product as archives deliver it (PRISMA, EMIT, EnMAP, Sentinel-2 ...) as rasters: the "
    "hyperspectral image, the sharper image and the quality raster.",
    (
        "Give the product's file, its folder, or the archive that it came in. The numbers stay as they are; "
        "wavelengths, widths, bad bands, scale, offset, nodata and georeference are written with them. Samples "
        "that the product's flags call invalid become nodata.",
        "An image in sensor geometry is written as it was measured, with ground control points. The other tools take "
        "products directly (HSI_PRODUCT and PAN_PRODUCT) and know all pixels' places.",
    ),
    ("product", "prisma", "emit", "enmap", "desis", "hyperion", "sentinel-2", "landsat", "hdf5", "netcdf", "import"),
    (
        Option(
            "A product as it is delivered: its file (of many files the metadata), its folder, or a zip or tar archive.",
            "Product: file, folder or archive",
            kind="file",
            name="product",
            flag="product",
            key="PRODUCT",
            metavar="PRODUCT",
            needed=True,
            filter=PRODUCT_FILTER,
        ),
        _image("hsi", "Hyperspectral image", "The hyperspectral image; all detectors in one."),
        _image("pan", "Sharper image", "The panchromatic image, or the bands of the sharper image."),
        _image("quality", "Quality raster", "The product's own classes or masks; a MASK where clear ground is 0."),
    ),
    OpenProductOptions,
    order="PRODUCT ROLE DETECTORS BAND_ORDER",
    example="PRS_L2D.he5 --out-hsi hsi.tif --out-pan pan.tif",
    terminal="The other jobs take the product itself, too, as --hsi and as --pan. Needs no PyTorch.",
)
