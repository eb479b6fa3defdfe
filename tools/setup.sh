#!/usr/bin/env bash
# Set up what development, tests and the demo need. Run again it sees that all is there and installs nothing.
#
#   tools/setup.sh            QGIS and GDAL by apt where they are missing, then .venv, with ssml_core (a link to core/)
#                             and the program ssml
#   tools/setup.sh no-torch   .venv-no-torch: the same system Python, pytest, and no PyTorch
#
# The Python is the system's, because only that one sees QGIS and GDAL. SSML_PYTHON=<path> names another one that has
# both; then nothing is installed with apt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(qgis python3-qgis gdal-bin python3-gdal python3-venv xvfb ca-certificates)
python=${SSML_PYTHON:-/usr/bin/python3}
log=build/setup.log

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# Run a command with its output in the log; show the log's end if it fails.
logged() {
    mkdir -p build
    if ! "$@" >>"$log" 2>&1; then
        tail -n 25 "$log" >&2
        fail "Set-up failed at: $* (all of it: $PWD/$log)"
    fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

install_system_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        fail "Missing: ${missing[*]}. Ask an administrator to run: apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "Installing with apt: ${missing[*]} (a few minutes; details in $log) ..."
    logged as_root apt-get -o DPkg::Lock::Timeout=300 update
    logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        install -y --no-install-recommends "${missing[@]}"
}

# On a system without apt: one sentence with everything that is missing.
check_other_system() {
    local missing=()
    if ! command -v "$python" >/dev/null; then
        python=$(command -v python3) || fail "Missing: python3, QGIS and GDAL with their Python bindings. Install them, then try again."
    fi
    "$python" -c 'import qgis.core' 2>/dev/null || missing+=("QGIS with its Python bindings")
    "$python" -c 'from osgeo import gdal' 2>/dev/null || missing+=("GDAL with its Python bindings")
    "$python" -c 'import venv, ensurepip' 2>/dev/null || missing+=("Python's venv module")
    if [ ${#missing[@]} -gt 0 ]; then
        local list
        list=$(printf '%s, ' "${missing[@]}")
        fail "Missing for $python: ${list%, }. They are installed for you where there is apt (Debian, Ubuntu); here" \
            "install them with your system's package manager, or name a Python that has them with SSML_PYTHON=<path>."
    fi
}

# A virtual environment of the system's Python with the packages that the rest of the arguments ask pip for. A stamp in
# it tells what was asked for, so that the same request needs no work; an environment that has moved with its checkout
# is set up again, since the link to core/ still leads to the old place. (SSML_CHECKOUT=<path> is that place, for a copy of
# a checkout that uses the environment of the original.)
make_environment() {
    local folder=$1 numpy stamp
    shift
    stamp=$({ "$python" --version; echo "$@"; echo "${SSML_CHECKOUT:-$PWD}"; cat requirements*.txt pyproject.toml setup.py tools/setup.sh; } | cksum)
    if [ -x "$folder/bin/python" ] && [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    say "Installing Python packages into $folder (details in $log) ..."
    mkdir -p build
    if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
        logged "$python" -m venv --clear --system-site-packages "$folder"
    fi
    # GDAL's and QGIS's bindings are compiled for one numpy: pip must not put another before it.
    numpy=$("$python" -c 'import numpy; print(numpy.__version__)')
    echo "numpy==$numpy" >build/constraints.txt
    logged "$folder/bin/python" -m pip install --disable-pip-version-check --no-input -c build/constraints.txt "$@"
    if [ "$folder" = .venv ]; then
        # Built by the setuptools that is pinned: nothing is downloaded for it.
        logged "$folder/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps \
            --no-build-isolation -e .
    fi
    echo "$stamp" >"$folder/.stamp"
}

if [ -z "${SSML_PYTHON:-}" ] && command -v apt-get >/dev/null; then
    install_system_packages
else
    check_other_system
fi

case ${1:-} in
"") make_environment .venv -r requirements-dev.txt ;;
no-torch)
    if "$python" -c 'import torch' 2>/dev/null; then
        fail "$python itself has PyTorch, so that a test without it would prove nothing: use another machine, or SSML_PYTHON=<path>"
    fi
    mkdir -p build
    grep -E '^(safetensors|h5py|hypothesis|pytest)==' requirements-dev.txt >build/requirements-no-torch.txt
    make_environment .venv-no-torch -r build/requirements-no-torch.txt
    ;;
*) fail "Unknown: $1. Usage: tools/setup.sh [no-torch]" ;;
esac
