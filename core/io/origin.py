"""Where an image comes from: the product that it is a part of, and what was taken from where."""

from __future__ import annotations

from typing import NamedTuple

_LONG = 40  # letters that a file's name has at most where sentences repeat it


class Origin(NamedTuple):
    """What is known of an image besides its pixels and bands.

    Attributes:
        product: as "EnMAP L2A"; "" for rasters that are no product.
        sensor: as :data:`..operators.sensors.SENSORS` calls it; "" where it is none of these.
        acquired: date and time of the acquisition, as the product writes it; "" where it is not known.
        provenance: what was taken from where, as "wavelengths from METADATA.XML".
        says_valid: whether the product says of every sample whether it is valid, so that no fill value is looked for.
        detectors: the detector of each band, as "VNIR"; empty where the product does not tell.
        band_rule: what is done by default with bands of two detectors at the same wavelengths ("keep" or "drop", see
            :mod:`..products.detectors`), and whether bands are sorted by wavelength.
    """

    product: str = ""
    sensor: str = ""
    acquired: str = ""
    provenance: tuple[str, ...] = ()
    says_valid: bool = False
    detectors: tuple[str, ...] = ()
    band_rule: tuple[str, bool] = ("keep", False)

    def sentence(self, name: str) -> str:
        """What a user is told of a product.

        Args:
            name: of the raster.

        Returns:
            One sentence; "" for rasters that are no product.
        """
        if not self.product:
            return ""
        when = f" of {self.acquired}" if self.acquired else ""
        facts = f": {'; '.join(self.provenance)}" if self.provenance else ""
        return f"{name} is read as {self.product}{when}{facts}."

    def short(self, name: str, is_folder: bool, band: str = "") -> str:
        """What later sentences call the image: a product's kind, where its file's name would fill them, or where a
        folder's tells nothing.

        Args:
            name: of the file or folder.
            is_folder: whether it is a folder.
            band: which band of the product it is; "" where it is more than one.

        Returns:
            As "EnMAP L2A" or "PAN of PRISMA L2D", or the name itself.
        """
        if not self.product or not (is_folder or len(name) > _LONG):
            return name
        return f"{band} of {self.product}" if band else self.product
