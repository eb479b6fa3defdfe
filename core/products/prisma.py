"""Names of PRISMA's reader, as the jobs import them."""

from __future__ import annotations

from .opening import open_raster
from .prisma_l2d import PrismaReader, is_prisma

__all__ = ["PrismaReader", "is_prisma", "open_raster"]
