"""The Processing algorithms, each a thin wrapper of one job."""

from __future__ import annotations

from . import jobs
from .diagnose import DiagnoseAlgorithm
from .installpytorch import InstallPytorchAlgorithm

ALGORITHMS = (
    jobs.InspectAlgorithm,
    jobs.SharpenAlgorithm,
    jobs.TrainAlgorithm,
    jobs.FuseAlgorithm,
    jobs.ClassicalFuseAlgorithm,
    jobs.SimulateAlgorithm,
    jobs.AssessAlgorithm,
    jobs.CompareAlgorithm,
    jobs.ModelInfoAlgorithm,
    jobs.OpenProductAlgorithm,
    InstallPytorchAlgorithm,
    DiagnoseAlgorithm,
)
