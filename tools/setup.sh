#!/bin/sh
# Makes or refreshes .venv in the checkout, for demo.sh and test.sh:
#
#     sh tools/setup.sh EXTRAS
#
# EXTRAS are extras of pyproject.toml, separated by commas. Nothing is done when the environment has
# them already at the pinned versions. PYTHON names the interpreter to make it with.
set -eu
cd "$(dirname "$0")/.."

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null
}

if [ -e .venv ] && ! suits .venv/bin/python; then
    echo ".venv is there and has no Python 3.10 to 3.13: remove it first." >&2
    exit 1
fi
if [ ! -e .venv ]; then
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10 python}; do
        if suits "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "${python:-}" ]; then
        echo "chainer_compat needs Python 3.10 to 3.13; set PYTHON to one." >&2
        exit 1
    fi
    echo "[set-up] making .venv with $("$python" --version)"
    "$python" -m venv .venv || {
        echo "[set-up] this Python cannot make environments: install its venv module" >&2
        exit 1
    }
fi

stamp=.venv/set-up-$(echo "$1" | tr , -)
wanted=$(cat pyproject.toml constraints.txt | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit
fi
echo "[set-up] installing chainer_compat and what it needs ($1); the first time takes minutes"
.venv/bin/python -m pip install --disable-pip-version-check \
    --constraint constraints.txt --editable ".[$1]"
echo "$wanted" >"$stamp"
echo "[set-up] done"
