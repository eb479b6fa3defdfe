#!/usr/bin/env bash
# Run tests/core on the oldest Python and GDAL that the documentation promises: Python 3.9, GDAL 3.6, numpy 1.21 and
# safetensors 0.4, in build/oldest, with GDAL's bindings built from source against the system's libgdal.
#
#   tools/test_oldest.sh             all that needs no PyTorch
#   tools/test_oldest.sh -k writer   options of pytest
#
# SSML_OLDEST_PYTHON=<path> names the Python; else python3.9 is looked for, also where pyenv keeps its own.
# SSML_OLDEST_TORCH="<arguments of pip>" installs a PyTorch for it and runs what needs it, too, as in
# "torch==2.1.2 --index-url <index of builds for the processor>": what the usual index has for a Python of that age takes
# gigabytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

environment=build/oldest
log=build/oldest.log
packages=("numpy==1.21.6" "safetensors==0.4.0" "h5py==3.8.0" "hypothesis==6.141.1" "pytest==8.4.2" "setuptools==58.1.0"
    "wheel==0.48.0")
read -ra torch <<<"${SSML_OLDEST_TORCH:-}"

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

find_python() {
    local candidate candidates=("${SSML_OLDEST_PYTHON:-}")
    [ -n "${candidates[0]}" ] || candidates=(python3.9 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.9*/bin/python3.9)
    for candidate in "${candidates[@]}"; do
        if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Missing: Python 3.9 with its venv module. Install one (pyenv install 3.9), or name it with SSML_OLDEST_PYTHON=<path>."
}

logged() {
    if ! "$@" >>"$log" 2>&1; then
        tail -n 25 "$log" >&2
        fail "Set-up failed at: $* (all of it: $PWD/$log)"
    fi
}

command -v gdal-config >/dev/null || fail "Missing: GDAL's headers. Install them: apt-get install libgdal-dev g++"
gdal=$(gdal-config --version)
python=$(find_python)
stamp="$("$python" --version) GDAL $gdal ${packages[*]} ${torch[*]}"
if [ "$(cat "$environment/.stamp" 2>/dev/null)" != "$stamp" ]; then
    say "Making $environment with $python and GDAL $gdal (some minutes; details in $log) ..."
    mkdir -p build
    : >"$log"
    logged "$python" -m venv --clear "$environment"
    pip=("$environment/bin/python" -m pip install --disable-pip-version-check --no-input)
    logged "${pip[@]}" "${packages[@]}"
    # Built here, for this numpy: a build that pip had kept would be another's.
    logged "${pip[@]}" --no-build-isolation --no-cache-dir --no-deps "GDAL==$gdal"
    if [ ${#torch[@]} -gt 0 ]; then logged "${pip[@]}" "${torch[@]}"; fi
    echo "$stamp" >"$environment/.stamp"
fi

versions='import platform, numpy, safetensors; from osgeo import gdal, gdal_array
print("Python", platform.python_version(), "GDAL", gdal.__version__, "numpy", numpy.__version__, "safetensors",
      safetensors.__version__)'
say "== $("$environment/bin/python" -c "$versions")"
[ ${#torch[@]} -gt 0 ] || set -- -p tests.no_torch "$@"
exec "$environment/bin/python" -m pytest -m "not slow" -p no:cacheprovider "$@" tests/core
