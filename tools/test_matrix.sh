#!/usr/bin/env bash
# Run the QGIS tests on two versions of QGIS: the one of this machine, and that of Debian 13 (QGIS 3.40, Python 3.13,
# PyTorch 2.6, numpy 2) in a folder of its own, made by debootstrap and entered by chroot.
#
#   tools/test_matrix.sh                 tests/qgis, without the slow ones
#   tools/test_matrix.sh tests/core ...  other tests, or options of pytest
#
# SSML_MATRIX=<folder> is where the other system lies (build/matrix by default): about 4 GB, 2 GB of which are downloaded
# the first time. Needs root, for chroot. Exit code 0 only if both versions pass.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(realpath -m "${SSML_MATRIX:-build/matrix}")
root=$folder/trixie
log=$folder/setup.log
packages=(qgis python3-qgis python3-gdal python3-torch python3-safetensors python3-pytest python3-hypothesis python3-h5py
    python3-pip python3-setuptools python3-venv)
tests=("$@")
[ $# -gt 0 ] || tests=(tests/qgis)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

[ "$(id -u)" -eq 0 ] || fail "The other QGIS is entered by chroot, which needs root: sudo make test-matrix"
command -v debootstrap >/dev/null || fail "Missing: debootstrap. Install it: apt-get install debootstrap"

# What is needed of the other system, once; a stamp tells that it is complete.
make_system() {
    local stamp="trixie ${packages[*]}"
    if [ "$(cat "$root/.ssml-stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    mkdir -p "$folder"
    say "Making $root (some minutes; details in $log) ..."
    if ! {
        { [ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase trixie "$root"; } &&
            chroot "$root" apt-get update &&
            chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
                "${packages[@]}"
    } >"$log" 2>&1; then
        tail -n 25 "$log" >&2
        fail "The other system could not be made (all of it: $log)."
    fi
    echo "$stamp" >"$root/.ssml-stamp"
}

# The checkout as it is now, untracked files too, and pytest's plugin, which Debian does not have.
copy_checkout() {
    rm -rf "$root/ssml" "$root/ssml-packages"
    mkdir -p "$root/ssml"
    git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' name; do
            if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\0' "$name"; fi
        done | tar --null -T - -cf - | tar -xf - -C "$root/ssml"
    .venv/bin/python -m pip install --quiet --no-deps --disable-pip-version-check --target "$root/ssml-packages" \
        "$(grep '^pytest-qgis==' requirements-dev.txt)" >>"$log" 2>&1 || fail "pytest-qgis could not be had ($log)."
}

versions='import platform, numpy, torch; from osgeo import gdal; from qgis.core import Qgis
print("QGIS", Qgis.QGIS_VERSION.split("-")[0], "Python", platform.python_version(), "GDAL", gdal.__version__,
      "numpy", numpy.__version__, "PyTorch", torch.__version__)'
options=(-m "not slow" -p no:cacheprovider)

result=0
make_system
copy_checkout
say "== $(.venv/bin/python -c "$versions" 2>/dev/null)"
.venv/bin/python -m pytest "${options[@]}" "${tests[@]}" || result=1
# A mount namespace of its own: /proc in it is gone with the process. No mount of this machine is in reach.
inside=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PYTHONPATH=/ssml-packages PYTHONDONTWRITEBYTECODE=1
    QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=/tmp OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS="${OMP_NUM_THREADS:-2}")
enter() {
    unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "${inside[@]}" "$@"
}
say "== $(enter python3 -c "$versions" 2>/dev/null)"
enter sh -c 'cd /ssml && exec python3 -m pytest "$@"' pytest "${options[@]}" "${tests[@]}" || result=1
exit $result
