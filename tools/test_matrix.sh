#!/usr/bin/env bash
# Run the tests on three versions of QGIS: the one of this machine, and, each in a folder of its own, made by debootstrap
# and entered by chroot, those of Debian 13 (trixie: QGIS 3.40, Python 3.13, PyTorch 2.6) and of what becomes Debian 14
# (forky: the newest that there is: QGIS 3.44, Python 3.14, GDAL 3.13, PyTorch 2.14).
#
#   tools/test_matrix.sh                 tests/core and tests/qgis, without the slow ones
#   tools/test_matrix.sh tests/qgis ...  other tests, or options of pytest
#
# SSML_MATRIX=<folder> is where the other systems lie (build/matrix by default): about 4 GB each, half of which is
# downloaded the first time. SSML_SYSTEMS="host trixie forky" says which to run. Needs root, for chroot. Exit code 0 only
# if all of them pass.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(realpath -m "${SSML_MATRIX:-build/matrix}")
read -ra systems <<<"${SSML_SYSTEMS:-host trixie forky}"
log=$folder/setup.log
packages=(qgis python3-qgis python3-gdal python3-torch python3-safetensors python3-pytest python3-hypothesis python3-h5py
    python3-pip python3-setuptools python3-venv)
options=(-m "not slow" -p no:cacheprovider)
tests=("$@")
[ $# -gt 0 ] || tests=(tests/core tests/qgis)
versions='import platform, numpy, torch; from osgeo import gdal; from qgis.core import Qgis
print("QGIS", Qgis.QGIS_VERSION.split("-")[0], "Python", platform.python_version(), "GDAL", gdal.__version__,
      "numpy", numpy.__version__, "PyTorch", torch.__version__)'

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

check_request() {
    local system
    for system in "${systems[@]}"; do
        case $system in
        host) ;;
        trixie | forky)
            [ "$(id -u)" -eq 0 ] || fail "The other QGIS is entered by chroot, which needs root: sudo make test-matrix"
            command -v debootstrap >/dev/null || fail "Missing: debootstrap. Install it: apt-get install debootstrap"
            ;;
        *) fail "Unknown system: $system. There are host, trixie and forky." ;;
        esac
    done
}

# What is needed of another system, once; a stamp tells that it is complete. The script of sid does for all: an older
# debootstrap has none of forky's name. A release that is being made may have lists that have passed their date.
make_system() {
    local system=$1 root=$folder/$1 stamp="$1 ${packages[*]}"
    if [ "$(cat "$root/.ssml-stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    say "Making $root (some minutes; details in $log) ..."
    if ! {
        { [ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase "$system" "$root" "" sid; } &&
            chroot "$root" apt-get -o Acquire::Check-Valid-Until=false update &&
            chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
                "${packages[@]}"
    } >"$log" 2>&1; then
        tail -n 25 "$log" >&2
        fail "The system $system could not be made (all of it: $log)."
    fi
    echo "$stamp" >"$root/.ssml-stamp"
}

# The checkout as it is now, untracked files too, and pytest's plugin, which Debian does not have.
copy_checkout() {
    local root=$folder/$1
    rm -rf "$root/ssml" "$root/ssml-packages"
    mkdir -p "$root/ssml"
    git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' name; do
            if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\0' "$name"; fi
        done | tar --null -T - -cf - | tar -xf - -C "$root/ssml"
    .venv/bin/python -m pip install --quiet --no-deps --disable-pip-version-check --target "$root/ssml-packages" \
        "$(grep '^pytest-qgis==' requirements-dev.txt)" >>"$log" 2>&1 || fail "pytest-qgis could not be had ($log)."
}

# Run a command in the checkout's folder of a system. A chroot gets a mount namespace of its own: /proc in it is gone with
# the process, and no mount of this machine is in reach.
enter() {
    local system=$1 root=$folder/$1
    shift
    if [ "$system" = host ]; then
        "$@"
        return
    fi
    local inside=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PYTHONPATH=/ssml-packages
        PYTHONDONTWRITEBYTECODE=1 QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=/tmp OMP_WAIT_POLICY=PASSIVE
        OMP_NUM_THREADS="${OMP_NUM_THREADS:-2}" sh -c 'cd /ssml && exec "$@"' sh)
    unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "${inside[@]}" "$@"
}

check_request
mkdir -p "$folder"
report=()
result=0
for system in "${systems[@]}"; do
    python=.venv/bin/python
    if [ "$system" != host ]; then
        python=python3
        make_system "$system"
        copy_checkout "$system"
    fi
    line="$system: $(enter "$system" "$python" -c "$versions" 2>/dev/null)"
    say "== $line"
    outcome=passed
    enter "$system" "$python" -m pytest "${options[@]}" "${tests[@]}" || { outcome=FAILED && result=1; }
    report+=("$outcome  $line")
done
printf '%s\n' "${report[@]}" >&2
exit $result
