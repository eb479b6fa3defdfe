from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.runtime.errors import InputError  # noqa: E402
from core.workflows.classical import classical  # noqa: E402
from core.workflows.simulate import simulate  # noqa: E402
from core.workflows.train import train  # noqa: E402

from .jobs import JOBS, At, Files, left  # noqa: E402

SIZE, BANDS, RATIO = 48, 9, 2
FINE = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)


@pytest.fixture(scope="session")
def files(make_raster, materials, tmp_path_factory) -> Files:
    """A made-up scene of uint16 with a hole of nodata, and what jobs make of it, for other jobs to read."""
    folder = tmp_path_factory.mktemp("scene")
    truth = np.round(materials(SIZE, SIZE, BANDS)).astype(np.uint16)
    truth[:, 44:, 42:] = 0
    places = {name: str(folder / f"{name}.tif") for name in ("hsi", "pan", "fused")}
    reference = make_raster(folder / "reference.tif", truth, FINE, nodata=0, options=("COMPRESS=DEFLATE", "TILED=YES"))
    simulate(reference, RATIO, places["hsi"], places["pan"], pan_bands="3-6")
    classical(places["hsi"], places["pan"], places["fused"])
    train([places["hsi"]], [places["pan"]], str(folder / "model.ssml"), steps=2)
    return Files(
        reference=reference, model=str(folder / "model.ssml"), product=_product(folder / "PRS_L2D.he5"), **places
    )


def _product(path) -> str:
    """A PRISMA product of 48 x 48 pixels."""
    h5py = pytest.importorskip("h5py")
    rng, side = np.random.default_rng(0), 48
    with h5py.File(path, "w") as file:
        for name, (right, down) in {"UL": (0, 0), "UR": (1, 0), "LL": (0, 1), "LR": (1, 1)}.items():
            file.attrs[f"Product_{name}corner_easting"] = 500000.0 + 30 * side * right
            file.attrs[f"Product_{name}corner_northing"] = 4600000.0 - 30 * side * down
        file.attrs["Epsg_Code"] = 32633
        for cube, waves in (("Vnir", [600.0, 500.0]), ("Swir", [2000.0, 1000.0])):
            file.attrs[f"List_Cw_{cube}"] = waves
            file.attrs[f"List_Fwhm_{cube}"] = [10.0, 10.0]
            file.attrs[f"List_Cw_{cube}_Flags"] = np.ones(2, np.uint8)
        for cube in ("Vnir", "Swir", "Pan"):
            file.attrs[f"L2Scale{cube}Min"], file.attrs[f"L2Scale{cube}Max"] = 0.0, 1.0
        swaths = file.create_group("HDFEOS/SWATHS")
        for place, shape in (
            ("PRS_L2D_HCO/Data Fields/VNIR_Cube", (side, 2, side)),
            ("PRS_L2D_HCO/Data Fields/SWIR_Cube", (side, 2, side)),
            ("PRS_L2D_PCO/Data Fields/Cube", (6 * side, 6 * side)),
        ):
            swaths.create_dataset(place, data=rng.integers(1, 60000, shape, np.uint16), chunks=True, compression="gzip")
    return str(path)


@pytest.fixture
def folder(tmp_path):
    """An empty folder for results."""
    place = tmp_path / "results"
    place.mkdir()
    return place


@pytest.fixture
def untouched(files):
    """The inputs are afterwards what they were before, and nothing new lies beside them."""
    home = Path(files.hsi).parent
    before = files.digests(), left(home)
    yield
    assert (files.digests(), left(home)) == before


@pytest.fixture(scope="session")
def moments(files, tmp_path_factory):
    """A function: how often a job asks whether to stop."""
    counted: dict[str, int] = {}

    def count(name: str) -> int:
        if name not in counted:
            asking = At()
            JOBS[name].run(files, str(tmp_path_factory.mktemp(name)), asking)
            counted[name] = asking.asked
        return counted[name]

    return count


@pytest.fixture
def sentence():
    """A function: makes sure that an error of the user's kind is one sentence, and returns it."""

    def check(error: BaseException) -> str:
        assert isinstance(error, InputError), repr(error)
        text = str(error)
        assert text.endswith("."), text
        assert "\n" not in text
        assert "Traceback" not in text
        return text

    return check
