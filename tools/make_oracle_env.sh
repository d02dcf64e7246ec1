#!/bin/sh
# Makes the oracle: an environment with Chainer 7.8.1 itself, which the parity tests ask.
#
#     sh tools/make_oracle_env.sh [FOLDER]
#
# FOLDER is .oracle in the checkout by default. Chainer needs NumPy 1.23, whose last Python is 3.11;
# ORACLE_PYTHON names the interpreter. An environment that has the packages already is left as it is.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-.oracle}

packages="chainer==7.8.1 numpy==1.23.5 h5py==3.10.0 scikit-learn==1.2.2 scipy==1.10.1
matplotlib==3.7.5"

has_packages() {
    # shellcheck disable=SC2086 # the packages are words
    "$folder/bin/python" - $packages 2>/dev/null <<'PYTHON'
import sys
from importlib import metadata

pins = dict(word.split("==") for word in sys.argv[1:])
sys.exit(any(metadata.version(name) != version for name, version in pins.items()))
PYTHON
}

if [ -e "$folder" ]; then
    if has_packages; then
        echo "[oracle] $folder is there already"
        exit
    fi
    echo "$folder is there and has not got Chainer's packages: remove it first." >&2
    exit 1
fi

for candidate in ${ORACLE_PYTHON:-python3.11 python3.10 python3.9 python3}; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 9) <= sys.version_info < (3, 12))' 2>/dev/null
    then
        python=$candidate
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "Chainer 7.8.1 needs Python 3.9 to 3.11; set ORACLE_PYTHON to one." >&2
    exit 1
fi

echo "[oracle] making $folder with $("$python" --version)"
# Half an environment would only be in the way of the next try.
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"$python" -m venv "$folder"
# tox pins the versions of its own environments, which are too new for Chainer.
unset PIP_CONSTRAINT
# Chainer's setup.py imports pkg_resources, which newer releases of setuptools lack.
"$folder/bin/python" -m pip install --disable-pip-version-check setuptools==65.5.0 wheel==0.42.0
# shellcheck disable=SC2086 # the packages are words
"$folder/bin/python" -m pip install --disable-pip-version-check --no-build-isolation $packages
"$folder/bin/python" -W ignore -c 'import chainer; print("[oracle] Chainer", chainer.__version__)'
trap - EXIT
