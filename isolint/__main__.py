"""`isolint`, and `python -m isolint`: a process of its own, that ends as soon as all is said."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line, and end the process with its exit code.

    The process is short: nothing is gained by collecting garbage, and taking apart all that was known of a large
    project at the end would take a tenth of the time.
    """
    gc.disable()
    from isolint.cli import main

    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
