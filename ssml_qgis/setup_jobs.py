"""What only the plugin does, declared as the engine's jobs are: installing PyTorch, and the diagnosis."""

from __future__ import annotations

from .core.workflows.options.declare import Job, Option, Result
from .core.workflows.options.menus import AUTOMATIC
from .pytorch.index import BUILDS, DEFAULT_VERSION

INSTALL = Job(
    "installpytorch",
    "Install PyTorch",
    "Set-up",
    "Installs PyTorch and safetensors, which the learning algorithms need, into your QGIS profile.",
    (
        "Both go into a folder of the plugin's own in the QGIS profile, for the Python of this QGIS alone; QGIS's "
        "packages, above all numpy, stay as they are. What QGIS's Python has already is not installed again.",
        "pip is run with QGIS's Python and, where QGIS's settings name a proxy, through it. Nothing is put in use "
        "before a small computation has come out right. After Cancel, what was downloaded completely is kept, and "
        "the next run goes on from there.",
        "The build for the processor takes about 0.8 GB there, one for NVIDIA cards several GB.",
    ),
    ("pytorch", "torch", "install", "pip", "set-up", "cuda", "offline"),
    (
        Option(
            "As in torch==2.13.0 or torch>=2.1; the newest one that suits QGIS's Python is taken.",
            "Version of PyTorch",
            DEFAULT_VERSION,
            name="version",
        ),
        Option(
            "cpu: for the processor; cuda: for NVIDIA cards, as the driver allows; auto: cuda where there is an NVIDIA "
            "driver, cpu otherwise; default: what the usual package index has for this system.",
            "Build",
            "auto",
            name="build",
            choices=BUILDS,
            titles=(
                ("auto", AUTOMATIC),
                ("cpu", "For the processor (CPU)"),
                ("cuda", "For NVIDIA graphics cards (CUDA)"),
                ("default", "As the usual package index has it"),
            ),
        ),
        Option(
            "Address of a package index that has all packages, instead of the usual one and of a build.",
            "Address of a package index",
            name="index",
            key="INDEX_URL",
            advanced=True,
        ),
        Option(
            "A folder with the .whl files of PyTorch, safetensors and what they need, for a machine without network; "
            "nothing is downloaded then.",
            "Folder of wheels (no network)",
            kind="folder",
            name="wheels",
            advanced=True,
        ),
        Option(
            "Install PyTorch and safetensors into the plugin's folder even where they are there already.",
            "Install even where QGIS's Python has PyTorch",
            False,
            name="force",
            advanced=True,
        ),
    ),
    results=(
        Result("FOLDER", "Folder of the packages", "Where the packages were put.", "folder"),
        Result("TORCH", "Version of PyTorch installed", "The version that was installed and tried out.", "text"),
    ),
    order="VERSION BUILD INDEX_URL WHEELS FORCE",
)
DIAGNOSE = Job(
    "diagnose",
    "Diagnose",
    "Set-up",
    "Writes down what the plugin meets in this QGIS: versions, PyTorch, devices, settings, places.",
    (
        "Each device is tried out with a small computation; where a graphics card is not used, it says why. "
        "Paste the report into an issue; your home folder is written as ~ in it.",
    ),
    ("diagnosis", "versions", "gpu", "cuda", "pytorch", "issue", "support"),
    (
        Option(
            "The report: a page (.html) or plain text (.txt); it is shown in the log, too.",
            "Diagnosis",
            kind="file_out",
            name="output",
            filter="HTML (*.html);;Text (*.txt)",
        ),
    ),
)
