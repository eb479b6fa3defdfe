#!/usr/bin/env bash
# Run the tests where everything that they must not depend on is against them: an ordinary user whose home is read-only
# and whose pip configuration has a constraint and an index that nobody answers for, decimal commas, Turkish capitals,
# German texts, another day, umask 077, proxies that do not answer, one core and thread, spaces and letters beyond ASCII in
# the names of folders.
#
#   tools/hostile_tests.sh                       make test
#   tools/hostile_tests.sh tests/core ... -k x   other tests, or options of pytest
#
# The set-up of this checkout is used as it is; none could be made there. Root becomes the user "nobody" for the tests.
# All of it happens in a copy in a temporary folder, which is removed afterwards. Exit code: that of the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

[ -x .venv/bin/python ] || fail "There is no .venv: run make setup first."

origin=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/ssml-hostile.XXXXXX")
# The home is read-only, for its owner as well.
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
checkout="$work/a chêckout" temporary="$work/für den Moment" home=$work/home pythonpath=$work/python
mkdir "$checkout" "$home" "$temporary" "$pythonpath"

as_user=()
if [ "$(id -u)" -eq 0 ]; then
    as_user=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups)
fi
one_core=()
if command -v taskset >/dev/null; then
    one_core=(taskset --cpu-list "$(taskset -pc $$ | grep -oE '[0-9]+' | tail -n 1)")
fi

# LOCPATH: no locale has to be made for the whole machine.
make_locales() {
    local name
    for name in de_DE tr_TR; do
        mkdir -p "$work/locale"
        localedef -i "$name" -f UTF-8 "$work/locale/$name.UTF-8" 2>/dev/null || true # it warns with exit codes, too
        [ -d "$work/locale/$name.UTF-8" ] ||
            fail "The locale $name.UTF-8 cannot be made: apt-get install locales"
    done
}

# The files of the checkout as they are now, untracked ones too, and its environment by a link.
copy_checkout() {
    git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' name; do
            if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\0' "$name"; fi
        done | tar --null -T - -cf - | tar -xf - -C "$checkout"
    if "${as_user[@]}" test -r "$origin/.venv/bin/python"; then
        ln -s "$origin/.venv" "$checkout/.venv"
    else # it lies where the user may not look
        cp -a .venv "$checkout/.venv"
    fi
}

make_home() {
    mkdir -p "$home/.config/pip"
    echo 'torch<=2.0.1' >"$home/constraints.txt"
    printf '%s\n' '[global]' "constraint = $home/constraints.txt" 'index-url = http://127.0.0.1:9/simple' \
        >"$home/.config/pip/pip.conf"
    chmod -R a-w "$home"
}

# Modules that bear the names of ours and of the tests' folder.
make_decoys() {
    local name
    for name in core ssml_qgis tests; do
        mkdir "$pythonpath/$name"
        echo "raise ImportError('this is another $name')" >"$pythonpath/$name/__init__.py"
    done
}

umask 077
make_locales
copy_checkout
make_home
make_decoys
if [ ${#as_user[@]} -gt 0 ]; then
    chown -R --no-dereference "nobody:$(id -g nobody)" "$work"
fi

dead=http://127.0.0.1:9
hostile=(
    PATH="$PATH" HOME="$home" TMPDIR="$temporary" TZ=Pacific/Kiritimati
    LOCPATH="$work/locale" LANG=de_DE.UTF-8 LANGUAGE=de LC_CTYPE=tr_TR.UTF-8 LC_NUMERIC=de_DE.UTF-8
    OMP_NUM_THREADS=1 PYTHONPATH="$pythonpath" PYTHONHASHSEED=7 PYTHONIOENCODING=latin-1 COLUMNS=50
    PIP_CONSTRAINT="$home/constraints.txt" PIP_INDEX_URL="$dead/simple" PIP_FIND_LINKS="$home/none"
    PIP_TARGET="$home/packages" PIP_REQUIRE_VIRTUALENV=1
    http_proxy="$dead" https_proxy="$dead" all_proxy="$dead" HTTP_PROXY="$dead" HTTPS_PROXY="$dead" ALL_PROXY="$dead"
    GDAL_PAM_ENABLED=NO GDAL_CACHEMAX=1 SSML_CHECKOUT="$origin"
)
if [ -n "${SSML_SCENES:-}" ]; then
    hostile+=(SSML_SCENES="$SSML_SCENES")
fi

job=(make test)
if [ $# -gt 0 ]; then
    job=(env QT_QPA_PLATFORM=offscreen OMP_WAIT_POLICY=PASSIVE .venv/bin/python -m pytest -m "not slow" "$@")
fi
cd "$checkout"
"${as_user[@]}" "${one_core[@]}" env -i "${hostile[@]}" "${job[@]}" </dev/null
