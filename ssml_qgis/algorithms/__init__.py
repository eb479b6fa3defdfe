"""The Processing algorithms, each a thin wrapper of one job."""

from __future__ import annotations

from .diagnose import DiagnoseAlgorithm
from .installpytorch import InstallPytorchAlgorithm
from .jobs import (
    AssessAlgorithm,
    ClassicalFuseAlgorithm,
    CompareAlgorithm,
    FuseAlgorithm,
    ModelInfoAlgorithm,
    OpenPrismaAlgorithm,
    SharpenAlgorithm,
    SimulateAlgorithm,
    TrainAlgorithm,
)

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
