#!/bin/sh
# Sets up .venv and runs the tests, but for those that ask real Chainer (see CONTRIBUTING.md).
# Arguments go to pytest: sh test.sh tests/unit/training -x
set -eu
cd "$(dirname "$0")"
sh tools/setup.sh bench,lint,test

echo "[test] pytest $*"
exec .venv/bin/python -m pytest -m "not oracle" "$@"
