"""``python -m chainer_compat`` is ``chainer-compat``."""

from __future__ import annotations

import sys

from chainer_compat.cli import main

if __name__ == "__main__":
    sys.exit(main())
