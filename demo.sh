#!/bin/sh
# Sets up .venv and runs the main job: a Chainer script that nobody has changed, on torch.
# Arguments go to the script: sh demo.sh --epoch 10
set -eu
cd "$(dirname "$0")"
sh tools/setup.sh examples

echo "[demo] chainer-compat run examples/legacy/train_digits.py --epoch 5 $*"
exec .venv/bin/chainer-compat run examples/legacy/train_digits.py --epoch 5 "$@"
