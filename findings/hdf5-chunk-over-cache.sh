#!/usr/bin/env bash
# What: an HDF5 chunk larger than the chunk cache turns 2 reads of the file into 524,289 of two bytes each
# Version: h5py 3.16.0 with HDF5 2.0.0 (default chunk cache 8 MiB; 1 MiB in HDF5 1.x)
# Behaviour: eight single bands of a cube (row, column, band) in one chunk. In a chunk of 8 MiB: 2 reads. In a chunk
#   of 9 MiB without compression the cache is passed by: one read of 2 bytes for each pixel and band. With gzip the
#   whole chunk is read and unpacked again for each band. A larger rdcc_nbytes brings 2 reads back.
# Output seen (2026-11-27): 64 bands a chunk: 2 reads, 8.4 MB; 72 bands: 524,289 reads; 72 bands, gzip: 9 reads,
#   64.8 MB of a file of 14 MB; with rdcc_nbytes of 64 MiB: 2 reads, 9.4 MB
# Expected by most: a slightly larger chunk costs slightly more
# Source: own measurement; HDF5 reference of H5Pset_chunk_cache for what the cache takes up
# Run: findings/hdf5-chunk-over-cache.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 h5py==3.16.0 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import io
import sys

import h5py
import numpy as np

CUBE = np.random.default_rng(0).integers(0, 4000, (256, 256, 128)).astype(np.uint16)


class CountingFile(io.BytesIO):
    reads = size = 0

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.reads, self.size = self.reads + 1, self.size + count
        return count


def read_bands(chunk_bands, compression=None, **cache):
    file = CountingFile()
    with h5py.File(file, "w") as h5:
        h5.create_dataset("cube", data=CUBE, chunks=(256, 256, chunk_bands), compression=compression)
    file.seek(0)
    with h5py.File(file, "r", **cache) as h5:
        cube = h5["cube"]  # once: the cache lives as long as this object
        file.reads = file.size = 0
        for band in range(8):
            cube[:, :, band]
        seen = file.reads, file.size
    print(f"{chunk_bands} bands a chunk, {compression}, {cache}: {seen[0]} reads, {seen[1] / 1e6:.1f} MB")
    return seen


print("HDF5", h5py.version.hdf5_version)
fits = read_bands(64)
over = read_bands(72)
over_gzip = read_bands(72, "gzip")
enlarged = read_bands(72, rdcc_nbytes=64 << 20)
as_stated = fits[0] <= 3 and over[0] >= 8 * 256 * 256 and over_gzip[1] > 60e6 and enlarged[0] <= 3
sys.exit(0 if as_stated else 1)
EOF
