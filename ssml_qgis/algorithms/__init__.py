"""The Processing algorithms, one class a file; each is the dress of one workflow of the engine."""

from __future__ import annotations

from .assess import AssessAlgorithm
from .classicalfuse import ClassicalFuseAlgorithm
from .compare import CompareAlgorithm
from .diagnose import DiagnoseAlgorithm
from .fuse import FuseAlgorithm
from .installpytorch import InstallPytorchAlgorithm
from .modelinfo import ModelInfoAlgorithm
from .openprisma import OpenPrismaAlgorithm
from .sharpen import SharpenAlgorithm
from .simulate import SimulateAlgorithm
from .train import TrainAlgorithm

ALGORITHMS = (
    SharpenAlgorithm,
    TrainAlgorithm,
    FuseAlgorithm,
    ClassicalFuseAlgorithm,
    SimulateAlgorithm,
    AssessAlgorithm,
    CompareAlgorithm,
    ModelInfoAlgorithm,
    OpenPrismaAlgorithm,
    InstallPytorchAlgorithm,
    DiagnoseAlgorithm,
)
