"""One contender in a process of its own: `_worker.py MODULE FUNCTION LIBRARY OPTIONS`.

Reads lines; for each it measures once, and writes the result as a line of JSON. A line names the
quantity to measure, or is empty for all of them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys


def main() -> None:
    """Prepare, say so, and measure whenever asked."""
    # Standard output is the pipe: whatever a framework prints goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, function, library, options = sys.argv[1:]
    contender = importlib.import_module(f"benchmarks.contenders.{module}")
    libraries = [importlib.import_module(library)] if library else []
    measure = getattr(contender, function)(*libraries, json.loads(options))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        quantities = line.split()
        print(json.dumps(measure(*quantities)), file=answers, flush=True)


if __name__ == "__main__":
    main()
