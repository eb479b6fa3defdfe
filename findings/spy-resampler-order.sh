#!/usr/bin/env bash
# What: SPy's BandResampler turns a cube whose wavelengths fall into NaN, and leaves bands out where two spectrometers overlap
# Version: spectral 0.23.1 (numpy 1.26.4) and 0.24 (numpy 2.2.6)
# Behaviour: for each new band the source bands are walked in the order of the file, up to the first that begins beyond it.
#   Where wavelengths fall that is the first band: no overlap, NaN, though the bands are there. Where a second
#   spectrometer begins again below the end of the first, its bands count or not by how far the first goes on.
#   With widths given or not. An order is asked for nowhere; of NaN alone the log says "No overlap for target band".
# Output seen (2026-11-28): 400 to 1000 nm by 10 to four bands of Sentinel-2: rising right, falling NaN in all four. Of bands by
#   10 nm up to 750, then 645 to 1000 of a second spectrometer that reads twice as much: at 705 nm (width 15) 1.000 of
#   the first alone, sorted 1.5
# Expected by most: each band has its wavelength, so the order of the bands does not matter
# Source: own measurement; SPy's reference of BandResampler: each source band that overlaps contributes
# Run: findings/spy-resampler-order.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""A spectrum resampled from bands in rising, falling and file order."""

import sys

import numpy as np
import spectral

NEW, WIDTHS = [490, 560, 665, 842], [65, 35, 30, 115]
rising = np.arange(400, 1001, 10.0)


def resampled(centres, values, widths=None, new=NEW, new_widths=WIDTHS):
    """The new bands' values, from bands in the order given."""
    return spectral.BandResampler(list(centres), new, widths, new_widths)(values)


found = {}
for name, centres in {"rising": rising, "falling": rising[::-1]}.items():
    for kind, widths in {"no widths": None, "widths": [10.0] * rising.size}.items():
        found[name, kind] = resampled(centres, centres / 1000, widths)
first, second = np.arange(400, 751, 10.0), np.arange(645, 1001, 10.0)
centres = np.r_[first, second]
values = np.r_[np.ones(first.size), np.full(second.size, 2.0)]
widths = np.full(centres.size, 10.0)
order = np.argsort(centres)
in_file = resampled(centres, values, list(widths), [705], [15])[0]
by_wavelength = resampled(centres[order], values[order], list(widths[order]), [705], [15])[0]
print("SPy", spectral.__version__, "numpy", np.__version__)
for case, bands in found.items():
    print(*case, bands)
print("705 nm in the order of the file", in_file, "sorted", by_wavelength)
as_stated = (
    all(np.abs(found["rising", kind] - np.array(NEW) / 1000).max() < 1e-3 for kind in ("widths", "no widths"))
    and all(np.isnan(found["falling", kind]).all() for kind in ("widths", "no widths"))
    and abs(in_file - 1) < 1e-9
    and 1.4 < by_wavelength < 1.6
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 spectral==0.23.1 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 spectral==0.24 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
